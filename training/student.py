"""The student in torch, and the optimiser of its table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.graph import EPSILON, HEADS, LAYERS, WIDTH
from training.initialise import TABLE

Arrays = dict[str, NDArray[np.float32]]
EMBEDDED = "embeddings."


class Student(nn.Module):
    """BERT's encoder over a table whose rows several tokens may share; mean pooling, unit length.

    Written out because the library's model cannot tie tokens to rows, and because without dropout,
    pooler and bookkeeping a step on the processor is a fifth shorter.
    """

    def __init__(self, tensors: Arrays, rows: NDArray[np.int32]) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.from_numpy(tensors[TABLE].copy()))
        self.body = nn.ParameterDict(
            {
                name.replace(".", "/"): nn.Parameter(torch.from_numpy(values.copy()))
                for name, values in tensors.items()
                if name.startswith((EMBEDDED, "encoder.")) and name != TABLE
            }
        )
        self.register_buffer("rows", torch.from_numpy(rows.astype(np.int64)))

    def tensors(self) -> Arrays:
        """The weights by their names in BERT, float32 on the processor."""
        body = {name.replace("/", "."): p for name, p in self.body.items()}
        return {n: p.detach().float().cpu().numpy() for n, p in {TABLE: self.table, **body}.items()}

    def _at(self, name: str) -> Tensor:
        return self.body[name.replace(".", "/")]

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._at(f"{name}.weight"), self._at(f"{name}.bias"))

    def _norm(self, x: Tensor, name: str) -> Tensor:
        gain, shift = self._at(f"{name}.weight"), self._at(f"{name}.bias")
        return functional.layer_norm(x, (WIDTH,), gain, shift, EPSILON)

    def _layer(self, x: Tensor, mask: Tensor, number: int) -> Tensor:
        at = f"encoder.layer.{number}"
        texts, tokens, _ = x.shape
        query, key, value = (
            self._linear(x, f"{at}.attention.self.{part}")
            .view(texts, tokens, HEADS, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(texts, tokens, WIDTH)
        out = self._linear(mixed, f"{at}.attention.output.dense")
        x = self._norm(x + out, f"{at}.attention.output.LayerNorm")
        inner = functional.gelu(self._linear(x, f"{at}.intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(texts, tokens) ids and mask (bool) to float32 unit rows (texts, WIDTH)."""
        word = functional.embedding(self.rows[ids], self.table, sparse=True)
        place = self._at("embeddings.position_embeddings.weight")[: ids.shape[1]]
        kind = self._at("embeddings.token_type_embeddings.weight")[0]
        x = self._norm(word + place + kind, "embeddings.LayerNorm")
        for number in range(LAYERS):
            x = self._layer(x, mask[:, None, None, :], number)
        total = (x.float() * mask[..., None]).sum(dim=1)
        return functional.normalize(total, dim=-1)


class RowAdam:
    """Adam (Kingma & Ba 2015) for a table of which a step touches few rows.

    Each row counts its own steps, so that the bias correction of a rare word is that of its first
    steps whenever they come. torch's SparseAdam counts the steps of the whole table instead, and
    takes far too long a first step for a word first met late.
    """

    def __init__(self, table: nn.Parameter, scale: Tensor) -> None:
        """``scale`` (rows,) multiplies the learning rate of each row."""
        self.table, self.scale = table, scale[:, None]
        self.mean = torch.zeros_like(table.data)
        self.square = torch.zeros_like(table.data)
        self.steps = torch.zeros(len(table), 1, device=table.device)

    @torch.no_grad()
    def step(self, rate: float, factor: float) -> None:
        """One step along the gradient times ``factor``; clears the gradient."""
        gradient = self.table.grad.coalesce()
        row, values = gradient.indices()[0], gradient.values() * factor
        self.steps[row] += 1
        count = self.steps[row]
        mean = self.mean[row].mul_(0.9).add_(values, alpha=0.1)
        square = self.square[row].mul_(0.999).addcmul_(values, values, value=0.001)
        self.mean[row], self.square[row] = mean, square
        direction = (mean / (1 - 0.9**count)) / ((square / (1 - 0.999**count)).sqrt() + 1e-8)
        self.table.data[row] -= rate * self.scale[row] * direction
        self.table.grad = None


def padded(token_ids: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """(ids, mask) of texts of unlike length, padded at the end."""
    longest = max(map(len, token_ids))
    ids = np.zeros((len(token_ids), longest), np.int64)
    mask = np.zeros((len(token_ids), longest), bool)
    for place, tokens in enumerate(token_ids):
        ids[place, : len(tokens)] = tokens
        mask[place, : len(tokens)] = True
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
