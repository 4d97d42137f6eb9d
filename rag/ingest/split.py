"""Documents to chunks: what to keep together, and where exactly each chunk is.

langchain-text-splitters splits (see `splitter.py`); the offsets are ours: chunks are located by
walking the text from left to right, because searching for them finds the wrong one of two equal
passages. For every chunk `document.text[chunk.start:chunk.end] == chunk.text`; starts strictly
increase; every non-blank character is in a chunk; no chunk is longer than `size` or mixes kinds.
"""

from __future__ import annotations

from rag.core.errors import ConfigError
from rag.core.types import Chunk, Document, chunk_id
from rag.ingest.kinds import regions
from rag.ingest.language import passage_language

# Names the rules. A change of rules changes the name, and an index made with the old is rebuilt.
SPLITTER = "sentences-1"


def splitter_version(size: int, overlap: int) -> str:
    """What an index stores to know that its chunks were made by these rules and sizes."""
    return f"{SPLITTER}:{size}:{overlap}"


def split(document: Document, size: int, overlap: int) -> list[Chunk]:
    """The chunks of a document, at most `size` code points each, in order.

    A chunk ends at a paragraph or sentence end wherever one fits, and headings stay with the text
    that follows. With an `overlap`, a chunk begins with the last whole sentences of the one before
    it, at most `overlap` code points. Raises ConfigError when the overlap leaves no room.
    """
    if not 0 <= overlap < size:
        raise ConfigError(
            f"chunk_overlap ({overlap}) must be smaller than chunk_size ({size}).",
            "Change one of them.",
        )
    from rag.ingest.splitter import PassageSplitter

    splitter = PassageSplitter(document.language, size, overlap)
    chunks: list[Chunk] = []
    for region in regions(document.text):
        text = document.text[region.start : region.end]
        for start, end in splitter.spans(text, by_line=region.kind == "reference"):
            start, end = region.start + start, region.start + end
            passage = document.text[start:end]
            chunks.append(
                Chunk(
                    chunk_id=chunk_id(document.sha256, start, end),
                    doc_id=document.doc_id,
                    start=start,
                    end=end,
                    text=passage,
                    language=passage_language(passage, document.language),
                    kind=region.kind,
                )
            )
    return chunks
