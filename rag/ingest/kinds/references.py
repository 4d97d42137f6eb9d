"""Reference lists: under a heading, numbered, or by the look of each line.

Every rule asks for several signs of a citation at once: a recipe's "[1]" and numbered steps stay
prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.ingest.function_words import OWN
from rag.ingest.kinds.lines import Line, Run

_LIST_HEADING = re.compile(
    r"(?:#{1,6}\s*|\*\*|\d+\.?\s+)?(?:bibliografia|riferimenti(?:\s+bibliografici)?|references?|"
    r"bibliography|works\s+cited|sitografia|webliografia|note(?:\s+a\s+pi[eè](?:\s+di)?\s+pagina)?|"
    r"(?:foot|end)?notes|fonti|sources|further\s+reading|letture\s+consigliate|opere\s+citate|"
    r"bibliografia\s+e\s+sitografia)(?:\*\*)?\s*:?(?:\*\*)?",
    re.I,
)
_NUMBERED = re.compile(
    r"(?:\[\^?(?P<a>\d{1,3})\]:?|\^?(?P<b>\d{1,3})(?P<dot>[.)])?|(?P<c>[¹²³⁰⁴-⁹]+))\s+"
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_ADDRESS = re.compile(r"https?://|\bwww\.\w")
_AUTHOR = re.compile(
    r"^[^\w\n]*(?:\[\^?\d+\]:?|\d+[.)]?)?\s*"
    r"[A-ZÀ-Þ][\w’'‑-]+,\s+[A-ZÀ-Þ][\w.’'-]*"
)
_SIGNS = (
    _ADDRESS,
    _AUTHOR,
    *map(
        re.compile,
        (
            r"\b(?:1[6-9]|20)\d\d\b",
            r"[“\"«‘'][^“”\"«»\n]{8,}[”\"»’']|_[^_]{8,}_|\*[^*]{8,}\*",
            r"(?i)\bpp?\.\s*\d|\bvol\.|\bn\.\s*\d|\bno\.\s*\d|\bcap\.\s*\d|\d+\s*\(\d+\)",
            r"(?i)\bet al\b|\b(?:retrieved|accessed|consultato|ultimo accesso)\b|\(a cura di\)"
            r"|\beds?\.",
            r"\((?:1[6-9]|20)\d\d[a-z]?\)",
            r"(?i)\b(?:university press|journal|review|editore|edizioni|publishing|press)\b",
        ),
    ),
)
_CERTAIN = re.compile(
    r"(?i)\bibid(?:em)?\b|\bop\.?\s*cit\b|\bloc\.\s*cit\b|\bdoi\b\s*:?\s*10\.|\bdoi\.org/|\bisbn\b"
    r"|\bivi,\s*p|^\W*\d*\W*(?:cfr\.|vd\.|see also|cf\.)\s"
)
_ENTRY_CHARS = 900
_AMBIGUOUS = re.compile(r"(?i)\b(?:note|notes|fonti|sources)\b")
_WORD = re.compile(r"[^\W\d_]+")
_URL = re.compile(r"(?:https?://|www\.)\S+")


@dataclass(frozen=True, slots=True)
class _Entry:
    first: int  # line numbers, end exclusive
    last: int
    number: int | None
    weak: bool  # "1." also numbers steps and ranks; "[1]" seldom does
    signs: int


def reference_runs(lines: list[Line]) -> list[Run]:
    """Where the reference lists are; runs may overlap."""
    runs = [*_headed_runs(lines), *_numbered_runs(lines), *_unnumbered_runs(lines)]
    return sorted(runs)


def _headed_runs(lines: list[Line]) -> Iterable[Run]:
    """A heading such as "Bibliografia", and the entries under it."""
    for index, line in enumerate(lines):
        if not _is_list_heading(line.text):
            continue
        certain_heading = not _AMBIGUOUS.search(line.text)
        last, misses, seen, hits = index + 1, 0, 0, 0
        for position in range(index + 1, len(lines)):
            text = lines[position].text
            if not text:
                continue
            if re.match(r"#{1,6}\s", text) or _is_list_heading(text):
                break
            seen += 1
            if _is_entry(text, certain_heading):
                last, misses, hits = position + 1, 0, hits + 1
            elif (misses := misses + 1) > 2 or len(text) > 400:
                break
        if hits and 2 * hits >= seen - misses:
            yield index, last


def _is_entry(text: str, certain_heading: bool) -> bool:
    """Whether a line under a heading is a citation; "Notes" and "Sources" head prose as well."""
    signs = 2 if _CERTAIN.search(text) else _signs(text)
    if not certain_heading:
        return signs >= 2 and not _is_prose(text)
    return signs >= 2 or (signs > 0 and len(text) < 120)


def _is_prose(text: str) -> bool:
    """Function words make up two fifths of running text and a fifth of a citation."""
    tokens = _WORD.findall(_URL.sub(" ", text[:_ENTRY_CHARS]).lower())
    functional = sum(token in OWN["it"] or token in OWN["en"] for token in tokens)
    return len(tokens) >= 8 and functional > 0.3 * len(tokens)


def _is_list_heading(text: str) -> bool:
    return len(text) <= 60 and bool(_LIST_HEADING.fullmatch(text))


def _numbered_runs(lines: list[Line]) -> Iterable[Run]:
    """Entries numbered upwards from line to line, most of which look like citations."""
    run: list[_Entry] = []
    for entry in _entries(lines):
        if run and not _continues(run[-1], entry, lines):
            yield from _accept(run)
            run = []
        run.append(entry)
    yield from _accept(run)


def _entries(lines: list[Line]) -> Iterable[_Entry]:
    index = 0
    while index < len(lines):
        match = _NUMBERED.match(lines[index].text)
        if match is None:
            index += 1
            continue
        last, size = index + 1, len(lines[index].text)
        # An entry goes on over wrapped lines until a blank line or the next number.
        while (
            last < len(lines)
            and not lines[last].blank
            and not _NUMBERED.match(lines[last].text)
            and len(lines[last - 1].text) <= 120
            and len(lines[last].text) <= 120
            and last - index < 6
        ):
            size += len(lines[last].text)
            last += 1
        text = " ".join(line.text for line in lines[index:last])[: _ENTRY_CHARS + 1]
        number = int((match["a"] or match["b"] or match["c"]).translate(_SUPERSCRIPTS))
        weak = match["b"] is not None
        signs = 3 if _CERTAIN.search(text) else _signs(text)
        if len(text) > _ENTRY_CHARS or (weak and _is_prose(text)):
            signs = 0
        yield _Entry(index, last, number, weak, signs)
        index = last


def _continues(before: _Entry, entry: _Entry, lines: list[Line]) -> bool:
    gap = lines[before.last : entry.first]
    rising = entry.number is not None and before.number is not None
    return (
        rising
        and 1 <= (entry.number or 0) - (before.number or 0) <= 3
        and before.weak == entry.weak
        and all(line.blank for line in gap)
    )


def _accept(run: list[_Entry]) -> Iterable[Run]:
    if not run:
        return
    needed = 3 if run[0].weak else 2
    citing = sum(entry.signs >= needed for entry in run)
    # One entry alone must be beyond doubt; a list may hold some odd ones.
    enough = citing == len(run) if len(run) < 3 else 10 * citing >= 6 * len(run)
    if enough and (len(run) > 1 or run[0].signs >= 3):
        yield run[0].first, run[-1].last


def _unnumbered_runs(lines: list[Line]) -> Iterable[Run]:
    """Three or more lines in a row, each beyond doubt a citation by author, year and more."""
    first, last, count = 0, 0, 0
    for index, line in enumerate(lines):
        if line.blank:
            continue
        if _cites_by_itself(line.text):
            first = index if count == 0 else first
            last, count = index + 1, count + 1
            continue
        if count >= 3:
            yield first, last
        count = 0
    if count >= 3:
        yield first, last


def _cites_by_itself(text: str) -> bool:
    if not 30 <= len(text) <= 500:
        return False
    text = re.sub(r"^[-*•]\s+", "", text)
    return bool(_AUTHOR.search(text) or _ADDRESS.search(text)) and _signs(text) >= 3


def _signs(text: str) -> int:
    return sum(bool(sign.search(text[:_ENTRY_CHARS])) for sign in _SIGNS)
