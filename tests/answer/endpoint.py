"""A real HTTP server that speaks OpenAI's chat protocol, well or badly, as a test wants it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Exchange"], None]


class Exchange:
    """One request, and ways to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any], number: int) -> None:
        self.handler = handler
        self.body = body
        self.number = number  # of requests so far, from 1

    @property
    def prompt(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])

    def status(self, code: int, message: str = "no", headers: dict[str, str] | None = None) -> None:
        payload = json.dumps({"error": {"message": message, "type": "x", "code": None}}).encode()
        self.handler.send_response(code)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(payload)))
        for name, value in (headers or {}).items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(payload)

    def say(self, text: str, piece: int = 7) -> None:
        """The whole of an honest answer, streamed in small pieces or sent at once."""
        if not self.body.get("stream"):
            self.json({"role": "assistant", "content": text})
            return
        self.begin()
        for start in range(0, len(text), piece):
            self.piece(text[start : start + piece])
        self.end()

    def json(self, message: dict[str, Any]) -> None:
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        payload = json.dumps({**_BASE, "object": "chat.completion", "choices": [choice]}).encode()
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(payload)))
        self.handler.end_headers()
        self.handler.wfile.write(payload)

    def begin(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream")
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def piece(self, text: str) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        chunk = {**_BASE, "object": "chat.completion.chunk", "choices": [choice]}
        self.raw(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n")

    def raw(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def end(self) -> None:
        self.raw(b"data: [DONE]\n\n")


_BASE = {"id": "c1", "created": 1, "model": "stub"}


@contextmanager
def serving(behave: Behaviour) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yields the base URL (with /v1) and the list of request bodies seen."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            seen.append(body)
            # The client may leave, as some tests want it to.
            with suppress(BrokenPipeError, ConnectionResetError):
                behave(Exchange(self, body, len(seen)))

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", seen
    finally:
        server.shutdown()
        server.server_close()
