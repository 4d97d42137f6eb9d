"""The report as Markdown: the tables and the failed questions; the same text on every run."""

from __future__ import annotations

from rag.evaluate.compare import Comparison
from rag.evaluate.failures import KINDS, failed
from rag.evaluate.figures import Figure
from rag.evaluate.store import Run
from rag.evaluate.tables import LANGUAGE_NAMES, Table, follow_up_table, interval, number, tables

SHOWN = 40


def markdown_report(run: Run) -> str:
    """The report of a run."""
    parts = [f"# Evaluation: {_plain(run.name)}\n\n{_facts(run)}\n"]
    for kind in ("", "type", "tag"):
        parts += [markdown_table(table) for table in tables(run, kind)]
    for resolved in (True, False):
        table = follow_up_table(run, resolved)
        if table is not None:
            parts.append(markdown_table(table))
    parts.append("Each cell: value (95% bootstrap interval). ↓: less is better.\n")
    parts.append(_failures(run))
    return "\n".join(parts)


def _facts(run: Run) -> str:
    index = run.described.get("index", {})
    facts = ", ".join(f"{key} {value}" for key, value in index.items())
    without = run.set.questions - run.set.answerable
    return (
        f"{run.set.questions} questions of `{run.set.name}`, {without} without an answer. "
        f"Index: {facts}."
    )


def markdown_table(table: Table) -> str:
    """A table of figures with their intervals."""
    names = [f"{one.label}{' ↓' if one.better == 'lower' else ''}" for one in table.columns]
    head = f"| | n | {' | '.join(names)} |\n| --- | ---: |{' ---: |' * len(names)}\n"
    rows = "".join(
        f"| {_plain(row.label)} | {row.n} | {' | '.join(_cell(cell) for cell in row.cells)} |\n"
        for row in table.rows
    )
    return f"## {table.title}\n\n{head}{rows}"


def _cell(figure: Figure | None) -> str:
    return f"{number(figure.value)} ({interval(figure)})" if figure is not None else "–"


def _failures(run: Run) -> str:
    lines = ["## Failed questions\n"]
    for kind, records in failed(run).items():
        lines.append(f"### {KINDS[kind][0]} ({len(records)})\n")
        for record in records[:SHOWN]:
            error = f": {_plain(record.error)}" if record.error else ""
            lines.append(f"- `{record.id}` {_plain(record.question)}{error}")
        if len(records) > SHOWN:
            lines.append(f"- and {len(records) - SHOWN} more, in run.json")
        lines.append("")
    return "\n".join(lines) if len(lines) > 1 else "## Failed questions\n\nNone.\n"


def comparison_report(comparison: Comparison) -> str:
    """Run B against run A: the differences with their p-values, the questions won and lost."""
    head = (
        f"# {_plain(comparison.b)} against {_plain(comparison.a)}\n\n"
        f"| | measure | n | {_plain(comparison.a)} | {_plain(comparison.b)} | difference | p |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n"
    )
    rows = "".join(
        f"| {LANGUAGE_NAMES.get(row.cut, row.cut)} | {row.measure} | {row.n} | {number(row.a)} | "
        f"{number(row.b)} | {row.difference:+.3f} | {row.p:.4f} |\n"
        for row in comparison.rows
    )
    lists = ""
    for title, changes in (("Won", comparison.won), ("Lost", comparison.lost)):
        lines = "".join(
            f"- {change.difference:+.3f} `{change.id}` {_plain(change.question)}\n"
            for change in changes
        )
        lists += f"\n## {title} on {comparison.measure} ({len(changes)})\n\n{lines}"
    return head + rows + lists + f"\n{comparison.same} questions are the same.\n"


def _plain(text: str) -> str:
    """Text that cannot break out of its line, cell or list."""
    flat = " ".join(text.split())
    for character in "\\`*_[]<>|":
        flat = flat.replace(character, "\\" + character)
    return flat
