"""`verify` finds every kind of damage, names it, and names the remedy."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest

from rag.core.errors import IndexMissing
from rag.indexing.checkpoint import Manifest, current, seal
from rag.indexing.schema import DATABASE
from rag.indexing.verify import verify
from tests.indexing.helpers import index, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("verify")
    write(
        base / "docs",
        one="\n\n".join(f"Il paragrafo numero {n} parla di Roma e del Tevere." for n in range(20)),
        two="A short text in English.\n",
    )
    index(base / "idx", base / "docs")
    return base / "idx"


@pytest.fixture
def idx(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "idx")
    return tmp_path / "idx"


def library(idx: Path) -> Path:
    folder = current(idx)
    assert folder
    return folder


def test_a_whole_index_has_no_problems_and_is_not_touched(idx: Path) -> None:
    before = {path: path.read_bytes() for path in idx.rglob("*") if path.is_file()}
    assert verify(idx) == []
    after = {path: path.read_bytes() for path in idx.rglob("*") if path.is_file()}
    assert before.items() <= after.items()


LONGER = np.full(32, 0.5, dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE documents SET text = text || 'x'", "fails its checksum"),
        ("UPDATE documents SET title = 'Un altro'", "fails its checksum"),
        ("UPDATE documents SET length = 3", "length is recorded as 3"),
        ("UPDATE documents SET doc_id = '0123456789abcdef' WHERE number = 1", "does not fit"),
        ("UPDATE documents SET language = 'fr', crc32 = 0", "unknown language 'fr'"),
        ("DELETE FROM sources WHERE path = 'one.txt'", "no source file"),
        ("UPDATE chunks SET text = 'Altro'", "not the text at its span"),
        ("UPDATE chunks SET crc32 = 1", "fails its checksum"),
        ("UPDATE chunks SET chunk_id = 'x' WHERE key = 1", "another's id"),
        ('UPDATE chunks SET "start" = 0 WHERE key = 2', "does not start after"),
        ('UPDATE chunks SET "start" = "start" + 1 WHERE key = 2', "leaves out text"),
        ("DELETE FROM chunks WHERE key = (SELECT max(key) FROM chunks)", "covers its text"),
        ("UPDATE chunks SET kind = 'poem'", "unknown language or kind"),
        ("DELETE FROM vectors WHERE key = 3", "Chunk 3 has no vector"),
        ("UPDATE vectors SET crc32 = 1 WHERE key = 3", "vector of chunk 3 fails its checksum"),
        (
            f"UPDATE vectors SET vector = x'{LONGER.hex()}', crc32 = {zlib.crc32(LONGER)}"
            " WHERE key = 3",
            "not 1",
        ),
        ("UPDATE sentences SET crc32 = 1", "sentences of chunk"),
        ("DELETE FROM documents WHERE number = 1", "has no documents"),
        ("DELETE FROM meta WHERE name = 'splitter'", "'splitter' is not recorded"),
        ("UPDATE meta SET value = 'many' WHERE name = 'dimension'", "not a number"),
    ],
)
def test_damaged_rows(idx: Path, sql: str, words: str) -> None:
    raw = sqlite3.connect(library(idx) / DATABASE)
    with raw:
        raw.execute(sql)
    raw.close()
    problems = verify(idx)
    assert any(words in problem.what for problem in problems), problems
    assert all("rag index" in problem.remedy for problem in problems)


def test_a_damaged_page(idx: Path) -> None:
    path = library(idx) / DATABASE
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 3 + 400] = b"\xff" * 400
    path.write_bytes(content)
    problems = verify(idx)
    assert problems
    assert all("--rebuild" in problem.remedy for problem in problems)


@pytest.mark.parametrize("name", ["dense", "lexical"])
def test_a_damaged_checkpoint_is_named(idx: Path, name: str) -> None:
    folder = current(library(idx) / name)
    assert folder
    (folder / "keys.npy").write_bytes(b"junk")
    (problem,) = verify(idx)
    assert "keys.npy fails its checksum" in problem.what
    assert "stored vectors" in problem.remedy
    shutil.rmtree(folder)
    (problem,) = verify(idx)
    assert f"The {name} index is missing" in problem.what


def test_a_change_that_a_crc_would_miss(idx: Path) -> None:
    """Opening checks CRC-32 only; this is what the SHA-256 in the manifest is for."""
    folder = current(library(idx) / "dense")
    assert folder
    manifest = folder / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    assert '"sha256"' in text
    path = folder / "vectors.faiss"
    content = path.read_bytes()
    # Four bytes can always be chosen that leave the CRC as it was: try them on a fixed place.
    path.write_bytes(forged(content))
    (problem,) = verify(idx)
    assert "vectors.faiss fails its checksum" in problem.what


def forged(content: bytes) -> bytes:
    """Other bytes of the same length and CRC-32: x + y + z has the CRC of its parts combined."""
    changed = bytearray(content)
    changed[100] ^= 1
    wanted = zlib.crc32(content)
    # CRC-32 is linear: find by elimination which of the last 32 bits must flip.
    base = zlib.crc32(bytes(changed)) ^ wanted
    rows = []
    for bit in range(32):
        trial = bytearray(changed)
        trial[len(trial) - 4 + bit // 8] ^= 1 << (bit % 8)
        rows.append((zlib.crc32(bytes(trial)) ^ zlib.crc32(bytes(changed)), 1 << bit))
    mask = 0
    for position in range(32):
        pivot = next((i for i, (value, _) in enumerate(rows) if value >> position & 1), None)
        assert pivot is not None
        value, used = rows.pop(pivot)
        rows = [(v ^ value, u ^ used) if v >> position & 1 else (v, u) for v, u in rows]
        if base >> position & 1:
            base, mask = base ^ value, mask ^ used
    for bit in range(32):
        if mask >> bit & 1:
            changed[len(changed) - 4 + bit // 8] ^= 1 << (bit % 8)
    assert zlib.crc32(bytes(changed)) == wanted
    assert bytes(changed) != content
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "words"), [("dense", "other chunks"), ("lexical", "other chunks")]
)
def test_a_checkpoint_that_lies(idx: Path, name: str, words: str) -> None:
    folder = current(library(idx) / name)
    assert folder
    np.save(folder / "keys.npy", np.load(folder / "keys.npy") + 1)
    raw = sqlite3.connect(library(idx) / DATABASE)
    sequence, token = raw.execute("SELECT max(sequence), token FROM commits").fetchone()
    raw.close()
    from rag.indexing.derived import _MADE

    (folder / "manifest.json").unlink()
    seal(folder, Manifest(sequence, token, _MADE[name]))
    (problem,) = verify(idx)
    assert words in problem.what


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        verify(tmp_path)
