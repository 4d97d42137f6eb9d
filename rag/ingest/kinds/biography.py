"""The author's biography at the end of an article."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.core.types import Kind
from rag.ingest.kinds.lines import Line, Run, reading_paragraphs

_BIO_HEADING = re.compile(
    r"(?:#{1,6}\s*|\*\*)?(?:l['’]autor[ei]|l['’]autrice|chi è l['’]autor[ei]|sull['’]autor[ei]|"
    r"autor[ei]|"
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
_BYLINE_CHARS = 100


def biography_runs(lines: list[Line], kinds: Sequence[Kind]) -> list[Run]:
    """The last paragraph, where it presents somebody of whom the text before does not speak."""
    prose = [run for run in reading_paragraphs(lines, kinds) if kinds[run[0]] == "prose"]
    if not prose:
        return []
    first, last = prose[-1]
    text = " ".join(line.text for line in lines[first:last])
    if len(text) > _BIO_CHARS[1]:
        return []
    signs = sum(bool(sign.search(text)) for sign in _BIO_SIGNS)
    if signs and last - first > 1 and _is_heading(lines[first].text):
        return [(first, last)]
    if signs and len(prose) > 1 and _is_heading(lines[prose[-2][0]].text):
        return [(prose[-2][0], last)]
    if signs < 3 or len(text) < _BIO_CHARS[0] or len(prose) < 2:
        return []
    after_list = "reference" in kinds[:first]
    return [(first, last)] if after_list or not _is_known(text, lines[:first]) else []


def _is_heading(text: str) -> bool:
    return len(text) <= 60 and bool(_BIO_HEADING.fullmatch(text))


def _is_known(text: str, before: Sequence[Line]) -> bool:
    """Whether the story is about the person too (bylines, which are short, do not count)."""
    story = "\n".join(line.text for line in before if len(line.text) > _BYLINE_CHARS)
    story += "\n".join(line.text for line in before[8:])
    names = set(_SUBJECT.findall(text))
    return not names or any(re.search(rf"\b{re.escape(name)}\b", story) for name in names)
