"""From files to documents and chunks: listing, decoding, metadata, languages, splitting.

    list_sources(root) -> Source -> load -> Document -> split -> list[Chunk]

Nothing heavy is imported until it is needed: listing and reading questions cost no library.
"""

from rag.ingest.language import detect_language, question_language
from rag.ingest.load import load
from rag.ingest.sentences import sentences
from rag.ingest.sources import Skipped, Source, hash_file, list_sources
from rag.ingest.split import SPLITTER, split, splitter_version

__all__ = [
    "SPLITTER",
    "Skipped",
    "Source",
    "detect_language",
    "hash_file",
    "list_sources",
    "load",
    "question_language",
    "sentences",
    "split",
    "splitter_version",
]
