"""The analysis of text into terms: the same term however a word is typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.core.types import LANGUAGES, Language
from rag.indexing import analysis
from rag.indexing.stopwords import FUNCTION_WORDS


def content(question: str, language: Language) -> list[str]:
    return [term.word for term in analysis.terms(question, language) if term.content]


@pytest.mark.parametrize(
    "written", ["dell'accordo", "dell’accordo", "dell' accordo", "DELL’ACCORDO", "dell`accordo"]
)
def test_elisions_leave_the_word(written: str) -> None:
    assert analysis.stems(written, "it") == ["dell", "accord"]
    assert content(f"un'idea {written}", "it") == ["idea", "accordo"]


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_accents_do_not_matter(form: str) -> None:
    written = unicodedata.normalize(form, "Perché la città più bella è così")
    assert analysis.words(written) == ["perche", "la", "citta", "piu", "bella", "e", "cosi"]


def test_an_apostrophe_for_an_accent() -> None:
    assert analysis.words("la citta' e' piu' grande") == analysis.words("la città è più grande")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,5", "1.5"),
        ("17.786.419", "17,786,419"),
        ("1.500", "1500"),
        ("62%", "62 per cento"),
        ("62 %", "62 percent"),
        ("U.S.", "US"),
        ("U.S.A.", "USA"),
        ("l'U.E.", "l'UE"),
    ],
)
def test_written_in_two_ways(one: str, other: str) -> None:
    assert analysis.words(one) == analysis.words(other)


def test_numbers_stay_whole() -> None:
    assert analysis.words("4.5 milioni, il 17, 0,125 e C5+1") == [
        "4.5", "milioni", "il", "17", "0.125", "e", "c5", "1",
    ]  # fmt: skip


def test_hyphens_part_words() -> None:
    assert analysis.words("Kassym-Jomart") == ["kassym", "jomart"]


def test_function_words_of_each_language() -> None:
    assert content("Quanti accordi hanno firmato gli Stati Uniti?", "it") == [
        "accordi", "firmato", "stati", "uniti",
    ]  # fmt: skip
    assert content("How many agreements did the US sign in May?", "en") == [
        "agreements", "usa", "sign", "may",
    ]  # fmt: skip


def test_capitals_make_a_name_unless_everything_is_in_capitals() -> None:
    assert content("What is the WHO?", "en") == ["who"]
    assert content("WHAT IS THE WHO?", "en") == []


def test_inflections_meet() -> None:
    for language, family in (("it", "firmato firmano firmare"), ("en", "signed signs signing")):
        assert len(set(analysis.stems(family, language))) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_function_words_are_listed_as_they_are_looked_up(language: Language) -> None:
    for word in FUNCTION_WORDS[language]:
        assert analysis.words(word) == [word]


# Stems are keys of the translation table that ships: should a newer stemmer give other ones, the
# table has to be built again.
def test_stems_that_the_table_was_built_with() -> None:
    assert analysis.stems("libertà presidenti ministro esteri accordi economiche", "it") == [
        "libert", "president", "ministr", "ester", "accord", "econom",
    ]  # fmt: skip
    assert analysis.stems("agreements presidential foreign ministers economies", "en") == [
        "agreement", "presidenti", "foreign", "minist", "economi",
    ]  # fmt: skip


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_terms_can_always_be_indexed(text: str, language: Language) -> None:
    words = analysis.words(text)
    stems = analysis.stems(text, language)
    assert len(words) == len(stems) == len(analysis.terms(text, language))
    for term in (*words, *stems):
        assert term
        assert len(term) <= analysis.LONGEST_WORD
        assert not any(c.isspace() for c in term)
        assert not any(c.isupper() for c in term)


@given(st.text(max_size=300))
def test_composition_does_not_matter(text: str) -> None:
    one = analysis.words(unicodedata.normalize("NFC", text))
    assert one == analysis.words(unicodedata.normalize("NFD", text))


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_a_root_starts_its_stem(text: str, language: Language) -> None:
    for stem in analysis.stems(text, language):
        assert stem.startswith(analysis.root(stem))
