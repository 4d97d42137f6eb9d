"""The teacher's vectors of every English text that training aims at, made once and kept.

    python -m training.teach

One ``.npz`` file for each kind of example: ``italian``, ``english`` and ``targets``, the teacher's
vectors of the English (float16, one row each), to which both texts should come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from training import data, initialise, prose
from training.data import PASSAGE_WORDS, Example, Segment
from training.export import write_onnx
from training.questions import questions
from training.settings import Settings, teacher_path
from training.translations import TRUST

# As many of each kind as a run on two cores comes to read; drawn at random.
ENTRIES = 4
LIMITS = {"lemmas": 30_000, "glosses": 60_000, "terms": 90_000, "entries": 14_000, "prose": 14_000}
QUESTIONS = 60_000
MANUAL, MANUAL_SHARE = (
    "ms-dynamics365-business-central",
    0.5,
)  # over a third of all text, repetitive


def joined(segments: Sequence[Segment], words: int) -> Iterator[Segment]:
    """Consecutive segments of a prose file joined until they hold ``words`` English words."""
    for source, group in groupby(segments, key=lambda s: s.source):
        if source not in data.PROSE:
            continue
        held: list[Segment] = []
        for segment in group:
            if held and segment.place != held[-1].place + 1:
                held = []
            held.append(segment)
            if sum(len(s.english.split()) for s in held) >= words:
                english = " ".join(s.english for s in held)
                yield Segment(source, held[0].place, english, " ".join(s.italian for s in held))
                held = []


def terms(path: Path) -> Iterator[Example]:
    """Lexicon entries that a good file lists or two files agree on: (Italian, English)."""
    trust: dict[Example, float] = defaultdict(float)
    for source, english, italian in data.lexicon(path):
        trust[italian, english] += TRUST.get(source, 0.4)
    yield from (entry for entry, value in trust.items() if value >= 0.9 and entry[0] != entry[1])


def entries(glosses: Sequence[Example]) -> Iterator[Example]:
    """Neighbouring dictionary entries joined: they stand by subject, and read like a short passage
    whose vocabulary is that of an encyclopaedia, which the parallel text lacks.
    """
    for start in range(0, len(glosses) - ENTRIES + 1, ENTRIES):
        italian, english = zip(*glosses[start : start + ENTRIES], strict=True)
        yield ". ".join(italian) + ".", ". ".join(english) + "."


def segments_used(settings: Settings) -> list[Segment]:
    """The training half of the parallel text, less the second half of MANUAL."""
    segments, _ = data.split_segments(settings.data)
    half = int(MANUAL_SHARE * sum(s.source == MANUAL for s in segments))
    return [s for s in segments if s.source != MANUAL or s.place < half]


def examples(settings: Settings) -> dict[str, list[Example]]:
    """Every kind of example, the most useful first."""
    random = Random(settings.seed)
    segments = segments_used(settings)
    lemmas = data.pairs(settings.data, "wordnet-itlemmas-endef.it-en")
    named = list(terms(settings.data))
    machine = prose.kept(settings)
    glosses = data.pairs(settings.data, "wiktionary-itterm-engloss.it-en")
    kinds = {
        "passages": [(s.italian, s.english) for s in joined(segments, PASSAGE_WORDS)],
        "sentences": [(s.italian, s.english) for s in segments],
        "lemmas": [(f"{it}: {en.partition(': ')[2]}", en) for it, en in lemmas],
        "glosses": machine["glosses"],
        "entries": list(entries(machine["glosses"])),
        "prose": machine["prose"],
        "terms": [*named, *glosses],
        "questions": questions(named, QUESTIONS, random),
    }
    for kind, pairs in kinds.items():
        unique = list(dict.fromkeys(pairs))
        kinds[kind] = random.sample(unique, min(len(unique), LIMITS.get(kind, len(unique))))
    return kinds


def teacher_encoder(settings: Settings) -> object:
    """The teacher in the fast form (cosine to its float form above 0.999)."""
    from rag.embed.onnx import OnnxEmbedder

    folder = settings.work / "teacher"
    if not (folder / "config.json").exists():
        tensors = initialise.teacher_weights()
        rows = np.arange(len(tensors[initialise.TABLE]), dtype=np.int32)
        tokenizer = teacher_path() / "tokenizer.json"
        write_onnx(tensors, rows, tokenizer, folder, settings.max_tokens)
    return OnnxEmbedder(folder, threads=settings.threads)


def vectors_of(texts: Sequence[str], encoder: object) -> NDArray[np.float16]:
    """Float16 (n, 384); a text that occurs often is encoded once."""
    distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    vectors = encoder.embed_passages(list(distinct)).astype(np.float16)  # type: ignore[attr-defined]
    return vectors[[distinct[text] for text in texts]]


def main() -> None:
    """Write every kind that is not there yet."""
    settings = Settings()
    folder = settings.workspace("examples")
    encoder = teacher_encoder(settings)
    for kind, pairs in examples(settings).items():
        path = folder / f"{kind}.npz"
        if path.exists():
            continue
        targets = vectors_of([english for _, english in pairs], encoder)
        italian, english = (np.array(texts) for texts in zip(*pairs, strict=True))
        aside = path.with_suffix(".partial.npz")
        np.savez(aside, italian=italian, english=english, targets=targets)
        aside.replace(path)
        print(f"{kind}: {len(pairs):,} examples", flush=True)


if __name__ == "__main__":
    main()
