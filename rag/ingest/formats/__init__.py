"""One module per file format, behind one seam.

A format module has `parse(raw, path) -> Parsed`: bytes in, normalised text and the metadata that
the format itself states out. To add a format, write its module and name its suffixes here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, cast

# Suffix -> module of this package. Modules are imported when a file asks for them.
SUFFIXES: dict[str, str] = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """The text of a file (NFC, "\\n" line ends) and what its format states about it.

    `date` is as in `Document.date`. Fields that the format does not state are None: they are then
    read from the text itself.
    """

    text: str
    title: str | None = None
    date: str | None = None
    author: str | None = None


class Format(Protocol):
    """What a format module offers."""

    def parse(self, raw: bytes, path: str) -> Parsed:
        """The document in `raw`. Raises SourceError, naming `path`, when it cannot be read."""
        ...


def format_for(suffix: str) -> Format:
    """The module for files with this suffix (lower case, with its dot). Raises KeyError."""
    module = importlib.import_module(f"{__name__}.{SUFFIXES[suffix]}")
    return cast(Format, module)
