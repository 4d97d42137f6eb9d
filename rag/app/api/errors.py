"""How every failure looks on the wire: one JSON shape, the one OpenAI's clients already know.

    {"error": {"message": "...", "type": "...", "param": null, "code": "...", "request_id": "..."}}

A `RagError` keeps its remedy in the message; anything unforeseen says nothing of its inside.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from rag.core import errors

log = logging.getLogger("rag.service")

# Most specific first: the first class that fits decides.
_STATUS: tuple[tuple[type[errors.RagError], int, str], ...] = (
    (errors.UsageError, 400, "bad_request"),
    (errors.NotFound, 404, "not_found"),
    (errors.SourceError, 422, "unreadable_document"),
    (errors.EvalError, 400, "bad_evaluation"),
    (errors.IndexLocked, 503, "index_busy"),
    (errors.IndexMissing, 503, "index_missing"),
    (errors.IndexOutdated, 503, "index_outdated"),
    (errors.IndexDamaged, 503, "index_damaged"),
    (errors.StoreError, 500, "store_error"),
    (errors.LLMError, 502, "llm_error"),
    (errors.ModelError, 500, "model_error"),
    (errors.ConfigError, 500, "config_error"),
)
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class ApiError(HTTPException):
    """A refusal by the service itself, with everything that its answer needs.

    An HTTPException, so that it survives being raised while FastAPI reads a body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, dict(headers or {}))
        self.status = status
        self.message = message
        self.code = code
        self.param = param


def error_body(
    status: int, message: str, code: str | None, param: str | None, request_id: str | None
) -> dict[str, Any]:
    """The JSON body of a failure."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": param,
            "code": code,
            "request_id": request_id,
        }
    }


def from_rag_error(error: errors.RagError) -> ApiError:
    """The HTTP form of a `RagError`."""
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            headers = {"Retry-After": "5"} if status == 503 else {}
            return ApiError(status, str(error), code, headers=headers)
    return ApiError(500, str(error), "error")


def as_api_error(error: BaseException) -> ApiError:
    """Any exception as something that may be shown; the unforeseen is logged, not told."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, errors.RagError):
        return from_rag_error(error)
    if isinstance(error, TimeoutError):
        return ApiError(504, "This took too long and was stopped.", "timeout")
    log.error("unforeseen failure", exc_info=error)
    return ApiError(500, "Something unforeseen failed; the log has it.", "internal_error")


def error_response(error: ApiError, request_id: str | None) -> JSONResponse:
    """The response that tells a client of `error`."""
    body = error_body(error.status, error.message, error.code, error.param, request_id)
    return JSONResponse(body, error.status, headers=error.headers)


def request_id_of(request: Request) -> str | None:
    """The id that the outermost middleware gave this request."""
    value = request.scope.get("rag.request_id")
    return value if isinstance(value, str) else None


def install(app: FastAPI) -> None:
    """Register the handlers that give every failure of `app` this one shape."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        return error_response(as_api_error(error), request_id_of(request))

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        codes = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
        code = codes.get(error.status_code, "http_error")
        failure = ApiError(error.status_code, str(error.detail), code, headers=error.headers or {})
        return error_response(failure, request_id_of(request))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return error_response(_invalid(error, request.url.path), request_id_of(request))

    for kind in (ApiError, errors.RagError, TimeoutError):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _invalid(error: RequestValidationError, path: str) -> ApiError:
    """The first thing wrong with a request, named; OpenAI's routes say 400 where ours say 422."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return ApiError(400, "The request body is not valid JSON.", "invalid_json")
    parts = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    param = ".".join(parts) or None
    message = str(first["msg"]).removeprefix("Value error, ")
    text = f"'{param}': {message}." if param else f"{message}."
    status = 400 if path.startswith("/v1/chat/") else 422
    return ApiError(status, text, "invalid_value", param=param)
