"""Killed anywhere, an index opens whole and the next update finishes the work."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMORY = "/dev/shm"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("scenario", "least"),
    [((), 40), (("started",), 40), (("started", "rebuild"), 40)],
    ids=["first build", "update", "rebuild"],
)
def test_killed_at_every_tenth_point(scenario: tuple[str, ...], least: int) -> None:
    # In memory where there is a place for it: the disk need not be asked for every flush.
    with tempfile.TemporaryDirectory(dir=MEMORY if os.path.isdir(MEMORY) else None) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.indexing.crash", folder, "10", *scenario],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=280,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= least
