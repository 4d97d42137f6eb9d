"""A whole evaluation: a set against a subject, to a `Run`, to a folder with its reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rag.core.errors import EvalError
from rag.core.types import Document
from rag.evaluate.conversation import by_rule, follow_ups
from rag.evaluate.figures import figures, latencies
from rag.evaluate.judged import Conversation, ConversationSet, JudgedSet, Question, refuse
from rag.evaluate.locate import Need, resolve_all
from rag.evaluate.markdown import markdown_report
from rag.evaluate.measures import DEPTH
from rag.evaluate.records import Record, Timing
from rag.evaluate.report import html_report
from rag.evaluate.run import (
    Item,
    Outcome,
    Subject,
    chunks_by_path,
    execute,
    judged_items,
)
from rag.evaluate.store import (
    RUN_FILE,
    TIMINGS_FILE,
    ConversationFigures,
    Run,
    SetFacts,
    dump,
    dump_timings,
    written_aside,
)

Progress = Callable[[], None]


def items_of(judged: JudgedSet, subject: Subject) -> list[Item]:
    """The questions of a set with their gold found in the subject's documents.

    Raises EvalError when the set is about other documents, or a quote does not stand in one.
    """
    needs = _needs(judged.name, judged.questions, subject.documents)
    chunks = chunks_by_path(subject.documents, subject.chunks)
    return judged_items(((one, needs[one.id]) for one in judged.questions), chunks)


def evaluate(
    judged: JudgedSet,
    subject: Subject,
    *,
    name: str,
    conversations: ConversationSet | None = None,
    k: int = DEPTH,
    progress: Progress = lambda: None,
) -> tuple[Run, dict[str, Timing]]:
    """Ask every question of a set, and resolve every follow-up, and compute the figures."""
    items = items_of(judged, subject)
    followed = None
    if conversations is not None:
        needs = _needs(conversations.name, conversations.conversations, subject.documents)
        chunks = chunks_by_path(subject.documents, subject.chunks)
        resolver = by_rule(subject.assistant)
        followed = follow_ups(conversations, needs, chunks, subject.searcher, resolver, k)
    outcome = execute(items, subject.searcher, subject.assistant, k=k, progress=progress)
    return run_of(outcome, judged.name, judged.sha256, subject, name, k, followed)


def run_of(
    outcome: Outcome,
    set_name: str,
    sha256: str,
    subject: Subject,
    name: str,
    k: int = DEPTH,
    conversations: ConversationFigures | None = None,
) -> tuple[Run, dict[str, Timing]]:
    """The run of an outcome, with its figures, and its timings."""
    records = outcome.records
    run = Run(
        name=name,
        set=SetFacts(
            name=set_name,
            sha256=sha256,
            questions=len(records),
            answerable=sum(record.answerable for record in records),
        ),
        described=subject.described,
        k=k,
        figures=figures(records),
        conversations=conversations,
        records=records,
    )
    return run, outcome.timings


def save(
    run: Run, timings: Mapping[str, Timing], documents: Sequence[Document], target: Path
) -> None:
    """Write run.json, timings.json, report.html and report.md to the folder `target`, or nothing.

    Raises EvalError when the folder is something else, or cannot be written.
    """
    texts = {document.path: document.text for document in documents}
    with written_aside(target) as aside:
        (aside / RUN_FILE).write_text(dump(run), encoding="utf-8")
        table = latencies(timings, run.records)
        (aside / TIMINGS_FILE).write_text(dump_timings(timings, table), encoding="utf-8")
        (aside / "report.md").write_text(markdown_report(run), encoding="utf-8")
        (aside / "report.html").write_text(html_report(run, timings, texts), encoding="utf-8")


def failures(run: Run) -> list[Record]:
    """The questions that ended in an error."""
    return [record for record in run.records if record.error is not None]


def _needs(
    name: str,
    items: Sequence[Question] | Sequence[Conversation],
    documents: Sequence[Document],
) -> dict[str, tuple[Need, ...]]:
    known = {document.path for document in documents}
    named = {quote.path for item in items for need in item.needs for quote in need}
    missing = sorted(named - known)
    if missing:
        some = "none" if not named & known else f"only {len(named & known)}"
        raise EvalError(
            f"{name} is about other documents: of the {len(named)} that it quotes, {some} "
            f"is in the index (missing: {', '.join(missing[:3])}).",
            "Name the index of its documents with --index, or another set with --set.",
        )
    needs, problems = resolve_all(items, documents)
    refuse(problems)
    return needs
