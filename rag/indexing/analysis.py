"""From text to search terms: the same analysis when a passage is indexed and when it is asked for.

Text is folded (accents, case, typographic apostrophes), cut into words and numbers, and every word
is stemmed with the Snowball stemmer of its language (Porter 2001, snowballstem.org). An apostrophe
ends a word, so that "dell'accordo", "dell’accordo" and "dell' accordo" give the same terms and the
cut-off piece counts as a function word. Numbers are written in one way whatever the language:
"1,5" and "1.5" are the same term, and so are "17.786.419" and "17,786,419".
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from rag.core.types import Language
from rag.indexing.stopwords import FUNCTION_WORDS

# Stored with an index: terms made by another version do not meet the ones made by this one.
VERSION: Final = 1
ROOT_LENGTH: Final = 5
LONGEST_WORD: Final = 64  # characters kept of one "word": base64 and the like stay bounded

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+|%")
_ACRONYM = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")
_PERCENT = re.compile(r"\b(?:per cento|per cent|percento|percent)\b|(?<=\d)\s?%", re.IGNORECASE)
# Letters that Unicode does not decompose into a plain letter and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE",
     "œ": "oe", "Œ": "OE", "ı": "i"}
)  # fmt: skip
_one_at_a_time = threading.Lock()  # a Snowball stemmer keeps the word it works on in itself
# Function words, were it not for their capitals.
_NAMES = frozenset(["Stati", "Stato", "May", "Will", "AI", "IT", "UN", "US", "WHO"])
_CAPITALS = {"US": "usa"}  # the country, which folding would turn into the pronoun


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question: as folded, as stemmed, and whether it carries meaning of its own."""

    word: str
    stem: str
    content: bool


def fold(text: str) -> str:
    """Text without accents, compatibility forms made plain; case is kept.

    >>> fold("Perché l’ﬁne è così?")
    'Perche l’fine e cosi?'
    """
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_LETTERS)


def _tokens(text: str) -> list[str]:
    folded = _PERCENT.sub(" % ", fold(text))
    folded = _ACRONYM.sub(lambda match: match.group().replace(".", "") + " ", folded)
    return _TOKEN.findall(folded)


def _word(token: str) -> str:
    if token[0].isdigit() and not token.isalnum():
        if _THOUSANDS.fullmatch(token):
            token = token.replace(".", "").replace(",", "")
        return token.replace(",", ".")[:LONGEST_WORD]
    return _CAPITALS.get(token) or token.lower()[:LONGEST_WORD]


def words(text: str) -> list[str]:
    """Folded lowercase words and numbers, in order.

    >>> words("Nell’ottobre 2025 il 62% dell' export: 1,5 milioni")
    ['nell', 'ottobre', '2025', 'il', '62', '%', 'dell', 'export', '1.5', 'milioni']
    """
    return [_word(token) for token in _tokens(text)]


def stems(text: str, language: Language) -> list[str]:
    """Every term of a passage, function words included, in order.

    >>> stems("Gli accordi dell'Asia", "it")
    ['gli', 'accord', 'dell', 'asi']
    """
    return [stem(word, language) for word in words(text)]


def terms(text: str, language: Language) -> list[Term]:
    """The words of a question, each marked as content or function word.

    "Stati" (Uniti), "May", "US", "WHO" and the like are content for their capitals, unless the
    whole question is in capitals.
    """
    function_words = FUNCTION_WORDS[language]
    shouting = text.isupper()
    found = []
    for token in _tokens(text):
        word = _word(token)
        content = word not in function_words or (token in _NAMES and not shouting)
        found.append(Term(word, stem(word, language), content))
    return found


@lru_cache(maxsize=200_000)
def stem(word: str, language: Language) -> str:
    """The stem of one folded word; numbers and names of few letters come back as they are."""
    if not word.isalpha() or len(word) < 3:
        return word
    with _one_at_a_time:
        stemmed: str = _stemmer(language).stemWord(word)
    return stemmed or word


def root(stem: str) -> str:
    """The first letters of a stem, which related words share: "farma" of "farmacolog"."""
    return stem[:ROOT_LENGTH] if stem.isalpha() else stem


@lru_cache(maxsize=2)
def _stemmer(language: Language) -> Any:
    if language == "it":
        from snowballstemmer.italian_stemmer import ItalianStemmer

        return ItalianStemmer()
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()
