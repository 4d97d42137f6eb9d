from __future__ import annotations

import pytest

from rag.answer.follow import Turn, resolve

CHINA = Turn("Quanti accordi ha firmato il Kazakistan con la Cina?", "24 accordi.")


@pytest.mark.parametrize(
    ("question", "history", "resolved"),
    [
        (
            "E con la Turchia?",
            [CHINA],
            "Quanti accordi ha firmato il Kazakistan con la Turchia?",
        ),
        (
            "What about Germany?",
            [Turn("How much is trade with Italy worth?")],
            "How much is trade with Germany worth?",
        ),
        (
            "And in 2024?",
            [Turn("How much oil was sold in 2023?")],
            "How much oil was sold in 2024?",
        ),
        (
            "Quando?",
            [Turn("La CSTO è mai intervenuta in Kazakistan?")],
            "La CSTO è mai intervenuta in Kazakistan: Quando?",
        ),
        # A chain keeps its subject.
        (
            "E con l’Azerbaigian?",
            [CHINA, Turn("E con la Turchia?")],
            "Quanti accordi ha firmato il Kazakistan con l’Azerbaigian?",
        ),
    ],
)
def test_follow_ups(question: str, history: list[Turn], resolved: str) -> None:
    assert resolve(question, history) == resolved


@pytest.mark.parametrize(
    "question",
    [
        "Quante terre rare contiene il giacimento di Zhana Kazakhstan?",
        "Who mediated between Armenia and Azerbaijan?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert resolve(question, [CHINA]) == question
    assert resolve(question, []) == question


def test_when_was_that_carries_the_subject() -> None:
    history = [Turn("Did Kazakhstan and Russia sign a declaration?", "Yes.")]
    resolved = resolve("When was that?", history)
    assert "Kazakhstan and Russia sign" in resolved
    assert resolved.endswith("When was that?")
