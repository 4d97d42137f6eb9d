"""Reading of lexicons and parallel text: gzipped TSV, English then Italian, one folder each."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from rag.core.types import Language
from rag.indexing.analysis import terms
from rag.indexing.expand import LONGEST_PHRASE

_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
# May be dropped from an entry that leaves one stem, as "to sign" may; "take off" is not "take".
_ARTICLES = "a an the il lo la l i gli le un uno una"
_EMPTY = frozenset([*_ARTICLES.split(), "to", "of", "be", "si", "di", "essere"])


def read_pairs(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(file name without suffixes, English, Italian) of every line, files in order of name."""
    for path in sorted(folder.glob("*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                english, tab, italian = line.rstrip("\n").partition("\t")
                if tab and english and italian and "\t" not in italian:
                    yield path.name.removesuffix(".tsv.gz"), english, italian


def entry_key(text: str, language: Language) -> str | None:
    """The content stems of a lexicon entry, joined by spaces; None for one that cannot be used."""
    found = terms(_ASIDE.sub(" ", text), language)
    content = [term.stem for term in found if term.content]
    if not 1 <= len(content) <= LONGEST_PHRASE:
        return None
    if len(content) == 1 and any(not t.content and t.word not in _EMPTY for t in found):
        return None
    return " ".join(content)


def content_stems(text: str, language: Language) -> list[str]:
    """The distinct content stems of a segment of parallel text, in order; no numbers."""
    found = terms(text, language)
    return list(dict.fromkeys(t.stem for t in found if t.content and t.stem.isalpha()))
