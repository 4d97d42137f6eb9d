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
OWN_ROW = 10  # an inflected form seen this often in aligned text has a meaning of its own
UNLISTED = 1 / 60_000  # frequency of an English word that BERT's vocabulary does not list
TEXT_WORDS = 1e4  # turns a frequency into occurrences, in a text of about the size of ours

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
    return min((frequency.get(word, UNLISTED) for word in words(phrase)), default=UNLISTED)


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
        # Model 1 makes rare English words collect strays; dividing by their count tames it.
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


def _lemmas(
    listed: dict[str, tuple[Weights, float]], uses: dict[str, float]
) -> dict[str, tuple[str, float]]:
    """Inflected form -> (the most used dictionary form that has it, share), where none lists it."""
    lemma_of: dict[str, tuple[str, float]] = {}
    for word in sorted(listed, key=lambda word: (-uses[word], word)):
        if listed[word][1] >= 0.5:
            for form, share in forms(word).items():
                if form not in listed:
                    lemma_of.setdefault(form, (word, share))
    return lemma_of


def meanings(path: Path, vocabulary: dict[str, int]) -> dict[str, Meaning]:
    """Every Italian form that the data explains, inflected forms by rule included."""
    frequency = english_frequency(vocabulary)
    training, _ = data.split_segments(path)
    listed, aligned = from_lexicons(path, frequency), from_aligned(training)
    uses = {
        word: TEXT_WORDS
        * min(trust, 1.5)
        * sum(weight * _frequency(phrase, frequency) for phrase, weight in weights.items())
        for word, (weights, trust) in listed.items()
    }
    lemma_of = _lemmas(listed, uses)
    found: dict[str, Meaning] = {}
    for word in sorted(listed.keys() | aligned.keys()):
        lemma, share = lemma_of.get(word, (word, 0.0))
        prior, _ = listed.get(lemma, ({}, 0.0))
        seen, occurrences = aligned.get(word, ({}, 0.0))
        used = uses.get(word, share * uses.get(lemma, 0.0)) + occurrences**0.75
        if word == lemma or occurrences >= OWN_ROW:
            if prior or occurrences >= 2:
                found[word] = Meaning(word, word, _joined(prior, seen, occurrences), used)
        else:
            found[word] = Meaning(word, lemma, prior, used)
    for form, (lemma, share) in lemma_of.items():
        if form not in found:
            found[form] = Meaning(form, lemma, found[lemma].weights, share * found[lemma].uses)
    return found
