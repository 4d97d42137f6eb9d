"""A source file to a document: the one place where text, metadata and language come together."""

from __future__ import annotations

import hashlib

from rag.core.types import Document
from rag.ingest.dates import find_date
from rag.ingest.formats import format_for
from rag.ingest.language import detect_language
from rag.ingest.metadata import find_author, find_title
from rag.ingest.sources import Source, unreadable


def load(source: Source) -> Document:
    """Read a source. Raises SourceError when it is binary, empty, undecodable or unreadable."""
    try:
        raw = source.file.read_bytes()
    except OSError as error:
        raise unreadable(source.path, error) from None
    parsed = format_for(source.file.suffix.lower()).parse(raw, source.path)
    sha256 = hashlib.sha256(raw).hexdigest()
    language = detect_language(parsed.text)
    return Document(
        doc_id=sha256[:16],
        path=source.path,
        text=parsed.text,
        sha256=sha256,
        language=language,
        title=parsed.title or find_title(parsed.text),
        date=parsed.date or find_date(parsed.text, language),
        author=parsed.author or find_author(parsed.text),
    )
