"""Check what a language model says against the passages it cites. What fails is not shown as true.

A statement stands when, for one of its marks at least,
1. the passage number exists;
2. the quote stands in that passage (see align.py for the little that may differ);
3. every number and month of the statement stands in the quoted words or in the sentence around
   them, which is then what is cited; a year may also stand in the passage or be the document's;
4. every name of the statement stands in that sentence or the two before it, or in the title, or is
   the name the document is about;
5. statement and sentence speak of the same things (shared content words, or close vectors);
6. the statement does not deny what the sentence affirms, nor cut a "not" away.
A mark without a quote is given the sentence of its passage that meets all this best.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answer.align import align_parts
from rag.answer.facts import Name, blank_footnotes, fold, months, names, numbers
from rag.answer.parse import Mark, Statement
from rag.answer.prompt import Passage
from rag.answer.terms import QuestionTerm, TextTerms, analyse, coverage
from rag.core.types import Document, Language
from rag.indexing.expand import Translations
from rag.ingest import sentences

Similarity = Callable[[str, str], float]

LEAST_SHARED_SAME = 0.4  # of the statement's content words, in its own language
LEAST_SHARED_CROSS = 0.25  # through translation, which misses some
LEAST_COSINE = 0.5  # instead of shared words
LOCATE_SHARED = 0.6  # for a mark without a quote: nobody vouches for the place
TOPIC_COUNT = 3  # times a document must say its most frequent name to be about it

_NEGATION = re.compile(
    r"\b(?:non|né|nessun\w*|mai|senza|nemmeno|neanche|neppure|no|not|never|none|nor|neither|nobody"
    r"|nothing|without|cannot|\w+n['’]t)\b",
    re.IGNORECASE,
)

_WORD = re.compile(r"\s+([^\W\d_]+)")
_ADVERB = re.compile(r"(?:mente|ndo|ly|ing|ed)$")
_VERBS = """
ha hanno è sono era erano fu furono aveva avevano e ed vuole deve può punta prevede
has have had is are was were will and plans wants signed says said announced
"""
_AFTER_A_NAME = frozenset(_VERBS.split())


@dataclass(frozen=True, slots=True)
class Span:
    """`document.text[start:end]`, cited."""

    document: Document
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.document.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The spans that support a statement, or the first fault found when there is none."""

    spans: tuple[Span, ...]
    fault: str | None = None

    @property
    def supported(self) -> bool:
        return bool(self.spans)


class Checker:
    """Checks statements in `language` against numbered passages (1 is the first)."""

    def __init__(
        self,
        passages: Sequence[Passage],
        language: Language,
        translations: Translations | None = None,
        similarity: Similarity | None = None,
    ) -> None:
        self._passages = passages
        self._language: Language = language
        self._translations = translations
        self._similarity = similarity

    def check(self, statement: Statement) -> Verdict:
        """The spans that support the statement, each once, in the order of its marks."""
        if not statement.marks:
            return Verdict((), "no source is given")
        asked = analyse(statement.text, self._language, self._translations)
        spans: list[Span] = []
        fault: str | None = None
        for mark in statement.marks:
            verdict = self._check_mark(statement.text, asked, mark)
            fault = fault or verdict.fault
            spans += [span for span in verdict.spans if span not in spans]
        return Verdict(tuple(spans), None if spans else fault)

    def _check_mark(self, text: str, asked: Sequence[QuestionTerm], mark: Mark) -> Verdict:
        if not 1 <= mark.number <= len(self._passages):
            return Verdict((), f"there is no passage {mark.number}")
        passage = self._passages[mark.number - 1]
        if mark.quote is None:
            return self._locate(text, asked, passage)
        found = align_parts(mark.quote, passage.text)
        if not found:
            return Verdict((), f"the quote does not stand in passage {mark.number}")
        spans = [
            Span(passage.document, passage.start + start, passage.start + end)
            for start, end in found
        ]
        return self._support(text, asked, passage, spans)

    def _locate(self, text: str, asked: Sequence[QuestionTerm], passage: Passage) -> Verdict:
        """The sentence of the passage that supports the statement best, when one does."""
        spans = [
            Span(passage.document, passage.start + start, passage.start + end)
            for start, end in sentences(passage.text, passage.language)
        ]
        best: tuple[float, Span] | None = None
        for span in spans:
            shared = coverage(asked, TextTerms(span.text, passage.language))
            if shared >= LOCATE_SHARED and (best is None or shared > best[0]):
                best = (shared, span)
        if best is None:
            return Verdict((), "no quote is given and no sentence says it")
        return self._support(text, asked, passage, [best[1]])

    def _support(
        self, text: str, asked: Sequence[QuestionTerm], passage: Passage, spans: list[Span]
    ) -> Verdict:
        """Rules 3 to 6, on the quoted words first and then on their whole sentences."""
        document = passage.document
        around = _sentences_around(document, spans[0].start, spans[-1].end, passage.language)
        sentence = Span(document, around[0], around[1])
        context = TextTerms(document.text[around[2] : around[1]], passage.language)
        fault = (
            _wrong_number(text, sentence.text, passage)
            or _wrong_name(text, asked, context, document)
            or self._off_topic(text, asked, sentence, passage.language)
            or _denial(text, sentence, spans)
        )
        if fault:
            return Verdict((), fault)
        quoted = " … ".join(span.text for span in spans)
        enough = not _wrong_number(text, quoted, passage)
        return Verdict(tuple(spans) if enough else (sentence,))

    def _off_topic(
        self, text: str, asked: Sequence[QuestionTerm], sentence: Span, language: Language
    ) -> str | None:
        shared = coverage(asked, TextTerms(blank_footnotes(sentence.text), language))
        least = LEAST_SHARED_SAME if language == self._language else LEAST_SHARED_CROSS
        if shared >= least:
            return None
        if self._similarity and self._similarity(text, sentence.text) >= LEAST_COSINE:
            return None
        return "the quoted sentence speaks of something else"


