"""The reader's part in an answer: which sentences it is given, and what comes of its word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.answer.abstain import fitted, signals
from rag.answer.assistant import Assistant
from rag.answer.evidence import CLOSELY, Evidence
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


def test_its_word_is_kept_with_the_sentence_and_changes_no_order() -> None:
    for word in ("Ulken", "reattori"):
        without, held = evidence(Noting(), PLANT), evidence(Noting(**{word: 9.0}), PLANT)
        assert [c.start for c in without.candidates] == [c.start for c in held.candidates]
        for candidate in held.candidates[:CLOSELY]:
            assert candidate.answers is not None
            assert (candidate.answers > 0.99) == (word in candidate.terms.text)
        assert all(c.answers is None for c in held.candidates[CLOSELY:])


def test_the_likelier_it_answers_the_more_confident_the_answer() -> None:
    odds = [-9.0, -3.0, 0.0, 3.0, 9.0]
    found = [signals(evidence(Noting(centrale=value), PLANT)) for value in odds]
    confidence = [fitted().confidence(signal) for signal in found]
    assert confidence == sorted(confidence)
    assert confidence[0] < confidence[-1]


@settings(max_examples=40, deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_any_odds_give_a_probability(value: float) -> None:
    found = evidence(Noting(centrale=value), PLANT)
    assert all(c.answers is None or 0.0 <= c.answers <= 1.0 for c in found.candidates)
    assert all(0.0 <= signal <= 1.5 for signal in signals(found).values())


def test_nothing_found_is_nothing_read() -> None:
    reader = Noting()
    assert evidence(reader, document("", path="empty.txt")).candidates == ()
    assert reader.given == []
