"""`rag eval`: does it find the right passage, and does it know when there is none?"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command("eval", hidden=True)(evaluate)


def evaluate() -> None:
    """Measure the system on a set of judged questions."""
    raise typer.Exit(1)
