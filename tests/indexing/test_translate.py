"""The translation table: what is written is what is looked up, and the one that ships is good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.core.errors import ModelError
from rag.indexing.translate import BUNDLED, TranslationTable, bundled_table, write_table

WORDS = st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=6)
PHRASES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
LINKS = st.dictionaries(
    PHRASES,
    st.dictionaries(PHRASES, st.floats(1e-4, 1.0), min_size=1, max_size=4),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(italian=LINKS, english=LINKS)
def test_lookups_equal_the_source(
    tmp_path: Path, italian: dict[str, dict[str, float]], english: dict[str, dict[str, float]]
) -> None:
    path = tmp_path / "table.bin"
    write_table(path, italian, english)
    table = TranslationTable.open(path)
    for language, links in (("it", italian), ("en", english)):
        for phrase, row in links.items():
            found = table.translate(phrase, language)  # type: ignore[arg-type]
            assert {target for target, _ in found} == set(row)
            assert found == sorted(found, key=lambda pair: -pair[1])
            for target, probability in found:
                assert probability == pytest.approx(row[target], rel=0.02)
        assert table.translate("never a key", language) == []  # type: ignore[arg-type]
    everything = {*italian, *(t for row in english.values() for t in row)}
    for phrase in everything - set(italian):
        assert table.translate(phrase, "it") == []


@given(italian=LINKS, english=LINKS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_same_links_give_the_same_bytes(
    tmp_path: Path, italian: dict[str, dict[str, float]], english: dict[str, dict[str, float]]
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    write_table(one, italian, english)
    turned = {key: dict(reversed(row.items())) for key, row in reversed(italian.items())}
    write_table(other, turned, english)
    assert one.read_bytes() == other.read_bytes()


def test_what_is_no_probability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        write_table(tmp_path / "table", {"a": {"b": 1.5}}, {})


def test_synonyms_go_through_the_other_language(tmp_path: Path) -> None:
    path = tmp_path / "table.bin"
    italian = {"auto": {"car": 0.9}, "macchin": {"car": 0.5, "machin": 0.5}}
    english = {"car": {"auto": 0.6, "macchin": 0.3, "auto blu": 0.1}, "machin": {"macchin": 1.0}}
    write_table(path, italian, english)
    table = TranslationTable.open(path)
    found = table.synonyms("auto", "it", 5)
    assert [stem for stem, _ in found] == ["macchin"]
    assert found[0][1] == pytest.approx(0.9 * 0.3, rel=0.05)
    assert table.synonyms("unknown", "it", 5) == table.synonyms("auto", "it", 0) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "magic", "format"])
def test_damage_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "table.bin"
    write_table(path, {"ciao": {"hello": 1.0}}, {"hello": {"ciao": 1.0}})
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[-3] ^= 1
    elif damage == "cut":
        del data[-5:]
    elif damage == "empty":
        data.clear()
    elif damage == "magic":
        data[0] ^= 1
    else:
        data[8] = 99
    path.write_bytes(data)
    with pytest.raises(ModelError, match="table") as caught:
        TranslationTable.open(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        TranslationTable.open(tmp_path / "none.bin")


def test_the_table_that_ships() -> None:
    table = bundled_table()
    assert len(table) >= 100_000
    assert BUNDLED.stat().st_size <= 10_000_000
    assert (BUNDLED.parent / "MODEL_CARD.md").is_file()


@pytest.mark.parametrize(
    ("phrase", "source", "wanted"),
    [
        ("rare earth", "en", "terr rar"),
        ("foreign minist", "en", "ministr ester"),
        ("kazakhstan", "en", "kazakistan"),
        ("kyrgyzstan", "en", "kirghizistan"),
        ("agreement", "en", "accord"),
        ("sign", "en", "firm"),
        ("billion", "en", "miliard"),
        ("accord", "it", "agreement"),
        ("terr rar", "it", "rare earth"),
        ("ministr ester", "it", "foreign minist"),
        ("kirghizistan", "it", "kyrgyzstan"),
    ],
)
def test_translations_that_questions_need(phrase: str, source: str, wanted: str) -> None:
    found = bundled_table().translate(phrase, source)  # type: ignore[arg-type]
    assert wanted in [target for target, _ in found[:6]]
