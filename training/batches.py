"""What the student reads at each step: passages, sentences, questions and words, in one batch.

Passages and sentences stand side by side in every batch, because a question and the passage that
answers it are texts of unlike length, and the loss compares all texts of a batch with one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.mixing import Mixer

KINDS = ("passages", "prose", "entries", "sentences", "glosses", "lemmas", "questions", "terms")

WHOLE = ("terms", "questions")  # always read in Italian


@dataclass(frozen=True)
class Recipe:
    """How many texts of each kind a step holds, and in which language they come."""

    passages: int = 5
    prose: int = 5
    entries: int = 4
    sentences: int = 20
    glosses: int = 10
    lemmas: int = 4
    questions: int = 10
    terms: int = 10
    italian: float = 0.75  # share read in Italian; of the rest, half is mixed and half English
    part: int = 0  # of `parts` runs that read disjoint examples at the same time, to be averaged
    parts: int = 1

    def counts(self) -> dict[str, int]:
        """Kind -> texts a step."""
        return {kind: getattr(self, kind) for kind in KINDS}


class Pool:
    """All examples of one kind, dealt out again and again in a random order.

    What is dealt together is of similar length, so that little of a batch is padding.
    """

    def __init__(self, path: Path, count: int, random: Random, of: slice) -> None:
        with np.load(path) as held:
            self.italian, self.english = held["italian"][of].tolist(), held["english"][of].tolist()
            self.targets: NDArray[np.float16] = held["targets"][of]
        self._count, self._random = count, random
        self._hands: list[list[int]] = []

    def draw(self) -> list[int]:
        """The next ``count`` examples."""
        if not self._hands:
            spread = [len(text) * self._random.uniform(0.9, 1.1) for text in self.english]
            order = sorted(range(len(spread)), key=spread.__getitem__)
            whole = len(order) - len(order) % self._count
            self._hands = [order[i : i + self._count] for i in range(0, whole, self._count)]
            self._random.shuffle(self._hands)
        return self._hands.pop()


class Batches:
    """Steps drawn from every pool, in an order that the seed decides."""

    def __init__(self, examples: Path, vocabulary: Path, recipe: Recipe, seed: int) -> None:
        self.random = Random(seed)
        self.recipe = recipe
        mine = slice(recipe.part, None, recipe.parts)
        self.pools = {
            kind: Pool(examples / f"{kind}.npz", count, self.random, mine)
            for kind, count in recipe.counts().items()
            if count and (examples / f"{kind}.npz").exists()
        }
        self._mixer = Mixer(vocabulary)
        self._tokenizer = Tokenizer.from_file(str(vocabulary / "tokenizer.json"))

    def draw(self) -> tuple[list[list[int]], NDArray[np.float32]]:
        """(token ids of each text, the teacher's vector for each)."""
        texts, targets = [], []
        for kind, pool in self.pools.items():
            members = pool.draw()
            texts += [self._text(kind, pool.italian[m], pool.english[m]) for m in members]
            targets.append(pool.targets[members])
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        return ids, np.concatenate(targets).astype(np.float32)

    def skip(self) -> None:
        """Draw a step's examples without making its texts, to go on after a checkpoint."""
        for pool in self.pools.values():
            pool.draw()

    def _text(self, kind: str, italian: str, english: str) -> str:
        share = self.random.uniform(0.3, 1.0)
        if kind == "lemmas":  # Italian words, then their English definition
            lemma, mark, definition = italian.partition(": ")
            return lemma + mark + self._mixer(definition, share, self.random)
        choice = self.random.random()
        if kind in WHOLE or choice < self.recipe.italian:
            return italian
        if choice < (1 + self.recipe.italian) / 2:
            return self._mixer(english, share, self.random)
        return english
