"""The figures of `rag eval` for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from rag.app.console import out
from rag.app.evaluation import Measured
from rag.evaluate.compare import Change, Comparison, paired_p
from rag.evaluate.failures import KINDS, failed
from rag.evaluate.figures import ALL, Figure, latencies
from rag.evaluate.measures import MEASURES
from rag.evaluate.records import Record, Timing
from rag.evaluate.store import Run
from rag.evaluate.tables import (
    LANGUAGE_NAMES,
    Table,
    follow_up_table,
    interval,
    number,
    tables,
)

SWEPT = {
    "nDCG@10": "nDCG@10",
    "R@5": "R@5",
    "gold_in_3000": "Gold in 3,000",
    "answer_correct": "Answers right",
    "answered_wrong": "Answered wrongly ↓",
    "refused_wrong": "Refused wrongly ↓",
}
LISTED = 12  # questions won or lost that the terminal shows; the report has them all


def show_run(run: Run, timings: Mapping[str, Timing]) -> None:
    """Figures by language and by type of question, follow-ups, latency, and what failed."""
    for kind in ("", "type"):
        for table in tables(run, kind):
            show_table(table)
    for resolved in (True, False):
        followed = follow_up_table(run, resolved)
        if followed is not None:
            show_table(followed)
    _show_latency(run, timings)
    out.print("Each figure with its 95% bootstrap interval. ↓ less is better.", style="dim")
    for kind_of, records in failed(run).items():
        out.print(f"{len(records):4}  {KINDS[kind_of][0].lower()}", markup=False)
        if kind_of == "error":
            _show_errors(records)


def _show_errors(records: Sequence[Record]) -> None:
    """Each message once, with all the questions that ended in it."""
    by_message: dict[str, list[str]] = {}
    for record in records:
        by_message.setdefault(record.error or "", []).append(record.id)
    for message, ids in by_message.items():
        text = f"      {message} ({', '.join(ids)})"
        out.print(text, markup=False, style="red", soft_wrap=True)


def show_table(table: Table) -> None:
    """One table of figures, each above its interval."""
    drawn = _table(table.title, ["", "n"])
    for measure in table.columns:
        arrow = " ↓" if measure.better == "lower" else ""
        label = measure.label.replace("Recall@", "R@")
        drawn.add_column(label + arrow, justify="right", min_width=9)
    for row in table.rows:
        drawn.add_row(
            row.label.removesuffix(" questions"), str(row.n), *(_cell(cell) for cell in row.cells)
        )
    out.print(drawn)


def _cell(figure: Figure | None) -> Text:
    if figure is None:
        return Text("–", style="dim")
    return Text(number(figure.value) + "\n", style="bold").append(interval(figure), "not bold dim")


def _table(title: str, columns: Sequence[str]) -> RichTable:
    drawn = RichTable(
        title=f"\n{title}", title_justify="left", title_style="bold", box=SIMPLE_HEAD,
        show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in columns:
        drawn.add_column(column, justify="right" if column == "n" else "left")
    return drawn


def _show_latency(run: Run, timings: Mapping[str, Timing]) -> None:
    table = latencies(timings, run.records)
    if not any(table.values()):
        return
    drawn = _table("Latency, milliseconds", [""])
    for name in table[ALL]:
        drawn.add_column(name, justify="right")
    for cut, row in table.items():
        cells = [
            Text(f"{one.value:.1f}\n", style="bold").append(
                f"{one.low:.1f}–{one.high:.1f}", "not bold dim"
            )
            for one in row.values()
        ]
        drawn.add_row(LANGUAGE_NAMES.get(cut, cut), *cells)
    out.print(drawn)


def show_comparison(comparison: Comparison) -> None:
    """Where B differs from A, how surely, and on which questions."""
    drawn = _table(f"{comparison.b} against {comparison.a}", ["", "measure", "n"])
    for name in (comparison.a, comparison.b, "difference", "p"):
        drawn.add_column(name, justify="right")
    for row in comparison.rows:
        sure = "bold" if row.p < 0.05 else ""
        drawn.add_row(
            LANGUAGE_NAMES.get(row.cut, row.cut), MEASURES[row.measure].label, str(row.n),
            number(row.a), number(row.b), f"{row.difference:+.3f}", f"{row.p:.4f}", style=sure,
        )  # fmt: skip
    out.print(drawn)
    out.print("p: paired randomisation test, two-sided; bold below 0.05.", style="dim")
    for title, changes in (("Won", comparison.won), ("Lost", comparison.lost)):
        out.print(f"\n{title} on {comparison.measure}: {len(changes)}", style="bold")
        for change in changes[:LISTED]:
            out.print(_line(change), soft_wrap=True)
        if len(changes) > LISTED:
            out.print(f"  and {len(changes) - LISTED} more (see --json)", style="dim")
    out.print(f"\nThe same: {comparison.same}")


def _line(change: Change) -> Text:
    line = Text(f"  {change.difference:+.3f}  ", style="green" if change.difference > 0 else "red")
    return line.append(change.question, "default").append(f"  {change.id}", "dim")


def show_sweep(measured: Sequence[Measured]) -> None:
    """A row for each condition; p is against the first of them."""
    runs = [one.run for one in measured if one.run is not None]
    used = [name for name in SWEPT if any(name in run.figures[ALL] for run in runs)]
    drawn = _table("Conditions", [""])
    for heading in (*(SWEPT[name] for name in used), "p", "Search p50, ms", "Index, s"):
        drawn.add_column(heading, justify="right")
    for one in measured:
        drawn.add_row(one.condition.name, *_condition(one, runs[0], used) if one.run else ())
    out.print(drawn)
    for one in measured:
        if one.problem is not None:
            out.print(f"{one.condition.name}: {one.problem}", markup=False, style="red")
    out.print(
        "p: nDCG@10 against the first, paired randomisation test. ↓: less is better.", style="dim"
    )


def _condition(one: Measured, first: Run, used: Sequence[str]) -> list[str]:
    if one.run is None:
        return []
    row = one.run.figures[ALL]
    p = paired_p(first, one.run) if one.run is not first else None
    took = latencies(one.timings, one.run.records)[ALL].get("search p50")
    return [
        *(number(row[name].value) if name in row else "–" for name in used),
        f"{p:.4f}" if p is not None else "–",
        f"{took.value:.1f}" if took is not None else "–",
        f"{one.build_s:.1f}" if one.build_s is not None else "–",
    ]
