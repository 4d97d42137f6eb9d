"""Train the reader.

    python -m training.reading.learn NAME --start WEIGHTS [--minutes 60] [--part 0 --parts 2]

A cross-encoder (Nogueira & Cho 2019): question and sentence in one text, one number out, the log
odds that the sentence answers. It starts from the bundled embedder, whose table of words it keeps
as it is, so that the two share it in the package.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor, distributed, nn
from torch.nn import functional

from rag.embed.onnx import tokenizer
from rag.embed.reader import QUESTION, TEXT, Pairing, packed
from training.graph import LAYERS, WIDTH
from training.mixing import Mixer
from training.reading.pairs import Pair, Pairs
from training.reading.statements import neighbours, statements
from training.settings import Settings
from training.student import Student

POOL = 4096  # pairs drawn and sorted by length at a time
KEPT = 250  # steps after which the weights are written
HEAD = "head"
SEPARATE = 2  # layers that read question and text apart

Encoded = tuple[list[int], list[int]]
Batch = tuple[tuple[Tensor, Tensor, Tensor], Tensor]  # what is read, and whether it answers


@dataclass(frozen=True)
class Plan:
    """The numbers of one run."""

    minutes: float = 60.0
    rate: float = 1e-4
    warm_up: int = 100
    tokens: int = 2048  # of a batch, padding included
    longest: int = 160  # tokens of a pair
    seed: int = 31


class Reader(Student):
    """The student's layers over a question and a text, and a linear layer on what comes of both.

    The first SEPARATE layers read each text by itself, as the student learned to; those above read
    both (MacAvaney et al. 2020, PreTTR). The head sees the products of the two means, which alone
    would be the student's cosine, and the question's first token.
    """

    def __init__(self, tensors: dict[str, np.ndarray], rows: np.ndarray) -> None:
        super().__init__(tensors, rows)
        self.table.requires_grad_(False)
        alike = np.full((1, WIDTH), 8.0, np.float32), np.zeros((1, WIDTH), np.float32)
        weight = tensors.get(f"{HEAD}.weight", np.concatenate(alike, axis=1))
        self.head = nn.Linear(2 * WIDTH, 1)
        self.head.weight.data = torch.from_numpy(weight.copy())
        bias = tensors.get(f"{HEAD}.bias", np.full(1, -4.0, np.float32))
        self.head.bias.data = torch.from_numpy(bias.copy())

    def tensors(self) -> dict[str, np.ndarray]:
        head = {f"{HEAD}.{n}": p.detach().float().numpy() for n, p in self.head.named_parameters()}
        return super().tensors() | head

    def forward(self, ids: Tensor, kinds: Tensor, places: Tensor) -> Tensor:  # type: ignore[override]
        """(n, tokens) ids, kinds (0 nothing, 1 question, 2 text) and places to log odds (n,)."""
        place = self._at("embeddings.position_embeddings.weight")[places]
        kind = self._at("embeddings.token_type_embeddings.weight")[0]
        x = self._norm(self.table[self.rows[ids]] + place + kind, "embeddings.LayerNorm")
        own = (kinds[:, :, None] == kinds[:, None, :])[:, None]
        both = (kinds > 0)[:, None, None, :]
        for number in range(LAYERS):
            x = self._layer(x, own if number < SEPARATE else both, number)
        x = x.float()
        question, text = (_mean(x, kinds == kind) for kind in (QUESTION, TEXT))
        alike = functional.normalize(question, dim=-1) * functional.normalize(text, dim=-1)
        with torch.autocast("cpu", enabled=False):
            return self.head(torch.cat([alike, x[:, 0]], dim=1)).squeeze(-1)


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    return (x * mask[..., None]).sum(dim=1)


def encoded(pairs: Sequence[Pair], pairing: Pairing) -> list[Encoded]:
    """Token ids of each question and of its text: [CLS] before [SEP] text [SEP]."""
    found = []
    for pair in pairs:
        [(asked, text)] = pairing(pair.question, [pair.text])
        room = pairing.most - len(asked) - len(text) - 1
        if pair.before and room > 0:
            earlier = pairing.ids(pair.before, pairing.most)[1:-1][-room:]
            text = [text[0], *earlier, text[-1], *text[1:]]
        found.append((asked, text))
    return found


def padded(texts: list[Encoded]) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, kinds, places), padded at the end."""
    held = packed(texts)
    ids, kinds, places = (
        torch.from_numpy(held[name]).long() for name in ("input_ids", "kinds", "positions")
    )
    return ids, kinds, places


