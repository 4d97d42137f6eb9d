"""The `rag` command: its options, its exit codes, and how errors are shown.

Data goes to stdout, diagnostics to stderr. Exit codes: 0 ok, 1 failure, 2 usage, 3 some documents
failed, 130 interrupted. Commands live beside this file, by what they are for; each imports what is
heavy only when it runs, so that `rag --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rag import __version__
from rag.app import cli_chat, cli_eval, cli_index, cli_search, cli_serve
from rag.app.console import show_error
from rag.core.errors import RagError

app = typer.Typer(
    name="rag",
    help="Ask your documents in Italian or English. Every answer quotes an exact span of a source.",
    epilog="\n\n".join(
        [
            "[bold]Examples[/]",
            '$ rag ask "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"',
            "$ rag index ~/articoli --index ~/articoli.index",
            '$ rag search "rare earths" -k 5 --json',
            "$ rag serve",
        ]
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rag {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


for module in (cli_search, cli_index, cli_chat, cli_serve, cli_eval):
    module.register(app)


def main() -> None:
    """Run the command line; a `RagError` becomes two lines on stderr and its exit code."""
    try:
        app()
    except RagError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our stdout left (`rag search … | head`): nothing more to say to anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
