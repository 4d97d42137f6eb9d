"""Bytes to documents: encodings, normalisation, refusals, formats."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.core.errors import SourceError
from rag.core.types import Document
from rag.ingest import Source, load
from rag.ingest.formats import SUFFIXES, Parsed, format_for
from rag.ingest.formats.decode import decode

TEXT = (
    "Perché il caffè costa di più? «Così è la vita», disse l’oste – e aggiunse: “Un euro e "
    "mezzo…”.\n"
    "La città cambiò volto: lì c’era già un’università, più in là il mercato. Però costò 300 €.\n"
) * 4


def loaded(folder: Path, raw: bytes, name: str = "a.txt") -> Document:
    file = folder / name
    file.write_bytes(raw)
    return load(Source(name, file, len(raw), 0))


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"],
)
def test_the_text_is_the_same_in_every_encoding(encoding: str) -> None:
    assert decode(TEXT.encode(encoding), "a.txt") == TEXT


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_byte_order_marks_are_obeyed_and_dropped(mark: bytes, encoding: str) -> None:
    assert decode(mark + TEXT.encode(encoding), "a.txt") == TEXT


def test_old_western_encodings_are_guessed() -> None:
    plain = "Perché la città è più bella così? Però costò molto, e là c'era già l'università. " * 5
    for encoding in ("latin-1", "cp1252", "mac_roman", "cp850"):
        assert decode(plain.encode(encoding), "a.txt") == plain, encoding


def test_line_ends_and_unicode_form_are_settled() -> None:
    raw = unicodedata.normalize("NFD", "perché\r\ncosì\rciò\n\n").encode()
    assert decode(raw, "a.txt") == "perché\ncosì\nciò\n\n"


@given(st.text())
def test_nothing_else_is_changed(text: str) -> None:
    expected = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    try:
        assert decode(codecs.BOM_UTF8 + text.encode(), "a.txt") == expected
    except SourceError:
        assert not expected.strip() or "\0" in text


@given(st.text(alphabet="abeé \u0301\u0316\u0323한ᄒ\u1161\u11ab\n", min_size=1, max_size=40))
def test_long_texts_are_normalised_as_short_ones_are(unit: str) -> None:
    unit = "a" + unit  # a run of marks without end is cut, on purpose
    text = unit * (6000 // len(unit))
    assert decode(codecs.BOM_UTF8 + text.encode(), "a.txt") == unicodedata.normalize("NFC", text)


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\t\r\n ", "is empty"),
    "only a mark": (codecs.BOM_UTF8, "is empty"),
    "NUL": (b"testo\0testo", "is binary"),
    "NUL in UTF-16": ("testo\0".encode("utf-16"), "is binary"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
    "office": (b"PK\x03\x04rest", "office document"),
    "picture": (b"\x89PNG\r\n\x1a\n", "is a picture"),
    "controls": (bytes(range(1, 32)) * 9, "is binary"),
    "cut UTF-16": (codecs.BOM_UTF16_LE + b"abc", "no recognisable encoding"),
    "lone surrogate in UTF-16": (
        codecs.BOM_UTF16_LE + b"\x00\xd8a\x00",
        "no recognisable encoding",
    ),
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_text_is_refused_by_name(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        loaded(tmp_path, raw)
    assert "'a.txt'" in caught.value.message
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=400))
def test_any_bytes_give_text_or_a_source_error(raw: bytes) -> None:
    try:
        text = decode(raw, "a.txt")
    except SourceError:
        return
    assert text.strip()
    assert "\0" not in text
    assert "\r" not in text
    text.encode()


def test_text_holds_no_lone_surrogate(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        loaded(tmp_path, b"\xff\xfe\x00\xd8")
    loaded(tmp_path, "a\ud800b".encode("utf-8", "surrogatepass") + b" testo").text.encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_keeps_the_seam(suffix: str) -> None:
    parsed = format_for(suffix).parse(TEXT.encode(), f"a{suffix}")
    assert isinstance(parsed, Parsed)
    assert parsed.text == TEXT
    with pytest.raises(SourceError, match=f"'a{suffix}'"):
        format_for(suffix).parse(b"", f"a{suffix}")


MARKDOWN = """---
title: "La rete di domani"
date: 2024-03-05
author: Anna Neri
tags: [tram, città]
---

# Un altro titolo

Testo del *documento*.
"""


def test_markdown_front_matter_is_read_and_the_text_kept(tmp_path: Path) -> None:
    found = loaded(tmp_path, MARKDOWN.encode(), "a.md")
    assert found.text == MARKDOWN
    assert (found.title, found.date, found.author) == (
        "La rete di domani",
        "2024-03-05",
        "Anna Neri",
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Il titolo #\n\nTesto.", "Il titolo"),
        ("Testo.\n\n## **Più sotto**\n\nTesto.", "Più sotto"),
        ("Il titolo\n=========\n\nTesto.", "Il titolo"),
        ("```\n# commento\n```\n\n# Il titolo\n\nTesto.", "Il titolo"),
        ("+++\ntitle = 'Da TOML'\n+++\nTesto.", "Da TOML"),
        ("---\n\n# Dopo una riga\n\nTesto.", "Dopo una riga"),
        ("---\nnested:\n  title: no\n---\nsolo testo minuscolo, senza titolo.\n", None),
    ],
)
def test_markdown_titles(tmp_path: Path, text: str, title: str | None) -> None:
    assert loaded(tmp_path, text.encode(), "a.md").title == title


def test_hash_and_ids_name_the_exact_bytes(tmp_path: Path) -> None:
    one = loaded(tmp_path, TEXT.encode())
    same = loaded(tmp_path, TEXT.encode(), "b.txt")
    other = loaded(tmp_path, TEXT.encode("cp1252"))
    assert one.doc_id == one.sha256[:16] == same.doc_id
    assert one.text == other.text
    assert one.sha256 != other.sha256
