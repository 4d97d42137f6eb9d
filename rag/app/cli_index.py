"""`rag index`, `rag status`, `rag verify`, `rag show`: the documents and their index."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from rag.app.console import (
    IndexOption,
    JsonOption,
    QuietOption,
    SourcesOption,
    clean,
    err,
    note,
    out,
    print_json,
    printable,
    progress_bar,
)
from rag.core.errors import UsageError

if TYPE_CHECKING:
    from rag.indexing.build import SyncReport

SOME_FAILED = 3
CONTEXT = 300  # characters shown on each side of a span


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command("index")(index)
    app.command("show")(show)
    app.command("status")(status)
    app.command("verify")(verify)


def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folder or files to index.  \\[default: seeds]", show_default=False),
    ] = None,
    index: IndexOption = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Start over (new model, splitter or sizes).")
    ] = False,
    chunk_size: Annotated[
        int | None, typer.Option(help="Longest chunk, characters.  \\[default: 800]")
    ] = None,
    chunk_overlap: Annotated[
        int | None, typer.Option(help="Overlap of neighbours, characters.  \\[default: 0]")
    ] = None,
    embedder: Annotated[
        str | None, typer.Option(help="'bundled', a model folder, or a model name.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build or update the index: only new or changed documents are embedded, deleted ones leave.

    Exit code 3 when some documents could not be read; the others are indexed.

    Examples:

    $ rag index

    $ rag index ~/articoli --index ~/articoli.index
    """
    from rag.app.library import build_index
    from rag.core.config import load_settings

    settings = load_settings(
        index=index, chunk_size=chunk_size, chunk_overlap=chunk_overlap, embedder=embedder
    )
    with progress_bar(not quiet) as progress:
        report = build_index(settings, paths, rebuild=rebuild, progress=progress, notify=note)
    if as_json:
        print_json(report_json(report))
    elif not quiet:
        show_report(report)
    show_skipped(report)
    if report.skipped:
        raise typer.Exit(SOME_FAILED)


def report_json(report: SyncReport) -> dict[str, object]:
    """What an update of the index did."""
    return {
        "added": list(report.added),
        "changed": list(report.changed),
        "removed": list(report.removed),
        "unchanged": list(report.unchanged),
        "skipped": [
            {"path": s.path, "reason": s.reason, "remedy": s.remedy} for s in report.skipped
        ],
        "chunks": report.chunks,
        "embedded": report.embedded,
        "sequence": report.sequence,
        "seconds": {stage: round(s, 3) for stage, s in report.seconds.items()},
    }


def show_report(report: SyncReport) -> None:
    """What changed and how long each stage took, on stderr."""
    for sign, style, names in (
        ("+", "green", report.added),
        ("~", "yellow", report.changed),
        ("-", "red", report.removed),
    ):
        for name in names[:20]:
            err.print(f"  {sign} {name}", style=style, markup=False)
        if len(names) > 20:
            err.print(f"  {sign} … and {len(names) - 20} more", style=style)
    documents = len(report.added) + len(report.changed) + len(report.unchanged)
    stages = ", ".join(f"{stage} {s:.2f} s" for stage, s in report.seconds.items())
    note(
        f"{_count(documents, 'document')}, {_count(report.chunks, 'chunk')}: "
        f"{len(report.added)} added, {len(report.changed)} changed, "
        f"{len(report.removed)} removed, {len(report.unchanged)} unchanged ({stages})."
    )


def show_skipped(report: SyncReport) -> None:
    """One line for each document that could not be read, on stderr."""
    for skipped in report.skipped:
        err.print("Warning: ", style="yellow", end="")
        err.print(f"{skipped.path}: {skipped.reason} {skipped.remedy}".strip(), markup=False)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show(
    reference: Annotated[
        str, typer.Argument(metavar="DOC[:START-END]", help="Document id or path, and a span.")
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a document, or a span in its context (the span highlighted).

    Examples:

    $ rag show 001_a5626f72106a2a59.txt

    $ rag show 001_a5626f72106a2a59.txt:3148-3380
    """
    from rag.app.library import Library
    from rag.app.views import document_json

    key, span = parse_reference(reference)
    document = Library.open(index, update=False).document(key)
    if span and not 0 <= span[0] < span[1] <= len(document.text):
        raise UsageError(
            f"Span {span[0]}-{span[1]} is outside '{document.path}', "
            f"which has {len(document.text):,} characters.",
            "Offsets are characters from 0, the end exclusive.",
        )
    if as_json:
        shown = document_json(document)
        if span:
            shown["span"] = {
                "start": span[0],
                "end": span[1],
                "text": document.text[span[0] : span[1]],
            }
        print_json(shown)
        return
    facts = " · ".join(filter(None, [document.title, document.date, document.author]))
    note(
        f"{document.path} ({document.doc_id}, {document.language})"
        + (f"\n{facts}" if facts else "")
    )
    if not span:
        out.print(printable(document.text), markup=False, soft_wrap=True)
        return
    start, end = span
    before, after = document.text[max(0, start - CONTEXT) : start], document.text[end:][:CONTEXT]
    text = Text.assemble(
        ("…" if start > CONTEXT else "") + before,
        (document.text[start:end], "bold"),
        after + ("…" if end + CONTEXT < len(document.text) else ""),
        style="dim",
    )
    out.print(clean(text), soft_wrap=True)


def parse_reference(reference: str) -> tuple[str, tuple[int, int] | None]:
    """("doc", (start, end)) from "doc:start-end"; the span is None when there is none."""
    match = re.fullmatch(r"(.+):(\d{1,12})-(\d{1,12})", reference, re.DOTALL)
    if not match:
        return reference, None
    return match[1], (int(match[2]), int(match[3]))


def status(
    index: IndexOption = None, sources: SourcesOption = None, as_json: JsonOption = False
) -> None:
    """Show what is indexed, with which model, how big it is, and whether it is current."""
    from rag.app.library import Library

    state = Library.open(index, sources, update=False).status()
    if as_json:
        print_json(state)
        return
    for name, value in state.items():
        shown = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        out.print(f"{name.replace('_', ' '):>14}  ", style="dim", end="")
        out.print(shown, markup=False, soft_wrap=True)


def verify(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Check every checksum and invariant of the index; say what is wrong, and exit 1, if any."""
    from rag.core.config import load_settings
    from rag.indexing.verify import verify as verify_index

    folder = load_settings(index=index).index
    problems = verify_index(folder)
    if as_json:
        print_json(
            {
                "ok": not problems,
                "problems": [{"what": p.what, "remedy": p.remedy} for p in problems],
            }
        )
    else:
        for problem in problems:
            err.print("Wrong: ", style="bold red", end="")
            err.print(f"{problem.what} {problem.remedy}".strip(), markup=False)
        note(
            "The index is whole." if not problems else f"{_count(len(problems), 'problem')} found."
        )
    if problems:
        raise typer.Exit(1)
