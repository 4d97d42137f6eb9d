"""The gate: no figure may fall below what eval/expected.json says by more than its tolerance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rag.core.errors import EvalError
from rag.evaluate.measures import MEASURES

EXPECTED = Path("eval/expected.json")
DEFAULT_TOLERANCE = 0.02
GATED = (
    "nDCG@10",
    "R@5",
    "RR@10",
    "gold_in_3000",
    "answer_correct",
    "citation_precision",
    "answered_wrong",
    "refused_wrong",
    "AUROC",
)


class Expected(BaseModel):
    """What a figure was when it was last measured, and how far it may move for the worse."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    tolerance: float = Field(ge=0.0)


@dataclass(frozen=True, slots=True)
class Breach:
    """A figure that is worse than it may be; `found` is None when the run does not have it."""

    figure: str
    expected: Expected
    found: float | None

    def __str__(self) -> str:
        allowed = f"expected {self.expected.value:.4f} within {self.expected.tolerance:g}"
        if self.found is None:
            return f"{self.figure} is missing from this run ({allowed})"
        moved = self.found - self.expected.value
        way = "fell" if moved < 0 else "rose"
        return f"{self.figure} {way} by {abs(moved):.4f} to {self.found:.4f} ({allowed})"


def load_expected(path: Path) -> dict[str, Expected]:
    """The expectations of a file. Raises EvalError naming the file and the figure."""
    try:
        text = path.read_text(encoding="utf-8")
        found = TypeAdapter(dict[str, Expected]).validate_python(json.loads(text))
    except FileNotFoundError:
        raise EvalError(f"There is no {path}.", "Make it with `rag eval --renew`.") from None
    except json.JSONDecodeError as error:
        raise EvalError(f"{path} line {error.lineno}: {error.msg}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvalError(f"{path}: '{place}': {first['msg']}.") from None
    for name in found:
        if name.partition("/")[2] not in MEASURES:
            known = ", ".join(MEASURES)
            raise EvalError(f"{path}: '{name}' names no measure.", f"One of: {known}.")
    return found


def breaches(expected: Mapping[str, Expected], found: Mapping[str, float]) -> list[Breach]:
    """The figures that are worse than expected by more than their tolerance, or missing."""
    broken = []
    for name, wanted in expected.items():
        value = found.get(name)
        lower = MEASURES[name.partition("/")[2]].better == "lower"
        if value is None:
            broken.append(Breach(name, wanted, None))
            continue
        worse_by = value - wanted.value if lower else wanted.value - value
        if worse_by > wanted.tolerance + 1e-12:
            broken.append(Breach(name, wanted, value))
    return broken


def renewed(old: Mapping[str, Expected], found: Mapping[str, float]) -> dict[str, Expected]:
    """Expectations with the values of a run: those there were, or, without any, the gated ones."""
    names = list(old) or [
        name
        for name in found
        if name.partition("/")[2] in GATED and ":" not in name.partition("/")[0]
    ]
    missing = [name for name in names if name not in found]
    if missing:
        raise EvalError(
            f"This run has no figure {', '.join(missing)}.", "Take it out of the expectations."
        )
    return {
        name: Expected(
            value=round(found[name], 4),
            tolerance=old[name].tolerance if name in old else DEFAULT_TOLERANCE,
        )
        for name in names
    }


def dump_expected(expected: Mapping[str, Expected]) -> str:
    """The file's text: one figure a line."""
    lines = [
        f'  {json.dumps(name)}: {{"value": {one.value}, "tolerance": {one.tolerance}}}'
        for name, one in expected.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"
