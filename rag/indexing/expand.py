"""A question as groups of alternatives: its terms, and what could stand for each in a passage.

For passages in the question's language a term stands for itself, and less surely its synonyms do.
For passages in the other language it becomes its own form (names are often spelt alike) and its
translations, phrases of up to four words first. This is query translation with structured queries
(Pirkola 1998); how the alternatives of a group are scored is the index's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.core.types import Language
from rag.indexing.analysis import Term, stem, terms

LONGEST_PHRASE = 4  # content words
MOST_TERMS = 64  # of a question: the rest of a pasted page adds cost, not meaning
MOST_CHARACTERS = 10_000  # of a question that are read at all
# Chosen on the development benchmark, see benchmarks/lexical.md.
MOST_TRANSLATIONS = 12  # of a term
MOST_SYNONYMS = 8  # of a term
FLATTEN = 0.25  # probabilities are raised to this power to be weights
OWN_FORM_ABROAD = 0.7  # weight of a term's own form where it has translations: "sale" is not "sale"
SYNONYM = 1.3  # times probability**0.25; a synonym's probability is a product of two
UNSURE = 0.999  # a translation never weighs quite as much as a term that needs none

Kind = Literal["own", "translation", "synonym", "spelling"]


class Translations(Protocol):
    """Where translations come from: see `rag.indexing.translate.TranslationTable`."""

    def translate(self, phrase: str, source: Language) -> Sequence[tuple[str, float]]:
        """(phrase of the other language, probability), likeliest first; phrases are stems."""
        ...

    def synonyms(self, stem: str, language: Language, most: int) -> Sequence[tuple[str, float]]:
        """(stem of the same language, probability), likeliest first."""
        ...


@dataclass(frozen=True, slots=True)
class Alternative:
    """Stems that may stand for a term in a passage (several: next to each other), and its weight.

    `weight` is 1 for a term's own form in its own language, less for everything else. `word` is the
    folded word where the alternative is one word as written, else "".
    """

    stems: tuple[str, ...]
    weight: float
    kind: Kind = "translation"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One term of the question, and its alternatives in passages of `language`.

    A phrase that the translation table knows also keeps the groups of its words, as `parts`: a
    passage may use another wording for the phrase but not for its words.
    """

    term: str
    language: Language
    alternatives: tuple[Alternative, ...]
    parts: tuple[Group, ...] = ()


def content_terms(question: str, language: Language) -> list[Term]:
    """The distinct terms that are searched for; all terms when every one is a function word."""
    found = terms(question[:MOST_CHARACTERS], language)
    chosen = [term for term in found if term.content] or found
    return list({term.stem: term for term in chosen}.values())[:MOST_TERMS]


def same_language(
    question: str, language: Language, table: Translations | None = None
) -> list[Group]:
    """Groups for passages in the question's own language."""
    groups = []
    for term in content_terms(question, language):
        found = [Alternative((term.stem,), 1.0, "own", term.word)]
        if table is not None:
            for other_stem, probability in table.synonyms(term.stem, language, MOST_SYNONYMS):
                weight = min(UNSURE, SYNONYM * probability**FLATTEN)
                found.append(Alternative((other_stem,), weight, "synonym"))
        groups.append(Group(term.word, language, tuple(found)))
    return groups


def cross_language(
    question: str, language: Language, target: Language, table: Translations
) -> list[Group]:
    """Groups for passages in `target`, the other language than the question's."""
    asked = content_terms(question, language)
    groups = []
    at = 0
    while at < len(asked):
        run, translated = _longest_phrase(asked[at:], language, table)
        words = tuple(_word_group(term, language, target, table) for term in run)
        if len(run) == 1:
            groups.append(words[0])
        else:
            name = " ".join(term.word for term in run)
            groups.append(Group(name, target, translated, words))
        at += len(run)
    return groups


def _longest_phrase(
    asked: Sequence[Term], language: Language, table: Translations
) -> tuple[Sequence[Term], tuple[Alternative, ...]]:
    """The most words from the start that the table knows as one phrase (at least the first)."""
    for length in range(min(LONGEST_PHRASE, len(asked)), 1, -1):
        phrase = " ".join(term.stem for term in asked[:length])
        translated = translations(phrase, language, table)
        if translated:
            return asked[:length], translated
    return asked[:1], ()


def _word_group(term: Term, language: Language, target: Language, table: Translations) -> Group:
    own = (stem(term.word, target),)
    translated = translations(term.stem, language, table)
    as_own = max((a.weight for a in translated if a.stems == own), default=OWN_FORM_ABROAD)
    weight = max(as_own, OWN_FORM_ABROAD) if translated else 1.0
    others = (a for a in translated if a.stems != own)
    return Group(term.word, target, (Alternative(own, weight, "own", term.word), *others))


def translations(
    phrase: str, language: Language, table: Translations, weight: float = 1.0
) -> tuple[Alternative, ...]:
    """The translations of stems as alternatives, their weights times `weight`."""
    return tuple(
        Alternative(tuple(found.split()), weight * min(UNSURE, probability**FLATTEN))
        for found, probability in table.translate(phrase, language)[:MOST_TRANSLATIONS]
    )
