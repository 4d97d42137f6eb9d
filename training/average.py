"""The average of runs that read disjoint examples at the same time, from the same start.

    python -m training.average NAME RUN [RUN ...] [--start 0.15]

Runs from one start stay in one basin, so that the mean of their weights is at least as good as each
(Wortsman et al. 2022, "Model soups"): two processes that need not wait for one another. A row of
the table counts by how often each run met it: a word met in one run alone keeps all it learned. The
start itself can be averaged in (Wortsman et al. 2022, "Robust fine-tuning"): the training text is
narrower than what users ask about, and some of the way back costs little.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from training.distil import initial
from training.export import write_onnx
from training.initialise import TABLE
from training.settings import Settings


def average(settings: Settings, name: str, runs: list[str], start: float) -> None:
    """Write the averaged weights and the shipped form into the folder of run ``name``; ``start`` is
    the share of the untrained weights.
    """
    folders = [settings.work / "runs" / run for run in runs]
    weights = [load_file(folder / "model.safetensors") for folder in folders]
    met = [
        torch.load(folder / "state.pt", weights_only=True)["table"][2].cpu().numpy()
        for folder in folders
    ]
    mean = {n: np.mean([w[n] for w in weights], axis=0, dtype=np.float32) for n in weights[0]}
    total = sum(met)
    counted = sum(w[TABLE] * count for w, count in zip(weights, met, strict=True))
    mean[TABLE] = np.where(total > 0, counted / np.maximum(total, 1), mean[TABLE])
    mean[TABLE] = mean[TABLE].astype(np.float32)
    begun = load_file(initial(settings))
    mean = {n: (start * begun[n] + (1 - start) * w).astype(np.float32) for n, w in mean.items()}
    folder = settings.workspace(f"runs/{name}")
    save_file(mean, folder / "model.safetensors")
    plans = {
        run: json.loads((f / "plan.json").read_text()) for run, f in zip(runs, folders, strict=True)
    }
    (folder / "plan.json").write_text(
        json.dumps({"start": start, "average": plans}, indent=2) + "\n", "utf-8"
    )
    vocabulary = settings.work / "vocabulary"
    rows = np.load(vocabulary / "rows.npy")
    write_onnx(mean, rows, vocabulary / "tokenizer.json", folder, settings.max_tokens)


def main() -> None:
    """Average the runs that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--start", type=float, default=0.0, help="share of the untrained weights")
    given = parser.parse_args()
    average(Settings(), given.name, given.runs, given.start)


if __name__ == "__main__":
    main()
