"""The ways of `rag eval`: check a set, run it, compare runs, sweep conditions, public sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rag.app.console import err, note, out, print_json, progress_bar
from rag.core.errors import EvalError, UsageError

if TYPE_CHECKING:
    from rag.app.evaluation import Evaluated, Measured, Place
    from rag.evaluate.conditions import Condition
    from rag.evaluate.judged import ConversationSet, JudgedSet
    from rag.evaluate.store import Run

CONVERSATIONS = "conversations.jsonl"


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, as given."""

    names: list[str]
    questions: Path
    conversations: Path | None
    index: Path | None
    sources: Path | None
    name: str
    out: Path | None
    k: int
    search_only: bool
    conditions: Path
    measure: str
    expected: Path
    gate: bool
    renew: bool
    import_run: Path | None
    export_trec: Path | None
    as_json: bool
    quiet: bool


def _place(options: Options) -> Place:
    from rag.app.evaluation import Place

    return Place(options.index, options.sources)


def _load(options: Options) -> tuple[JudgedSet, ConversationSet | None]:
    from rag.evaluate.judged import load_conversations, load_questions

    beside = options.conversations or options.questions.with_name(CONVERSATIONS)
    wanted = options.conversations is not None or beside.is_file()
    return load_questions(options.questions), load_conversations(beside) if wanted else None


def check(options: Options) -> None:
    """`--check-set`: every problem on stdout; exit 1 when there is an error."""
    from rag.app.evaluation import documents_of
    from rag.app.library import Library
    from rag.evaluate import check as checking
    from rag.evaluate.judged import Question, read_lines

    documents = documents_of(Library.open(options.index, options.sources, notify=note))
    problems = checking.check(options.questions, documents)
    beside = options.conversations or options.questions.with_name(CONVERSATIONS)
    if options.conversations is not None or beside.is_file():
        problems += checking.check_conversations(beside, documents)
    errors = [problem for problem in problems if problem.severity == "error"]
    if options.as_json:
        rows = [{"where": p.where, "what": p.what, "severity": p.severity} for p in problems]
        print_json({"errors": len(errors), "problems": rows})
    else:
        for problem in problems:
            out.print(f"{problem.severity}: {problem}", markup=False, soft_wrap=True)
        out.print(checking.summary(read_lines(options.questions, Question)[0]), markup=False)
        out.print(f"{len(errors)} errors, {len(problems) - len(errors)} warnings.")
    if errors:
        raise typer.Exit(1)


def run(options: Options) -> None:
    """Run the set once, as the settings in force have it, or score a run of another system."""
    from rag.app.evaluation import (
        chunk_places,
        export_files,
        import_run,
        opened,
        subject_of,
    )
    from rag.evaluate import suite
    from rag.evaluate.conditions import Condition

    judged, conversations = _load(options)
    with opened(_place(options), Condition(options.name, "", {})) as (library, _):
        subject = subject_of(library, answers=not options.search_only)
        if options.import_run is not None:
            items = suite.items_of(judged, subject)
            facts = (judged.name, judged.sha256)
            evaluated = import_run(
                options.import_run, items, subject, chunk_places(subject), facts, options.name,
                options.k,
            )  # fmt: skip
        else:
            with _progress(options, len(judged.questions)) as step:
                evaluated = suite.evaluate(
                    judged, subject, name=options.name, conversations=conversations, k=options.k,
                    progress=step,
                )  # fmt: skip
        if options.export_trec is not None:
            items = suite.items_of(judged, subject)
            _write_files(options.export_trec, export_files(items, subject, evaluated[0]))
        _finish(options, evaluated, subject.documents)


def beir(options: Options, folder: Path) -> None:
    """`--beir`: a public set, over an index of its own passages."""
    from rag.app.evaluation import beir_subject, import_run
    from rag.evaluate import beir as layout
    from rag.evaluate import trec

    public = layout.load(folder)
    with beir_subject(public, _place(options), {}) as ready:
        if options.import_run is not None:
            facts = (public.name, public.sha256)
            evaluated = import_run(
                options.import_run, ready.items, ready.subject, ready.places(), facts,
                options.name, options.k, public.twins,
            )  # fmt: skip
        else:
            with _progress(options, len(ready.items)) as step:
                evaluated = ready.evaluate(public, options.name, options.k, step)
        if options.export_trec is not None:
            files = {
                Path("qrels.trec"): trec.dump_qrels(ready.items),
                Path("run.trec"): trec.dump_run(evaluated[0].records),
            }
            _write_files(options.export_trec, files)
        _finish(options, evaluated, ready.subject.documents)


def _finish(options: Options, evaluated: Evaluated, documents: Sequence[Any]) -> None:
    """Save the run, show it, and hold it against the expectations."""
    from rag.evaluate import suite

    run, timings = evaluated
    target = options.out or _runs() / options.name
    suite.save(run, timings, documents, target)
    if options.renew:
        _renew(options, run)
    if options.as_json:
        print_json(_figures(run))
    elif not options.quiet:
        from rag.app.eval_tables import show_run

        show_run(run, timings)
    note(f"Report: {target / 'report.html'}")
    if options.gate:
        _gate(options, run)
    failed = suite.failures(run)
    if failed:
        raise EvalError(
            f"{len(failed)} of {len(run.records)} questions failed with an error, the first "
            f"({failed[0].id}): {failed[0].error}",
            "They count as zero; all are in the report.",
        )


