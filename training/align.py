"""Word translation counts from parallel text: IBM Model 1 (Brown et al. 1993), vectorised.

Every Italian word of a segment is explained by the English words of the same segment or by nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from training.inflect import fold

WORD = re.compile(r"[^\W\d_]+")
LONGEST = 60  # words of a segment that are read: the links of a pair grow with the product


def words(text: str) -> list[str]:
    """Folded words, without digits and punctuation.

    >>> words("Perché l'Italia?")
    ['perche', 'l', 'italia']
    """
    return WORD.findall(fold(text))


class Numbered:
    """Words to consecutive numbers, in order of first appearance."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._number: dict[str, int] = {}

    def number(self, word: str) -> int:
        if word not in self._number:
            self._number[word] = len(self.words)
            self.words.append(word)
        return self._number[word]


def expected_counts(
    pairs: Sequence[tuple[str, str]], iterations: int = 6
) -> tuple[sparse.csr_matrix, list[str], list[str]]:
    """(counts, Italian words, English words): how often each Italian word was explained by each
    English one, expected under Model 1. ``pairs`` are (English, Italian); column 0 is "nothing".
    """
    english, italian = Numbered(), Numbered()
    english.number("")
    targets, sources, positions = [], [], []
    position = 0
    for left, right in pairs:
        e = np.array([0, *{english.number(w) for w in words(left)[:LONGEST]}], np.int32)
        f = np.array([italian.number(w) for w in words(right)[:LONGEST]], np.int32)
        targets.append(np.repeat(f, len(e)))
        sources.append(np.tile(e, len(f)))
        positions.append(np.repeat(np.arange(position, position + len(f), dtype=np.int32), len(e)))
        position += len(f)
    f_all, e_all, place = map(np.concatenate, (targets, sources, positions))
    key = f_all.astype(np.int64) * len(english.words) + e_all
    kinds, link = np.unique(key, return_inverse=True)
    e_kind = (kinds % len(english.words)).astype(np.int64)
    p = np.ones(len(kinds))
    for _ in range(iterations):
        weight = p[link]
        weight /= np.bincount(place, weight, position)[place]
        counts = np.bincount(link, weight, len(kinds))
        p = counts / np.bincount(e_kind, counts, len(english.words))[e_kind]
    f_kind = kinds // len(english.words)
    shape = (len(italian.words), len(english.words))
    return sparse.csr_matrix((counts, (f_kind, e_kind)), shape), italian.words, english.words
