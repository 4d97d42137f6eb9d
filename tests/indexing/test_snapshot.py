"""A snapshot: one whole state, mended when a derived index is not, never silently."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.core.errors import IndexDamaged, IndexMissing, IndexOutdated
from rag.core.types import Filters
from rag.indexing import derived, update
from rag.indexing.checkpoint import current
from rag.indexing.lock import writing
from rag.indexing.schema import DATABASE
from rag.indexing.snapshot import Snapshot
from rag.indexing.verify import verify
from tests.indexing.helpers import (
    HashingEmbedder,
    contents,
    found,
    index,
    run_without_privileges,
    write,
)

TOWNS = ("Roma", "Milano", "Napoli", "Torino", "Palermo", "Genova", "Bologna", "Firenze")
QUESTION = "la bella piazza di Napoli"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    write(
        tmp_path / "docs",
        **{
            town.lower(): "\n\n".join(
                f"{town}, parte {n}: la piazza di {town} è bella e ha {n} fontane."
                for n in range(9)
            )
            for town in TOWNS
        },
    )
    return tmp_path / "docs"


@pytest.fixture
def idx(docs: Path, tmp_path: Path) -> Path:
    index(tmp_path / "idx", docs)
    return tmp_path / "idx"


def library(idx: Path) -> Path:
    folder = current(idx)
    assert folder
    return folder


def checkpoint(idx: Path, name: str) -> Path:
    folder = current(library(idx) / name)
    assert folder
    return folder


def read_everything(idx: Path) -> None:
    with Snapshot.open(idx) as snapshot:
        for info in snapshot.documents():
            snapshot.document(info.doc_id)
            snapshot.document_chunks(info.doc_id)
        snapshot.chunks(snapshot.dense.keys.tolist())


def answers(idx: Path) -> object:
    with Snapshot.open(idx) as snapshot:
        return found(snapshot, QUESTION)


def flip(path: Path, place: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x10
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped bit": flip,
    "a flipped first byte": lambda path: flip(path, 0),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "emptied": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "deleted": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def test_every_file_of_a_checkpoint_damaged_in_every_way(idx: Path, tmp_path: Path) -> None:
    expected = answers(idx)
    count = 0
    for name in ("dense", "lexical"):
        files = [path for path in checkpoint(idx, name).rglob("*") if path.is_file()]
        for number, path in enumerate(f for f in files if f.suffix != ".lock"):
            how, damage = list(DAMAGES.items())[(number + count) % len(DAMAGES)]
            copy = tmp_path / "copy"
            shutil.copytree(idx, copy)
            damage(copy / path.relative_to(idx))
            told: list[str] = []
            with Snapshot.open(copy, on_notice=told.append) as snapshot:
                assert found(snapshot, QUESTION) == expected, (path.name, how)
                assert snapshot.notices == told
            assert len(told) == 1, (path.name, how, told)
            assert f"The {name} index is" in told[0]
            assert verify(copy) == []  # it was mended on disk
            with Snapshot.open(copy) as again:
                assert again.notices == []
            shutil.rmtree(copy)
        count += len(files)
    assert count >= 10


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["dense/vectors.faiss", "dense/manifest.json", "lexical/keys.npy"])
def test_damage_mended_in_memory_while_another_writes(idx: Path, name: str, how: str) -> None:
    expected = answers(idx)
    kind, file = name.split("/")
    DAMAGES[how](checkpoint(idx, kind) / file)
    with writing(idx):
        for _ in range(2):  # nothing is written, so each opening says so
            with Snapshot.open(idx) as snapshot:
                assert found(snapshot, QUESTION) == expected
                assert len(snapshot.notices) == 1
    assert answers(idx) == expected
    assert verify(idx) == []


@pytest.mark.parametrize("name", ["dense", "lexical"])
def test_a_checkpoint_folder_that_is_gone(idx: Path, name: str) -> None:
    expected = answers(idx)
    shutil.rmtree(library(idx) / name)
    with Snapshot.open(idx) as snapshot:
        assert found(snapshot, QUESTION) == expected
        assert [note.split(" index")[0] for note in snapshot.notices] == [f"The {name}"]
    assert verify(idx) == []


def test_a_checkpoint_of_another_index_is_not_believed(
    idx: Path, docs: Path, tmp_path: Path
) -> None:
    (docs / "napoli.txt").unlink()
    index(tmp_path / "other", docs)
    expected = answers(idx)
    for name in ("dense", "lexical"):
        shutil.rmtree(library(idx) / name)
        shutil.copytree(library(tmp_path / "other") / name, library(idx) / name)
    with Snapshot.open(idx) as snapshot:
        assert len(snapshot.notices) == 2
        assert all("another state" in note for note in snapshot.notices)
        assert found(snapshot, QUESTION) == expected


def test_a_store_restored_from_a_copy_discards_newer_checkpoints(
    idx: Path, docs: Path, tmp_path: Path
) -> None:
    """Keys given out after the copy would be given out again: the newer checkpoints would lie."""
    shutil.copy(library(idx) / DATABASE, tmp_path / "copy")
    write(docs, aosta="Aosta è una bella città di montagna.")
    index(idx, docs)
    (docs / "aosta.txt").unlink()
    for path in library(idx).glob(DATABASE + "*"):
        path.unlink()
    shutil.copy(tmp_path / "copy", library(idx) / DATABASE)
    with Snapshot.open(idx) as snapshot:
        assert len(snapshot.notices) == 2
        assert "Aosta" not in "".join(c.text for c in snapshot.chunks(snapshot.dense.keys.tolist()))
    write(docs, bari="Bari è una bella città di mare.")
    index(idx, docs)
    index(tmp_path / "fresh", docs)
    assert contents(idx) == contents(tmp_path / "fresh")


def test_checkpoints_made_by_other_rules_are_made_anew(
    idx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(idx)
    monkeypatch.setitem(derived._MADE, "lexical", "other rules")
    with Snapshot.open(idx) as snapshot:
        assert len(snapshot.notices) == 1
        assert "other rules" in snapshot.notices[0]
        assert found(snapshot, QUESTION) == expected
    with Snapshot.open(idx) as snapshot:
        assert snapshot.notices == []


@pytest.mark.parametrize("place", [0.0, 0.4])
def test_a_damaged_store_is_an_error_and_is_left_alone(idx: Path, docs: Path, place: float) -> None:
    path = library(idx) / DATABASE
    content = path.read_bytes()
    size = len(content)
    start = int(size * place)
    path.write_bytes(content[:start] + b"\xa5" * (size // 2) + content[start + size // 2 :])
    damaged = path.read_bytes()
    with pytest.raises(IndexDamaged) as caught:
        read_everything(idx)
    assert "--rebuild" in caught.value.remedy
    assert verify(idx)
    assert path.read_bytes() == damaged
    index(idx, docs, rebuild=True)
    assert verify(idx) == []


def test_a_store_that_is_gone(idx: Path, docs: Path) -> None:
    (library(idx) / DATABASE).unlink()
    for action in (Snapshot.open, lambda folder: index(folder, docs)):
        with pytest.raises(IndexDamaged, match="missing"):
            action(idx)
    index(idx, docs, rebuild=True)
    assert verify(idx) == []


def test_an_index_from_a_newer_format(idx: Path, docs: Path) -> None:
    raw = sqlite3.connect(library(idx) / DATABASE)
    raw.execute("PRAGMA user_version = 7")
    raw.close()
    for action in (Snapshot.open, lambda folder: index(folder, docs)):
        with pytest.raises(IndexOutdated, match="newer Fonte"):
            action(idx)


def test_no_index(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(IndexMissing, match="no index"):
            Snapshot.open(folder)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(IndexMissing):
        Snapshot.open(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_snapshot_stays_as_it_was(idx: Path, docs: Path) -> None:
    with Snapshot.open(idx) as old:
        before = found(old, QUESTION)
        assert not old.stale()
        write(docs, napoli="Napoli: niente piazze qui.", aosta="La bella piazza di Napoli.")
        (docs / "roma.txt").unlink()
        index(idx, docs)
        assert old.stale()
        assert found(old, QUESTION) == before
        assert "parte 3" in old.document("napoli.txt").text
        assert old.document("roma.txt").path == "roma.txt"
        with Snapshot.open(idx) as new:
            assert not new.stale()
            assert new.sequence > old.sequence
            assert found(new, QUESTION) != before


def test_filters_info_and_closing(idx: Path) -> None:
    snapshot = Snapshot.open(idx)
    info = snapshot.info(snapshot.document("roma.txt").doc_id)
    assert (info.path, info.language) == ("roma.txt", "it")
    assert snapshot.info(info.doc_id) is info
    assert snapshot.allowed(None) is None
    assert snapshot.allowed(Filters()) is None
    allowed = snapshot.allowed(Filters(documents=(info.doc_id,)))
    assert allowed is not None
    assert {chunk.doc_id for chunk in snapshot.chunks(allowed.tolist())} == {info.doc_id}
    vector = HashingEmbedder().embed_queries([QUESTION])[0]
    assert set(snapshot.dense.search(vector, 50, allowed)[0].tolist()) == set(allowed.tolist())
    hits = snapshot.lexical.search(QUESTION, "it", 50, allowed)
    assert {hit.key for hit in hits} <= set(allowed.tolist())
    snapshot.close()
    snapshot.close()


def test_readers_during_an_update_see_whole_states_only(
    idx: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each document says which round of changes it is from; a snapshot's two indexes agree."""
    monkeypatch.setattr(update, "BATCH_CHUNKS", 4)
    wrong: list[object] = []
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                with Snapshot.open(idx) as snapshot:
                    seen.add(snapshot.sequence)
                    keys = snapshot.dense.keys.tolist()
                    if len(snapshot.lexical) != len(keys) or snapshot.count() != len(keys):
                        wrong.append((snapshot.sequence, "the indexes differ"))
                    for chunk in snapshot.chunks(keys):
                        text = snapshot.document(chunk.doc_id).text
                        if text[chunk.start : chunk.end] != chunk.text:
                            wrong.append((snapshot.sequence, chunk))
        except Exception:  # told by the test's own thread
            wrong.append(traceback.format_exc())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(4):
        write(docs, **{town.lower(): f"{town}, giro {number}.\n\n" * 6 for town in TOWNS[:4]})
        if number % 2:
            (docs / "milano.txt").unlink()
        index(idx, docs, rebuild=number == 3)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen
    assert verify(idx) == []


