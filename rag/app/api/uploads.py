"""Files that come in by HTTP: a safe name, a size limit, a whole file or none."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import BinaryIO

from rag.app.api.errors import ApiError
from rag.app.api.limits import too_large

FOLDER = "uploads"
_BLOCK = 1 << 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def safe_name(name: str | None) -> str:
    """`name` as a plain file name. Raises ApiError 400 for one that could leave its folder.

    Nothing is repaired: a name with a separator, a control character, a leading dot or a device
    name is refused, so that what is stored is what was sent.
    """
    text = unicodedata.normalize("NFC", name or "")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise _bad("is not valid Unicode") from None
    if not text.strip():
        raise _bad("is empty")
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text):
        raise _bad("holds control characters")
    if any(char in '/\\:*?"<>|' for char in text):
        raise _bad('holds one of / \\ : * ? " < > |')
    if text.startswith(".") or text != text.strip() or text.endswith("."):
        raise _bad("begins or ends with a dot or a space")
    if size > 200:
        raise _bad("is longer than 200 bytes")
    if _RESERVED.fullmatch(text):
        raise _bad("is reserved by some systems")
    return text


def _bad(why: str) -> ApiError:
    return ApiError(400, f"The file name {why}.", "bad_file_name", param="file")


def save(upload: BinaryIO, name: str, root: Path, most: int, *, replace: bool) -> Path:
    """Write `upload` to `root/uploads/name`, whole or not at all, and give its path.

    Raises ApiError: 403 for a folder that may not be written, 409 when the name is taken and
    `replace` is not set, 413 over `most` bytes, 400 for an empty file, 507 for a full disk.
    """
    try:
        return _save(upload, name, root / FOLDER, most, replace)
    except OSError as error:
        raise not_writable(error) from None


def not_writable(error: OSError) -> ApiError:
    """403 for a source folder that the service may not change, 507 for a disk that is full."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ApiError(403, "The service may not write to the source folder.", "read_only")
    return ApiError(507, f"The file could not be stored: {error.strerror}.", "not_stored")


def _save(upload: BinaryIO, name: str, folder: Path, most: int, replace: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    if folder.resolve() != target.resolve().parent:  # also a symlink that leads outside
        raise _bad("leads outside its folder")
    if target.exists() and not replace:
        raise ApiError(
            409,
            f"There is already a document '{FOLDER}/{name}'; send replace=true to replace it.",
            "document_exists",
            param="file",
        )
    handle, partial = tempfile.mkstemp(prefix=".upload-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            size = 0
            while block := upload.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise too_large(most)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise ApiError(400, f"'{name}' is empty.", "empty_file", param="file")
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return target


def inside(root: Path, path: str) -> Path:
    """The file of a document's relative `path`. Raises ApiError 400 when it leaves `root`."""
    target = (root / path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise ApiError(400, "That document lies outside the source folder.", "outside_sources")
    return target
