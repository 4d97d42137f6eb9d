"""What kind of answer a question wants (a person, a date, a number…), and whether a text has one."""

from __future__ import annotations

import re

from rag.answer.facts import months, names, numbers, same_name
from rag.answer.terms import TextTerms
from rag.answer.wording import AnswerType

_CUES: tuple[tuple[AnswerType, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "date",
            r"\b(quando|in (?:che|quale) (?:anno|mese|giorno|data|secolo|periodo)|(?:che|quale|qual è la) "
            r"(?:anno|mese|giorno|data)|da quando|when|(?:in |on )?(?:what|which) "
            r"(?:year|month|day|date|century)|since when)\b",
        ),
        (
            "number",
            r"\b(quant[oiae]|quant['’]|che percentuale|quale percentuale|che (?:cifra|valore|importo)|"
            r"a quanto|how (?:many|much|long|old|far|high|big|large|often)|(?:what|which) "
            r"(?:percentage|percent|share|number|amount|fraction|proportion)|numero di)\b",
        ),
        (
            "person",
            r"\b(chi|who|whom|whose|(?:quale|which|what) (?:president\w*|minist\w+|leader))\b",
        ),
        (
            "place",
            r"\b(dove|dov['’]|in (?:che|quale) (?:città|paese|luogo|stato|regione)|where|"
            r"(?:in )?(?:which|what) (?:city|country|place|state|region))\b",
        ),
        (
            "reason",
            r"\b(perch[eé]|per (?:quale|che) (?:motivo|ragione)|why|what (?:caused|is the reason))\b",
        ),
        (
            "name",
            r"\b(come si chiama\w*|(?:what|which) (?:is|was|are|were) the names?|named|quale|quali|which)\b",
        ),
    )
)
_REASON = re.compile(
    r"\b(perché|poiché|in quanto|a causa|per via|grazie a|dovut\w+|in seguito|al fine|per (?:non )?\w+[aei]re|"
    r"obiettivo|scopo|finalizzat\w+|motiv\w+|ragion\w+|spieg\w+|because|due to|since|in order to|so that|"
    r"caus\w+|reason\w*|aim\w*|therefore|quindi|così da|conseguenz\w+)\b",
    re.IGNORECASE,
)


def answer_type(question: str) -> AnswerType | None:
    """The kind of answer that the question asks for, by its question words; None for others."""
    found = [(match.start(), kind) for kind, cue in _CUES if (match := cue.search(question))]
    return min(found)[1] if found else None


def has_answer(kind: AnswerType | None, question: TextTerms, text: TextTerms) -> bool | None:
    """Whether the text holds something of that kind that the question does not say itself.

    None when the kind is not known, and so nothing can be said.
    """
    if kind is None:
        return None
    if kind == "number":
        return any(not number.values & question.values for number in numbers(text.text))
    if kind == "date":
        years = {v for n in numbers(text.text) if n.year for v in n.values} - question.values
        return bool(years or months(text.text) - question.months or _CLOCK.search(text.text))
    if kind == "reason":
        return bool(_REASON.search(text.text))
    asked = [name.text for name in names(question.text)]
    return any(
        not name.initial and not any(same_name(name.text, known) for known in asked)
        for name in text.names
    )


_CLOCK = re.compile(
    r"\b(lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|secolo|century|ieri|oggi|yesterday|today|anni (?:dopo|prima|fa))\b",
    re.IGNORECASE,
)
