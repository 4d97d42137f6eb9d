"""What each stretch of a text is: prose, a reference list, the author's biography, a caption.

General rules over lines and paragraphs, each of which needs several signs at once: what is wrongly
taken out of the prose is harder to find, so in doubt it stays prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.core.types import Kind


@dataclass(frozen=True, slots=True)
class Region:
    """`text[start:end]` is of one kind. Regions follow each other without a gap."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int  # with its line end
    text: str  # without blanks around it

    @property
    def blank(self) -> bool:
        return not self.text


def regions(text: str) -> list[Region]:
    """The text as regions: together they are the whole text, and neighbours differ in kind."""
    lines = _lines(text)
    kinds: list[Kind] = ["prose"] * len(lines)
    for first, last in _reference_runs(lines):
        kinds[first:last] = ["reference"] * (last - first)
    for first, last in _captions(lines, kinds):
        kinds[first:last] = ["caption"] * (last - first)
    for first, last in _biographies(lines, kinds):
        kinds[first:last] = ["biography"] * (last - first)
    found: list[Region] = []
    for line, kind in zip(lines, kinds, strict=True):
        if found and (line.blank or found[-1].kind == kind):
            found[-1] = Region(found[-1].start, line.end, found[-1].kind)
        else:
            found.append(Region(line.start, line.end, kind))
    return found


def _lines(text: str) -> list[_Line]:
    lines, start = [], 0
    for piece in text.split("\n"):
        end = min(start + len(piece) + 1, len(text))
        if end > start:
            lines.append(_Line(start, end, piece.strip()))
        start = end
    return lines


# --- reference lists ---------------------------------------------------------------------------

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
_SIGNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"https?://|\bwww\.\w",
        r"\b(?:1[6-9]|20)\d\d\b",
        r"[“\"«‘'][^“”\"«»\n]{8,}[”\"»’']|_[^_]{8,}_|\*[^*]{8,}\*",
        r"^[^\w\n]*(?:\[\^?\d+\]:?|\d+[.)]?)?\s*[A-ZÀ-Þ][\w’'‑-]+,\s+[A-ZÀ-Þ][\w.’'-]*",
        r"(?i)\bpp?\.\s*\d|\bvol\.|\bn\.\s*\d|\bno\.\s*\d|\bcap\.\s*\d|\d+\s*\(\d+\)",
        r"(?i)\bet al\b|\b(?:retrieved|accessed|consultato|ultimo accesso)\b|\(a cura di\)|\beds?\.",
        r"\((?:1[6-9]|20)\d\d[a-z]?\)",
        r"(?i)\b(?:university press|journal|review|editore|edizioni|publishing|press)\b",
    )
)
_CERTAIN = re.compile(
    r"(?i)\bibid(?:em)?\b|\bop\.?\s*cit\b|\bloc\.\s*cit\b|\bdoi\b\s*:?\s*10\.|\bdoi\.org/|\bisbn\b"
    r"|\bivi,\s*p|^\W*\d*\W*(?:cfr\.|vd\.|see also|cf\.)\s"
)
_ENTRY_CHARS = 900


@dataclass(frozen=True, slots=True)
class _Entry:
    first: int  # line numbers, end exclusive
    last: int
    number: int | None
    weak: bool  # "1." also numbers steps and ranks; "[1]" seldom does
    signs: int


def _reference_runs(lines: list[_Line]) -> list[tuple[int, int]]:
    runs = [*_headed_runs(lines), *_numbered_runs(lines), *_unnumbered_runs(lines)]
    return sorted(runs)


def _headed_runs(lines: list[_Line]) -> Iterable[tuple[int, int]]:
    """A heading such as "Bibliografia", and the entries under it."""
    for index, line in enumerate(lines):
        if len(line.text) > 60 or not _LIST_HEADING.fullmatch(line.text):
            continue
        last, misses, seen, hits = index + 1, 0, 0, 0
        for position in range(index + 1, len(lines)):
            text = lines[position].text
            if not text:
                continue
            if re.match(r"#{1,6}\s", text):
                break
            seen += 1
            if _signs(text) >= 2 or _CERTAIN.search(text) or (_signs(text) and len(text) < 120):
                last, misses, hits = position + 1, 0, hits + 1
            elif (misses := misses + 1) > 2 or len(text) > 400:
                break
        if hits and 2 * hits >= seen - misses:
            yield index, last


