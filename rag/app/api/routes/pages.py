"""The page and the API's reference: static files of this package, nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

WEB = Path(str(files("rag.app") / "web"))


class Assets(StaticFiles):
    """Static files that a browser asks about each time, so that an upgrade shows at once."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """As the parent, with revalidation."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


def install(app: FastAPI) -> None:
    """Serve the page at /, the API reference at /docs, their parts under /web."""

    async def page(_: Request) -> Response:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})

    async def reference(_: Request) -> Response:
        return FileResponse(WEB / "docs.html", headers={"Cache-Control": "no-cache"})

    async def icon(_: Request) -> Response:
        return FileResponse(WEB / "icon.svg", media_type="image/svg+xml")

    app.add_route("/", page, methods=["GET", "HEAD"])
    app.add_route("/docs", reference, methods=["GET", "HEAD"])
    app.add_route("/favicon.ico", icon, methods=["GET", "HEAD"])
    app.mount("/web", Assets(directory=WEB), name="web")
