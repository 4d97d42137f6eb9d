from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.align import align, align_parts

PASSAGE = (
    "Il Kazakistan ha firmato 29 accordi per 40 miliardi di dollari.[3] Proprio il “greggio”\n"
    "rappresenta l’80% dell’export; nel 1.5% dei casi no."
)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("ha firmato 29 accordi", "ha firmato 29 accordi"),
        ("HA FIRMATO  29 Accordi", "ha firmato 29 accordi"),
        ('"ha firmato 29 accordi"', "ha firmato 29 accordi"),
        ('Proprio il "greggio" rappresenta', "Proprio il “greggio”\nrappresenta"),
        ("l' 80% dell'export", "l’80% dell’export"),
        ("miliardi di dollari. Proprio il", "miliardi di dollari.[3] Proprio il"),
        ("per 40 miliardi di dollari...", "per 40 miliardi di dollari"),
    ],
)
def test_differences_of_no_consequence(quote: str, found: str) -> None:
    span = align(quote, PASSAGE)
    assert span is not None
    assert PASSAGE[span[0] : span[1]] == found


@pytest.mark.parametrize(
    "quote",
    [
        "per 25 miliardi di dollari",  # another number
        "0 miliardi di dollari",  # a piece of a number
        "9 accordi",
        "5% dei casi",  # a piece of 1.5
        "La Turchia ha firmato 29 accordi",  # another name
        "ha firmato 29 accordo",  # another letter
        "accordi 29 firmato ha",  # another order
        "dollari",  # one word proves nothing
        "",
        "…",
    ],
)
def test_what_differs_fails(quote: str) -> None:
    assert align(quote, PASSAGE) is None


def test_omissions_give_several_spans_in_order() -> None:
    spans = align_parts("Kazakistan ha firmato … 40 miliardi di dollari", PASSAGE)
    assert [PASSAGE[a:b] for a, b in spans] == [
        "Kazakistan ha firmato",
        "40 miliardi di dollari",
    ]
    assert align_parts("40 miliardi di dollari … Kazakistan ha firmato", PASSAGE) == []
    assert align_parts("Kazakistan ha firmato … 25 miliardi di dollari", PASSAGE) == []


words = st.text(alphabet='abcàèß€12 .,’"«»\n\tİ[]', min_size=0, max_size=40)


@given(words, words, words)
def test_a_span_is_always_inside_and_says_the_same(before: str, quote: str, after: str) -> None:
    passage = before + quote + after
    span = align(quote, passage)
    if span is not None:
        start, end = span
        assert 0 <= start < end <= len(passage)

        def digits(text: str) -> list[str]:
            return [c for c in text if c.isdigit()]

        shown = passage[start:end]
        # Nothing but footnote marks may be in the source and not in the quote.
        assert len(digits(shown)) >= len(digits(quote.strip()))


@given(
    st.lists(
        st.sampled_from(
            ["il", "paese", "ha", "firmato", "accordi", "nuovi", "con", "tre", "vicini"]
        ),
        min_size=4,
    )
)
def test_an_exact_quote_is_found(tokens: list[str]) -> None:
    passage = "Oggi " + " ".join(tokens) + " ieri."
    quote = " ".join(tokens[:3])
    span = align(quote, passage)
    assert span is not None
    assert passage[span[0] : span[1]] == quote
