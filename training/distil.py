"""Training: the student's vectors of Italian and English come to the teacher's of English.

    python -m training.distil NAME [--steps N] [--from FOLDER]

Multilingual distillation (Reimers & Gurevych 2020) with two additions: the student's similarities
to the teacher's vectors of the whole batch, and its own similarities among the texts of the batch,
follow the teacher's (a softened contrastive loss), since ranking is what retrieval uses. The run
can be stopped and started again; it goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor
from torch.nn import functional

from training import initialise
from training.batches import Batches, Recipe
from training.export import write_onnx
from training.settings import Settings
from training.student import RowAdam, Student, padded


@dataclass(frozen=True)
class Plan:
    """The numbers of one run."""

    steps: int = 3000
    minutes: float = 1e9  # the run also ends, its rates brought down, when this time is up
    warm_up: int = 60
    body_rate: float = 1.2e-4
    table_rate: float = 2.5e-3
    english_scale: float = 0.25  # of the table's rate, for rows that the teacher had trained
    closeness: float = 4.0  # weight of the distance to the teacher's own vector
    sharpness: float = 20.0  # similarities are multiplied by this before the softmax
    relation: float = 1.0  # weight of the similarities among the student's own vectors
    every: int = 100  # steps between checkpoints
    seed: int = 20


def loss(student: Tensor, teacher: Tensor, plan: Plan) -> tuple[Tensor, Tensor]:
    """(what is minimised, mean cosine to the teacher) of unit rows (n, 384), both float32."""
    cosine = (student * teacher).sum(dim=-1).mean()
    wanted = teacher @ teacher.T * plan.sharpness
    reached = student @ teacher.T * plan.sharpness
    outward = functional.kl_div(
        reached.log_softmax(1), wanted.log_softmax(1), log_target=True, reduction="batchmean"
    )
    others = ~torch.eye(len(student), dtype=torch.bool, device=student.device)
    own = (student @ student.T * plan.sharpness)[others].view(len(student), -1)
    among = functional.kl_div(
        own.log_softmax(1),
        wanted[others].view(len(student), -1).log_softmax(1),
        log_target=True,
        reduction="batchmean",
    )
    return plan.closeness * (1 - cosine) + outward + plan.relation * among, cosine.detach()


def rate_at(step: int, done: float, plan: Plan) -> float:
    """Factor of the learning rates: a linear warm-up, then half a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / plan.warm_up)
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def encode(student: Student, ids: list[list[int]], device: torch.device) -> Tensor:
    """Vectors of texts of unlike length, run in groups of similar length."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    groups, start = [], 0
    for end in range(1, len(order) + 1):
        far = end == len(order) or len(ids[order[end]]) > 1.5 * len(ids[order[start]]) + 8
        if far:
            groups.append(order[start:end])
            start = end
    vectors = torch.cat([student(*padded([ids[i] for i in g], device)) for g in groups])
    place = torch.tensor(order, device=device)
    return torch.empty_like(vectors).index_copy(0, place, vectors)


class Run:
    """One training run and its folder: checkpoints, log, and the model it ends with."""

    def __init__(self, folder: Path, settings: Settings, plan: Plan, recipe: Recipe, start: Path):
        self.folder, self.settings, self.plan = folder, settings, plan
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(plan.seed)
        torch.set_num_threads(settings.threads)
        self.vocabulary = settings.work / "vocabulary"
        self.rows = np.load(self.vocabulary / "rows.npy")
        self.student = Student(load_file(start), self.rows).to(self.device)
        self.batches = Batches(settings.work / "examples", self.vocabulary, recipe, plan.seed)
        self.body = torch.optim.AdamW(
            list(self.student.body.values()), plan.body_rate, (0.9, 0.98), weight_decay=0.01
        )
        notes = json.loads((self.vocabulary / "meanings.json").read_text("utf-8"))
        scale = torch.ones(len(self.student.table), device=self.device)
        scale[: len(notes["english"])] = plan.english_scale
        self.table = RowAdam(self.student.table, scale)
        self.step, self.seconds = 0, 0.0
        self._resume()

    @property
    def done(self) -> float:
        """Share of the run that is behind us, by steps or by time, whichever is further."""
        return max(self.step / self.plan.steps, self.seconds / (60 * self.plan.minutes))

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if path.exists():
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.step, self.seconds = state["step"], state["seconds"]
            self.student.load_state_dict(state["student"])
            self.body.load_state_dict(state["body"])
            self.table.mean, self.table.square, self.table.steps = state["table"]
            for _ in range(self.step):  # the batches of the steps already taken
                self.batches.skip()

    def save(self) -> None:
        """Write the checkpoint and the weights so far, each aside first."""
        held = [self.table.mean, self.table.square, self.table.steps]
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "student": self.student.state_dict(),
            "table": held,
        }
        torch.save(state | {"body": self.body.state_dict()}, self.folder / "state.partial")
        (self.folder / "state.partial").replace(self.folder / "state.pt")
        save_file(self.student.tensors(), self.folder / "model.partial")
        (self.folder / "model.partial").replace(self.folder / "model.safetensors")

    def advance(self) -> tuple[float, float, int]:
        """One step; returns (loss, mean cosine, tokens read)."""
        begun = time.monotonic()
        factor = rate_at(self.step, self.done, self.plan)
        for group in self.body.param_groups:
            group["lr"] = self.plan.body_rate * factor
        ids, targets = self.batches.draw()
        with torch.autocast(self.device.type, torch.bfloat16):
            vectors = encode(self.student, ids, self.device)
        value, cosine = loss(vectors.float(), torch.from_numpy(targets).to(self.device), self.plan)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(self.student.body.values()), 1.0)
        self.body.step()
        self.body.zero_grad(set_to_none=True)
        self.table.step(self.plan.table_rate * factor, min(1.0, 1.0 / (float(norm) + 1e-6)))
        self.step += 1
        self.seconds += time.monotonic() - begun
        return value.item(), cosine.item(), sum(map(len, ids))

    def train(self) -> None:
        """All steps that are left, then the model in its shipped form, in the run's folder."""
        sums, since = np.zeros(3), self.seconds
        while self.done < 1:
            sums += self.advance()
            if self.step % 25 == 0:
                value, cosine, tokens = sums / 25
                speed = 25 * tokens / (self.seconds - since)
                line = f"step {self.step} ({self.done:.0%}) loss {value:.3f} cosine {cosine:.4f}"
                print(f"{line} {speed:.0f} tokens/s", flush=True)
                sums, since = np.zeros(3), self.seconds
            if self.step % self.plan.every == 0:
                self.save()
        self.save()
        self.export()

    def export(self) -> None:
        """The shipped form of the weights as they are."""
        tokenizer = self.vocabulary / "tokenizer.json"
        write_onnx(
            self.student.tensors(), self.rows, tokenizer, self.folder, self.settings.max_tokens
        )


def initial(settings: Settings) -> Path:
    """The untrained student's weights, made when missing."""
    path = settings.workspace("initial") / "model.safetensors"
    if not path.exists():
        tensors = initialise.teacher_weights()
        tensors[initialise.TABLE] = initialise.table(settings.work / "vocabulary")
        save_file({n: np.ascontiguousarray(t) for n, t in tensors.items()}, path)
    return path


def main() -> None:
    """Run, or go on with, the training called NAME."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--start", type=Path, help="weights to start from (model.safetensors)")
    numbers = {**asdict(Plan()), **asdict(Recipe())}
    for name, value in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args())
    settings = Settings()
    plan = replace(Plan(), **{name: given[name] for name in asdict(Plan())})
    recipe = replace(Recipe(), **{name: given[name] for name in asdict(Recipe())})
    folder = settings.workspace(f"runs/{given['name']}")
    numbers = asdict(plan) | asdict(recipe) | {"start": str(given["start"] or "initial")}
    (folder / "plan.json").write_text(json.dumps(numbers, indent=2) + "\n", "utf-8")
    Run(folder, settings, plan, recipe, given["start"] or initial(settings)).train()


if __name__ == "__main__":
    main()
