"""What the retrieved passages have to say to a question: its terms, the sentences, their scores.

Gathered once for a question; the extractive answer chooses from it and abstention judges by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.answer.facts import blank_footnotes
from rag.answer.terms import QuestionTerm, TextTerms, analyse
from rag.answer.wanted import Wanted, fit, wanted
from rag.core.types import Kind, Language, ScoredChunk
from rag.indexing.expand import Translations
from rag.ingest import sentences
from rag.retrieve.query import parse_query

# Of each hit, the cosines of its sentences with the question, in the order of its text.
Near = Callable[[Sequence[ScoredChunk]], Sequence[NDArray[np.float32]]]

# Log odds that each of the sentences answers the question.
Odds = Callable[[str, Sequence[str]], NDArray[np.float32]]

READ = 6  # passages whose sentences are candidates
CLOSELY = 2  # candidates that the reader reads
SHORTEST = 12  # characters of a sentence worth quoting

# Shares of a sentence's score; chosen on the benchmark's development half (docs/answers.md).
COVERAGE, COSINE, RANK, TYPE = 0.35, 0.35, 0.2, 0.15
CARRIED = 0.4  # what a term in the sentence before counts
SOUGHT = 0.2  # for a sentence of the kind that the question asks for (a reference, a biography)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage: `start` and `end` are offsets into its document.

    `coverage` is the weighted share of the question's terms that it holds, `reach` the same with
    the sentence before, `cosine` its nearness to the question, `fit` how well it holds the kind of
    thing asked for (0.5: not known), and `score` the mix of these and of its passage's score.
    `answers` is the reader's probability that it answers (None: not read closely).
    """

    hit: ScoredChunk
    rank: int
    start: int
    end: int
    terms: TextTerms
    coverage: float
    reach: float
    cosine: float
    fit: float
    score: float
    answers: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A question's terms with their weights, the hits, and the candidate sentences, best first."""

    question: str
    language: Language
    asked: tuple[QuestionTerm, ...]
    weights: tuple[float, ...]
    wanted: Wanted
    hits: tuple[ScoredChunk, ...]
    texts: tuple[TextTerms, ...]
    candidates: tuple[Candidate, ...]


@lru_cache(maxsize=8192)
def _text_terms(text: str, language: Language) -> TextTerms:
    return TextTerms(blank_footnotes(text), language)


@lru_cache(maxsize=4096)
def _sentences(text: str, language: Language) -> tuple[tuple[int, int], ...]:
    return tuple(sentences(text, language))


def rarity(asked: Sequence[QuestionTerm], texts: Sequence[TextTerms]) -> tuple[float, ...]:
    """A weight for each term: inverse document frequency among the hits, names and numbers more."""
    total = len(texts)
    weights = []
    for term in asked:
        holding = sum(text.holds(term) for text in texts)
        weight = math.log1p((total - holding + 0.5) / (holding + 0.5))
        weights.append((0.3 + weight) * (1.0 if term.kind == "word" else 1.5))
    return tuple(weights)


def gather(
    question: str,
    language: Language,
    hits: Sequence[ScoredChunk],
    near: Near,
    odds: Odds,
    translations: Translations | None = None,
    asked_last: str | None = None,
) -> Evidence:
    """Read the hits. `asked_last` is what was asked where `question` was completed from a
    conversation: it says what kind of answer is wanted.
    """
    asked = analyse(question, language, translations)
    texts = tuple(_text_terms(hit.chunk.text, hit.chunk.language) for hit in hits)
    weights = rarity(asked, texts)
    goal = wanted(asked_last or question, asked)
    if goal.kind is None:
        goal = wanted(question, asked)
    asking = TextTerms(question, language)
    sought = parse_query(asked_last or question).seeks
    ranks = _to_read(hits, texts, asked, sought)
    cosines = near([hits[rank] for rank in ranks])
    found = [
        sentence
        for rank, row in zip(ranks, cosines, strict=True)
        for sentence in _scored_by_words(rank, hits[rank], row.tolist(), asked, weights)
    ]
    top = max((hit.score for hit in hits), default=0.0) or 1.0
    candidates = []
    for rank, start, end, terms, cosine, covered, reach in found:
        filled = fit(goal, asking, terms)
        score = COVERAGE * reach + COSINE * cosine + TYPE * filled
        score += RANK * max(0.0, hits[rank].score / top)
        score += SOUGHT if hits[rank].chunk.kind in sought else 0.0
        candidates.append(
            Candidate(hits[rank], rank, start, end, terms, covered, reach, cosine, filled, score)
        )
    candidates.sort(key=lambda c: (-c.score, c.rank, c.start))
    candidates[:CLOSELY] = _read_closely(question, candidates[:CLOSELY], odds)
    return Evidence(question, language, asked, weights, goal, tuple(hits), texts, tuple(candidates))


