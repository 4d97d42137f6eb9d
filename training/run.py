"""The whole recipe, in order: ``python -m training.run [STEP ...]`` (all steps when none is named).

    vocabulary   the tokenizer, the rows, and the table of Italian words to mix in
    prose        English prose of wide subjects, and its translation by rules
    teach        the teacher's vectors of every English text to aim at
    distil       two training runs side by side, each on half of the examples; their average
    evaluate     figures of the result, into ``training/results/``
    bundle       the shipped files into ``rag/embed/bundled/``, the sentence-transformers form aside
    read         the reader: two processes that share their gradients; into the same folder

A step whose output is there already is skipped, except ``evaluate`` and ``bundle``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from training import evaluate
from training.distil import initial
from training.export import read_onnx, to_sentence_transformers
from training.settings import Settings

RUNS = 2  # single-threaded: on two cores this is faster than one run of two threads
COUNT = 2200  # training steps of each run
START_SHARE = 0.15  # of the untrained weights in the result
READER = "reader"
STEPS = ("vocabulary", "prose", "teach", "distil", "evaluate", "bundle", "read")
SHIPPED = ("model.onnx", "tokenizer.json", "config.json")


def _module(name: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", f"training.{name}", *arguments], check=True)


def vocabulary(settings: Settings, _: argparse.Namespace) -> None:
    """Build the tokenizer and its rows."""
    from training.vocabulary import Size, build

    if not (settings.work / "vocabulary" / "tokenizer.json").exists():
        build(settings, Size())


def prose(_: Settings, __: argparse.Namespace) -> None:
    """Fetch and translate."""
    _module("prose")


def teach(_: Settings, __: argparse.Namespace) -> None:
    """Encode the English side of every example."""
    _module("teach")


def distil(settings: Settings, given: argparse.Namespace) -> None:
    """Train, unless the run has ended before; each run goes on from its last checkpoint."""
    if (settings.work / "runs" / given.name / "model.onnx").exists():
        return
    initial(settings)
    names = [f"{given.name}-{number}" for number in range(RUNS)]
    shares = [
        ["training.distil", name, f"--steps={given.count}", f"--seed={settings.seed + number}"]
        for number, name in enumerate(names)
    ]
    if not _side_by_side(shares):
        sys.exit("training stopped; run the same command again to go on from the checkpoint")
    _module("average", given.name, *names, f"--start={START_SHARE}")


def _side_by_side(modules: list[list[str]]) -> bool:
    """Run them at the same time, one thread each; whether all of them ended well."""
    environment = os.environ | {"FONTE_THREADS": "1", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *module, f"--part={part}", f"--parts={len(modules)}"],
            env=environment,
        )
        for part, module in enumerate(modules)
    ]
    ended = [process.wait() for process in started]
    return not any(ended)


def measure(settings: Settings, given: argparse.Namespace) -> None:
    """Write every figure of the run to ``results/NAME.json``."""
    folder = settings.work / "runs" / given.name
    found = evaluate.figures(evaluate.encoder(str(folder), settings.threads), settings.data)
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    path = settings.results / f"{given.name}.json"
    path.write_text(json.dumps({"figures": found, "plan": plan}, indent=2) + "\n", "utf-8")
    print(json.dumps(found, indent=2))


def bundle(settings: Settings, given: argparse.Namespace) -> None:
    """Copy the shipped files into the package, and write the sentence-transformers form."""
    folder = settings.work / "runs" / given.name
    for name in SHIPPED:
        shutil.copyfile(folder / name, settings.bundled / name)
    sentence_transformers(settings.bundled, settings.work / "sentence-transformers")


def read(settings: Settings, given: argparse.Namespace) -> None:
    """Train the reader, unless that has been done, and write it into the package."""
    from training.reading.export import ship

    folder = settings.work / "runs" / READER
    if not (folder / "model.safetensors").exists():
        start = f"--start={settings.work / 'runs' / given.name / 'model.safetensors'}"
        (settings.workspace(f"runs/{READER}") / "meeting").unlink(missing_ok=True)
        module = ["training.reading.learn", READER, start, f"--minutes={given.minutes}"]
        if not _side_by_side([module] * RUNS):
            sys.exit("training the reader failed")
    ship(folder, settings.bundled)


def sentence_transformers(shipped: Path, folder: Path) -> None:
    """The shipped model, read back, in the form that ``SentenceTransformer(folder)`` loads."""
    tensors, rows = read_onnx(shipped / "model.onnx")
    limit = json.loads((shipped / "config.json").read_text("utf-8"))["max_tokens"]
    to_sentence_transformers(tensors, rows, shipped / "tokenizer.json", folder, limit)
    print(f"sentence-transformers form: {folder}")


def main() -> None:
    """Run the named steps, or all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}")
    parser.add_argument("--name", default="main", help="name of the training run")
    parser.add_argument("--count", type=int, default=COUNT, help="training steps")
    parser.add_argument("--minutes", type=float, default=60, help="training time of the reader")
    given = parser.parse_args()
    wrong = set(given.steps) - set(STEPS)
    if wrong:
        parser.error(f"unknown step {', '.join(sorted(wrong))}; there are {', '.join(STEPS)}")
    settings = Settings()
    actions = (vocabulary, prose, teach, distil, measure, bundle, read)
    for step, action in zip(STEPS, actions, strict=True):
        if not given.steps or step in given.steps:
            print(f"== {step}", flush=True)
            action(settings, given)


if __name__ == "__main__":
    main()
