"""Words that look or sound like one that is not in the index: typing errors, names spelt abroad.

Names travel between alphabets by several conventions ("Tokayev" and "Toqaev", "Kyrgyzstan" and
"Kirghizistan"), so words are compared by what is left when the conventions are levelled, and then
by edit distance with swaps of neighbours (Damerau 1964).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

SHORTEST: Final = 4  # letters of a word that is looked for at all
MOST: Final = 3  # look-alikes of a word
_WEIGHT: Final = (0.7, 0.5, 0.35)  # of a look-alike, by distance of what is compared

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


def look_alikes(word: str, vocabulary: Iterable[tuple[str, int]]) -> list[tuple[str, float]]:
    """The closest words of a vocabulary of (word, frequency), with weights; commonest among equals.

    One edit in five letters is allowed, two from eight on; words of three letters have none.
    """
    if len(word) < SHORTEST or not word.isalpha():
        return []
    wanted = level(word)
    limit = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    found = []
    for candidate, frequency in vocabulary:
        if abs(len(candidate) - len(word)) > limit + 2 or candidate == word:
            continue
        distance = edits(wanted, level(candidate), limit)
        if distance <= limit:
            found.append((distance, -frequency, candidate))
    return [(candidate, _WEIGHT[distance]) for distance, _, candidate in sorted(found)[:MOST]]


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
