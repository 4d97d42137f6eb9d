"""The prose and the questions that training adds: cut where they should be, alike in both."""

from __future__ import annotations

import re
import shutil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import prose
from training.questions import TEMPLATES, questions
from training.teach import entries

TERMS = [("miniera", "mine"), ("terre rare", "rare earths"), ("uranio", "uranium")]


@given(st.lists(st.text(st.sampled_from("ab .!?\n"), max_size=120), max_size=4), st.integers(1, 9))
def test_passages_keep_every_word_in_order(texts: list[str], words: int) -> None:
    made = list(prose.passages(texts, words))
    assert " ".join(made).split() == " ".join(texts).split()
    for passage in made:
        sentences = prose.SENTENCE_END.split(passage)
        # Without its last sentence a passage is too short: none is longer than it need be.
        assert sum(len(s.split()) for s in sentences[:-1]) < words


def test_values_stand_under_their_heading() -> None:
    long = "a" * prose.LEAST
    page = {"Geography": {"Location": {"text": long}, "Area": "short"}, "Other": {"text": None}}
    assert list(prose._values(page, "")) == [f"Location: {long}"]


def test_templates_ask_the_same_in_both_languages() -> None:
    for italian, english in TEMPLATES:
        assert set(re.findall(r"{\w}", italian)) == set(re.findall(r"{\w}", english))
        assert italian.endswith("?")
        assert english.endswith("?")
    assert len(dict(TEMPLATES)) == len(TEMPLATES)


def test_questions_are_about_pairs_of_terms() -> None:
    made = questions(TERMS, 40, Random(1))
    assert made == questions(TERMS, 40, Random(1))
    for italian, english in made:
        for one, other in TERMS:
            assert (one in italian) == (other in english)


def test_entries_join_neighbours_in_both_languages() -> None:
    glosses = [(f"voce {n}", f"entry {n}") for n in range(9)]
    made = list(entries(glosses))
    assert made[0] == ("voce 0. voce 1. voce 2. voce 3.", "entry 0. entry 1. entry 2. entry 3.")
    assert len(made) == 2


def test_without_the_translator_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="apt install apertium"):
        prose.translated(["a text"], None, Random(0))  # type: ignore[arg-type]
