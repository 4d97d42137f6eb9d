"""The one error tree. Every error a user can cause is a `RagError` with a remedy.

    RagError
    ├── UsageError          a question, option or value that cannot be right
    ├── ConfigError         rag.toml or a RAG_* variable
    ├── SourceError         a document or source folder that cannot be read
    ├── StoreError
    │   ├── IndexMissing    there is no index, and nothing to build it from
    │   ├── IndexOutdated   made with another model, splitter or format
    │   ├── IndexDamaged    a stored file fails its checksum and cannot be derived again
    │   └── IndexLocked     another process is writing
    ├── ModelError          a model folder or name that cannot be loaded
    ├── NotFound            an unknown document, chunk or run
    ├── EvalError           an evaluation set or run that cannot be used
    └── LLMError            the configured LLM endpoint failed

A `RagError` is shown to people as one line, `message`, and one more, `remedy`: never a traceback.
"""

from __future__ import annotations


class RagError(Exception):
    """An error with what happened (`message`) and what to do about it (`remedy`)."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(RagError):
    """The question, an option or a value cannot be right."""

    exit_code = 2


class ConfigError(RagError):
    """rag.toml or a RAG_* variable holds something unusable."""

    exit_code = 2


class SourceError(RagError):
    """A document or a source folder cannot be read."""


class StoreError(RagError):
    """The index cannot be used as it is."""


class IndexMissing(StoreError):
    """There is no index, and nothing to build it from."""


class IndexOutdated(StoreError):
    """The index was made with another model, splitter or format version."""


class IndexDamaged(StoreError):
    """A stored file fails its checksum and cannot be derived again."""


class IndexLocked(StoreError):
    """Another process is writing to the index."""


class ModelError(RagError):
    """A model folder or name cannot be loaded."""


class NotFound(RagError):
    """No document, chunk or run answers to that name."""


class EvalError(RagError):
    """An evaluation set or run cannot be used."""


class LLMError(RagError):
    """The configured LLM endpoint failed."""
