"""A sentence-transformers model small enough to make in a test: random weights, real form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = ["paesi", "di", "un", "embargo", "domanda"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKENS = [*SPECIAL, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), "'", ".", "?"]


def make_tiny_model(folder: Path, prompts: dict[str, str] | None = None) -> Path:
    """Save a two-layer BERT of width 32 that `SentenceTransformer(folder)` loads."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    plain = folder / "plain"
    plain.mkdir(parents=True)
    vocabulary = {token: number for number, token in enumerate(TOKENS)}
    BertTokenizerFast(vocab=vocabulary, do_lower_case=True).save_pretrained(plain)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(plain)
    modules = [Transformer(str(plain), max_seq_length=64), Pooling(32)]
    model = SentenceTransformer(modules=modules, device="cpu")
    model.save(str(folder))
    if prompts is not None:
        path = folder / "config_sentence_transformers.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"prompts": prompts}))
    return folder


@pytest.fixture(scope="package")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with such a model, made once."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
