"""Run an update again and again, killed at every point where something reaches the disk.

Used by test_build_crash.py, in a process of its own: for each point a child is forked, works up to
there, and is killed as by `kill -9`; another child then looks at what it left. Prints about how
many points there are, or fails saying what was wrong after which.

    python -m tests.indexing.crash FOLDER STEP [started] [rebuild]      STEP 1: every point
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import faiss  # noqa: F401  (imported once, before forking)
import tantivy  # noqa: F401

from rag.core.errors import IndexMissing
from rag.indexing import update, writer
from rag.indexing.snapshot import Snapshot
from rag.indexing.verify import MEND, verify
from tests.indexing.helpers import contents, index, write

OLD = {
    "a": "Il primo documento parla di Roma.\n\n" + "Roma è grande. " * 30,
    "b": "Il secondo documento parla di Milano.\n",
    "c": "The third document is about London.\n",
}
NEW = {
    "a": "Il primo documento adesso parla di Napoli.\n\n" + "Napoli è bella. " * 30,
    "c": OLD["b"],
    "d": "Un quarto documento, su Torino.\n",
}
ACTS = {"COMMIT", "BEGIN IMMEDIATE"}


class Killer:
    """Kills this process at the n-th act on the disk, or counts them all."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def act(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            self.act()
            return call(*args, **kwargs)

        return wrapped

    def install(self) -> None:
        os.rename = self.before(os.rename)  # type: ignore[assignment]
        os.fsync = self.before(os.fsync)  # type: ignore[assignment]
        os.unlink = self.before(os.unlink)  # type: ignore[assignment]
        shutil.rmtree = self.before(shutil.rmtree)  # type: ignore[assignment]
        shutil.copyfile = self.before(shutil.copyfile)  # type: ignore[assignment]
        run = writer.StoreWriter._run

        def counted(self_: writer.StoreWriter, sql: str, values: object = ()) -> sqlite3.Cursor:
            if sql in ACTS or sql.startswith("INSERT INTO documents"):
                self.act()
            return run(self_, sql, values)  # type: ignore[arg-type]

        writer.StoreWriter._run = counted  # type: ignore[method-assign]


def forked(work: Callable[[], None]) -> int:
    """Run in a child; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def inspect(folder: Path, docs: Path, before: dict[str, str], reference: Path) -> None:
    """What must hold of an index after a crash."""
    try:
        problems = verify(folder)
    except IndexMissing:
        assert not before, "the index is gone"
        problems = []
    else:
        assert all(problem.remedy == MEND for problem in problems), problems
        with Snapshot.open(folder) as snapshot:
            assert bool(snapshot.notices) == bool(problems), (snapshot.notices, problems)
            for info in snapshot.documents():
                name = info.path.removesuffix(".txt")
                text = snapshot.document(info.doc_id).text
                assert text in (before.get(name), NEW.get(name)), f"{name} is neither"
                made = snapshot.document_chunks(info.doc_id)
                assert "".join("".join(c.text for c in made).split()) == "".join(text.split())
            words = {hit.key for hit in snapshot.lexical.search("Roma Napoli Milano", "it", 50)}
            assert words <= set(snapshot.dense.keys.tolist())
            assert len(snapshot.lexical) == len(snapshot.dense) == snapshot.count()
        assert verify(folder) == [], "opening did not mend"
    index(folder, docs)
    assert contents(folder) == contents(reference)
    assert verify(folder) == []
    left = {
        path.name
        for path in folder.rglob("*")
        if path.name.startswith((".new", ".old", ".rebuild"))
    }
    assert not left, left


def main(base: Path, step: int, *, rebuild: bool, started: bool) -> None:
    update.BATCH_CHUNKS = 1
    update._CHECKPOINT_CHUNKS = 3
    old, new = base / "old", base / "new"
    write(old, **OLD)
    write(new, **NEW)
    forked(lambda: (index(base / "reference", new), None)[1])
    if started:
        forked(lambda: (index(base / "start", old), None)[1])
    point = 1 - step
    while True:
        point += step
        folder = base / f"at{point}"
        if started:
            shutil.copytree(base / "start", folder)

        def work(folder: Path = folder, point: int = point) -> None:
            Killer(point).install()
            index(folder, new, rebuild=rebuild)

        status = forked(work)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status != 0:
            sys.exit(f"the update failed at point {point}")
        before = OLD if started else {}
        if forked(partial(inspect, folder, new, before, base / "reference")) != 0:
            sys.exit(f"wrong after a kill at point {point}")
        shutil.rmtree(folder)
        if not killed:
            break
    print(point)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        rebuild="rebuild" in sys.argv,
        started="started" in sys.argv,
    )
