"""What the reader is trained on: questions made of statements, and what is asked of them."""

from __future__ import annotations

from itertools import islice
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from rag.answer.facts import numbers
from rag.core.types import Language
from training.reading.cloze import FUNCTION, cloze, slots, without
from training.reading.pairs import Pairs, cut_out
from training.reading.statements import NEAR, Statement, neighbours

ITALIAN = (
    "Nel 1994 il presidente Nazarbaev firmò a Mosca un accordo da 17 miliardi di dollari per la "
    "costruzione di una centrale nucleare."
)
ENGLISH = (
    "In 1994 President Nazarbayev signed in Moscow an accord worth 17 billion dollars for the "
    "construction of a nuclear plant."
)


def unmixed(text: str, _: float, __: Random) -> str:
    return text


def test_slots_are_the_numbers_names_and_things_of_a_statement() -> None:
    found = {(slot.text, slot.kind) for slot in slots(ITALIAN, "it")}
    assert {
        ("1994", "year"),
        ("17 miliardi", "count"),
        ("Nazarbaev", "name"),
        ("Mosca", "place"),
        ("centrale nucleare", "thing"),
    } <= found


def test_a_slot_takes_its_preposition_along() -> None:
    (moscow,) = [slot for slot in slots(ITALIAN, "it") if slot.text == "Mosca"]
    assert ITALIAN[moscow.start : moscow.end] == "a Mosca"
    assert without(ITALIAN, moscow.start, moscow.end).startswith(
        "Nel 1994 il presidente Nazarbaev firmò un accordo"
    )


@settings(max_examples=200)
@given(st.sampled_from([(ITALIAN, "it"), (ENGLISH, "en")]), st.integers())
def test_a_question_asks_for_what_it_does_not_hold(said: tuple[str, Language], seed: int) -> None:
    made = cloze(*said, Random(seed))
    if made is None:
        return
    assert made.question.endswith("?")
    assert made.question[0].isupper() or made.question[0].isdigit()
    assert f" {made.slot.text} " not in f" {made.question[:-1]} "


@settings(max_examples=200)
@given(st.text(), st.sampled_from(sorted(FUNCTION)), st.integers())
def test_any_text_can_be_asked_about(text: str, language: Language, seed: int) -> None:
    for slot in slots(text, language):
        assert 0 <= slot.start < slot.end <= len(text)
        assert text[slot.start : slot.end].endswith(slot.text)
    cloze(text, language, Random(seed))


@pytest.mark.parametrize("kind", ["year", "count", "name", "place"])
def test_what_is_asked_for_is_cut_out_of_another_wording(kind: str) -> None:
    for slot in slots(ITALIAN, "it"):
        if slot.kind == kind:
            bare = cut_out(ENGLISH, slot)
            assert bare is not None
            assert len(bare) < len(ENGLISH)
            if kind in ("year", "count"):
                gone = {value for n in numbers(slot.text) for value in n.values}
                assert not any(n.values & gone for n in numbers(bare))


def test_what_does_not_stand_there_cannot_be_cut_out() -> None:
    (slot,) = [s for s in slots("Parlò con Merkel.", "it") if s.kind == "name"]
    assert cut_out(ENGLISH, slot) is None


def statements() -> list[Statement]:
    names = ["Nazarbaev", "Putin", "Merkel", "Conte", "Draghi", "Macron"]
    return [
        Statement("a", (("it", ITALIAN.replace("Nazarbaev", name).replace("1994", str(1990 + n))),
                        ("it", f"{name} firmò un accordo a Mosca nel {1990 + n}."),
                        ("en", ENGLISH.replace("Nazarbayev", name).replace("1994", str(1990 + n)))))
        for n, name in enumerate(names)
    ]  # fmt: skip


def test_the_stream_holds_both_verdicts_and_is_the_same_for_a_seed() -> None:
    held = statements()
    near = np.array([[(n + 1) % len(held)] * NEAR for n in range(len(held))])
    first, again = (
        list(islice(Pairs(held, near, unmixed, 5), 300))  # type: ignore[arg-type]
        for _ in range(2)
    )
    assert first == again
    assert 0.15 < np.mean([pair.answers for pair in first]) < 0.5
    texts = {text for statement in held for _, text in statement.wordings}
    assert all(pair.text in texts or not pair.answers or len(pair.text) < 150 for pair in first)


def test_a_copy_is_no_neighbour() -> None:
    near = ["A nuclear plant in Moscow.", "Nuclear plants cost dollars."]
    far = [f"Word{n} thing{n} nuclear" for n in range(2000)]
    twice = [Statement("a", (("en", text),)) for text in (ENGLISH, ENGLISH, *near, *far)]
    found = neighbours(twice)
    assert found.shape == (len(twice), NEAR)
    assert 1 not in found[0]
    assert 0 not in found[1]
    assert all(row not in found[row] for row in range(len(twice)))
