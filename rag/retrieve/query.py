"""A question made safe to search with: checked, normalised, its language known."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rag.core.errors import UsageError
from rag.core.types import Kind, Language
from rag.ingest import question_language

MAX_QUESTION = 4000  # characters; longer ones are pasted documents, not questions
MAX_K = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """A question ready to search with: `text` is NFC with single spaces, `language` is it or en."""

    text: str
    language: Language

    @property
    def seeks(self) -> frozenset[Kind]:
        """The kinds besides prose that the question asks for, by its words."""
        return frozenset(kind for kind, cue in _CUES.items() if cue.search(self.text))


# Words by which a question asks for a reference or an author's biography rather than for prose.
_CUES: dict[Kind, re.Pattern[str]] = {
    "reference": re.compile(
        r"(?i)\b(bibliografi\w+|riferiment[oi]|not[ae] \d+|font[ei] citat\w+|citat[oaie]"
        r"|articol[oi]|pubblicat[oaie]|autor[ei]|autric[ei]|testat[ae]|rivist[ae]|bibliograph\w+|references?"
        r"|footnotes?|cite[sd]?|articles?|published|authors?|authored|journal|report|source)\b"
    ),
    "biography": re.compile(
        r"(?i)\b(autor[ei]|autric[ei]|laure\w+|ha studiato|biografia|ha scritto|appassionato"
        r"|authors?|graduat\w+|studied|degree|biography|wrote|writer|bio)\b"
    ),
    "caption": re.compile(r"(?i)\b(foto\w*|didascali\w+|credit[oi]|photo\w*|captions?|credits?)\b"),
}


@lru_cache(maxsize=1024)  # a question is parsed by each part that needs to know about it
def parse_query(text: str) -> Query:
    """Check and normalise a question.

    Raises UsageError, with a remedy, when it is empty, has no word in it (only signs or emoji), is
    longer than MAX_QUESTION characters, or is clearly in a third language.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not text:
        raise UsageError("The question is empty.", "Ask something, in Italian or in English.")
    if len(text) > MAX_QUESTION:
        raise UsageError(
            f"The question is {len(text):,} characters long; at most {MAX_QUESTION:,} are taken.",
            "Ask about one thing at a time.",
        )
    if not any(character.isalnum() for character in text):
        raise UsageError("The question has no words in it.", "Ask in Italian or in English.")
    language = question_language(text)
    if language is None:
        raise UsageError(
            "The question seems to be neither in Italian nor in English.",
            "Ask it in one of the two; the documents may be in either.",
        )
    return Query(text, language)


def check_k(k: int) -> int:
    """`k` itself when it is in [1, MAX_K]; UsageError otherwise."""
    if not 1 <= k <= MAX_K:
        raise UsageError(f"k is {k}; it must be between 1 and {MAX_K}.", "Use -k 10, for example.")
    return k
