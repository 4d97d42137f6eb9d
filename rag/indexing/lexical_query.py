"""Groups of alternatives as tantivy queries. With lexical.py the only module that knows tantivy.

A passage's score is the sum over groups of BM25 for the best alternative of each, plus a little for
the others (a disjunction maximum), at the three levels of a word. Two things differ from BM25 as
tantivy has it, both by boosting a term by wanted idf / tantivy's idf:

- idf counts the passages in the term's language only, or a hundred where there are so few that
  frequency says nothing yet;
- the alternatives of a term lean towards one idf, that of the frequency to expect of the term given
  the probabilities of its translations (Darwish and Oard 2003), or else a translation would count
  for much merely by being rare; a synonym never counts for more than the word asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import tantivy

from rag.core.types import Language
from rag.indexing.analysis import root
from rag.indexing.expand import FLATTEN, Alternative, Group
from rag.indexing.matches import PHRASE_GAP

Level = Literal["word", "stem", "root"]
LEVELS: Final[tuple[Level, ...]] = ("word", "stem", "root")
TRANSLATED: Final[tuple[Level, ...]] = ("stem", "root")

# All chosen on the development benchmark; benchmarks/lexical.md has what else was tried.
WEIGHT: Final[dict[Level, float]] = {"word": 0.7, "stem": 1.0, "root": 0.6}
ABROAD: Final = 1.4  # evens out that a translation has no word as written to match
SHARED_IDF: Final = 0.7  # how far the idf of alternatives leans towards their common one
BESIDES_BEST: Final = 0.15  # share of the alternatives that are not the best of their group
NEXT_TO: Final = 0.2  # for two terms of the question that also follow each other in the passage
PAIR_GAP: Final = 1
FEW: Final = 35  # passages of a language


def idf(count: float, passages: int) -> float:
    """Inverse document frequency as in Lucene's BM25, and tantivy's."""
    return math.log1p((max(passages - count, 0.0) + 0.5) / (count + 0.5))


def marked(term: str, language: Language) -> str:
    """A term as it stands in the index."""
    return f"{language}:{term}"


class QueryBuilder:
    """Makes queries for one state of an index. `passages` counts them by language."""

    def __init__(self, schema: Any, searcher: Any, passages: dict[Language, int]) -> None:
        self._schema = schema
        self._searcher = searcher
        self._documents = int(searcher.num_docs)
        least = min(FEW, self._documents)
        self._passages = {language: max(least, count) for language, count in passages.items()}

    def count(self, level: Level, term: str, language: Language) -> int:
        """Passages that hold a term, those deleted since the last merge included."""
        return int(self._searcher.doc_freq(level, marked(term, language)))

    def question(self, groups: Sequence[Group], language: Language) -> Any | None:
        """The query for all groups of a question in `language`; None when nothing can match."""
        at_home = [group for group in groups if group.language == language]
        queries = [self._at_home(group) for group in at_home] + self._pairs(at_home)
        for group in groups:
            if group.language != language and (query := self._abroad(group)) is not None:
                queries.append(tantivy.Query.boost_query(query, ABROAD))
        return _any_of(queries)

    def _at_home(self, group: Group) -> Any | None:
        """Words as written count at all levels; a synonym as a stem, and is no rarer than they."""
        own = self.count("stem", group.alternatives[0].stems[0], group.language)
        found = []
        for alternative in group.alternatives:
            if alternative.word:
                levels = [self._term(level, alternative, group.language) for level in LEVELS]
                found.append(_any_of(levels))
            else:
                count = self.count("stem", alternative.stems[0], group.language)
                rarity = idf(max(count, own), self._passages[group.language])
                found.append(self._term("stem", alternative, group.language, rarity))
        return _best_of(found)

    def _abroad(self, group: Group) -> Any | None:
        words = [a for a in group.alternatives if len(a.stems) == 1]
        phrases = [a for a in group.alternatives if len(a.stems) > 1]
        shared = {level: self._shared_idf(level, words, group.language) for level in TRANSLATED}
        found = []
        for alternative in words:
            levels = []
            for level in TRANSLATED:
                count = self.count(level, _at(level, alternative), group.language)
                alone = idf(count, self._passages[group.language])
                rarity = SHARED_IDF * shared[level] + (1 - SHARED_IDF) * alone
                levels.append(self._term(level, alternative, group.language, rarity))
            found.append(_any_of(levels))
        boost = WEIGHT["stem"] + WEIGHT["root"]
        found += [
            self._phrase(a.stems, group.language, PHRASE_GAP, boost * a.weight) for a in phrases
        ]
        found.append(_any_of([self._abroad(part) for part in group.parts]))
        return _best_of(found)

    def _shared_idf(self, level: Level, words: Iterable[Alternative], language: Language) -> float:
        """The idf of the frequency to expect, from those alternatives that occur at all."""
        expected = total = 0.0
        for alternative in words:
            count = self.count(level, _at(level, alternative), language)
            if count:
                probability = alternative.weight ** (1 / FLATTEN)
                expected += probability * count
                total += probability
        return idf(expected / total, self._passages[language]) if total else 0.0

    def _pairs(self, groups: Sequence[Group]) -> list[Any | None]:
        """Terms that follow each other in the question, wanted so in the passage too."""
        stems = [group.alternatives[0].stems[0] for group in groups]
        return [
            self._phrase(pair, groups[0].language, PAIR_GAP, NEXT_TO) for pair in pairwise(stems)
        ]

    def _phrase(
        self, stems: Sequence[str], language: Language, gap: int, weight: float
    ) -> Any | None:
        counts = [self.count("stem", stem, language) for stem in stems]
        if not all(counts):
            return None
        wanted = sum(idf(count, self._passages[language]) for count in counts)
        given = sum(idf(count, self._documents) for count in counts)
        terms = [marked(stem, language) for stem in stems]
        query = tantivy.Query.phrase_query(self._schema, "stem", [*terms], slop=gap)
        return tantivy.Query.boost_query(query, weight * wanted / given)

    def _term(
        self,
        level: Level,
        alternative: Alternative,
        language: Language,
        rarity: float | None = None,
    ) -> Any | None:
        """One term at one level, with the idf `rarity` in place of its own; None if nowhere."""
        term = _at(level, alternative)
        count = self.count(level, term, language)
        if not count:
            return None
        wanted = idf(count, self._passages[language]) if rarity is None else rarity
        boost = WEIGHT[level] * alternative.weight * wanted / idf(count, self._documents)
        query = tantivy.Query.term_query(self._schema, level, marked(term, language))
        return tantivy.Query.boost_query(query, boost)


def _at(level: Level, alternative: Alternative) -> str:
    if level == "word":
        return alternative.word
    return alternative.stems[0] if level == "stem" else root(alternative.stems[0])


def _any_of(queries: Iterable[Any | None]) -> Any | None:
    """The sum of what matches; None when there is no query."""
    wanted = [(tantivy.Occur.Should, query) for query in queries if query is not None]
    return tantivy.Query.boolean_query(wanted) if wanted else None


def _best_of(queries: Iterable[Any | None]) -> Any | None:
    wanted = [query for query in queries if query is not None]
    return tantivy.Query.disjunction_max_query(wanted, BESIDES_BEST) if wanted else None
