"""Chunks: the invariants, held by hypothesis over every kind of text, and what makes them good."""

from __future__ import annotations

import hashlib
import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import ConfigError
from rag.core.types import Chunk, Document, chunk_id
from rag.ingest import sentences, split, splitter_version
from rag.ingest.kinds import regions


def document(text: str) -> Document:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Document(doc_id=sha256[:16], path="a.txt", text=text, sha256=sha256, language="it")


def check(text: str, size: int, overlap: int) -> list[Chunk]:
    """Every promise that `split` makes, checked against the text."""
    source = document(text)
    chunks = split(source, size, overlap)
    kind_at = [kind for r in regions(text) for kind in [r.kind] * (r.end - r.start)]
    covered = bytearray(len(text))
    for chunk in chunks:
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip()
        assert 0 < len(chunk.text) <= size
        assert set(kind_at[chunk.start : chunk.end]) == {chunk.kind}
        assert chunk.chunk_id == chunk_id(source.sha256, chunk.start, chunk.end)
        assert chunk.doc_id == source.doc_id
        covered[chunk.start : chunk.end] = b"\1" * len(chunk.text)
    assert all(a.start < b.start for a, b in itertools.pairwise(chunks))
    assert all(seen or character.isspace() for seen, character in zip(covered, text, strict=True))
    for before, after in itertools.pairwise(chunks):
        assert before.end - after.start <= overlap
    assert split(source, size, overlap) == chunks
    return chunks


ITALIAN = [
    "Il Perù è lontano, ma non c'è più virtù.",
    "L'art. 5 vale per il dott. Rossi e la sig.ra Neri.",
    "«Vieni qui.» Lui andò… e poi?!",
    "Costa 3.500,50 euro, p. es. nel 2022.[1]",
    "Titolo senza punto",
    "- una voce\n- un'altra voce",
]
ENGLISH = [
    "The U.S. economy grew 3.5% in Q2.",
    "“Really?” asked Mr. Smith.",
    "[1] Smith, John. “A title.” The Times, 3 May 2020, https://example.org/a",
    "Photo credit: Jane Doe",
]
ODD = [
    "😀👨‍👩‍👧🇮🇹",
    unicodedata.normalize("NFD", "perché è così"),
    "مرحبا بالعالم. كيف الحال؟",
    "中文句子。下一句！",
    "ha ha ha ha ha ha ha ha",
    "x" * 300,
    " " * 50,
    "\n\n\n",
    "\t\x0b\x0c\x1f\u2028\u00a0",
    "....",
    "”)»]",
]
TEXTS = st.builds(
    lambda parts, glue: glue.join(parts),
    st.lists(st.sampled_from([*ITALIAN, *ENGLISH, *ODD]) | st.text(max_size=60), max_size=25),
    st.sampled_from([" ", "\n", "\n\n", ""]),
)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 400), st.integers(0, 200))
def test_the_invariants_hold_for_any_text_and_size(text: str, size: int, overlap: int) -> None:
    check(text, size, min(overlap, size - 1))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.integers(2, 300), st.integers(20, 200))
