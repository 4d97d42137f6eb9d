"""Lexicons and alignments joined into P(phrase of the other language | phrase).

A lexicon entry weighs as much as its file is trusted, squared sum, so that entries on which files
agree weigh much more. An alignment weighs the logarithm of its count in every file, so that being
seen in several kinds of text tells more than being frequent in one ("post" is not always
"registrare", as it is in 2,500 sentences of accounting).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from training.translation.align import Aligned
from training.translation.sources import entry_key

TRUST = {
    "cldr": 1.0,
    "wiktionary-buchmeier": 1.0,
    "omw-multiwordnet": 0.5,  # all synonyms of a sense crossed: rare senses are noisy
    "omw-wikt-cldr": 0.4,  # made automatically
}
DEFAULT_TRUST = 0.4
ALIGNED_KNOWN = 1.0  # weight of an alignment that a lexicon confirms
ALIGNED_NEW = 0.5  # weight of one that no lexicon has
NEW_COUNT, NEW_SHARE = 1.0, 0.1  # what a new one needs: links, and probability both ways
KNOWN_COUNT = 0.3
KEPT = 16  # translations of a phrase
LEAST_SHARE = 0.004  # of a phrase's weight that a translation needs
UNKNOWN = 0.02  # weight left for translations that no source knows

Weights = dict[tuple[str, str], float]  # (English phrase, Italian phrase) -> weight


def from_lexicons(entries: Iterable[tuple[str, str, str]]) -> Weights:
    """The weights of (file, English, Italian) lexicon entries."""
    trusted: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for name, english, italian in entries:
        keys = entry_key(english, "en"), entry_key(italian, "it")
        if keys[0] is not None and keys[1] is not None:
            trusted[keys[0], keys[1]][name] = TRUST.get(name, DEFAULT_TRUST)
    return {pair: sum(files.values()) ** 2 for pair, files in trusted.items()}


def with_alignments(weights: Weights, aligned: Aligned) -> Weights:
    """The weights of a lexicon, raised by alignments and joined by trustworthy new ones."""
    joined = dict(weights)
    evidence = np.log1p(aligned.counts).sum(axis=0)
    counts = aligned.counts.sum(axis=0)
    likely = np.minimum(aligned.p_english, aligned.p_italian) >= NEW_SHARE
    for n in np.flatnonzero(counts >= KNOWN_COUNT):
        pair = (
            aligned.english_words[aligned.english[n]],
            aligned.italian_words[aligned.italian[n]],
        )
        if pair in weights:
            joined[pair] += ALIGNED_KNOWN * float(evidence[n])
        elif counts[n] >= NEW_COUNT and likely[n]:
            joined[pair] = ALIGNED_NEW * float(evidence[n])
    return joined


def probabilities(weights: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    """P(second | first) of the pairs' phrases, the likeliest few of each."""
    rows: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (source, target), weight in weights.items():
        rows[source].append((-weight, target))
    table = {}
    for source, row in rows.items():
        total = UNKNOWN - sum(weight for weight, _ in row)
        best = [(target, -weight / total) for weight, target in sorted(row)[:KEPT]]
        table[source] = {target: p for target, p in best if p >= LEAST_SHARE}
    return {source: row for source, row in table.items() if row}


def reverse(weights: Weights) -> Weights:
    """The same weights with the languages swapped."""
    return {(italian, english): weight for (english, italian), weight in weights.items()}
