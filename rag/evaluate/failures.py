"""The part of the HTML report that shows each failed question beside what it should have found."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from rag.evaluate.excerpts import Excerpt, around, passage
from rag.evaluate.records import FailureKind, Record, Shown, failure
from rag.evaluate.store import Run

SHOWN_PASSAGES = 3
MOST = 200  # of one kind; a public set may fail by the thousand
KINDS: dict[FailureKind, tuple[str, str]] = {
    "error": ("Failed with an error", "Counted as the worst value of every measure."),
    "answered wrongly": (
        "Answered although the documents do not say",
        "The figure that matters most to a reader who trusts the answers.",
    ),
    "refused wrongly": ("Refused although the documents say it", "The gold is marked."),
    "not found": ("Not all found among the first ten passages", "The gold is marked."),
    "gold not shown": (
        "Answered, but the quotes are not the gold",
        "Found, and something else was quoted. Some of these are other ways to say it: then add "
        "the quote to the set.",
    ),
}


def failed(run: Run) -> dict[FailureKind, list[Record]]:
    """The failed questions by what went wrong, worst kind first; kinds without any are absent."""
    by_kind: dict[FailureKind, list[Record]] = {kind: [] for kind in KINDS}
    for record in run.records:
        kind = failure(record)
        if kind is not None:
            by_kind[kind].append(record)
    return {kind: records for kind, records in by_kind.items() if records}


def failures_section(run: Run, texts: Mapping[str, str]) -> str:
    """Every failed question as HTML; `texts` are the sources by path."""
    parts = []
    for kind, records in failed(run).items():
        title, lead = KINDS[kind]
        parts.append(f"<h3>{title} ({len(records)})</h3>\n<p class='lead'>{lead}</p>\n")
        parts += [_details(record, texts) for record in records[:MOST]]
        if len(records) > MOST:
            parts.append(f"<p>And {len(records) - MOST} more, in run.json.</p>\n")
    body = "".join(parts) or "<p class='good'>None: every question found its answer.</p>\n"
    count = sum(len(records) for records in failed(run).values())
    return (
        f'<section id="failures">\n<h2>Failed questions ({count} of {len(run.records)})</h2>\n'
        f"{body}</section>\n"
    )


def _details(record: Record, texts: Mapping[str, str]) -> str:
    badges = "".join(
        f'<span class="badge">{escape(one)}</span>'
        for one in (record.type.replace("_", " "), record.lang)
    )
    parts = [_gold(record, texts), _answer(record), _passages(record, texts)]
    if record.error is not None:
        parts.insert(0, f'<h4>Error</h4><p class="bad">{escape(record.error)}</p>')
    tags = f" · {escape(', '.join(record.tags))}" if record.tags else ""
    return (
        f'<details id="q-{escape(record.id, quote=True)}"><summary>{badges}'
        f"<b>{escape(record.question)}</b></summary>\n<div>"
        f"<h4><code>{escape(record.id)}</code>{tags}</h4>{''.join(parts)}</div></details>\n"
    )


def _gold(record: Record, texts: Mapping[str, str]) -> str:
    if not record.answerable:
        return "<h4>Gold</h4><p>The documents hold no answer.</p>"
    parts = []
    for gold in record.gold:
        text = texts.get(gold.path, "")
        parts.append(
            f'<blockquote class="gold">{_excerpt(around(text, gold.start, gold.end))}'
            f"<footer>{escape(gold.path)}, {gold.start}–{gold.end}</footer></blockquote>"
        )
    needs = len({gold.need for gold in record.gold})
    title = f"Gold: {needs} passages are needed" if needs > 1 else "Gold"
    if needs <= 1 and len(parts) > 1:
        title = "Gold: any of these"
    return f"<h4>{title}</h4>{''.join(parts)}"


def _answer(record: Record) -> str:
    answer = record.answer
    if answer is None:
        return ""
    confidence = f"confidence {answer.confidence:.2f}"
    if answer.abstained:
        return (
            f"<h4>Refused ({confidence})</h4>"
            f"<blockquote>{escape(answer.reason or answer.text)}</blockquote>"
        )
    quotes = "".join(
        f'<blockquote class="{"hit" if one.grade else ""}">{escape(one.quote)}'
        f"<footer>{_verdict(one.grade)}{escape(one.path)}, {one.start}–{one.end}</footer>"
        "</blockquote>"
        for one in answer.citations
    )
    return f"<h4>Shown instead ({confidence})</h4>{quotes or _text(answer.text)}"


def _text(text: str) -> str:
    return f"<blockquote>{escape(text)}</blockquote>"


def _passages(record: Record, texts: Mapping[str, str]) -> str:
    if not record.shown:
        return "<h4>Passages</h4><p>None were found.</p>"
    chosen = list(enumerate(record.shown, start=1))
    first = next((pair for pair in chosen if pair[1].grade), None)
    listed = chosen[:SHOWN_PASSAGES]
    if first is not None and first not in listed:
        listed.append(first)
    parts = [_passage(rank, shown, record, texts) for rank, shown in listed]
    return f"<h4>First passages</h4>{''.join(parts)}"


def _passage(rank: int, shown: Shown, record: Record, texts: Mapping[str, str]) -> str:
    marks = [(gold.start, gold.end) for gold in record.gold if gold.path == shown.path]
    found = passage(texts.get(shown.path, ""), shown.start, shown.end, marks)
    return (
        f'<blockquote class="{"hit" if shown.grade else ""}">{_excerpt(found)}'
        f"<footer>#{rank} · {_verdict(shown.grade)}{escape(shown.path)}, {shown.start}–{shown.end}"
        f" · score {shown.score:.3f}</footer></blockquote>"
    )


def _verdict(grade: int) -> str:
    if not grade:
        return ""
    return f'<span class="good">{"holds the gold" if grade > 1 else "holds part of it"}</span> · '


def _excerpt(excerpt: Excerpt) -> str:
    inner = "".join(
        f"<mark>{escape(text)}</mark>" if marked else escape(text)
        for text, marked in excerpt.pieces
    )
    return f"{'… ' if excerpt.before else ''}{inner}{' …' if excerpt.after else ''}"
