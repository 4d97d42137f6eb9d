"""--check-set finds what makes a set's figures untrustworthy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.evaluate.check import check, check_conversations, summary
from rag.evaluate.judged import Problem, Question
from tests.evaluate.conftest import QUESTIONS, build

DOCUMENTS = build().documents
Write = Callable[..., Path]


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def row(**change: Any) -> dict[str, Any]:
    return QUESTIONS[0] | {"fact": None} | change


def test_the_good_set_is_clean(write: Write) -> None:
    assert check(write(QUESTIONS), DOCUMENTS) == []


def test_a_quote_that_is_not_in_the_source(write: Write) -> None:
    gold = [{"path": "ponte.txt", "quote": "fu aperto nel 1923"}]
    problem = only(check(write([row(gold=gold)]), DOCUMENTS))
    assert problem.severity == "error"
    assert problem.where == "bridge-it"
    assert "nearest: 'fu aperto nel 1932'" in problem.what


def test_the_same_question_twice_whatever_its_marks(write: Write) -> None:
    again = row(id="again", question="quando fu aperto, il ponte di VARNA")
    problem = only(check(write([row(), again]), DOCUMENTS))
    assert problem.where == "again"
    assert problem.what.endswith("asks the same words as bridge-it")


def test_malformed_lines_are_listed_with_the_rest(write: Write) -> None:
    problems = check(write([row(lang="fr"), row(id="b", gold=[])]), DOCUMENTS)
    assert [problem.where for problem in problems] == ["set.jsonl line 1", "set.jsonl line 2"]


@pytest.mark.parametrize(
    ("question", "quote", "leaks"),
    [
        ("È vero che la pesca è vietata da ottobre?", "La pesca è vietata da ottobre", True),
        ("When does a visit cost nothing?", "Entry is free on Sundays.", False),
        (
            "Che cosa distrusse la piena: due arcate ricostruite poi?",
            "una piena ne distrusse due arcate, ricostruite l'anno seguente",
            True,
        ),
        ("In quali mesi non si può pescare?", "La pesca è vietata da ottobre a gennaio", False),
    ],
)
def test_leaks_of_the_quote_into_the_question(
    write: Write, question: str, quote: str, leaks: bool
) -> None:
    path = next(one.path for one in DOCUMENTS if quote in one.text)
    found = check(write([row(question=question, gold=[{"path": path, "quote": quote}])]), DOCUMENTS)
    assert [problem.severity for problem in found] == (["warning"] if leaks else [])


def test_a_question_may_say_that_its_words_are_meant_to_be_the_same(write: Write) -> None:
    gold = [{"path": "lago.txt", "quote": "La pesca è vietata da ottobre"}]
    verbatim = row(question="La pesca è vietata da ottobre?", gold=gold, tags=["verbatim"])
    assert check(write([verbatim]), DOCUMENTS) == []


def test_an_ambiguous_quote_is_pointed_out(write: Write) -> None:
    gold = [{"path": "ponte.txt", "quote": "19"}]
    assert "stands 2 times" in only(check(write([row(gold=gold)]), DOCUMENTS)).what
    chosen = [gold[0] | {"occurrence": 1}]
    assert check(write([row(gold=chosen)]), DOCUMENTS) == []


def test_wordings_of_one_fact_should_agree(write: Write) -> None:
    other = row(
        id="b", fact="f", question="Altro?", gold=[{"path": "lago.txt", "quote": "212 metri"}]
    )
    assert "different gold" in only(check(write([row(fact="f"), other]), DOCUMENTS)).what


def test_conversations_are_checked_too(write: Write) -> None:
    turns = [{"question": "a"}, {"question": "b", "gold": [{"path": "x.txt", "quote": "y"}]}]
    path = write([{"id": "c", "lang": "it", "turns": turns}])
    assert "path 'x.txt'" in only(check_conversations(path, DOCUMENTS)).what


def test_the_summary_counts() -> None:
    questions = [Question.model_validate(one) for one in QUESTIONS]
    assert summary(questions) == (
        "5 questions (2 en, 3 it), 1 without an answer; types: two passages 1, when 2, who 2"
    )
