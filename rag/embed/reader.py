"""The bundled reader: does this sentence answer this question? onnxruntime, no torch.

A cross-encoder (Nogueira & Cho 2019) of the bundled embedder's size. Its table of words is the
embedder's, inside `model.onnx`; both files are loaded from one folder. `training/reading` makes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.core.errors import ModelError
from rag.embed.onnx import session, tokenizer

FORMAT = 1
INPUTS = {"input_ids", "kinds", "positions"}
QUESTION, TEXT = 1, 2  # kinds; 0 is padding
ASKED, TOLD = 0.25, 0.5  # shares of the tokens that a question and a sentence may take
REMEDY = "Reinstall the package."


class Reader(Protocol):
    """Reads question and sentence together."""

    name: str

    def odds(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Log odds, float32 (n,), that each sentence answers; higher is likelier."""
        ...


class OnnxReader:
    """The reader in a folder with reader.onnx, reader.json, and the embedder it was made with."""

    def __init__(self, folder: Path | str) -> None:
        """Load it. Raises ModelError when files are missing, damaged, or of different models."""
        folder = Path(folder)
        try:
            config = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
            if config["format"] != FORMAT:
                raise ValueError(f"format {config['format']}, this version reads {FORMAT}")
            if (folder / "model.onnx").stat().st_size != config["embedder_bytes"]:
                raise ValueError(f"it was made for {config['embedder']}, and model.onnx is another")
            self.name = str(config["name"])
            words = tokenizer(folder / "tokenizer.json", int(config["tokenizer_tokens"]))
            self._pairing = Pairing(words, int(config["max_tokens"]))
            self._session = session(folder / "reader.onnx", INPUTS)
        except Exception as error:  # the libraries raise bare or undocumented exceptions
            reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
            raise ModelError(f"The reader in {folder} is damaged: {reason}.", REMEDY) from error

    def odds(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """As `Reader.odds`; what is too long is cut (see Pairing)."""
        if not sentences:
            return np.zeros(0, np.float32)
        odds: NDArray[np.float32] = self._session.run(None, self.feed(question, sentences))[0][:, 0]
        return odds

    def feed(self, question: str, sentences: Sequence[str]) -> dict[str, NDArray[np.int32]]:
        """What the graph reads: ids, kinds and positions, each int32 (n, tokens)."""
        return packed(self._pairing(question, sentences))


def packed(pairs: Sequence[tuple[list[int], list[int]]]) -> dict[str, NDArray[np.int32]]:
    """Pairs of token ids as the graph reads them, padded at the end; training uses it too."""
    longest = max(len(asked) + len(text) for asked, text in pairs)
    ids, kinds, places = (np.zeros((len(pairs), longest), np.int32) for _ in range(3))
    for row, (asked, text) in enumerate(pairs):
        end = len(asked) + len(text)
        ids[row, :end] = [*asked, *text]
        kinds[row, : len(asked)], kinds[row, len(asked) : end] = QUESTION, TEXT
        places[row, :end] = [*range(len(asked)), *range(len(text))]
    return {"input_ids": ids, "kinds": kinds, "positions": places}


class Pairing:
    """Question and sentence as token ids, at most `most` in all; training uses it too.

    The end of what is too long is cut.
    """

    def __init__(self, tokenizer: Any, most: int) -> None:
        self._tokenizer = tokenizer
        self.most = most

    def __call__(
        self, question: str, sentences: Sequence[str]
    ) -> list[tuple[list[int], list[int]]]:
        """([CLS] question [SEP], [CLS] sentence [SEP]) for each sentence."""
        asked = self.ids(question, int(ASKED * self.most))
        return [(asked, self.ids(text, int(TOLD * self.most))) for text in sentences]

    def ids(self, text: str, most: int) -> list[int]:
        """Token ids of a text, with [CLS] and [SEP]."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]
