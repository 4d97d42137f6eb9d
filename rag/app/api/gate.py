"""The outermost layer: every request passes here once, in and out.

In: request id, host and origin, key, rate, a free slot, a body of decent size and pace.
Out: security headers, metrics, one log line. A failure anywhere becomes the one error shape.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.app.api.access import Hosts, Keys, need_of
from rag.app.api.errors import ApiError, as_api_error, error_response
from rag.app.api.limits import (
    BODY_SECONDS,
    FORM_OVERHEAD,
    JSON_BYTES,
    UPLOAD_SECONDS,
    BodyGuard,
    RateLimit,
    Slots,
)
from rag.app.api.logs import access
from rag.app.api.metrics import Metrics

UPLOAD_PATH = "/v1/documents"
DRAIN_BYTES = 4_000_000  # of a body that is refused, read before the connection is closed
DRAIN_SECONDS = 1.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Nothing inline, nothing from elsewhere, and no string ever becomes markup.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate enforces."""

    hosts: Hosts
    keys: Keys
    rate: RateLimit
    slots: Slots
    upload_bytes: int
    body_seconds: float = BODY_SECONDS
    upload_seconds: float = UPLOAD_SECONDS


class _Reply:
    """A `send` that adds our headers, and knows what was sent."""

    def __init__(self, send: Send, request_id: str, path: str) -> None:
        self.status = 0
        self._send = send
        self._request_id = request_id
        self._private = path.startswith("/v1/")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            if self._private:
                headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


class Gate:
    """ASGI middleware that enforces `Rules` and accounts for every request."""

    def __init__(self, app: ASGIApp, rules: Rules, metrics: Metrics) -> None:
        self._app = app
        self._rules = rules
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes through (there are no websockets)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["rag.request_id"] = request_id
        reply = _Reply(send, request_id, scope["path"])
        self._metrics.in_flight.inc()
        try:
            await self._serve(scope, headers, receive, reply)
        except Exception as error:
            failure = as_api_error(error)
            if not reply.status:  # else the response is under way and can only break off
                response = error_response(failure, request_id)
                if failure.status in (408, 413):  # the rest of the body is not wanted
                    response.headers["Connection"] = "close"
                    await _drain(receive)
                await response(scope, receive, reply)
        finally:
            self._metrics.in_flight.dec()
            self._account(scope, reply.status or 499, time.perf_counter() - start, request_id)

    async def _serve(self, scope: Scope, headers: Headers, receive: Receive, reply: _Reply) -> None:
        method, path = scope["method"], scope["path"]
        rules = self._rules
        need = need_of(method, path)
        site = headers.get("sec-fetch-site") if need != "nothing" else None
        rules.hosts.check(headers.get("host"), headers.get("origin"), site)
        limited = path.startswith("/v1/")
        if method == "OPTIONS" and headers.get("access-control-request-method"):
            need = "nothing"  # a preflight carries no key; CORS answers it
        address = f"ip:{scope['client'][0] if scope.get('client') else '?'}"
        try:
            caller = rules.keys.check(need, headers.get("authorization"))
        except ApiError:
            rules.rate.check(address)  # keys cannot be guessed without end either
            raise
        if limited:
            rules.rate.check(caller or address)
        working = limited and method == "POST"
        with rules.slots if working else contextlib.nullcontext():
            upload = method == "POST" and path.rstrip("/") == UPLOAD_PATH
            most = rules.upload_bytes + FORM_OVERHEAD if upload else JSON_BYTES
            seconds = rules.upload_seconds if upload else rules.body_seconds
            body = BodyGuard(receive, headers.get("content-length"), most, seconds)
            await self._app(scope, body, reply)

    def _account(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.latency.labels(route).observe(seconds)
        # Probes come every few seconds and say nothing.
        level = logging.DEBUG if route in _PROBES else logging.INFO
        access.log(
            level,
            "request",
            extra={
                "fields": {
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                    "request_id": request_id,
                    **scope.get("rag.log", {}),
                }
            },
        )


_PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def unavailable(message: str) -> ApiError:
    """503 for a service that is not ready yet."""
    return ApiError(503, message, "not_ready", headers={"Retry-After": "2"})


async def _drain(receive: Receive) -> None:
    """Read on a little, and drop it.

    Closing a connection with unread data resets it, and a client that writes all before it reads
    would see the reset instead of the answer.
    """
    seen = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while seen < DRAIN_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                seen += len(message.get("body", b""))
