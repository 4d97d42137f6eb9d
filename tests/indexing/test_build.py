"""The write path: what is added, kept, replaced, left out, refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rag.core.errors import (
    IndexLocked,
    IndexMissing,
    IndexOutdated,
    ModelError,
    SourceError,
    StoreError,
)
from rag.core.types import chunk_id
from rag.indexing import update
from rag.indexing.build import pending, source_roots, sync
from rag.indexing.lock import writing
from rag.indexing.snapshot import Snapshot
from rag.indexing.verify import verify
from tests.indexing.helpers import (
    SIZES,
    HashingEmbedder,
    contents,
    index,
    run_without_privileges,
    settle,
    write,
)

PARIS = "Il trattato fu firmato a Parigi nel 1951. Entrò in vigore l'anno dopo.\n"
ROME = "The treaty was signed in Rome in 1957. Six countries signed it.\n"
LONG = "\n\n".join(f"Paragrafo {n}: la città numero {n} è bella. 🏛️ È qui." for n in range(40))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    write(tmp_path / "docs", paris=PARIS, rome=ROME, long=LONG)
    return tmp_path / "docs"


@pytest.fixture
def idx(tmp_path: Path) -> Path:
    return tmp_path / "idx"


def passages(idx: Path, embedder: HashingEmbedder) -> list[str]:
    """What was embedded, without the sentences of passages."""
    with Snapshot.open(idx) as snapshot:
        texts = {chunk.text for chunk in snapshot.chunks(snapshot.dense.keys.tolist())}
    return [text for text in embedder.seen if text in texts]


def test_a_first_build(docs: Path, idx: Path) -> None:
    embedder = HashingEmbedder()
    report = index(idx, docs, embedder)
    assert report.added == ("long.txt", "paris.txt", "rome.txt")
    assert report.changed == report.removed == report.unchanged == report.skipped == ()
    assert report.chunks == report.embedded == len(passages(idx, embedder)) > 10
    assert {"scan", "load", "split", "embed", "store", "index"} <= set(report.seconds)
    with Snapshot.open(idx) as snapshot:
        assert snapshot.notices == []
        assert snapshot.sequence == report.sequence
        assert [info.path for info in snapshot.documents()] == list(report.added)
        for info in snapshot.documents():
            document = snapshot.document(info.doc_id)
            assert (info.length, info.chunks) == (
                len(document.text),
                len(snapshot.document_chunks(info.doc_id)),
            )
            for chunk in snapshot.document_chunks(info.doc_id):
                assert document.text[chunk.start : chunk.end] == chunk.text
                assert chunk.chunk_id == chunk_id(document.sha256, chunk.start, chunk.end)
    assert verify(idx) == []


def test_two_builds_are_the_same(docs: Path, idx: Path, tmp_path: Path) -> None:
    index(idx, docs)
    index(tmp_path / "again", docs)
    assert contents(idx) == contents(tmp_path / "again")


def test_nothing_changed_loads_no_model(docs: Path, idx: Path) -> None:
    first = index(idx, docs)

    def never() -> HashingEmbedder:
        raise AssertionError("the model was loaded")

    report = sync(idx, docs, never, **SIZES)
    assert report.unchanged == first.added
    assert (report.embedded, report.sequence) == (0, first.sequence)
    (docs / "rome.txt").unlink()
    assert sync(idx, docs, never, **SIZES).removed == ("rome.txt",)


def test_only_what_changed_is_embedded(docs: Path, idx: Path) -> None:
    index(idx, docs)
    write(docs, paris=PARIS + "Lo firmarono sei paesi.\n", new="Un testo nuovo, mai visto.\n")
    (docs / "rome.txt").unlink()
    embedder = HashingEmbedder()
    report = index(idx, docs, embedder)
    assert report.added == ("new.txt",)
    assert report.changed == ("paris.txt",)
    assert report.removed == ("rome.txt",)
    assert report.unchanged == ("long.txt",)
    assert not any("Paragrafo" in text for text in embedder.seen)
    assert report.embedded == len(passages(idx, embedder))
    with Snapshot.open(idx) as snapshot:
        assert "sei paesi" in snapshot.document("paris.txt").text
        assert not snapshot.lexical.search("Rome", "en", 5)
    assert verify(idx) == []


def test_a_touched_file_is_not_changed(docs: Path, idx: Path) -> None:
    index(idx, docs)
    for path in docs.iterdir():
        os.utime(path, ns=(1, 1))
    assert not pending(idx, docs, **SIZES)
    report = index(idx, docs)
    assert (report.changed, report.embedded) == ((), 0)
    assert not pending(idx, docs, **SIZES)


def test_a_change_of_equal_size_right_after_is_seen(docs: Path, idx: Path) -> None:
    path = docs / "paris.txt"
    index(idx, docs)
    stamp = path.stat().st_mtime_ns
    path.write_text(PARIS.replace("1951", "1952"), encoding="utf-8")
    os.utime(path, ns=(stamp, stamp))  # as a coarse clock would leave it
    assert pending(idx, docs, **SIZES).changed == ("paris.txt",)


def test_pending_reads_no_file_whose_stamp_is_trusted(docs: Path, idx: Path) -> None:
    settle(docs)
    index(idx, docs)
    before = {path: path.stat().st_atime_ns for path in docs.iterdir()}
    for path in docs.iterdir():  # an old access time would show a read
        os.utime(path, ns=(1, path.stat().st_mtime_ns))
    before = {path: path.stat().st_atime_ns for path in docs.iterdir()}
    assert not pending(idx, docs, **SIZES)
    assert {path: path.stat().st_atime_ns for path in docs.iterdir()} == before


def test_the_same_bytes_twice_are_one_document(docs: Path, idx: Path) -> None:
    write(docs, a_copy=PARIS)
    report = index(idx, docs)
    assert report.added == ("a_copy.txt", "long.txt", "paris.txt", "rome.txt")
    with Snapshot.open(idx) as snapshot:
        assert [info.path for info in snapshot.documents()] == [
            "a_copy.txt",
            "long.txt",
            "rome.txt",
        ]
        assert snapshot.document("paris.txt") == snapshot.document("a_copy.txt")
    (docs / "a_copy.txt").unlink()
    embedder = HashingEmbedder()
    assert index(idx, docs, embedder).removed == ("a_copy.txt",)
    assert embedder.seen == []
    with Snapshot.open(idx) as snapshot:
        assert [info.path for info in snapshot.documents()] == ["long.txt", "paris.txt", "rome.txt"]


def test_a_renamed_file_is_not_embedded_again(docs: Path, idx: Path) -> None:
    index(idx, docs)
    (docs / "sub").mkdir()
    (docs / "paris.txt").rename(docs / "sub" / "parigi.txt")
    embedder = HashingEmbedder()
    report = index(idx, docs, embedder)
    assert (report.added, report.removed) == (("sub/parigi.txt",), ("paris.txt",))
    assert embedder.seen == []
    with Snapshot.open(idx) as snapshot:
        assert snapshot.document("sub/parigi.txt").path == "sub/parigi.txt"


def test_files_that_swap_contents_are_not_embedded_again(docs: Path, idx: Path) -> None:
    index(idx, docs)
    write(docs, paris=ROME, rome=PARIS)
    embedder = HashingEmbedder()
    assert index(idx, docs, embedder).changed == ("paris.txt", "rome.txt")
    assert embedder.seen == []
    with Snapshot.open(idx) as snapshot:
        assert snapshot.document("paris.txt").text == ROME


def test_a_document_read_under_another_ending_is_read_anew(docs: Path, idx: Path) -> None:
    text = "---\ntitle: Un titolo\n---\n" + PARIS
    write(docs, a__md=text, b=text)
    index(idx, docs)
    (docs / "a.md").unlink()
    index(idx, docs)
    index(idx.with_name("fresh"), docs)
    assert contents(idx) == contents(idx.with_name("fresh"))


def test_what_cannot_be_read_is_left_out_and_named_each_time(docs: Path, idx: Path) -> None:
    (docs / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    write(docs, blank="  \n")
    for _ in range(2):
        report = index(idx, docs)
        assert [skip.path for skip in report.skipped] == ["blank.txt", "picture.txt"]
        assert all(skip.reason and skip.remedy for skip in report.skipped)
        assert not pending(idx, docs, **SIZES)
    assert report.unchanged == ("long.txt", "paris.txt", "rome.txt")
    write(docs, blank="Adesso c'è un testo.\n")
    assert pending(idx, docs, **SIZES).added == ("blank.txt",)
    assert index(idx, docs).added == ("blank.txt",)


def test_a_file_emptied_leaves_the_index(docs: Path, idx: Path) -> None:
    index(idx, docs)
    write(docs, paris="")
    report = index(idx, docs)
    assert report.removed == ("paris.txt",)
    assert [skip.path for skip in report.skipped] == ["paris.txt"]
    with Snapshot.open(idx) as snapshot:
        assert [info.path for info in snapshot.documents()] == ["long.txt", "rome.txt"]


def test_a_file_too_large_is_left_out(docs: Path, idx: Path) -> None:
    report = index(idx, docs, max_bytes=1_000)
    assert [skip.path for skip in report.skipped] == ["long.txt"]
    assert report.added == ("paris.txt", "rome.txt")


SYNC_AND_TELL = """
import sys
from pathlib import Path
from rag.indexing.build import pending, sync
from tests.indexing.helpers import SIZES, HashingEmbedder
root, idx = Path(sys.argv[1]), Path(sys.argv[2])
report = sync(idx, root, HashingEmbedder(), **SIZES)
print(report.unchanged, report.changed, report.removed, [s.path for s in report.skipped])
print(report.skipped[0].reason)
print(bool(pending(idx, root, **SIZES)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="file modes")
@pytest.mark.parametrize("closed", ["paris.txt", "sub"])
def test_what_became_unreadable_keeps_its_indexed_version(
    docs: Path, idx: Path, closed: str
) -> None:
    write(docs / "sub", inner="Un testo nella sottocartella.\n")
    paths = index(idx, docs).added
    os.utime(docs / closed, ns=(5, 5))
    (docs / closed).chmod(0)
    try:
        told = run_without_privileges(SYNC_AND_TELL, docs, idx).splitlines()
    finally:
        (docs / closed).chmod(0o755)
    assert told[0].startswith(f"{paths} () () ['{closed}")
    assert told[1]
    assert told[2] == "False"
    with Snapshot.open(idx) as snapshot:
        assert snapshot.document("paris.txt").text == PARIS
        assert snapshot.document("sub/inner.txt")
    report = index(idx, docs)
    assert (report.skipped, report.embedded) == ((), 0)


def test_another_model_splitter_or_size_is_refused_by_name(docs: Path, idx: Path) -> None:
    index(idx, docs)
    with pytest.raises(IndexOutdated, match="'hashing', not 'other'") as caught:
        index(idx, docs, HashingEmbedder(name="other"))
    assert "--rebuild" in caught.value.remedy
    with pytest.raises(IndexOutdated, match="hashing"):
        sync(idx, docs, lambda: HashingEmbedder(), embedder_name="other", **SIZES)
    with pytest.raises(IndexOutdated, match="hashing"):
        pending(idx, docs, embedder_name="other", **SIZES)
    with pytest.raises(IndexOutdated, match=r"split by .*:200:0.*:300:0"):
        index(idx, docs, chunk_size=300)
    with pytest.raises(IndexOutdated, match="split by"):
        pending(idx, docs, **{**SIZES, "chunk_overlap": 10})
    with Snapshot.open(idx) as snapshot:
        snapshot.check_embedder("hashing", 32)
        with pytest.raises(IndexOutdated, match="other"):
            snapshot.check_embedder("other", 32)
        with pytest.raises(IndexOutdated, match="64"):
            snapshot.check_embedder("hashing", 64)


def test_a_model_that_turns_out_another_is_refused_before_storing(docs: Path, idx: Path) -> None:
    index(idx, docs)
    before = contents(idx)
    write(docs, new="Un altro testo.\n")
    with pytest.raises(IndexOutdated, match="other"):
        sync(idx, docs, lambda: HashingEmbedder(name="other"), **SIZES)
    assert contents(idx) == before


def test_a_rebuild_with_another_model(docs: Path, idx: Path) -> None:
    index(idx, docs)
    with Snapshot.open(idx) as old:
        embedder = HashingEmbedder(dimension=16, name="other")
        report = index(idx, docs, embedder, rebuild=True, chunk_size=150)
        assert report.embedded == report.chunks
        assert old.stale()
        assert old.document("rome.txt").text == ROME
        assert len(old.dense.search(embedder.embed_queries(["x"])[0].repeat(2), 3)[0]) == 3
    with Snapshot.open(idx) as new:
        assert (new.embedder_name, new.dimension, new.stale()) == ("other", 16, False)
    index(idx.with_name("fresh"), docs, embedder, chunk_size=150)
    assert contents(idx) == contents(idx.with_name("fresh"))
    assert verify(idx) == []


class Failing(HashingEmbedder):
    """Embeds a few texts, then fails."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def embed_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
        if len(self.seen) >= self.after:
            raise ModelError("The model is gone.", "Bring it back.")
        return super().embed_passages(texts, progress)


def test_a_rebuild_that_fails_loses_nothing_and_goes_on_later(
    docs: Path, idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "BATCH_CHUNKS", 5)
    index(idx, docs)
    before = contents(idx)
    failing = Failing(after=1)
    with pytest.raises(ModelError):
        index(idx, docs, failing, rebuild=True)
    assert contents(idx) == before
    assert verify(idx) == []
    embedder = HashingEmbedder()
    report = index(idx, docs, embedder, rebuild=True)
    before_it_failed = len(passages(idx, failing))
    assert len(passages(idx, embedder)) == report.chunks - before_it_failed < report.chunks
    assert contents(idx) == before


def test_what_was_committed_before_a_failure_is_not_embedded_again(
    docs: Path, idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "BATCH_CHUNKS", 5)
    failing = Failing(after=1)
    with pytest.raises(ModelError):
        index(idx, docs, failing)
    embedder = HashingEmbedder()
    index(idx, docs, embedder)
    assert failing.seen
    assert not set(failing.seen) & set(embedder.seen)
    index(idx.with_name("fresh"), docs)
    assert contents(idx) == contents(idx.with_name("fresh"))


@pytest.mark.parametrize("fault", ["shape", "length", "nan"])
def test_bad_vectors_are_not_stored(docs: Path, idx: Path, fault: str) -> None:
    class Bad(HashingEmbedder):
        def embed_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
            rows = super().embed_passages(texts, progress)
            if fault == "shape":
                return rows[:-1]
            rows[0] *= 2 if fault == "length" else float("nan")
            return rows

    with pytest.raises(ModelError, match="hashing"):
        index(idx, docs, Bad())
    with Snapshot.open(idx) as snapshot:
        assert snapshot.documents() == []


def test_roots_are_remembered_and_may_be_several(docs: Path, idx: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", extra="Un testo in un'altra cartella.\n")
    report = sync(idx, [docs / "paris.txt", tmp_path / "more"], HashingEmbedder(), **SIZES)
    assert report.added == ("docs/paris.txt", "more/extra.txt")
    assert source_roots(idx) == [docs / "paris.txt", tmp_path / "more"]
    assert not pending(idx, **SIZES)
    write(tmp_path / "more", extra="Un testo cambiato.\n")
    assert sync(idx, None, HashingEmbedder(), **SIZES).changed == ("more/extra.txt",)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("docs", "more", "idx"):
        (tmp_path / name).rename(moved / name)
    assert source_roots(moved / "idx") == [moved / "docs/paris.txt", moved / "more"]
    assert not pending(moved / "idx", **SIZES)


def test_another_root_replaces_what_was_there(docs: Path, idx: Path, tmp_path: Path) -> None:
    index(idx, docs)
    write(tmp_path / "other", rome=ROME, new="Un testo nuovo.\n")
    embedder = HashingEmbedder()
    report = index(idx, tmp_path / "other", embedder)
    assert report.unchanged == ("rome.txt",)
    assert report.removed == ("long.txt", "paris.txt")
    assert embedder.seen == ["Un testo nuovo."]


def test_only_some_paths(docs: Path, idx: Path) -> None:
    index(idx, docs)
    write(docs, paris="Cambiato.\n", rome="Changed.\n", new="Nuovo.\n", newer="Nuovissimo.\n")
    (docs / "long.txt").unlink()
    report = index(idx, docs, only=["new.txt", "paris.txt"])
    assert (report.added, report.changed, report.removed) == (("new.txt",), ("paris.txt",), ())
    with Snapshot.open(idx) as snapshot:
        assert snapshot.document("rome.txt").text == ROME
        assert snapshot.document("long.txt").text == LONG
    assert index(idx, docs, only=["long.txt"]).removed == ("long.txt",)
    index(idx, docs)
    index(idx.with_name("fresh"), docs)
    assert contents(idx) == contents(idx.with_name("fresh"))


def test_a_missing_root_removes_nothing(docs: Path, idx: Path) -> None:
    index(idx, docs)
    before = contents(idx)
    with pytest.raises(SourceError, match="nowhere"):
        index(idx, docs.with_name("nowhere"))
    assert contents(idx) == before


def test_no_index_and_no_root(idx: Path) -> None:
    with pytest.raises(IndexMissing):
        sync(idx, None, HashingEmbedder(), **SIZES)
    with pytest.raises(IndexMissing):
        pending(idx, **SIZES)
    with pytest.raises(IndexMissing):
        Snapshot.open(idx)
    assert source_roots(idx) == []


def test_an_empty_folder_is_an_empty_index(tmp_path: Path, idx: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = index(idx, tmp_path / "empty")
    assert (report.chunks, report.added) == (0, ())
    with Snapshot.open(idx) as snapshot:
        assert snapshot.documents() == []
        assert len(snapshot.dense.search(HashingEmbedder().embed_queries(["x"])[0], 3)[0]) == 0
        assert snapshot.lexical.search("qualcosa", "it", 3) == []
    assert verify(idx) == []


def test_a_second_writer_is_told_who_is_first(docs: Path, idx: Path) -> None:
    index(idx, docs)
    with writing(idx):
        with pytest.raises(IndexLocked, match=f"pid {os.getpid()}") as caught:
            index(idx, docs)
        assert caught.value.remedy
        with Snapshot.open(idx) as snapshot:  # a reader is not in its way
            assert len(snapshot.documents()) == 3
    assert index(idx, docs).unchanged


def test_an_index_folder_that_is_a_file(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="file"):
        index(tmp_path / "file", docs)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


OUT_OF_ROOM = """
import resource, sys
from pathlib import Path
from rag.core.errors import IndexDamaged, StoreError
from rag.indexing.build import sync
from tests.indexing.helpers import SIZES, HashingEmbedder
root, idx, room = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
embedder = HashingEmbedder()
embedder.embed_passages(["x"])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    sync(idx, root, embedder, **SIZES)
except StoreError as error:
    assert not isinstance(error, IndexDamaged), error
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="file size limits")
@pytest.mark.parametrize("room", [1_000, 5_000, 20_000, 60_000, 120_000])
def test_no_room_on_the_disk_loses_nothing(docs: Path, idx: Path, room: int) -> None:
    """A limit on the size of files stands in for a full disk."""
    write(docs / "more", **{f"n{number}": f"{number} {LONG}" for number in range(12)})
    told = run_without_privileges(OUT_OF_ROOM, docs, idx, room)
    assert "room" in told
    index(idx, docs)
    index(idx.with_name("fresh"), docs)
    assert contents(idx) == contents(idx.with_name("fresh"))
    assert verify(idx) == []


def test_progress_never_goes_back_and_ends_full(
    docs: Path, idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "BATCH_CHUNKS", 5)
    told: list[tuple[str, int, int]] = []
    index(idx, docs, progress=lambda *step: told.append(step))
    assert told[0][0] == "scan"
    for stage in ("scan", "embed", "index"):
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] > 0


def test_checkpoints_are_written_while_a_long_update_runs(
    docs: Path, idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "BATCH_CHUNKS", 5)
    monkeypatch.setattr(update, "_CHECKPOINT_CHUNKS", 5)
    lags: list[list[str]] = []

    class Watching(HashingEmbedder):
        def embed_passages(self, texts, progress=None):  # type: ignore[no-untyped-def]
            with Snapshot.open(idx) as snapshot:
                lags.append(snapshot.notices)
            return super().embed_passages(texts, progress)

    index(idx, docs, Watching())
    assert len(lags) >= 2
    assert lags[-1] == []