def _wrong_number(statement: str, source: str, passage: Passage) -> str | None:
    """A number or month of the statement that the source does not hold."""
    held = {value for number in numbers(source) for value in number.values}
    dates = f"{passage.text} {passage.document.date or ''}".replace("-", " ")
    nearby = {value for number in numbers(dates) if number.year for value in number.values}
    nearby |= {float(part) for part in (passage.document.date or "").split("-") if part.isdigit()}
    for number in numbers(statement):
        if number.values & held or (number.year and number.values & nearby):
            continue
        # "Both", "two": ways of counting what is named, rather than figures.
        if not number.written and min(number.values) <= 2:
            continue
        if len(number.text) <= 2 and _day_of(number.text, statement) and number.values & nearby:
            continue
        return f"the number {number.text} is not in the source"
    known = months(source) | months(passage.text)
    date = (passage.document.date or "").lstrip("-").split("-")
    if len(date) >= 2:
        known |= {int(part) for part in date if part.isdigit() and 1 <= int(part) <= 12}
    missing = months(statement) - known
    return f"the month {min(missing)} is not in the source" if missing else None


def _day_of(number: str, text: str) -> bool:
    """Whether a small number is the day of a date ("7 novembre", "November 7")."""
    return bool(
        re.search(rf"\b{number}\s+[^\W\d_]+", text) or re.search(rf"[^\W\d_]+\s+{number}\b", text)
    ) and bool(months(text))


def _wrong_name(
    statement: str, asked: Sequence[QuestionTerm], context: TextTerms, document: Document
) -> str | None:
    """A name of the statement that neither the words around the quote nor the document hold."""
    topic = TextTerms(" · ".join(sorted(topic_names(document))), document.language)
    written = {fold(name.text): name for name in names(statement)}
    for term in asked:
        name = written.get(fold(term.word))
        if name is None or (name.initial and not _acts(statement, name)):
            continue
        as_name = QuestionTerm(term.word, "name", term.forms)
        if not (context.holds(as_name) or topic.holds(as_name)):
            return f"the name {name.text} is not in the source"
    return None


def _acts(statement: str, name: Name) -> bool:
    """Whether a capital that opens a sentence is likely a name: without article before a verb."""
    after = _WORD.match(statement, name.end)
    if after is None or _ADVERB.search(name.text):
        return False
    return after.group(1)[0].isupper() or after.group(1).casefold() in _AFTER_A_NAME


def _denial(statement: str, sentence: Span, spans: Sequence[Span]) -> str | None:
    """A "not" on one side only: added by the statement, or cut off just before the quote."""
    denied = bool(_NEGATION.search(statement))
    if denied and not _NEGATION.search(sentence.text):
        return "the source does not deny this"
    if not denied:
        for span in spans:
            before = sentence.document.text[sentence.start : span.start].split()[-2:]
            if any(_NEGATION.fullmatch(word.strip(".,;:")) for word in before):
                return "the source denies this"
    return None


@lru_cache(maxsize=256)
def topic_names(document: Document) -> frozenset[str]:
    """The names in the title and the one that the text says most often."""
    counted = Counter(name.text for name in names(document.text) if not name.initial)
    most = {name for name, times in counted.most_common(1) if times >= TOPIC_COUNT}
    return frozenset(most | {name.text for name in names(document.title or "")})


def _sentences_around(
    document: Document, start: int, end: int, language: Language
) -> tuple[int, int, int]:
    """(start, end) of the sentences that hold the span, and the start of the two before them."""
    left, right = max(0, start - 1500), min(len(document.text), end + 800)
    spans = [(a + left, b + left) for a, b in sentences(document.text[left:right], language)]
    inside = [index for index, (a, b) in enumerate(spans) if a < end and b > start]
    if not inside:
        return start, end, start
    first, last = spans[inside[0]], spans[inside[-1]]
    before = spans[max(0, inside[0] - 2)]
    return min(first[0], start), max(last[1], end), before[0]
