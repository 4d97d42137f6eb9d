"""Publication dates: what a text states about itself, never a date that its story mentions.

Dates come out as in `Document.date`: ISO 8601, as precise as stated, "--MM-DD" without a year.
"""

from __future__ import annotations

import calendar
import re

from rag.core.types import Language

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "gennaio gen january jan",
            "febbraio feb february",
            "marzo mar march",
            "aprile apr april",
            "maggio mag may",
            "giugno giu june jun",
            "luglio lug july jul",
            "agosto ago august aug",
            "settembre set sett september sep sept",
            "ottobre ott october oct",
            "novembre nov november",
            "dicembre dic december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_WEEKDAY = (
    r"(?:(?:luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|lun|mar|mer|gio|ven|sab|dom"
    r"|mon|tue|wed|thu|fri|sat|sun)\.?,?\s+)?"
)
# Alternatives in order; the first that fits at a place wins.
_FORMS = (
    rf"(?P<y1>{_YEAR})-(?P<m1>\d\d)(?:-(?P<d1>\d\d))?(?!\d)(?:[T ]\d\d:\d\d\S*)?",
    rf"(?P<d2>\d{{1,2}})(?:°|º|st|nd|rd|th)?\s+(?:di\s+|of\s+)?(?P<m2>{_MONTH}),?"
    rf"(?:\s+(?:del\s+)?(?P<y2>{_YEAR})\b)?",
    rf"(?P<m3>{_MONTH})\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y3>{_YEAR})\b)?",
    rf"(?P<m4>{_MONTH}),?\s+(?P<y4>{_YEAR})\b",
    rf"(?P<a5>\d{{1,2}})[/.-](?P<b5>\d{{1,2}})[/.-](?P<y5>{_YEAR})\b",
    rf"(?P<m6>\d{{1,2}})/(?P<y6>{_YEAR})\b",
    rf"(?P<y7>{_YEAR})\b",
)
_DATE = re.compile(rf"(?<!\w){_WEEKDAY}(?:{'|'.join(_FORMS)})", re.I)

# "Postato il", "Published on", "date": a label that says what the date after it is.
_LABEL = re.compile(
    r"(?:(?:articolo\s+|post\s+|first\s+|originally\s+)?"
    r"(?P<published>postato|pubblicat[oa]|inserit[oa]|posted|published|released)"
    r"|(?P<updated>(?:ultimo\s+)?aggiornament[oi]|(?:ultima\s+)?modifica|aggiornat[oa]"
    r"|(?:last\s+)?(?:updated|modified))"
    r"|(?P<labelled>data(?:\s+di\s+pubblicazione)?|(?:publication\s+|release\s+)?date|pubdate))"
    r"\b[:\s]*(?:(?:il|in|nel|l['’]|on|at|a|da)\b\s*)?[:\s]*",
    re.I,
)
_LEAD = re.compile(r"[\s*•·|–—>#_-]*")
_SEPARATOR = re.compile(r"\s*[|·•]\s*|\s+[–—-]\s+|,\s+(?=\d|\w+\s+\d)")
# After a labelled date the statement ends; otherwise it is a sentence of the story.
_STOP = re.compile(
    r"[\s*_.]*(?:$|[|·•–—(/,;-]|(?:alle|ore|at)\b|\d{1,2}[:.]\d\d|(?:by|di|da)\b.{0,40}$)", re.I
)
# "Milano, 9 nov. (askanews) –", "(ANSA) - ROMA, 12 MAR -", "WASHINGTON, Nov. 7 /PRNewswire/ --"
_PLACE = r"[A-ZÀ-Þ][\w.'’-]*(?:[ /](?:[A-ZÀ-Þ][\w.'’-]*|di|del|della|d['’]\w+|de|of)){0,4}"
_DATELINE = re.compile(
    rf"(?:\([A-Z][\w .]{{1,30}}\)\s*[-–—]+\s*)?{_PLACE}(?:\s*\([A-Z]\w{{1,20}}\))?"
    rf"(?:,\s*{_PLACE})?,?\s+(?P<date>{_DATE.pattern})"
    r"\s*(?:$|[-–—]+\s|\([^()\n]{1,40}\)|/[^/\n]{1,40}/|\.\s*[-–—])",
    re.I,
)
_HEAD_LINES, _HEAD_CHARS, _META_LINE = 12, 1500, 160


