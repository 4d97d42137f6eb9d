"""Closeness: the mean of a passage's cosine and of its best sentence's, for whatever was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Library
from rag.core.errors import NotFound
from rag.embed import load_embedder
from rag.indexing.snapshot import Snapshot
from rag.ingest import sentences
from rag.ingest.sentences import several
from rag.retrieve.nearest import best_of, nearest

QUESTION = "Who visited the rare earth mine in Kazakhstan?"


@given(st.lists(st.lists(st.floats(-1, 1, width=32), max_size=5), max_size=20))
def test_best_of_each_run(runs: list[list[float]]) -> None:
    scores = np.array([score for run in runs for score in run], dtype=np.float32)
    counts = np.array([len(run) for run in runs], dtype=np.int64)
    otherwise = np.linspace(-1, 1, len(runs)).astype(np.float32)
    best = best_of(scores, counts, otherwise)
    for run, value, other in zip(runs, best.tolist(), otherwise.tolist(), strict=True):
        assert value == (max(run) if run else other)


@pytest.fixture(scope="module")
def snapshot(seeds_index: Path) -> Snapshot:
    return Snapshot.open(seeds_index)


def test_closeness_is_what_the_texts_say(snapshot: Snapshot) -> None:
    embedder = load_embedder("bundled")
    vector = embedder.embed_queries([QUESTION])[0]
    found = nearest(snapshot, vector, 5, None)
    assert len(found) == 5
    for chunk, closeness in zip(snapshot.chunks(list(found)), found.values(), strict=True):
        whole = float(embedder.embed_passages([chunk.text])[0] @ vector)
        parts = several(chunk.text, chunk.language)
        best = max((float(v @ vector) for v in embedder.embed_passages(parts)), default=whole)
        assert closeness == pytest.approx((whole + best) / 2, abs=2e-3)  # stored in 16 bits


def test_a_passage_that_was_asked_for_too_is_judged_alike(snapshot: Snapshot) -> None:
    vector = load_embedder("bundled").embed_queries([QUESTION])[0]
    everything = nearest(snapshot, vector, snapshot.count(), None)
    last = min(everything, key=lambda key: everything[key])
    few = nearest(snapshot, vector, 3, None, [last])
    assert len(few) == 4
    assert few == {key: everything[key] for key in few}


def test_only_what_is_allowed(snapshot: Snapshot) -> None:
    vector = load_embedder("bundled").embed_queries([QUESTION])[0]
    allowed = snapshot.dense.keys[::3]
    assert set(nearest(snapshot, vector, 100, allowed)) <= set(allowed.tolist())


def test_a_passage_of_one_sentence_is_its_own_best(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.txt").write_text("Una frase sola, senza altro.\n", "utf-8")
    Library.open(tmp_path / "index", tmp_path / "sources")
    with Snapshot.open(tmp_path / "index") as alone:
        vector = load_embedder("bundled").embed_queries(["una frase"])[0]
        (closeness,) = nearest(alone, vector, 10, None).values()
        (key,) = alone.dense.keys.tolist()
        assert alone.sentences([key])[1].tolist() == [0]
        assert closeness == pytest.approx(
            float(alone.dense.scores(vector, np.array([key]))[0]), abs=1e-5
        )


def test_every_sentence_has_its_vector_in_order(snapshot: Snapshot) -> None:
    embedder = load_embedder("bundled")
    chunks = snapshot.chunks(snapshot.dense.keys.tolist()[:12])
    for chunk, rows in zip(
        chunks, snapshot.sentence_vectors([chunk.chunk_id for chunk in chunks]), strict=True
    ):
        spans = sentences(chunk.text, chunk.language)
        expected = embedder.embed_passages([chunk.text[start:end] for start, end in spans])
        assert rows.shape == expected.shape
        assert np.einsum("ij,ij->i", rows, expected) == pytest.approx(1.0, abs=2e-3)
    assert snapshot.sentence_vectors([]) == []
    with pytest.raises(NotFound, match="No chunk 'none'"):
        snapshot.sentence_vectors(["none"])
