"""The dense index against plain arithmetic."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.indexing.dense import DenseIndex

DIMENSION = 8


def unit(count: int, seed: int = 0, dimension: int = DIMENSION) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def filled(count: int, *, exact_limit: int = 10_000, seed: int = 0) -> DenseIndex:
    index = DenseIndex(DIMENSION, exact_limit=exact_limit)
    index.add(np.arange(1, count + 1), unit(count, seed))
    return index


def expected(
    keys: NDArray[np.int64], rows: NDArray[np.float32], query: NDArray[np.float32], k: int
) -> list[int]:
    scores = np.round(rows.astype(np.float64) @ query.astype(np.float64), 5)
    return [int(key) for _, key in sorted(zip(-scores, keys, strict=True))[:k]]


@given(
    count=st.integers(0, 60),
    k=st.integers(1, 70),
    seed=st.integers(0, 1000),
    removed=st.sets(st.integers(1, 60)),
    allowed=st.none() | st.sets(st.integers(-5, 80)),
)
def test_exact_search_is_exact(
    count: int, k: int, seed: int, removed: set[int], allowed: set[int] | None
) -> None:
    index, rows, query = filled(count, seed=seed), unit(count, seed), unit(1, seed + 1)[0]
    index.remove(np.array(sorted(removed), dtype=np.int64))
    live = [key for key in range(1, count + 1) if key not in removed]
    assert index.keys.tolist() == live
    assert len(index) == len(live)
    chosen = [key for key in live if allowed is None or key in allowed]
    wanted = np.array(sorted(allowed), dtype=np.int64) if allowed is not None else None
    keys, scores = index.search(query, k, wanted)
    assert (keys.dtype, scores.dtype) == (np.int64, np.float32)
    assert len(keys) == min(k, len(chosen))
    true = {key: float(rows[key - 1] @ query) for key in chosen}
    np.testing.assert_allclose(scores, [true[key] for key in keys.tolist()], atol=2e-6)
    best = sorted(true.values(), reverse=True)[: len(keys)]
    np.testing.assert_allclose(scores, best, atol=2e-6)


@given(copies=st.integers(2, 90), k=st.integers(1, 90))
def test_equal_vectors_come_by_key_even_across_the_cut(copies: int, k: int) -> None:
    index = DenseIndex(DIMENSION)
    same = np.repeat(unit(1), copies, axis=0)
    index.add(np.arange(10, 10 + copies), same)
    index.add(np.arange(500, 520), unit(20, 7) * np.float32(0.5))
    keys, scores = index.search(same[0], k)
    assert keys[: min(k, copies)].tolist() == list(range(10, 10 + min(k, copies)))
    assert np.all(np.diff(scores) <= 0)


@pytest.mark.parametrize("exact_limit", [10_000, 100])
def test_saved_and_opened_it_answers_the_same(tmp_path: Path, exact_limit: int) -> None:
    index = filled(400, exact_limit=exact_limit)
    index.remove(np.arange(5, 30))
    index.save(tmp_path)
    again = DenseIndex.open(tmp_path, exact_limit=exact_limit)
    assert again.exact == index.exact == (exact_limit == 10_000)
    np.testing.assert_array_equal(again.keys, index.keys)
    np.testing.assert_array_equal(again.vectors(), index.vectors())
    for query in unit(5, 3):
        for allowed in (None, np.arange(20, 60)):
            one, two = index.search(query, 10, allowed), again.search(query, 10, allowed)
            np.testing.assert_array_equal(one[0], two[0])
            np.testing.assert_array_equal(one[1], two[1])


def test_above_the_limit_it_is_a_graph_that_misses_little() -> None:
    index, rows = filled(3_000, exact_limit=500), unit(3_000)
    assert not index.exact
    keys = np.arange(1, 3_001)
    hits = 0
    for query in unit(50, 9):
        got, scores = index.search(query, 10)
        assert np.all(np.diff(scores) <= 0)
        hits += len(set(got.tolist()) & set(expected(keys, rows, query, 10)))
    assert hits >= 475


def test_a_graph_forgets_what_is_removed_and_filters_exactly() -> None:
    index, rows = filled(1_000, exact_limit=300), unit(1_000)
    gone = np.arange(1, 101)
    index.remove(gone)
    assert not index.exact
    for query in unit(20, 4):
        keys, _ = index.search(query, 30)
        assert len(keys) == 30
        assert not set(keys.tolist()) & set(gone.tolist())
        allowed = np.arange(90, 130)
        keys, _ = index.search(query, 5, allowed)
        assert keys.tolist() == expected(np.arange(101, 130), rows[100:129], query, 5)


def test_a_graph_that_lost_much_is_made_anew_and_one_that_shrank_is_exact_again() -> None:
    index = filled(1_000, exact_limit=300)
    index.remove(np.arange(1, 301))
    assert (len(index), index.exact) == (700, False)
    assert len(index.vectors()) == 700
    index.remove(np.arange(301, 801))
    assert (len(index), index.exact) == (200, True)
    assert index.search(unit(1)[0], 3)[0].min() > 800


def test_scores_of_named_keys() -> None:
    index, rows, query = filled(50), unit(50), unit(1, 5)[0]
    got = index.scores(query, np.array([7, 3, 50]))
    np.testing.assert_allclose(got, rows[[6, 2, 49]] @ query, atol=2e-6)
    ranked, scores = index.search(query, 50)
    np.testing.assert_allclose(index.scores(query, ranked), scores, atol=2e-6)
    with pytest.raises(KeyError):
        index.scores(query, np.array([51]))


def test_empty_and_misused() -> None:
    index = DenseIndex(DIMENSION)
    for allowed in (None, np.array([1, 2])):
        keys, scores = index.search(unit(1)[0], 5, allowed)
        assert (len(keys), len(scores)) == (0, 0)
    index.add(np.empty(0, dtype=np.int64), np.empty((0, DIMENSION), dtype=np.float32))
    index.add(np.array([3]), unit(1))
    assert len(index.search(unit(1)[0], 5, np.empty(0, dtype=np.int64))[0]) == 0
    for keys in ([3], [2], [5, 5], [6, 5]):
        with pytest.raises(ValueError, match="ascend"):
            index.add(np.array(keys), unit(len(keys)))
    with pytest.raises(ValueError, match="shape"):
        index.add(np.array([9]), unit(1, dimension=4))


def test_two_builds_of_a_graph_are_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        filled(600, exact_limit=200).save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("exact_limit", [10_000, 100])
def test_many_threads_get_the_same_answers(exact_limit: int) -> None:
    index = filled(800, exact_limit=exact_limit)
    queries = unit(30, 11)
    alone = [index.search(query, 10)[0].tolist() for query in queries]
    together: dict[int, list[list[int]]] = {}

    def ask(number: int) -> None:
        together[number] = [index.search(query, 10)[0].tolist() for query in queries]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == alone for answers in together.values())
    assert len(together) == 6
