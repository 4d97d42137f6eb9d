"""What kind of answer a question wants (a person, a date…), and how well a text fills it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.facts import Number, fold, same_name
from rag.answer.terms import QuestionTerm, TextTerms
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


# What is counted or measured, by the question's words -> what must stand beside a number.
_MEASURES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        _words(
            r"quanta parte\b",
            r"percentual\w+",
            r"percent\w*",
            r"per cento\b",
            r"quota\b",
            r"share\b",
            r"proportion\b",
            r"fraction\b",
            r"daz\w+",
            r"tariff\w*",
            r"tass\w\b",
        ),
        re.compile(
            r"%|\b(?:per cento|per cent|percento|percent|met[aà]|terz[oi]|quart[oi]|half|thirds?|"
            r"quarters?|decim[oi])\b",
            re.IGNORECASE,
        ),
    ),
    (
        _words(
            r"sold[oi]\b",
            r"denar\w+",
            r"cost\w*",
            r"val(?:gono|e|eva|evano|ore)\b",
            r"worth\b",
            r"money\b",
            r"price\b",
            r"prezz\w+",
            r"spes[aeo]\w*",
            r"spen[dt]\w*",
            r"earn\w*",
            r"incass\w+",
            r"guadagn\w+",
            r"invest\w+",
            r"revenue\w*",
            r"ricav\w+",
            r"paid\b",
            r"pay\b",
            r"pagat\w+",
            r"donat\w+",
            r"scambi\b",
            r"interscambio\b",
            r"commercio\b",
        ),
        re.compile(
            r"[$€£¥]|\b(?:dollar\w*|euro|eur|usd|sterlin\w+|pounds?|rubl\w+|roubles?|yuan|yen|"
            r"tenge|franc\w+|lir[ae]|marchi|fiorini|valut\w+)\b",
            re.IGNORECASE,
        ),
    ),
    (
        _words(
            r"lung[oahi]\w*",
            r"how long is\b",
            r"how (?:far|high|deep|wide|tall)\b",
            r"distan\w+",
            r"alt[oa]\b",
            r"length\b",
            r"height\b",
            r"superficie\b",
            r"area\b",
        ),
        re.compile(
            r"\b(?:km|chilometr\w+|kilomet\w+|metr[oi]|met(?:re|er)s?|mi(?:gli[ao]|les?)|pied[ei]|"
            r"feet|foot|ettar[oi]|hectares?|cm|m|km²|km2|m²)\b",
            re.IGNORECASE,
        ),
    ),
    (
        _words(
            r"quanto (?:tempo|dur\w+)\b",
            r"how long (?:did|does|do|has|have|will|was)\b",
            r"dura(?:ta)?\b",
            r"how old\b",
            r"quanti anni\b",
        ),
        re.compile(
            r"\b(?:ann[oi]|mes[ei]|giorn[oi]|settiman[ae]|or[ae]|minut[oi]|second[oi]|years?|months?|"
            r"days?|weeks?|hours?|minutes?|seconds?|secol[oi]|centur(?:y|ies)|decad[ei]s?)\b",
            re.IGNORECASE,
        ),
    ),
)
_COUNTED = re.compile(r"\b(?:quant[ie]|how many|number of|numero d[ei]\w*)\b", re.IGNORECASE)
_BESIDE = 40  # characters on either side of a number in which its unit stands
_PLACE = re.compile(
    r"\b(?:a|ad|in|nel\w*|nell['’]|al|alla|allo|all['’]|presso|vicino|near|at|from|da|dal\w*|"
    r"di|del\w*)\s*(?:[a-zà-ù]+\s+)?(?P<name>[A-ZÀ-Ý][^\W\d_]+)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question wants: the kind, a unit that must stand beside a number, what is counted."""

    kind: AnswerType | None
    unit: re.Pattern[str] | None = None
    counted: QuestionTerm | None = None


def wanted(question: str, asked: Sequence[QuestionTerm]) -> Wanted:
    """What the question wants, by its question words; `asked` are its terms."""
    kind = answer_type(question)
    if kind != "number":
        return Wanted(kind)
    for cue, unit in _MEASURES:
        if cue.search(question):
            return Wanted(kind, unit)
    cue_match = _COUNTED.search(question)
    if cue_match is None:
        return Wanted(kind)
    rest = fold(question[cue_match.end() :])
    following = [
        (at, t) for t in asked if t.kind == "word" and (at := rest.find(fold(t.word))) >= 0
    ]
    return Wanted(kind, None, min(following, key=lambda f: f[0])[1] if following else None)


def answer_type(question: str) -> AnswerType | None:
    """The kind of answer that the question asks for, by its question words; None for others."""
    best: tuple[int, AnswerType] | None = None
    for kind, cue in _CUES.items():
        match = cue.search(question)
        if match and (best is None or match.start() < best[0]):
            best = (match.start(), kind)
    return best[1] if best else None


def fit(goal: Wanted, question: TextTerms, text: TextTerms) -> float:
    """How well the text fills what is wanted, with something the question does not say itself.

    1 when it holds such a thing, 0 when it does not; 0.5 when what is wanted is not known, or when
    a number is there but not what it should count or measure.
    """
    if goal.kind is None:
        return 0.5
    if goal.kind == "number":
        return _number_fit(goal, question, text)
    if goal.kind == "date":
        years = {v for n in text.numbers if n.year for v in n.values} - question.values
        return float(bool(years or text.months - question.months or _CLOCK.search(text.text)))
    if goal.kind == "reason":
        return float(bool(_REASON.search(text.text)))
    asked = [name.text for name in question.names]
    new = [
        name.text
        for name in text.names
        if not name.initial and not any(same_name(name.text, known) for known in asked)
    ]
    if goal.kind == "place":
        return float(any(match["name"] in new for match in _PLACE.finditer(text.text)))
    return float(bool(new))


def _number_fit(goal: Wanted, question: TextTerms, text: TextTerms) -> float:
    new = [number for number in text.numbers if not number.values & question.values]
    if goal.unit is not None:
        if any(goal.unit.search(_around(text.text, number)) for number in new):
            return 1.0
        # "Un terzo", "la metà" are amounts without a number.
        return 1.0 if goal.unit is _MEASURES[0][1] and goal.unit.search(text.text) else 0.0
    if not new:
        return 0.0
    if goal.counted is None:
        return 1.0
    near = any(
        TextTerms(_around(text.text, number), text.language).holds(goal.counted) for number in new
    )
    return 1.0 if near else 0.5


def _around(text: str, number: Number) -> str:
    return text[max(0, number.start - 12) : number.end + _BESIDE]
