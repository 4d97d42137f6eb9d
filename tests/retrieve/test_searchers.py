"""One contract, run over every searcher: lexical, dense, hybrid."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.core.errors import UsageError
from rag.core.types import Filters, Searcher
from rag.embed import load_embedder
from rag.indexing.snapshot import Snapshot
from rag.retrieve.search import DenseSearcher, HybridSearcher, LexicalSearcher

QUESTIONS = [
    "Quanti accordi hanno firmato Stati Uniti e Kazakistan?",
    "Who is Elina Valtonen?",
    "Middle Corridor?",
    "quanto uranio produce il kazakistan",
    "Toqaev",
]


@pytest.fixture(scope="module")
def snapshot(seeds_index: Path) -> Snapshot:
    return Snapshot.open(seeds_index)


@pytest.fixture(params=["lexical", "dense", "hybrid"])
def searcher(request: pytest.FixtureRequest, snapshot: Snapshot) -> Searcher:
    if request.param == "lexical":
        return LexicalSearcher(snapshot)
    embedder = load_embedder("bundled")
    if request.param == "dense":
        return DenseSearcher(snapshot, embedder)
    return HybridSearcher(snapshot, embedder, dense_weight=0.5, candidates=100)


@pytest.mark.parametrize("question", QUESTIONS)
def test_ranked_bounded_and_exact(searcher: Searcher, snapshot: Snapshot, question: str) -> None:
    hits = searcher.search(question, 7)
    assert 1 <= len(hits) <= 7
    order = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
    assert order == sorted(order)
    assert len({hit.chunk.chunk_id for hit in hits}) == len(hits)
    for hit in hits:
        document = snapshot.document(hit.chunk.doc_id)
        assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
        assert (hit.path, hit.title, hit.date) == (document.path, document.title, document.date)


@pytest.mark.parametrize("question", QUESTIONS)
def test_deterministic_and_a_prefix_of_a_longer_list(searcher: Searcher, question: str) -> None:
    ten = searcher.search(question, 10)
    assert ten == searcher.search(question, 10)
    assert searcher.search(question, 3) == ten[:3]


def test_filters_hold_exactly(searcher: Searcher, snapshot: Snapshot) -> None:
    chosen = snapshot.document("004_bcb8d4918311a745.txt")
    only = searcher.search("Turchia", 50, Filters(documents=(chosen.doc_id,)))
    assert only
    assert {hit.chunk.doc_id for hit in only} == {chosen.doc_id}
    references = searcher.search("Kazakhstan", 50, Filters(kinds=("reference",)))
    assert references
    assert {hit.chunk.kind for hit in references} == {"reference"}
    dated = searcher.search("Kazakistan", 50, Filters(date_from="2025-11", date_to="2025-11"))
    assert {hit.date for hit in dated} == {"2025-11-07"}
    assert searcher.search("Kazakistan", 5, Filters(documents=("0" * 16,))) == []


@pytest.mark.parametrize("bad", ["", " \n ", "?!…", "🙂", "a" * 100_000])
def test_bad_questions_are_refused(searcher: Searcher, bad: str) -> None:
    with pytest.raises(UsageError):
        searcher.search(bad, 5)


@pytest.mark.parametrize("k", [0, -1, 10**9])
def test_absurd_k_is_refused(searcher: Searcher, k: int) -> None:
    with pytest.raises(UsageError):
        searcher.search("terre rare", k)


def test_many_questions_at_once_equal_one_by_one(snapshot: Snapshot) -> None:
    hybrid = HybridSearcher(snapshot, load_embedder("bundled"), dense_weight=0.5, candidates=100)
    together = [list(result.results) for result in hybrid.retrieve(QUESTIONS, 5)]
    for question, results in zip(QUESTIONS, together, strict=True):
        alone = hybrid.search(question, 5)
        assert [hit.chunk for hit in alone] == [hit.chunk for hit in results]
