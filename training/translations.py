"""What each Italian word means in English, with weights: lexicons joined with aligned text.

A lexicon entry counts for as much as its file is trusted, and for much more when files agree; among
equals the commoner English word wins. Aligned text then outvotes the lexicon where it has seen the
word often, and stands alone for forms that no dictionary lists ("della", "firmati").
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import data
from training.align import expected_counts, words
from training.inflect import fold, forms

TRUST = {"wiktionary-buchmeier": 1.0, "cldr": 1.0, "omw-multiwordnet": 0.5, "omw-wikt-cldr": 0.4}
PRIOR_STRENGTH = 3.0  # the lexicon weighs as much as this many occurrences in aligned text
KEPT = 6  # translations kept for a word

Weights = dict[str, float]  # English word or phrase -> weight, summing to one


@dataclass(frozen=True)
class Meaning:
    """One Italian form: ``head`` is the form it shares a meaning with (itself, or its lemma)."""

    form: str
    head: str
    weights: Weights
    uses: float  # an estimate of how often text uses it; only the order matters


def english_frequency(vocabulary: dict[str, int]) -> dict[str, float]:
    """Relative frequency of English words from their place in BERT's vocabulary (Zipf's law).

    BERT's whole words stand in the order of their frequency in English Wikipedia and books.
    """
    first = vocabulary["the"]
    return {
        word: 1.0 / (number - first + 10)
        for word, number in vocabulary.items()
        if number >= first and word.isalpha()
    }


def _frequency(phrase: str, frequency: dict[str, float]) -> float:
    return min((frequency.get(word, 1e-6) for word in words(phrase)), default=1e-6)


def _normalised(weights: Weights) -> Weights:
    best = sorted(weights.items(), key=lambda item: -item[1])[:KEPT]
    total = sum(weight for _, weight in best)
    return {phrase: weight / total for phrase, weight in best if weight > 0.02 * total}


def from_lexicons(path: Path, frequency: dict[str, float]) -> dict[str, tuple[Weights, float]]:
    """Folded single Italian words -> (weights, trust of the best entry)."""
    trusts: dict[str, Weights] = defaultdict(lambda: defaultdict(float))
    for source, english, italian in data.lexicon(path):
        word, phrase = fold(italian), fold(english).removeprefix("to ")
        if word.isalpha() and len(phrase) < 40 and word != phrase:
            trusts[word][phrase] += TRUST.get(source, 0.4)
    meanings = {}
    for word, phrases in trusts.items():
        weights = {
            phrase: trust**2 * _frequency(phrase, frequency) ** 0.3
            for phrase, trust in phrases.items()
        }
        meanings[word] = (_normalised(weights), max(phrases.values()))
    return meanings


def from_aligned(segments: list[data.Segment]) -> dict[str, tuple[Weights, float]]:
    """Folded Italian words -> (weights, occurrences), by Model 1 over the training segments."""
    counts, italian, english = expected_counts([(s.english, s.italian) for s in segments])
    of_english = np.asarray(counts.sum(axis=0)).ravel()
    meanings = {}
    for number, word in enumerate(italian):
        row = counts[number]
        # Model 1 makes rare English words collect strays; dividing by how often they occur tames it.
        weights = {
            english[column]: count * count / (of_english[column] + 5.0)
            for column, count in zip(row.indices, row.data, strict=True)
            if column and count > 0.05 * row.data.max()
        }
        if weights:
            meanings[word] = (_normalised(weights), float(row.data.sum()))
    return meanings


def _joined(lexicon: Weights, aligned: Weights, occurrences: float) -> Weights:
    if not lexicon:
        return aligned
    share = occurrences / (occurrences + PRIOR_STRENGTH)
    phrases = lexicon.keys() | aligned.keys()
    return _normalised(
        {p: (1 - share) * lexicon.get(p, 0.0) + share * aligned.get(p, 0.0) for p in phrases}
    )


def _lemmas(listed: dict[str, tuple[Weights, float]], uses: dict[str, float]) -> dict[str, str]:
    """Inflected form -> the most used dictionary form that has it, where no dictionary lists it."""
    lemma_of: dict[str, str] = {}
    for word in sorted(listed, key=lambda word: (-uses[word], word)):
        if listed[word][1] >= 0.5:
            for form in forms(word):
                if form not in listed:
                    lemma_of.setdefault(form, word)
    return lemma_of


def meanings(path: Path, vocabulary: dict[str, int]) -> dict[str, Meaning]:
    """Every Italian form that the data explains, inflected forms by rule included."""
    frequency = english_frequency(vocabulary)
    training, _ = data.split_segments(path)
    listed, aligned = from_lexicons(path, frequency), from_aligned(training)
    uses = {
        word: 1e3 * min(trust, 1.5) * sum(w * _frequency(p, frequency) for p, w in weights.items())
        for word, (weights, trust) in listed.items()
    }
    lemma_of = _lemmas(listed, uses)
    found: dict[str, Meaning] = {}
    for word in sorted(listed.keys() | aligned.keys()):
        prior, _ = listed.get(lemma_of.get(word, word), ({}, 0.0))
        seen, occurrences = aligned.get(word, ({}, 0.0))
        if prior or occurrences >= 2:
            weights = _joined(prior, seen, occurrences)
            found[word] = Meaning(word, word, weights, uses.get(word, 0.0) + occurrences)
    for form, lemma in lemma_of.items():
        if form not in found:
            found[form] = Meaning(form, lemma, found[lemma].weights, 0.1 * found[lemma].uses)
    return found
