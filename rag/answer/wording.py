"""The sentences that the system itself says, in the two languages; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rag.core.dates import readable_date
from rag.core.types import Language

AnswerType = Literal["person", "date", "number", "place", "reason", "name"]


def _of_date(date: str, language: Language) -> str:
    """ "del 7 novembre 2025", "dell’8 marzo", "di dicembre 2023", "del 2025"; "of 7 November"."""
    said = readable_date(date, language)
    if language == "en":
        return f"of {said}"
    if said[:1].isdigit():
        first = said.split()[0]
        return f"dell’{said}" if first in ("8", "11") else f"del {said}"
    return f"di {said}"


def frame(language: Language, documents: int, date: str | None, *, differ: bool = False) -> str:
    """The sentence before the quotes, ending in a colon.

    `date` is the document's when there is one document; `differ` says that figures of different
    dates follow.
    """
    if differ:
        return {
            "it": "I documenti danno indicazioni diverse; la più recente è la prima:",
            "en": "The documents differ; the most recent comes first:",
        }[language]
    if documents == 1 and date:
        dated = _of_date(date, language)
        return (
            f"Secondo il documento {dated}:"
            if language == "it"
            else f"According to the document {dated}:"
        )
    if documents == 1:
        return "Secondo il documento:" if language == "it" else "According to the document:"
    return "Secondo i documenti:" if language == "it" else "According to the documents:"


def quoted(text: str, language: Language) -> tuple[str, str]:
    """The quotation marks to put around a quote, inner ones avoided: («, ») or (“, ”)."""
    if language == "it":
        return ("“", "”") if "«" in text or "»" in text else ("«", "»")
    return ("«", "»") if "“" in text or "”" in text else ("“", "”")


def joined(words: Sequence[str], language: Language, *, denied: bool = False) -> str:
    """ "«a», «b» e «c»" or "“a”, “b” and “c”", at most four; `denied` says "or" after a "not"."""
    shown = []
    for word in words[:4]:
        opening, closing = quoted(word, language)
        shown.append(f"{opening}{word}{closing}")
    if len(shown) < 2:
        return "".join(shown)
    italian, english = (" o ", " or ") if denied else (" e ", " and ")
    link = italian if language == "it" else english
    return ", ".join(shown[:-1]) + link + shown[-1]


_UNSAID: dict[AnswerType, tuple[str, str]] = {
    "person": ("non dicono chi", "do not say who"),
    "date": ("non dicono quando", "do not say when"),
    "number": ("non danno la cifra richiesta", "do not give the figure asked for"),
    "place": ("non dicono dove", "do not say where"),
    "reason": ("non dicono perché", "do not say why"),
}


def refusal(
    language: Language,
    found: Sequence[str],
    missing: Sequence[str],
    wanted: AnswerType | None,
    nearest: Sequence[str] = (),
) -> str:
    """Why there is no answer: what the documents do speak of, and what they do not.

    `found` and `missing` are words of the question; `nearest` are titles of the nearest documents,
    named when nothing of the question was found.
    """
    italian = language == "it"
    if found and missing:
        x, y = joined(found, language), joined(missing, language, denied=True)
        return (
            f"I documenti parlano di {x}, ma non di {y}."
            if italian
            else f"The documents speak of {x}, but not of {y}."
        )
    if found:
        unsaid = _UNSAID.get(wanted) if wanted else None
        x = joined(found, language)
        if italian:
            tail = unsaid[0] if unsaid else "non rispondono a questa domanda"
            return f"I documenti parlano di {x}, ma {tail}."
        tail = unsaid[1] if unsaid else "do not answer this question"
        return f"The documents speak of {x}, but {tail}."
    subject = (
        joined(missing, language, denied=True) if missing else ("questo" if italian else "this")
    )
    about = joined(nearest[:1], language)
    if italian:
        tail = f"; il più vicino è {about}" if about else ""
        return f"I documenti non parlano di {subject}{tail}."
    tail = f"; the nearest is {about}" if about else ""
    return f"The documents do not speak of {subject}{tail}."


def not_supported(language: Language) -> str:
    """The mark put behind a statement that no source supports."""
    return (
        "(non confermato dai documenti)" if language == "it" else "(not supported by the documents)"
    )


_NOTICES: dict[str, tuple[str, str]] = {
    "failed": (
        "Il modello linguistico non ha risposto: {why} Ecco le citazioni dai documenti.",
        "The language model did not answer: {why} Here are quotes from the documents.",
    ),
    "empty": (
        "Il modello linguistico ha dato una risposta vuota. Ecco le citazioni dai documenti.",
        "The language model gave an empty answer. Here are quotes from the documents.",
    ),
    "language": (
        "Il modello linguistico ha risposto in un’altra lingua. Ecco le citazioni dai documenti.",
        "The language model answered in another language. Here are quotes from the documents.",
    ),
    "unsupported": (
        "I documenti non confermano nulla di ciò che il modello linguistico ha scritto. "
        "Ecco le citazioni dai documenti.",
        "The documents support nothing of what the language model wrote. "
        "Here are quotes from the documents.",
    ),
    "cut": (
        "La risposta del modello linguistico si è interrotta: {why}",
        "The language model’s answer broke off: {why}",
    ),
    "stopped": ("Risposta interrotta.", "Answer stopped."),
}


def notice(kind: str, language: Language, why: str = "") -> str:
    """A remark for the reader about how the answer came to be."""
    text = _NOTICES[kind][0 if language == "it" else 1]
    return text.format(why=why).strip()


def removed(count: int, language: Language) -> str:
    """How many statements of a language model no source supports."""
    if language == "it":
        return (
            "Un’affermazione del modello non trova conferma nei documenti."
            if count == 1
            else f"{count} affermazioni del modello non trovano conferma nei documenti."
        )
    return (
        "One statement of the model is not supported by the documents."
        if count == 1
        else f"{count} statements of the model are not supported by the documents."
    )
