"""Fonte: questions answered from your documents, every statement tied to an exact span.

    >>> from rag import Library
    >>> library = Library.open("index", sources="seeds")
    >>> answer = library.ask("Quanti accordi hanno firmato Stati Uniti e Kazakistan?")

Importing this package loads no model and no index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Library", "__version__"]

if TYPE_CHECKING:
    from rag.app.library import Library


def __getattr__(name: str) -> Any:
    if name == "Library":
        from rag.app.library import Library

        return Library
    raise AttributeError(f"module 'rag' has no attribute '{name}'")
