"""The store: what goes in comes out, and damage never comes out."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import IndexDamaged, IndexOutdated, NotFound, UsageError
from rag.core.types import Chunk, Document, Filters, chunk_id
from rag.indexing.schema import DATABASE
from rag.indexing.store import Stamp, Store
from rag.indexing.writer import StoreWriter

META = {"embedder": "test", "dimension": "4", "splitter": "s"}


def document(number: int, text: str, **facts: str | None) -> Document:
    sha256 = f"{number:02x}" * 32
    known = {"path": f"doc{number}.txt", "language": "it", **facts}
    return Document(doc_id=sha256[:16], text=text, sha256=sha256, **known)  # type: ignore[arg-type]


def chunks(document: Document, *spans: tuple[int, int], kind: str = "prose") -> list[Chunk]:
    return [
        Chunk(
            chunk_id(document.sha256, start, end),
            document.doc_id,
            start,
            end,
            document.text[start:end],
            document.language,
            kind,  # type: ignore[arg-type]
        )
        for start, end in spans
    ]


def add(writer: StoreWriter, document: Document, made: list[Chunk]) -> None:
    vectors = np.zeros((len(made), 4), dtype=np.float32)
    vectors[:, 0] = 1
    sentences = [np.full((place, 4), 0.5, dtype=np.float32) for place in range(len(made))]
    with writer.transaction():
        writer.add_document(document, made, vectors, sentences)
        writer.set_source(document.path, document.sha256, Stamp(1, 2))


@pytest.fixture
def writer(tmp_path: Path) -> StoreWriter:
    return StoreWriter.create(tmp_path, META)


TEXT = "Perché 😀 «così»? 𝔘n testo."


def test_round_trip(writer: StoreWriter, tmp_path: Path) -> None:
    first = document(1, TEXT, title="Titolo", date="2025-11", author="Chi?", language="en")
    made = chunks(first, (0, 8), (9, len(TEXT)), kind="caption")
    add(writer, first, made)
    reader = Store.open(tmp_path)
    assert reader.meta() == META
    assert reader.document(first.doc_id) == first
    assert reader.document_chunks(first.doc_id) == made
    keys = reader.keys().tolist()
    assert reader.chunks(keys[::-1]) == made[::-1]
    assert reader.chunks([keys[0], keys[0]]) == [made[0], made[0]]
    assert reader.texts(keys) == ([chunk.text for chunk in made], ["en", "en"])
    vectors = reader.vectors(keys[::-1], 4)
    assert (vectors.shape, vectors.dtype) == ((2, 4), np.float32)
    sentences, counts = reader.sentences(keys[::-1], 4)
    assert (sentences.tolist(), counts.tolist()) == ([[0.5] * 4], [1, 0])  # the first has none
    assert sentences.dtype == np.float32
    info = reader.info(first.doc_id)
    assert (info.path, info.title, info.date, info.author) == (
        "doc1.txt",
        "Titolo",
        "2025-11",
        "Chi?",
    )
    assert (info.length, info.chunks) == (len(TEXT), 2)
    assert reader.documents() == [info]


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(min_size=1).filter(lambda t: "\0" not in t), max_size=5))
def test_any_text_survives(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("store")
    writer = StoreWriter.create(folder, META)
    for number, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError:
            continue
        made = document(number, text)
        add(writer, made, chunks(made, (0, len(text))))
        assert writer.document(made.doc_id).text == text
        assert writer.document_chunks(made.doc_id)[0].text == text
    writer.close()


def test_an_error_inside_a_transaction_changes_nothing(writer: StoreWriter) -> None:
    add(writer, document(1, TEXT), [])
    before, rows = writer.sequence(), writer.rows("SELECT * FROM documents")

    def fail() -> None:
        with writer.transaction():
            writer.delete_unsourced(["01" * 32])
            writer.drop_source("doc1.txt")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (writer.sequence(), writer.rows("SELECT * FROM documents")) == (before, rows)
    with pytest.raises(sqlite3.IntegrityError), writer.transaction():
        writer.delete_document("01" * 32)  # a source file still names it
    assert writer.rows("SELECT * FROM documents") == rows


def test_sequences_and_tokens(writer: StoreWriter) -> None:
    first = writer.sequence()
    add(writer, document(1, TEXT), [])
    with writer.transaction(visible=False):
        writer.set_meta({"roots": "[]"})
    assert writer.sequence() == first + 1
    tokens = {writer.token(sequence) for sequence in (first, first + 1)}
    assert len(tokens) == 2
    assert writer.token(first + 2) is None
    assert writer.committed_at() is not None


def test_a_pinned_reader_sees_one_state(writer: StoreWriter, tmp_path: Path) -> None:
    add(writer, document(1, TEXT), [])
    reader, other = Store.open(tmp_path), Store.open(tmp_path)
    sequence = reader.pin()
    add(writer, document(2, "Altro."), [])
    assert (reader.sequence(), len(reader.documents())) == (sequence, 1)
    assert (other.sequence(), len(other.documents())) == (sequence + 1, 2)


def test_keys_are_never_used_twice(writer: StoreWriter) -> None:
    first, second = document(1, TEXT), document(2, TEXT)
    add(writer, first, chunks(first, (0, 3)))
    keys = set(writer.keys().tolist())
    with writer.transaction():
        writer.drop_source(first.path)
        writer.delete_unsourced([first.sha256])
    for table in ("vectors", "sentences", "chunks"):
        assert writer.rows(f"SELECT * FROM {table}") == []
    add(writer, second, chunks(second, (0, 3)))
    assert not keys & set(writer.keys().tolist())


def test_finding_documents(writer: StoreWriter) -> None:
    for number in (0xAB, 0xCD):
        add(writer, document(number, TEXT), [])
    twin = document(0xAB, TEXT)
    with writer.transaction():
        writer.set_source("zwei.txt", twin.sha256, Stamp(1, 1))
    for key in ("abab", "ABAB", "abababababababab", f"doc{0xAB}.txt", "zwei.txt"):
        assert writer.document(key).doc_id == twin.doc_id
    assert writer.document("zwei.txt").path == f"doc{0xAB}.txt"
    with pytest.raises(NotFound, match="aba"):
        writer.document("aba")
    with pytest.raises(NotFound) as caught:
        writer.document("doc17.txt")
    assert "doc171.txt" in caught.value.remedy
    for key in ("", "x" * 100_000, "caff\udce8.txt", "%", "doc_____"):
        with pytest.raises(NotFound) as caught:
            writer.document(key)
        assert len(caught.value.message) < 200
    with pytest.raises(NotFound):
        writer.info("0000")
    with pytest.raises(NotFound, match="99"):
        writer.chunks([99])


def test_an_ambiguous_start_of_an_id_names_the_candidates(writer: StoreWriter) -> None:
    for tail in ("1", "2"):
        sha256 = "beef" + tail * 60
        made = Document(sha256[:16], f"{tail}.txt", TEXT, sha256, "it")
        add(writer, made, [])
    with pytest.raises(NotFound, match=r"beef111111111111, beef222222222222"):
        writer.document("beef")
    assert writer.document("beef1").path == "1.txt"


DATES = ["2025-11-07", "2025-11", "2025", "2023-12", "--11-09", None, "2024-02-29"]


@pytest.mark.parametrize(
    ("since", "until", "passing"),
    [
        ("2025", None, {0, 1, 2}),
        ("2025-11-08", None, {1, 2}),
        ("2025-12", None, {2}),
        ("2026", None, set()),
        (None, "2023", {3}),
        (None, "2024-02-28", {3}),
        (None, "2024-02-29", {3, 6}),
        ("2024", "2024", {6}),
        ("2023-12-31", "2025-01", {2, 3, 6}),
        ("2025-11-07", "2025-11-07", {0, 1, 2}),
    ],
)
def test_dates_of_any_precision(
    writer: StoreWriter, since: str | None, until: str | None, passing: set[int]
) -> None:
    for number, date in enumerate(DATES):
        made = document(number, TEXT, date=date)
        add(writer, made, chunks(made, (0, 3)))
    keys = writer.select(Filters(date_from=since, date_to=until))
    ids = [chunk.doc_id for chunk in writer.chunks(keys.tolist())]
    assert {int(doc_id[:2], 16) for doc_id in ids} == passing


def test_other_filters_and_all_at_once(writer: StoreWriter) -> None:
    first = document(1, TEXT, date="2025")
    second = document(2, TEXT, language="en", date="2025")
    add(writer, first, chunks(first, (0, 3)) + chunks(first, (4, 8), kind="reference"))
    add(writer, second, chunks(second, (0, 3)))
    keys = writer.keys().tolist()

    def selected(**filters: object) -> list[int]:
        return writer.select(Filters(**filters)).tolist()  # type: ignore[arg-type]

    assert selected(documents=(first.doc_id,)) == keys[:2]
    assert selected(documents=(first.doc_id, second.doc_id)) == keys
    assert selected(documents=("nobody",)) == []
    assert selected(languages=("en",)) == keys[2:]
    assert selected(kinds=("reference",)) == [keys[1]]
    assert selected(languages=("it",), kinds=("prose",), date_from="2025") == [keys[0]]
    assert selected() == keys


@pytest.mark.parametrize("date", ["yesterday", "20", "2025-1", "2025-11-07T10:00", "'; DROP"])
def test_a_bad_date_is_named(writer: StoreWriter, date: str) -> None:
    with pytest.raises(UsageError, match="is not a date"):
        writer.select(Filters(date_to=date))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE documents SET text = replace(text, 'Un', 'un')",
        "UPDATE documents SET title = 'Altro'",
        "UPDATE chunks SET text = replace(text, 'P', 'p')",
        "UPDATE vectors SET vector = zeroblob(16)",
        "UPDATE vectors SET vector = x'00'",
        "DELETE FROM vectors",
        "UPDATE sentences SET vectors = zeroblob(8)",
        "UPDATE sentences SET vectors = x'00'",
        'UPDATE chunks SET "end" = "end" + 1',
    ],
)
def test_damaged_rows_are_never_read_as_whole(
    writer: StoreWriter, tmp_path: Path, damage: str
) -> None:
    made = document(1, "Perché? Un testo.")
    add(writer, made, chunks(made, (0, 7), (8, 17)))
    keys = writer.keys().tolist()
    writer.close()
    raw = sqlite3.connect(tmp_path / DATABASE)
    with raw:
        raw.execute(damage)
    raw.close()
    reader = Store.open(tmp_path)

    def read() -> None:
        reader.document(made.doc_id)
        reader.chunks(keys)
        reader.vectors(keys, 4)
        reader.sentences(keys, 4)

    with pytest.raises(IndexDamaged, match="checksum") as caught:
        read()
    assert "--rebuild" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 5000, b"junk" * 3000])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(content)
    for opener in (Store, StoreWriter):
        with pytest.raises(IndexDamaged) as caught:
            opener.open(tmp_path)
        assert "--rebuild" in caught.value.remedy
    assert (tmp_path / DATABASE).read_bytes() == content


def test_a_missing_database(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="missing"):
        Store.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("version", "words"), [(99, "newer Fonte"), (0, "old format")])
def test_another_format(writer: StoreWriter, tmp_path: Path, version: int, words: str) -> None:
    writer.close()
    raw = sqlite3.connect(tmp_path / DATABASE)
    raw.execute(f"PRAGMA user_version = {version}")
    raw.close()
    for opener in (Store, StoreWriter):
        with pytest.raises(IndexOutdated, match=words) as caught:
            opener.open(tmp_path)
        assert "--rebuild" in caught.value.remedy


def test_many_threads_read_one_store(writer: StoreWriter, tmp_path: Path) -> None:
    made = document(1, TEXT * 50)
    spans = [(n, n + 5) for n in range(0, 500, 5)]
    add(writer, made, chunks(made, *spans))
    reader = Store.open(tmp_path)
    keys = reader.keys().tolist()
    expected = reader.chunks(keys)
    wrong: list[object] = []

    def read() -> None:
        for _ in range(20):
            if reader.chunks(keys) != expected or reader.document(made.doc_id) != made:
                wrong.append("different")

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
