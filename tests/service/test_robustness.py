"""Clients that leave, drip or lie; models that hang; the service's start and end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.app.library import Library
from tests.answer.endpoint import Exchange, serving
from tests.conftest import SEEDS, RagCommand, clean_environment
from tests.service.serving import serve, wait_for

QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"


class Endless:
    """A model that never stops talking, and notices when nobody listens any more."""

    def __init__(self) -> None:
        self.talking = threading.Event()
        self.left = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        try:
            exchange.begin()
            while True:
                exchange.piece("parole ")
                self.talking.set()
                time.sleep(0.02)
        except OSError:
            self.left.set()


@pytest.mark.parametrize("way", ["stream", "json", "chat"])
def test_a_client_that_leaves_stops_the_model(seeds_index: Path, way: str) -> None:
    model = Endless()
    body: dict[str, Any] = {"question": QUESTION, "stream": way == "stream"}
    path = "/v1/ask"
    if way == "chat":
        path = "/v1/chat/completions"
        messages = [{"role": "user", "content": QUESTION}]
        body = {"model": "fonte", "messages": messages, "stream": True}
    with (
        serving(model) as (url, _),
        serve(index=seeds_index, sources=SEEDS, llm_base_url=url, llm_model="m") as served,
        served.client() as client,
    ):
        leaver = httpx.Client(base_url=served.url, timeout=httpx.Timeout(None, read=1.0))
        with leaver, pytest.raises(httpx.ReadTimeout):
            leaver.post(path, json=body)
        assert model.talking.wait(30)
        assert model.left.wait(30), "the model was left talking to nobody"
        wait_for(lambda: "rag_http_in_flight 1.0" in client.get("/metrics").text, "only this one")


def test_a_model_that_hangs_is_given_up(seeds_index: Path) -> None:
    with (
        serving(lambda exchange: time.sleep(20)) as (url, _),  # noqa: ARG005
        serve(
            index=seeds_index, sources=SEEDS, llm_base_url=url, llm_model="m", request_timeout=1.0
        ) as served,
        served.client() as client,
    ):
        response = client.post("/v1/ask", json={"question": QUESTION})
        assert response.status_code == 504
        assert response.json()["error"]["code"] == "timeout"
        streamed = client.post("/v1/ask", json={"question": QUESTION, "stream": True})
        assert '"code": "timeout"' in streamed.text


def test_a_model_that_fails_leaves_the_quotes(seeds_index: Path) -> None:
    with (
        serving(lambda exchange: exchange.status(400)) as (url, _),
        serve(index=seeds_index, sources=SEEDS, llm_base_url=url, llm_model="m") as served,
        served.client() as client,
    ):
        answer = client.post("/v1/ask", json={"question": QUESTION}).json()
        assert answer["mode"] == "extractive"
        assert answer["citations"]
        assert answer["notice"]
        assert "rag_llm_failures_total 1.0" in client.get("/metrics").text


def raw(url: str, payload: bytes, wait: float = 30) -> bytes:
    """What the service says to bytes on a bare connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        connection.sendall(payload)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            if b"\r\n\r\n" in answer and b"slow_body" in answer:
                break
        return answer


def test_a_client_that_drips_its_body_is_cut_off(seeds_index: Path) -> None:
    with serve(index=seeds_index, sources=SEEDS, body_seconds=0.5) as served:
        head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        answer = raw(served.url, head + b"Content-Length: 50\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"slow_body" in answer
        with served.client() as client:
            assert client.get("/livez").status_code == 200


def test_a_body_longer_than_it_says_does_no_harm(seeds_index: Path) -> None:
    with serve(index=seeds_index, sources=SEEDS) as served:
        head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        answer = raw(served.url, head + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}{}{}{}")
        assert answer.startswith(b"HTTP/1.1 422")
        assert raw(served.url, b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_not_ready_is_503_and_then_ready(seeds_index: Path) -> None:
    go = threading.Event()

    def opener(progress: Any) -> Library:
        progress("embedding", 3, 9)
        go.wait(60)
        return Library.open(seeds_index, SEEDS)

    with serve(opener, wait=False) as served, served.client() as client:
        wait_for(lambda: client.get("/readyz").json().get("done") == 3, "the progress")
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "opening", "stage": "embedding", "done": 3, "total": 9}
        asked = client.post("/v1/ask", json={"question": QUESTION})
        assert asked.status_code == 503
        assert asked.headers["retry-after"] == "2"
        assert client.get("/").status_code == 200
        go.set()
        wait_for(lambda: client.get("/readyz").status_code == 200, "ready")
        assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 200


def test_serve_stops_with_a_clear_message(rag: RagCommand, tmp_path: Path) -> None:
    done = rag("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.code == 2
    assert "RAG_API_KEYS" in done.err
    done = rag("serve", "--port", "0", "--index", tmp_path / "none", "--sources", tmp_path / "no")
    assert done.code == 1
    assert "no index" in done.err
    assert "Traceback" not in done.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = rag("serve", "--port", taken.getsockname()[1])
    assert done.code == 2
    assert "Cannot listen" in done.err
    assert rag("serve", "--help").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_running_answer_ends_before_the_service_does(seeds_index: Path) -> None:
    begun = threading.Event()

    def slow(exchange: Exchange) -> None:
        begun.set()
        time.sleep(1.5)
        exchange.say("Non lo so.")

    port = socket.create_server(("127.0.0.1", 0))
    number = port.getsockname()[1]
    port.close()
    with serving(slow) as (url, _):
        process = subprocess.Popen(
            [sys.executable, "-m", "rag.app.cli", "serve", "--port", str(number), "--log-json",
             "--index", str(seeds_index), "--sources", str(SEEDS)],
            env=clean_environment() | {"RAG_LLM_BASE_URL": url, "RAG_LLM_MODEL": "m"},
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{number}"
            wait_for(lambda: _ready(base), "the service", 60)
            answers: list[int] = []

            def ask() -> None:
                body = {"question": QUESTION}
                answers.append(httpx.post(f"{base}/v1/ask", json=body, timeout=60).status_code)

            asking = threading.Thread(target=ask)
            asking.start()
            assert begun.wait(30)
            os.kill(process.pid, signal.SIGTERM)
            asking.join(60)
            _, logs = process.communicate(timeout=60)
        finally:
            process.kill()
    assert answers == [200]
    assert process.returncode in (0, -signal.SIGTERM)
    assert b'"route": "/v1/ask"' in logs
    assert b"accordi" not in logs
    assert b"Traceback" not in logs


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    from rag.app.api.server import _listen

    with _listen("127.0.0.1", 0) as listening:
        # asyncio turns Nagle's algorithm off only for sockets that name their protocol.
        assert listening.proto == socket.IPPROTO_TCP
