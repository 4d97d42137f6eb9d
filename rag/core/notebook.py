"""Answers and passages as HTML for a notebook; whatever a document or model wrote is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from rag.core.dates import readable_date

if TYPE_CHECKING:
    from rag.core.types import Answer, Citation, Language, ScoredChunk

SOURCES = {"it": "Fonti", "en": "Sources"}
NEAREST = {"it": "I passi più vicini", "en": "The nearest passages"}


def source_line(citation: Citation, language: Language) -> str:
    """ "Title · 7 November 2025 · file.txt:120-180", the last a reference for `rag show`."""
    date = readable_date(citation.date, language) if citation.date else None
    facts = [citation.title, date, f"{citation.path}:{citation.start}-{citation.end}"]
    return " · ".join(fact for fact in facts if fact)


def hit_line(hit: ScoredChunk, language: Language) -> str:
    """ "0.912 · Title · 7 November 2025 · file.txt:120-180"."""
    date = readable_date(hit.date, language) if hit.date else None
    place = f"{hit.path}:{hit.chunk.start}-{hit.chunk.end}"
    return " · ".join(fact for fact in [f"{hit.score:.3f}", hit.title, date, place] if fact)


def answer_html(answer: Answer) -> str:
    """An answer for a notebook: everything from documents and models escaped."""
    marks = sorted(answer.citations, key=lambda c: c.answer_start)
    parts, at = [], 0
    for citation in marks if not answer.abstained else []:
        if citation.answer_start < at:
            continue
        parts.append(escape(answer.text[at : citation.answer_start]))
        quote = answer.text[citation.answer_start : citation.answer_end]
        parts.append(f"<mark>{escape(quote)}</mark>")
        at = citation.answer_end
    parts.append(escape(answer.text[at:]))
    items = "".join(
        f"<li>{escape(source_line(c, answer.language))}<br><q>{escape(c.quote)}</q></li>"
        for c in answer.citations
    )
    body = "".join(parts).replace("\n", "<br>")
    heading = (NEAREST if answer.abstained else SOURCES)[answer.language]
    sources = f"<p><b>{heading}</b></p><ol>{items}</ol>" if items else ""
    return f"<div><p>{body}</p>{sources}</div>"


def passages_html(question: str, language: Language, hits: Sequence[ScoredChunk]) -> str:
    """Ranked passages for a notebook, escaped."""
    items = "".join(
        f"<li><small>{escape(hit_line(hit, language))}</small><br>{escape(hit.chunk.text)}</li>"
        for hit in hits
    )
    return f"<div><p><b>{escape(question)}</b></p><ol>{items}</ol></div>"
