"""What an index is made with: its embedder, splitter and sources, kept in the meta table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rag.core.errors import IndexOutdated
from rag.embed.base import Embedder

_REBUILD = "Run `rag index --rebuild`, or set it back."


class Model:
    """An embedder that may not be loaded yet."""

    def __init__(self, source: Embedder | Callable[[], Embedder], name: str | None) -> None:
        self._source = source
        self._loaded: Embedder | None = None
        self._name = name
        if not callable(source):
            self._loaded = source

    @property
    def known_name(self) -> str | None:
        """Its name, as far as it is known without loading it."""
        return self._loaded.name if self._loaded else self._name

    def load(self) -> Embedder:
        """The embedder, loaded once. Raises ModelError."""
        if self._loaded is None:
            assert callable(self._source)
            self._loaded = self._source()
        return self._loaded

    def recipe(self, splitter: str) -> dict[str, str]:
        """The meta of an index made with it."""
        embedder = self.load()
        return {
            "embedder": embedder.name,
            "dimension": str(embedder.dimension),
            "splitter": splitter,
        }

    def checked(self, folder: Path, meta: Mapping[str, str]) -> Embedder:
        """The embedder, if it is the one that the index was made with. Raises IndexOutdated."""
        embedder = self.load()
        check_recipe(folder, meta, embedder.name, meta.get("splitter", ""))
        return embedder


def check_recipe(folder: Path, meta: Mapping[str, str], name: str | None, splitter: str) -> None:
    """Raises IndexOutdated, naming what differs, unless the index was made with these.

    `name` is the embedder's; None leaves it unchecked.
    """
    made = meta.get("embedder")
    if name is not None and made != name:
        raise IndexOutdated(
            f"The index in '{folder}' was made with the model '{made}', not '{name}'.", _REBUILD
        )
    made = meta.get("splitter")
    if made != splitter:
        raise IndexOutdated(
            f"The index in '{folder}' was split by '{made}' (rules:size:overlap), "
            f"not '{splitter}'.",
            _REBUILD,
        )


def encode_roots(folder: Path, roots: Sequence[Path]) -> dict[str, str]:
    """The source folders for the meta table, absolute and relative to the index.

    Relative, so that an index and its sources can be moved together; absolute, so that the index
    can be moved alone.
    """
    places = []
    for root in roots:
        absolute = root.resolve()
        try:
            relative = os.path.relpath(absolute, folder.resolve())
        except ValueError:  # another drive
            relative = ""
        places.append([relative, str(absolute)])
    return {"roots": json.dumps(places)}


def decode_roots(folder: Path, meta: Mapping[str, str]) -> list[Path]:
    """The source folders as remembered: beside the index where they are, else where they were."""
    roots = []
    for relative, absolute in json.loads(meta.get("roots", "[]")):
        beside = Path(os.path.normpath(folder.resolve() / relative))
        roots.append(beside if relative and beside.exists() else Path(absolute))
    return roots
