"""What all tests share: the real command line, and one index of the seeds, built once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"


@dataclass(frozen=True)
class Run:
    """What one run of the command line left behind."""

    code: int
    out: str
    err: str


RagCommand = Callable[..., Run]


def clean_environment() -> dict[str, str]:
    """The environment without any RAG_* setting of the person who runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RAG_")}
    return kept | {"NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def rag(tmp_path: Path) -> RagCommand:
    """Run the real `rag` in an empty folder: rag("ask", "…", input=…, env={…}, cwd=…)."""

    def run(
        *arguments: object,
        input: str | bytes | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Run:
        given = input.encode() if isinstance(input, str) else input
        done = subprocess.run(
            [sys.executable, "-m", "rag.app.cli", *map(str, arguments)],
            input=given if given is not None else b"",
            capture_output=True,
            env=clean_environment() | (env or {}),
            cwd=cwd or tmp_path,
            timeout=120,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the seeds, for reading only (copy it to write: `seeds_copy`)."""
    folder = tmp_path_factory.mktemp("seeds") / "index"
    subprocess.run(
        [sys.executable, "-m", "rag.app.cli", "index", str(SEEDS), "--index", str(folder), "-q"],
        check=True,
        env=clean_environment(),
        cwd=folder.parent,
    )
    return folder


@pytest.fixture
def seeds_copy(tmp_path: Path) -> tuple[Path, Path]:
    """(sources, index): a copy of the seeds that a test may change, and where its index goes."""
    sources = tmp_path / "docs"
    shutil.copytree(SEEDS, sources)
    return sources, tmp_path / "idx"
