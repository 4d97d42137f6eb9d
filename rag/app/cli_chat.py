"""`rag chat`: a conversation with the documents at the terminal, or with questions piped in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from rag.app.cli_search import DocumentOption, LanguageOption, SinceOption, UntilOption
from rag.app.console import (
    IndexOption,
    SourcesOption,
    clean,
    err,
    note,
    out,
    printable,
    progress_bar,
    show_error,
)
from rag.core.errors import RagError, UsageError
from rag.core.notebook import NEAREST, SOURCES, source_line

if TYPE_CHECKING:
    from rag.answer.assistant import Turn
    from rag.app.library import Library
    from rag.core.types import Answer, Filters

PROMPT = "? "
REMEMBERED = 20  # turns that follow-ups may lean on
HELP = """\
Ask in Italian or in English; a follow-up may lean on what came before.
/sources   the last answer's quotes, each in its context
/open N    the whole document of quote N, the quote highlighted
/new       forget the conversation
/help      this help
/quit      leave (or Ctrl-D); Ctrl-C stops an answer"""


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command("chat")(chat)


def chat(
    index: IndexOption = None,
    sources: SourcesOption = None,
    language: LanguageOption = None,
    document: DocumentOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Ask one question after another; follow-ups such as "E con la Turchia?" are understood.

    Questions may also be piped in, one on each line. Type /help for the commands inside.

    Examples:

    $ rag chat

    $ printf 'Chi ha firmato la dichiarazione?\\nQuando?\\n' | rag chat
    """
    from rag.app.library import Library

    with progress_bar() as progress:
        library = Library.open(index, sources, progress=progress, notify=note)
    conversation = Conversation(library, library.filters(document, language, since, until))
    if sys.stdin.isatty():
        note("Ask away; /help lists the commands.")
    failed = False
    for line in _lines():
        try:
            if not conversation.take(line):
                break
        except RagError as error:
            show_error(error)
            failed = True
    if failed and not sys.stdin.isatty():
        raise typer.Exit(1)


def _lines() -> Iterator[str]:
    """What is typed or piped in, line by line, without blank ones, until the end of input."""
    if not sys.stdin.isatty():
        for raw in sys.stdin.buffer:
            line = raw.decode("utf-8", "replace").strip()
            if line:
                yield line
        return
    with suppress(ImportError):
        import readline  # noqa: F401 - gives input() editing and history
    while True:
        try:
            line = input(PROMPT).strip()
        except EOFError:
            out.print()
            return
        except KeyboardInterrupt:
            out.print()
            note("/quit or Ctrl-D to leave.")
            continue
        if line:
            yield line


class Conversation:
    """The turns so far and the last answer, on which the commands work."""

    def __init__(self, library: Library, filters: Filters | None = None) -> None:
        self._library = library
        self._filters = filters
        self._turns: list[Turn] = []
        self._answer: Answer | None = None

    def take(self, line: str) -> bool:
        """Answer a question or obey a command; False when it is time to leave.

        Raises RagError for what cannot be asked or done; the conversation can go on after it.
        """
        if not line.startswith("/"):
            self._ask(line)
            return True
        command, _, argument = line.partition(" ")
        if command in ("/quit", "/exit", "/q"):
            return False
        if command == "/help":
            out.print(HELP, markup=False)
        elif command == "/new":
            self._turns, self._answer = [], None
        elif command == "/sources":
            self._show_sources()
        elif command == "/open":
            self._open(argument.strip())
        else:
            raise UsageError(f"Unknown command {command}.", "/help lists the commands.")
        return True

    def _ask(self, question: str) -> None:
        from rag.answer.assistant import Done, TextDelta, Turn

        cancel = threading.Event()
        shown = ""
        try:
            for event in self._library.stream(question, self._turns, self._filters, cancel):
                if isinstance(event, TextDelta):
                    shown += event.text
                    out.print(Text(printable(event.text)), end="", soft_wrap=True)
                elif isinstance(event, Done):
                    self._answer = event.answer
        except KeyboardInterrupt:
            cancel.set()
            out.print()
            note("Stopped.")
            self._turns.append(Turn(question, shown))
            return
        out.print()
        answer = self._answer
        if answer is not None:
            self._finish(answer)
            self._turns = [*self._turns, Turn(question, answer.text)][-REMEMBERED:]

    def _finish(self, answer: Answer) -> None:
        if answer.notice:
            err.print(Text(printable(answer.notice), style="yellow"))
        for number, citation in enumerate(answer.citations, 1):
            line = f"[{number}] {source_line(citation, answer.language)}"
            out.print(Text(printable(line), style="dim"), soft_wrap=True)
        out.print()

    def _show_sources(self) -> None:
        from rag.app.render import in_context

        answer = self._last()
        heading = (NEAREST if answer.abstained else SOURCES)[answer.language]
        out.print(Text(heading, style="bold"))
        for number, citation in enumerate(answer.citations, 1):
            line = f"[{number}] {source_line(citation, answer.language)}"
            out.print(Text(printable(line), style="cyan"), soft_wrap=True)
            document = self._library.document(citation.doc_id)
            out.print(clean(in_context(document, citation)), soft_wrap=not out.is_terminal)
        if not answer.citations:
            note("The last answer has no quotes.")

    def _open(self, argument: str) -> None:
        answer = self._last()
        count = len(answer.citations)
        if not argument.isdecimal() or not 1 <= int(argument) <= count:
            numbers = f"1 to {count}" if count else "none: the last answer has no quotes"
            raise UsageError(f"There is no quote '{argument}'.", f"/open takes {numbers}.")
        citation = answer.citations[int(argument) - 1]
        document = self._library.document(citation.doc_id)
        text = Text(document.text)
        text.stylize("bold reverse", citation.start, citation.end)
        line = f"[{argument}] {source_line(citation, answer.language)}\n\n"
        page = Text(line, style="cyan")
        page.append_text(text)
        if out.is_terminal:
            with out.pager(styles=True):
                out.print(clean(page))
        else:
            out.print(clean(page), soft_wrap=True)

    def _last(self) -> Answer:
        if self._answer is None:
            raise UsageError("Nothing has been asked yet.", "Ask something first.")
        return self._answer
