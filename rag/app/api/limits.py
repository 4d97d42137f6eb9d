"""How much: request rate by client, requests at once, and the size and pace of request bodies."""

from __future__ import annotations

import asyncio
import math
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import Message, Receive

from rag.app.api.access import is_loopback
from rag.app.api.errors import ApiError
from rag.core.config import Settings
from rag.core.errors import ConfigError

BEYOND_LOCALHOST = "600/minute"
JSON_BYTES = 1_000_000
# A multipart upload is a little larger than its file.
FORM_OVERHEAD = 64_000
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 600.0


class RateLimit:
    """A moving window for each client; `None` limits nothing."""

    def __init__(self, rule: str | None) -> None:
        self._items: list[RateLimitItem] = []
        if rule:
            try:
                self._items = parse_many(rule)
            except ValueError:
                raise ConfigError(
                    f"Bad value for 'rate_limit': '{rule}'.", "Write it like '600/minute'."
                ) from None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    @classmethod
    def of(cls, settings: Settings) -> RateLimit:
        """The rule in force: the set one, else one for services that others can reach."""
        default = None if is_loopback(settings.host) else BEYOND_LOCALHOST
        return cls(settings.rate_limit or default)

    def check(self, client: str) -> None:
        """Count one request. Raises ApiError 429 with the seconds to wait."""
        for item in self._items:
            if not self._limiter.hit(item, client):
                reset = self._limiter.get_window_stats(item, client).reset_time
                wait = max(1, math.ceil(reset - time.time()))
                raise ApiError(
                    429,
                    f"More than {item}: wait {wait} s.",
                    "rate_limit_exceeded",
                    headers={"Retry-After": str(wait)},
                )


class Slots:
    """At most `limit` requests at once; the next is turned away rather than queued without end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    def __enter__(self) -> None:
        if self.taken >= self.limit:
            raise ApiError(
                503,
                "The service is busy; try again in a moment.",
                "overloaded",
                headers={"Retry-After": "1"},
            )
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1


class BodyGuard:
    """A `receive` that counts what it passes on: too much is 413, too slow is 408.

    Holds for bodies sent in chunks too, which declare no length.
    """

    def __init__(self, receive: Receive, declared: str | None, most: int, seconds: float) -> None:
        if declared is not None:
            try:
                length = int(declared)
            except ValueError:
                raise ApiError(400, "Content-Length is not a number.", "bad_request") from None
            if length > most:
                raise too_large(most)
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._seen = 0
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise ApiError(
                408, f"The request body did not arrive within {self._seconds:.0f} s.", "slow_body"
            ) from None
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._most:
                raise too_large(self._most)
            self._whole = not message.get("more_body", False)
        return message


def too_large(most: int) -> ApiError:
    """413, with the limit in the message."""
    shown = f"{most / 1e6:.0f} MB" if most >= 1_000_000 else f"{most} bytes"
    return ApiError(413, f"The request is larger than {shown}.", "too_large")
