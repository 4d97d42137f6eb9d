"""Two runs of one set, question by question: is the difference real, and where is it from?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag.core.errors import EvalError
from rag.evaluate.figures import ALL, slices
from rag.evaluate.measures import MEANS, MEASURES
from rag.evaluate.records import Record
from rag.evaluate.statistics import randomisation_test
from rag.evaluate.store import Run

KEY_MEASURE = "nDCG@10"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure on one slice, in both runs."""

    cut: str
    measure: str
    a: float
    b: float
    n: int
    p: float

    @property
    def difference(self) -> float:
        """b minus a."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose measure differs."""

    id: str
    question: str
    a: Record
    b: Record
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run B against run A: the table, and the questions won and lost, greatest change first."""

    a: str
    b: str
    measure: str
    rows: tuple[Row, ...]
    won: tuple[Change, ...]
    lost: tuple[Change, ...]
    same: int


def compare(a: Run, b: Run, measure: str = KEY_MEASURE) -> Comparison:
    """Compare two runs of one set; won and lost are by `measure`.

    The p-values are of a paired randomisation test, two-sided, unadjusted for many tests. Raises
    EvalError when the runs asked different questions.
    """
    if a.set.sha256 != b.set.sha256:
        raise EvalError(
            f"'{a.name}' and '{b.name}' are runs of different sets ({a.set.name}, {b.set.name}, "
            "or another version of it).",
            "Run both on the same set.",
        )
    rows = []
    of_b = {record.id: record for record in b.records}
    for cut, members in slices(a.records).items():
        if ":" in cut:
            continue
        for one in MEANS:
            row = _row(cut, one.name, members, of_b)
            if row is not None:
                rows.append(row)
    changes = _changes(a, of_b, measure)
    won = [change for change in changes if change.difference > 0]
    lost = [change for change in changes if change.difference < 0]
    judged = sum(measure in record.measures for record in a.records)
    return Comparison(
        a.name, b.name, measure, tuple(rows), tuple(won), tuple(lost), judged - len(changes)
    )


def _row(cut: str, measure: str, members: list[Record], of_b: dict[str, Record]) -> Row | None:
    pairs = [
        (record, of_b[record.id])
        for record in members
        if measure in record.measures and measure in of_b[record.id].measures
    ]
    if not pairs:
        return None
    first = np.asarray([left.measures[measure] for left, _ in pairs])
    second = np.asarray([right.measures[measure] for _, right in pairs])
    p = randomisation_test(second - first, [left.cluster for left, _ in pairs])
    return Row(cut, measure, float(first.mean()), float(second.mean()), len(pairs), p)


def _changes(a: Run, of_b: dict[str, Record], measure: str) -> list[Change]:
    if measure not in MEASURES:
        raise EvalError(f"There is no measure '{measure}'.", f"One of: {', '.join(MEASURES)}.")
    sign = 1.0 if MEASURES[measure].better == "higher" else -1.0
    found = []
    for left in a.records:
        right = of_b[left.id]
        if measure in left.measures and measure in right.measures:
            difference = sign * (right.measures[measure] - left.measures[measure])
            if difference:
                found.append(Change(left.id, left.question, left, right, difference))
    return sorted(found, key=lambda change: (-abs(change.difference), change.id))


def paired_p(a: Run, b: Run, measure: str = KEY_MEASURE, cut: str = ALL) -> float | None:
    """The p-value of one measure on one slice; None when no question has it in both."""
    of_b = {record.id: record for record in b.records}
    row = _row(cut, measure, slices(a.records).get(cut, []), of_b)
    return row.p if row else None
