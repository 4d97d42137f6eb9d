"""Plain text."""

from __future__ import annotations

from rag.ingest.formats import Parsed
from rag.ingest.formats.decode import decode


def parse(raw: bytes, path: str) -> Parsed:
    """The text; metadata is read from it later. Raises SourceError, naming `path`."""
    return Parsed(decode(raw, path))
