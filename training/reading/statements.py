"""The statements that questions are made of, each in several wordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from rag.core.types import Language
from training import prose
from training.mixing import Mixer
from training.settings import Settings
from training.teach import segments_used

LONGEST = 320  # characters of a sentence
SHORTEST = 24
NEAR = 8  # neighbours kept for each statement
BLOCK = 1000
COPY = 0.85  # cosine of word counts from which two statements say the same


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence in its wordings; statements of one `source` stand in order."""

    source: str
    wordings: tuple[tuple[Language, str], ...]


def _segments(settings: Settings) -> list[tuple[str, str, str, str]]:
    """(source, the translator's Italian, Apertium's Italian, English) of the parallel text."""
    path = settings.workspace("reading") / "segments.json"
    if not path.exists():
        segments = segments_used(settings)
        mixer = Mixer(settings.work / "vocabulary")
        machine = prose.translated([s.english for s in segments], mixer, Random(settings.seed))
        rows = [
            (s.source, s.italian, italian, s.english)
            for s, italian in zip(segments, machine, strict=True)
        ]
        aside = path.with_suffix(".partial")
        aside.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        aside.replace(path)
    return [tuple(row) for row in json.loads(path.read_text("utf-8"))]


def statements(settings: Settings) -> list[Statement]:
    """All of them, in order within each source."""
    found = [
        Statement(source, (("it", human), ("it", machine), ("en", english)))
        for source, human, machine, english in _segments(settings)
        if SHORTEST <= len(human) <= LONGEST and machine and len(english) <= LONGEST
    ]
    held = prose.kept(settings)
    for italian, english in held["prose"]:
        ours, theirs = (prose.SENTENCE_END.split(text) for text in (italian, english))
        if len(ours) == len(theirs):
            found += [
                Statement("prose", (("it", it), ("it", it), ("en", en)))
                for it, en in zip(ours, theirs, strict=True)
                if SHORTEST <= len(it) <= LONGEST and len(en) <= LONGEST
            ]
    found += [
        Statement("glosses", (("it", it), ("it", it), ("en", en)))
        for it, en in held["glosses"][::4]
        if SHORTEST <= len(it) <= LONGEST
    ]
    return found


def neighbours(held: Sequence[Statement]) -> NDArray[np.int32]:
    """(n, NEAR) indices of the statements that share the rarest words; -1 where there are fewer."""
    counted = TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.002, dtype=np.float32)
    rows = counted.fit_transform([statement.wordings[-1][1] for statement in held])
    found = np.full((len(held), NEAR), -1, np.int32)
    for start in range(0, len(held), BLOCK):
        likeness = (rows[start : start + BLOCK] @ rows.T).tocsr()
        likeness.data[likeness.data > COPY] = 0  # the statement itself, and copies of it
        for row in range(likeness.shape[0]):
            cells = slice(*likeness.indptr[row : row + 2])
            best = np.argsort(-likeness.data[cells])[:NEAR]
            best = best[likeness.data[cells][best] > 0]
            found[start + row, : len(best)] = likeness.indices[cells][best]
    return found
