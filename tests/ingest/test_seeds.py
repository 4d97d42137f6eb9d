"""The project's own documents: press and web text, with what that brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.core.types import Chunk, Document
from rag.ingest import list_sources, load, split

SEEDS = Path(__file__).parents[2] / "seeds"
SOURCES, SKIPPED = list_sources(SEEDS, 50_000_000)
DOCUMENTS = {source.path[:3]: load(source) for source in SOURCES}


def chunks(name: str, kind: str, size: int = 800) -> list[Chunk]:
    return [chunk for chunk in split(DOCUMENTS[name], size, 0) if chunk.kind == kind]


def test_all_of_them_are_read() -> None:
    assert list(DOCUMENTS) == ["000", "001", "002", "003", "004"]
    assert SKIPPED == []
    assert {document.language for document in DOCUMENTS.values()} == {"it"}


@pytest.mark.parametrize(
    ("name", "title", "date", "author"),
    [
        (
            "000",
            "Kazakistan negli Accordi di Abramo: il colpo diplomatico che rafforza Trump",
            "2025-11-07",
            "Panorama",
        ),
        (
            "001",
            "La diplomazia del Kazakistan nel 2025: anno di ricalibrazione strategica",
            None,  # "Nel 2025" is when the story happens
            "Aida Haidar",
        ),
        ("002", None, None, None),  # begins with "Introduzione"; its references have dates
        ("003", None, "--11-09", "Cristina Giuliano"),
        ("004", None, "2023-12", None),
    ],
)
def test_metadata(name: str, title: str | None, date: str | None, author: str | None) -> None:
    document = DOCUMENTS[name]
    assert (document.title, document.date, document.author) == (title, date, author)


def test_the_text_is_that_of_the_file() -> None:
    for source in SOURCES:
        assert DOCUMENTS[source.path[:3]].text == source.file.read_text(encoding="utf-8")


def test_the_bibliography_and_the_biography_are_told_from_the_prose() -> None:
    references = chunks("002", "reference")
    assert references[0].text.startswith("[1] ")
    assert references[-1].text.endswith("Kazakhstan.")
    assert {chunk.language for chunk in references} == {"en"}
    (biography,) = chunks("002", "biography")
    assert biography.text.startswith("Da sempre appassionato di storia")
    assert chunks("002", "prose")[-1].text.endswith("nello scacchiere internazionale.")
    for name in ("000", "001", "003", "004"):
        assert chunks(name, "reference") == chunks(name, "biography") == []


def test_captions_inside_sentences_are_told_from_the_prose() -> None:
    first, second = chunks("001", "caption")
    assert first.text.startswith("Il presidente del Consiglio europeo Antonio Costa")
    assert second.text.startswith("Il presidente degli Stati Uniti Donald Trump")
    assert first.text.endswith("Credito fotografico: Akorda")
    prose = [chunk.text for chunk in chunks("001", "prose")]
    assert any(text.endswith("piuttosto che un semplice") for text in prose)
    assert any(text.startswith("fornitore di risorse.") for text in prose)
    assert any("punto di transito e\n\nPolo produttivo" in text for text in prose)


def cut_in_mid_sentence(document: Document, chunk: Chunk) -> bool:
    return chunk.text[-1] not in ".?!”»])" and document.text[chunk.end :].strip() != ""


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@pytest.mark.parametrize("size", [400, 800, 1200])
def test_prose_is_cut_between_sentences(name: str, size: int) -> None:
    broken = [c for c in chunks(name, "prose", size) if cut_in_mid_sentence(DOCUMENTS[name], c)]
    if name == "001":  # where the caption stands
        broken = [chunk for chunk in broken if not chunk.text.endswith("un semplice")]
    if size >= 800:  # two of the sentences are longer than 400
        assert broken == []
    assert len(broken) <= len(chunks(name, "prose", size)) / 4


def test_chunks_of_the_long_paragraphs_are_even() -> None:
    lengths = [len(chunk.text) for chunk in chunks("002", "prose")]
    assert min(lengths) > 300
    assert sum(lengths) / len(lengths) > 550
