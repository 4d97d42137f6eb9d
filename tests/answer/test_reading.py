"""The reader's part in an answer: which sentences it is given, and what comes of its word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.answer.assistant import Assistant
from rag.answer.evidence import CLOSELY, READING, Evidence
from rag.core.types import Document
from rag.embed.reader import Reader
from rag.ingest import sentences
from tests.answer.helpers import Letters, Shelf, document

PLANT = document(
    "Il Kazakistan costruirà una centrale nucleare a Ulken. La centrale avrà due reattori. Il "
    "costo non è noto. La centrale sarà sul lago. Il lago è grande. La centrale piace al governo. "
    "La centrale sarà costruita da Rosatom.",
)
QUESTION = "Quanti reattori avrà la centrale nucleare?"


class Noting:
    """A reader that is told what to say of a sentence, and keeps what it was given."""

    name = "noting"

    def __init__(self, **said: float) -> None:
        self.said = said
        self.given: list[str] = []

    def odds(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        assert question == QUESTION
        self.given += sentences
        found = [max([v for k, v in self.said.items() if k in t] or [-9.0]) for t in sentences]
        return np.array(found, np.float32)


def evidence(reader: Reader, *documents: Document) -> Evidence:
    shelf = Shelf(documents)
    return Assistant(shelf, shelf, Letters(), reader=reader).evidence(QUESTION)


def test_the_best_sentences_are_read_as_they_stand() -> None:
    reader = Noting()
    found = evidence(reader, PLANT)
    assert len(reader.given) == CLOSELY < len(found.candidates)
    said = {PLANT.text[start:end] for start, end in sentences(PLANT.text, "it")}
    assert set(reader.given) <= said


def test_a_sentence_that_the_reader_holds_to_answer_scores_higher() -> None:
    for word in ("Ulken", "reattori"):
        without, held = evidence(Noting(), PLANT), evidence(Noting(**{word: 9.0}), PLANT)
        before, after = (
            next(c for c in found.candidates if word in PLANT.text[c.start : c.end])
            for found in (without, held)
        )
        assert after.answers is not None
        assert after.answers > 0.99
        assert abs(after.score - before.score - READING) < 0.01


def test_only_what_was_read_has_a_probability() -> None:
    found = evidence(Noting(reattori=2.0), PLANT)
    read = [c for c in found.candidates if c.answers is not None]
    assert len(read) == CLOSELY
    assert all(0.0 <= c.answers <= 1.0 for c in read if c.answers is not None)
    unread = [c for c in found.candidates if c.answers is None]
    assert min(c.score for c in read) >= max(c.score for c in unread)


@settings(max_examples=40, deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_any_odds_give_a_probability(value: float) -> None:
    found = evidence(Noting(centrale=value), PLANT)
    assert all(c.answers is None or 0.0 <= c.answers <= 1.0 for c in found.candidates)
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert max(scores) <= min(scores) + READING + 2.0


def test_nothing_found_is_nothing_read() -> None:
    reader = Noting()
    assert evidence(reader, document("", path="empty.txt")).candidates == ()
    assert reader.given == []
