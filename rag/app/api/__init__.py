"""The HTTP service: `create_app` makes it; see docs/api.md for what it offers."""

from rag.app.api.app import create_app

__all__ = ["create_app"]
