"""The answer of a language model, checked statement by statement before any of it is shown."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rag.answer import wording
from rag.answer.cite import Checker, Similarity, Span
from rag.answer.facts import fold
from rag.answer.llm import LLM, Cancelled, ContextExceeded
from rag.answer.neutralise import neutralise
from rag.answer.parse import Statement, StatementReader
from rag.answer.prompt import NO_ANSWER, Passage, answer_messages, fit
from rag.answer.terms import function_word_counts
from rag.core.errors import LLMError
from rag.core.types import Citation, Language, other
from rag.indexing.expand import Translations

Unsupported = Literal["remove", "mark"]
Ending = Literal[
    "whole", "no answer", "empty", "language", "unsupported", "failed", "cut", "stopped"
]

MOST_STATEMENTS = 12  # a model that never stops is stopped
SHRINKS = 2  # times that the prompt is halved when the endpoint finds it too long


@dataclass(slots=True)
class Draft:
    """What has been written and checked so far. `ending` says how the model's answer ended.

    Everything in `text` is supported by `citations` or, with `mark`, marked as unsupported.
    """

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    unsupported: int = 0
    supported: int = 0
    ending: Ending = "whole"
    why: str = ""

    def add(self, statement: str, spans: Sequence[Span]) -> str:
        """Append a supported statement with its reference marks; returns what was appended."""
        before = len(self.text)
        gap = " " if self.text else ""
        start = before + len(gap)
        marks = []
        for span in spans:
            answer_span = (start, start + len(statement))
            self.citations.append(Citation.of(span.document, span.start, span.end, answer_span))
            marks.append(f"[{len(self.citations)}]")
        self.text += f"{gap}{statement} {''.join(marks)}"
        self.supported += 1
        return self.text[before:]

    def add_unsupported(self, statement: str, language: Language) -> str:
        """Append a statement marked as unsupported; returns what was appended."""
        before = len(self.text)
        gap = " " if self.text else ""
        self.text += f"{gap}{statement} {wording.not_supported(language)}"
        return self.text[before:]


class Writer:
    """Asks the model, reads its statements, and passes on what the passages support."""

    def __init__(
        self,
        llm: LLM,
        translations: Translations | None = None,
        similarity: Similarity | None = None,
        unsupported: Unsupported = "remove",
    ) -> None:
        self._llm = llm
        self._translations = translations
        self._similarity = similarity
        self._unsupported: Unsupported = unsupported

    def write(
        self,
        question: str,
        language: Language,
        passages: Sequence[Passage],
        draft: Draft,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Fill `draft`, yielding each piece of its text as it is added; never raises LLMError."""
        budget = self._llm.context - self._llm.max_tokens
        try:
            for attempt in range(SHRINKS + 1):
                shown = fit(question, language, passages, budget >> attempt)
                try:
                    yield from self._once(question, language, shown, draft, cancel)
                    break
                except ContextExceeded:
                    if draft.text or attempt == SHRINKS:
                        raise
        except Cancelled:
            draft.ending = "stopped"
        except LLMError as error:
            draft.ending = "cut" if draft.supported else "failed"
            draft.why = error.message
        if draft.ending == "whole" and not draft.supported:
            draft.ending = "unsupported" if draft.unsupported else "empty"

    def _once(
        self,
        question: str,
        language: Language,
        shown: Sequence[Passage],
        draft: Draft,
        cancel: threading.Event | None,
    ) -> Iterator[str]:
        checker = Checker(shown, language, self._translations, self._similarity)
        reader = StatementReader()
        count = 0
        for statement in _statements(
            self._llm.stream(answer_messages(question, language, shown), cancel=cancel), reader
        ):
            if not draft.supported and _says_no_answer(statement.text):
                draft.ending = "no answer"
                return
            text = _tidy(neutralise(statement.text))
            if not any(c.isalnum() for c in text):
                continue
            if in_another_language(text, language):
                if not draft.supported:
                    draft.ending = "language"
                    return
                draft.unsupported += 1
                continue
            yield from self._judge(Statement(text, statement.marks), language, checker, draft)
            count += 1
            if count == MOST_STATEMENTS:
                return

    def _judge(
        self, statement: Statement, language: Language, checker: Checker, draft: Draft
    ) -> Iterator[str]:
        verdict = checker.check(statement)
        if verdict.supported:
            if statement.text not in draft.text:  # small models repeat themselves
                yield draft.add(statement.text, verdict.spans)
            return
        draft.unsupported += 1
        if self._unsupported == "mark":
            yield draft.add_unsupported(statement.text, language)


def _statements(pieces: Iterator[str], reader: StatementReader) -> Iterator[Statement]:
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.close()


def _says_no_answer(text: str) -> bool:
    bare = re.sub(r"[\W_]+", " ", fold(text)).strip()
    return any(bare.startswith(fold(words)) for words in NO_ANSWER.values())


def _tidy(text: str) -> str:
    """One statement with a stop at its end, without reference marks of the model's own."""
    text = re.sub(r"\s*\[\d{1,3}\]", "", text).strip(" -–—•\t")
    text = re.sub(r"\s*\[\s*\d{1,3}\s*[:,].*$", "", text, flags=re.DOTALL)
    if text and text[-1] not in ".!?…":
        text = text.rstrip(",;:") + "."
    return text


def in_another_language(text: str, language: Language) -> bool:
    """Whether a statement is plainly not in `language`; short and name-laden ones pass."""
    letters = [c for c in text if c.isalpha()]
    foreign = sum(ord(c) > 0x24F for c in letters)
    if letters and foreign > 0.3 * len(letters):
        return True
    quoteless = re.sub('["“«][^"”»]*["”»]', " ", text)
    counts = function_word_counts(quoteless)
    own, others = counts[language], counts[other(language)]
    words = len(re.findall(r"[^\W\d_]+", quoteless))
    return (own == 0 and (others >= 2 or words >= 8)) or (others >= 3 * max(own, 1) and others >= 4)
