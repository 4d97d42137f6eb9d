"""The page's own arithmetic, run in the browser and compared with Python's."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.serving import Served
from tests.web.conftest import OpenPage

SPICE = "aè\u0300🎉👩‍👩‍👧‍👦\n 𝔘«»“”[1]é"


@pytest.fixture
def page(served: Served, look: OpenPage) -> Any:
    return look(served).open().page


LOAD = """async ([name, ...given]) => {
    const text = await import("/web/text.js");
    const panel = await import("/web/panel.js");
    return {
        slices: (text_, spans) => text.toUtf16(text_, spans)
            .map(({start, end}) => text_.slice(start, end)),
        drawn: (text_, spans) => {
            const node = panel.drawText(text_, text.toUtf16(text_, spans));
            const marked = spans.map((_, index) => [...node.querySelectorAll("mark")]
                .filter((mark) => mark.dataset.spans.split(" ").includes(String(index)))
                .map((mark) => mark.textContent).join(""));
            return {all: node.textContent, marked};
        },
        statements: (answer) => text.statements(answer),
    }[name](...given);
}"""

texts = st.text(alphabet=st.sampled_from(SPICE), min_size=1, max_size=60)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=texts, data=st.data())
def test_spans_survive_the_change_of_units(page: Any, text: str, data: st.DataObject) -> None:
    points = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(points, points), max_size=4))
    spans = [{"start": min(p), "end": max(p)} for p in pairs if p[0] != p[1]]
    expected = [text[span["start"] : span["end"]] for span in spans]
    assert page.evaluate(LOAD, ["slices", text, spans]) == expected
    drawn = page.evaluate(LOAD, ["drawn", text, spans])
    assert drawn["all"] == text
    assert drawn["marked"] == expected


def test_statements_keep_every_citation_and_every_word(page: Any) -> None:
    choose = random.Random(7)
    for _ in range(30):
        pieces, citations, at = [], [], 0
        for number in range(choose.randint(1, 4)):
            lead = choose.choice(["", "Secondo il documento:\n«", "9 novembre: «", "🎉 "])
            quote = choose.choice(["Parola è detta.", "👩‍👩‍👧‍👦 ieri", "x"])
            tail = choose.choice([f"» [{number + 1}]\n", ". ", f" [{number + 1}]", "\n"])
            start = at + len(lead)
            span = {"answer_start": start, "answer_end": start + len(quote), "number": number + 1}
            citations.append({**span, "quote": quote})
            pieces.append(lead + quote + tail)
            at += len(pieces[-1])
        answer = {"text": "".join(pieces), "citations": citations}
        found = page.evaluate(LOAD, ["statements", answer])
        cited = [c["number"] for one in found for c in one["citations"]]
        assert cited == [c["number"] for c in citations]
        for one in found:
            assert all(c["quote"] in one["text"] for c in one["citations"])
        words = "".join(one["text"] for one in found)
        for piece in pieces:
            for word in ("Secondo il documento:", "9 novembre: «", "🎉"):
                assert (word in piece) <= (word in words)


def test_overlapping_citations_share_a_statement(page: Any) -> None:
    text = "Uno due tre quattro."
    spans = [(0, 11), (4, 19)]
    citations = [
        {"answer_start": a, "answer_end": b, "number": n} for n, (a, b) in enumerate(spans, 1)
    ]
    found = page.evaluate(LOAD, ["statements", {"text": text, "citations": citations}])
    assert [(one["text"], len(one["citations"])) for one in found] == [(text, 2)]
