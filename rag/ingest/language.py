"""Which language a text or a question is in: Italian, English, or (for questions) neither.

Documents are told apart by lingua, restricted to the two languages. Questions are short, full of
names, and asked against the clock, so their function words decide first, and lingua only where
those are silent.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.core.types import Language, other
from rag.ingest.function_words import FOREIGN, NAME_PARTICLES, OWN, QUESTION_WORDS

if TYPE_CHECKING:
    from lingua import LanguageDetector

_SAMPLES, _SAMPLE_CHARS = 16, 1000
_WORD = re.compile(r"[^\W\d_]+")
# "qu'est", "j'ai", "c'était": contractions that only French makes.
_FRENCH = re.compile(r"\b(?:qu['’]\w|[cdjn]['’](?:est|ai|y|était|ont|avait|étaient)\b)", re.I)
_QUESTION_CHARS = 1000
# A chunk speaks another language than its document only when lingua is this sure.
_SURE = 0.9


def detect_language(text: str, default: Language = "it") -> Language:
    """Italian or English, whichever `text` is nearer to; `default` when nothing speaks for either.

    Long texts are judged by evenly spread samples, so the cost does not grow with them.
    """
    italian = _italian(_sample(text))
    if italian is None or italian == 0.5:
        return default
    return "it" if italian > 0.5 else "en"


def passage_language(text: str, document: Language) -> Language:
    """The language of a part of a document: the document's own, unless the part clearly differs."""
    italian = _italian(text)
    if italian is None:
        return document
    sure = 1.0 - italian if document == "it" else italian
    return other(document) if sure >= _SURE else document


def question_language(text: str) -> Language | None:
    """The language of a question; None when it is clearly in neither, or holds no word at all.

    Only clear evidence makes None: another script, or the function words of a third language that
    outnumber those of Italian and English and are not parts of names ("von der Leyen", "El Niño").
    Digits alone ("2022") count as Italian, so that they can be searched for.
    """
    words = [word.lower() for word in _WORD.findall(unicodedata.normalize("NFC", text))]
    sample = " ".join(words)[:_QUESTION_CHARS]
    words = sample.split()
    if not words:
        return "it" if any(character.isdigit() for character in text) else None
    if _is_foreign_script(sample):
        return None
    own = {language: sum(word in OWN[language] for word in words) for language in OWN}
    if _is_third_language(words, max(own.values())) or (
        _FRENCH.search(text[:_QUESTION_CHARS]) and max(own.values()) <= 1
    ):
        return None
    if own["it"] != own["en"]:
        return "it" if own["it"] > own["en"] else "en"
    return detect_language(text[:_QUESTION_CHARS])


def _is_foreign_script(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return 2 * latin < len(letters)


def _is_third_language(words: Sequence[str], own: int) -> bool:
    for vocabulary in FOREIGN.values():
        strong = {word for word in words if word in vocabulary and word not in NAME_PARTICLES}
        evidence = sum(word in vocabulary for word in words)
        if len({word for word in words if word in vocabulary}) >= 2 and strong and evidence > own:
            return True
        # "Pourquoi?", "Warum Astana?": one interrogative is enough where nothing speaks against.
        if strong & QUESTION_WORDS and own == 0 and 3 * evidence >= len(words):
            return True
    return False


def _italian(text: str) -> float | None:
    """The probability that `text` is Italian rather than English; None without any evidence."""
    from lingua import Language as Tongue

    values = _detector().compute_language_confidence_values(text)
    found = {value.language: value.value for value in values}
    total = found.get(Tongue.ITALIAN, 0.0) + found.get(Tongue.ENGLISH, 0.0)
    return found.get(Tongue.ITALIAN, 0.0) / total if total else None


@functools.cache
def _detector() -> LanguageDetector:
    """Trigrams alone: as good as all n-grams on sentences, and ready in 30 ms instead of 500."""
    from lingua import Language as Tongue
    from lingua import LanguageDetectorBuilder

    builder = LanguageDetectorBuilder.from_languages(Tongue.ITALIAN, Tongue.ENGLISH)
    return builder.with_low_accuracy_mode().build()


def _sample(text: str) -> str:
    if len(text) <= _SAMPLES * _SAMPLE_CHARS:
        return text
    step = len(text) // _SAMPLES
    return "\n".join(text[i * step : i * step + _SAMPLE_CHARS] for i in range(_SAMPLES))