def test_repeated_text_is_located_rightly(unit: str, times: int, size: int) -> None:
    check(unit * times, size, size // 4)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_sentences_hold_every_character_in_order(text: str) -> None:
    for language in ("it", "en"):
        spans = sentences(text, language)  # type: ignore[arg-type]
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
        assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
        outside = text
        for start, end in reversed(spans):
            outside = outside[:start] + outside[end:]
        assert not outside.strip()


PARAGRAPH = (
    "La linea tranviaria attraversa il centro e arriva fino al mare, dove i lavori sono fermi. "
    "Il comune promette di finire in autunno. I negozianti protestano per i ritardi. "
    "Nessuno sa dire quanto costerà l'intera opera alla fine dei conti. "
)


def test_a_long_paragraph_is_split_evenly_at_sentence_ends() -> None:
    text = (PARAGRAPH * 12).strip()
    ends = {end for _, end in sentences(text, "it")}
    chunks = check(text, 800, 0)
    assert all(chunk.end in ends for chunk in chunks)
    lengths = [len(chunk.text) for chunk in chunks]
    assert min(lengths) > 0.7 * max(lengths)
    assert max(lengths) > 600


def test_no_crumb_where_the_text_is_little_longer_than_a_chunk() -> None:
    text = PARAGRAPH * 3 + "Fine."
    lengths = [len(chunk.text) for chunk in check(text, len(text) - 3, 0)]
    assert len(lengths) == 2
    assert min(lengths) > 0.4 * max(lengths)


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    text = "\n\n".join([PARAGRAPH.strip()] * 6)
    assert {chunk.text for chunk in check(text, 350, 0)} == {PARAGRAPH.strip()}


def test_headings_stay_with_the_text_that_follows() -> None:
    section = "Il futuro della rete\n" + PARAGRAPH.strip()
    for glue in ("\n", "\n\n"):
        text = glue.join(["La rete di oggi", PARAGRAPH * 2, section, "## E poi?", PARAGRAPH * 3])
        for size in (350, 500, 800):
            for chunk in check(text, size, 0):
                last = chunk.text.rsplit("\n", 1)[-1]
                assert last not in ("La rete di oggi", "Il futuro della rete", "## E poi?")


def test_a_sentence_broken_by_a_page_break_is_read_on() -> None:
    start = "La città rafforza la strategia di porsi come un importante punto di transito e"
    text = f"{PARAGRAPH}{start}\n\nPolo produttivo che guarda al mare. {PARAGRAPH}"
    joined = f"{start}\n\nPolo produttivo che guarda al mare."
    assert joined in [text[a:b] for a, b in sentences(text, "it")]
    assert any(joined in chunk.text for chunk in check(text, 500, 0))


def test_a_sentence_longer_than_a_chunk_is_cut_at_clauses_or_words() -> None:
    text = "Il tram, " + ", ".join(f"che passa alla fermata numero {i}" for i in range(80)) + "."
    for chunk in check(text, 300, 0)[:-1]:
        assert chunk.text.endswith(",")
    words = " ".join(["parola"] * 300)
    assert {word for chunk in check(words, 100, 0) for word in chunk.text.split()} == {"parola"}


def test_overlap_repeats_whole_sentences() -> None:
    text = (PARAGRAPH * 8).strip()
    starts = {start for start, _ in sentences(text, "it")}
    chunks = check(text, 500, 120)
    overlaps = [a.end - b.start for a, b in itertools.pairwise(chunks)]
    assert all(chunk.start in starts for chunk in chunks)
    assert sum(overlap > 0 for overlap in overlaps) > len(overlaps) / 2


def test_entries_of_a_reference_list_stay_whole() -> None:
    entries = [
        f"[{i}] Neri, Anna. “Titolo {i}.” Rivista, 2020, p. {i}. Roma." for i in range(1, 40)
    ]
    chunks = [
        c for c in check(f"{PARAGRAPH}\n\n" + "\n".join(entries), 300, 0) if c.kind != "prose"
    ]
    assert {chunk.kind for chunk in chunks} == {"reference"}
    assert [line for chunk in chunks for line in chunk.text.split("\n")] == entries


def test_each_chunk_has_its_own_language() -> None:
    english = (
        "[1] Smith, John. “How the trams came back to the cities of the north.” The Times, 2020.\n"
        "[2] Jones, Mary. “What the people think about the railway and its costs.” 2021, p. 3.\n"
    )
    chunks = check(f"{PARAGRAPH}\n\n{english}", 400, 0)
    assert [(chunk.kind, chunk.language) for chunk in chunks] == [
        ("prose", "it"),
        ("reference", "en"),
    ]


def test_nothing_to_split() -> None:
    assert split(document(""), 100, 0) == []
    assert split(document(" \n\t "), 100, 0) == []


@pytest.mark.parametrize(("size", "overlap"), [(100, 100), (100, 200), (0, 0), (100, -1)])
def test_an_overlap_that_leaves_no_room_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ConfigError, match="chunk_overlap"):
        split(document("ciao"), size, overlap)


def test_the_version_names_rules_and_sizes() -> None:
    assert splitter_version(800, 0) != splitter_version(800, 100) != splitter_version(700, 100)


HOSTILE = {
    "no space": "a" * 300_000,
    "line ends": "x" + "\n" * 100_000 + "y",
    "blanks": "word" + " " * 300_000 + "word",
    "dots": "." * 500_000,
    "marks": ".[1]" * 50_000,
    "closing quotes": "a." + "”" * 500_000,
    "lines of one letter": "a\n" * 30_000,
    "control characters": "parola \x01\x02\x1b " * 20_000,
    "right to left": "مرحبا بالعالم. " * 20_000,
    "headings": "Titolo\n" * 20_000,
    "list headings": "Bibliografia\nRossi, M. (2020). Titolo.\n" * 5_000,
    "abbreviations": "art. " * 50_000,
    "open brackets": "[" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Quadratic steps would take hours here, and run into the time limit of the test."""
    check(text, 800, 0)
