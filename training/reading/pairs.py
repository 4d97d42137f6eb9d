"""What the reader learns from: a question, a sentence and the one before it, and the verdict.

Every statement is held in several wordings (its Italian, Apertium's Italian, its English), and the
question is made of one wording and asked of another, so that the reader cannot go by equal words.
It is asked of the statement itself; of sentences near it in words or in place; of the statement
with the thing asked for cut out (and, so that the cut itself tells nothing, of the statement with
something else cut out); and with one word of the question exchanged. Of a statement without numbers
it is also asked when, how many, how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from rag.answer.facts import names, numbers, same_name
from rag.core.types import Language
from training.mixing import Mixer
from training.reading.cloze import NAMED, WORD, Cloze, Slot, beside, cloze, slots, telling, without
from training.reading.statements import Statement

BESIDE = 6  # places before or after, from which other sentences are drawn


@dataclass(frozen=True, slots=True)
class Pair:
    """`before` is the sentence before `text`, or empty."""

    question: str
    before: str
    text: str
    answers: bool


class Pairs:
    """An endless stream of pairs, in an order that the seed decides."""

    def __init__(
        self, held: Sequence[Statement], near: NDArray[np.int32], mixer: Mixer, seed: int
    ) -> None:
        self._held, self._near, self._mixer = held, near, mixer
        self._random = Random(seed)

    def __iter__(self) -> Iterator[Pair]:
        while True:
            order = list(range(len(self._held)))
            self._random.shuffle(order)
            for place in order:
                yield from self._about(place)

    def _about(self, place: int) -> Iterator[Pair]:
        """Pairs of one question about a statement."""
        random = self._random
        wordings = self._held[place].wordings
        asked = random.choices(wordings, (3, 2, 5))[0]
        others = [w for w in wordings if w is not asked] if random.random() < 0.85 else [asked]
        # Italian documents are what most questions are asked of.
        told = random.choices(others, [3 if language == "it" else 1.5 for language, _ in others])[0]
        made = cloze(asked[1], asked[0], random)
        if made is None:
            return
        question = self._mixed(made.question, asked[0])
        before = self._before(place, told[0])
        text = told[1]
        spared = self._cut_elsewhere(text, told[0], made)
        yield Pair(question, before, spared if spared and random.random() < 0.4 else text, True)
        bare = cut_out(text, made.slot)
        if bare is not None and random.random() < 0.8:
            yield Pair(question, before, bare, False)
        for _ in range(2):
            other = self._other(place)
            text = self._say(other, told[0])
            yield Pair(question, self._before(other, told[0]), text, False)
        if random.random() < 0.6:
            exchanged = self._exchanged(made, asked[0])
            if exchanged:
                yield Pair(exchanged, before, told[1], False)
        absent = beside(asked[1], asked[0], random) if random.random() < 0.4 else None
        if absent:
            yield Pair(self._mixed(absent, asked[0]), before, told[1], False)

    def _mixed(self, question: str, language: Language) -> str:
        """An English question is now and then part Italian: other words for the same."""
        if language == "en" and self._random.random() < 0.3:
            return self._mixer(question, 0.5, self._random)
        return question

    def _other(self, place: int) -> int:
        """Another statement: near in meaning, or beside this one."""
        if self._random.random() < 0.6:
            near = [int(other) for other in self._near[place] if other >= 0]
            if near:
                return self._random.choice(near)
        step = self._random.choice([s for s in range(-BESIDE, BESIDE + 1) if s])
        return min(max(place + step, 0), len(self._held) - 1)

    def _say(self, place: int, language: Language) -> str:
        return self._random.choice(
            [t for code, t in self._held[place].wordings if code == language]
        )

    def _before(self, place: int, language: Language) -> str:
        if self._random.random() < 0.35 or place == 0:
            return ""
        previous = self._held[place - 1]
        return self._say(place - 1, language) if previous.source == self._held[place].source else ""

    def _cut_elsewhere(self, text: str, language: Language, made: Cloze) -> str | None:
        """The text without something that was not asked about; None when nothing can be spared."""
        asked = {word.lower() for word in WORD.findall(made.question + " " + made.slot.text)}
        spare = [
            slot
            for slot in slots(text, language)
            if slot.kind != "thing"
            and not any(word.lower() in asked for word in WORD.findall(slot.text))
        ]
        if not spare:
            return None
        slot = self._random.choice(spare)
        return without(text, slot.start, slot.end)

    def _exchanged(self, made: Cloze, language: Language) -> str | None:
        """The question with one of its telling words exchanged for another statement's."""
        words = [m for m in WORD.finditer(made.question) if telling(m[0], language)][1:]
        place = self._random.randrange(len(self._held))
        others = [w for w in WORD.findall(self._say(place, language)) if telling(w, language)]
        if not words or not others:
            return None
        keyed = [m for m in words if m[0][0].isupper() or m[0][0].isdigit()] or words
        gone = self._random.choice(keyed if self._random.random() < 0.5 else words)
        new = self._random.choice(others)
        if new.lower() in made.question.lower():
            return None
        return made.question[: gone.start()] + new + made.question[gone.end() :]


def cut_out(text: str, slot: Slot) -> str | None:
    """The text, in whatever wording, without what the slot holds; None where it is not found.

    Numbers and names are found in any wording, other things where they stand to the letter.
    """
    spans: list[tuple[int, int]] = []
    if slot.kind in NAMED:
        wanted = [name.text for name in names("x " + slot.text)]
        spans = [
            (n.start, n.end) for n in names(text) if any(same_name(n.text, one) for one in wanted)
        ]
    elif slot.kind != "thing":
        values = {value for n in numbers(slot.text) for value in n.values}
        spans = [(n.start, n.end) for n in numbers(text) if n.values & values]
    else:
        at = text.find(slot.text)
        spans = [(at, at + len(slot.text))] if at >= 0 else []
    if not spans:
        return None
    for start, end in reversed(spans):
        led = [s for s in slots(text, "it") if s.start <= start and end <= s.end]
        text = without(text, *((led[0].start, led[0].end) if led else (start, end)))
    return text
