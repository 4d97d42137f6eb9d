"""The answer without a language model: one to three sentences of the sources, quoted exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer import wording
from rag.answer.evidence import Candidate, Evidence
from rag.core.dates import readable_date
from rag.core.types import Citation, Document, Language

MOST = 3  # quotes in an answer
CLOSE = 0.8  # a further quote scores at least this share of the best one's score
DUPLICATE = 0.6  # of shared stems (Jaccard)

_EDGE = re.compile(r"(?:\s|\[\d{1,3}\]|\[[A-Z]{1,3}\d{1,2}\])+")


def choose(evidence: Evidence, most: int = MOST) -> list[Candidate]:
    """The sentences that answer, best first: the best one, and others that add something.

    A further sentence must score close to the best and be no near-duplicate, and must hold terms of
    the question that the others lack, or the kind of thing asked for from another document.
    """
    chosen: list[Candidate] = []
    for candidate in evidence.candidates:
        if len(chosen) == most:
            break
        if not chosen:
            chosen.append(candidate)
        elif candidate.score < CLOSE * chosen[0].score:
            break
        elif not any(_alike(candidate, other) for other in chosen) and _adds(
            evidence, candidate, chosen
        ):
            chosen.append(candidate)
    return chosen


def _alike(one: Candidate, two: Candidate) -> bool:
    if one.hit.chunk.doc_id == two.hit.chunk.doc_id and one.start < two.end and two.start < one.end:
        return True
    first, second = one.terms.stems, two.terms.stems
    # Two sources that say nearly the same with other figures disagree: both are worth showing.
    if one.terms.values != two.terms.values:
        return False
    return len(first & second) >= DUPLICATE * max(1, len(first | second))


def _adds(evidence: Evidence, candidate: Candidate, chosen: Sequence[Candidate]) -> bool:
    """Whether the sentence adds something, about the same names and numbers as the best one."""
    best = chosen[0]
    keys = [term for term in evidence.asked if term.kind != "word"]
    lost = any(best.terms.holds(term) and not candidate.terms.holds(term) for term in keys)
    new = [
        term
        for term in evidence.asked
        if candidate.terms.holds(term) and not any(c.terms.holds(term) for c in chosen)
    ]
    if lost and all(term.kind == "word" for term in new):
        return False
    if candidate.fit < best.fit:
        return bool(new) and candidate.coverage >= best.coverage
    elsewhere = all(candidate.hit.chunk.doc_id != c.hit.chunk.doc_id for c in chosen)
    return bool(new) or elsewhere or candidate.score >= 0.95 * best.score


def differ(evidence: Evidence, chosen: Sequence[Candidate]) -> bool:
    """Whether quotes of different dates give different figures for the same question."""
    if evidence.wanted.kind not in ("number", "date"):
        return False
    asked = {value for term in evidence.asked for value in term.values}
    told = [
        (candidate.hit.date, candidate.terms.values - asked)
        for candidate in chosen
        if candidate.fit == 1.0 and candidate.coverage >= 0.8 * chosen[0].coverage
    ]
    return any(
        one[0] != two[0] and one[1] and two[1] and not one[1] & two[1]
        for index, one in enumerate(told)
        for two in told[index + 1 :]
    )


def compose(
    language: Language,
    spans: Sequence[tuple[Document, int, int]],
    *,
    differing: bool = False,
) -> tuple[str, tuple[Citation, ...]]:
    """The answer's text and its citations, for spans given best first.

    Documents keep the order of their best quote, or come newest first when they differ; the quotes
    of one document stand in its own order.
    """
    trimmed = [trim(document, start, end) for document, start, end in spans]
    order = list(dict.fromkeys(document.doc_id for document, _, _ in spans))
    if differing:
        dates = {document.doc_id: document.date for document, _, _ in spans}
        order.sort(key=lambda doc_id: sort_date(dates[doc_id]), reverse=True)
    quotes = sorted(
        ((document, *span) for (document, _, _), span in zip(spans, trimmed, strict=True)),
        key=lambda quote: (order.index(quote[0].doc_id), quote[1]),
    )
    first = quotes[0][0]
    text = wording.frame(language, len(order), first.date, differ=differing)
    citations = []
    for number, (document, start, end) in enumerate(quotes, 1):
        quote = document.text[start:end]
        opening, closing = wording.quoted(quote, language)
        dated = ""
        if len(order) > 1 and document.date:
            dated = f"{readable_date(document.date, language)}: "
        text += f"\n{dated}{opening}"
        at = len(text)
        text += f"{quote}{closing} [{number}]"
        citations.append(Citation.of(document, start, end, (at, at + len(quote))))
    return text, tuple(citations)


def trim(document: Document, start: int, end: int) -> tuple[int, int]:
    """The span without white space and footnote marks at its ends (unless nothing is left)."""
    text = document.text[start:end]
    leading = _EDGE.match(text)
    left = leading.end() if leading else 0
    right = len(text)
    for match in _EDGE.finditer(text):
        if match.end() == len(text):
            right = match.start()
    if left >= right:
        return start, end
    return start + left, start + right


def sort_date(date: str | None) -> str:
    """A key that sorts ISO dates of any precision; dates without a year and none come first."""
    return date if date and date[0].isdigit() else ""
