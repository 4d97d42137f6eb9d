"""Bytes to text, once: encoding, Unicode form and line ends are settled here and final after."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

from rag.core.errors import SourceError

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an old office document",
}
# Where a byte can mean anything, guess among the encodings that Italian and English text is in.
_LEGACY = ["cp1252", "mac_roman", "cp850"]
_CONTROLS = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_SAMPLE = 65_536
# Latin, leading jamo, ideographs, Hangul syllables: none of them combines with what is before it.
_STARTER = re.compile("[\\0-\\u02ff\\u1100-\\u115f\\u4e00-\\u9fff\\uac00-\\ud7a3]")
_PIECE = 2000


def decode(raw: bytes, path: str) -> str:
    """The text in `raw`: NFC, "\\n" line ends, no byte order mark; nothing else is changed.

    Encoding: byte order mark, then strict UTF-8, then charset-normalizer. Raises SourceError,
    naming `path`, for what is binary, empty, or in no recognisable encoding.
    """
    text = normalise(_decode(raw, path))
    if not text or text.isspace():
        raise SourceError(
            f"'{path}' is empty.", "Put text in it, or take it out of the source folder."
        )
    return text


def normalise(text: str) -> str:
    """`text` in NFC, its line ends "\\n"."""
    if not unicodedata.is_normalized("NFC", text):
        text = "".join(unicodedata.normalize("NFC", piece) for piece in _pieces(text))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _pieces(text: str) -> Iterator[str]:
    """`text` cut where nothing composes, since normalising a run of n marks takes n² steps."""
    start = 0
    while start < len(text):
        cut = _STARTER.search(text, start + _PIECE, start + 2 * _PIECE)
        end = cut.start() if cut else start + 2 * _PIECE
        yield text[start:end]
        start = end


def _decode(raw: bytes, path: str) -> str:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            try:
                return _without_nul(raw.decode(encoding), path)
            except UnicodeDecodeError:
                raise _unknown(path) from None
    _refuse_binary(raw, path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    match = from_bytes(raw, cp_isolation=_LEGACY).best()
    if match is None:
        raise _unknown(path)
    return _without_nul(str(match), path)


def _refuse_binary(raw: bytes, path: str) -> None:
    for magic, what in _BINARY.items():
        if raw.startswith(magic):
            raise _binary(path, what)
    controls = sum(byte in _CONTROLS for byte in raw[:_SAMPLE])
    if b"\0" in raw or controls > 0.05 * len(raw[:_SAMPLE]):
        raise _binary(path, "binary")


def _without_nul(text: str, path: str) -> str:
    if "\0" in text:
        raise _binary(path, "binary")
    return text


def _binary(path: str, what: str) -> SourceError:
    return SourceError(
        f"'{path}' is not text: its content is {what}.",
        "Save it as UTF-8 text, or take it out of the source folder.",
    )


def _unknown(path: str) -> SourceError:
    return SourceError(f"'{path}' is in no recognisable encoding.", "Save it as UTF-8.")
