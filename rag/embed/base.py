"""The one seam between text and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
Progress: TypeAlias = Callable[[int], None]


class Embedder(Protocol):
    """Turns texts into rows of length one, so that an inner product is a cosine.

    A vector depends on its text alone, not on the batch it came in. An empty list gives an array of
    shape (0, dimension); an empty text gives a vector like any other. Calls may come from several
    threads at once.
    """

    @property
    def name(self) -> str:
        """Identifies the vectors in an index: another model, revision or prompt, another name."""
        ...

    @property
    def dimension(self) -> int:
        """Columns of the vectors."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Questions to float32 (n, dimension), unit rows."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Passages to float32 (n, dimension), unit rows; `progress` gets the number newly done."""
        ...