def _read_closely(question: str, candidates: Sequence[Candidate], odds: Odds) -> list[Candidate]:
    """The candidates with `answers`, each read together with the question."""
    found = odds(question, [_said(candidate) for candidate in candidates]).tolist()
    # The logistic function, in a form that cannot overflow.
    return [
        replace(candidate, answers=0.5 + 0.5 * math.tanh(value / 2))
        for candidate, value in zip(candidates, found, strict=True)
    ]


def _said(candidate: Candidate) -> str:
    chunk = candidate.hit.chunk
    return chunk.text[candidate.start - chunk.start : candidate.end - chunk.start]


def _to_read(
    hits: Sequence[ScoredChunk],
    texts: Sequence[TextTerms],
    asked: Sequence[QuestionTerm],
    sought: frozenset[Kind],
) -> list[int]:
    """Ranks of the first READ passages of prose, and of the kinds that the question asks for.

    A reference, biography or caption answers nothing else, unless it holds a name or number of the
    question that no prose does, or nothing else was found.
    """
    keys = [term for term in asked if term.kind != "word"]
    ranks = [rank for rank, hit in enumerate(hits) if hit.chunk.kind in ("prose", *sought)][:READ]
    others = [
        rank
        for rank in range(min(READ, len(hits)))
        if rank not in ranks
        and any(texts[rank].holds(k) and not any(texts[r].holds(k) for r in ranks) for k in keys)
    ]
    return sorted([*ranks, *others]) or list(range(min(READ, len(hits))))


_Sentence = tuple[int, int, int, TextTerms, float, float, float]


def _scored_by_words(
    rank: int,
    hit: ScoredChunk,
    cosines: Sequence[float],
    asked: Sequence[QuestionTerm],
    weights: Sequence[float],
) -> list[_Sentence]:
    """(rank, start, end, terms, cosine, coverage, reach) of each sentence of a passage.

    `reach` also counts, for CARRIED, what only the sentence before holds: "Questo corridoio …" goes
    on about what was named there.
    """
    total = sum(weights) or 1.0
    before = [0.0] * len(asked)
    found: list[_Sentence] = []
    for start, end, terms, cosine in _worth_quoting(hit, cosines):
        degrees = [terms.degree(term) for term in asked]
        own = sum(w * d for w, d in zip(weights, degrees, strict=True)) / total
        carried = [max(d, CARRIED * b) for d, b in zip(degrees, before, strict=True)]
        reach = sum(w * c for w, c in zip(weights, carried, strict=True)) / total
        if not asked:
            own = reach = 1.0
        found.append((rank, start, end, terms, cosine, own, reach))
        before = degrees
    return found


def _worth_quoting(
    hit: ScoredChunk, cosines: Sequence[float]
) -> list[tuple[int, int, TextTerms, float]]:
    """The passage's sentences as (start, end, terms, cosine), offsets into the document."""
    chunk = hit.chunk
    spans = _sentences(chunk.text, chunk.language)
    return [
        (chunk.start + start, chunk.start + end, _text_terms(text, chunk.language), cosine)
        for (start, end), cosine in zip(spans, cosines, strict=True)
        if len(text := chunk.text[start:end].strip()) >= SHORTEST
    ]
