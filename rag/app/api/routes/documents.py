"""The documents: list, read, add, remove; and the jobs that index them."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import JSONResponse, Response

from rag.app.api import uploads
from rag.app.api.jobs import Job, Progress
from rag.app.api.routes.common import Served, bearer, failures
from rag.app.api.schemas import DocumentOut, DocumentsOut, JobOut, JobsOut
from rag.app.api.service import Service
from rag.app.views import chunk_json, document_json
from rag.core.errors import SourceError
from rag.indexing.store import DocumentInfo

router = APIRouter(prefix="/v1", dependencies=[bearer])


@router.get(
    "/documents",
    tags=["documents"],
    summary="List the documents",
    response_model=DocumentsOut,
    responses=failures(422),
)
async def documents(
    service: Served,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """The documents by path, without their text."""
    library = service.library

    def work() -> dict[str, Any]:
        found = library.documents()
        page = [_info(document) for document in found[offset : offset + limit]]
        return {"documents": page, "total": len(found)}

    return JSONResponse(await service.thread(work))


@router.get(
    "/documents/{doc_id}",
    tags=["documents"],
    summary="Read a document",
    response_model=DocumentOut,
    responses=failures(404, 422),
)
async def document(doc_id: str, service: Served) -> Response:
    """A document's whole text, its facts, and the spans of its chunks."""
    library = service.library

    def work() -> dict[str, Any]:
        found = library.document(doc_id)
        chunks = [chunk_json(chunk) for chunk in library.chunks(found.doc_id)]
        facts = document_json(found)
        size = {"characters": len(found.text), "uploaded": _uploaded(found.path)}
        return {**facts, **size, "chunks": chunks}

    return JSONResponse(await service.thread(work))


@router.post(
    "/documents",
    tags=["documents"],
    summary="Add a document",
    status_code=202,
    response_model=JobOut,
    responses=failures(408, 409, 413, 422),
)
async def upload(
    request: Request,
    service: Served,
    file: Annotated[UploadFile, File(description="one file, in a format that is indexed")],
    replace: Annotated[bool, Form(description="replace an upload of the same name")] = False,
) -> Response:
    """Store a file in the source folder's `uploads`, and index it in the background."""
    _ = service.library
    name = uploads.safe_name(file.filename)
    most = service.settings.max_file_mb * 1_000_000
    root = await service.thread(lambda: service.folder)
    path = await asyncio.to_thread(uploads.save, file.file, name, root, most, replace=replace)
    return _accepted(request, _index(service, f"add {uploads.FOLDER}/{name}", path))


@router.delete(
    "/documents/{doc_id}",
    tags=["documents"],
    summary="Remove a document",
    status_code=202,
    response_model=JobOut,
    responses=failures(404, 422),
)
async def delete(request: Request, doc_id: str, service: Served) -> Response:
    """Delete a document's file from the source folder, and its text from the index."""
    library = service.library
    found = await service.thread(lambda: library.document(doc_id))
    for root in await service.thread(lambda: service.roots):
        file = uploads.inside(root, found.path)
        try:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        except OSError as error:
            raise uploads.not_writable(error) from None
    return _accepted(request, _index(service, f"remove {found.path}"))


@router.get("/jobs", tags=["documents"], summary="List jobs", response_model=JobsOut,
            responses=failures())  # fmt: skip
async def jobs(service: Served) -> Response:
    """Background work, newest first."""
    return JSONResponse({"jobs": [job.json() for job in service.jobs.all()]})


@router.get("/jobs/{job_id}", tags=["documents"], summary="Follow a job", response_model=JobOut,
            responses=failures(404, 422))  # fmt: skip
async def job(job_id: str, service: Served) -> Response:
    """How far a piece of background work is, and what came of it."""
    return JSONResponse(service.jobs.get(job_id).json())


def _info(found: DocumentInfo) -> dict[str, Any]:
    return {
        "doc_id": found.doc_id,
        "path": found.path,
        "title": found.title,
        "date": found.date,
        "author": found.author,
        "language": found.language,
        "characters": found.length,
        "uploaded": _uploaded(found.path),
    }


def _uploaded(path: str) -> bool:
    return PurePosixPath(path).parts[0] == uploads.FOLDER


def _index(service: Service, label: str, stored: Path | None = None) -> Job:
    """Bring the index up to date in the background. `stored` was added, and must be in it after."""
    library = service.library

    def work(progress: Progress) -> dict[str, Any]:
        report = library.sync(progress)
        if stored is not None:
            for skipped in report.skipped:
                if stored.as_posix().endswith(skipped.path):
                    stored.unlink(missing_ok=True)  # useless where it is
                    raise SourceError(f"{stored.name}: {skipped.reason}", skipped.remedy)
        return {
            "added": list(report.added),
            "changed": list(report.changed),
            "removed": list(report.removed),
            "chunks": report.chunks,
            "embedded": report.embedded,
            "seconds": {stage: round(value, 3) for stage, value in report.seconds.items()},
        }

    return service.jobs.start("index", label, work)


def _accepted(request: Request, job: Job) -> Response:
    location = str(request.app.url_path_for("job", job_id=job.id))
    return JSONResponse(job.json(), 202, headers={"Location": location})
