"""Server-sent events on the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from rag.app.api.errors import as_api_error, error_body


def data(value: Any, event: str | None = None) -> str:
    """One event; JSON holds no raw line break, so one data line is enough."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(value, ensure_ascii=False)}\n\n"


def failure(error: BaseException, request_id: str | None) -> dict[str, Any]:
    """The body that tells of an error when the status line is already sent."""
    known = as_api_error(error)
    return error_body(known.status, known.message, known.code, known.param, request_id)


class EventStream(StreamingResponse):
    """A stream that no proxy buffers or caches."""

    def __init__(self, events: AsyncIterator[str]) -> None:
        super().__init__(
            events,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
