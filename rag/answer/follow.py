"""Follow-ups: a question that leans on the conversation, made to stand on its own.

A deterministic rule, in the order tried:
1. A question that names its own subject and refers to nothing before it is left as it is.
2. "E con la Turchia?", "What about Iran?": the earlier question with its entity replaced, the one
   after the same preposition when there is one.
3. "When was that?", "Chi l'ha firmato?": the earlier question's content is put in front, and the
   names of the answer when the question points at a person or thing of it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answer.facts import fold, names, numbers, same_name
from rag.answer.llm import LLM
from rag.answer.neutralise import neutralise
from rag.answer.prompt import standalone_messages
from rag.answer.wanted import answer_type
from rag.core.errors import LLMError
from rag.core.types import Language
from rag.indexing.analysis import terms
from rag.ingest import question_language

REWRITE_TOKENS = 80
REWRITE_LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation: what was asked and what was answered (text as shown)."""

    question: str
    answer: str = ""


_OPENING = re.compile(
    r"^\s*(?:e(?:d|\s+invece|\s+allora|\s+poi)?|ma|(?:and |but )?(?:what|how) about|and|but|so|"
    r"che (?:mi dici|dire) (?:di|del(?:la|l['’]|lo)?|dei|degli|delle)|invece|also|ok(?:ay)?)"
    r"\b[\s,]+",
    re.IGNORECASE,
)
_REFERRING: dict[Language, re.Pattern[str]] = {
    "it": re.compile(
        r"(?:\b(?:quest[oaie]|quell[oaie]|quel|quegli|quei|ciò|lui|lei|loro|ess[oaie]|egli|ella|"
        r"suo|sua|suoi|sue|lo|li|ne|ci|vi|lì|là|allora|stess[oaie]|tale|tali|altr[oaie]|invece)\b"
        r"|\bl['’](?:ha|hanno|aveva|avevano|è|era)\b|\b\w+(?:l[oaie]|gli|ne)\b(?<=ar(?:lo|la|li|le|ne)))",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:that|this|these|those|it|its|they|them|their|theirs|he|him|his|she|her|hers|there|"
        r"then|one|ones|such|same|other|others|former|latter|else)\b",
        re.IGNORECASE,
    ),
}
_THAT_AS_LINK = re.compile(r"\b(?:that|this)\s+(?=\w+\s+\w+)", re.IGNORECASE)
_PREPOSITIONS = (
    "con|per|in|di|da|a|su|tra|fra|contro|verso|nel|nella|nell|negli|nelle|nei|del|della|dell|dei|"
    "degli|delle|al|alla|all|ai|agli|alle|dal|dalla|dall|dai|dagli|dalle|sul|sulla|sull|with|for|"
    "of|from|to|on|by|about|against|between|towards|at"
)
_FAMILY = {
    word: family
    for family, members in {
        "con": "con with", "in": "in nel nella nell negli nelle nei", "per": "per for",
        "di": "di del della dell dei degli delle of about", "a": "a al alla all ai agli alle to at",
        "da": "da dal dalla dall dai dagli dalle from by", "su": "su sul sulla sull on",
    }.items()
    for word in members.split()
}  # fmt: skip
_LEADING = re.compile(
    rf"^(?P<preposition>{_PREPOSITIONS})?(?:['’]|\s+|^)(?P<article>(?:il|lo|la|i|gli|le|l['’]|the|an?)\s*)?",
    re.IGNORECASE,
)


