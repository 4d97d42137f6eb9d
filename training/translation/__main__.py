"""Build the translation table: `python -m training.translation`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rag.indexing.translate import BUNDLED, TranslationTable, write_table
from training.translation.align import align
from training.translation.estimate import from_lexicons, probabilities, reverse, with_alignments
from training.translation.sources import read_pairs

DATA = Path(os.environ.get("FONTE_DATA", Path(__file__).parents[3] / "shared" / "data"))


def build(data: Path, output: Path) -> None:
    """Train on `data`/lexicon and `data`/parallel and write the table to `output`."""
    lexicon = from_lexicons(read_pairs(data / "lexicon"))
    # Each pair of segments once: manuals repeat themselves.
    segments = dict.fromkeys(read_pairs(data / "parallel"))
    weights = with_alignments(lexicon, align(segments))
    write_table(output, probabilities(reverse(weights)), probabilities(weights))
    print(f"{len(lexicon):,} pairs of phrases from lexicons, {len(weights):,} with alignments")
    size = output.stat().st_size / 1e6
    print(f"{output}: {len(TranslationTable.open(output)):,} entries, {size:.1f} MB")


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder with lexicon/ and parallel/"
    )
    parser.add_argument("--output", type=Path, default=BUNDLED, help="where the table goes")
    arguments = parser.parse_args()
    if not (arguments.data / "lexicon").is_dir():
        sys.exit(f"{arguments.data} has no folder lexicon; give --data or set FONTE_DATA.")
    build(arguments.data, arguments.output)


if __name__ == "__main__":
    main()
