"""From quotes to spans: where in the documents the gold stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.core.types import Document
from rag.evaluate.judged import Conversation, Problem, Question, Quote

NEAREST_SHOWN = 120


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`document.text[start:end]` of the document at `path`, code points, end exclusive."""

    path: str
    start: int
    end: int

    @property
    def length(self) -> int:
        """Its characters."""
        return self.end - self.start


Need = tuple[Span, ...]
"""The spans any of which gives one thing that an answer needs."""


def occurrences(text: str, quote: str) -> list[int]:
    """Every start of `quote` in `text`, left to right, without overlaps."""
    starts = []
    at = text.find(quote)
    while at >= 0:
        starts.append(at)
        at = text.find(quote, at + len(quote))
    return starts


def find(quote: Quote, documents: Mapping[str, Document]) -> list[Span]:
    """The spans that `quote` stands for; `documents` by path.

    Raises ValueError, worded for the author of the set, when the document or the words are not
    there or the occurrence does not exist.
    """
    document = documents.get(quote.path)
    if document is None:
        raise ValueError(f"path {quote.path!r} is not among the {len(documents)} documents")
    starts = occurrences(document.text, quote.text)
    if not starts:
        raise ValueError(
            f"the quote {_short(quote.text)!r} does not stand in {quote.path}; "
            f"nearest: {_short(nearest(quote.text, document.text))!r}"
        )
    if quote.occurrence is not None:
        if quote.occurrence > len(starts):
            raise ValueError(
                f"occurrence {quote.occurrence} of {_short(quote.text)!r}, but {quote.path} has "
                f"it {len(starts)} times"
            )
        starts = [starts[quote.occurrence - 1]]
    return [Span(quote.path, at, at + len(quote.text)) for at in starts]


def resolve(
    needs: Sequence[Sequence[Quote]], documents: Mapping[str, Document]
) -> tuple[tuple[Need, ...], list[str]]:
    """The spans of each need, without repeats, and what is wrong with its quotes."""
    resolved: list[Need] = []
    wrong: list[str] = []
    for quotes in needs:
        spans: set[Span] = set()
        for quote in quotes:
            try:
                spans.update(find(quote, documents))
            except ValueError as error:
                wrong.append(str(error))
        resolved.append(tuple(sorted(spans)))
    return tuple(resolved), wrong


def resolve_all(
    items: Sequence[Question] | Sequence[Conversation], documents: Sequence[Document]
) -> tuple[dict[str, tuple[Need, ...]], list[Problem]]:
    """The needs of every item by its id, and a problem for each quote that is not in the text."""
    by_path = {document.path: document for document in documents}
    needs: dict[str, tuple[Need, ...]] = {}
    problems: list[Problem] = []
    for item in items:
        needs[item.id], wrong = resolve(item.needs, by_path)
        problems.extend(Problem(item.id, text) for text in wrong)
    return needs, problems


def nearest(quote: str, text: str) -> str:
    """The stretch of `text` most like `quote`: around their longest common run of characters."""
    matcher = SequenceMatcher(None, text, quote, autojunk=False)
    match = matcher.find_longest_match()
    start = max(0, match.a - match.b)
    return text[start : start + len(quote)]


def _short(text: str) -> str:
    return text if len(text) <= NEAREST_SHOWN else text[: NEAREST_SHOWN - 1] + "…"
