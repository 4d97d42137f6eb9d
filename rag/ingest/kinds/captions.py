"""Captions: short paragraphs that carry the credit of a picture, or label a figure or a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.core.types import Kind
from rag.ingest.kinds.lines import Line, Run, paragraphs

_CREDIT = (
    r"(?:credit[oi]?\s+(?:fotografic[oi]|fot[oa]|immagin[ei])|(?:photo|image|picture)\s+credits?|"
    r"(?:photo|image|picture|foto|fotografia|immagine)\s+(?:by|courtesy(?:\s+of)?)|"
    r"fonte\s+(?:foto|immagine)|foto|fotografia|photo|photograph|immagine|image|didascalia|caption|"
    r"credits?|courtesy|ph\.?)"
)
_CREDIT_LINE = re.compile(rf"[\[(*_]*{_CREDIT}\s*[:©]\s*\S", re.I)
_CREDIT_END = re.compile(
    rf"(?:[.!?”»\"]\s+|\s*[\[(]|\s[|–—/-]\s*){_CREDIT}\s*(?:[:©]\s*|/\s*|di\s+|by\s+)[^.!?\n]{{2,60}}[)\]]?\.?$"
    r"|[\[(](?:foto|photo|ansa|epa|reuters|afp|getty(?: images)?|lapresse|image)\b"
    r"[^()\n]{0,50}[)\]]\.?$"
    r"|©\s*[\w ./-]{2,50}$",
    re.I,
)
_FIGURE = re.compile(
    r"(?:figura|figure|fig\.|tabella|table|grafico|chart)\s+\d+\s*[.:–—-]\s*\S", re.I
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_CAPTION_CHARS = 300


def caption_runs(lines: list[Line], kinds: Sequence[Kind]) -> list[Run]:
    """Short paragraphs that end in, or are, the credit of a picture, or that label a figure."""
    found: list[Run] = []
    for first, last in paragraphs(lines):
        if kinds[first] != "prose":
            continue
        texts = [line.text for line in lines[first:last]]
        if last - first <= 3 and sum(map(len, texts)) <= _CAPTION_CHARS:
            if any(map(_credits, texts)) or _is_label(texts[0]):
                found.append((first, last))
            continue
        # Lines that are paragraphs of their own: only those that carry the sign themselves, and
        # the short line above a bare credit.
        for index in range(first, last):
            text = lines[index].text
            if len(text) > _CAPTION_CHARS or not (_credits(text) or _is_label(text)):
                continue
            above = lines[index - 1].text if index > first else ""
            bare = _CREDIT_LINE.match(text) and len(text) <= 80
            joined = bare and above.endswith(".") and len(above) <= 200
            found.append((index - 1 if joined else index, index + 1))
    return found


def _credits(text: str) -> bool:
    return bool((_CREDIT_LINE.match(text) and len(text) <= 120) or _CREDIT_END.search(text[-120:]))


def _is_label(text: str) -> bool:
    return bool(_FIGURE.match(text) or _IMAGE.fullmatch(text))
