"""What every command shares: options, the two streams, errors, progress."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from rag.core.errors import RagError

# rich honours NO_COLOR itself; `soft_wrap` keeps one diagnostic on one line when it is piped.
out = Console(highlight=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

IndexOption = Annotated[
    Path | None, typer.Option("--index", help="Folder of the index.  \\[default: index]")
]
SourcesOption = Annotated[
    Path | None,
    typer.Option("--sources", help="Folder of the documents.  \\[default: as indexed, or seeds]"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON (see docs/api.md).")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]

Progress = Callable[[str, int, int], None]


def show_error(error: RagError) -> None:
    """One line for what happened, one for the remedy, on stderr."""
    err.print("[bold red]Error:[/] ", end="")
    err.print(printable(error.message), markup=False)
    if error.remedy:
        err.print(printable(error.remedy), markup=False, style="dim")


def note(message: str) -> None:
    """A diagnostic on stderr."""
    err.print(printable(message), markup=False, style="dim")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters shown as �, but for line ends."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else "�" for c in text)


def clean(text: Text) -> Text:
    """The same, keeping styles: every control character is replaced by one character."""
    cleaned = text.copy()
    cleaned.plain = printable(text.plain)
    return cleaned


def print_json(value: Any, *, line: bool = False) -> None:
    """JSON on stdout, readable by default, on one line with `line`; accents as they are."""
    text = json.dumps(value, ensure_ascii=False, indent=None if line else 2)
    sys.stdout.write(text + "\n")
    if line:
        sys.stdout.flush()


@contextmanager
def progress_bar(enabled: bool = True) -> Iterator[Progress | None]:
    """A progress bar on stderr, drawn only on a terminal; yields None when there is none."""
    if not (enabled and err.is_terminal):
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance
