"""BM25 over tantivy, in two languages at once: the index and its life. See also lexical_query.py.

Every word of a passage is indexed at three levels, each a field: as written, as its stem, and as
the first letters of its stem, which related words share. Each term is marked with its language
("it:accord", "en:agreement"). A field for each language would be the obvious layout, but tantivy
averages a field's length over all documents, those without the field included, so that the language
with fewer passages would score many times too low; the frequencies of marked terms stay apart all
the same, and idf is computed against the number of passages in the term's language.

Layout of an index folder: tantivy's files, and `fonte.json`, which says how the terms were made.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rag.core.errors import IndexDamaged, IndexOutdated
from rag.core.types import LANGUAGES, Language
from rag.indexing import analysis
from rag.indexing.expand import (
    Alternative,
    Group,
    cross_language,
    same_language,
    translations,
)
from rag.indexing.matches import matched_terms
from rag.indexing.spelling import Vocabulary, first_letters
from rag.indexing.translate import TranslationTable, bundled_table

if TYPE_CHECKING:
    from rag.indexing.lexical_query import QueryBuilder

FORMAT: Final = {"format": 3, "analysis": analysis.VERSION}
FORMAT_FILE: Final = "fonte.json"
WRITER_HEAP: Final = 32_000_000  # bytes
MOST_WORDS: Final = 20_000  # words of one first letter that are compared with a misspelt one
SHORTEST_NAME: Final = 6  # letters of a name that is looked for in other spellings too
VARIANT: Final = 0.7  # weight of those, times that of a look-alike
EXPLAINED: Final = 10  # best hits that say which words they matched
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
    deleted becomes durable and visible with `commit`. Searching is thread-safe. `table` is the
    translation table that questions are translated with.
    """

    def __init__(self, index: Any, table: TranslationTable) -> None:
        self._index = index
        self.table = table
        self._writer: Any = None
        index.config_reader("manual")  # no watcher thread: commit() reloads
        self._load()

    @classmethod
    def create(cls, folder: Path) -> LexicalIndex:
        """An empty index in a folder that is new or empty."""
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(_schema(), path=str(folder), reuse=False)
        (folder / FORMAT_FILE).write_text(json.dumps(FORMAT) + "\n", encoding="utf-8")
        return cls(index, bundled_table())

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """The index in `folder`. Raises IndexOutdated or IndexDamaged when it cannot be used."""
        import tantivy

        path = folder / FORMAT_FILE
        try:
            made = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise IndexDamaged(f"{path} cannot be read: {error}.", _REMEDY) from None
        if made != FORMAT:
            raise IndexOutdated(f"{folder} was made with another version of the analysis.", _REMEDY)
        try:
            return cls(tantivy.Index.open(str(folder)), bundled_table())
        except ValueError as error:
            raise IndexDamaged(f"{folder} is damaged: {error}.", _REMEDY) from None

    def add(self, keys: Sequence[int], texts: Sequence[str], languages: Sequence[Language]) -> None:
        """Add passages, replacing those already stored under the same keys. Keys are positive."""
        import tantivy

        writer = self._writing()
        for key, text, language in zip(keys, texts, languages, strict=True):
            if key < 1:
                raise ValueError(f"key {key} is not positive")
            writer.delete_documents_by_term("key", key)
            fields = _fields(text, language)
            writer.add_document(tantivy.Document(key=key, language=language, **fields))

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
        groups = self.explain(query, language)
        question = self._builder.question(groups, language)
        if question is None:
            return []
        if allowed is not None:
            wanted = sorted(map(int, allowed))
            keys = tantivy.Query.term_set_query(self._index.schema, "key", wanted)
            filtered = tantivy.Query.const_score_query(keys, 0.0)
            question = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, question), (tantivy.Occur.Must, filtered)]
            )
        return self._hits(question, k, groups)

    def explain(self, query: str, language: Language) -> list[Group]:
        """The question's terms and what may stand for them, for each language that is indexed."""
        groups: list[Group] = []
        for target in LANGUAGES:
            if not self._passages[target]:
                continue
            if target == language:
                found = same_language(query, target, self.table)
            else:
                found = cross_language(query, language, target, self.table)
            groups += [self._with_look_alikes(group, language) for group in found]
        return groups

    def _hits(self, question: Any, k: int, groups: list[Group]) -> list[LexicalHit]:
        # One more than k, so that a tie across the cut is seen and settled by key.
        limit = k + 1
        while True:
            found = self._searcher.search(question, limit, count=False).hits
            if len(found) < limit or found[-1][0] < found[k - 1][0]:
                break
            limit *= 2
        addresses = [address for _, address in found]
        keys = self._searcher.fast_field_values("key", addresses)
        ranked = sorted(
            (-score, key, n) for n, ((score, _), key) in enumerate(zip(found, keys, strict=True))
        )
        return [
            LexicalHit(key, -score, self._matched(addresses[n], groups) if rank < EXPLAINED else ())
            for rank, (score, key, n) in enumerate(ranked[:k])
        ]

    def _matched(self, address: Any, groups: list[Group]) -> tuple[tuple[str, str], ...]:
        document = self._searcher.doc(address)
        language: Language = document["language"][0]
        mark = len(language) + 1
        words = [word[mark:] for word in document["word"][0].split(" ")]
        return matched_terms(groups, words, language)

    def _with_look_alikes(self, group: Group, language: Language) -> Group:
        """A group with words spelt much like its own, where that is called for.

        It is when nothing in the index stands for the term; and, at less weight, when the
        translation table does not know the term, which then is likely to be a name.
        """
        if group.parts:
            parts = tuple(self._with_look_alikes(part, language) for part in group.parts)
            return replace(group, parts=parts)
        known = [a for a in group.alternatives if a.kind != "synonym"]
        occurs = any(self._occurs(alternative, group.language) for alternative in known)
        unlisted = len(group.alternatives) == 1
        if occurs and not (unlisted and len(group.term) >= SHORTEST_NAME):
            return group
        edits, share = (1, VARIANT) if occurs else (2, 1.0)
        found = [
            Alternative((analysis.stem(word, group.language),), weight * share, "spelling", word)
            for letter in first_letters(group.term)
            for word, weight in self._words(group.language, letter).look_alikes(group.term, edits)
        ]
        if unlisted and not occurs and group.language != language:
            found += self._misspelt(group.term, language)
        return replace(group, alternatives=(*group.alternatives, *found))

    def _occurs(self, alternative: Alternative, language: Language) -> bool:
        return all(self._builder.count("stem", stem, language) for stem in alternative.stems)

    def _words(self, language: Language, letter: str) -> Vocabulary:
        """The words of the index that start with a letter."""
        if (language, letter) not in self._vocabularies:
            mark = f"{language}:"
            found = self._searcher.terms_with_prefix("word", mark + letter, limit=MOST_WORDS)
            words = [(term.removeprefix(mark), count) for term, count in found]
            self._vocabularies[language, letter] = Vocabulary(words)
        return self._vocabularies[language, letter]

    def _misspelt(self, word: str, language: Language) -> list[Alternative]:
        """The translations of what `word`, of the question's language, may be a misspelling of."""
        stem = analysis.stem(word, language)
        return [
            translation
            for candidate, weight in self.table.words(language, stem[0]).look_alikes(stem)
            for translation in translations(candidate, language, self.table, weight)
        ]

    def _writing(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=WRITER_HEAP, num_threads=1)
        return self._writer

    def _load(self) -> None:
        from rag.indexing.lexical_query import QueryBuilder

        self._searcher = self._index.searcher()
        self._passages: dict[Language, int] = {
            language: self._searcher.doc_freq("language", language) for language in LANGUAGES
        }
        self._builder: QueryBuilder = QueryBuilder(
            self._index.schema, self._searcher, self._passages
        )
        self._vocabularies: dict[tuple[Language, str], Vocabulary] = {}


def _fields(text: str, language: Language) -> dict[str, str]:
    """The terms of a passage at each level, separated by spaces."""
    words = analysis.words(text)
    stems = [analysis.stem(word, language) for word in words]
    levels = {"word": words, "stem": stems, "root": [analysis.root(stem) for stem in stems]}
    mark = f"{language}:"
    return {level: " ".join(mark + term for term in found) for level, found in levels.items()}


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", stored=False, indexed=True, fast=True)
    builder.add_text_field("language", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("word", stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("root", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("stem", tokenizer_name="whitespace", index_option="position")
    return builder.build()
