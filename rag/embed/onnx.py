"""The bundled model, and others made by `training/`: onnxruntime and tokenizers, no torch.

Threads. One session runs on the thread that calls it, and several batches run on several threads.
That needs no thread pool inside onnxruntime, whose workers would spin between the small operators
and slow down every other process on the machine; and it scales better than splitting one batch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.core.errors import ModelError
from rag.embed.base import Progress, Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding

INPUTS = {"input_ids", "mask"}
FILES = ("model.onnx", "tokenizer.json", "config.json")
FORMAT = 1
WINDOW = 2048  # texts tokenised and sorted by length at a time
BATCH_TOKENS = 2048  # of one run, padding included: its activations stay in the processor's cache
CHARACTERS_A_TOKEN = 40  # what lies beyond this many for each token is cut before tokenising
REMEDY = "Use 'bundled', a folder made by training/, or a sentence-transformers model."


class OnnxEmbedder:
    """An embedder over a folder with model.onnx, tokenizer.json and config.json."""

    def __init__(self, folder: Path | str, *, threads: int = 0) -> None:
        """Load the model; `threads` 0 means all cores. Raises ModelError."""
        self.folder = Path(folder)
        self.threads = threads or os.cpu_count() or 1
        fingerprint = self._fingerprint()
        config = self._config((self.folder / "config.json").read_bytes())
        self.name = f"{config['name']}@{fingerprint[:12]}"
        self.dimension = int(config["dimension"])
        self.max_tokens = int(config["max_tokens"])
        try:
            self._tokenizer = tokenizer(self.folder / "tokenizer.json", self.max_tokens)
            self._session = session(self.folder / "model.onnx", INPUTS)
        except Exception as error:  # both libraries raise bare or undocumented exceptions
            reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
            raise ModelError(f"The model in {self.folder} is damaged: {reason}.", REMEDY) from error

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Questions to float32 (n, dimension), unit rows."""
        return self._embed(texts, None)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Passages to float32 (n, dimension), unit rows; text beyond `max_tokens` is not read."""
        return self._embed(texts, progress)

    def _embed(self, texts: Sequence[str], progress: Progress | None) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), WINDOW):
            window = [t[: self.max_tokens * CHARACTERS_A_TOKEN] for t in texts[start:][:WINDOW]]
            encodings = self._tokenizer.encode_batch_fast(window)
            for members, rows in self._run_all(encodings):
                vectors[start + members] = rows
                if progress is not None:
                    progress(len(members))
        return vectors

    def _run_all(self, encodings: list[Encoding]) -> Iterator[tuple[Any, Vectors]]:
        batches = list(_batches(np.array([len(encoding.ids) for encoding in encodings])))
        if len(batches) == 1 or self.threads == 1:
            yield from (self._run(encodings, members) for members in batches)
            return
        with ThreadPoolExecutor(self.threads, "embed") as pool:
            runs = [pool.submit(self._run, encodings, members) for members in batches]
            yield from (run.result() for run in as_completed(runs))

    def _run(self, encodings: list[Encoding], members: Any) -> tuple[Any, Vectors]:
        longest = max(len(encodings[m].ids) for m in members)
        ids = np.zeros((len(members), longest), np.int32)
        mask = np.zeros_like(ids)
        for row, member in enumerate(members):
            tokens = encodings[member].ids
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return members, self._session.run(None, {"input_ids": ids, "mask": mask})[0]

    def _fingerprint(self) -> str:
        """Hex sha256 over all files; read in pieces, since the libraries read them again."""
        digest = hashlib.sha256()
        for name in FILES:
            try:
                with (self.folder / name).open("rb") as file:
                    while piece := file.read(1 << 20):
                        digest.update(piece)
            except OSError as error:
                reason = f"{name}: {error.strerror or type(error).__name__}"
                raise ModelError(f"{self.folder} is not a model: {reason}.", REMEDY) from None
        return digest.hexdigest()

    def _config(self, content: bytes) -> dict[str, Any]:
        try:
            config = json.loads(content)
            if config["format"] == FORMAT and {"name", "dimension", "max_tokens"} <= config.keys():
                return dict(config)
            reason = f"format {config['format']}, this version reads {FORMAT}"
        except (ValueError, KeyError, TypeError):
            reason = "config.json cannot be read"
        raise ModelError(f"{self.folder} is not a model that can be used: {reason}.", REMEDY)


def _batches(lengths: Any) -> Iterator[Any]:
    """Indices in groups of similar length, longest first, each within BATCH_TOKENS when padded."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, BATCH_TOKENS // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


@lru_cache(maxsize=2)
def tokenizer(path: Path, max_tokens: int) -> Any:
    """The tokenizer in a file, read once: the embedder and the reader share it."""
    # Its worker pool would compete with ours, and it warns when a process forks after using it.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(path))
    made.no_padding()
    made.enable_truncation(max_tokens)
    return made


def session(path: Path, wanted: set[str]) -> Any:
    """An onnxruntime session on the calling thread. Raises ValueError for other inputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    made = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {argument.name for argument in made.get_inputs()}
    if inputs != wanted:
        raise ValueError(f"its inputs are {sorted(inputs)}, not {sorted(wanted)}")
    return made
