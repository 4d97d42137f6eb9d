"""Labelled examples for abstention: a question, what was retrieved, and whether it is answerable.

From the benchmark each question is asked twice: of all paragraphs, and with the paragraph that
answers it taken out (the rest of its article stays, which is what makes it hard). From eval/ the
hand-written questions come as they are, each answerable one once more with the documents' passages
that hold its gold spans taken out. Of both, a part is asked a third time about another name or
another year than the documents have ("swap"): what a careless system answers all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answer.abstain import signals
from rag.answer.assistant import Assistant
from rag.answer.facts import names, numbers, same_name
from rag.core.errors import UsageError
from rag.core.types import Filters, Language, ScoredChunk, Searcher
from rag.embed.base import Embedder
from rag.indexing.expand import Translations
from rag.indexing.snapshot import Snapshot
from rag.retrieve.query import parse_query
from training.abstain.bench import BenchQuestion

# Names that the seeds do not hold, for questions about something else.
NAMES: dict[Language, list[str]] = {
    "it": ["Messico", "Norvegia", "Portogallo", "Meloni", "Vietnam", "Cile", "Nokia", "Danimarca"],
    "en": ["Mexico", "Norway", "Portugal", "Meloni", "Vietnam", "Chile", "Nokia", "Denmark"],
}
EXTRA = 40  # hits fetched beyond those wanted, to replace the ones taken out


@dataclass(frozen=True)
class Example:
    """`group` keeps what must not be split between fitting and testing together."""

    question: str
    language: Language
    answerable: bool
    source: str  # "bench" or "eval", with "-out" or "-swap"; "off": off topic
    group: str
    signals: dict[str, float]


def swapped(question: str, names_of_others: Sequence[str]) -> str | None:
    """The question about another year or another name; None when it has neither."""
    seed = int(hashlib.sha256(question.encode()).hexdigest()[:8], 16)
    years = [number for number in numbers(question) if number.year]
    if years:
        year = years[0]
        other = str(int(min(year.values)) + (seed % 9 + 4) * (-1 if seed % 2 else 1))
        return question[: year.start] + other + question[year.end :]
    own = [name for name in names(question) if not name.initial]
    if not own or not names_of_others:
        return None
    gone = own[seed % len(own)]
    new = next(
        (
            name
            for step in range(len(names_of_others))
            if not any(
                same_name(name := names_of_others[(seed + step) % len(names_of_others)], one.text)
                for one in own
            )
        ),
        None,
    )
    return question[: gone.start] + new + question[gone.end :] if new else None


class Without:
    """A searcher whose hits lack those that `gone` picks."""

    def __init__(self, searcher: Searcher, gone: Callable[[ScoredChunk], bool]) -> None:
        self._searcher = searcher
        self._gone = gone

    def search(self, query: str, k: int, filters: Filters | None = None) -> list[ScoredChunk]:
        """As `Searcher.search`."""
        hits = self._searcher.search(query, k + EXTRA, filters)
        return [hit for hit in hits if not self._gone(hit)][:k]


class Reader:
    """Makes signals from questions, as the product would, with passages taken out or not."""

    def __init__(
        self,
        snapshot: Snapshot,
        searcher: Searcher,
        embedder: Embedder,
        translator: Translations | None,
    ) -> None:
        self._searcher = searcher
        self._assistant = lambda s: Assistant(s, snapshot, embedder, translator=translator)
        self._whole = self._assistant(searcher)

    def read(
        self, question: str, gone: Callable[[ScoredChunk], bool] | None = None
    ) -> dict[str, float]:
        """The signals for a question."""
        if gone is None:
            return signals(self._whole.evidence(question))
        assistant = self._assistant(Without(self._searcher, gone))
        return signals(assistant.evidence(question))

    def refuses(self, question: str) -> bool:
        """Whether the question cannot be asked at all."""
        try:
            parse_query(question)
        except UsageError:
            return True
        return False


def sample(questions: Sequence[BenchQuestion], each: int) -> list[BenchQuestion]:
    """So many questions of each language, chosen by hash of the id."""
    ordered = sorted(questions, key=lambda q: hashlib.sha256(q.id.encode()).hexdigest())
    return [q for code in ("it", "en") for q in [q for q in ordered if q.language == code][:each]]


def from_bench(reader: Reader, questions: Sequence[BenchQuestion]) -> Iterator[Example]:
    """Two examples for each question, and a swapped one for every third."""
    named = {
        language: [
            (name.text, q.article)
            for q in questions
            if q.language == language
            for name in names(q.text)
            if not name.initial
        ]
        for language in ("it", "en")
    }
    for position, question in enumerate(questions):
        if position % 3 == 0:
            others = [n for n, a in named[question.language] if a != question.article]
            text = swapped(question.text, others)
            if text and not reader.refuses(text):
                yield Example(
                    text,
                    question.language,
                    False,
                    "bench-swap",
                    question.article,
                    reader.read(text),
                )
        for answerable in (True, False):
            gone = None if answerable else (lambda hit, path=question.path: hit.path == path)
            try:
                found = reader.read(question.text, gone)
            except UsageError:
                continue
            yield Example(
                question.text, question.language, answerable, "bench", question.article, found
            )


def off_topic(reader: Reader, questions: Sequence[tuple[str, Language]]) -> Iterator[Example]:
    """Questions about something else altogether."""
    for text, language in questions:
        if not reader.refuses(text):
            yield Example(text, language, False, "off", text, reader.read(text))


def from_eval(reader: Reader, path: Path, snapshot: Snapshot) -> Iterator[Example]:
    """The hand-written questions; none when the file is not there."""
    if not path.exists():
        return
    texts = {info.path: snapshot.document(info.doc_id).text for info in snapshot.documents()}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        item = json.loads(line)
        try:
            found = reader.read(item["question"])
        except UsageError:
            continue  # taken for a third language
        spans = [span for quote in _quotes(item) for span in _locate(quote, texts)]
        label = bool(spans)
        group = item.get("fact") or item.get("id") or item["question"]
        language: Language = item["lang"]
        yield Example(item["question"], language, label, "eval", group, found)
        if label:
            text = swapped(item["question"], NAMES[language])
            if text and not reader.refuses(text):
                yield Example(text, language, False, "eval-swap", group, reader.read(text))

            def gone(hit: ScoredChunk, spans: list[tuple[str, int, int]] = spans) -> bool:
                chunk = hit.chunk
                return any(
                    hit.path == path and chunk.start < end and start < chunk.end
                    for path, start, end in spans
                )

            found = reader.read(item["question"], gone)
            yield Example(item["question"], language, False, "eval-out", group, found)


def _quotes(item: dict[str, object]) -> Iterator[dict[str, str]]:
    """Every quote of an item, however its alternatives and parts are nested."""

    def walk(value: object) -> Iterator[dict[str, str]]:
        if isinstance(value, dict):
            if "quote" in value and "path" in value:
                yield value
            else:
                for inner in value.values():
                    yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    yield from walk(item)


def _locate(quote: dict[str, str], texts: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    text = texts.get(quote["path"], "")
    at = text.find(quote["quote"])
    while at >= 0:
        yield quote["path"], at, at + len(quote["quote"])
        at = text.find(quote["quote"], at + 1)
