"""The steps of the model's recipe that can be wrong without anything failing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from training.align import expected_counts, words
from training.data import Segment
from training.evaluate import cut, ndcg, ranks
from training.inflect import fold, forms
from training.mixing import Mixer, table
from training.teach import joined
from training.translations import Meaning
from training.vocabulary import Size, choose


@pytest.mark.parametrize(
    ("lemma", "expected"),
    [
        ("firmare", "firma firmano firmò firmarono firmato firmati firmando firmerà"),
        ("cercare", "cerca cerchi cercherà cercherebbe cercato"),
        ("cominciare", "comincia cominci comincerà cominciarono"),
        ("prendere", "prende prese presero preso presi prenderà"),
        ("finire", "finisce finirono finito finirà"),
        ("ottenere", "ottiene ottenne ottenuto"),
        ("produrre", "produce produsse prodotto prodotti"),
        ("incrociarsi", "incrocia incrociati incrociarsi"),
        ("banca", "banca banche"),
        ("medico", "medico medici mediche medica"),
        ("lago", "lago laghi"),
        ("città", "città"),
    ],
)
def test_the_forms_text_uses_are_among_those_made(lemma: str, expected: str) -> None:
    assert {fold(form) for form in expected.split()} <= forms(lemma).keys()


def test_alignment_finds_what_goes_with_what() -> None:
    pairs = [
        ("the house", "la casa"),
        ("the cat", "la gatta"),
        ("a house", "una casa"),
        ("a cat", "una gatta"),
    ]
    counts, italian, english = expected_counts(pairs)
    for source, target in (("casa", "house"), ("gatta", "cat")):
        row = counts[italian.index(source)].toarray().ravel()
        assert english[int(row.argmax())] == target


def test_words_are_folded_and_bare() -> None:
    assert words("Perché l'Italia, nel 1973?") == ["perche", "l", "italia", "nel"]


def test_segments_are_joined_only_where_they_follow_one_another() -> None:
    segments = [Segment("gnucash-docs", n, "one two three", "uno due tre") for n in (0, 1, 5, 6)]
    assert [(s.place, s.english.count("one")) for s in joined(segments, 6)] == [(0, 2), (5, 2)]
    assert not list(joined([Segment("udhr", 0, "one two", "uno due")], 1))


def test_a_rare_word_with_one_meaning_borrows_the_english_row() -> None:
    found = {
        "guerra": Meaning("guerra", "guerra", {"war": 1.0}, 100.0),
        "assedio": Meaning("assedio", "assedio", {"siege": 0.9, "blockade": 0.1}, 1.0),
        "assedi": Meaning("assedi", "assedio", {"siege": 0.9, "blockade": 0.1}, 0.3),
        "due": Meaning("due", "due", {"two": 1.0}, 50.0),
    }
    head_of, heads = choose(found, {"war", "siege", "due"}, Size(rows=10, tokens=10))
    assert head_of == {"guerra": "guerra", "assedio": "siege", "assedi": "siege"}
    assert set(heads) == {"guerra"}


def test_no_row_is_given_beyond_the_limit() -> None:
    found = {w: Meaning(w, w, {"x y": 1.0}, uses) for w, uses in (("a", 3.0), ("b", 2.0))}
    head_of, heads = choose(found, set(), Size(rows=1, tokens=10))
    assert (head_of, set(heads)) == ({"a": "a"}, {"a"})


def test_mixing_replaces_the_share_asked_for(tmp_path: Path) -> None:
    choices = table({"guerra": {"war": 0.9}, "rara": {"war": 0.05}}, {"guerra": 9.0}, {"guerra"})
    assert choices.keys() == {"war"}
    (tmp_path / "mixing.json").write_text(json.dumps(choices))
    mixer = Mixer(tmp_path)
    text = "War and peace, war and peace."
    assert mixer(text, 1.0, random.Random(1)) == "guerra and peace, guerra and peace."
    assert mixer(text, 0.0, random.Random(1)) == text


def test_a_rank_counts_ties_against_the_right_answer() -> None:
    passages = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    queries = np.array([[1, 0], [0, 1]], np.float32)
    found = ranks(queries, passages, np.array([0, 1]))
    assert found.tolist() == [2, 1]
    assert ndcg(found) == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert np.linalg.norm(cut(passages[:1], 1)[0]) == pytest.approx(1.0)
