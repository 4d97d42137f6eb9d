"""Follow-ups: searched alone, and resolved with what went before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rag.evaluate.conversation import by_rule, follow_ups
from rag.evaluate.judged import Conversation, ConversationSet
from rag.evaluate.locate import resolve_all
from rag.evaluate.run import chunks_by_path
from rag.evaluate.store import ConversationFigures
from tests.evaluate.conftest import World

ROWS: list[dict[str, Any]] = [
    {
        "id": "c1",
        "lang": "it",
        "turns": [
            {"question": "Quando fu aperto il ponte di Varna?"},
            {
                "question": "E quanto costò?",
                "gold": [{"path": "ponte.txt", "quote": "40 miliardi"}],
            },
        ],
    },
    {
        "id": "c2",
        "lang": "en",
        "turns": [
            {"question": "Who built the oldest of the pieces in the museum of clocks?"},
            {
                "question": "In which year?",
                "gold": [{"path": "museum.txt", "quote": "built by Anna Riedl in 1544"}],
            },
        ],
    },
]


def run(world: World, resolver: Any) -> ConversationFigures:
    rows = tuple(Conversation.model_validate(row) for row in ROWS)
    needs, problems = resolve_all(rows, world.documents)
    assert not problems
    chunks = chunks_by_path(world.documents, world.chunks)
    judged = ConversationSet("c.jsonl", "0", rows)
    return follow_ups(judged, needs, chunks, world.searcher, resolver)


def joined(question: str, earlier: Sequence[str]) -> str:
    return " ".join([*earlier, question])


def test_both_ways_are_searched_and_compared(world: World) -> None:
    found = run(world, joined)
    assert found.records[0].history == ["Quando fu aperto il ponte di Varna?"]
    assert found.records[0].resolved == "Quando fu aperto il ponte di Varna? E quanto costò?"
    assert found.resolved["en"]["nDCG@10"].value > found.alone["en"]["nDCG@10"].value
    assert found.alone["all"]["nDCG@10"].n == 2
    assert 0.0 < found.p_value["nDCG@10"] <= 1.0


def test_a_follow_up_that_cannot_be_resolved_counts_zero_and_is_listed(world: World) -> None:
    def broken(question: str, earlier: Sequence[str]) -> str:
        if question == "In which year?":
            raise RuntimeError("the resolver broke")
        return joined(question, earlier)

    found = run(world, broken)
    assert found.records[1].error == "RuntimeError: the resolver broke"
    assert found.records[1].with_history["nDCG@10"] == 0.0
    assert found.resolved["all"]["nDCG@10"].n == 2
    whole = run(world, joined).resolved["it"]["nDCG@10"].value
    assert found.resolved["all"]["nDCG@10"].value == pytest.approx(whole / 2)


def test_the_products_rule_is_given_the_answers_that_were_shown(world: World) -> None:
    asked: list[tuple[str, int]] = []

    class Listening:
        def ask(self, question: str, history: Sequence[Any] = (), filters: Any = None) -> Any:
            asked.append((question, len(history)))
            return world.assistant.ask(question, history, filters)

    resolved = by_rule(Listening())("E quanto costò?", ["Il ponte di Varna?", "Quando fu aperto?"])
    assert asked == [("Il ponte di Varna?", 0), ("Quando fu aperto?", 1)]
    assert "quanto costò" in resolved
    assert "Varna" in resolved
