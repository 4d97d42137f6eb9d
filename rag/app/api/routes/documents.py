"""The documents: list, read, add, remove; and the jobs that index them."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import JSONResponse, Response

from rag.app.api import uploads
from rag.app.api.jobs import Job, Progress
from rag.app.api.routes.common import Served, bearer, failures
from rag.app.api.schemas import DocumentOut, DocumentsOut, JobOut, JobsOut
from rag.app.api.service import Service
from rag.app.views import chunk_json, document_json
from rag.core.types import Document

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
        return {**_info(found), "text": found.text, "chunks": chunks}

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
    root = service.sources
    path = await asyncio.to_thread(uploads.save, file.file, name, root, most, replace=replace)
    stored = path.relative_to(root).as_posix()
    return _accepted(request, _index(service, f"add {stored}", stored))


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
    file = uploads.inside(service.sources, found.path)
    await asyncio.to_thread(file.unlink, missing_ok=True)
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


def _info(document: Document) -> dict[str, Any]:
    facts = document_json(document)
    del facts["text"]
    folder = PurePosixPath(document.path).parts[0]
    return {**facts, "characters": len(document.text), "uploaded": folder == uploads.FOLDER}


def _index(service: Service, label: str, path: str | None = None) -> Job:
    """Bring the index up to date in the background; of `path`, say what became of it."""
    library = service.library

    def work(progress: Progress) -> dict[str, Any]:
        report: dict[str, Any] = dataclasses.asdict(library.sync(progress))
        if path is not None:
            report["document"] = _info(library.document(path))
        return report

    return service.jobs.start("index", label, work)


def _accepted(request: Request, job: Job) -> Response:
    location = str(request.app.url_path_for("job", job_id=job.id))
    return JSONResponse(job.json(), 202, headers={"Location": location})
