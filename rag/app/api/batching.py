"""Concurrent searches share one batch through the embedding model.

Nothing waits on purpose: a lone question starts at once; questions that arrive while all workers
are busy are taken together by the next free one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from rag.core.errors import RagError
from rag.core.types import Filters
from rag.retrieve.search import SearchResult

# Gives an error in the place of a question that cannot be searched for.
SearchMany = Callable[[Sequence[str], int, Filters | None], list[SearchResult | RagError]]


@dataclass(slots=True, eq=False)
class _Waiting:
    question: str
    k: int
    filters: Filters | None
    answer: asyncio.Future[SearchResult]


class SearchBatcher:
    """`search` for coroutines over a blocking `search_many`, run in `workers` threads."""

    def __init__(
        self,
        search_many: SearchMany,
        executor: Executor,
        *,
        workers: int = 2,
        largest: int = 16,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._search_many = search_many
        self._executor = executor
        self._free = workers
        self._largest = largest
        self._on_batch = on_batch
        self._queue: deque[_Waiting] = deque()

    async def search(self, question: str, k: int, filters: Filters | None) -> SearchResult:
        """One search. Raises what the search raises; a cancelled one that waits is never run."""
        answer: asyncio.Future[SearchResult] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(question, k, filters, answer))
        self._dispatch()
        return await answer

    def _dispatch(self) -> None:
        while self._free and (batch := self._take()):
            self._free -= 1
            self._on_batch(len(batch))
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._executor, self._run, batch)
            work.add_done_callback(partial(self._deliver, batch))

    def _take(self) -> list[_Waiting]:
        """The oldest waiting question with those that can share its call."""
        batch: list[_Waiting] = []
        rest: deque[_Waiting] = deque()
        while self._queue and len(batch) < self._largest:
            one = self._queue.popleft()
            if one.answer.done():
                continue
            fits = not batch or (one.k, one.filters) == (batch[0].k, batch[0].filters)
            (batch if fits else rest).append(one)
        rest.extend(self._queue)
        self._queue = rest
        return batch

    def _run(self, batch: list[_Waiting]) -> list[SearchResult | RagError]:
        return self._search_many([one.question for one in batch], batch[0].k, batch[0].filters)

    def _deliver(
        self, batch: list[_Waiting], work: asyncio.Future[list[SearchResult | RagError]]
    ) -> None:
        self._free += 1
        results: Sequence[SearchResult | Exception]
        try:
            results = work.result()
        except Exception as error:
            results = [error] * len(batch)
        except asyncio.CancelledError:  # the pool was shut down
            results = [RuntimeError("the service is stopping")] * len(batch)
        for one, result in zip(batch, results, strict=True):
            if one.answer.done():
                continue
            if isinstance(result, Exception):
                one.answer.set_exception(result)
            else:
                one.answer.set_result(result)
        self._dispatch()
