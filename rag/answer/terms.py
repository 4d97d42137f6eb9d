"""The words of a question, and which of them a text holds, across the two languages.

A word is held when its stem, one of its translations, or (for a name) a word that sounds alike
stands in the text; a number when its value does. Translations come from the same table that the
lexical index searches with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rag.answer.facts import Name, Number, fold, months, names, numbers, same_name
from rag.core.types import Language, other
from rag.indexing.analysis import stem, stems, terms, words
from rag.indexing.expand import Group, Translations, content_terms, cross_language

TermKind = Literal["word", "name", "number"]
MOST_TRANSLATIONS = 6  # of a word; rarer ones are noise
SYNONYM = 0.6  # what a synonym counts beside the word itself
MOST_SYNONYMS = 4
LEAST_SYNONYM = 0.04  # probability by way of the other language
LEAST_WEIGHT = 0.35  # of a translation (probability**0.25): about one in sixty


@dataclass(frozen=True, slots=True)
class QuestionTerm:
    """A content word of the question: as written, its kind, and its stems by passage language.

    `forms` maps each language to alternatives; each is a set of stems that must all stand in a
    text. `values` holds the readings of a number, `synonyms` stems in the question's own language
    that may mean the same.
    """

    word: str
    kind: TermKind
    forms: dict[Language, tuple[frozenset[str], ...]]
    values: frozenset[float] = frozenset()
    synonyms: tuple[str, ...] = ()


class TextTerms:
    """What a text holds, computed once and as needed: stems, names, numbers, months."""

    def __init__(self, text: str, language: Language) -> None:
        self.text = text
        self.language: Language = language

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stems(self.text, self.language))

    @cached_property
    def names(self) -> list[Name]:
        return names(self.text)

    @cached_property
    def numbers(self) -> list[Number]:
        return numbers(self.text)

    @cached_property
    def values(self) -> frozenset[float]:
        return frozenset(value for number in self.numbers for value in number.values)

    @cached_property
    def months(self) -> set[int]:
        return months(self.text)

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Where each stem stands, in words from the text's start."""
        found: dict[str, list[int]] = {}
        for position, one in enumerate(stems(self.text, self.language)):
            found.setdefault(one, []).append(position)
        return found

    def places(self, term: QuestionTerm) -> list[int]:
        """Where the term stands, by stem or translation (the first word of a phrase)."""
        found = []
        for form in term.forms[self.language]:
            if form <= self.stems:
                found += self.positions[min(form)]
        return found

    def together(self, one: QuestionTerm, two: QuestionTerm, within: int = 4) -> bool:
        """Whether the two terms stand within so many words of each other, in either order."""
        first, second = self.places(one), self.places(two)
        return any(0 < abs(a - b) <= within for a in first for b in second)

    def holds(self, term: QuestionTerm) -> bool:
        """Whether the text holds the term, in its own language's form or by translation."""
        if term.kind == "number":
            return bool(term.values & self.values)
        if any(form <= self.stems for form in term.forms[self.language]):
            return True
        if term.kind == "name":
            return any(same_name(term.word, name.text) for name in self.names) or (
                term.word.isupper() and len(term.word) >= 3 and term.word in self.initials
            )
        return False

    def degree(self, term: QuestionTerm) -> float:
        """1 when the text holds the term, SYNONYM when it holds a synonym, else 0."""
        if self.holds(term):
            return 1.0
        return SYNONYM if any(synonym in self.stems for synonym in term.synonyms) else 0.0

    @cached_property
    def initials(self) -> str:
        """The first letters of the capitalised words, in order: where an acronym is spelt out."""
        return "".join(name.text[0] for name in self.names)


def analyse(
    text: str, language: Language, translations: Translations | None = None
) -> tuple[QuestionTerm, ...]:
    """The distinct content words, names and numbers of a question, in its order."""
    capitalised = {word: name for name in names(text) for word in words(name.text)}
    values = {fold(number.text): number for number in numbers(text)}
    translated = _translated(text, language, translations)
    found: dict[str, QuestionTerm] = {}
    surface = _surfaces(text)
    for term in content_terms(text, language):
        word = surface.get(term.word, term.word)
        own = (frozenset((term.stem,)),)
        unknown = stem(term.word, other(language))
        forms: dict[Language, tuple[frozenset[str], ...]] = {
            language: own,
            other(language): (frozenset((unknown,)), *translated.get(term.word, ())),
        }
        number = next((n for key, n in values.items() if term.word in key.split()), None)
        if term.word[0].isdigit() and number is not None:
            kind: TermKind = "number"
        elif _is_name(term.word, capitalised, translated):
            kind = "name"
        else:
            kind = "word"
        alike = _synonyms(term.stem, language, translations) if kind == "word" else ()
        readings = number.values if number is not None and kind == "number" else frozenset()
        found.setdefault(term.stem, QuestionTerm(word, kind, forms, readings, alike))
    return tuple(found.values())


def _synonyms(one: str, language: Language, translations: Translations | None) -> tuple[str, ...]:
    find = getattr(translations, "synonyms", None)  # a table of one's own may have none
    if find is None:
        return ()
    found = find(one, language, MOST_SYNONYMS)
    return tuple(synonym for synonym, probability in found if probability >= LEAST_SYNONYM)


def _is_name(
    word: str, capitalised: dict[str, Name], translated: dict[str, tuple[frozenset[str], ...]]
) -> bool:
    name = capitalised.get(word)
    # A capital that opens the question says nothing, unless the word is in no dictionary.
    return name is not None and (not name.initial or word not in translated)


def _surfaces(text: str) -> dict[str, str]:
    """From folded words back to how the question writes them."""
    pieces = text.replace("’", " ").replace("'", " ").split()
    written: dict[str, str] = {}
    for piece in pieces:
        for part in piece.replace("-", " ").split():
            bare = part.strip('.,;:?!"“”«»()[]…')
            if bare:
                written.setdefault(fold(bare), bare)
    return written


def _translated(
    text: str, language: Language, translations: Translations | None
) -> dict[str, tuple[frozenset[str], ...]]:
    """For each folded word its translations, phrases that hold it included; absent when none."""
    if translations is None:
        return {}
    found: dict[str, list[frozenset[str]]] = {}

    def take(group: Group, words: Iterable[str]) -> None:
        forms = [
            frozenset(alternative.stems)
            for alternative in group.alternatives[: MOST_TRANSLATIONS + 1]
            if alternative.weight < 1.0 and alternative.weight >= LEAST_WEIGHT
        ]
        for word in words:
            if forms:
                found.setdefault(word, []).extend(forms)
        for part in group.parts:
            take(part, (part.term,))

    for group in cross_language(text, language, other(language), translations):
        take(group, group.term.split())
    return {word: tuple(forms) for word, forms in found.items()}


def coverage(
    asked: Sequence[QuestionTerm], text: TextTerms, weights: Sequence[float] | None = None
) -> float:
    """The share of the question's terms, by weight, that the text holds; 1 for no terms."""
    weights = weights or [1.0] * len(asked)
    total = sum(weights)
    if not total:
        return 1.0
    return sum(w * text.degree(term) for term, w in zip(asked, weights, strict=True)) / total


def function_word_counts(text: str) -> dict[Language, int]:
    """How many words of each language's function words the text holds."""
    found = {}
    languages: tuple[Language, ...] = ("it", "en")
    for language in languages:
        found[language] = sum(not term.content for term in terms(text, language))
    return found
