"""The application put together: routes, the gate, failures, the OpenAPI document."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from rag import __version__
from rag.app.api import errors
from rag.app.api.access import Keys, check_exposure, hosts_of
from rag.app.api.gate import Gate, Rules
from rag.app.api.limits import RateLimit, Slots
from rag.app.api.routes import chat, documents, evals, health, pages, search
from rag.app.api.service import Opener, Service
from rag.app.library import Library
from rag.core.config import Settings

_ABOUT = """Questions answered from your documents, in Italian or English; every statement is tied
to an exact span of a source. Offsets are Unicode code points, end exclusive."""


def create_app(settings: Settings, opener: Opener | None = None) -> FastAPI:
    """The service over the library that `opener` opens (default: as `settings` say).

    The library is opened in the background once the app starts; until then /readyz says 503.
    Raises ConfigError for settings under which it must not be served.
    """
    check_exposure(settings)
    service = Service(settings, opener or _opener(settings))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="Fonte",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.service = service
    for module in (search, chat, documents, evals, health):
        app.include_router(module.router)
    pages.install(app)
    errors.install(app)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Location", "Retry-After"],
        )
    _keys_are_optional(app)
    app.add_middleware(Gate, rules=_rules(settings, service.keys), metrics=service.metrics)
    return app


def _keys_are_optional(app: FastAPI) -> None:
    """Say in the OpenAPI document that a key is needed only once keys are set."""
    for path in app.openapi()["paths"].values():  # made once, and kept by the app
        for operation in path.values():
            if "security" in operation:
                operation["security"].append({})


def _rules(settings: Settings, keys: Keys) -> Rules:
    return Rules(
        hosts=hosts_of(settings),
        keys=keys,
        rate=RateLimit.of(settings),
        slots=Slots(settings.max_concurrent),
        upload_bytes=settings.max_file_mb * 1_000_000,
    )


def _opener(settings: Settings) -> Opener:
    given = settings.model_dump(exclude_unset=True)
    return lambda progress: Library.open(progress=progress, **given)
