"""The translation table: which stems of the other language a stem or short phrase may stand for.

The table is trained by `training/translation` and ships with the package: tables/MODEL_CARD.md.
It is one file, memory-mapped and searched in place, so that opening it costs little more than a
checksum and processes share its memory.

Layout, all numbers little-endian:

    header   8 bytes magic, then uint32: format, phrases and links of Italian, of English, bytes of
             their texts, CRC-32 of everything after the header
    then, for Italian and for English:
    offsets  uint32[phrases + 1]   where each phrase's text starts; phrases are sorted by bytes
    starts   uint32[phrases + 1]   where each phrase's links start
    targets  uint32[links]         numbers of phrases of the other language, likeliest first
    weights  uint8[links]          -log of the probability, in 255 steps down to 1 in 10,000
    text     bytes                 the phrases, UTF-8, end to end
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from rag.core.errors import ModelError
from rag.core.types import LANGUAGES, Language, other
from rag.indexing.spelling import Vocabulary

BUNDLED: Final = Path(__file__).parent / "tables" / "translations.bin"
MAGIC: Final = b"FonteTT\n"
FORMAT: Final = 1
_HEADER: Final = struct.Struct("<8s8I")
_STEPS: Final = 255
_LEAST: Final = 1e-4  # the smallest probability that a link can have
_PROBABILITY: Final = tuple(_LEAST ** (step / _STEPS) for step in range(_STEPS + 1))
_PIVOT_WIDTH: Final = 10  # translations there, and back for each, that synonyms are made of
_REMEDY: Final = "Reinstall the package, or build the table with `python -m training.translation`."

Links = Mapping[str, Mapping[str, float]]  # phrase -> phrase of the other language -> probability


class _Side:
    """The phrases of one language and their links."""

    def __init__(self, buffer: mmap.mmap, at: int, phrases: int, links: int, size: int) -> None:
        self._buffer = buffer
        self._offsets = np.frombuffer(buffer, "<u4", phrases + 1, at)
        at += self._offsets.nbytes
        self._starts = np.frombuffer(buffer, "<u4", phrases + 1, at)
        at += self._starts.nbytes
        self._targets = np.frombuffer(buffer, "<u4", links, at)
        at += self._targets.nbytes
        self._weights = np.frombuffer(buffer, "u1", links, at)
        self._text = at + links
        self.end = self._text + size
        self.size = phrases

    def phrase(self, number: int) -> bytes:
        start, end = self._offsets[number], self._offsets[number + 1]
        return self._buffer[self._text + int(start) : self._text + int(end)]

    def at_or_after(self, phrase: bytes) -> int:
        return bisect_left(range(self.size), phrase, key=self.phrase)

    def find(self, phrase: str) -> int | None:
        wanted = phrase.encode()
        number = self.at_or_after(wanted)
        return number if number < self.size and self.phrase(number) == wanted else None

    def links(self, number: int) -> list[tuple[int, float]]:
        """(number of the phrase linked to, probability), likeliest first."""
        row = slice(int(self._starts[number]), int(self._starts[number + 1]))
        steps = self._weights[row].tolist()
        return list(
            zip(self._targets[row].tolist(), map(_PROBABILITY.__getitem__, steps), strict=True)
        )


class TranslationTable:
    """Translations of stems and of phrases of up to four stems, in both directions. Thread-safe."""

    def __init__(self, sides: dict[Language, _Side]) -> None:
        self._sides = sides
        self._vocabularies: dict[tuple[Language, str], Vocabulary] = {}

    @classmethod
    def open(cls, path: Path) -> TranslationTable:
        """Map the table in `path`. Raises ModelError when it is missing or cannot be trusted."""
        try:
            with path.open("rb") as file:
                buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The translation table {path} cannot be read: {error}.", _REMEDY
            ) from None
        if len(buffer) < _HEADER.size or buffer[: len(MAGIC)] != MAGIC:
            raise ModelError(f"{path} is not a translation table.", _REMEDY)
        _, version, *counts, checksum = _HEADER.unpack_from(buffer)
        if version != FORMAT:
            raise ModelError(f"The translation table {path} is of format {version}.", _REMEDY)
        if zlib.crc32(memoryview(buffer)[_HEADER.size :]) != checksum:
            raise ModelError(f"The translation table {path} is damaged.", _REMEDY)
        italian = _Side(buffer, _HEADER.size, *counts[:3])
        return cls({"it": italian, "en": _Side(buffer, _aligned(italian.end), *counts[3:])})

    def __len__(self) -> int:
        """Phrases that have translations, both languages together."""
        return sum(side.size for side in self._sides.values())

    def translate(self, phrase: str, source: Language) -> list[tuple[str, float]]:
        """(phrase of the other language, probability), likeliest first; stems joined by spaces."""
        number = self._sides[source].find(phrase)
        if number is None:
            return []
        there = self._sides[other(source)]
        links = self._sides[source].links(number)
        return [(there.phrase(target).decode(), probability) for target, probability in links]

    def synonyms(self, stem: str, language: Language, most: int) -> list[tuple[str, float]]:
        """(stem of the same language, probability): what the translations of `stem` also stand for.

        Paraphrases by bilingual pivoting (Bannard and Callison-Burch 2005), single stems only.
        """
        here, there = self._sides[language], self._sides[other(language)]
        number = here.find(stem)
        if number is None or most < 1:
            return []
        shares: dict[int, float] = {}
        for target, first in here.links(number)[:_PIVOT_WIDTH]:
            for back, second in there.links(target)[:_PIVOT_WIDTH]:
                shares[back] = shares.get(back, 0.0) + first * second
        shares.pop(number, None)
        found: list[tuple[str, float]] = []
        for back in sorted(shares, key=lambda n: (-shares[n], n)):
            phrase = here.phrase(back)
            if b" " not in phrase:
                found.append((phrase.decode(), shares[back]))
            if len(found) == most:
                break
        return found

    def words(self, language: Language, letter: str) -> Vocabulary:
        """The single stems of `language` that start with a letter."""
        if (language, letter) not in self._vocabularies:
            side = self._sides[language]
            start = letter.encode()
            numbers = range(side.at_or_after(start), side.at_or_after(start + b"\xff"))
            found = [phrase for phrase in map(side.phrase, numbers) if b" " not in phrase]
            words = [(phrase.decode(), 1) for phrase in found]
            self._vocabularies[language, letter] = Vocabulary(words)
        return self._vocabularies[language, letter]


@lru_cache(maxsize=1)
def bundled_table() -> TranslationTable:
    """The table that ships with the package, mapped once. Raises ModelError."""
    return TranslationTable.open(BUNDLED)


def write_table(path: Path, italian: Links, english: Links) -> None:
    """Write a table: the links of Italian phrases and of English ones. The same input gives the
    same bytes. Raises ValueError for a probability outside (0, 1].
    """
    tables: dict[Language, Links] = {"it": italian, "en": english}
    phrases = {
        language: sorted(
            {*tables[language], *(t for row in tables[other(language)].values() for t in row)},
            key=str.encode,
        )
        for language in LANGUAGES
    }
    counts: list[int] = []
    payload = b""
    for language in LANGUAGES:
        number = {phrase: n for n, phrase in enumerate(phrases[other(language)])}
        rows = [_row(tables[language].get(phrase, {}), number) for phrase in phrases[language]]
        texts = [phrase.encode() for phrase in phrases[language]]
        links = [link for row in rows for link in row]
        payload += b"\0" * (_aligned(len(payload)) - len(payload))
        payload += np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
        payload += np.cumsum([0, *map(len, rows)]).astype("<u4").tobytes()
        payload += np.array([target for _, target in links], "<u4").tobytes()
        payload += np.array([step for step, _ in links], "u1").tobytes()
        payload += b"".join(texts)
        counts += [len(texts), len(links), sum(map(len, texts))]
    header = _HEADER.pack(MAGIC, FORMAT, *counts, zlib.crc32(payload))
    path.write_bytes(header + payload)


def _row(links: Mapping[str, float], number: Mapping[str, int]) -> list[tuple[int, int]]:
    """(step of the probability, number of the phrase), likeliest first."""
    row = []
    for phrase, probability in links.items():
        if not 0.0 < probability <= 1.0:
            raise ValueError(f"{probability} is not a probability")
        step = round(_STEPS * math.log(max(probability, _LEAST)) / math.log(_LEAST))
        row.append((step, number[phrase]))
    return sorted(row)


def _aligned(position: int) -> int:
    return (position + 3) // 4 * 4
