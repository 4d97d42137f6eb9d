"""The two forms of the bundled model: the shipped one, and the one for sentence-transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.embed import BUNDLED, load_embedder

TEXTS = [
    "Quando è iniziata la crisi petrolifera del 1973?",
    "When did the 1973 oil crisis begin?",
    "Nell'ottobre 1973 i paesi esportatori di petrolio proclamarono un embargo, che fece salire "
    "il prezzo del greggio da 3 a quasi 12 dollari al barile e cambiò la politica economica.",
    "Dschingis Khan",
    "",
]


def test_both_forms_give_the_same_vectors(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("onnx")
    from training.run import sentence_transformers

    sentence_transformers(BUNDLED, tmp_path / "model")
    other = load_embedder(str(tmp_path / "model"))
    shipped = load_embedder()
    cosines = (shipped.embed_passages(TEXTS) * other.embed_passages(TEXTS)).sum(axis=1)
    # The same eight-bit weights; what is left is the rounding of activations.
    assert cosines.min() > 0.995, cosines
    assert other.dimension == shipped.dimension


def test_the_two_languages_share_one_space() -> None:
    italian = ["il gatto dorme", "la guerra è finita", "il governo ha firmato un accordo"]
    english = ["the cat sleeps", "the war is over", "the government signed an agreement"]
    embedder = load_embedder()
    likeness = embedder.embed_queries(english) @ embedder.embed_passages(italian).T
    assert (likeness.argmax(axis=1) == np.arange(3)).all()
    assert (likeness.argmax(axis=0) == np.arange(3)).all()
