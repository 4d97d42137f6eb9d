"""TREC run and qrels files: six and four columns, separated by white space.

    run    question  Q0  unit  rank  score  tag
    qrels  question  0   unit  grade

Units are chunk ids (or, with a BEIR set, the ids of its documents).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rag.core.errors import EvalError
from rag.evaluate.records import Record
from rag.evaluate.relevance import Grades
from rag.evaluate.run import Item

TAG = "fonte"


def dump_run(records: Iterable[Record]) -> str:
    """A run file of what each question was shown.

    The score column is the count of places below: its order is the order shown, where the systems'
    own scores may tie and would then be ordered by id.
    """
    return "".join(
        f"{record.id} Q0 {shown.unit} {rank} {len(record.shown) - rank + 1} {TAG}\n"
        for record in records
        for rank, shown in enumerate(record.shown, start=1)
    )


def dump_qrels(items: Iterable[Item]) -> str:
    """A qrels file; a unit that serves several needs has its best grade."""
    lines = []
    for item in items:
        merged: Grades = {}
        for grades in item.judged:
            for unit, grade in grades.items():
                merged[unit] = max(grade, merged.get(unit, 0))
        lines += [f"{item.id} 0 {unit} {grade}\n" for unit, grade in sorted(merged.items())]
    return "".join(lines)


def load_run(path: Path, items: Sequence[Item]) -> dict[str, list[str]]:
    """Question -> units, best first (score, then id, as trec_eval orders them reversed by id).

    Raises EvalError with the line of anything that is not a run line for these questions.
    """
    known = {item.id for item in items}
    scored: dict[str, dict[str, float]] = {}
    for number, fields in _rows(path, 6, "question Q0 unit rank score tag"):
        question, _, unit, _, score, _ = fields
        if question not in known:
            raise _bad(path, number, f"question '{question}' is not in the set")
        try:
            value = float(score)
        except ValueError:
            raise _bad(path, number, f"score '{score}' is not a number") from None
        if unit in scored.setdefault(question, {}):
            raise _bad(path, number, f"'{unit}' is ranked twice for '{question}'")
        scored[question][unit] = value
    if not scored:
        raise EvalError(f"{path} has no line.", "A run has six columns a line.")
    # trec_eval's order: by score, equal scores by id, both descending.
    return {
        question: sorted(units, key=lambda unit: (units[unit], unit), reverse=True)
        for question, units in scored.items()
    }


def load_qrels(path: Path) -> dict[str, Grades]:
    """Question -> unit -> grade from a four-column file; grades below 1 are left out."""
    grades: dict[str, Grades] = {}
    for number, (question, _, unit, grade) in _rows(path, 4, "question 0 unit grade"):
        add_grade(grades, path, number, question, unit, grade)
    return grades


def add_grade(
    grades: dict[str, Grades], path: Path, number: int, question: str, unit: str, grade: str
) -> None:
    """Put one judgement into `grades`. Raises EvalError when the grade is not a whole number."""
    try:
        value = int(grade)
    except ValueError:
        raise _bad(path, number, f"grade '{grade}' is not a whole number") from None
    if value > 0:
        grades.setdefault(question, {})[unit] = value


def _rows(path: Path, columns: int, names: str) -> Iterable[tuple[int, list[str]]]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.split()
        if fields:
            if len(fields) != columns:
                raise _bad(path, number, f"{len(fields)} columns, not {columns} ({names})")
            yield number, fields


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises EvalError naming it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise EvalError(f"{path} cannot be read: {reason}.", "Check the path.") from None


def _bad(path: Path, number: int, what: str) -> EvalError:
    return EvalError(
        f"{path.name} line {number}: {what}.", "See docs/evaluation.md for the format."
    )


def unknown_units(run: Mapping[str, Sequence[str]], known: frozenset[str]) -> int:
    """How many ranked units of a run are not in the index at all."""
    return sum(unit not in known for units in run.values() for unit in units)
