"""`rag eval --check-set`: what the author of a set should mend before trusting its figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rag.core.types import Document
from rag.evaluate.judged import Conversation, Problem, Question, Quote, read_lines
from rag.evaluate.locate import occurrences, resolve_all
from rag.indexing.stopwords import FUNCTION_WORDS

LEAK_RUN = 5  # words in a row that question and quote share
LEAK_SHARE = 0.8  # of the question's content words that stand in the quote
LEAK_WORDS = 4  # content words a question must have for its share to mean anything
LEAK_TAGS = frozenset({"verbatim", "lexical"})  # for these the words are meant to be the same

_WORD = re.compile(r"\w+")
_FUNCTION_WORDS = FUNCTION_WORDS["it"] | FUNCTION_WORDS["en"]


def check(path: Path, documents: Sequence[Document]) -> list[Problem]:
    """Every problem of a question set, errors first, each with where it is."""
    questions, problems = read_lines(path, Question)
    _, unfound = resolve_all(questions, documents)
    problems += unfound
    problems += _repeats(questions)
    problems += _ambiguous(questions, documents)
    problems += _leaks(questions)
    problems += _unpaired(questions)
    return sorted(problems, key=lambda problem: problem.severity)


def check_conversations(path: Path, documents: Sequence[Document]) -> list[Problem]:
    """As `check`, for a set of conversations."""
    conversations, problems = read_lines(path, Conversation)
    return problems + resolve_all(conversations, documents)[1]


def summary(questions: Sequence[Question]) -> str:
    """One line: how many questions, of which kinds."""
    languages = Counter(question.lang for question in questions)
    without = sum(not question.answerable for question in questions)
    types = Counter(question.type for question in questions)
    by_language = ", ".join(f"{count} {name}" for name, count in sorted(languages.items()))
    by_type = ", ".join(f"{name} {count}" for name, count in sorted(types.items()))
    return (
        f"{len(questions)} questions ({by_language}), {without} without an answer; types: {by_type}"
    )


def _repeats(questions: Sequence[Question]) -> list[Problem]:
    seen: dict[tuple[str, ...], str] = {}
    problems = []
    for question in questions:
        key = tuple(words(question.question))
        if key in seen:
            problems.append(
                Problem(question.id, f"field 'question': asks the same words as {seen[key]}")
            )
        seen.setdefault(key, question.id)
    return problems


def _ambiguous(questions: Sequence[Question], documents: Sequence[Document]) -> list[Problem]:
    texts = {document.path: document.text for document in documents}
    return [
        Problem(
            question.id,
            f"{quote.quote!r} stands {count} times in {quote.path}; all count (or: 'occurrence')",
            "warning",
        )
        for question in questions
        for quote in _quotes(question)
        if quote.occurrence is None
        and (count := len(occurrences(texts.get(quote.path, ""), quote.text))) > 1
    ]


def _leaks(questions: Sequence[Question]) -> list[Problem]:
    problems = []
    for question in questions:
        if LEAK_TAGS & set(question.tags):
            continue
        found = {leak for quote in _quotes(question) if (leak := _leak(question, quote))}
        problems += [Problem(question.id, text, "warning") for text in sorted(found)]
    return problems


def _leak(question: Question, quote: Quote) -> str | None:
    asked, said = words(question.question), words(quote.text)
    runs = {tuple(said[at : at + LEAK_RUN]) for at in range(len(said) - LEAK_RUN + 1)}
    for at in range(len(asked) - LEAK_RUN + 1):
        if tuple(asked[at : at + LEAK_RUN]) in runs:
            return f"the question repeats the quote: '{' '.join(asked[at : at + LEAK_RUN])}'"
    # Names and numbers have to be the same; a question can only choose its other words.
    names = {word.lower() for word in _WORD.findall(question.question)[1:] if not word.islower()}
    content = [word for word in asked if len(word) > 3 and word not in _FUNCTION_WORDS | names]
    shared = [word for word in content if word in said]
    if len(content) >= LEAK_WORDS and len(shared) >= LEAK_SHARE * len(content):
        return f"nearly all words of the question are the quote's: {', '.join(shared)}"
    return None


def _unpaired(questions: Sequence[Question]) -> list[Problem]:
    """Facts of which the wordings disagree on whether, or where, they are answered."""
    by_fact: dict[str, list[Question]] = {}
    for question in questions:
        if question.fact is not None:
            by_fact.setdefault(question.fact, []).append(question)
    problems = []
    for fact, members in by_fact.items():
        if len({question.answerable for question in members}) > 1:
            problems.append(Problem(fact, "some wordings are answerable, some are not", "warning"))
        elif len({_gold_key(question) for question in members}) > 1:
            problems.append(Problem(fact, "its wordings have different gold", "warning"))
    return problems


def _gold_key(question: Question) -> tuple[tuple[tuple[str, str, int | None], ...], ...]:
    return tuple(
        tuple(sorted((one.path, one.text, one.occurrence) for one in need))
        for need in question.needs
    )


def _quotes(question: Question) -> Iterable[Quote]:
    return (quote for need in question.needs for quote in need)


def words(text: str) -> list[str]:
    """Words in lower case."""
    return [word.lower() for word in _WORD.findall(text)]
