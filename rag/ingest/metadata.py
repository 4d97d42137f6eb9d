"""Title and author, read from a text that has no fields for them."""

from __future__ import annotations

import re

from rag.ingest.dates import find_date
from rag.ingest.function_words import words

_TITLE_CHARS = 200
# Names of sections, not of documents.
_SECTION_NAMES = words(
    "introduzione introduction premessa abstract sommario summary indice index contents prefazione "
    "preface foreword prologo prologue contesto background overview panoramica note notes"
)
_MARKUP = re.compile(r"^#{1,6}\s+|^\*{1,2}(?=\S)|\*{1,2}$|\s+#+$")
_NOT_TITLE = re.compile(
    r"[-*•–—>|]\s|\[\d+\]|https?://|www\.|(?:by|di|de|da)\s+[A-ZÀ-Þ]\S+\s+[A-ZÀ-Þ]\S+\s*(?:$|[,|–—-])",
    re.I,
)
_SENTENCE_END = re.compile(r"[.;:,][\"'”’»)\]]*$")

_PARTICLE = r"(?:de|di|da|dal|del|della|dello|degli|dei|d['’]|van|von|der|den|al|el|la|le|bin|ibn)"
_WORD = r"(?:[A-ZÀ-Þ]\.|[A-ZÀ-Þ][\w'’.-]*)"
_NAME = rf"{_WORD}(?:\s+(?:{_PARTICLE}\s*)?{_WORD}){{0,4}}"
_NAMES = rf"{_NAME}(?:(?:\s*,\s*|\s+(?:e|ed|and|&|con|with)\s+){_NAME}){{0,5}}"
_BYLINE = re.compile(
    r"(?:[-*•–—]\s*)?(?:(?i:di|by|a cura di|written by|scritto da|testo di|author|autore)\s*:?)\s+"
    rf"(?P<name>{_NAMES})\s*(?:$|[|–—-]\s.*$|,\s+(?P<rest>.*)$|\((?P<outlet>[^()]*)\)$)"
)
_SIGNED = re.compile(rf"\((?i:di|by|a cura di)\s+(?P<name>{_NAMES})\)\.?$")
_OUTLET = re.compile(r"\b(?i:the|times|news|agency|agenzia|redazione|post|magazine|press)\b")


def find_title(text: str) -> str | None:
    """The first line, where it reads as a heading of the whole document; None otherwise."""
    lines = [line.strip() for line in text[:5000].split("\n") if line.strip()]
    if len(lines) < 2:
        return None
    title = _MARKUP.sub("", lines[0]).strip()
    named = title.rstrip(".:").casefold()
    if (
        not 3 <= len(title) <= _TITLE_CHARS
        or named in _SECTION_NAMES
        or _NOT_TITLE.match(title)
        or _SENTENCE_END.search(title)
        or not re.match(r"[\"'“‘«(¿¡]*[A-ZÀ-Þ0-9]", title)
        or find_date(title, "it") is not None
        or lines[1][0].islower()
    ):
        return None
    return title


def find_author(text: str) -> str | None:
    """Who signs the text: "Di …" or "By …" near the head, "(di …)" at the end; None otherwise.

    A trailing outlet ("Di Anna Neri – Il Giornale") is left out.
    """
    head = [line.strip() for line in text[:1500].split("\n") if line.strip()][:8]
    for line in head:
        match = _BYLINE.match(line) if len(line) <= 160 else None
        if match and not (match["rest"] and len(match["rest"]) > 60):
            return _without_outlet(match["name"])
    tail = [line.strip() for line in text[-400:].split("\n") if line.strip()][-2:]
    for line in tail:
        if match := _SIGNED.search(line):
            return match["name"]
    return None


def _without_outlet(names: str) -> str:
    """ "Jane Doe, Reuters News" signs as Jane Doe."""
    first, _, rest = names.partition(",")
    return first.strip() if rest and (_OUTLET.search(rest) or " " not in rest.strip()) else names
