"""The cross-encoder reranker, with a real (tiny, random) cross-encoder made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.core.errors import ModelError
from rag.retrieve.rerank import CrossEncoderReranker, RerankedSearcher
from tests.answer.helpers import Shelf, document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sentence_transformers")
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    place = tmp_path_factory.mktemp("cross-encoder")
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    (place / "vocab.txt").write_text("\n".join([*vocabulary, *(f"##{c}" for c in letters)]))
    BertTokenizerFast(vocab_file=str(place / "vocab.txt")).save_pretrained(place)
    config = BertConfig(
        vocab_size=len(vocabulary) + 26,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(place)
    return place


@pytest.mark.slow
def test_a_cross_encoder_by_folder(folder: Path) -> None:
    reranker = CrossEncoderReranker(str(folder), batch=2)
    passages = ["il petrolio", "le terre rare", "un accordo", "la visita", "x"]
    scores = reranker.scores("accordo?", passages)
    assert scores.shape == (5,)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    again = reranker.scores("accordo?", passages[::-1])[::-1]
    assert np.allclose(scores, again, atol=1e-5)
    assert reranker.scores("accordo?", []).shape == (0,)

    shelf = Shelf([document(f"{text} oggi.", path=f"{n}.txt") for n, text in enumerate(passages)])
    hits = RerankedSearcher(shelf, reranker).search("accordo", 3)
    assert len(hits) == 3
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.signals.rerank == hit.score for hit in hits)


@pytest.mark.slow
def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        CrossEncoderReranker(str(tmp_path)).scores("a", ["b"])
