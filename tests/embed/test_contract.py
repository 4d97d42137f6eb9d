"""One contract, every embedder: the bundled model and a sentence-transformers folder."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag.embed import Embedder, load_embedder

ITALIAN = "Nell'ottobre 1973 i paesi esportatori di petrolio proclamarono un embargo."
ODD = ["", " \n\t ", "🙂🙃", "ﬁne", "a" * 500, "è" * 300, "\x00\u200b", "日本語のテキスト", "?!"]


@pytest.fixture(scope="module", params=["bundled", "sentence-transformers"])
def embedder(request: pytest.FixtureRequest, tiny_model: Path) -> Embedder:
    return load_embedder("bundled" if request.param == "bundled" else str(tiny_model), threads=2)


def test_rows_have_length_one_and_the_shape_promised(embedder: Embedder) -> None:
    for vectors in (
        embedder.embed_queries([ITALIAN, *ODD]),
        embedder.embed_passages([ITALIAN, *ODD]),
    ):
        assert vectors.shape == (1 + len(ODD), embedder.dimension)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_an_empty_list_gives_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_queries([]).shape == (0, embedder.dimension)
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_the_same_text_gives_the_same_vector(embedder: Embedder) -> None:
    first, second = embedder.embed_passages([ITALIAN]), embedder.embed_passages([ITALIAN])
    np.testing.assert_array_equal(first, second)


def test_a_vector_does_not_depend_on_its_batch(embedder: Embedder) -> None:
    alone = embedder.embed_passages([ITALIAN])[0]
    company = [ITALIAN, *ODD, "Una frase breve.", ITALIAN * 30, "x " * 2000] * 4
    together = embedder.embed_passages(company)
    same = [row for text, row in zip(company, together, strict=True) if text == ITALIAN]
    assert min(float(row @ alone) for row in same) > 0.9999


def test_a_very_long_text_is_cut_and_not_refused(embedder: Embedder) -> None:
    long = embedder.embed_passages(["parola " * 50_000])
    assert np.isfinite(long).all()


def test_composed_and_decomposed_accents_are_the_same_text(embedder: Embedder) -> None:
    composed = "Perché la città è così?"
    both = embedder.embed_queries([composed, unicodedata.normalize("NFD", composed)])
    assert float(both[0] @ both[1]) > 0.999


def test_progress_adds_up_to_the_number_of_texts(embedder: Embedder) -> None:
    done: list[int] = []
    embedder.embed_passages([f"{ITALIAN} {n}" for n in range(700)], done.append)
    assert sum(done) == 700
    assert len(done) > 1


def test_several_threads_may_embed_at_once(embedder: Embedder) -> None:
    texts = [f"domanda numero {n}" for n in range(40)]
    expected = embedder.embed_queries(texts)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda text: embedder.embed_queries([text])[0], texts))
    assert (np.stack(rows) * expected).sum(axis=1).min() > 0.999


def test_the_name_tells_the_model_and_its_content(embedder: Embedder) -> None:
    model, _, digest = embedder.name.partition("@")
    assert model
    assert len(digest) == 12
    assert int(digest, 16) >= 0
