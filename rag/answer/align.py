"""Find a quote in a passage: exactly, or with differences of no consequence only.

What may differ: white space, the shape of quotation marks and apostrophes, case, and footnote
marks ("[12]") that the passage has and the quote leaves out. A letter or digit that differs is a
failure. What comes back is always a span of the passage, so what is shown is the source's own text.
"""

from __future__ import annotations

import re

_QUOTES = re.compile("[\"'`´‘’‚‛“”„‟«»‹›′″]+")
_SPACE = re.compile(r"[\s\u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff]+")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_DASH = re.compile("[‐‑‒–—−-]")
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3,})\s*")
_EDGES = " \t\n\r\u00a0\"'`´‘’“”„«»‹›*_"
_WORDS = re.compile(r"[^\W_]+")

SHORTEST = 2  # words in a quote, unless it holds a digit or is the whole passage


def align(quote: str, passage: str) -> tuple[int, int] | None:
    """The span of `passage` that `quote` is, or None.

    Code points, end exclusive; the span starts and ends inside words never (a quote of "5 miliardi"
    does not stand in "25 miliardi").
    """
    quote = quote.strip()
    if not _substantial(quote):
        return None
    for candidate in (quote, quote.strip(_EDGES), quote.strip(_EDGES).rstrip(".,;:!?")):
        if candidate and (span := _exactly(candidate, passage)):
            return span
    return _loosely(quote.strip(_EDGES).rstrip(".,;:!?"), passage)


def align_parts(quote: str, passage: str) -> list[tuple[int, int]]:
    """The spans of a quote with omissions ("firmato … 18 accordi"), in order; [] if any is absent.

    At most three parts, each after the one before.
    """
    whole = align(quote, passage)
    if whole:
        return [whole]
    parts = [part for part in _ELLIPSIS.split(quote.strip(_EDGES)) if part.strip(_EDGES)]
    spans: list[tuple[int, int]] = []
    if not 1 <= len(parts) <= 3:
        return []
    for part in parts:
        offset = spans[-1][1] if spans else 0
        span = align(part, passage[offset:])
        if span is None:
            return []
        spans.append((span[0] + offset, span[1] + offset))
    return spans


def _substantial(quote: str) -> bool:
    words = _WORDS.findall(quote)
    return len(words) >= SHORTEST or any(any(c.isdigit() for c in word) for word in words)


def _exactly(quote: str, passage: str) -> tuple[int, int] | None:
    start = passage.find(quote)
    while start >= 0:
        if _whole_words(passage, start, start + len(quote)):
            return start, start + len(quote)
        start = passage.find(quote, start + 1)
    return None


def _loosely(quote: str, passage: str) -> tuple[int, int] | None:
    needle, _ = _plain(quote, footnotes=True)
    if not needle:
        return None
    for footnotes in (True, False):
        hay, origin = _plain(passage, footnotes=footnotes)
        start = hay.find(needle)
        while start >= 0:
            first, last = origin[start], origin[start + len(needle) - 1]
            if _whole_words(passage, first, last + 1):
                return first, last + 1
            start = hay.find(needle, start + 1)
    return None


def _plain(text: str, *, footnotes: bool) -> tuple[str, list[int]]:
    """The text with everything that may differ made equal, and each character's origin.

    Case folding and the rest map one character to any number of them, so the origin is kept by
    character. Without `footnotes`, footnote marks are left out.
    """
    plain: list[str] = []
    origin: list[int] = []
    position = 0
    while position < len(text):
        mark = None if footnotes else _FOOTNOTE.match(text, position)
        if mark:
            position = mark.end()
            continue
        character = text[position]
        if gap := _SPACE.match(text, position):
            if plain and plain[-1] != " ":
                plain.append(" ")
                origin.append(position)
            position = gap.end()
            continue
        if quote := _QUOTES.match(text, position):
            # Quotation marks may come, go or change, but still part words: l’accordo, l' accordo.
            if plain and plain[-1] != " ":
                plain.append(" ")
                origin.append(position)
            position = quote.end()
            continue
        for folded in _DASH.sub("-", character).casefold():
            plain.append(folded)
            origin.append(position)
        position += 1
    while plain and plain[-1] == " ":
        plain.pop()
        origin.pop()
    return "".join(plain), origin


def _whole_words(text: str, start: int, end: int) -> bool:
    """Whether the span cuts no word and no number ("5" out of "25", or "1" out of "1.5")."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, position: int) -> bool:
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before.isalnum() and after.isalnum():
        return True
    # A separator between two digits belongs to the number on either side of the cut.
    if before in ".," and after.isdigit():
        return position >= 2 and text[position - 2].isdigit()
    if after in ".," and before.isdigit():
        return position + 1 < len(text) and text[position + 1].isdigit()
    return False
