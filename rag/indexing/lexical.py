"""BM25 over tantivy, in two languages at once. The only module that knows tantivy.

Every passage goes into one text field as the stems of its language, each marked with that language
("it:accord", "en:agreement"). Two fields would be the obvious layout, but tantivy averages a
field's length over all documents, those without the field included, so that the language with fewer
passages would score many times too low; document frequencies of marked terms stay apart all the
same, and idf is computed against the number of passages in the term's language.

Layout of an index folder: tantivy's files, and `fonte.json`, which says how the terms were made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rag.core.errors import IndexDamaged, IndexOutdated
from rag.core.types import LANGUAGES, Language
from rag.indexing import analysis
from rag.indexing.expand import (
    Alternative,
    Group,
    Translations,
    cross_language,
    same_language,
)

FORMAT: Final = {"format": 1, "analysis": analysis.VERSION}
FORMAT_FILE: Final = "fonte.json"
WRITER_HEAP: Final = 32_000_000  # bytes
_REMEDY: Final = "Run `rag index --rebuild`."


@dataclass(frozen=True, slots=True)
class LexicalHit:
    """A passage's key, its score, and (question term, matched term) pairs for the best hits."""

    key: int
    score: float
    terms: tuple[tuple[str, str], ...] = ()


class LexicalIndex:
    """An inverted index of passages, by integer key. Made with `create` or `open`.

    One process writes at a time (tantivy's lock, which dies with the process); what is added or
    deleted becomes durable and visible with `commit`.
    """

    def __init__(self, index: Any, table: Translations | None = None) -> None:
        self._index = index
        self._table = table
        self._writer: Any = None
        index.config_reader("manual")  # no watcher thread: commit() reloads
        self._load()

    @property
    def table(self) -> Translations | None:
        """The translation table that questions go through, if there is one."""
        return self._table

    @classmethod
    def create(cls, folder: Path) -> LexicalIndex:
        """An empty index in a folder that is new or empty."""
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_schema(), path=str(folder), reuse=False)
        (folder / FORMAT_FILE).write_text(json.dumps(FORMAT) + "\n", encoding="utf-8")
        return cls(index, _default_table())

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """The index in `folder`. Raises IndexOutdated or IndexDamaged when it cannot be used."""
        import tantivy

        try:
            made = json.loads((folder / FORMAT_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"{folder / FORMAT_FILE} cannot be read: {error}.", _REMEDY
            ) from None
        if made != FORMAT:
            raise IndexOutdated(f"{folder} was made with another version of the analysis.", _REMEDY)
        try:
            return cls(tantivy.Index.open(str(folder)), _default_table())
        except ValueError as error:
            raise IndexDamaged(f"{folder} is damaged: {error}.", _REMEDY) from None

    def add(self, keys: Sequence[int], texts: Sequence[str], languages: Sequence[Language]) -> None:
        """Add passages, replacing those already stored under the same keys. Keys are positive."""
        import tantivy

        writer = self._writing()
        for key, text, language in zip(keys, texts, languages, strict=True):
            if key < 1:
                raise ValueError(f"key {key} is not positive")
            body = " ".join(f"{language}:{term}" for term in analysis.stems(text, language))
            writer.delete_documents_by_term("key", key)
            writer.add_document(tantivy.Document(key=key, body=body, language=language))

    def delete(self, keys: Sequence[int]) -> None:
        """Remove passages; unknown keys are ignored."""
        writer = self._writing()
        for key in keys:
            writer.delete_documents_by_term("key", key)

    def commit(self) -> None:
        """Make all changes durable, then visible to `search`; releases the writer's lock."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.commit()
            writer.wait_merging_threads()
        self._index.reload()
        self._load()

    def close(self) -> None:
        """Drop uncommitted changes and release the files."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.rollback()
            writer.wait_merging_threads()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self, query: str, language: Language, k: int, allowed: Collection[int] | None = None
    ) -> list[LexicalHit]:
        """At most `k` passages, best first, ties by key; only keys in `allowed`, when given."""
        import tantivy

        if k < 1 or (allowed is not None and len(allowed) == 0):
            return []
        queries = [self._group_query(group) for group in self.explain(query, language)]
        wanted = [(tantivy.Occur.Should, q) for q in queries if q is not None]
        if not wanted:
            return []
        question = tantivy.Query.boolean_query(wanted)
        if allowed is not None:
            keys = tantivy.Query.term_set_query(self._index.schema, "key", sorted(map(int, allowed)))
            filtered = tantivy.Query.const_score_query(keys, 0.0)
            question = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, question), (tantivy.Occur.Must, filtered)]
            )
        return self._hits(question, k)

    def explain(self, query: str, language: Language) -> list[Group]:
        """The question's terms and what may stand for them, for each language that is indexed."""
        groups: list[Group] = []
        for target in LANGUAGES:
            if not self._passages[target]:
                continue
            if target == language or self._table is None:
                groups += same_language(query, target)
            else:
                groups += cross_language(query, language, target, self._table)
        return groups

    def _hits(self, question: Any, k: int) -> list[LexicalHit]:
        # One more than k, so that a tie across the cut is seen and settled by key.
        limit = k + 1
        while True:
            found = self._searcher.search(question, limit, count=False).hits
            if len(found) < limit or found[-1][0] < found[k - 1][0]:
                break
            limit *= 2
        keys = self._searcher.fast_field_values("key", [address for _, address in found])
        ranked = sorted((-score, key) for (score, _), key in zip(found, keys, strict=True))
        return [LexicalHit(key, -score) for score, key in ranked[:k]]

    def _group_query(self, group: Group) -> Any:
        import tantivy

        found = [self._alternative_query(a, group.language) for a in group.alternatives]
        parts = [self._group_query(part) for part in group.parts]
        together = [(tantivy.Occur.Should, part) for part in parts if part is not None]
        if together:
            found.append(tantivy.Query.boolean_query(together))
        known = [query for query in found if query is not None]
        if len(known) < 2:
            return known[0] if known else None
        return tantivy.Query.disjunction_max_query(known)

    def _alternative_query(self, alternative: Alternative, language: Language) -> Any:
        import tantivy

        schema = self._index.schema
        marked = [f"{language}:{part}" for part in alternative.stems]
        counts = [self._searcher.doc_freq("body", term) for term in marked]
        if not marked or not all(counts):
            return None
        if len(marked) == 1:
            query = tantivy.Query.term_query(schema, "body", marked[0])
        else:
            query = tantivy.Query.phrase_query(schema, "body", [*marked], slop=2)
        passages = self._passages[language]
        wanted = sum(_idf(count, passages) for count in counts)
        given = sum(_idf(count, self._searcher.num_docs) for count in counts)
        return tantivy.Query.boost_query(query, alternative.weight * wanted / given)

    def _writing(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=WRITER_HEAP, num_threads=1)
        return self._writer

    def _load(self) -> None:
        self._searcher = self._index.searcher()
        self._passages = {
            language: self._searcher.doc_freq("language", language) for language in LANGUAGES
        }


def _idf(count: int, passages: int) -> float:
    """Inverse document frequency as in Lucene's BM25 (and tantivy's)."""
    return math.log1p((max(passages, count) - count + 0.5) / (count + 0.5))


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", stored=False, indexed=True, fast=True)
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("body", tokenizer_name="whitespace", index_option="position")
    return builder.build()


def _default_table() -> Translations | None:
    return None
