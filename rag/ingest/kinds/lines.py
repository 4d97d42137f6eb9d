"""Lines and paragraphs of a text, with their places: what the rules for kinds look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.core.types import Kind

# Line numbers (first, last), last exclusive.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is the line without blanks around it; `end` is behind its line end."""

    start: int
    end: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether there is nothing on it."""
        return not self.text


def lines_of(text: str) -> list[Line]:
    """The lines of `text`; together they are all of it."""
    lines, start = [], 0
    for piece in text.split("\n"):
        end = min(start + len(piece) + 1, len(text))
        if end > start:
            lines.append(Line(start, end, piece.strip()))
        start = end
    return lines


def paragraphs(lines: list[Line]) -> list[Run]:
    """Runs of lines without a blank one between them."""
    found: list[Run] = []
    for index, line in enumerate(lines):
        if line.blank:
            continue
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found


def reading_paragraphs(lines: list[Line], kinds: Sequence[Kind]) -> list[Run]:
    """Paragraphs as a reader sees them: a long line is one of its own, wrapped ones are one."""
    found: list[Run] = []
    for first, last in paragraphs(lines):
        wrapped = all(len(line.text) <= 120 for line in lines[first:last])
        whole = wrapped and len(set(kinds[first:last])) == 1
        found += [(first, last)] if whole else [(i, i + 1) for i in range(first, last)]
    return found
