"""SQuAD-it's development half in BEIR layout, for `rag eval --beir` and for other tools.

    python -m benchmarks.bench_squad BENCH OUT      (BENCH: the folder with squad-it-dev.*.jsonl.gz)
    rag eval --beir OUT --name squad

1,020 Italian paragraphs, 4,013 Italian questions and, for 458 of them, the English question of
XQuAD: both of the same paragraphs. The one relevant document of a question is the paragraph it was
written for. Titles are left out, as benchmarks/retrieval.py leaves them out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.common import read_passages, read_questions
from rag.evaluate.beir import CORPUS, HEADER, QRELS, QUERIES


def main() -> None:
    """Write corpus.jsonl, queries.jsonl and qrels/test.tsv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, help="folder of squad-it-dev.*.jsonl.gz")
    parser.add_argument("out", type=Path, help="folder to write")
    given = parser.parse_args()
    questions = read_questions(given.bench)
    (given.out / QRELS).parent.mkdir(parents=True, exist_ok=True)
    _write(
        given.out / CORPUS,
        (
            {"_id": key, "title": "", "text": text}
            for key, text in read_passages(given.bench).items()
        ),
    )
    _write(
        given.out / QUERIES,
        ({"_id": q.id, "text": q.text, "metadata": {"lang": q.language}} for q in questions),
    )
    rows = [HEADER, *(f"{q.id}\t{q.passage}\t1" for q in questions)]
    (given.out / QRELS).write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(questions)} questions in {given.out}")


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


if __name__ == "__main__":
    main()
