"""Words that look or sound like one that is not in the index: typing errors, names spelt abroad.

Names travel between alphabets by several conventions ("Tokayev" and "Toqaev", "Kyrgyzstan" and
"Kirghizistan"), so words are compared by what is left when the conventions are levelled, and then
by edit distance with swaps of neighbours (Damerau 1964).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

SHORTEST: Final = 4  # letters of a word that is looked for at all
MOST: Final = 3  # look-alikes of a word
_WEIGHT: Final = (0.9, 0.7, 0.5)  # of a look-alike, by distance of what is compared

_SOUNDS: Final = (
    (re.compile("ph"), "f"),
    (re.compile("ck|ch|kh|q"), "k"),
    (re.compile("c(?![ei])"), "k"),
)
_LETTERS: Final = str.maketrans({"y": "i", "j": "i", "w": "v", "h": None})
_TWICE: Final = re.compile(r"(.)\1+")
# First letters that may stand for each other; a look-alike starts with the same or one of these.
_FIRST: Final = ("ckq", "ijy", "vw", "fp")


@lru_cache(maxsize=50_000)
def level(word: str) -> str:
    """The word with the conventions of spelling levelled.

    >>> level("ghandi") == level("gandhi"), level("toqaev"), level("tokayev")
    (True, 'tokaev', 'tokaiev')
    """
    for pattern, letter in _SOUNDS:
        word = pattern.sub(letter, word)
    return _TWICE.sub(r"\1", word.translate(_LETTERS)) or word


def first_letters(word: str) -> str:
    """The letters that a look-alike may start with."""
    return "".join(sorted({word[0], *(c for group in _FIRST if word[0] in group for c in group)}))


class Vocabulary:
    """Words to look for look-alikes among, made ready once and searched often."""

    def __init__(self, words: Sequence[tuple[str, int]]) -> None:
        """`words` are (word, frequency)."""
        self._words = words
        self._levelled = [level(word) for word, _ in words]
        self._letters = np.array([_letters(word) for word in self._levelled], np.int8)

    def look_alikes(self, word: str, most_edits: int = 2) -> list[tuple[str, float]]:
        """The closest words with their weights, the commonest first among equals.

        No edit is allowed in four letters, one in five, two from eight on, and no more than
        `most_edits`; `word` itself is none of its look-alikes.
        """
        if len(word) < SHORTEST or not word.isalpha() or not self._words:
            return []
        wanted = level(word)
        limit = min(most_edits, 0 if len(word) < 5 else 1 if len(word) < 8 else 2)
        # An edit changes the letters of a word by two at most: few words are left to compare.
        apart = np.abs(self._letters - np.array(_letters(wanted), np.int8)).sum(axis=1)
        found = []
        for number in np.flatnonzero(apart <= 2 * limit):
            candidate, frequency = self._words[int(number)]
            distance = edits(wanted, self._levelled[int(number)], limit)
            if distance <= limit and candidate != word:
                found.append((distance, -frequency, candidate))
        return [(candidate, _WEIGHT[distance]) for distance, _, candidate in sorted(found)[:MOST]]


def _letters(word: str) -> list[int]:
    """How often each of a few kinds of letters stands in the word."""
    counts = [0] * 32
    for letter in word:
        counts[ord(letter) % 32] += 1
    return counts


def edits(one: str, two: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours; limit + 1 when there are more.

    >>> edits("gandi", "gadni", 2), edits("roma", "varsavia", 1)
    (1, 2)
    """
    if abs(len(one) - len(two)) > limit:
        return limit + 1
    if one == two:
        return 0
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and b == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
