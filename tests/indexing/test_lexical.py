"""The lexical index: its contract with the library, and what it must find across the languages."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.core.errors import IndexDamaged, IndexOutdated, StoreError
from rag.core.types import Language
from rag.indexing.expand import MOST_TERMS
from rag.indexing.lexical import EXPLAINED, FORMAT_FILE, LexicalHit, LexicalIndex

PASSAGES: dict[int, tuple[Language, str]] = {
    1: (
        "it",
        "Il Kazakistan e gli Stati Uniti hanno firmato 29 accordi per 17 miliardi di dollari.",
    ),
    2: ("it", "Le terre rare sono nel sottosuolo del Paese: un giacimento vale 1,5 milioni."),
    3: ("it", "Il ministro degli Esteri ha incontrato l’omologo del Kirghizistan ad Astana."),
    4: ("it", "La cucina italiana conosce molti modi di preparare il risotto con lo zafferano."),
    5: ("en", "The foreign minister said that renewable energy needs critical minerals."),
    6: ("en", "Rare earth deposits were found in the Karaganda region last year."),
    7: ("en", "A good risotto needs stock, butter and a little patience."),
}


def fill(folder: Path, passages: dict[int, tuple[Language, str]]) -> LexicalIndex:
    index = LexicalIndex.create(folder)
    keys = list(passages)
    index.add(keys, [passages[k][1] for k in keys], [passages[k][0] for k in keys])
    index.commit()
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return fill(tmp_path_factory.mktemp("lexical") / "index", PASSAGES)


def found(index: LexicalIndex, question: str, language: Language, k: int = 10) -> list[int]:
    return [hit.key for hit in index.search(question, language, k)]


@pytest.mark.parametrize(
    ("question", "language", "best"),
    [
        ("Quanti accordi hanno firmato Stati Uniti e Kazakistan?", "it", 1),
        ("How many agreements did the US and Kazakhstan sign?", "en", 1),
        ("dove sono le terre rare nel sottosuolo?", "it", 2),
        ("who met the colleague from Kyrgyzstan?", "en", 3),
        ("risotto allo zafferano", "it", 4),
        ("energie rinnovabili e minerali", "it", 5),
        ("giacimenti di terre rare nella regione di Karaganda", "it", 6),
        ("How much patience does risotto need?", "en", 7),
        ("il valore di 1.5 milioni", "it", 2),
    ],
)
def test_the_right_passage_comes_first(
    index: LexicalIndex, question: str, language: Language, best: int
) -> None:
    assert found(index, question, language)[0] == best


@pytest.mark.parametrize(
    ("question", "language", "key"),
    [
        ("rare earth", "en", 2),
        ("terre rare", "it", 6),
        ("foreign minister", "en", 3),
        ("ministro degli esteri", "it", 5),
    ],
)
def test_phrases_cross_the_languages(
    index: LexicalIndex, question: str, language: Language, key: int
) -> None:
    assert key in found(index, question, language, 2)


@pytest.mark.parametrize(
    ("question", "language", "best"),
    [("Kazakhistan", "it", 1), ("acordi frimati", "it", 1), ("zaferano", "it", 4)],
)
def test_spelt_wrongly_or_otherwise(
    index: LexicalIndex, question: str, language: Language, best: int
) -> None:
    assert found(index, question, language)[0] == best


def test_names_in_another_spelling_too(tmp_path: Path) -> None:
    passages: dict[int, tuple[Language, str]] = {
        1: ("it", "Il presidente Tokayev ha parlato al vertice."),
        2: ("it", "Secondo Toqaev il vertice è andato bene."),
        3: ("it", "Il vertice è finito."),
    }
    index = fill(tmp_path / "index", passages)
    for language in ("it", "en"):
        assert set(found(index, "Tokayev", language)) == {1, 2}  # type: ignore[arg-type]
        assert found(index, "Tokayev", language)[0] == 1  # type: ignore[arg-type]


def test_a_misdetected_language_still_finds_names(index: LexicalIndex) -> None:
    assert found(index, "Karaganda deposits", "it")[0] == 6
    assert found(index, "zafferano risotto", "en")[0] == 4


def test_hits_say_what_they_matched(index: LexicalIndex) -> None:
    best = index.search("Which agreements did the foreign minister of Kazakhstan sign?", "en", 7)
    terms = {hit.key: dict(hit.terms) for hit in best}
    assert terms[1]["agreements"] == "accordi"
    assert terms[1]["kazakhstan"] == "kazakistan"
    assert terms[3]["foreign minister"] == "ministro degli esteri"
    assert len([hit for hit in best if hit.terms]) <= EXPLAINED


def test_explain_gives_weighted_alternatives(index: LexicalIndex) -> None:
    groups = index.explain("rare earth agreements", "en")
    italian = {group.term: group for group in groups if group.language == "it"}
    phrase = italian["rare earth"]
    assert ("terr", "rar") in [alternative.stems for alternative in phrase.alternatives]
    assert [part.term for part in phrase.parts] == ["rare", "earth"]
    assert all(0 < a.weight <= 1 for group in groups for a in group.alternatives)
    own = [g.alternatives[0] for g in groups if g.language == "en"]
    assert all(a.kind == "own" and a.weight == 1 for a in own)


@pytest.mark.parametrize("question", ["", "   ", "?!…", "🙂🙃", "\x00"])
def test_nothing_to_search_for(index: LexicalIndex, question: str) -> None:
    assert index.search(question, "it", 5) == []


def test_a_question_of_function_words_alone(index: LexicalIndex) -> None:
    assert 5 in found(index, "that", "en")


def test_a_very_long_question_is_bounded(index: LexicalIndex) -> None:
    question = "accordi " + " ".join(f"parola{n}" for n in range(12_000))
    assert len(question) > 100_000
    assert len(index.explain(question, "it")) <= 2 * MOST_TERMS
    assert found(index, question, "it")[0] == 1


def test_k_is_kept(index: LexicalIndex) -> None:
    assert len(index.search("risotto accordi terre", "it", 2)) == 2
    assert index.search("risotto", "it", 0) == []


@pytest.mark.parametrize("kind", [list, set, frozenset, lambda keys: np.array(keys, np.int64)])
def test_filters_are_exact(index: LexicalIndex, kind: object) -> None:
    everything = index.search("risotto accordi terre rare minister", "it", 10)
    assert len(everything) == 7
    for keys in ([4, 7], [1], [3, 999], [999]):
        allowed = kind(keys)  # type: ignore[operator]
        filtered = index.search("risotto accordi terre rare minister", "it", 10, allowed)
        assert [h.key for h in filtered] == [h.key for h in everything if h.key in keys]
        assert [h.score for h in filtered] == pytest.approx(
            [h.score for h in everything if h.key in keys], rel=1e-5
        )
    assert index.search("risotto", "it", 10, kind([])) == []  # type: ignore[operator]


def test_ties_go_by_key(tmp_path: Path) -> None:
    keys = [9, 3, 7, 1, 5, 8]
    index = fill(tmp_path / "index", dict.fromkeys(keys, ("it", "lo stesso identico testo")))
    assert found(index, "testo identico", "it") == sorted(keys)
    assert found(index, "testo identico", "it", 2) == [1, 3]


def test_added_deleted_replaced_and_reopened(tmp_path: Path) -> None:
    index = fill(tmp_path / "index", PASSAGES)
    index.add([8], ["Un passaggio sul formaggio."], ["it"])
    assert found(index, "formaggio", "it") == []  # not before the commit
    index.delete([4, 12345])
    index.add([7], ["Now about bicycles."], ["en"])
    index.commit()
    assert found(index, "formaggio", "it") == [8]
    assert found(index, "zafferano", "it") == []
    assert found(index, "bicycles", "en") == [7]
    assert 7 not in found(index, "patience", "en")
    assert len(index) == 7
    index.close()
    again = LexicalIndex.open(tmp_path / "index")
    assert found(again, "formaggio", "it") == [8]
    assert len(again) == 7
    again.add([4], ["Di nuovo lo zafferano."], ["it"])
    again.commit()
    assert found(again, "zafferano", "it") == [4]


def test_closing_drops_what_was_not_committed(tmp_path: Path) -> None:
    index = fill(tmp_path / "index", PASSAGES)
    index.add([8], ["Un passaggio sul formaggio."], ["it"])
    index.close()
    assert len(LexicalIndex.open(tmp_path / "index")) == len(PASSAGES)


def test_an_empty_index_answers(tmp_path: Path) -> None:
    index = LexicalIndex.create(tmp_path / "index")
    assert index.search("accordi", "it", 5) == []
    index.commit()
    assert LexicalIndex.open(tmp_path / "index").search("accordi", "en", 5) == []


def test_keys_are_positive(tmp_path: Path) -> None:
    index = LexicalIndex.create(tmp_path / "index")
    with pytest.raises(ValueError, match="not positive"):
        index.add([0], ["testo"], ["it"])


def test_another_version_is_outdated(tmp_path: Path) -> None:
    fill(tmp_path / "index", PASSAGES).close()
    (tmp_path / "index" / FORMAT_FILE).write_text(json.dumps({"format": 99}))
    with pytest.raises(IndexOutdated, match="another version"):
        LexicalIndex.open(tmp_path / "index")


@pytest.mark.parametrize("victim", [FORMAT_FILE, "meta.json", "*.term", "*.idx", "*.store"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_damage_is_noticed(tmp_path: Path, victim: str, damage: str) -> None:
    fill(tmp_path / "index", PASSAGES).close()
    (path,) = (tmp_path / "index").glob(victim)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:10])
    with pytest.raises((IndexDamaged, StoreError)):
        LexicalIndex.open(tmp_path / "index")


def test_a_missing_folder_is_damage(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        LexicalIndex.open(tmp_path / "none")


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    fill(folder, PASSAGES).close()
    code = (
        "import sys, time; from pathlib import Path\n"
        "from rag.indexing.lexical import LexicalIndex\n"
        "index = LexicalIndex.open(Path(sys.argv[1])); index.add([8], ['formaggio'], ['it'])\n"
        "print('writing', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    index = LexicalIndex.open(folder)
    assert len(index) == len(PASSAGES)
    index.add([8], ["formaggio"], ["it"])
    index.commit()
    assert found(index, "formaggio", "it") == [8]


def test_a_reader_keeps_its_state_while_another_writes(tmp_path: Path) -> None:
    writer = fill(tmp_path / "index", PASSAGES)
    reader = LexicalIndex.open(tmp_path / "index")
    writer.delete([1])
    writer.add([8], ["Un passaggio sul formaggio."], ["it"])
    writer.commit()
    assert found(reader, "formaggio", "it") == []
    assert 1 in found(reader, "accordi", "it")


def test_the_language_with_fewer_passages_is_not_drowned(tmp_path: Path) -> None:
    passages: dict[int, tuple[Language, str]] = {
        n: ("it", f"Il passaggio numero {n} parla di argomenti diversi dal solito.")
        for n in range(1, 60)
    }
    passages[60] = ("en", "The observatory on the mountain has a large telescope.")
    passages[61] = ("it", "Il telescopio.")
    index = fill(tmp_path / "index", passages)
    hits = {hit.key: hit.score for hit in index.search("large telescope observatory", "en", 10)}
    assert hits[60] > hits[61]


def test_two_builds_are_equal(tmp_path: Path) -> None:
    question = "Which agreements on rare earth did the minister sign?"
    one, two = fill(tmp_path / "one", PASSAGES), fill(tmp_path / "two", PASSAGES)
    assert one.search(question, "en", 10) == two.search(question, "en", 10)


def test_threads_get_the_same_answers(index: LexicalIndex) -> None:
    questions = ["accordi firmati", "terre rare", "acordi", "ministro degli esteri"] * 5
    wanted = [index.search(question, "it", 5) for question in questions]
    got: list[list[list[LexicalHit]]] = []

    def ask() -> None:
        got.append([index.search(question, "it", 5) for question in questions])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [wanted] * 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(question=st.text(max_size=200), k=st.integers(1, 9))
def test_any_question_gives_a_ranking(index: LexicalIndex, question: str, k: int) -> None:
    for language in ("it", "en"):
        hits = index.search(question, language, k)  # type: ignore[arg-type]
        assert len(hits) <= k
        assert len({hit.key for hit in hits}) == len(hits)
        assert [(-hit.score, hit.key) for hit in hits] == sorted((-h.score, h.key) for h in hits)
        assert all(hit.score > 0 for hit in hits)
