"""The real service over a real index of the seeds, on a real port."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SEEDS
from tests.service.serving import Served, serve


@pytest.fixture(scope="session")
def served(seeds_index: Path) -> Iterator[Served]:
    """A service for reading only, shared by all tests."""
    with serve(index=seeds_index, sources=SEEDS) as running:
        yield running


@pytest.fixture
def own_folder(tmp_path: Path) -> tuple[Path, Path]:
    """(sources, index) that a test may change: two short seeds, not indexed yet."""
    sources = tmp_path / "docs"
    sources.mkdir()
    for path in sorted(SEEDS.glob("*.txt"))[:1]:
        shutil.copy(path, sources)
    return sources, tmp_path / "idx"


@pytest.fixture
def writable(own_folder: tuple[Path, Path]) -> Iterator[Served]:
    """A service over folders of its own."""
    sources, index = own_folder
    with serve(index=index, sources=sources) as running:
        yield running
