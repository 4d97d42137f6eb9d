"""What every group of routes shares."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from rag.app.api.schemas import ErrorOut
from rag.app.api.service import Service

# Only declares the key in the OpenAPI document: the gate has checked it already.
bearer = Security(
    HTTPBearer(auto_error=False, description="one of RAG_API_KEYS, once they are set")
)


def service_of(request: Request) -> Service:
    """The service that this app runs."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


Served = Annotated[Service, Depends(service_of)]

# One server-sent event, for the OpenAPI document.
EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}

_MEANINGS = {
    400: "The request cannot be right; the message says why.",
    401: "A key is needed, or this is not one.",
    403: "This key, or this origin, may not do that.",
    404: "There is no such thing.",
    408: "The request body came too slowly.",
    409: "There is already one of that name.",
    413: "The request is too large.",
    422: "A field of the request is missing or wrong.",
    429: "Too many requests; Retry-After says when to come back.",
    500: "A failure that nobody foresaw.",
    502: "The language model failed.",
    503: "Busy or not ready; Retry-After says when to come back.",
    504: "It took too long and was stopped.",
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The failures that a route may answer with, for the OpenAPI document."""
    always = (400, 401, 403, 429, 500, 503)
    return {
        status: {"model": ErrorOut, "description": _MEANINGS[status]}
        for status in sorted({*always, *statuses})
    }
