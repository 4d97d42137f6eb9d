"""Evaluations, started and read over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathPart
from starlette.responses import JSONResponse, Response

from rag.app.api.errors import ApiError
from rag.app.api.jobs import Progress
from rag.app.api.routes.common import Served, bearer, failures
from rag.app.api.schemas import EvalBody, JobOut, RunOut, RunsOut
from rag.app.api.service import Service

if TYPE_CHECKING:
    from rag.evaluate.store import Run

router = APIRouter(prefix="/v1/eval", tags=["eval"], dependencies=[bearer])
FOLDER = Path("eval")
SHOWN = 50
# A report is one file with its styles in it: it may use those, and nothing else.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)
Name = Annotated[str, PathPart(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


@router.post(
    "/runs",
    summary="Start an evaluation",
    status_code=202,
    response_model=JobOut,
    responses=failures(408, 413, 422),
)
async def start(request: Request, body: EvalBody, service: Served) -> Response:
    """Ask every judged question of a set, in the background; the job's report names the run."""
    from rag.evaluate.judged import load_questions

    _ = service.library
    file = FOLDER / f"{body.set or 'questions'}.jsonl"
    judged = await service.thread(lambda: load_questions(file))
    name = time.strftime("%Y%m%d-%H%M%S")

    def work(progress: Progress) -> dict[str, Any]:
        return _evaluate(service, judged, name, progress)

    job = service.jobs.start("eval", f"evaluate {file.stem}", work)
    location = str(request.app.url_path_for("job", job_id=job.id))
    return JSONResponse(job.json(), 202, headers={"Location": location})


@router.get("/runs", summary="List evaluations", response_model=RunsOut, responses=failures())
async def runs(service: Served) -> Response:
    """Saved runs with their figures, newest first."""
    return JSONResponse({"runs": await service.thread(lambda: _saved(service))})


@router.get(
    "/runs/{name}", summary="One evaluation", response_model=RunOut, responses=failures(404, 422)
)
async def run(name: Name, service: Served) -> Response:
    """A run's figures."""
    from rag.evaluate.store import load_run

    return JSONResponse(await service.thread(lambda: _json(service, name, load_run(name))))


@router.get(
    "/runs/{name}/report",
    summary="An evaluation's report",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **failures(404, 422)},
)
async def report(
    request: Request, name: Name, service: Served, ticket: Annotated[str, Query()] = ""
) -> Response:
    """The report as a page. A browser's link carries the `ticket` that the list of runs gives."""
    from rag.evaluate.store import find_run

    service.tickets.check(name, ticket, request.headers.get("authorization"))
    folder = await service.thread(lambda: find_run(name))
    file = folder / "report.html" if folder else None
    if file is None or not file.is_file():
        raise ApiError(404, f"There is no report of a run '{name}'.", "not_found", param="name")
    page = await service.thread(file.read_bytes)
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _evaluate(service: Service, judged: Any, name: str, progress: Progress) -> dict[str, Any]:
    from rag.app.evaluation import subject_of
    from rag.evaluate import suite
    from rag.evaluate.store import RUNS

    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("questions", done, len(judged.questions))

    subject = subject_of(service.library, answers=True)
    evaluated, timings = suite.evaluate(judged, subject, name=name, progress=step)
    suite.save(evaluated, timings, subject.documents, RUNS / name)
    return _json(service, name, evaluated)


def _saved(service: Service) -> list[dict[str, Any]]:
    from rag.core.errors import RagError
    from rag.evaluate.store import RUN_FILE, RUNS, load_run

    files = sorted(RUNS.glob(f"*/{RUN_FILE}"), key=lambda file: -file.stat().st_mtime)
    found = []
    for file in files[:SHOWN]:
        name = file.parent.name
        try:
            found.append(_json(service, name, load_run(name)))
        except RagError:
            continue  # of another version: the command line says what to do about it
    return found


def _json(service: Service, name: str, saved: Run) -> dict[str, Any]:
    from rag.evaluate.store import flatten

    ticket = service.tickets.issue(name)
    return {
        "name": name,
        "set": saved.set.name,
        "questions": saved.set.questions,
        "figures": {key: round(value, 4) for key, value in flatten(saved).items()},
        "report": f"/v1/eval/runs/{name}/report" + (f"?ticket={ticket}" if ticket else ""),
    }
