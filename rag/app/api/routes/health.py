"""Probes, metrics, and the service's status."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from rag import __version__
from rag.app.api.routes.common import Served, bearer, failures

router = APIRouter()


@router.get("/livez", tags=["service"], summary="Is the process alive?")
async def livez() -> dict[str, str]:
    """Always 200 while the process answers."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    tags=["service"],
    summary="Can questions be asked?",
    responses={503: {"description": "Not yet: the index is being opened or built."}},
)
async def readyz(service: Served) -> Response:
    """200 once the index is open, 503 before, with how far it is."""
    if service.ready:
        return JSONResponse({"status": "ready"})
    stage, done, total = service.opening
    body: dict[str, Any] = {"status": "opening", "stage": stage, "done": done, "total": total}
    if service.failure is not None:
        body = {"status": "failed", "message": service.failure.message}
    return JSONResponse(body, 503, headers={"Retry-After": "2"})


@router.get(
    "/metrics",
    tags=["service"],
    summary="Prometheus metrics",
    dependencies=[bearer],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(service: Served) -> Response:
    """Requests, latencies by stage, answers, jobs, index size."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


@router.get(
    "/v1/status",
    tags=["service"],
    summary="What is indexed",
    dependencies=[bearer],
    responses=failures(),
)
async def status(service: Served) -> dict[str, Any]:
    """The index, its model, and what this service can do."""
    settings = service.settings
    index = await service.status()
    return {
        "version": __version__,
        # Where things lie on the server's disk is not the caller's business.
        "index": {key: index[key] for key in index if key not in ("index", "sources")},
        "llm": settings.llm_model if settings.llm_base_url else None,
        "max_file_mb": settings.max_file_mb,
        "writable": not settings.api_keys or bool(settings.admin_keys),
    }