def _runs() -> Path:
    from rag.evaluate.store import RUNS

    return RUNS


def _figures(run: Run) -> dict[str, Any]:
    whole = run.model_dump(mode="json", exclude={"records"})
    if whole["conversations"] is not None:
        whole["conversations"].pop("records")
    return whole


def _gate(options: Options, run: Run) -> None:
    from rag.evaluate.gate import breaches, load_expected
    from rag.evaluate.store import flatten

    expected = load_expected(options.expected)
    broken = breaches(expected, flatten(run))
    if broken:
        raise EvalError(
            f"The gate is shut: {'; '.join(str(one) for one in broken)}.",
            "Mend it, or say so in the commit and run `rag eval --renew`.",
        )
    err.print(f"The gate is open: {len(expected)} figures are as expected.", style="green")


def _renew(options: Options, run: Run) -> None:
    from rag.evaluate.gate import dump_expected, load_expected, renewed
    from rag.evaluate.store import flatten

    old = load_expected(options.expected) if options.expected.exists() else {}
    options.expected.write_text(dump_expected(renewed(old, flatten(run))), encoding="utf-8")
    note(f"Wrote {options.expected}: read the difference before you commit it.")


def compare(options: Options) -> None:
    """`--compare A B`: each a saved run, or else a condition, which is then run."""
    from dataclasses import asdict

    from rag.app.eval_tables import show_comparison
    from rag.evaluate import compare as comparing
    from rag.evaluate.markdown import comparison_report

    if len(options.names) != 2:
        raise UsageError(
            "--compare needs two runs.", "For example: rag eval --compare before after"
        )
    first, second = (_saved_or_measured(options, name) for name in options.names)
    comparison = comparing.compare(first, second, options.measure)
    if options.out is not None:
        _write_files(options.out, {Path("comparison.md"): comparison_report(comparison)})
    if options.as_json:
        rows = [asdict(row) for row in comparison.rows]
        lists = {
            key: [{"id": c.id, "question": c.question, "difference": c.difference} for c in changes]
            for key, changes in (("won", comparison.won), ("lost", comparison.lost))
        }
        names = {"a": comparison.a, "b": comparison.b, "measure": comparison.measure}
        print_json({**names, "rows": rows, **lists, "same": comparison.same})
    else:
        show_comparison(comparison)


def _saved_or_measured(options: Options, name: str) -> Run:
    from rag.evaluate.conditions import choose, load
    from rag.evaluate.store import find_run, load_run

    conditions = load(options.conditions) if options.conditions.is_file() else {}
    if find_run(name) is not None or not ("=" in name or name in conditions):
        return load_run(name)
    (condition,) = choose(conditions, [name])
    note(f"Running the condition '{name}'.")
    judged, conversations = _load(options)
    measured = _measure(options, condition, judged, conversations)
    assert measured.run is not None
    return measured.run


def _measure(
    options: Options,
    condition: Condition,
    judged: JudgedSet,
    conversations: ConversationSet | None,
) -> Measured:
    from rag.app.evaluation import measure

    with _progress(options, len(judged.questions), condition.name) as step:
        return measure(
            _place(options), condition, judged, conversations, not options.search_only, options.k,
            step,
        )  # fmt: skip


def sweep(options: Options) -> None:
    """`--sweep`: one run for each condition; one that cannot be made is shown with its reason."""
    from rag.app.eval_tables import show_sweep
    from rag.app.evaluation import Measured
    from rag.core.errors import ModelError
    from rag.evaluate import conditions, suite
    from rag.evaluate.store import SWEEP_FILE, written_aside

    chosen = conditions.choose(conditions.load(options.conditions), options.names)
    judged, conversations = _load(options)
    measured = []
    for condition in chosen:
        try:
            measured.append(_measure(options, condition, judged, conversations))
        except ModelError as error:
            measured.append(Measured(condition, None, {}, (), problem=str(error)))
    target = options.out or _runs() / "sweep"
    summary = {one.condition.name: _condition_json(one) for one in measured}
    with written_aside(target) as aside:
        text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n"
        (aside / SWEEP_FILE).write_text(text, encoding="utf-8")
        for one in measured:
            if one.run is not None:
                suite.save(one.run, one.timings, one.documents, aside / one.condition.name)
    if options.as_json:
        print_json(summary)
    else:
        show_sweep(measured)
    note(f"A report for each condition: {target}/")


def _condition_json(one: Measured) -> dict[str, Any]:
    settings = {"about": one.condition.about, "settings": one.condition.settings}
    if one.run is None:
        return {**settings, "problem": one.problem}
    return {**settings, "figures": _figures(one.run)["figures"]}


def _write_files(folder: Path, files: dict[Path, str]) -> None:
    from rag.evaluate.store import QRELS_FILE

    if folder.exists() and any(folder.iterdir()) and not (folder / QRELS_FILE).exists():
        raise EvalError(f"{folder} is not empty.", "Name another folder.")
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise EvalError(f"{folder} cannot be written: {error.strerror}.") from None
    note(f"Wrote {', '.join(str(path) for path in files)} to {folder}/")


@contextmanager
def _progress(options: Options, total: int, stage: str = "asking") -> Iterator[Callable[[], None]]:
    with progress_bar(not options.quiet) as advance:
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            if advance is not None:
                advance(stage, done, total)

        yield step