def _numbered_runs(lines: list[_Line]) -> Iterable[tuple[int, int]]:
    """Entries numbered upwards from line to line, most of which look like citations."""
    run: list[_Entry] = []
    for entry in _entries(lines):
        if run and not _continues(run[-1], entry, lines):
            yield from _accept(run)
            run = []
        run.append(entry)
    yield from _accept(run)


def _entries(lines: list[_Line]) -> Iterable[_Entry]:
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
        signs = 0 if len(text) > _ENTRY_CHARS else 3 if _CERTAIN.search(text) else _signs(text)
        yield _Entry(index, last, number, match["b"] is not None, signs)
        index = last


def _continues(before: _Entry, entry: _Entry, lines: list[_Line]) -> bool:
    gap = lines[before.last : entry.first]
    rising = entry.number is not None and before.number is not None
    return (
        rising
        and 1 <= (entry.number or 0) - (before.number or 0) <= 3
        and before.weak == entry.weak
        and all(line.blank for line in gap)
    )


def _accept(run: list[_Entry]) -> Iterable[tuple[int, int]]:
    if not run:
        return
    needed = 3 if run[0].weak else 2
    citing = sum(entry.signs >= needed for entry in run)
    # One entry alone must be beyond doubt; a list may hold some odd ones.
    enough = citing == len(run) if len(run) < 3 else 10 * citing >= 6 * len(run)
    if enough and (len(run) > 1 or run[0].signs >= 3):
        yield run[0].first, run[-1].last


def _unnumbered_runs(lines: list[_Line]) -> Iterable[tuple[int, int]]:
    """Three or more lines in a row, each beyond doubt a citation by author, year and more."""
    first, last, count = 0, 0, 0
    for index, line in enumerate(lines):
        if line.blank:
            continue
        text = re.sub(r"^[-*•]\s+", "", line.text)
        if (
            len(text) <= 500
            and _signs(text) >= 3
            and (_SIGNS[3].search(text) or _SIGNS[0].search(text))
        ):
            first = index if count == 0 else first
            last, count = index + 1, count + 1
            continue
        if count >= 3:
            yield first, last
        count = 0
    if count >= 3:
        yield first, last


def _signs(text: str) -> int:
    return sum(bool(sign.search(text[:_ENTRY_CHARS])) for sign in _SIGNS)


# --- captions ----------------------------------------------------------------------------------

