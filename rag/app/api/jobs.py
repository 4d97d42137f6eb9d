"""Background work that one can follow: one thread writes the index, another evaluates."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from rag.app.api.errors import ApiError, as_api_error

log = logging.getLogger("rag.service")
Kind = Literal["index", "eval"]
State = Literal["queued", "running", "done", "failed"]
KEPT = 200
WAITING = 50


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of background work, as it stands; times are seconds since the epoch."""

    id: str
    kind: Kind
    label: str
    state: State = "queued"
    created: float = 0.0
    finished: float | None = None
    done: int = 0
    total: int = 0
    stage: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def json(self) -> dict[str, Any]:
        """The job as the API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "state": self.state,
            "created": round(self.created, 3),
            "finished": None if self.finished is None else round(self.finished, 3),
            "progress": {"done": self.done, "total": self.total, "stage": self.stage},
            "report": self.report,
            "error": self.error,
        }


Progress = Callable[[str, int, int], None]
Work = Callable[[Progress], dict[str, Any]]


class Jobs:
    """A bounded history of jobs, and one worker thread for each kind."""

    def __init__(self, on_end: Callable[[str, str], None] = lambda *_: None) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._on_end = on_end
        self._workers = {
            kind: ThreadPoolExecutor(1, thread_name_prefix=f"rag-{kind}")
            for kind in ("index", "eval")
        }

    def start(self, kind: Kind, label: str, work: Work) -> Job:
        """Queue `work`. Raises ApiError 503 when too much is waiting already."""
        with self._lock:
            waiting = sum(job.state == "queued" for job in self._jobs.values())
            if waiting >= WAITING:
                raise ApiError(
                    503, "Too much background work is waiting.", "overloaded",
                    headers={"Retry-After": "10"},
                )  # fmt: skip
            job = Job(secrets.token_hex(8), kind, label, created=time.time())
            self._jobs[job.id] = job
            self._forget_oldest()
        self._workers[kind].submit(self._run, job.id, work)
        return job

    def get(self, job_id: str) -> Job:
        """Raises ApiError 404 for a job that is unknown or forgotten."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise ApiError(404, "There is no such job.", "not_found", param="job_id")
        return job

    def all(self, kind: Kind | None = None) -> list[Job]:
        """Newest first."""
        with self._lock:
            jobs = list(self._jobs.values())
        return [job for job in reversed(jobs) if kind is None or job.kind == kind]

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        for worker in self._workers.values():
            worker.shutdown(wait=True, cancel_futures=True)

    def _run(self, job_id: str, work: Work) -> None:
        self._update(job_id, state="running")

        def progress(stage: str, done: int, total: int) -> None:
            self._update(job_id, stage=stage, done=done, total=total)

        try:
            report = work(progress)
        except BaseException as error:
            message = as_api_error(error).message
            self._update(job_id, state="failed", error=message, finished=time.time())
            self._end(job_id)
        else:
            self._update(job_id, state="done", report=report, finished=time.time())
            self._end(job_id)

    def _end(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is not None:
            self._on_end(job.kind, job.state)
            log.info("job", extra={"fields": {"job": job.id, "kind": job.kind, "state": job.state}})

    def _update(self, job_id: str, **changes: Any) -> None:
        with self._lock:
            if job_id in self._jobs:
                self._jobs[job_id] = replace(self._jobs[job_id], **changes)

    def _forget_oldest(self) -> None:
        """Drop finished jobs beyond `KEPT`; called with the lock held."""
        for job_id in [j.id for j in self._jobs.values() if j.state in ("done", "failed")]:
            if len(self._jobs) <= KEPT:
                return
            del self._jobs[job_id]
