"""Questions made from statements: one thing is taken out, and asked for.

The idea is that of Lewis, Denoyer and Riedel (2019), unsupervised question answering by cloze
translation: "In 1994 the two presidents signed an accord in Moscow" gives "When did the two
presidents sign an accord?", near enough. The grammar is rough; what the reader is to learn from it
is whether a text says what the question's words say, and holds the thing that is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from rag.answer.facts import fold, months, names, numbers
from rag.core.types import Language

Kind = Literal["year", "count", "share", "place", "agent", "name", "thing"]
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[-'’][^\W\d_]+)*['’]?")
BREAK = re.compile(r"[;:.!?()\[\]«»“”\"–—]|,(?=\s)")
FEWEST = 3  # words with a meaning that a question keeps
SHORTEST, WIDEST = 6, 11  # words of it all

_ITALIAN = """
a ad al allo alla ai agli alle all' anche ancora c' che chi ci come con cui d' da dal dallo dalla
dai dagli dalle dall' degli dei del dell' della delle dello di dove due e è ed era erano essere
fra fu furono gli ha hai hanno ho i il in io la l' le lei li lo loro ma mentre mi mia mio ne negli
nei nel nell' nella nelle nello noi non o ogni per perché però più poi può qual quale quali quando
quanto quel quella quelle quelli quello questa queste questi questo qui se sé sei si sia siano
sono sta stata state stati stato su sua sue sugli sui sul sull' sulla sulle sullo suo suoi tra tu
tutti tutto un un' una uno vi voi
"""
_ENGLISH = """
a about after all also an and any are as at be because been before being but by can could did do
does each for from had has have he her his how i if in into is it its may might more most my no
not of on or other our shall she should so some such than that the their them then there these
they this those through to under up was we were what when where which while who whom whose why
will with would you your
"""
_LEADING = """
a ad al allo alla ai agli alle all' con da dal dallo dalla dai dagli dalle dall' degli dei del
dell' della delle dello di fra i il in gli la l' le lo nel nello nella nei negli nelle nell' per
su sul sulla sui sugli sulle sull' tra un una uno un' about an at by for from into of on since the
through to until with
"""
FUNCTION: dict[Language, frozenset[str]] = {
    "it": frozenset(_ITALIAN.split()),
    "en": frozenset(_ENGLISH.split()),
}
LEADING = frozenset(_LEADING.split())  # prepositions and articles before the thing asked for
NAMED = ("name", "place", "agent")
LED: dict[str, Kind] = dict.fromkeys(("in", "a", "ad", "nel", "nella", "at", "to"), "place")
LED |= dict.fromkeys(("da", "dal", "dalla", "dagli", "dalle", "by"), "agent")
ASKING: dict[Language, dict[Kind, tuple[str, ...]]] = {
    "it": {
        "year": ("Quando", "In che anno", "In quale anno", "Quando", "A quando risale", "Da quando",
                 "In che data", "Fino a quando"),
        "count": ("Quanti", "Quante", "Quanto", "Quanti", "Qual è il numero di", "Quanto costa",
                  "Quanto vale", "Quanto tempo", "Quante volte"),
        "share": ("Quale percentuale", "Che percentuale", "Quanto"),
        "place": ("Dove", "In quale paese", "In quale città", "Dove", "Verso dove"),
        "agent": ("Da chi", "Chi", "Chi ha", "Da quale organizzazione"),
        "name": ("Chi", "Chi è", "A chi", "Con chi", "Quale paese", "Quale organizzazione",
                 "Come si chiama", "Di chi", "Quale"),
        "thing": ("Che cosa", "Cosa", "Quale", "Qual è", "A che cosa", "Di che cosa",
                  "Con che cosa", "Che tipo di", "Quali", "In che modo", "Perché", "Come"),
    },
    "en": {
        "year": ("When", "In what year", "When did", "What year did", "When was", "In which year",
                 "Since when", "On what date", "Until when"),
        "count": ("How many", "How much", "How many", "What number of", "How much does", "How long",
                  "How often", "How large is"),
        "share": ("What percentage", "How much", "What share of"),
        "place": ("Where", "Where did", "In which country", "In what city", "Where was"),
        "agent": ("Who", "By whom", "Who did", "Which organization"),
        "name": ("Who", "Who is", "Which country", "What is the name of", "Which organization",
                 "Whose", "With whom did", "Who did", "What"),
        "thing": ("What", "What did", "What is", "Which", "What kind of", "What type of", "How",
                  "Why", "What does", "What was"),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """The thing asked for: a span of the statement, words leading to it included."""

    start: int
    end: int
    kind: Kind
    text: str  # without the leading words


@dataclass(frozen=True, slots=True)
class Cloze:
    """A question, what it asks for, and the span of the statement that it was made of."""

    question: str
    slot: Slot
    start: int
    end: int


def telling(word: str, language: Language) -> bool:
    """Whether a word has a meaning of its own."""
    return len(word) > 1 and fold(word) not in _folded(language)


@lru_cache
def _folded(language: Language) -> frozenset[str]:
    return frozenset(fold(word) for word in FUNCTION[language])


def slots(text: str, language: Language) -> list[Slot]:
    """Everything that could be asked for: numbers, names, and runs of one to three words."""
    found = [
        _led(text, n.start, n.end, "year" if n.year else _amount(text, n.end))
        for n in numbers(text)
        if n.end - n.start > 1 or n.text.isdigit()
    ]
    for name in names(text):
        if not name.initial:
            last = found[-1] if found else None
            if last and last.kind in NAMED and text[last.end : name.start] in (" ", "-"):
                whole = text[last.end - len(last.text) : name.end]
                found[-1] = Slot(last.start, name.end, last.kind, whole)
            else:
                found.append(_led(text, name.start, name.end, "name"))
    taken = [(s.start, s.end) for s in found]
    run: list[re.Match[str]] = []
    for word in [*WORD.finditer(text), None]:
        goes_on = (
            word is not None
            and telling(word[0], language)
            and (not run or text[run[-1].end() : word.start()] == " ")
            and len(run) < 3
            and not any(start < word.end() and word.start() < end for start, end in taken)
        )
        if goes_on and word is not None:
            run.append(word)
            continue
        if run:
            found.append(_led(text, run[0].start(), run[-1].end(), "thing"))
        run = []
    return found


def _amount(text: str, end: int) -> Kind:
    return "share" if re.match(r"\s?(%|per cento|percent)", text[end : end + 10]) else "count"


def _led(text: str, start: int, end: int, kind: Kind) -> Slot:
    """The slot with the preposition and article before it, which tell a place from a person."""
    asked, named = text[start:end], kind == "name"
    for _ in range(2):
        before = re.search(r"(?<![\w'’-])([^\W\d_]+['’]?)\s*$", text[:start])
        if before is None or before[1].lower().replace("’", "'") not in LEADING:
            break
        start = before.start(1)
        if named and kind == "name":
            kind = LED.get(before[1].lower(), "name")
    return Slot(start, end, kind, asked)


def cloze(text: str, language: Language, random: Random) -> Cloze | None:
    """A question about something in the statement; None when there is too little to ask about."""
    choices = slots(text, language)
    if not choices:
        return None
    # Numbers and names are what people ask for most; any run of words may be asked for.
    slot = random.choices(choices, [1.0 if s.kind == "thing" else 2.0 for s in choices])[0]
    start, end = _window(text, slot, random)
    before = [m[0] for m in WORD.finditer(text[start : slot.start])]
    after = [m[0] for m in WORD.finditer(text[slot.end : end])]
    before, after = before[-(WIDEST - min(len(after), 5)) :], after[:WIDEST]
    body = [*after, *before] if slot.kind == "count" else [*before, *after]
    said = _said(body, language, random)
    if said is None:
        return None
    asking = random.choice(ASKING[language][slot.kind])
    if random.random() < 0.12:
        question = f"{said[0].upper()}{said[1:]} {asking.lower()}?"
    else:
        question = f"{asking} {said}?"
    return Cloze(_elided(question), slot, start, end)


def beside(text: str, language: Language, random: Random) -> str | None:
    """A question about the statement for a date or a figure that it does not have.

    None when it has numbers or months, which might be what is asked for, or says too little.
    """
    if numbers(text) or months(text):
        return None
    words = [m[0] for m in WORD.finditer(text)]
    kind: Kind = random.choice(("year", "year", "count", "share"))
    at = random.randrange(max(1, len(words) - WIDEST + 1))
    said = _said(words[at : at + WIDEST], language, random)
    if said is None:
        return None
    return _elided(f"{random.choice(ASKING[language][kind])} {said}?")


def _window(text: str, slot: Slot, random: Random) -> tuple[int, int]:
    """The stretch around the slot that the question is made of, between marks of punctuation."""
    marks = [
        m.start() for m in BREAK.finditer(text) if text[m.start()] != "," or random.random() < 0.5
    ]
    start = max((mark + 1 for mark in marks if mark < slot.start), default=0)
    end = min((mark for mark in marks if mark >= slot.end), default=len(text))
    if sum(1 for _ in WORD.finditer(text[start : slot.start] + text[slot.end : end])) < 6:
        return 0, len(text)
    return start, end


def _said(words: list[str], language: Language, random: Random) -> str | None:
    """Some of the words, as one who asks would say it: most telling ones stay.

    None when too little is left.
    """
    most = random.randint(SHORTEST, WIDEST)
    kept = [word for word in words if random.random() > (0.12 if telling(word, language) else 0.3)]
    while len(kept) > most:
        kept.pop(random.randrange(len(kept)))
    return " ".join(kept) if sum(telling(word, language) for word in kept) >= FEWEST else None


def _elided(text: str) -> str:
    """The text without the space after an apostrophe."""
    return text.replace("' ", "'").replace("’ ", "’")


def without(text: str, start: int, end: int) -> str:
    """The text with a span cut out, its spaces mended."""
    cut = text[:start].rstrip() + " " + text[end:].lstrip()
    return re.sub(r"\s+([,.;:!?)])", r"\1", cut).strip()
