"""The tables of a run, for every way of showing them: terminal, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluate.figures import ALL, Figure, Figures
from rag.evaluate.measures import (
    ABSTENTION,
    ANSWERS,
    AUROC,
    CALIBRATION,
    RETRIEVAL,
    SHOWN_TEXT,
    Measure,
)
from rag.evaluate.store import Run

LANGUAGE_NAMES = {ALL: "All questions", "it": "Italian", "en": "English"}


@dataclass(frozen=True, slots=True)
class Row:
    """A slice: its label, how many questions it has, and a figure (or none) for each column."""

    label: str
    n: int
    cells: tuple[Figure | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are slices of the questions, columns are measures."""

    title: str
    columns: tuple[Measure, ...]
    rows: tuple[Row, ...]


def retrieval_table(run: Run, kind: str = "") -> Table | None:
    """Passages found; `kind` is "" for languages, "type" or "tag" for those slices."""
    return _table("Finding the passage", RETRIEVAL, run, kind)


def answer_table(run: Run, kind: str = "") -> Table | None:
    """What the passages and the answers show."""
    return _table("What is shown", (SHOWN_TEXT, *ANSWERS), run, kind)


def abstention_table(run: Run, kind: str = "") -> Table | None:
    """Knowing when there is no answer."""
    columns = (AUROC, *ABSTENTION, CALIBRATION)
    return _table("Knowing when there is no answer", columns, run, kind)


def tables(run: Run, kind: str = "") -> list[Table]:
    """Those of the three tables that have a figure."""
    found = (retrieval_table(run, kind), answer_table(run, kind), abstention_table(run, kind))
    return [table for table in found if table is not None]


def follow_up_table(run: Run, resolved: bool) -> Table | None:
    """Follow-up questions, resolved with the history or searched as they stand."""
    if run.conversations is None:
        return None
    figures = run.conversations.resolved if resolved else run.conversations.alone
    title = "resolved with the history" if resolved else "the last message alone"
    return _of_figures(f"Follow-up questions: {title}", RETRIEVAL, figures, "")


def _table(title: str, columns: Sequence[Measure], run: Run, kind: str) -> Table | None:
    return _of_figures(title, columns, run.figures, kind)


def _of_figures(
    title: str, columns: Sequence[Measure], figures: Figures, kind: str
) -> Table | None:
    prefix = f"{kind}:" if kind else ""
    cuts = [cut for cut in figures if cut.startswith(prefix) and (kind or ":" not in cut)]
    if kind == "type" and len(cuts) == 1:
        return None  # it would repeat the figures of all questions
    used = tuple(one for one in columns if any(one.name in figures[cut] for cut in cuts))
    rows = []
    for cut in cuts:
        cells = tuple(figures[cut].get(one.name) for one in used)
        if any(cells):
            n = max(cell.n for cell in cells if cell is not None)
            label = LANGUAGE_NAMES.get(cut, cut.removeprefix(prefix).replace("_", " "))
            rows.append(Row(label, n, cells))
    return Table(f"{title} by {kind}" if kind else title, used, tuple(rows)) if rows else None


def number(value: float) -> str:
    """A figure as it is shown: three decimals."""
    return f"{value:.3f}"


def interval(figure: Figure) -> str:
    """Its 95% interval as it is shown."""
    return f"{figure.low:.2f}–{figure.high:.2f}"
