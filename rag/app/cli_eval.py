"""`rag eval`: does it find the right passage, and does it know when there is none?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.app.console import IndexOption, QuietOption, SourcesOption
from rag.core.errors import UsageError

QUESTIONS = Path("eval/questions.jsonl")


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command("eval")(evaluate)


def evaluate(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Two runs for --compare; conditions for --sweep.", show_default=False),
    ] = None,
    set_file: Annotated[
        Path, typer.Option("--set", help="Judged questions, JSON lines (see eval/README.md).")
    ] = QUESTIONS,
    conversations: Annotated[
        Path | None,
        typer.Option(help="Judged follow-ups.  [default: conversations.jsonl beside the set]"),
    ] = None,
    index: IndexOption = None,
    sources: SourcesOption = None,
    name: Annotated[str, typer.Option(help="Name of the run, saved as eval/runs/NAME.")] = "latest",
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Save the run in this folder instead.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Passages to retrieve, at least 10.")] = 10,
    search_only: Annotated[
        bool, typer.Option("--search-only", help="Only search; do not answer.")
    ] = False,
    check_set: Annotated[
        bool, typer.Option("--check-set", help="Check the set against the documents, and stop.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare two saved runs, or conditions: A B.")
    ] = False,
    measure: Annotated[
        str, typer.Option(help="What counts as won or lost in --compare.")
    ] = "nDCG@10",
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Run the named conditions (none named: all).")
    ] = False,
    conditions: Annotated[
        Path, typer.Option(help="The conditions of --sweep and --compare.")
    ] = Path("eval/conditions.toml"),
    gate: Annotated[
        bool, typer.Option("--gate", help="Exit 1 when a figure fell below --expected.")
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Write this run's figures to --expected.")
    ] = False,
    expected: Annotated[
        Path, typer.Option(help="What the figures were, and by how much each may be worse.")
    ] = Path("eval/expected.json"),
    beir: Annotated[
        Path | None, typer.Option(help="A public set in BEIR layout, instead of --set.")
    ] = None,
    import_run: Annotated[
        Path | None, typer.Option("--import-run", help="Score this TREC run instead of searching.")
    ] = None,
    export_trec: Annotated[
        Path | None,
        typer.Option("--export-trec", help="Also write corpus, questions, qrels and run here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Measure search, answers and refusals on judged questions, and write a report.

    Examples:   rag eval   ·   rag eval --name after; rag eval --compare before after   ·
    rag eval --sweep lexical hybrid   ·   rag eval --gate   ·   rag eval --beir DIR
    """
    from rag.app import eval_modes
    from rag.evaluate.measures import DEPTH, require_ir_measures

    if k < DEPTH:
        raise UsageError(f"-k {k} is too few: recall is measured to {DEPTH}.", f"Use {DEPTH} up.")
    if sum((check_set, compare, sweep, beir is not None)) > 1:
        raise UsageError("Choose one of --check-set, --compare, --sweep and --beir.")
    if names and not (compare or sweep):
        raise UsageError(f"'{names[0]}' needs --compare or --sweep before it.")
    options = eval_modes.Options(
        names or [], set_file, conversations, index, sources, name, out_dir, k, search_only,
        conditions, measure, expected, gate, renew, import_run, export_trec, as_json, quiet,
    )  # fmt: skip
    if not check_set:
        require_ir_measures()
    if check_set:
        eval_modes.check(options)
    elif compare:
        eval_modes.compare(options)
    elif sweep:
        eval_modes.sweep(options)
    elif beir is not None:
        eval_modes.beir(options, beir)
    else:
        eval_modes.run(options)
