"""Answers and passages as HTML for a notebook; whatever a document or model wrote is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.core.types import Answer, Citation, ScoredChunk

SOURCES = {"it": "Fonti", "en": "Sources"}
NEAREST = {"it": "I passi più vicini", "en": "The nearest passages"}


def source_line(number: int, citation: Citation) -> str:
    """ "[1] Title · 2025-11-07 · file.txt:120-180", the last a reference for `rag show`."""
    facts = [citation.title, citation.date, f"{citation.path}:{citation.start}-{citation.end}"]
    return f"[{number}] " + " · ".join(fact for fact in facts if fact)


def hit_line(rank: int, hit: ScoredChunk) -> str:
    """ "1. 0.912 · Title · 2025-11-07 · file.txt:120-180"."""
    facts = [
        f"{hit.score:.3f}",
        hit.title,
        hit.date,
        f"{hit.path}:{hit.chunk.start}-{hit.chunk.end}",
    ]
    return f"{rank}. " + " · ".join(fact for fact in facts if fact)


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
        f"<li>{escape(source_line(n, c).partition('] ')[2])}<br><q>{escape(c.quote)}</q></li>"
        for n, c in enumerate(answer.citations, 1)
    )
    body = "".join(parts).replace("\n", "<br>")
    heading = (NEAREST if answer.abstained else SOURCES)[answer.language]
    sources = f"<p><b>{heading}</b></p><ol>{items}</ol>" if items else ""
    return f"<div><p>{body}</p>{sources}</div>"


def passages_html(question: str, hits: Sequence[ScoredChunk]) -> str:
    """Ranked passages for a notebook, escaped."""
    items = "".join(
        f"<li><small>{escape(hit_line(rank, hit).partition('. ')[2])}</small>"
        f"<br>{escape(hit.chunk.text)}</li>"
        for rank, hit in enumerate(hits, 1)
    )
    return f"<div><p><b>{escape(question)}</b></p><ol>{items}</ol></div>"
