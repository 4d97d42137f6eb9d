"""What the routes stand on: the library once it is open, its worker threads, the jobs, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from rag.app.api.access import Keys, Tickets
from rag.app.api.batching import SearchBatcher
from rag.app.api.errors import ApiError
from rag.app.api.gate import unavailable
from rag.app.api.jobs import Jobs, Progress
from rag.app.api.metrics import Metrics
from rag.app.api.schemas import FilterBody
from rag.app.api.tokens import count_tokens
from rag.app.library import DEFAULT_SOURCES, Library
from rag.core.config import Settings
from rag.core.errors import RagError, StoreError
from rag.core.types import Answer, Filters
from rag.retrieve.query import parse_query

if TYPE_CHECKING:
    from rag.answer.assistant import Event, Turn
    from rag.retrieve.search import SearchResult

log = logging.getLogger("rag.service")
T = TypeVar("T")
Opener = Callable[[Progress], Library]
REFRESH_SECONDS = 2.0
ASK_THREADS = 16
SEARCH_THREADS = 2
OTHER_THREADS = 4
_END = object()


class Service:
    """One running service. Made by `create_app`; started and stopped by the app's lifespan."""

    def __init__(self, settings: Settings, opener: Opener) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.keys = Keys.of(settings.api_keys, settings.admin_keys)
        self.tickets = Tickets(self.keys)
        self.jobs = Jobs(lambda kind, state: self.metrics.jobs.labels(kind, state).inc())
        self.opening = ("starting", 0, 0)
        self.failure: RagError | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self._opener = opener
        self._library: Library | None = None
        self._asks = ThreadPoolExecutor(ASK_THREADS, thread_name_prefix="rag-ask")
        # Apart, so that sixteen slow models keep nobody from reading a document.
        self._others = ThreadPoolExecutor(OTHER_THREADS, thread_name_prefix="rag-other")
        self._searches = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="rag-search")
        self._batcher = SearchBatcher(
            lambda questions, k, filters: self.library.search_many(questions, k, filters),
            self._searches,
            workers=SEARCH_THREADS,
            on_batch=self.metrics.batches.observe,
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def library(self) -> Library:
        """The open library. Raises ApiError 503 while it is being opened."""
        if self._library is None:
            stage, done, total = self.opening
            detail = f"{stage} {done}/{total}" if total else stage
            raise unavailable(f"The index is being opened ({detail}).")
        return self._library

    @property
    def ready(self) -> bool:
        """Whether questions can be asked."""
        return self._library is not None

    @property
    def roots(self) -> list[Path]:
        """The folders that the index is made from."""
        from rag.indexing.build import source_roots

        set_one = [self.settings.sources] if self.settings.sources else []
        roots = set_one or source_roots(self.settings.index) or [DEFAULT_SOURCES]
        return [root for root in roots if root.is_dir()]

    @property
    def folder(self) -> Path:
        """The folder that uploads go to. Raises ApiError 409 when there is none."""
        if not self.roots:
            raise ApiError(409, "The index has no source folder to add to.", "no_source_folder")
        return self.roots[0]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the library in the background; on leaving, let work end and close the threads."""
        self._tasks = [asyncio.create_task(self._open()), asyncio.create_task(self._watch())]
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.jobs.close()
        for pool in (self._searches, self._asks, self._others):
            pool.shutdown(wait=True, cancel_futures=True)

    async def _open(self) -> None:
        def opening(stage: str, done: int, total: int) -> None:
            self.opening = (stage, done, total)

        def work() -> Library:
            library = self._opener(opening)
            library.search_many(["warm up"], 1)  # load the model now, not on the first question
            return library

        try:
            self._library = await self.thread(work)
            await self.measure()
        except RagError as error:
            self._fail(error)
        except Exception as error:
            log.exception("opening the index failed")
            self._fail(StoreError(f"The index cannot be opened: {error!r}.", "See the log."))
        else:
            log.info("ready")

    def _fail(self, error: RagError) -> None:
        self.failure = error
        log.error("the index cannot be opened: %s", error)
        self.on_failure()

    async def _watch(self) -> None:
        """Read a newer index when another process wrote one."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if self._library is None:
                continue
            try:
                if await self.thread(self._library.refresh):
                    await self.measure()
                    log.info("the index changed and was read anew")
            except RagError as error:
                log.warning("the newer index cannot be read: %s", error)
            except Exception:
                log.exception("the newer index cannot be read")

    async def measure(self) -> None:
        """Set the gauges of the index's size."""
        status = await self.status()
        self.metrics.documents.set(status.get("documents") or 0)
        self.metrics.chunks.set(status.get("chunks") or 0)

    async def status(self) -> dict[str, Any]:
        """The library's status, with what the page shows of the service."""
        library = self.library
        return await self.thread(library.status)

    async def thread(self, work: Callable[[], T]) -> T:
        """Run blocking work that is neither a search nor an answer in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._others, work)

    async def filters(self, body: FilterBody | None) -> Filters | None:
        """Filters as the library takes them. Raises NotFound for an unknown document."""
        if body is None:
            return None
        library, names = self.library, body.documents
        ids = (
            await self.thread(lambda: tuple(library.document(name).doc_id for name in names))
            if names
            else ()
        )
        return body.filters(ids)

    async def search(self, question: str, k: int, filters: Filters | None) -> SearchResult:
        """One search, batched with others that run at the same time. Raises TimeoutError."""
        _ = self.library
        async with asyncio.timeout(self.settings.request_timeout):
            result = await self._batcher.search(question, k, filters)
        self.metrics.observe_stages(result.timings_ms)
        return result

    async def check(self, question: str) -> None:
        """Raise UsageError now for a question that cannot be asked: a stream has one status."""
        await self.thread(lambda: parse_query(question))

    def count(self, answer: Answer) -> None:
        """Account for an answer given."""
        self.metrics.observe_stages(answer.timings_ms)
        outcome = "abstained" if answer.abstained else "answered"
        self.metrics.answers.labels(answer.mode, outcome).inc()
        self.metrics.unsupported.inc(answer.unsupported)
        if answer.mode == "llm":
            self.metrics.llm_tokens.labels("answer").inc(count_tokens(answer.text))
        elif self.settings.llm_base_url and answer.notice:  # it was asked, and quotes are shown
            self.metrics.llm_failures.inc()

    async def events(
        self,
        request: Request,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
    ) -> AsyncIterator[Event]:
        """The events of one answer, made in a thread.

        When the client leaves, the time is up, or the reader of this iterator stops, the work is
        told to stop too. Raises what answering raises, and TimeoutError.
        """
        library = self.library
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        cancel = threading.Event()

        def put(item: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def work() -> None:
            try:
                for event in library.stream(question, history, filters, cancel):
                    put(event)
                    if cancel.is_set():
                        break
            except Exception as error:
                put(error)
            finally:
                put(_END)

        gone = asyncio.create_task(_left(request, queue))
        self._asks.submit(work)
        try:
            deadline = loop.time() + self.settings.request_timeout
            while (item := await _next(queue, deadline)) is not _END:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            cancel.set()
            gone.cancel()


class ClientLeft(ApiError):
    """Nobody is there to read the answer any more."""

    def __init__(self) -> None:
        super().__init__(499, "The client left.", "client_left")


async def _next(queue: asyncio.Queue[Any], deadline: float) -> Any:
    # Not one timeout around the loop: it would fire inside whoever reads the events.
    async with asyncio.timeout_at(deadline):
        return await queue.get()


async def _left(request: Request, queue: asyncio.Queue[Any]) -> None:
    """Put `ClientLeft` in the queue when the connection closes."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            queue.put_nowait(ClientLeft())
            return
