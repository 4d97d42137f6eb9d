"""Word translations from parallel text: two IBM models 1 that are trained to agree.

IBM model 1 (Brown et al. 1993) in both directions; a link counts for as much as both believe in it
(alignment by agreement, Liang, Taskar and Klein 2006), which removes most of the spurious links
that either model alone gives to rare words. Function words take no part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.translation.sources import content_stems

ITERATIONS = 8
LONGEST = 40  # stems of a segment that are read: its links grow with the product
UNLINKED = 2.0  # how much likelier than a random stem "nothing" is as an explanation


@dataclass(frozen=True)
class Aligned:
    """Pairs of stems seen in one pair of segments or more.

    `english[n]`, `italian[n]` are indices into the vocabularies; `counts[f, n]` says how often the
    two are linked in file f, expected under the models; `p_italian[n]` is P(italian | english),
    `p_english[n]` the reverse.
    """

    english_words: list[str]
    italian_words: list[str]
    english: NDArray[np.int64]
    italian: NDArray[np.int64]
    counts: NDArray[np.float64]
    p_italian: NDArray[np.float64]
    p_english: NDArray[np.float64]


class _Links:
    """All pairs of stems that share a pair of segments, as flat arrays."""

    def __init__(self, pairs: Iterable[tuple[str, str, str]]) -> None:
        self.english: dict[str, int] = {}
        self.italian: dict[str, int] = {}
        files: dict[str, int] = {}
        e_token, i_token, e_word, i_word, file = [], [], [], [], []
        e_tokens = i_tokens = 0
        for name, left, right in pairs:
            e = _numbers(content_stems(left, "en"), self.english)
            i = _numbers(content_stems(right, "it"), self.italian)
            links = len(e) * len(i)
            e_token.append(np.repeat(np.arange(e_tokens, e_tokens + len(e)), len(i)))
            i_token.append(np.tile(np.arange(i_tokens, i_tokens + len(i)), len(e)))
            e_word.append(np.repeat(e, len(i)))
            i_word.append(np.tile(i, len(e)))
            file.append(np.full(links, files.setdefault(name, len(files))))
            e_tokens += len(e)
            i_tokens += len(i)
        self.e_token, self.i_token = np.concatenate(e_token), np.concatenate(i_token)
        self.file, self.files = np.concatenate(file), len(files)
        pair = np.concatenate(e_word) * len(self.italian) + np.concatenate(i_word)
        kinds, self.kind = np.unique(pair, return_inverse=True)
        self.kinds = len(kinds)
        self.e_kind, self.i_kind = np.divmod(kinds, len(self.italian))


def _numbers(words: list[str], vocabulary: dict[str, int]) -> NDArray[np.int64]:
    numbers = [vocabulary.setdefault(word, len(vocabulary)) for word in words[:LONGEST]]
    return np.array(numbers, np.int64)


def align(pairs: Iterable[tuple[str, str, str]]) -> Aligned:
    """Train on (file, English, Italian) segments. Deterministic: no random start, no threads."""
    links = _Links(pairs)
    p_italian, p_english = np.ones(links.kinds), np.ones(links.kinds)
    belief = np.empty(0)
    for iteration in range(ITERATIONS):
        nothing = UNLINKED if iteration else 0.0
        forward = _posterior(p_italian[links.kind], links.i_token, nothing / len(links.italian))
        backward = _posterior(p_english[links.kind], links.e_token, nothing / len(links.english))
        belief = forward * backward if iteration else np.sqrt(forward * backward)
        counts = np.bincount(links.kind, belief, links.kinds)
        p_italian = counts / np.bincount(links.e_kind, counts)[links.e_kind]
        p_english = counts / np.bincount(links.i_kind, counts)[links.i_kind]
    by_file = [
        np.bincount(links.kind, belief * (links.file == number), links.kinds)
        for number in range(links.files)
    ]
    return Aligned(
        list(links.english), list(links.italian), links.e_kind, links.i_kind,
        np.stack(by_file), p_italian, p_english,
    )  # fmt: skip


def _posterior(
    probability: NDArray[np.float64], token: NDArray[np.int64], nothing: float
) -> NDArray[np.float64]:
    """For every link, how surely its token is explained by it and by no other link or nothing."""
    return probability / (np.bincount(token, probability) + nothing)[token]
