"""Saved runs: one folder each, written aside and renamed, so that there is never half of one.

run.json       settings, figures, every question: equal for equal input, to the last digit
timings.json   what the clock said; the only file besides report.html that differs between runs
report.html    the report to show; report.md the same figures as Markdown (no latencies)
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from rag.core.errors import EvalError, NotFound
from rag.evaluate.figures import Figures
from rag.evaluate.records import Record, Timing

RUNS = Path("eval/runs")
FOLLOW_UP = "follow-up"
RUN_FILE, TIMINGS_FILE = "run.json", "timings.json"
SWEEP_FILE, QRELS_FILE = "sweep.json", "qrels.trec"


class SetFacts(BaseModel):
    """Which set was run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    questions: int
    answerable: int


class FollowUp(BaseModel):
    """A follow-up, the question it was resolved to, and its measures either way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    cluster: str
    lang: str
    type: str
    history: list[str]
    question: str
    resolved: str
    error: str | None
    alone: dict[str, float]
    with_history: dict[str, float]


class ConversationFigures(BaseModel):
    """Follow-ups searched with the last message alone, and resolved with the history."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    set: SetFacts
    alone: Figures
    resolved: Figures
    p_value: dict[str, float]
    records: list[FollowUp]


class Run(BaseModel):
    """A run of a set, complete: figures can be computed again from `records`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["fonte-eval-run/1"] = "fonte-eval-run/1"
    name: str
    set: SetFacts
    described: dict[str, Any]
    k: int
    figures: Figures
    conversations: ConversationFigures | None = None
    records: list[Record]


def dump(run: Run) -> str:
    """The run as JSON, one question a line, so that two runs can be compared with diff."""
    whole = run.model_dump(mode="json")
    records = whole.pop("records")
    head = json.dumps(whole, ensure_ascii=False, indent=1)
    lines = ",\n".join("  " + json.dumps(one, ensure_ascii=False) for one in records)
    return f'{head[:-2]},\n "records": [\n{lines}\n ]\n}}\n'


def dump_timings(timings: Mapping[str, Timing], figures: Figures) -> str:
    """The timings as JSON."""
    rows = figures.items()
    value = {
        "figures": {cut: {n: one.model_dump() for n, one in row.items()} for cut, row in rows},
        "questions": {key: timing.model_dump() for key, timing in timings.items()},
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def flatten(run: Run) -> dict[str, float]:
    """Every figure of a run by the name the gate uses: "all/nDCG@10", "follow-up/R@5"."""
    named = {
        f"{cut}/{name}": figure.value
        for cut, row in run.figures.items()
        for name, figure in row.items()
    }
    if run.conversations is not None:
        followed = run.conversations.resolved.get("all", {})
        named |= {f"{FOLLOW_UP}/{name}": figure.value for name, figure in followed.items()}
    return named


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `target` when the block ends well, else vanishes.

    Raises EvalError when `target` is something else than a folder that such a block made.
    """
    if target.exists() and not _replaceable(target):
        raise EvalError(
            f"{target} exists and is not an evaluation run.", "Name another folder with --out."
        )
    aside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        yield aside
        _take_place(aside, target, old)
    except OSError as error:
        raise EvalError(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _take_place(aside: Path, target: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def _replaceable(target: Path) -> bool:
    if not target.is_dir():
        return False
    names = {path.name for path in target.iterdir()}
    return not names or bool(names & {RUN_FILE, SWEEP_FILE, QRELS_FILE})


def find_run(name: str | Path, runs: Path = RUNS) -> Path | None:
    """The folder of a saved run, given as a folder, a run.json, or a name under `runs`."""
    path = Path(name)
    candidates = [path, runs / name, *([path.parent] if path.name == RUN_FILE else [])]
    for candidate in candidates:
        if (candidate / RUN_FILE).is_file():
            return candidate
    return None


def load_run(name: str | Path, runs: Path = RUNS) -> Run:
    """A saved run. Raises NotFound when there is none, EvalError when it cannot be read."""
    folder = find_run(name, runs)
    if folder is None:
        raise NotFound(
            f"There is no run '{name}'.", f"Runs are in {runs}/; make one with `rag eval --name`."
        )
    try:
        return Run.model_validate_json((folder / RUN_FILE).read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvalError(
            f"{folder / RUN_FILE} is not a run of this version ({place}: {first['msg']}).",
            "Run `rag eval` again.",
        ) from None
