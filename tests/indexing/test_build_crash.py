"""Killed anywhere, an index opens whole and the next update finishes the work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("scenario", "least"),
    [((), 40), (("started",), 40), (("started", "rebuild"), 40)],
    ids=["first build", "update", "rebuild"],
)
def test_killed_at_every_point(tmp_path: Path, scenario: tuple[str, ...], least: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.indexing.crash", str(tmp_path), "6", *scenario],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= least
