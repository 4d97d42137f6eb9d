"""Run the service in this process, on a free port, until the block ends."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from rag.app.api import create_app
from rag.app.api.service import Opener, Service
from rag.core.config import Settings

WAIT = 120.0


@dataclass(frozen=True)
class Served:
    """A running service."""

    url: str
    service: Service

    def client(self, key: str | None = None, **options: Any) -> httpx.Client:
        """An HTTP client of it."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=WAIT, trust_env=False, **options
        )


@contextmanager
def serve(
    opener: Opener | None = None, *, wait: bool = True, body_seconds: float | None = None,
    **settings: Any,
) -> Iterator[Served]:  # fmt: skip
    """The service with these settings; `wait` until it can be asked."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("RAG_")}
    app = create_app(Settings(**settings), opener)
    if body_seconds is not None:
        import dataclasses

        gate = app.user_middleware[0]
        rules = dataclasses.replace(gate.kwargs["rules"], body_seconds=body_seconds)
        gate.kwargs["rules"] = rules
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    running = Served(f"http://127.0.0.1:{port}", app.state.service)
    try:
        wait_for(lambda: server.started, "the server to start")
        if wait:
            wait_for(lambda: running.service.ready or running.service.failure, "the library")
            if running.service.failure:
                raise running.service.failure
        yield running
    finally:
        server.should_exit = True
        thread.join(30)
        os.environ.update(kept)


def wait_for(condition: Any, what: str, seconds: float = WAIT) -> None:
    """Look until it holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


def finished(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    current = job

    def ended() -> bool:
        nonlocal current
        current = client.get(f"/v1/jobs/{job['id']}").json()
        return current["state"] in ("done", "failed")

    wait_for(ended, f"job {job['label']}")
    return current