READ_AND_TELL = """
import sys
from pathlib import Path
from rag.indexing.snapshot import Snapshot
from tests.indexing.helpers import found
with Snapshot.open(Path(sys.argv[1])) as snapshot:
    print(found(snapshot, sys.argv[2]))
    print(len(snapshot.notices))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="file modes")
@pytest.mark.parametrize("logs", ["kept", "removed"])
@pytest.mark.parametrize("damaged", [False, True])
def test_a_reader_that_may_not_write(idx: Path, damaged: bool, logs: str) -> None:
    expected = answers(idx)
    beside = list(library(idx).glob(DATABASE + "-*"))
    assert beside
    for path in beside if logs == "removed" else ():
        path.unlink()
    if damaged:
        flip(checkpoint(idx, "dense") / "vectors.faiss")
        flip(checkpoint(idx, "lexical") / "keys.npy")
    everything = [idx, *idx.rglob("*")]
    before = {path: path.read_bytes() for path in everything if path.is_file()}
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        told = run_without_privileges(READ_AND_TELL, idx, QUESTION).splitlines()
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert told == [str(expected), "2" if damaged else "0"]
    assert {path: path.read_bytes() for path in idx.rglob("*") if path.is_file()} == before


def test_scratch_files_go_with_the_snapshot(idx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = idx.with_name("scratch")
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    flip(checkpoint(idx, "lexical") / "keys.npy")
    with writing(idx):
        snapshot = Snapshot.open(idx)
        assert list(scratch.iterdir())
        snapshot.close()
        assert not list(scratch.iterdir())


def test_old_checkpoints_are_removed(idx: Path, docs: Path) -> None:
    for number in range(3):
        write(docs, roma=f"Roma {number}.")
        index(idx, docs)
    for name in ("dense", "lexical"):
        assert len(list((library(idx) / name).iterdir())) == 1
    index(idx, docs, rebuild=True)
    assert [path.name for path in idx.iterdir() if path.is_dir()] == ["000002"]
    assert os.listdir(idx / "000002")
