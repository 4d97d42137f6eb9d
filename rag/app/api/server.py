"""Run the service until it is told to stop, and let running requests end."""

from __future__ import annotations

import socket
import sys

import uvicorn

from rag.app.api.app import create_app
from rag.app.api.logs import configure
from rag.core.config import Settings
from rag.core.errors import ConfigError

GRACE_SECONDS = 10
# Connections, not requests: beyond it uvicorn answers 503 at once.
MOST_CONNECTIONS = 1000


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises RagError when it cannot listen or open the index."""
    app = create_app(settings)
    configure(as_json=settings.log_json)
    listening = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    service = app.state.service

    def stop() -> None:
        server.should_exit = True

    service.on_failure = stop
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Fonte is at http://{shown}:{port}/  (Ctrl+C to stop)", file=sys.stderr, flush=True)
    server.run(sockets=[listening])
    if service.failure is not None:
        raise service.failure


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio turns Nagle's algorithm off only where the protocol is named: without it, each
        # answer on a kept connection waits 40 ms for the client's delayed acknowledgement.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.",
            "Choose another with --port, or stop what listens there.",
        ) from None
    listening.setblocking(False)
    return listening
