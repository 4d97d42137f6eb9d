"""Answers and passages for a person at a terminal. (For a notebook: rag/core/notebook.py.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from rag.app.console import clean, err, out
from rag.core.notebook import NEAREST, SOURCES, hit_line, source_line
from rag.core.types import Answer, Citation, Document
from rag.retrieve.search import SearchResult

if TYPE_CHECKING:
    from rag.app.library import Library

CONTEXT = 160  # characters of the source shown on each side of a quote


def show_answer(answer: Answer, library: Library) -> None:
    """Print an answer, then each source with its quote in context."""
    if answer.notice:
        err.print(answer.notice, style="yellow", markup=False)
    text = Text(answer.text)
    if not answer.abstained:
        for citation in answer.citations:
            text.stylize("bold", citation.answer_start, citation.answer_end)
    out.print(clean(text), soft_wrap=not out.is_terminal)
    if not answer.citations:
        return
    headings = NEAREST if answer.abstained else SOURCES
    out.print(f"\n{headings[answer.language]}", style="bold")
    for number, citation in enumerate(answer.citations, 1):
        line = f"[{number}] {source_line(citation, answer.language)}"
        out.print(clean(Text(line, style="cyan")), soft_wrap=True)
        _indented(in_context(library.document(citation.doc_id), citation))


def _indented(text: Text) -> None:
    """A paragraph set in by four columns; on one line when it goes to a file or a pipe."""
    text = clean(text)
    if out.is_terminal:
        out.print(Padding(text, (0, 0, 0, 4)))
    else:
        out.print(Text("    ") + text, soft_wrap=True)


def in_context(document: Document, citation: Citation) -> Text:
    """The quote, highlighted, between the words around it, on one paragraph."""
    before, after = around(document, citation.start, citation.end)
    shown = Text()
    shown.append(" ".join(before.split()) + (" " if before[-1:].isspace() else ""), style="dim")
    shown.append(" ".join(citation.quote.split()), style="bold green")
    shown.append((" " if after[:1].isspace() else "") + " ".join(after.split()), style="dim")
    return shown


def around(document: Document, start: int, end: int) -> tuple[str, str]:
    """The words before and after a span, cut at spaces, with … where the text goes on."""
    left, right = max(0, start - CONTEXT), min(len(document.text), end + CONTEXT)
    before, after = document.text[left:start], document.text[end:right]
    if left:
        before = "… " + before.partition(" ")[2]
    if right < len(document.text):
        after = after.rpartition(" ")[0] + " …"
    return before, after


def show_results(result: SearchResult) -> None:
    """Print ranked passages with their scores and spans."""
    if not result.results:
        err.print("Nessun passo trovato." if result.language == "it" else "No passage found.")
    for rank, hit in enumerate(result.results, 1):
        line = f"{rank}. {hit_line(hit, result.language)}"
        out.print(clean(Text(line, style="cyan")), soft_wrap=True)
        _indented(Text(" ".join(hit.chunk.text.split())))
