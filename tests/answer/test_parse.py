from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.neutralise import neutralise
from rag.answer.parse import Mark, Statement, StatementReader, statements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Ne firmano 29. [2: "firmato 29"]', [("Ne firmano 29.", [(2, "firmato 29")])]),
        ("Ne firmano 29 (2: «firmato 29»)", [("Ne firmano 29", [(2, "firmato 29")])]),
        ('Ne firmano 29 [2] "firmato 29".', [("Ne firmano 29", [(2, "firmato 29")])]),
        ("Ne firmano 29 [2: firmato 29]", [("Ne firmano 29", [(2, "firmato 29")])]),
        ("X è Y [1: 'l'accordo di pace']", [("X è Y", [(1, "l'accordo di pace")])]),
        ('A è B [1: "a b c"; 3: "d e"]', [("A è B", [(1, "a b c"), (3, "d e")])]),
        ('A è B [1: "vale 3.[4] Poi"]', [("A è B", [(1, "vale 3.[4] Poi")])]),
        ("A è B [1, 2]", [("A è B", [(1, None), (2, None)])]),
        ("A è B [1][2]", [("A è B", [(1, None), (2, None)])]),
        ("[1] A è B.", [("A è B.", [(1, None)])]),
        ("Nel censimento (2024) si vede.", [("Nel censimento (2024) si vede.", [])]),
        ("Nessuna fonte qui", [("Nessuna fonte qui", [])]),
        ('1. Ecco [1: "a b"]\n- Poi [2: "c d"]', [("Ecco", [(1, "a b")]), ("Poi", [(2, "c d")])]),
        ('Uno. Due. [1: "a b"]', [("Uno.", [(1, "a b")]), ("Due.", [(1, "a b")])]),
        ('Lo dice il dott. Rossi. [1: "a b"]', [("Lo dice il dott. Rossi.", [(1, "a b")])]),
        ('Rotto a metà [1: "ha fir', [('Rotto a metà [1: "ha fir', [])]),
        ("A è B [99]", [("A è B", [(99, None)])]),
    ],
)  # fmt: skip
def test_forms(text: str, found: list[tuple[str, list[tuple[int, str | None]]]]) -> None:
    assert statements(text) == [
        Statement(said, tuple(Mark(*mark) for mark in marks)) for said, marks in found
    ]


def read(text: str, size: int) -> list[Statement]:
    reader = StatementReader()
    found = []
    for start in range(0, len(text), size):
        found += reader.feed(text[start : start + size])
    return found + list(reader.close())


@given(st.text(alphabet='ab.[]():"«»1 \n2;<think>/', max_size=120), st.integers(1, 9))
def test_a_stream_reads_the_same_whatever_its_pieces(text: str, size: int) -> None:
    assert read(text, size) == read(text, len(text) or 1)


def test_thinking_aloud_is_dropped() -> None:
    text = '<think>Vediamo.\nForse [1].</think>\nA è B [1: "a b"]'
    assert read(text, 1) == [Statement("A è B", (Mark(1, "a b"),))]
    assert read("<think>senza fine", 3) == []


def test_a_statement_comes_as_soon_as_its_line_ends() -> None:
    reader = StatementReader()
    assert list(reader.feed('A è B [1: "a\nb"]')) == []  # a line break in a quote ends nothing
    assert list(reader.feed("\nC")) == [Statement("A è B", (Mark(1, "a\nb"),))]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Vedi ![x](http://evil.example/a.png?d=1) ora", "Vedi ora"),
        ("Vedi [qui](javascript:alert(1)).", "Vedi qui."),
        ("<script>alert(1)</script>Ciao <img src=x onerror=alert(1)>", "Ciao"),
        ("<scr<b>ipt>alert(1)</script>", "alert(1)"),
        ("Vai su https://evil.example/?q=1 subito", "Vai su subito"),
        ("Vai su www.evil.example", "Vai su"),
        ("**Forte** e `codice`", "Forte e codice"),
        ("5 < 7 e 9 > 3", "5 < 7 e 9 > 3"),
        ("a\u202eb\u200bc", "abc"),
        ("&lt;b&gt;x", "b x"),
    ],
)
def test_neutralise(written: str, shown: str) -> None:
    assert neutralise(written) == shown


@given(st.text(alphabet="<>![]()/:abhtpscrit&; \"'=\n", max_size=80))
def test_no_tag_link_or_image_survives(text: str) -> None:
    shown = neutralise(text)
    assert not re.search(r"\[[^\]\n]*\]\(", shown)
    assert "://" not in shown
    assert "<script" not in shown.lower()
    assert neutralise(shown) == shown
