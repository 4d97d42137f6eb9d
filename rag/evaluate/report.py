"""The report: one HTML file that needs nothing else, to show to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from rag.evaluate import plots
from rag.evaluate.failures import failures_section
from rag.evaluate.figures import ALL, Figure, latencies, recall_curves, reliability_curve
from rag.evaluate.measures import DEPTH, MEASURES
from rag.evaluate.records import Timing
from rag.evaluate.statistics import RESAMPLES
from rag.evaluate.store import Run
from rag.evaluate.style import CSS
from rag.evaluate.tables import (
    LANGUAGE_NAMES,
    Table,
    abstention_table,
    answer_table,
    follow_up_table,
    interval,
    number,
    retrieval_table,
)

TILES = (
    ("nDCG@10", "it"),
    ("nDCG@10", "en"),
    ("R@5", ALL),
    ("answer_correct", ALL),
    ("citation_precision", ALL),
    ("refused_wrong", ALL),
    ("answered_wrong", ALL),
    ("AUROC", ALL),
)
LINKS = (
    ("languages", "Figures"),
    ("types", "Types"),
    ("follow-ups", "Follow-ups"),
    ("failures", "Failed questions"),
    ("latency", "Latency"),
    ("method", "How to read this"),
)


def html_report(run: Run, timings: Mapping[str, Timing], texts: Mapping[str, str]) -> str:
    """The report of a run as one HTML document; `texts` are the sources by path."""
    sections = [
        _tiles(run),
        _plots(run),
        _section("languages", "Figures by language", _by(run, "")),
        _section("types", "By type of question", _by(run, "type")),
        _follow_ups(run),
        failures_section(run, texts),
        _section("tags", "By tag", _folded("Every tag", _by(run, "tag"))),
        _latency(run, timings),
        _method(run),
    ]
    body = "".join(sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation: {escape(run.name)}</title>\n<style>{CSS}</style>\n</head>\n"
        f"<body>\n<main>\n{_header(run, body)}{body}</main>\n</body>\n</html>\n"
    )


def _section(key: str, title: str, body: str, lead: str = "") -> str:
    if not body:
        return ""
    lead = f'<p class="lead">{lead}</p>\n' if lead else ""
    return f'<section id="{key}">\n<h2>{escape(title)}</h2>\n{lead}{body}</section>\n'


def _header(run: Run, body: str) -> str:
    without = run.set.questions - run.set.answerable
    about = f"{run.set.questions} questions of <code>{escape(run.set.name)}</code>"
    about += f", {without} of them without an answer in the documents" if without else ""
    index = run.described.get("index", {})
    where = ", ".join(
        f"{value} {name}" for name, value in index.items() if name in ("documents", "chunks")
    )
    model = f"; model {escape(str(index['embedder']))}" if "embedder" in index else ""
    nav = "".join(f'<a href="#{key}">{title}</a>' for key, title in LINKS if f'id="{key}"' in body)
    return (
        f"<header>\n<h1>Evaluation: {escape(run.name)}</h1>\n<p>{about}.</p>\n"
        f"<p>{where}{model}.</p>\n<nav>{nav}</nav>\n</header>\n"
    )


def _tiles(run: Run) -> str:
    tiles = []
    for name, cut in TILES:
        figure = run.figures.get(cut, {}).get(name)
        if figure is not None:
            measure = MEASURES[name]
            better = "lower is better; " if measure.better == "lower" else ""
            language = "" if cut == ALL else f", {LANGUAGE_NAMES[cut]}"
            tiles.append(
                f'<div class="tile" title="{escape(measure.explained)}">'
                f"<span>{escape(measure.label)}{language}</span><b>{number(figure.value)}</b>"
                f"<span>{better}95%: {interval(figure)}</span></div>"
            )
    return f'<div class="tiles">{"".join(tiles)}</div>\n' if tiles else ""


def _figure_box(title: str, small: str, svg: str) -> str:
    return f"<figure><figcaption>{title}<small>{small}</small></figcaption>{svg}</figure>\n"


def _plots(run: Run) -> str:
    boxes = []
    curves = recall_curves(run.records)
    if curves:
        svg = plots.recall_by_k(curves)
        boxes.append(_figure_box("Recall by k", "how deep one has to look, by language", svg))
    curve = reliability_curve(run.records)
    if curve and len({record.answerable for record in run.records}) > 1:
        svg = plots.reliability(curve)
        small = "on the dashed line the confidence means what it says; numbers are questions"
        boxes.append(_figure_box("Reliability of the confidence", small, svg))
    return _section("plots", "At a glance", f'<div class="plots">{"".join(boxes)}</div>\n')


def _by(run: Run, kind: str) -> str:
    made = [make(run, kind) for make in (retrieval_table, answer_table, abstention_table)]
    return "".join(html_table(table) for table in made if table is not None)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary><div>{body}</div></details>\n" if body else ""


def html_table(table: Table) -> str:
    """A table of figures with their intervals as bars."""
    head = "".join(
        f'<th title="{escape(one.explained)}">{escape(one.label)}'
        f"{' ↓' if one.better == 'lower' else ''}</th>"
        for one in table.columns
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(row.label)}</th><td class="n">{row.n}</td>'
        f"{''.join(_cell(cell) for cell in row.cells)}</tr>\n"
        for row in table.rows
    )
    return (
        f'<h3>{escape(table.title)}</h3>\n<div class="scroll"><table>\n'
        f"<thead><tr><th></th><th>n</th>{head}</tr></thead>\n<tbody>{rows}</tbody>\n"
        "</table></div>\n"
    )


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return '<td class="figure">–</td>'
    value, low, high = (min(1.0, one) * 100 for one in (figure.value, figure.low, figure.high))
    return (
        f'<td class="figure" title="{figure.n} questions">{number(figure.value)}'
        f'<div class="track">'
        f'<s style="width:{value:.1f}%"></s>'
        f'<u style="left:{low:.1f}%;width:{max(high - low, 0.8):.1f}%"></u></div>'
        f"<i>{interval(figure)}</i></td>"
    )


def _follow_ups(run: Run) -> str:
    found = run.conversations
    if found is None:
        return ""
    made = [follow_up_table(run, resolved) for resolved in (True, False)]
    body = "".join(html_table(table) for table in made if table is not None)
    tests = ", ".join(f"{name} p = {value:.4f}" for name, value in found.p_value.items())
    rows = "".join(
        f"<tr><td>{escape(one.history[-1])}</td><td><b>{escape(one.question)}</b></td>"
        f"<td>{escape(one.error or one.resolved)}</td>"
        f"<td>{_reciprocal(one.alone)}</td><td>{_reciprocal(one.with_history)}</td></tr>\n"
        for one in found.records
    )
    body += (
        "<details><summary>Every follow-up, and what it was resolved to</summary>"
        '<div class="scroll"><table><thead><tr><th>Before</th><th>Follow-up</th>'
        "<th>Searched for</th><th>Rank alone</th><th>Rank resolved</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>\n"
    )
    lead = "The last question of a conversation leans on those before it. Paired randomisation "
    return _section("follow-ups", "Follow-up questions", body, f"{lead}test: {escape(tests)}.")


def _reciprocal(measures: Mapping[str, float]) -> str:
    value = measures.get("RR@10", 0.0)
    return f"{round(1 / value)}" if value else f'<span class="bad">not in {DEPTH}</span>'


def _latency(run: Run, timings: Mapping[str, Timing]) -> str:
    stages: dict[str, list[float]] = {
        "search": [one.search_ms for one in timings.values() if one.search_ms is not None],
        "answer": [one.answer_ms for one in timings.values() if one.answer_ms is not None],
    }
    stages = {name: values for name, values in stages.items() if values}
    if not stages:
        return ""
    rows = []
    for cut, row in latencies(timings, run.records).items():
        cells = "".join(
            f'<td class="figure">{one.value:.1f} ms<i>{one.low:.1f}–{one.high:.1f}</i></td>'
            for one in row.values()
        )
        rows.append(f'<tr><th scope="row">{LANGUAGE_NAMES.get(cut, escape(cut))}</th>{cells}</tr>')
    head = "".join(f"<th>{name}</th>" for stage in stages for name in _percentiles(stage))
    table = (
        f'<div class="scroll"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>\n"
    )
    box = _figure_box("Latency", "one question at a time; dots at p50 and p95", "")
    box = box.replace("</figure>", plots.latency(stages) + "</figure>")
    lead = "Of this machine on this day; all else in this report is the same on every run."
    return _section("latency", "Latency", f'{table}<h3></h3><div class="plots">{box}</div>\n', lead)


def _percentiles(stage: str) -> tuple[str, str]:
    return (f"{stage} p50", f"{stage} p95")


def _method(run: Run) -> str:
    used = [name for name in MEASURES if any(name in row for row in run.figures.values())]
    definitions = "".join(
        f"<dt>{escape(MEASURES[name].label)}{' ↓' if MEASURES[name].better == 'lower' else ''}</dt>"
        f"<dd>{escape(MEASURES[name].explained)} (over: {MEASURES[name].population})</dd>"
        for name in used
    )
    settings = "".join(
        f"<dt><code>{escape(key)}</code></dt><dd>{escape(_plain(value))}</dd>"
        for group in run.described.values()
        for key, value in (group.items() if isinstance(group, dict) else ())
    )
    lead = (
        "Gold is a span of the source text, so figures survive re-chunking: a passage is relevant "
        "when it holds at least half of a gold span or 30 of its characters, and better when it "
        "holds all of it. A question that fails with an error counts as its worst value and is "
        f"listed; nothing is dropped. Intervals are 95% bootstrap intervals ({RESAMPLES} "
        "resamples of facts, fixed seed). ↓ marks measures of which less is better."
    )
    body = f"<dl>{definitions}</dl>\n<h3>Settings of this run</h3>\n<dl>{settings}</dl>\n"
    return _section("method", "How to read this", body, lead)


def _plain(value: Any) -> str:
    return "none" if value is None else str(value)
