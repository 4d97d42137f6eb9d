"""Quotes become spans, exactly, or the author is told where it comes close."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.judged import Quote
from rag.evaluate.locate import Span, find, nearest, occurrences, resolve
from tests.evaluate.conftest import TEXTS, document

DOCUMENTS = {path: document(path, text) for path, text in TEXTS.items()}


@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_every_stretch_of_a_text_is_found_where_it_stands(path: str, data: st.DataObject) -> None:
    text = TEXTS[path]
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    spans = find(Quote(path=path, quote=text[start:end]), DOCUMENTS)
    assert all(text[span.start : span.end] == text[start:end] for span in spans)
    assert any(span.start <= start < span.end for span in spans)


def test_without_an_occurrence_all_count_with_one_that_one() -> None:
    everywhere = find(Quote(path="ponte.txt", quote="19"), DOCUMENTS)
    assert len(everywhere) == 2
    assert find(Quote(path="ponte.txt", quote="19", occurrence=2), DOCUMENTS) == everywhere[1:]
    with pytest.raises(ValueError, match="has it 2 times"):
        find(Quote(path="ponte.txt", quote="19", occurrence=3), DOCUMENTS)


def test_a_decomposed_quote_is_the_same_quote() -> None:
    quote = unicodedata.normalize("NFD", "È alimentato da tre torrenti alpini 🏔")
    (span,) = find(Quote(path="lago.txt", quote=quote), DOCUMENTS)
    assert TEXTS["lago.txt"][span.start : span.end] == unicodedata.normalize("NFC", quote)


def test_a_quote_that_is_not_there_shows_what_comes_nearest() -> None:
    with pytest.raises(ValueError, match="nearest: 'Costò 40 miliardi di lire'"):
        find(Quote(path="ponte.txt", quote="Costò 25 miliardi di lire"), DOCUMENTS)
    with pytest.raises(ValueError, match=r"path 'gone\.txt' is not among the 3 documents"):
        find(Quote(path="gone.txt", quote="x"), DOCUMENTS)


def test_nearest_of_a_quote_that_is_there_is_itself() -> None:
    text = TEXTS["museum.txt"]
    assert nearest("oldest of which", text) == "oldest of which"


def test_occurrences_do_not_overlap() -> None:
    assert occurrences("aaaa", "aa") == [0, 2]
    assert occurrences("abc", "x") == []


def test_the_same_span_quoted_twice_counts_once() -> None:
    quote = Quote(path="ponte.txt", quote="1932")
    needs, wrong = resolve([[quote, quote]], DOCUMENTS)
    start = TEXTS["ponte.txt"].index("1932")
    assert needs == ((Span("ponte.txt", start, start + 4),),)
    assert not wrong
