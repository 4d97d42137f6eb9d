"""What each stretch of a text is: prose, a reference list, the author's biography, a caption.

General rules over lines and paragraphs, each of which needs several signs at once: what is wrongly
taken out of the prose is harder to find, so in doubt it stays prose.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.core.types import Kind
from rag.ingest.kinds.biography import biography_runs
from rag.ingest.kinds.captions import caption_runs
from rag.ingest.kinds.lines import Run, lines_of
from rag.ingest.kinds.references import reference_runs


@dataclass(frozen=True, slots=True)
class Region:
    """`text[start:end]` is of one kind. Regions follow each other without a gap."""

    start: int
    end: int
    kind: Kind


def regions(text: str) -> list[Region]:
    """The text as regions: together they are the whole text, and neighbours differ in kind."""
    lines = lines_of(text)
    kinds: list[Kind] = ["prose"] * len(lines)
    _mark(kinds, reference_runs(lines), "reference")
    _mark(kinds, caption_runs(lines, kinds), "caption")
    _mark(kinds, biography_runs(lines, kinds), "biography")
    found: list[Region] = []
    for line, kind in zip(lines, kinds, strict=True):
        if found and (line.blank or found[-1].kind == kind):
            found[-1] = Region(found[-1].start, line.end, found[-1].kind)
        else:
            found.append(Region(line.start, line.end, kind))
    return found


def _mark(kinds: list[Kind], runs: list[Run], kind: Kind) -> None:
    for first, last in runs:
        kinds[first:last] = [kind] * (last - first)
