"""Reading the public data, and keeping some of it back for measuring.

What is held back is whole stretches of consecutive segments, so that no joined passage of the
training half can contain a sentence that a measurement asks about.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Prose whose consecutive segments belong together: joined, they read like passages.
PROSE = (
    "debian-handbook",
    "kde-digikam-doc",
    "kde-kstars-docs",
    "gnucash-docs",
    "open-science-handbook",
    "ms-dynamics365-business-central",
)
HELD_BACK_SHARE = 0.06
PASSAGE_WORDS = 90  # English words to which consecutive sentences are joined into a passage
Example = tuple[str, str]  # Italian, English


@dataclass(frozen=True)
class Segment:
    """One aligned pair and where it stands: ``place`` orders the segments of ``source``."""

    source: str
    place: int
    english: str
    italian: str


def rows(path: Path) -> Iterator[tuple[str, str]]:
    """The two columns of a gzipped TSV file; lines without two filled columns are skipped."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) == 2 and cells[0].strip() and cells[1].strip():
                yield cells[0].strip(), cells[1].strip()


def _all_segments(data: Path) -> Iterator[Segment]:
    for path in sorted((data / "parallel").glob("*.tsv.gz")):
        source = path.name.removesuffix(".tsv.gz")
        for place, (english, italian) in enumerate(rows(path)):
            yield Segment(source, place, english, italian)


def split_segments(data: Path) -> tuple[list[Segment], list[Segment]]:
    """(for training, held back). The last stretch of every prose file is held back.

    Segments that repeat a held-back text, in either language, leave the training half.
    """
    segments = list(_all_segments(data))
    length = {s.source: s.place + 1 for s in segments}
    held, rest = [], []
    for segment in segments:
        first_held = length[segment.source] * (1 - HELD_BACK_SHARE)
        keep_back = segment.source in PROSE and segment.place >= first_held
        (held if keep_back else rest).append(segment)
    texts = {s.english.lower() for s in held} | {s.italian.lower() for s in held}
    training = [
        s for s in rest if s.english.lower() not in texts and s.italian.lower() not in texts
    ]
    return training, held


def lexicon(data: Path) -> Iterator[tuple[str, str, str]]:
    """(file, English, Italian) for every entry of every lexicon."""
    for path in sorted((data / "lexicon").glob("*.tsv.gz")):
        for english, italian in rows(path):
            yield path.name.removesuffix(".tsv.gz"), english, italian


def pairs(data: Path, name: str) -> list[tuple[str, str]]:
    """(short text, longer text) of one file of ``pairs/``."""
    return list(rows(data / "pairs" / f"{name}.tsv.gz"))


def json_lines(path: Path) -> list[dict[str, object]]:
    """The objects of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