def resolve(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked without the conversation (oldest turn first).

    Earlier follow-ups are resolved on the way, so that a chain of them keeps its subject.
    """
    return candidates(question, history)[0]


def candidates(question: str, history: Sequence[Turn]) -> list[str]:
    """What the question may mean, likeliest first: more than one where the rule cannot tell."""
    before: Turn | None = None
    for turn in history:
        before = Turn(_readings(turn.question, before)[0], turn.answer)
    return _readings(question, before)


def _readings(question: str, before: Turn | None) -> list[str]:
    text = " ".join(question.split())
    if before is None or not before.question.strip():
        return [text]
    language = question_language(text) or "it"
    content = [term for term in terms(text, language) if term.content]
    opening = _OPENING.match(text)
    own_names = [name for name in names(text) if not name.initial]
    rest = text[opening.end() :] if opening else text
    rest = _STANDING_IN.sub("", rest)
    named = any(not name.initial or opening for name in names(rest)) or any(
        number.year for number in numbers(rest)
    )
    if len(content) <= 3 and named and not _asks(rest):
        return _replaced(rest, before)
    refers = bool(_REFERRING[language].search(_THAT_AS_LINK.sub("", rest)))
    # Without a name or number of its own, a short question hardly starts a new subject.
    own_subject = bool(own_names or numbers(text)) or len(content) > 4
    if refers or opening or len(content) <= 1 or not own_subject:
        return [_carried(text, before, language)]
    return [text]


# "quello con la Francia", "the Finnish one": words that stand in for what was asked about.
_STANDING_IN = re.compile(
    r"^(?:quell[oaie]|quelli|that|those|the ones?)\s+(?=(?:con|per|d|in|a|su|with|for|of|in|by|on))"
    r"|\s+ones?(?=\W*$)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:chi|cosa|che|quando|dove|dov|perch[eé]|come|quanto|quanta|quanti|quante|qual|quale|quali|"
    r"who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|has|have|"
    r"è|sono|ha|hanno)\b",
    re.IGNORECASE,
)


def _asks(text: str) -> bool:
    return bool(_ASKING.search(text))


def _replaced(fragment: str, before: Turn) -> list[str]:
    """The earlier question about the fragment's entity instead of its own, likeliest first."""
    fragment = fragment.rstrip(" ?.!")
    earlier = before.question.rstrip(" ?.!")
    leading = _LEADING.match(fragment)
    preposition = fold(leading["preposition"] or "") if leading else ""
    entity = fragment
    if leading and preposition:
        entity = fragment[leading.end("preposition") :].lstrip("'’ ")
    is_year = any(number.year for number in numbers(fragment)) and not names(fragment)
    entities = [
        span for span in _entities(earlier) if earlier[span[0] : span[1]].isdigit() == is_year
    ]
    slots = _slots(earlier, entities, preposition)
    if not slots:
        return [f"{earlier}, {fragment}?"]
    return [f"{earlier[:start]}{entity}{earlier[end:]}?" for start, end in slots]


def _entities(question: str) -> list[tuple[int, int]]:
    """Spans of names (neighbouring ones together, articles before them included) and years."""
    spans: list[tuple[int, int]] = []
    for name in names(question):
        if name.initial and _asks(name.text):
            continue
        if spans and question[spans[-1][1] : name.start] in (" ", "-"):
            spans[-1] = (spans[-1][0], name.end)
        else:
            spans.append((name.start, name.end))
    spans += [(number.start, number.end) for number in numbers(question) if number.year]
    return sorted(_with_article(question, span) for span in spans)


_ARTICLE = re.compile(r"(?:\b(?:il|lo|la|i|gli|le|the)\s+|\bl['’]\s*)$", re.IGNORECASE)


def _with_article(question: str, span: tuple[int, int]) -> tuple[int, int]:
    article = _ARTICLE.search(question[: span[0]])
    return (article.start(), span[1]) if article else span


def _slots(
    question: str, entities: Sequence[tuple[int, int]], preposition: str
) -> list[tuple[int, int]]:
    """The entities of the question that the new one may stand for."""
    family = _FAMILY.get(preposition, preposition)
    for start, end in reversed(entities if family else []):
        words = re.findall(r"[^\W\d_]+", question[:start])
        if words and _FAMILY.get(fold(words[-1]), fold(words[-1])) == family:
            return [(start, end)]
    if family == "con":
        # "A e B hanno firmato", "e con C?": one of the two partners changes, and either may.
        for first, second in pairwise(entities):
            if question[first[1] : second[0]].strip() in ("e", "ed", "and"):
                return [first, second]
    if family and len(entities) > 1:
        return []  # another role than any entity of the question has: add rather than replace
    return list(entities[-1:])


def _carried(text: str, before: Turn, language: Language) -> str:
    """The question with the earlier one's content in front, so that a search finds both."""
    earlier = before.question.rstrip(" ?.!")
    known = f"{earlier} {text}"
    asked = [name.text for name in names(known)]
    added: list[str] = []
    if not asked and _POINTS[language].search(text) and answer_type(earlier) == "person":
        for name in names(_shown(before.answer)):
            if not name.initial and not any(same_name(name.text, one) for one in [*asked, *added]):
                added.append(name.text)
    subject = f" ({' '.join(added[:4])})" if added else ""
    return f"{earlier}{subject}: {text}"


_POINTS: dict[Language, re.Pattern[str]] = {
    "it": re.compile(
        r"\b(?:lui|lei|loro|egli|ella|suo|sua|suoi|sue|quel|quell\w*|quegli|quei)\b", re.I
    ),
    "en": re.compile(r"\b(?:he|him|his|she|her|hers|they|them|their)\b", re.IGNORECASE),
}


def _shown(answer: str) -> str:
    """The first words of an answer, without its frame sentence and reference marks."""
    _, _, quotes = answer.partition("\n")
    return re.sub(r"\[\d+\]", " ", (quotes or answer))[:300]


def rewritten(
    llm: LLM,
    question: str,
    language: Language,
    history: Sequence[Turn],
    cancel: threading.Event | None = None,
) -> str | None:
    """The question as a language model completes it; None when it fails or makes things up.

    What it adds must come from the conversation: a name or number from nowhere discards it.
    """
    messages = standalone_messages(
        question, language, [(turn.question, turn.answer) for turn in history]
    )
    try:
        reply = "".join(llm.stream(messages, max_tokens=REWRITE_TOKENS, cancel=cancel))
    except LLMError:
        return None
    lines = [line.strip() for line in reply.split("</think>")[-1].splitlines() if line.strip()]
    text = neutralise(lines[0]).strip('"“”«» ') if lines else ""
    if not 3 <= len(text) <= REWRITE_LONGEST or question_language(text) != language:
        return None
    said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)])
    values = {value for number in numbers(said) for value in number.values}
    known = re.findall(r"[^\W\d_]+", said)
    if any(not number.values & values for number in numbers(text)):
        return None
    new = [name for name in names(text) if not name.initial]
    if any(not any(same_name(name.text, word) for word in known) for name in new):
        return None
    return text
