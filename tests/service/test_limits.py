"""Rates, slots and bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message

from rag.app.api.errors import ApiError
from rag.app.api.limits import BEYOND_LOCALHOST, BodyGuard, RateLimit, Slots
from rag.core.config import Settings
from rag.core.errors import ConfigError


def test_the_rate_is_by_client() -> None:
    rate = RateLimit("2/minute")
    rate.check("a")
    rate.check("a")
    with pytest.raises(ApiError) as error:
        rate.check("a")
    assert error.value.status == 429
    assert 1 <= int((error.value.headers or {})["Retry-After"]) <= 60
    rate.check("b")


def test_localhost_is_not_limited_unless_asked() -> None:
    for _ in range(2000):
        RateLimit.of(Settings()).check("a")
    far = RateLimit.of(Settings(host="0.0.0.0"))
    most = int(BEYOND_LOCALHOST.split("/")[0])
    for _ in range(most):
        far.check("a")
    with pytest.raises(ApiError):
        far.check("a")


def test_a_bad_rate_is_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="rate_limit"):
        RateLimit("lots")


def test_slots_turn_away_and_come_back() -> None:
    slots = Slots(1)
    with slots, pytest.raises(ApiError) as error, slots:
        pass
    assert error.value.status == 503
    assert error.value.headers == {"Retry-After": "1"}
    with slots:
        assert slots.taken == 1
    assert slots.taken == 0


def read(
    pieces: Sequence[bytes], most: int, declared: str | None = None, seconds: float = 5,
    delay: float = 0,
) -> bytes:  # fmt: skip
    """What a guarded body lets through."""

    async def main() -> bytes:
        waiting = list(pieces)

        async def receive() -> Message:
            await asyncio.sleep(delay)
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

        guard = BodyGuard(receive, declared, most, seconds)
        body = b""
        while True:
            message = await guard()
            body += message["body"]
            if not message["more_body"]:
                return body

    return asyncio.run(main())


def test_a_body_passes_unchanged() -> None:
    assert read([b"ab", b"", b"cd"], 4) == b"abcd"


@pytest.mark.parametrize(
    ("pieces", "declared"), [([b"abcde"], "5"), ([b"abc", b"de"], None), ([b"ab"], "9")]
)
def test_too_large_is_413_also_in_chunks(pieces: list[bytes], declared: str | None) -> None:
    with pytest.raises(ApiError) as error:
        read(pieces, 4, declared)
    assert error.value.status == 413


def test_a_length_that_is_no_number_is_400() -> None:
    with pytest.raises(ApiError) as error:
        read([b"a"], 4, "much")
    assert error.value.status == 400


def test_too_slow_is_408() -> None:
    with pytest.raises(ApiError) as error:
        read([b"a", b"b", b"c"], 10, seconds=0.1, delay=0.08)
    assert error.value.status == 408
