"""Read a language model's answer: statements, each with the passage numbers and quotes behind it.

The form asked for is one statement a line, followed by `[2: "words copied from passage 2"]`. Models
of every size bend it, so the reader also takes `[2] "…"`, `(2: «…»)`, `[1: "…"; 3: "…"]`, `[1, 2]`,
a mark before its statement, and several statements on a line. What carries no mark is returned
without marks: the checker then decides that nothing supports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LABEL = r"(?:passages?|passaggi[o]?|brano|sources?|font[ei]|documento?|doc|n|p|#)?\.?\s*"
_QUOTE_OPEN = "[\"“”„«‘'`]+"
_QUOTE_CLOSE = "[\"”“»’'`]+"
_BODY = (
    rf"(?P<number>\d{{1,3}})(?![\d\w])"
    rf"(?:\s*[:,=–—-]?\s*{_QUOTE_OPEN}(?P<quote>.*?){_QUOTE_CLOSE}\s*(?=[\])】;,]|$))?"
)
_FIRST = re.compile(rf"[\[(【]\s*{_LABEL}{_BODY}", re.IGNORECASE | re.DOTALL)
_NEXT = re.compile(rf"\s*[;,]\s*{_LABEL}{_BODY}", re.IGNORECASE | re.DOTALL)
_BARE = re.compile(r"\s*[:=–—-]\s*(?P<quote>[^\[\]\n]{4,}?)\s*(?=[\]】])")
_CLOSE = re.compile(r"\s*[\])】]")
_AFTER = re.compile(rf"\s*[:–—-]?\s*{_QUOTE_OPEN}(?P<quote>[^\n]+?){_QUOTE_CLOSE}(?=\s|[.,;]|$)")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”»’)]*\s+(?=[\"“«(]?[A-ZÀ-Ý0-9])")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|art|dott|prof|sig|ecc|pag|cfr|n|p|es|nov|dic|gen|feb|ott|set|lug|ago|giu|apr|"
    r"mr|mrs|ms|dr|st|no|vs|inc|co|jan|aug|sept|oct|dec|u\.s|u\.n|e\.g|i\.e)\.)$",
    re.IGNORECASE,
)
LONGEST_STATEMENT = 2000  # characters; a model that never ends a line is cut here


@dataclass(frozen=True, slots=True)
class Mark:
    """A reference to passage `number`, with the words said to stand there (None when not given)."""

    number: int
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the model's answer and the marks behind it."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True)
class StatementReader:
    """Turns a stream of text into statements, each as soon as it is complete."""

    _buffer: str = ""
    _thinking: bool | None = field(default=None)

    def feed(self, text: str) -> Iterator[Statement]:
        """The statements that `text` completes."""
        self._buffer += text
        self._skip_thinking()
        if self._thinking is not False:
            return
        while (end := self._complete()) is not None:
            line, self._buffer = self._buffer[:end], self._buffer[end:]
            yield from statements(line)

    def close(self) -> Iterator[Statement]:
        """What is left when the stream ends; an unfinished mark counts as no mark."""
        self._skip_thinking()
        line, self._buffer = self._buffer, ""
        if self._thinking is not True:
            yield from statements(line)

    def _skip_thinking(self) -> None:
        """Drop a reasoning model's `<think>…</think>` at the start."""
        if self._thinking is False:
            return
        start = self._buffer.lstrip()
        if not start or ("<think>".startswith(start) and len(start) < len("<think>")):
            return
        if self._thinking is None and not start.startswith("<think>"):
            self._thinking = False
            return
        self._thinking = True
        _before, tag, after = self._buffer.partition("</think>")
        if tag:
            self._buffer, self._thinking = after, False

    def _complete(self) -> int | None:
        """Where the first complete line ends; a line break inside a quote does not end it."""
        position = self._buffer.find("\n")
        while position >= 0:
            if not _inside_mark(self._buffer[:position]):
                return position + 1
            position = self._buffer.find("\n", position + 1)
        return len(self._buffer) if len(self._buffer) > LONGEST_STATEMENT else None


def _inside_mark(text: str) -> bool:
    opening = max(text.rfind("["), text.rfind("【"))
    if opening < 0 or len(text) - opening > 600:
        return False
    tail = text[opening:]
    return bool(re.match(r"[\[【]\s*\d{1,3}\s*:\s*[\"“«]", tail)) and not re.search(r"[\]】]", tail)


def statements(text: str) -> list[Statement]:
    """The statements of a whole answer or of one line of it, in order."""
    found: list[Statement] = []
    for line in _logical_lines(text):
        found.extend(_of_line(line))
    return found


def _logical_lines(text: str) -> Iterator[str]:
    held = ""
    for line in text.split("\n"):
        held = f"{held}\n{line}" if held else line
        if not _inside_mark(held):
            yield held
            held = ""
    if held:
        yield held


def _of_line(line: str) -> list[Statement]:
    line = _BULLET.sub("", line)
    pieces: list[tuple[str, tuple[Mark, ...]]] = []
    position = scanned = 0
    while match := _FIRST.search(line, scanned):
        marks, end = _marks(line, match)
        if not marks:
            scanned = match.start() + 1
            continue
        text = line[position : match.start()]
        if pieces and not _has_words(text):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + marks)
        else:
            pieces.append((text, marks))
        position = scanned = end
    tail = line[position:]
    if pieces and not _has_words(pieces[0][0]):
        # The marks come before what they support: shift each one to the text after it.
        texts = [text for text, _ in pieces[1:]] + [tail]
        pieces = [(text, marks) for text, (_, marks) in zip(texts, pieces, strict=True)]
    elif _has_words(tail):
        pieces.append((tail, ()))
    return [
        Statement(sentence, marks)
        for text, marks in pieces
        for sentence in _sentences(text)
        if _has_words(sentence)
    ]


def _marks(line: str, match: re.Match[str]) -> tuple[tuple[Mark, ...], int]:
    """The marks of one bracket and where it ends; none when it turns out not to be one."""
    marks = [_mark(match)]
    end = match.end()
    while following := _NEXT.match(line, end):
        marks.append(_mark(following))
        end = following.end()
    if marks[-1].quote is None and (bare := _BARE.match(line, end)):
        if any(c.isalpha() for c in bare["quote"]):
            marks[-1] = Mark(marks[-1].number, bare["quote"].strip())
        end = bare.end()
    close = _CLOSE.match(line, end)
    if not close:
        return (), end
    end = close.end()
    round_bracket = match.group()[0] == "("
    if round_bracket and marks[-1].quote is None:
        return (), end  # "(2024)" or "(3)" is part of the sentence
    if marks[-1].quote is None and len(marks) == 1 and (after := _AFTER.match(line, end)):
        marks[-1] = Mark(marks[-1].number, after["quote"].strip())
        end = after.end()
    return tuple(marks), end


def _mark(match: re.Match[str]) -> Mark:
    quote = match["quote"]
    return Mark(int(match["number"]), quote.strip() if quote and quote.strip() else None)


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _sentences(text: str) -> list[str]:
    """Split where a sentence ends, not after an abbreviation or an initial."""
    parts: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[start : match.start()]
        if not _ABBREVIATION.search(before):
            parts.append(before + match.group().rstrip())
            start = match.end()
    parts.append(text[start:])
    return [part.strip().lstrip(".,;: ") for part in parts if part.strip()]
