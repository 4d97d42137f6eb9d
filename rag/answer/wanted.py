"""What kind of answer a question wants (a person, a date…), and whether a text has one."""

from __future__ import annotations

import re

from rag.answer.facts import same_name
from rag.answer.terms import TextTerms
from rag.answer.wording import AnswerType


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})", re.IGNORECASE)


# The cue that comes first in the question wins; of two at one place, the one listed first.
_CUES: dict[AnswerType, re.Pattern[str]] = {
    "date": _words(
        r"(?:da )?quando\b",
        r"(?:in |da )?(?:che|quale) (?:anno|mese|giorno|data|secolo|periodo)\b",
        r"qual è la data\b",
        r"(?:since )?when\b",
        r"(?:in |on )?(?:what|which) (?:year|month|day|date|century)\b",
    ),
    "number": _words(
        r"quant[oiae]\b",
        r"quant['’]",
        r"(?:a |che |quale )(?:quanto|percentuale|cifra|valore|importo|numero)\b",
        r"how (?:many|much|long|old|far|high|big|large|often)\b",
        r"(?:what|which) (?:percentage|percent|share|number|amount|fraction|proportion)\b",
    ),
    "place": _words(
        r"(?:di |da )?dove\b",
        r"(?:di )?dov['’]",
        r"in (?:che|quale) (?:città|paese|luogo|stato|regione)\b",
        r"where\b",
        r"(?:in )?(?:which|what) (?:city|country|place|state|region)\b",
    ),
    "person": _words(
        r"(?:con |da |di |a |per )?chi\b",
        r"who(?:m|se)?\b",
        r"(?:quale|which|what) (?:president\w*|minist\w+|leader)\b",
    ),
    "reason": _words(
        r"perch[eé]\b", r"per (?:quale|che) (?:motivo|ragione)\b", r"why\b", r"what caused\b"
    ),
    "name": _words(
        r"come si chiama\w*", r"(?:what|which) (?:is|was|are|were) the names?\b", r"qual[ei]\b",
        r"which\b",
    ),
}  # fmt: skip
_REASON = _words(
    r"perché\b", r"poiché\b", r"in quanto\b", r"a causa\b", r"per via\b", r"grazie a\b",
    r"dovut\w+", r"in seguito\b", r"al fine\b", r"obiettivo\b", r"scopo\b", r"finalizzat\w+",
    r"motiv\w+", r"ragion\w+", r"spieg\w+", r"per (?:non )?\w+[aei]re\b", r"così da\b",
    r"conseguenz\w+", r"because\b", r"due to\b", r"since\b", r"in order to\b", r"so that\b",
    r"caus\w+", r"reason\w*", r"aim\w*",
)  # fmt: skip
_CLOCK = _words(
    r"luned[iì]\b", r"marted[iì]\b", r"mercoled[iì]\b", r"gioved[iì]\b", r"venerd[iì]\b",
    r"sabato\b", r"domenica\b", r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", r"secolo\b",
    r"century\b", r"ieri\b", r"oggi\b", r"yesterday\b", r"today\b", r"anni (?:dopo|prima|fa)\b",
)  # fmt: skip


def answer_type(question: str) -> AnswerType | None:
    """The kind of answer that the question asks for, by its question words; None for others."""
    best: tuple[int, AnswerType] | None = None
    for kind, cue in _CUES.items():
        match = cue.search(question)
        if match and (best is None or match.start() < best[0]):
            best = (match.start(), kind)
    return best[1] if best else None


def has_answer(kind: AnswerType | None, question: TextTerms, text: TextTerms) -> bool | None:
    """Whether the text holds something of that kind that the question does not say itself.

    None when the kind is not known, and so nothing can be said.
    """
    if kind is None:
        return None
    if kind == "number":
        return any(not number.values & question.values for number in text.numbers)
    if kind == "date":
        years = {v for n in text.numbers if n.year for v in n.values} - question.values
        return bool(years or text.months - question.months or _CLOCK.search(text.text))
    if kind == "reason":
        return bool(_REASON.search(text.text))
    asked = [name.text for name in question.names]
    return any(
        not name.initial and not any(same_name(name.text, known) for known in asked)
        for name in text.names
    )
