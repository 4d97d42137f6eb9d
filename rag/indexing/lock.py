"""One writer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rag.core.errors import IndexLocked, StoreError

LOCK: Final = "write.lock"
_PID: Final = "writer.pid"


@contextmanager
def writing(folder: Path, *, patience: float = 1.0) -> Iterator[None]:
    """Hold the writer's lock on an index folder. It is freed even when the process is killed.

    Waits `patience` seconds for it: a reader that mends a checkpoint holds it for a moment.

    Raises IndexLocked when another process, or another thread, holds it; StoreError when the folder
    cannot be written, also for an OSError while the lock is held.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=patience, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise IndexLocked(
            f"Another process{_whose(folder)} is writing to the index in {folder}.",
            "Wait until it is done, or stop it; questions can be asked meanwhile.",
        ) from None
    except OSError as error:
        raise StoreError(
            f"The index folder {folder} cannot be written: {error.strerror or error}.",
            "Check its permissions, or name another with --index.",
        ) from None
    try:
        with suppress(OSError):
            (folder / _PID).write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    except OSError as error:
        raise StoreError(
            f"The index in {folder} could not be written: {error.strerror or error}.",
            "Check the room on the disk and the permissions; nothing stored is lost.",
        ) from error
    finally:
        with suppress(OSError):
            (folder / _PID).unlink()
        lock.release()


def _whose(folder: Path) -> str:
    with suppress(OSError, ValueError):
        return f" (pid {int((folder / _PID).read_text(encoding='ascii'))})"
    return ""
