"""The BEIR layout (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels/test.tsv.

    corpus.jsonl    {"_id", "title", "text"}
    queries.jsonl   {"_id", "text", "metadata": {"lang": "it"}}     (metadata as one likes)
    qrels/test.tsv  query-id <tab> corpus-id <tab> score, with that header line

Judgements are of whole documents: the unit is the document, and a document stands at the rank of
its first chunk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.core.errors import EvalError
from rag.core.types import Chunk, Document
from rag.evaluate.judged import digest
from rag.evaluate.locate import Span
from rag.evaluate.relevance import Grades
from rag.evaluate.run import Item, UnitOf
from rag.evaluate.trec import add_grade, dump_qrels, read_text

HEADER = "query-id\tcorpus-id\tscore"
CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", Path("qrels") / "test.tsv"


@dataclass(frozen=True, slots=True)
class Passage:
    """One document of a corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a public set; `lang` as its metadata says, if it does."""

    id: str
    text: str
    lang: str | None


@dataclass(frozen=True, slots=True)
class Beir:
    """A public set: its documents, its judged questions, and grades by question and document.

    Passages of equal text are one document to an index: the first of them stands for the others,
    which `twins` names (id -> id of the first). Grades are of the first.
    """

    name: str
    sha256: str
    passages: tuple[Passage, ...]
    queries: tuple[Query, ...]
    grades: dict[str, Grades]
    twins: dict[str, str]


def load(folder: Path) -> Beir:
    """Read a folder in BEIR layout; questions without a judgement are left out, as BEIR does.

    Raises EvalError with the file and line of what is missing or malformed.
    """
    passages = [_passage(row, folder, number) for number, row in _lines(folder / CORPUS)]
    kept, twins = _without_twins(passages)
    grades = _grades(folder / QRELS)
    for question, judged in grades.items():
        strange = sorted(set(judged) - {passage.id for passage in kept} - set(twins))
        if strange:
            raise EvalError(
                f"{QRELS} judges '{strange[0]}' for '{question}', which is not in {CORPUS}.",
                "Corpus and judgements must be of one set.",
            )
    queries = tuple(_query(row, folder, number) for number, row in _lines(folder / QUERIES))
    judged_queries = tuple(query for query in queries if query.id in grades)
    if not judged_queries:
        raise EvalError(f"No question of {folder / QUERIES} is judged in {QRELS}.")
    merged = {question: _of_first(judged, twins) for question, judged in grades.items()}
    return Beir(folder.name, digest(folder / QUERIES), tuple(kept), judged_queries, merged, twins)


def _without_twins(passages: Sequence[Passage]) -> tuple[list[Passage], dict[str, str]]:
    first: dict[tuple[str, str], Passage] = {}
    twins = {}
    for passage in passages:
        same = first.setdefault((passage.title, passage.text), passage)
        if same is not passage:
            twins[passage.id] = same.id
    return list(first.values()), twins


def _of_first(judged: Grades, twins: Mapping[str, str]) -> Grades:
    merged: Grades = {}
    for unit, grade in judged.items():
        name = twins.get(unit, unit)
        merged[name] = max(grade, merged.get(name, 0))
    return merged


def rankings_of_first(
    rankings: Mapping[str, Sequence[str]], twins: Mapping[str, str]
) -> dict[str, list[str]]:
    """Rankings in which each passage stands under the id of the first of its twins."""
    return {
        question: list(dict.fromkeys(twins.get(unit, unit) for unit in units))
        for question, units in rankings.items()
    }


def items(
    beir: Beir, documents: Mapping[str, Document], language: Callable[[str], str]
) -> list[Item]:
    """The questions as items; `documents` as indexed, by passage id.

    `language` guesses that of a question whose metadata says none. Each relevant document is a
    need of its own, so recall is the share of them that was found.
    """
    whole = {key: Span(one.path, 0, len(one.text)) for key, one in documents.items()}
    judged = {query.id: sorted(beir.grades[query.id].items()) for query in beir.queries}
    return [
        Item(
            id=query.id,
            lang=query.lang or language(query.text),
            question=query.text,
            type="other",
            tags=(),
            cluster=query.id,
            answerable=True,
            needs=tuple((whole[unit],) for unit, _ in judged[query.id] if unit in whole),
            judged=tuple({unit: grade} for unit, grade in judged[query.id]),
            by_span=False,
        )
        for query in beir.queries
    ]


def write_sources(beir: Beir, folder: Path) -> dict[str, str]:
    """Write each passage as a text file to index; returns file name -> passage id.

    The title is the first line of the text, as BEIR joins the two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    for number, passage in enumerate(beir.passages):
        name = f"{number:07d}.txt"
        joined = f"{passage.title}\n{passage.text}" if passage.title else passage.text
        (folder / name).write_text(joined, encoding="utf-8")
        names[name] = passage.id
    return names


def by_document(names: Mapping[str, str]) -> UnitOf:
    """The unit of judgement of a BEIR set: the id of the passage whose file the hit is from."""
    return lambda hit: names[hit.path]


def export(
    items: Sequence[Item], chunks: Iterable[Chunk], titles: Mapping[str, str]
) -> dict[Path, str]:
    """A set with gold spans as files in BEIR layout, whose documents are the index's chunks.

    `titles` by doc_id. Returns path -> text, so that other systems can be run on what we search.
    """
    corpus = [
        {"_id": one.chunk_id, "title": titles.get(one.doc_id, ""), "text": one.text}
        for one in chunks
    ]
    queries = [
        {"_id": one.id, "text": one.question, "metadata": {"lang": one.lang, "type": one.type}}
        for one in items
    ]
    rows = (line.split() for line in dump_qrels(items).splitlines())
    qrels = [HEADER, *(f"{question}\t{unit}\t{grade}" for question, _, unit, grade in rows)]
    return {
        Path(CORPUS): _jsonl(corpus),
        Path(QUERIES): _jsonl(queries),
        QRELS: "\n".join(qrels) + "\n",
    }


def _jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise _bad(path, number, f"not JSON: {error.msg}") from None
            if not isinstance(row, dict):
                raise _bad(path, number, "not a JSON object")
            rows.append((number, row))
    return rows


def _field(row: Mapping[str, Any], name: str, path: Path, number: int) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise _bad(path, number, f"field '{name}' must be a text")
    return value


def _passage(row: Mapping[str, Any], folder: Path, number: int) -> Passage:
    path = folder / CORPUS
    title = row.get("title") or ""
    if not isinstance(title, str):
        raise _bad(path, number, "field 'title' must be a text")
    return Passage(_field(row, "_id", path, number), title, _field(row, "text", path, number))


def _query(row: Mapping[str, Any], folder: Path, number: int) -> Query:
    path = folder / QUERIES
    metadata = row.get("metadata")
    lang = metadata.get("lang") if isinstance(metadata, dict) else None
    return Query(
        _field(row, "_id", path, number),
        _field(row, "text", path, number),
        lang if isinstance(lang, str) else None,
    )


def _grades(path: Path) -> dict[str, Grades]:
    grades: dict[str, Grades] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.split("\t")
        if not line.strip() or (number == 1 and fields[-1] == "score"):
            continue
        if len(fields) != 3:
            raise _bad(path, number, f"{len(fields)} columns, not 3 ({HEADER!r})")
        add_grade(grades, path, number, *fields)
    return grades


def _bad(path: Path, number: int, what: str) -> EvalError:
    return EvalError(
        f"{path.name} line {number}: {what}.", "See docs/evaluation.md for the layout."
    )
