"""From tensors to the two forms of the model: the shipped ONNX folder and sentence-transformers.

``to_sentence_transformers`` also reads the shipped folder, so that the form with torch can be had
from the package alone; both forms then hold the same eight-bit weights.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from training import graph
from training.initialise import TABLE

NAME = "fonte-it-en-mini"
Arrays = dict[str, NDArray[np.float32]]


def write_onnx(
    tensors: Arrays, rows: NDArray[np.int32], tokenizer: Path, folder: Path, max_tokens: int
) -> None:
    """Write model.onnx, tokenizer.json and config.json into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    graph.save(graph.build(tensors, rows, max_tokens), folder / "model.onnx")
    if tokenizer != folder / "tokenizer.json":
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
    config = {"format": 1, "name": NAME, "dimension": graph.WIDTH, "max_tokens": max_tokens}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def read_onnx(path: Path) -> tuple[Arrays, NDArray[np.int32]]:
    """(tensors by their names in BERT, rows) of a graph made by ``graph.build``, dequantised."""
    held = {w.name: numpy_helper.to_array(w) for w in onnx.load(str(path)).graph.initializer}
    tensors = {TABLE: held["table"].astype(np.float32) * held["scale"]}
    tensors["embeddings.position_embeddings.weight"] = held["positions"]
    tensors["embeddings.token_type_embeddings.weight"] = np.zeros((1, graph.WIDTH), np.float32)
    for number in range(graph.LAYERS):
        at = f"encoder.layer.{number}"
        parts = np.split(held[f"{at}.qkv"], 3)
        for part, bias in zip(("query", "key", "value"), parts, strict=True):
            tensors[f"{at}.attention.self.{part}.bias"] = bias
        tensors[f"{at}.intermediate.dense.bias"] = held[f"{at}.inner.bias"]
        tensors[f"{at}.attention.output.dense.bias"] = held[f"{at}.attention.output.LayerNorm.bias"]
        tensors[f"{at}.output.dense.bias"] = held[f"{at}.output.LayerNorm.bias"]
    named = {".inner": ".intermediate.dense", ".outer": ".output.dense"}
    for name, values in held.items():
        if name.endswith(".w"):
            layer = name.removesuffix(".w")
            for short, full in named.items():
                layer = layer.removesuffix(short) + full if layer.endswith(short) else layer
            scale = held[name.removesuffix(".w") + ".s"].reshape(*values.shape[:2], 1)
            weight = (values.astype(np.float32) - 128) * scale
            tensors[f"{layer}.weight"] = weight.reshape(values.shape[0], -1)
        elif name.endswith(".gain"):
            tensors[name.removesuffix(".gain") + ".weight"] = values
            tensors[name.removesuffix(".gain") + ".bias"] = held[
                name.removesuffix(".gain") + ".shift"
            ]
    return tensors, held["rows"]


def to_sentence_transformers(
    tensors: Arrays, rows: NDArray[np.int32], tokenizer: Path, folder: Path, max_tokens: int
) -> None:
    """Write a folder that ``SentenceTransformer(folder)`` loads; tied tokens get a row each."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=len(rows),
        hidden_size=graph.WIDTH,
        num_hidden_layers=graph.LAYERS,
        num_attention_heads=graph.HEADS,
        intermediate_size=len(tensors["encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(tensors["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(tensors["embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=graph.EPSILON,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(t.copy()) for name, t in tensors.items()}
    state[TABLE] = state[TABLE][torch.from_numpy(rows.astype(np.int64))]
    missing, unexpected = model.load_state_dict(state, strict=False)
    wrong = [n for n in missing if "position_ids" not in n] + [
        n for n in unexpected if "pooler" not in n
    ]
    if wrong:
        raise ValueError(f"weights and architecture do not match: {wrong[:5]}")
    plain = folder / "plain"
    model.save_pretrained(plain)
    names = {f"{kind}_token": f"[{kind.upper()}]" for kind in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer), model_max_length=max_tokens, **names
    ).save_pretrained(plain)
    body = Transformer(str(plain), max_seq_length=max_tokens)
    SentenceTransformer(modules=[body, Pooling(graph.WIDTH), Normalize()], device="cpu").save(
        str(folder)
    )
    shutil.rmtree(plain)