def iso_date(statement: str, language: Language = "it") -> str | None:
    """The date that `statement` begins with, or None: "7 novembre 2025" -> "2025-11-07"."""
    match = _DATE.match(statement.strip())
    return _iso(match, language) if match else None


def find_date(text: str, language: Language) -> str | None:
    """When `text` says that it was published: a label, a dateline, or a line that is a date.

    Looks near the head, then at the last two lines. A stated publication beats an update.
    """
    head = _lines(text[:_HEAD_CHARS])[:_HEAD_LINES]
    tail = [line for line in _lines(text[-300:])[-2:] if line not in head]
    updated: str | None = None
    for line in head:
        statement = _labelled(line, language)
        if statement and not statement[1]:
            return statement[0]
        if statement:
            updated = updated or statement[0]
    if updated:
        return updated
    for line in head:
        if found := _dateline(line, language) or _bare(line, language):
            return found
    return next((found for line in tail if (found := _bare(line, language, place=True))), None)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _labelled(line: str, language: Language) -> tuple[str, bool] | None:
    """(date, whether it is only an update) from a label at the start of a line or of a part."""
    best: tuple[str, bool] | None = None
    for part in _parts(line):
        label = _LABEL.match(part)
        date = _DATE.match(part, label.end()) if label else None
        if label is None or date is None or (found := _iso(date, language)) is None:
            continue
        is_sentence = len(part) > _META_LINE or not _STOP.match(part, date.end())
        if is_sentence and not label["labelled"]:
            continue
        if not label["updated"]:
            return found, False
        best = best or (found, True)
    return best


def _parts(line: str) -> list[str]:
    parts = [line] if len(line) > _META_LINE else [line, *_SEPARATOR.split(line)]
    return [part[_LEAD.match(part).end() :] for part in parts]  # type: ignore[union-attr]


def _dateline(line: str, language: Language) -> str | None:
    match = _DATELINE.match(line[:200])
    if match is None or not re.match(r"[(A-ZÀ-Þ]", line):
        return None
    date = _DATE.match(match["date"])
    return _iso(date, language) if date and not date["y7"] else None


def _bare(line: str, language: Language, place: bool = False) -> str | None:
    """A line, or a part of a short one, that is nothing but a date; `place`: "Roma, 3 marzo"."""
    if len(line) > 100:
        return None
    parts = _parts(line)
    if not place and len(parts) > 1 and not re.search(r"[|·•–—-]", line) and "," in line:
        parts = parts[:1] if not re.match(r"(?:di|by)\s", line, re.I) else parts
    for part in parts:
        date = _DATE.match(part)
        if date is None or date["y7"] or date["m6"]:
            continue
        rest = re.sub(
            r"(?:[,\s–-]*(?:alle|ore|at|h)?\s*\d{1,2}[:.]\d\d.*)$", "", part[date.end() :]
        )
        if not rest.strip(" .*_"):
            return _iso(date, language)
    return None


def _iso(match: re.Match[str], language: Language) -> str | None:
    """The date in ISO form; None when there is no such day."""
    found = {key: value for key, value in match.groupdict().items() if value}
    year = next((int(found[key]) for key in found if key[0] == "y"), None)
    month = next((_month(found[key]) for key in found if key[0] == "m"), None)
    day = next((int(found[key]) for key in found if key[0] == "d"), None)
    if "a5" in found:
        day, month = int(found["a5"]), int(found["b5"])
        if month > 12 or (language == "en" and day > 12):
            day, month = (month, day) if month > 12 else (day, month)
        elif language == "en" and day != month:
            return f"{year:04d}"  # month/day or day/month: only the year is certain
    if month is None:
        return f"{year:04d}" if year else None
    # A leap year stands in for a year that is not stated.
    if not 1 <= month <= 12 or not 1 <= (day or 1) <= calendar.monthrange(year or 2024, month)[1]:
        return None
    if day is None:
        return f"{year:04d}-{month:02d}" if year else None
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.rstrip(".").lower()]
