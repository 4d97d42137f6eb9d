"""Training of the translation table, on sources small enough to see through."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rag.indexing.translate import TranslationTable
from training.translation.__main__ import build
from training.translation.align import align
from training.translation.estimate import from_lexicons, probabilities, reverse
from training.translation.sources import entry_key

LEXICONS = {
    "wiktionary-buchmeier": [
        ("to sign", "firmare"),
        ("rare earth", "terra rara"),
        ("go by", "passare"),
        ("bank (finance)", "la banca"),
        ("bank", "riva"),
    ],
    "cldr": [("Kazakhstan", "Kazakistan")],
    "omw-multiwordnet": [("bank", "banca"), ("bank", "pendio")],
}
_ANIMALS = [("cat", "gatto"), ("dog", "cane"), ("horse", "cavallo"), ("mouse", "topo")]
PARALLEL = {
    "one": [(f"the {en} sleeps", f"il {it} dorme") for en, it in _ANIMALS],
    "two": [(f"a black {en}", f"un {it} nero") for en, it in _ANIMALS],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder, files in (("lexicon", LEXICONS), ("parallel", PARALLEL)):
        (tmp_path / folder).mkdir()
        for name, rows in files.items():
            with gzip.open(tmp_path / folder / f"{name}.tsv.gz", "wt", encoding="utf-8") as file:
                file.writelines(f"{english}\t{italian}\n" for english, italian in rows)
    return tmp_path


def test_the_table_holds_what_its_sources_say(data: Path, tmp_path: Path) -> None:
    build(data, tmp_path / "table.bin")
    table = TranslationTable.open(tmp_path / "table.bin")
    assert table.translate("kazakistan", "it")[0][0] == "kazakhstan"
    assert table.translate("rare earth", "en")[0][0] == "terr rar"
    assert table.translate("sign", "en")[0][0] == "firm"
    assert table.translate("go", "en") == []  # "go by" is something else
    bank = [target for target, _ in table.translate("bank", "en")]
    assert bank[0] == "banc"  # two sources agree
    assert set(bank) == {"banc", "riv", "pend"}
    assert table.translate("cat", "en")[0][0] == "gatt"  # from the parallel text alone
    assert table.translate("dorm", "it")[0][0] == "sleep"


def test_the_same_sources_give_the_same_bytes(data: Path, tmp_path: Path) -> None:
    build(data, tmp_path / "one.bin")
    build(data, tmp_path / "two.bin")
    assert (tmp_path / "one.bin").read_bytes() == (tmp_path / "two.bin").read_bytes()


def test_probabilities_leave_room_for_the_unknown() -> None:
    weights = from_lexicons(("cldr", "bank", word) for word in ("banca", "riva"))
    for table in (probabilities(weights), probabilities(reverse(weights))):
        assert all(0 < sum(row.values()) < 1 for row in table.values())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("the agreements", "agreement"),
        ("of", None),
        ("go by", None),
        ("one two three four five", None),
    ],
)
def test_keys_of_entries(text: str, key: str | None) -> None:
    assert entry_key(text, "en") == key


def test_alignment_prefers_what_recurs_together() -> None:
    pairs = [(name, *pair) for name, rows in PARALLEL.items() for pair in rows]
    aligned = align(pairs)
    likeliest: dict[str, tuple[float, str]] = {}
    for e, i, p in zip(aligned.english, aligned.italian, aligned.p_italian, strict=True):
        word = aligned.english_words[e]
        likeliest[word] = max(likeliest.get(word, (0.0, "")), (float(p), aligned.italian_words[i]))
    assert {word: best for word, (_, best) in likeliest.items()} == {
        "cat": "gatt", "dog": "can", "hors": "cavall", "mous": "top",
        "sleep": "dorm", "black": "ner",
    }  # fmt: skip