_CREDIT = (
    r"(?:credit[oi]?\s+(?:fotografic[oi]|fot[oa]|immagin[ei])|(?:photo|image|picture)\s+credits?|"
    r"(?:photo|image|picture|foto|fotografia|immagine)\s+(?:by|courtesy(?:\s+of)?)|"
    r"fonte\s+(?:foto|immagine)|foto|fotografia|photo|photograph|immagine|image|didascalia|caption|"
    r"credits?|courtesy|ph\.?)"
)
_CREDIT_LINE = re.compile(rf"[\[(*_]*{_CREDIT}\s*[:©]\s*\S", re.I)
_CREDIT_END = re.compile(
    rf"(?:[.!?”»\"]\s+|\s*[\[(]|\s[|–—/-]\s*){_CREDIT}\s*(?:[:©]\s*|/\s*|di\s+|by\s+)[^.!?\n]{{2,60}}[)\]]?\.?$"
    r"|[\[(](?:foto|photo|ansa|epa|reuters|afp|getty(?: images)?|lapresse|image)\b[^()\n]{0,50}[)\]]\.?$"
    r"|©\s*[\w ./-]{2,50}$",
    re.I,
)
_FIGURE = re.compile(
    r"(?:figura|figure|fig\.|tabella|table|grafico|chart)\s+\d+\s*[.:–—-]\s*\S", re.I
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_CAPTION_CHARS = 300


def _captions(lines: list[_Line], kinds: list[Kind]) -> list[tuple[int, int]]:
    """Short paragraphs that end in, or are, the credit of a picture, or that label a figure."""
    found: list[tuple[int, int]] = []
    for first, last in _paragraphs(lines):
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


def _paragraphs(lines: list[_Line]) -> list[tuple[int, int]]:
    """Runs of lines without a blank one between them."""
    found: list[tuple[int, int]] = []
    for index, line in enumerate(lines):
        if line.blank:
            continue
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found


# --- biographies -------------------------------------------------------------------------------

_BIO_HEADING = re.compile(
    r"(?:#{1,6}\s*|\*\*)?(?:l['’]autor[ei]|l['’]autrice|chi è l['’]autor[ei]|sull['’]autor[ei]|autor[ei]|"
    r"about the authors?|(?:the )?authors?|note biografiche|nota biografica|biografia|biography)"
    r"(?:\*\*)?\s*:?",
    re.I,
)
_BIO_SIGNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\bsi (?:è )?laurea(?:t[oa])?\b|\blaureat[oa] (?:in|presso|all)|\blaurea (?:triennale|"
        r"magistrale|in)\b|\bgraduat(?:ed|e) (?:from|in|of)|\b(?:holds|has|received|earned) "
        r"(?:a|an|his|her|their) (?:ph\.?d|degree|master|bachelor|m\.?a\.?|b\.?a\.?|doctorate)",
        r"\bappassionat[oa] d|\bpassionate about\b|\binteressi di ricerca\b|\baree di interesse\b|"
        r"\b(?:research|areas of) interests?\b|\bsi occupa (?:di|principalmente)\b|"
        r"\b(?:covers|specializ|specialis)\w*\b|\bspecializzat[oa]\b",
        r"\bcollabor(?:a|ato) con\b|\bscrive (?:per|di|su)\b|\bwrites (?:for|about|on)\b|"
        r"\bcontribut(?:es|or|ing)\b|\bha (?:pubblicato|scritto per|lavorato)\b|"
        r"\bwork has appeared\b|\bhas written for\b",
        r"\b(?:è|is) (?:un|una|a|an|il|la|the|dottorand|giornalista|ricerca|professor|analist|"
        r"senior|research|editor|direttor|visiting|associate|assistant|phd)\w*\b",
        r"\b(?:ricercat(?:ore|rice)|dottorand[oa]|professor(?:e|essa)?|docente|giornalista|"
        r"analista|redattor|redattrice|research fellow|researcher|journalist|fellow|lecturer|"
        r"phd candidate|analyst|reporter|correspondent|editor)\b",
        r"\buniversit(?:à|y|ies)\b|\bdottorato\b|\bph\.?d\b|\bthink tank\b|\bmaster\b",
        r"\bnat[oa] (?:a|nel)\b|\bborn in\b|\bvive (?:a|tra|in)\b|\blives in\b|\bbased in\b",
        r"(?:follow|segui|twitter|linkedin|instagram)[^.]{0,30}@\w|@\w+ on twitter",
        r"\bautor(?:e|ice) (?:di|del|della|de)\b|\bauthor of\b",
    )
)
_SUBJECT = re.compile(
    r"([A-ZÀ-Þ][\w’'-]+)\s+(?:si|è|ha|is|has|holds|graduated|writes|was|nasce|scrive|vive|lives|"
    r"collabora|studia|teaches|covers|works|lavora|insegna)\b"
)
_BIO_CHARS = (60, 1500)


def _biographies(lines: list[_Line], kinds: list[Kind]) -> list[tuple[int, int]]:
    """The last paragraph, where it presents somebody of whom the text before does not speak."""
    prose = [span for span in _line_paragraphs(lines, kinds) if kinds[span[0]] == "prose"]
    if len(prose) < 2:
        return []
    first, last = prose[-1]
    text = " ".join(line.text for line in lines[first:last])
    heading = lines[prose[-2][0]].text if prose[-2][1] - prose[-2][0] == 1 else ""
    headed = len(heading) <= 60 and bool(_BIO_HEADING.fullmatch(heading))
    signs = sum(bool(sign.search(text)) for sign in _BIO_SIGNS)
    after_list = any(kind == "reference" for kind in kinds[:first])
    needed = 1 if headed else 3
    if not _BIO_CHARS[0] <= len(text) <= _BIO_CHARS[1] or signs < needed:
        return []
    if not headed and not after_list:
        body = "\n".join(line.text for line in lines[: prose[-2][1]] if line.start > 400)
        names = set(_SUBJECT.findall(text))
        if not names or any(re.search(rf"\b{re.escape(name)}\b", body) for name in names):
            return []
    return [(prose[-2][0] if headed else first, last)]


def _line_paragraphs(lines: list[_Line], kinds: list[Kind]) -> list[tuple[int, int]]:
    """Paragraphs as a reader sees them: a long line is one of its own, wrapped lines belong together."""
    found: list[tuple[int, int]] = []
    for first, last in _paragraphs(lines):
        wrapped = all(len(line.text) <= 120 for line in lines[first:last])
        whole = wrapped and len(set(kinds[first:last])) == 1
        found += [(first, last)] if whole else [(i, i + 1) for i in range(first, last)]
    return found
