"""The report: complete, self-contained, escaped, the same every time."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate import plots
from rag.evaluate.excerpts import around, passage
from rag.evaluate.failures import failed
from rag.evaluate.markdown import markdown_report
from rag.evaluate.report import html_report
from rag.evaluate.statistics import Bin
from tests.evaluate.conftest import QUESTIONS, TEXTS, World, build, run_of

VOID = {"meta", "br", "path", "use", "circle", "rect", "line"}
EVIL = "<script>alert(1)</script> & \"quotes\" 'too'"


class Balance(HTMLParser):
    """Collects open tags, and every attribute that could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    return parser


def report(world: World) -> str:
    run, timings = run_of(world)
    return html_report(run, timings, TEXTS)


def test_nothing_is_fetched_and_nothing_runs(world: World) -> None:
    page = report(world)
    parser = parsed(page)
    assert parser.links
    assert all(link.startswith("#") for link in parser.links)
    assert not {"script", "link", "img", "iframe"} & set(parser.seen)
    assert not re.search(r"url\((?!#)|@import", page)


def test_ids_are_unique_and_every_link_has_its_target(world: World) -> None:
    parser = parsed(report(world))
    assert len(parser.ids) == len(set(parser.ids))
    assert {link[1:] for link in parser.links} <= set(parser.ids)


def test_text_of_others_is_escaped() -> None:
    rows = [QUESTIONS[0] | {"question": f"Quando {EVIL}?", "type": EVIL, "tags": [EVIL]}]
    world = build(rows=rows)
    world.searcher.broken.add(f"Quando {EVIL}?")
    page = report(world)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    parsed(page)


def test_every_failed_question_is_there_with_its_gold_marked(world: World) -> None:
    page = report(world)
    run, _ = run_of(world)
    for records in failed(run).values():
        for record in records:
            assert f'id="q-{record.id}"' in page
    block = page[page.index('id="q-bridge-en"') :]
    block = block[: block.index("</details>")]
    assert "<mark>fu aperto nel 1932</mark>" in block
    assert "Refused (confidence" in block
    assert "The documents hold no answer." in page[page.index('id="q-none-it"') :]


def test_an_error_is_shown_with_its_message(world: World) -> None:
    world.searcher.broken.add(QUESTIONS[0]["question"])
    page = report(world)
    assert "RuntimeError: the searcher broke" in page
    assert "Failed with an error (1)" in page


def test_tables_plots_and_intervals_are_there(world: World) -> None:
    page = report(world)
    run, _ = run_of(world)
    for part in ("Recall by k", "Reliability of the confidence", "Latency", "Italian", "by type"):
        assert part in page
    assert page.count("<svg") == 3
    figure = run.figures["it"]["nDCG@10"]
    assert f"{figure.value:.3f}" in page
    assert f"{figure.low:.2f}–{figure.high:.2f}" in page


def test_the_report_is_the_same_every_time(world: World) -> None:
    run, timings = run_of(world)
    assert html_report(run, timings, TEXTS) == html_report(run, timings, TEXTS)
    assert markdown_report(run) == markdown_report(run)


def test_plots_are_the_same_bytes_and_take_the_colour_of_the_page() -> None:
    curve = [Bin(0.1, 0.2, 5, 0.15, 0.2), Bin(0.9, 1.0, 9, 0.95, 1.0)]
    drawn = plots.reliability(curve)
    assert drawn == plots.reliability(curve)
    assert "currentColor" in drawn
    assert plots.INK not in drawn
    assert "<metadata" not in drawn
    assert not re.search(r"https?://(?!www\.w3\.org/)", drawn)


def test_markdown_keeps_its_tables_whole(world: World) -> None:
    run, _ = run_of(build(rows=[QUESTIONS[0] | {"type": "a | b\nc"}, QUESTIONS[1]]))
    text = markdown_report(run)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) >= 3 for row in rows)
    assert "a \\| b c" in text
    everything = markdown_report(run_of(world)[0])
    assert "`none-it` Chi progettò il ponte di Varna?" in everything


@given(st.text(alphabet="ab \n", min_size=1, max_size=900), st.data())
def test_an_excerpt_holds_its_span_and_only_text_of_the_source(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = around(text, start, end)
    joined = "".join(piece for piece, _ in found.pieces)
    assert joined in text
    assert [piece for piece, marked in found.pieces if marked] == [text[start:end]]
    assert found.before or text.startswith(joined)
    assert found.after or text.endswith(joined)


@given(st.text(alphabet="ab \n", min_size=1, max_size=900), st.data())
def test_a_passage_is_cut_but_never_changed(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    marks = data.draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=3))
    found = passage(text, start, end, [(min(pair), max(pair)) for pair in marks])
    joined = "".join(piece for piece, _ in found.pieces)
    assert joined in text[start:end]
    assert joined or not text[start:end].strip()


@pytest.mark.parametrize("size", [30, 1000])
def test_a_long_passage_is_cut_around_its_gold(size: int) -> None:
    text = "parola " * size + "IL SEGNO" + " parola" * size
    at = text.index("IL SEGNO")
    found = passage(text, 0, len(text), [(at, at + 8)])
    assert ("IL SEGNO", True) in found.pieces