def batches(pairs: Iterator[Pair], pairing: Pairing, plan: Plan) -> Iterator[Batch]:
    """Batches of pairs of like length, in random order."""
    random = Random(plan.seed)
    while True:
        pool = list(islice(pairs, POOL))
        texts = encoded(pool, pairing)
        order = sorted(range(len(pool)), key=lambda i: sum(map(len, texts[i])))
        groups: list[list[int]] = [[]]
        for index in order:
            if groups[-1] and (len(groups[-1]) + 1) * sum(map(len, texts[index])) > plan.tokens:
                groups.append([])
            groups[-1].append(index)
        random.shuffle(groups)
        for group in groups:
            yield (
                padded([texts[i] for i in group]),
                torch.tensor([float(pool[i].answers) for i in group]),
            )


def gathered(settings: Settings, seed: int) -> Iterator[Pair]:
    """The stream of pairs that a seed decides."""
    held = statements(settings)
    path = settings.workspace("reading") / "near.npy"
    if not path.exists():
        np.save(path, neighbours(held))
    near = np.load(path)
    return iter(Pairs(held, near, Mixer(settings.work / "vocabulary"), seed))


def share(parameters: list[nn.Parameter], parts: int) -> None:
    """The mean of the gradients of all runs, in every run."""
    flat = torch.cat([p.grad.view(-1) for p in parameters])
    distributed.all_reduce(flat)
    flat /= parts
    for p, piece in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad.copy_(piece.view_as(p))


def train(
    reader: Reader, stream: Iterator[Batch], plan: Plan, parts: int, folder: Path | None
) -> None:
    """Until the minutes are over; the rate rises, then falls as half a cosine.

    The weights are kept in `folder`, if any, now and then and at the end.
    """
    parameters = [p for p in reader.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, plan.rate, (0.9, 0.98), weight_decay=0.01)
    begun, step, sums = time.monotonic(), 0, np.zeros(4)
    while (done := behind(begun, plan, parts)) < 1:
        (ids, kinds, places), wanted = next(stream)
        rise = min(1.0, (step + 1) / plan.warm_up)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * rise * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        with torch.autocast("cpu", torch.bfloat16):
            odds = reader(ids, kinds, places)
        loss = functional.binary_cross_entropy_with_logits(odds, wanted)
        loss.backward()
        if parts > 1:
            share(parameters, parts)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        right = ((odds > 0) == (wanted > 0.5)).float().mean().item()
        sums += (loss.item(), right, ids.numel(), len(wanted))
        if step % 50 == 0:
            seconds = time.monotonic() - begun
            print(
                f"step {step} ({done:.0%}) loss {sums[0] / 50:.3f} right {sums[1] / 50:.3f} "
                f"{sums[2] / 50:.0f} tokens {sums[3] / 50:.0f} pairs {seconds / step:.2f} s/step",
                flush=True,
            )
            sums[:] = 0
        if folder is not None and step % KEPT == 0:
            save(reader, folder)
    if folder is not None:
        save(reader, folder)


def behind(begun: float, plan: Plan, parts: int) -> float:
    """The share of the time that is over; the same in every run."""
    done = torch.tensor((time.monotonic() - begun) / (60 * plan.minutes))
    if parts > 1:
        distributed.all_reduce(done)
    return float(done) / parts


def save(reader: Reader, folder: Path) -> None:
    """Write the weights aside, then rename."""
    save_file(reader.tensors(), folder / "model.partial")
    (folder / "model.partial").replace(folder / "model.safetensors")


def main() -> None:
    """One run, or one part of a run in several processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--start", type=Path, required=True, help="the student's weights")
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1)
    given = vars(parser.parse_args())
    plan = Plan(**{name: given[name] for name in asdict(Plan())})
    settings, part, parts = Settings(), given["part"], given["parts"]
    torch.set_num_threads(settings.threads)
    torch.manual_seed(plan.seed)
    folder = settings.workspace(f"runs/{given['name']}")
    if parts > 1:
        meeting = folder / "meeting"
        distributed.init_process_group("gloo", meeting.as_uri(), rank=part, world_size=parts)
    reader = Reader(load_file(given["start"]), np.load(settings.work / "vocabulary" / "rows.npy"))
    words = tokenizer(settings.work / "vocabulary" / "tokenizer.json", settings.max_tokens)
    pairs = gathered(settings, plan.seed + part)
    stream = batches(pairs, Pairing(words, plan.longest), plan)
    train(reader, stream, plan, parts, folder if part == 0 else None)


if __name__ == "__main__":
    main()
