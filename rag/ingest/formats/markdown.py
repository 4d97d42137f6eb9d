"""Markdown, kept as it is written, so that offsets are those of the file; front matter is read."""

from __future__ import annotations

import re

from rag.ingest.dates import iso_date
from rag.ingest.formats import Parsed
from rag.ingest.formats.decode import decode

_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n(.{0,20000}?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"^([A-Za-z_-]+)[ \t]*[:=][ \t]*(.*?)[ \t]*$", re.M)
_FENCE = re.compile(r"^(```|~~~)")
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t]*#*$")
_SETEXT = re.compile(r"^=+[ \t]*$")


def parse(raw: bytes, path: str) -> Parsed:
    """The text as written; title, date and author from front matter, else the first heading.

    Raises SourceError, naming `path`.
    """
    text = decode(raw, path)
    matter = _FRONT_MATTER.match(text)
    fields = dict(_fields(matter[2])) if matter else {}
    return Parsed(
        text,
        title=fields.get("title") or _heading(text[matter.end() if matter else 0 :]),
        date=iso_date(fields.get("date") or fields.get("published") or ""),
        author=fields.get("author"),
    )


def _fields(matter: str) -> list[tuple[str, str]]:
    """The plain `key: value` (or `key = value`) fields; nested ones are not ours to read."""
    found = [(m[1].lower(), m[2].strip("\"'")) for m in _FIELD.finditer(matter)]
    return [(key, value) for key, value in found if value and value[0] not in "[{|>&"]


def _heading(text: str) -> str | None:
    """The first first- or second-level heading outside a fenced block."""
    previous, fence = "", ""
    for line in text[:20_000].split("\n"):
        if mark := _FENCE.match(line):
            fence = "" if fence == mark[1] else (fence or mark[1])
        elif not fence:
            if heading := _HEADING.match(line):
                return heading[1].strip("*_` ") or None
            if _SETEXT.match(line) and previous.strip():
                return previous.strip().strip("*_` ")
        previous = line
    return None
