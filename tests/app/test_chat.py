"""`rag chat`, with its questions piped in."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import RagCommand

TURKEY = "Quanti accordi ha firmato il Kazakistan con la Turchia?"


def test_a_conversation(rag: RagCommand, seeds_index: Path) -> None:
    lines = [TURKEY, "E con la Cina?", "/sources", "/open 1", "/quit", "never asked"]
    run = rag("chat", "--index", seeds_index, input="\n".join(lines) + "\n")
    assert run.code == 0, run.err
    assert "18 accordi" in run.out
    assert "24 accordi" in run.out
    assert "La diplomazia del Kazakistan nel 2025: anno di ricalibrazione strategica\n" in run.out
    assert "Traceback" not in run.err


def test_a_new_conversation_forgets(rag: RagCommand, seeds_index: Path) -> None:
    kept = rag("chat", "--index", seeds_index, input=f"{TURKEY}\nE con la Cina?\n")
    forgot = rag("chat", "--index", seeds_index, input=f"{TURKEY}\n/new\nE con la Cina?\n")
    assert kept.code == forgot.code == 0
    assert "24 accordi" in kept.out
    assert kept.out != forgot.out


def test_mistakes_are_told_and_the_rest_goes_on(rag: RagCommand, seeds_index: Path) -> None:
    lines = ["/open 3", "/boh", "🙂", TURKEY]
    run = rag("chat", "--index", seeds_index, input="\n".join(lines) + "\n")
    assert run.code == 1
    assert "/boh" in run.err
    assert "no words" in run.err
    assert "18 accordi" in run.out
    assert "Traceback" not in run.err
