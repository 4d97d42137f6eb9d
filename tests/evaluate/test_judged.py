"""Sets are read line by line, and what is wrong is named by line and field."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.core.errors import EvalError
from rag.evaluate.judged import Conversation, load_conversations, load_questions, read_lines
from tests.evaluate.conftest import QUESTIONS

GOOD: dict[str, Any] = QUESTIONS[0]
Write = Callable[..., Path]


def test_a_good_set_is_read_in_order(write: Write) -> None:
    judged = load_questions(write(QUESTIONS))
    assert [one.id for one in judged.questions] == [row["id"] for row in QUESTIONS]
    assert judged.questions[0].cluster == "bridge"
    assert len(judged.questions[3].needs) == 2
    assert not judged.questions[4].needs


def test_blank_lines_and_a_byte_order_mark_are_no_problem(write: Write) -> None:
    path = write("\ufeff" + json.dumps(GOOD) + "\n\n" + json.dumps(QUESTIONS[1]) + "\n")
    assert len(load_questions(path).questions) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"lang": "fr"}, "lang"),
        ({"question": 3}, "question"),
        ({"answerable": "no"}, "answerable"),
        ({"gold": []}, "gold"),
        ({"answerable": False}, "gold"),
        ({"gold": [{"path": "a.txt"}]}, "gold.0.quote"),
        ({"gold": [{"path": "a.txt", "quote": "x", "occurrence": 0}]}, "gold.0.occurrence"),
        ({"gold_groups": [[]]}, "gold_groups"),
        ({"anwserable": True}, "anwserable"),
        ({"tags": "typo"}, "tags"),
    ],
)
def test_a_malformed_line_is_named_with_its_field(
    write: Write, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(EvalError) as caught:
        load_questions(write([QUESTIONS[1], GOOD | change]))
    assert f"set.jsonl line 2: field '{field}'" in caught.value.message


@pytest.mark.parametrize("line", ["{", "[1]", '"text"', '{"id": 1,}'])
def test_a_line_that_is_no_object_is_named(write: Write, line: str) -> None:
    with pytest.raises(EvalError, match=r"set\.jsonl line 2: not "):
        load_questions(write(json.dumps(GOOD) + "\n" + line + "\n"))


def test_an_id_may_stand_once(write: Write) -> None:
    with pytest.raises(EvalError, match=r"line 3: field 'id': 'bridge-it' is also on line 1"):
        load_questions(write([GOOD, QUESTIONS[1], GOOD | {"question": "Altro?"}]))


def test_all_problems_are_counted(write: Write) -> None:
    with pytest.raises(EvalError, match="and 3 more"):
        load_questions(write([GOOD | {"lang": "fr"}] * 8))


def test_a_missing_an_empty_and_a_binary_file_are_named(tmp_path: Path, write: Write) -> None:
    with pytest.raises(EvalError, match=r"There is no file .*gone\.jsonl"):
        load_questions(tmp_path / "gone.jsonl")
    with pytest.raises(EvalError, match="has no line"):
        load_questions(write("\n"))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvalError, match="not UTF-8"):
        load_questions(tmp_path / "binary.jsonl")


def test_a_conversation_needs_gold_on_its_last_turn(write: Write) -> None:
    turns: list[dict[str, Any]] = [
        {"question": "Quando fu aperto?"},
        {"question": "E quanto costò?"},
    ]
    row = {"id": "c1", "lang": "it", "turns": turns}
    assert read_lines(write([row]), Conversation)[1][0].what.startswith("field 'turns'")
    turns[1]["gold"] = [{"path": "ponte.txt", "quote": "40 miliardi"}]
    loaded = load_conversations(write([row])).conversations[0]
    assert loaded.needs[0][0].quote == "40 miliardi"
