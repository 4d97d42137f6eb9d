"""Look-alikes of words, and which words of a passage a question matched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.indexing.expand import Alternative, Group
from rag.indexing.matches import matched_terms
from rag.indexing.spelling import Vocabulary, edits, first_letters, level

WORDS = st.text("abcdeghikqy", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("ghandi", "gandhi", 0),
        ("tokayev", "toqaev", 1),
        ("kyrgyzstan", "kirghizistan", 1),
        ("nazarbayev", "nazarbaev", 1),
        ("mohammed", "muhamad", 2),
        ("philadelphia", "filadelfia", 0),
    ],
)
def test_names_spelt_by_other_conventions(one: str, other: str, distance: int) -> None:
    assert edits(level(one), level(other), 2) == distance


@given(WORDS, WORDS)
def test_edits_are_a_distance(one: str, other: str) -> None:
    assert edits(one, other, 9) == edits(other, one, 9)
    assert (edits(one, other, 9) == 0) == (one == other)
    assert edits(one, other, 1) == min(edits(one, other, 9), 2)


@given(st.text("abcdeghikqy", min_size=8, max_size=12), st.data())
def test_one_wrong_letter_is_found(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 2))
    wrong = word[:at] + data.draw(st.sampled_from("bdg")) + word[at + 1 :]
    found = [other for other, _ in Vocabulary([(word, 1)]).look_alikes(wrong)]
    assert found == ([] if wrong == word else [word])


def test_nearest_first_then_commonest_and_few() -> None:
    words = [("accordo", 2), ("accorda", 9), ("accordi", 5), ("accodo", 7), ("ricordo", 9)]
    found = Vocabulary(words).look_alikes("accordo")
    assert [word for word, _ in found] == ["accorda", "accodo", "accordi"]
    assert [weight for _, weight in found] == sorted((w for _, w in found), reverse=True)


@pytest.mark.parametrize("word", ["", "abc", "12345", "c5plus1"])
def test_short_words_and_numbers_have_none(word: str) -> None:
    assert Vocabulary([("abd", 1), ("12346", 1), ("c5plus2", 1)]).look_alikes(word) == []


def test_an_empty_vocabulary_has_none() -> None:
    assert Vocabulary([]).look_alikes("parola") == []


def test_first_letters_that_sound_alike() -> None:
    assert first_letters("qatar") == "ckq"
    assert first_letters("roma") == "r"


def group(term: str, *stems: tuple[str, ...]) -> Group:
    return Group(term, "it", tuple(Alternative(s, 0.9 - n / 10) for n, s in enumerate(stems)))


def test_a_phrase_is_shown_as_it_stands() -> None:
    words = ["il", "ministro", "degli", "esteri", "firma", "gli", "accordi", "kazaki"]
    groups = [
        group("foreign minister", ("ministr", "affar", "ester"), ("ministr", "ester")),
        group("agreements", ("patt",), ("accord",)),
        group("kazakhstan", ("kazakistan",)),
        group("unheard", ("inaudit",)),
    ]
    assert matched_terms(groups, words, "it") == (
        ("foreign minister", "ministro degli esteri"),
        ("agreements", "accordi"),
        ("kazakhstan", "kazaki"),  # a related word: nothing nearer is there
    )
    assert matched_terms(groups, words, "en") == ()


def test_words_of_a_phrase_far_apart_are_no_phrase() -> None:
    words = ["ministro", "della", "salute", "e", "affari", "esteri"]
    assert matched_terms([group("foreign minister", ("ministr", "ester"))], words, "it") == ()
