"""What the lexical index finds on its own, what each of its parts is worth, and how fast it is.

    python -m benchmarks.lexical [--ablations]

- squad: 1,020 Italian paragraphs, 4,013 Italian questions and 458 English ones (development half);
- typos: the same questions, a letter of one content word wrong;
- headings: 4,000 sections of a software manual in each language, asked for by their headings: the
  question's language is the passages' own, and the text was written by people.

ir-measures computes nDCG@10 and R@10. Writes results/lexical.json.
"""

from __future__ import annotations

import argparse
import gzip
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import ir_measures
import numpy as np
from ir_measures import R, nDCG

from benchmarks.common import BENCH, Question, read_passages, read_questions, save
from rag.core.types import LANGUAGES, Language
from rag.indexing import expand, lexical_query, spelling
from rag.indexing.analysis import terms
from rag.indexing.lexical import LexicalIndex

MEASURES = [nDCG @ 10, R @ 10]
HEADINGS = 4_000
SEED = 5
SAMPLE = 4  # ablations are measured on every fourth Italian question and heading


def make_index(folder: Path, texts: list[str], language: Language) -> LexicalIndex:
    """An index of `texts` under the keys 1, 2, 3…"""
    index = LexicalIndex.create(folder)
    index.add(range(1, len(texts) + 1), texts, [language] * len(texts))
    index.commit()
    return index


def judge(
    index: LexicalIndex, asked: list[tuple[str, int]], language: Language
) -> dict[str, float]:
    """Measures over (question, key of the one relevant passage), and milliseconds per question:
    by the clock, and of processor time, which other processes do not lengthen as much.
    """
    qrels, run, times, busy = {}, {}, [], []
    for number, (question, key) in enumerate(asked):
        start, start_busy = perf_counter(), process_time()
        hits = index.search(question, language, 10)
        busy.append((process_time() - start_busy) * 1000)
        times.append((perf_counter() - start) * 1000)
        qrels[str(number)] = {str(key): 1}
        run[str(number)] = {str(hit.key): hit.score for hit in hits}
    measured = ir_measures.calc_aggregate(MEASURES, qrels, run)
    return {
        "questions": len(asked),
        **{str(measure): round(float(value), 4) for measure, value in measured.items()},
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
        "processor_p50_ms": round(float(np.percentile(busy, 50)), 2),
        "processor_p95_ms": round(float(np.percentile(busy, 95)), 2),
    }


def with_typo(question: str, language: Language, chance: random.Random) -> str:
    """One letter of one content word left out, doubled up with another, replaced or swapped."""
    words = question.split()
    content = {term.word for term in terms(question, language) if term.content}
    able = [n for n, w in enumerate(words) if w.isalpha() and len(w) > 4 and w.lower() in content]
    if not able:
        return question
    n = chance.choice(able)
    word, at, letter = words[n], chance.randrange(1, len(words[n]) - 1), chance.choice("aeinrst")
    words[n] = chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return " ".join(words)


def read_headings(language: Language) -> list[tuple[str, str]]:
    """(heading, section) of the manual; headings of three words or more that stand only once."""
    path = BENCH.parent / "pairs" / f"ms-dynamics365-heading-body.{language}.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    times = Counter(row[0] for row in rows)
    kept = [(h, b) for h, b in rows if len(h.split()) > 2 and times[h] == 1]
    random.Random(SEED).shuffle(kept)
    return kept[:HEADINGS]


class Benchmark:
    """The three collections, indexed once."""

    def __init__(self, folder: Path) -> None:
        passages = read_passages()
        self._keys = {name: key for key, name in enumerate(passages, 1)}
        self._squad = make_index(folder / "squad", list(passages.values()), "it")
        self._questions = read_questions()
        self._sections = {language: read_headings(language) for language in LANGUAGES}
        self._manual = {
            language: make_index(folder / language, [body for _, body in sections], language)
            for language, sections in self._sections.items()
        }

    def run(self, step: int = 1) -> dict[str, dict[str, float]]:
        """Figures by collection and language, over every `step`-th question (of 458 all)."""
        chance = random.Random(SEED)
        figures = {}
        for language in LANGUAGES:
            asked = [(q.text, self._key(q)) for q in self._questions if q.language == language]
            asked = asked[::step] if len(asked) > 1000 else asked
            figures[f"squad-{language}"] = judge(self._squad, asked, language)
            wrong = [(with_typo(text, language, chance), key) for text, key in asked]
            few = wrong[:: 4 if len(wrong) > 1000 else 1]
            figures[f"typos-{language}"] = judge(self._squad, few, language)
            sections = self._sections[language]
            asked = [(sections[n][0], n + 1) for n in range(0, len(sections), 4 * step)]
            figures[f"headings-{language}"] = judge(self._manual[language], asked, language)
        return figures

    def _key(self, question: Question) -> int:
        return self._keys[question.passage]


@contextmanager
def changed(module: Any, **constants: Any) -> Iterator[None]:
    """The module with other constants."""
    before = {name: getattr(module, name) for name in constants}
    try:
        for name, value in constants.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


ABLATIONS: dict[str, Callable[[], Any]] = {
    "no word as written": lambda: changed(
        lexical_query, WEIGHT={**lexical_query.WEIGHT, "word": 0.0}
    ),
    "no root": lambda: changed(lexical_query, WEIGHT={**lexical_query.WEIGHT, "root": 0.0}),
    "stems alone": lambda: changed(lexical_query, WEIGHT={"word": 0.0, "stem": 1.0, "root": 0.0}),
    "no synonyms": lambda: changed(expand, MOST_SYNONYMS=0),
    "half as many synonyms": lambda: changed(expand, MOST_SYNONYMS=4),
    "16 synonyms": lambda: changed(expand, MOST_SYNONYMS=16),
    "no pairs": lambda: changed(lexical_query, NEXT_TO=0.0),
    "no shared idf": lambda: changed(lexical_query, SHARED_IDF=0.0),
    "idf fully shared": lambda: changed(lexical_query, SHARED_IDF=1.0),
    "best alternative only": lambda: changed(lexical_query, BESIDES_BEST=0.0),
    "own form abroad at full weight": lambda: changed(expand, OWN_FORM_ABROAD=1.0),
    "8 translations": lambda: changed(expand, MOST_TRANSLATIONS=8),
    "16 translations": lambda: changed(expand, MOST_TRANSLATIONS=16),
    "no phrases": lambda: changed(expand, LONGEST_PHRASE=1),
    "no look-alikes": lambda: changed(spelling, SHORTEST=1000),
}


def main() -> None:
    """Run, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ablations", action="store_true", help="also without each part")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(Path(folder))
        figures: dict[str, Any] = {"all parts": benchmark.run()}
        if arguments.ablations:
            sample = benchmark.run(SAMPLE)
            figures["sample, all parts"] = {k: v["nDCG@10"] for k, v in sample.items()}
            for name, without in ABLATIONS.items():
                with without():
                    sample = benchmark.run(SAMPLE)
                figures[f"sample, {name}"] = {k: v["nDCG@10"] for k, v in sample.items()}
    save("lexical", figures, "python -m benchmarks.lexical" + " --ablations" * arguments.ablations)


if __name__ == "__main__":
    main()
