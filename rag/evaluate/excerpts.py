"""Stretches of the sources around what matters, for the reports."""

from __future__ import annotations

from dataclasses import dataclass

AROUND = 140
LONGEST = 360


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Text in pieces, each marked or not; `before`/`after` tell that the source goes on."""

    pieces: tuple[tuple[str, bool], ...]
    before: bool
    after: bool


def around(text: str, start: int, end: int) -> Excerpt:
    """The span with `AROUND` characters of context on each side, cut at white space."""
    left = _to_space(text, max(0, start - AROUND), start, 1)
    right = _to_space(text, min(len(text), end + AROUND), end, -1)
    pieces = ((text[left:start], False), (text[start:end], True), (text[end:right], False))
    kept = tuple(piece for piece in pieces if piece[0])
    return Excerpt(kept, left > 0, right < len(text))


def passage(text: str, start: int, end: int, marks: list[tuple[int, int]]) -> Excerpt:
    """A passage with the parts of `marks` in it marked; of a long one, a part with the first."""
    inside = sorted(
        (max(start, low), min(end, high)) for low, high in marks if low < end and high > start
    )
    left, right = start, end
    if end - start > LONGEST:
        if inside and inside[0][1] > start + LONGEST:
            left = _to_space(text, max(start, inside[0][0] - AROUND), inside[0][0], 1)
        right = _to_space(text, min(end, left + LONGEST), left, -1)
    pieces, at = [], left
    for low, high in inside:
        low, high = max(low, at), min(high, right)
        if low < high:
            pieces += [(text[at:low], False), (text[low:high], True)]
            at = high
    pieces.append((text[at:right], False))
    return Excerpt(tuple(piece for piece in pieces if piece[0]), left > start, right < end)


def _to_space(text: str, at: int, limit: int, step: int) -> int:
    """The nearest place from `at` towards `limit` that is beside white space, or `at`."""
    if at in (0, len(text)):
        return at
    place = at
    while place != limit:
        if text[place - 1].isspace() if step > 0 else text[place].isspace():
            return place
        place += step
    return at
