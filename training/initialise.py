"""The untrained student: the teacher with one input vector more for each Italian word.

A new vector is the weighted mean of the input vectors of the word's English translations, the idea
of WECHSEL (Minixhofer, Paischer, Rekabsaz 2022) with a dictionary in place of aligned embeddings.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from training.settings import teacher_path

TABLE = "embeddings.word_embeddings.weight"


def teacher_weights() -> dict[str, NDArray[np.float32]]:
    """The teacher's tensors by name, float32."""
    return {
        name: t.astype(np.float32)
        for name, t in load_file(teacher_path() / "model.safetensors").items()
        if "position_ids" not in name
    }


def table(folder: Path) -> NDArray[np.float32]:
    """Input vectors (rows, 384) for the vocabulary in ``folder``: kept English rows, then heads."""
    notes = json.loads((folder / "meanings.json").read_text("utf-8"))
    english = teacher_weights()[TABLE]
    tokenizer = Tokenizer.from_file(str(teacher_path() / "tokenizer.json"))
    tokenizer.no_padding()
    phrases = sorted({phrase for weights in notes["heads"].values() for phrase in weights})
    encoded = tokenizer.encode_batch(phrases, add_special_tokens=False)
    vector = {
        phrase: english[encoding.ids].mean(axis=0)
        for phrase, encoding in zip(phrases, encoded, strict=True)
    }
    length = {phrase: float(np.linalg.norm(v)) for phrase, v in vector.items()}
    rows = [english[notes["english"]]]
    for weights in notes["heads"].values():
        mean = sum(weight * vector[phrase] for phrase, weight in weights.items())
        # A mean of unlike vectors is short, and the layer norm after it would see mostly positions.
        wanted = sum(weight * length[phrase] for phrase, weight in weights.items())
        rows.append((mean * (wanted / np.linalg.norm(mean)))[None])
    return np.concatenate(rows).astype(np.float32)
