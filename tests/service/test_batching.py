"""Searches that wait together are embedded together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.app.api.batching import SearchBatcher
from rag.core.errors import RagError, UsageError
from rag.core.types import Filters
from rag.retrieve.search import SearchResult


class Recorder:
    """A search that notes its batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(
        self, questions: Sequence[str], _k: int, _filters: Filters | None
    ) -> list[SearchResult | RagError]:
        self.batches.append(list(questions))
        self.gate.wait(10)
        if "crash" in questions:
            raise RuntimeError("crash")
        return [
            UsageError("bad") if question == "bad" else SearchResult(question, "it", (), {})
            for question in questions
        ]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def batcher(recorder: Recorder, pool: ThreadPoolExecutor) -> SearchBatcher:
    return SearchBatcher(recorder, pool, workers=1, largest=4)


def test_what_waits_is_taken_together(recorder: Recorder) -> None:
    async def main() -> list[SearchResult]:
        with ThreadPoolExecutor(1) as pool:
            searches = batcher(recorder, pool)
            recorder.gate.clear()
            tasks = [asyncio.create_task(searches.search(f"q{n}", 5, None)) for n in range(7)]
            await asyncio.sleep(0.05)
            recorder.gate.set()
            return await asyncio.gather(*tasks)

    results = asyncio.run(main())
    assert [result.question for result in results] == [f"q{n}" for n in range(7)]
    assert recorder.batches == [["q0"], ["q1", "q2", "q3", "q4"], ["q5", "q6"]]


def test_only_equal_k_and_filters_share_a_batch(recorder: Recorder) -> None:
    only_it = Filters(languages=("it",))

    async def main() -> None:
        with ThreadPoolExecutor(1) as pool:
            searches = batcher(recorder, pool)
            recorder.gate.clear()
            wanted = [
                ("a", 5, None),
                ("b", 5, None),
                ("c", 6, None),
                ("d", 5, only_it),
                ("e", 5, None),
            ]
            tasks = [asyncio.create_task(searches.search(*one)) for one in wanted]
            await asyncio.sleep(0.05)
            recorder.gate.set()
            await asyncio.gather(*tasks)

    asyncio.run(main())
    assert recorder.batches == [["a"], ["b", "e"], ["c"], ["d"]]


def test_one_bad_question_spoils_no_other(recorder: Recorder) -> None:
    async def main() -> list[SearchResult | BaseException]:
        with ThreadPoolExecutor(1) as pool:
            searches = batcher(recorder, pool)
            return await asyncio.gather(
                *(searches.search(q, 5, None) for q in ("good", "bad", "fine")),
                return_exceptions=True,
            )

    good, bad, fine = asyncio.run(main())
    assert isinstance(good, SearchResult)
    assert isinstance(bad, UsageError)
    assert isinstance(fine, SearchResult)


def test_a_crash_reaches_its_callers_and_the_next_search_works(recorder: Recorder) -> None:
    async def main() -> SearchResult:
        with ThreadPoolExecutor(1) as pool:
            searches = batcher(recorder, pool)
            with pytest.raises(RuntimeError):
                await searches.search("crash", 5, None)
            return await searches.search("next", 5, None)

    assert asyncio.run(main()).question == "next"


def test_a_cancelled_search_that_waits_is_never_run(recorder: Recorder) -> None:
    async def main() -> None:
        with ThreadPoolExecutor(1) as pool:
            searches = batcher(recorder, pool)
            recorder.gate.clear()
            first = asyncio.create_task(searches.search("first", 5, None))
            gone = asyncio.create_task(searches.search("gone", 5, None))
            last = asyncio.create_task(searches.search("last", 5, None))
            await asyncio.sleep(0.05)
            gone.cancel()
            recorder.gate.set()
            await asyncio.gather(first, last)

    asyncio.run(main())
    assert recorder.batches == [["first"], ["last"]]
