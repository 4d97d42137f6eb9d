"""`rag ask` and `rag search`: questions about the documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.app.console import (
    IndexOption,
    JsonOption,
    SourcesOption,
    note,
    print_json,
    progress_bar,
    show_error,
)
from rag.core.errors import RagError, SourceError, UsageError

BATCH = 64  # questions embedded at once by `rag search --input`

LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Only documents in this language: it or en.")
]
DocumentOption = Annotated[
    list[str] | None, typer.Option("--document", help="Only this document (id or path); repeat.")
]
SinceOption = Annotated[
    str | None, typer.Option("--from", help="Only documents dated from, e.g. 2024.")
]
UntilOption = Annotated[
    str | None, typer.Option("--to", help="Only documents dated up to, e.g. 2025-11.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command("ask")(ask)
    app.command("search")(search)


def ask(
    question: Annotated[str, typer.Argument(help="In Italian or in English.")],
    index: IndexOption = None,
    sources: SourcesOption = None,
    language: LanguageOption = None,
    document: DocumentOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with exact quotes, or say that the documents do not hold the answer.

    The index is built when there is none, and updated when the sources changed.

    Examples:

    $ rag ask "Chi ha firmato la dichiarazione?"

    $ rag ask "Middle Corridor?" --json
    """
    from rag.app.library import Library
    from rag.app.render import show_answer
    from rag.app.views import answer_json

    with progress_bar() as progress:
        library = Library.open(index, sources, progress=progress, notify=note)
    answer = library.ask(question, filters=library.filters(document, language, since, until))
    if as_json:
        print_json(answer_json(answer))
    else:
        show_answer(answer, library)


def search(
    question: Annotated[str | None, typer.Argument(help="In Italian or in English.")] = None,
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = 10,
    input: Annotated[
        str | None,
        typer.Option("--input", help="JSON lines with 'question' ('-': standard input)."),
    ] = None,
    index: IndexOption = None,
    language: LanguageOption = None,
    document: DocumentOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the passages for a question; with --input, for many, one JSON line each, in order.

    Examples:

    $ rag search "terre rare" -k 5

    $ rag search --input questions.jsonl
    """
    from rag.app.library import Library
    from rag.app.render import show_results
    from rag.app.views import search_json

    if (question is None) == (input is None):
        raise UsageError(
            "Give either a question or --input FILE.", 'For example: rag search "terre rare".'
        )
    library = Library.open(index, update=False, notify=note)
    filters = library.filters(document, language, since, until)
    if question is not None:
        result = library.search(question, k, filters)
        if as_json:
            print_json(search_json(result))
        else:
            show_results(result)
        return
    failed = 0
    for batch in _batches(read_questions(input or "-"), 1 if input == "-" else BATCH):
        for outcome in library.search_many(batch, k, filters):
            if isinstance(outcome, RagError):
                failed += 1
                show_error(outcome)
                print_json({"error": outcome.message, "remedy": outcome.remedy}, line=True)
            else:
                print_json(search_json(outcome), line=True)
    if failed:
        raise typer.Exit(1)


def _batches(questions: Iterable[str | RagError], size: int) -> Iterator[list[str | RagError]]:
    """Lists of at most `size`; 1 on standard input, where the asker may wait for each answer."""
    batch: list[str | RagError] = []
    for question in questions:
        batch.append(question)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def read_questions(name: str) -> Iterator[str | RagError]:
    """The `question` of each JSON line, or the error of that line; SourceError when unreadable."""
    try:
        stream = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        raise SourceError(f"Cannot read {name}: {error.strerror}.", "Check the path.") from None
    where = "standard input" if name == "-" else name
    with stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _question_of(line, f"{where}, line {number}")


def _question_of(line: bytes, where: str) -> str | RagError:
    try:
        value: Any = json.loads(line)
    except ValueError as error:
        return UsageError(f"{where}: not JSON ({error}).", "Write one JSON object a line.")
    if not isinstance(value, dict) or not isinstance(value.get("question"), str):
        return UsageError(f"{where}: no text field 'question'.", 'Write {"question": "…"}.')
    return str(value["question"])
