"""Against a real OpenAI-compatible server of somebody else's making: `transformers serve`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from rag.answer.assistant import Assistant, Done, TextDelta
from rag.answer.llm import OpenAICompatible
from tests.answer.helpers import Letters, Shelf, document
from tests.answer.tiny_model import make

pytest.importorskip("transformers")
pytest.importorskip("torch")

PATIENCE = 120  # seconds for the server to come up on a slow machine
SOURCE = document("Il Kazakistan e gli Stati Uniti hanno firmato 29 accordi a Washington.")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(base URL, model name) of a running server with a tiny random model."""
    folder = tmp_path_factory.mktemp("model")
    make(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "transformers"), "serve", str(folder), "--device", "cpu",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        _wait(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1", str(folder)
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            if httpx2.get(url, timeout=2).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.3)
    pytest.fail(f"the server did not come up: {log.read_text(errors='replace')[-2000:]}")


@pytest.mark.slow
@pytest.mark.parametrize("streaming", [True, False])
def test_its_answer_is_read_and_checked(served: tuple[str, str], streaming: bool) -> None:
    llm = OpenAICompatible(*served, timeout=60, max_tokens=24, context=4096, streaming=streaming)
    pieces = list(llm.stream([{"role": "user", "content": "Ciao"}]))
    assert "".join(pieces).strip()
    assert streaming or len(pieces) == 1

    shelf = Shelf([SOURCE])
    assistant = Assistant(shelf, shelf, Letters(), llm=llm, abstain_below=0.0)
    events = list(assistant.stream("Quanti accordi hanno firmato?"))
    assert isinstance(events[-1], Done)
    answer = events[-1].answer
    # Random words support nothing: the exact quote is shown, and the reader is told.
    assert answer.mode == "extractive"
    assert answer.notice
    assert answer.citations[0].quote == SOURCE.text
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == answer.text
