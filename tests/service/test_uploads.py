"""Names and files that come from outside."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.app.api.errors import ApiError
from rag.app.api.uploads import FOLDER, inside, not_writable, safe_name, save

BAD = [
    "", " ", ".", "..", "../a.txt", "..\\a.txt", "/etc/passwd", "C:\\a.txt", "a/b.txt", "a\x00.txt",
    "a\n.txt", ".hidden", "a.txt.", " a.txt", "a.txt ", "con", "NUL.txt", "com1.txt", "a:b.txt",
    "x" * 201, "é" * 101, "a\u202etxt.exe", "a\ud800.txt", "‮.txt", None, "\x7f", "*.txt", "a|b",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_names_are_refused_not_repaired(name: str | None) -> None:
    with pytest.raises(ApiError) as error:
        safe_name(name)
    assert error.value.status == 400


@pytest.mark.parametrize(
    "name", ["a.txt", "Perché no? sì.txt".replace("?", ""), "日本.md", "a b (1).pdf", "…x.txt"]
)
def test_plain_names_are_kept(name: str) -> None:
    assert safe_name(name) == name


@given(st.text(max_size=60))
def test_no_name_leaves_its_folder(name: str) -> None:
    root = Path("/srv/sources") / FOLDER
    try:
        kept = safe_name(name)
    except ApiError:
        return
    target = root / kept
    assert target.parent == root
    assert target.name == kept
    assert "/" not in kept
    assert "\x00" not in kept


def test_a_file_is_stored_whole(tmp_path: Path) -> None:
    path = save(io.BytesIO("Perché".encode()), "a.txt", tmp_path, 100, replace=False)
    assert path == tmp_path / FOLDER / "a.txt"
    assert path.read_text(encoding="utf-8") == "Perché"


def test_too_large_or_empty_leaves_nothing(tmp_path: Path) -> None:
    for content, status in ((b"x" * 11, 413), (b"", 400)):
        with pytest.raises(ApiError) as error:
            save(io.BytesIO(content), "a.txt", tmp_path, 10, replace=False)
        assert error.value.status == status
        assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_taken_name_needs_replace(tmp_path: Path) -> None:
    save(io.BytesIO(b"one"), "a.txt", tmp_path, 10, replace=False)
    with pytest.raises(ApiError) as error:
        save(io.BytesIO(b"two"), "a.txt", tmp_path, 10, replace=False)
    assert error.value.status == 409
    assert save(io.BytesIO(b"two"), "a.txt", tmp_path, 10, replace=True).read_bytes() == b"two"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    folder = tmp_path / "sources" / FOLDER
    folder.mkdir(parents=True)
    (folder / "a.txt").symlink_to(outside)
    with pytest.raises(ApiError):
        save(io.BytesIO(b"theirs"), "a.txt", tmp_path / "sources", 10, replace=True)
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x"])
def test_a_document_outside_the_sources_is_not_touched(tmp_path: Path, path: str) -> None:
    with pytest.raises(ApiError):
        inside(tmp_path, path)


@pytest.mark.parametrize(
    ("number", "status"), [(errno.EACCES, 403), (errno.EROFS, 403), (errno.ENOSPC, 507)]
)
def test_a_folder_that_cannot_be_written_is_told(number: int, status: int) -> None:
    assert not_writable(OSError(number, "no")).status == status
