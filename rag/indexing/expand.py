"""A question as groups of alternatives: its terms, and what could stand for each in a passage.

For passages in the question's language a term stands for itself. For passages in the other language
it becomes a group: its own form (names are often spelt alike) and its translations, phrases of up
to four words first. This is query translation with structured queries (Pirkola 1998); how the
alternatives of a group are scored is the index's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.core.types import Language
from rag.indexing.analysis import Term, stem, terms

LONGEST_PHRASE = 4  # content words
MOST_TERMS = 64  # of a question: the rest of a pasted page adds cost, not meaning
MOST_CHARACTERS = 10_000  # of a question that are read at all
MOST_ALTERNATIVES = 8  # of a term
FLATTEN = 0.25  # translation probabilities are raised to this power


class Translations(Protocol):
    """Where translations come from: see `rag.indexing.translate.TranslationTable`."""

    def translate(self, phrase: str, source: Language) -> Sequence[tuple[str, float]]:
        """(phrase of the other language, probability), likeliest first; phrases are stems."""
        ...


@dataclass(frozen=True, slots=True)
class Alternative:
    """Stems that may stand for a term in a passage (several: next to each other), and its weight.

    `weight` is 1 for a term's own form and probability**0.25 for a translation.
    """

    stems: tuple[str, ...]
    weight: float


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


def same_language(question: str, language: Language) -> list[Group]:
    """Groups for passages in the question's own language."""
    return [
        Group(term.word, language, (Alternative((term.stem,), 1.0),))
        for term in content_terms(question, language)
    ]


def cross_language(
    question: str, language: Language, target: Language, table: Translations
) -> list[Group]:
    """Groups for passages in `target`, the other language than the question's."""
    asked = content_terms(question, language)
    groups = []
    at = 0
    while at < len(asked):
        for length in range(min(LONGEST_PHRASE, len(asked) - at), 0, -1):
            run = asked[at : at + length]
            translations = table.translate(" ".join(term.stem for term in run), language)
            if translations or length == 1:
                break
        words = tuple(_word_group(term, language, target, table) for term in run)
        if length == 1:
            groups.append(words[0])
        else:
            name = " ".join(term.word for term in run)
            groups.append(Group(name, target, _alternatives(translations), words))
        at += length
    return groups


def _word_group(term: Term, language: Language, target: Language, table: Translations) -> Group:
    own = Alternative((stem(term.word, target),), 1.0)
    translated = _alternatives(table.translate(term.stem, language))
    others = tuple(a for a in translated if a.stems != own.stems)
    return Group(term.word, target, (own, *others))


def _alternatives(translations: Sequence[tuple[str, float]]) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(tuple(phrase.split()), round(probability**FLATTEN, 4))
        for phrase, probability in translations[:MOST_ALTERNATIVES]
    )
