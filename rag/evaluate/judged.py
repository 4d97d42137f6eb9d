"""Judged sets: questions with gold quotes, conversations, and how their JSON lines are read.

Gold is what a person marked in the *source text*, as an exact quote; never a chunk id. So no change
of splitter or index can invalidate a judgement (see `locate` for quote -> span).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.core.errors import EvalError

MAX_PROBLEMS_SHOWN = 5


class _Line(BaseModel):
    """Unknown fields are refused, so that a misspelt one cannot silently mean nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Quote(_Line):
    """Words of a source. `occurrence` (1-based) picks one of several; none: they all count."""

    path: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    occurrence: int | None = Field(None, ge=1)

    @property
    def text(self) -> str:
        """The quote as documents store text: NFC, with "\\n" line ends."""
        return unicodedata.normalize("NFC", self.quote).replace("\r\n", "\n").replace("\r", "\n")


class Question(_Line):
    """One question.

    `gold` lists every passage that answers it on its own. A question that needs several passages
    has `gold_groups`, one list of alternatives for each thing needed, which are then scored. `fact`
    joins the wordings (two languages, typos) of one question; statistics resample by fact. `near`
    says, for a question without answer, what makes it sound answerable; it is not scored.
    """

    id: str = Field(min_length=1)
    lang: Literal["it", "en"]
    question: str = Field(min_length=1)
    type: str = Field("other", min_length=1)
    tags: list[str] = Field(default_factory=list)
    answerable: bool = True
    gold: list[Quote] = Field(default_factory=list)
    gold_groups: list[list[Quote]] = Field(default_factory=list)
    fact: str | None = None
    near: Any = None
    note: str | None = None

    @model_validator(mode="after")
    def _gold_fits(self) -> Question:
        if any(not group for group in self.gold_groups):
            raise ValueError("gold_groups: a group is empty")
        if self.answerable and not self.needs:
            raise ValueError("gold: an answerable question needs at least one quote")
        if not self.answerable and self.needs:
            raise ValueError("gold: a question that is not answerable can have no quote")
        return self

    @property
    def needs(self) -> list[list[Quote]]:
        """What an answer needs: for each thing, the quotes that give it. Empty: no answer."""
        return self.gold_groups or ([self.gold] if self.gold else [])

    @property
    def cluster(self) -> str:
        """The fact this is a wording of; the question itself when none is named."""
        return self.fact or self.id


class Turn(_Line):
    """One turn of a conversation; gold is only scored on the last."""

    question: str = Field(min_length=1)
    gold: list[Quote] = Field(default_factory=list)
    gold_groups: list[list[Quote]] = Field(default_factory=list)

    @property
    def needs(self) -> list[list[Quote]]:
        """As `Question.needs`."""
        return self.gold_groups or ([self.gold] if self.gold else [])


class Conversation(_Line):
    """Turns of which the last cannot be understood without those before."""

    id: str = Field(min_length=1)
    lang: Literal["it", "en"]
    turns: list[Turn] = Field(min_length=2)
    type: str = Field("other", min_length=1)
    tags: list[str] = Field(default_factory=list)
    fact: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _last_is_judged(self) -> Conversation:
        if not self.turns[-1].needs:
            raise ValueError("turns: the last turn needs gold")
        return self

    @property
    def needs(self) -> list[list[Quote]]:
        """Those of the last turn."""
        return self.turns[-1].needs

    @property
    def cluster(self) -> str:
        """As `Question.cluster`."""
        return self.fact or self.id


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a set that its author should see. Only errors stop a run."""

    where: str
    what: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """The questions of a file, in its order; `sha256` names their exact content."""

    name: str
    sha256: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ConversationSet:
    """The conversations of a file, in its order."""

    name: str
    sha256: str
    conversations: tuple[Conversation, ...]


L = TypeVar("L", Question, Conversation)


def read_lines(path: Path, kind: type[L]) -> tuple[list[L], list[Problem]]:
    """The well-formed lines of a JSON-lines file, and a problem with line and field for the others.

    Raises EvalError when the file itself cannot be read.
    """
    parsed: list[L] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name} line {number}"
        try:
            item = kind.model_validate(_object(line))
        except ValidationError as error:
            problems.extend(Problem(where, text) for text in _describe(error))
            continue
        except ValueError as error:
            problems.append(Problem(where, str(error)))
            continue
        if item.id in seen:
            problems.append(
                Problem(where, f"field 'id': {item.id!r} is also on line {seen[item.id]}")
            )
        else:
            seen[item.id] = number
            parsed.append(item)
    if not parsed and not problems:
        problems.append(Problem(path.name, "the file has no line"))
    return parsed, problems


def load_questions(path: Path) -> JudgedSet:
    """The questions of a file. Raises EvalError, with line and field, for a malformed line."""
    questions, problems = read_lines(path, Question)
    refuse(problems)
    return JudgedSet(path.name, digest(path), tuple(questions))


def load_conversations(path: Path) -> ConversationSet:
    """The conversations of a file. Raises EvalError as `load_questions`."""
    conversations, problems = read_lines(path, Conversation)
    refuse(problems)
    return ConversationSet(path.name, digest(path), tuple(conversations))


def refuse(problems: Sequence[Problem]) -> None:
    """Raise EvalError naming the first problems, when there is any."""
    if not problems:
        return
    shown = "; ".join(str(problem) for problem in problems[:MAX_PROBLEMS_SHOWN])
    rest = len(problems) - MAX_PROBLEMS_SHOWN
    more = f"; and {rest} more" if rest > 0 else ""
    raise EvalError(f"{shown}{more}.", "`rag eval --check-set` lists every problem.")


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise EvalError(f"There is no file {path}.", "Name a set with --set FILE.") from None
    except UnicodeDecodeError as error:
        raise EvalError(f"{path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise EvalError(f"{path} cannot be read: {error.strerror}.") from None


def _object(line: str) -> Any:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _describe(error: ValidationError) -> list[str]:
    described = []
    for one in error.errors(include_url=False):
        message = str(one["msg"]).removeprefix("Value error, ")
        field = ".".join(str(part) for part in one["loc"])
        if not field:
            field, _, message = message.partition(": ")
        described.append(f"field '{field}': {message[:1].lower()}{message[1:]}")
    return described
