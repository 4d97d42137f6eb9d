"""What every benchmark shares: the machine it ran on, the public benchmark, the result file."""

from __future__ import annotations

import gzip
import json
import os
import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BENCH = Path(os.environ.get("FONTE_DATA", HERE.parent.parent / "shared" / "data")) / "bench"


@dataclass(frozen=True, slots=True)
class Question:
    """One judged question: the only relevant passage is `passage`."""

    id: str
    language: str
    text: str
    passage: str


def read_passages(folder: Path = BENCH) -> dict[str, str]:
    """Passage id -> text, of SQuAD-it's development half (see training/README.md)."""
    return {row["id"]: row["text"] for row in read_rows(folder / "squad-it-dev.passages.jsonl.gz")}


def read_questions(folder: Path = BENCH) -> list[Question]:
    """All questions, Italian ones and their English counterparts."""
    return [
        Question(row["id"], row["lang"], row["question"], row["passage"])
        for row in read_rows(folder / "squad-it-dev.questions.jsonl.gz")
    ]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a gzipped JSON-lines file; ends the program when it is not there."""
    if not path.is_file():
        sys.exit(f"{path} is not there; set FONTE_DATA to the folder that holds bench/.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def machine() -> dict[str, Any]:
    """The machine in words that matter for speed."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }


def save(name: str, figures: dict[str, Any], command: str) -> Path:
    """Write benchmarks/results/NAME.json with the figures, the command, the machine, the day."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    record = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "figures": figures,
    }
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    return path
