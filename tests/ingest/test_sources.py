"""Listing a source folder: order, links, and everything that must not stop the rest."""

from __future__ import annotations

import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.core.errors import SourceError
from rag.ingest import Skipped, Source, hash_file, list_sources, load

LIMIT = 1_000_000


def paths(root: Path) -> list[str]:
    return [source.path for source in list_sources(root, LIMIT)[0]]


def skips(root: Path) -> dict[str, str]:
    return {skip.path: skip.reason for skip in list_sources(root, LIMIT)[1]}


def write(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"Testo di {name}.")


def test_files_are_listed_in_order_with_forward_slashes(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a.md", "sub/deep/c.TXT", "a/z.markdown")
    assert paths(tmp_path) == ["a.md", "a/z.markdown", "b.txt", "sub/deep/c.TXT"]
    assert list_sources(tmp_path, LIMIT) == list_sources(tmp_path, LIMIT)


def test_a_single_file_is_a_root_too(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    assert paths(tmp_path / "a.txt") == ["a.txt"]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (source,), _ = list_sources(tmp_path, LIMIT)
    info = (tmp_path / "a.txt").stat()
    assert (source.size, source.mtime_ns) == (info.st_size, info.st_mtime_ns)


def test_hidden_files_and_litter_are_ignored(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", ".secret.txt", ".git/x.txt", "Thumbs.db", "~$a.txt")
    assert paths(tmp_path) == ["a.txt"]
    assert skips(tmp_path) == {}


def test_unsupported_formats_are_named(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.xyz", "README")
    assert paths(tmp_path) == ["a.txt"]
    assert set(skips(tmp_path)) == {"b.xyz", "README"}
    assert all("not supported" in reason for reason in skips(tmp_path).values())
    assert ".txt" in list_sources(tmp_path, LIMIT)[1][0].remedy


def test_too_large_files_are_named_without_being_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    with (tmp_path / "big.txt").open("wb") as stream:
        stream.truncate(200_000_000)  # sparse: takes no room
    assert paths(tmp_path) == ["a.txt"]
    assert "too large (200 MB, limit 1 MB)" in skips(tmp_path)["big.txt"]


def test_a_missing_root_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file or folder") as caught:
        list_sources(tmp_path / "nowhere", LIMIT)
    assert caught.value.remedy


def test_loops_of_links_end(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "sub/b.txt")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    assert paths(tmp_path) == ["a.txt", "sub/b.txt"]
    assert set(skips(tmp_path)) == {"self", "one", "two"}


def test_links_lead_outside_and_list_nothing_twice(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    write(root, "z.txt")
    write(other, "c.txt", "d/e.txt")
    (root / "again.txt").symlink_to(root / "z.txt")
    (root / "linked").symlink_to(other)
    (root / "linked2").symlink_to(other)
    (root / "file.txt").symlink_to(other / "c.txt")
    assert paths(root) == ["file.txt", "linked/d/e.txt", "z.txt"]
    (root / "gone.txt").symlink_to(tmp_path / "nothing")
    assert "broken link" in skips(root)["gone.txt"]


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    assert paths(tmp_path) == ["a.txt"]
    assert skips(tmp_path) == {"pipe.txt": "not a regular file"}


def test_names_are_composed_and_colliding_ones_told(tmp_path: Path) -> None:
    composed = "perché.txt"
    decomposed = unicodedata.normalize("NFD", composed)
    write(tmp_path, decomposed)
    assert paths(tmp_path) == [composed]
    (source,), _ = list_sources(tmp_path, LIMIT)
    assert load(source).path == composed
    write(tmp_path, composed)
    if len(os.listdir(tmp_path)) == 2:  # some file systems take the two for one
        assert paths(tmp_path) == [composed]
        assert set(skips(tmp_path)) == {composed}


def test_names_that_are_not_utf8_can_be_shown(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"citt\xe0.txt")).write_text("Testo.")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (source,), _ = list_sources(tmp_path, LIMIT)
    assert source.path == "citt\\xe0.txt"
    assert load(source).text == "Testo."


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach too."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Without the superuser's right to read everything, for as long as the test lasts."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("ordinary_user")
class TestWithoutRights:
    @pytest.fixture(autouse=True)
    def _forbidden(self, open_folder: Path) -> Iterator[Path]:
        user = os.geteuid()
        os.seteuid(os.getuid())
        write(open_folder, "a.txt", "closed.txt", "shut/b.txt")
        (open_folder / "closed.txt").chmod(0)
        (open_folder / "shut").chmod(0)
        os.seteuid(user)
        yield open_folder
        os.seteuid(os.getuid())
        (open_folder / "shut").chmod(0o755)
        os.seteuid(user)

    def test_an_unreadable_folder_is_skipped_by_name(self, open_folder: Path) -> None:
        assert paths(open_folder) == ["a.txt", "closed.txt"]
        assert "permission denied" in skips(open_folder)["shut/"]

    def test_an_unreadable_file_is_an_error_that_names_it(self, open_folder: Path) -> None:
        closed = list_sources(open_folder, LIMIT)[0][1]
        for read in (load, hash_file):
            with pytest.raises(SourceError, match=r"Cannot read 'closed\.txt': permission denied"):
                read(closed)

    def test_an_unreadable_root_is_an_error(self, open_folder: Path) -> None:
        with pytest.raises(SourceError, match="permission denied"):
            list_sources(open_folder / "shut", LIMIT)


def test_a_file_that_vanished_is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (source,), _ = list_sources(tmp_path, LIMIT)
    source.file.unlink()
    for read in (load, hash_file):
        with pytest.raises(SourceError, match=r"'a\.txt'"):
            read(source)


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (source,), _ = list_sources(tmp_path, LIMIT)
    assert hash_file(source) == load(source).sha256
    assert load(source).doc_id == hash_file(source)[:16]


def test_values_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Skipped("a", "b").path = "c"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Source("a", Path("a"), 0, 0).size = 1  # type: ignore[misc]
