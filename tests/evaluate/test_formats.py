"""TREC files and the BEIR layout: out and in again, and errors by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.core.errors import EvalError
from rag.evaluate import beir, conditions, trec
from rag.evaluate.measures import retrieval
from rag.evaluate.run import execute
from tests.evaluate.conftest import World, document


def put(folder: Path, files: dict[Path, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_a_run_goes_out_and_comes_in_the_same(world: World, tmp_path: Path) -> None:
    records = execute(world.items, world.searcher, None).records
    put(tmp_path, {Path("run.trec"): trec.dump_run(records)})
    loaded = trec.load_run(tmp_path / "run.trec", world.items)
    assert loaded == {one.id: [shown.unit for shown in one.shown] for one in records if one.shown}


def test_qrels_go_out_and_come_in_the_same(world: World, tmp_path: Path) -> None:
    put(tmp_path, {Path("qrels.trec"): trec.dump_qrels(world.items)})
    loaded = trec.load_qrels(tmp_path / "qrels.trec")
    assert set(loaded) == {item.id for item in world.items if item.answerable}
    two = next(item for item in world.items if item.id == "two-it")
    assert loaded["two-it"] == two.judged[0] | two.judged[1]


def test_other_tools_score_our_files_as_we_do(world: World, tmp_path: Path) -> None:
    import ir_measures

    records = execute(world.items, world.searcher, None).records
    put(tmp_path, {Path("r"): trec.dump_run(records), Path("q"): trec.dump_qrels(world.items)})
    found = ir_measures.iter_calc(
        [ir_measures.nDCG @ 10, ir_measures.RR @ 10],
        ir_measures.read_trec_qrels(str(tmp_path / "q")),
        ir_measures.read_trec_run(str(tmp_path / "r")),
    )
    ours = {record.id: record.measures for record in records}
    checked = [ours[one.query_id][str(one.measure)] == pytest.approx(one.value) for one in found]
    assert len(checked) == 8
    assert all(checked)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bridge-it Q0 u 1", r"run\.trec line 2: 4 columns, not 6"),
        ("nobody Q0 u 1 1.0 t", "line 2: question 'nobody' is not in the set"),
        ("bridge-it Q0 u 1 high t", "line 2: score 'high' is not a number"),
        ("bridge-it Q0 first 1 1.0 t", "line 2: 'first' is ranked twice"),
    ],
)
def test_bad_run_lines_are_named(world: World, tmp_path: Path, line: str, message: str) -> None:
    put(tmp_path, {Path("run.trec"): f"bridge-it Q0 first 1 9.0 t\n{line}\n"})
    with pytest.raises(EvalError, match=message):
        trec.load_run(tmp_path / "run.trec", world.items)


CORPUS = (
    '{"_id": "d1", "title": "Ponte", "text": "Fu aperto nel 1932."}\n'
    '{"_id": "d2", "title": "", "text": "The museum opened in 1968."}\n'
)
QUERIES = (
    '{"_id": "q1", "text": "Quando fu aperto?", "metadata": {"lang": "it"}}\n'
    '{"_id": "q2", "text": "When did the museum open?"}\n{"_id": "q3", "text": "Not judged"}\n'
)
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td1\t0\n"


def layout(folder: Path, **change: str) -> Path:
    texts = {"corpus": CORPUS, "queries": QUERIES, "qrels": QRELS} | change
    return put(
        folder,
        {
            Path("corpus.jsonl"): texts["corpus"],
            Path("queries.jsonl"): texts["queries"],
            Path("qrels/test.tsv"): texts["qrels"],
        },
    )


def test_a_public_set_is_read(tmp_path: Path) -> None:
    public = beir.load(layout(tmp_path / "set"))
    assert [query.id for query in public.queries] == ["q1", "q2"]
    names = beir.write_sources(public, tmp_path / "sources")
    texts = {key: (tmp_path / "sources" / name).read_text() for name, key in names.items()}
    assert texts == {"d1": "Ponte\nFu aperto nel 1932.", "d2": "The museum opened in 1968."}
    by_id = {key: document(name, texts[key]) for name, key in names.items()}
    items = beir.items(public, by_id, lambda _: "en")
    assert [(item.id, item.lang, item.judged) for item in items] == [
        ("q1", "it", ({"d1": 1},)),
        ("q2", "en", ({"d2": 2},)),
    ]
    assert items[0].needs[0][0].length == len(texts["d1"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": CORPUS + "{\n"}, r"corpus\.jsonl line 3: not JSON"),
        ({"corpus": '{"_id": "d1"}\n'}, r"corpus\.jsonl line 1: field 'text' must be a text"),
        ({"queries": '{"text": "x"}\n'}, r"queries\.jsonl line 1: field '_id' must be a text"),
        ({"qrels": "q1\td1\n"}, r"test\.tsv line 1: 2 columns, not 3"),
        ({"qrels": QRELS + "q1\td1\tgood\n"}, r"test\.tsv line 5: grade 'good'"),
        ({"qrels": "q1\td9\t1\n"}, "judges 'd9' for 'q1', which is not in corpus"),
        ({"qrels": "q9\td1\t1\n"}, "No question .* is judged"),
    ],
)
def test_bad_lines_of_a_public_set_are_named(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    with pytest.raises(EvalError, match=message):
        beir.load(layout(tmp_path, **change))


def test_a_missing_file_of_a_public_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match=r"corpus\.jsonl cannot be read"):
        beir.load(tmp_path)


def test_our_set_goes_out_in_beir_layout_and_scores_the_same(world: World, tmp_path: Path) -> None:
    titles = {one.doc_id: one.path for one in world.documents}
    public = beir.load(put(tmp_path, beir.export(world.items, world.chunks, titles)))
    assert {one.id for one in public.passages} == {one.chunk_id for one in world.chunks}
    assert (
        json.loads((tmp_path / "queries.jsonl").read_text().splitlines()[0])["_id"] == "bridge-it"
    )
    records = execute(world.items, world.searcher, None).records
    rankings = {one.id: [shown.unit for shown in one.shown] for one in records}
    judged = {query.id: (public.grades[query.id],) for query in public.queries}
    found = retrieval(judged, rankings)
    for record in records:
        if record.answerable:
            assert found[record.id]["nDCG@10"] == record.measures["nDCG@10"]


def test_conditions_are_tables_of_settings(write: Callable[..., Path]) -> None:
    path = write('[lexical]\nabout = "words"\ndense_weight = 0.0\n[small]\nchunk_size = 400\n')
    found = conditions.load(path)
    assert found["lexical"].settings == {"dense_weight": 0.0}
    assert not found["lexical"].needs_own_index
    assert found["small"].needs_own_index
    assert [one.name for one in conditions.choose(found, [])] == ["lexical", "small"]
    assert [one.name for one in conditions.choose(found, ["small"])] == ["small"]
    with pytest.raises(EvalError, match="no condition 'dense'") as caught:
        conditions.choose(found, ["dense"])
    assert caught.value.remedy.startswith("There are: lexical, small; ")


def test_a_condition_may_be_given_as_settings() -> None:
    (found,) = conditions.choose({}, ["dense_weight=0.3,embedder=models/mine"])
    assert found.settings == {"dense_weight": 0.3, "embedder": "models/mine"}
    assert found.needs_own_index
    assert "/" not in found.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a", "not valid TOML"),
        ("a = 1\n", "'a' is not a table"),
        ('["../x"]\n', "cannot be a name"),
        ("", "names no condition"),
        ("[a]\nchunksize = 3\n", r"conditions\.toml: there is no setting 'chunksize'"),
    ],
)
def test_bad_conditions_are_named(write: Callable[..., Path], text: str, message: str) -> None:
    with pytest.raises(EvalError, match=message):
        conditions.load(write(text, "conditions.toml"))


def test_passages_of_equal_text_are_one_document(tmp_path: Path) -> None:
    corpus = CORPUS + '{"_id": "d3", "title": "Ponte", "text": "Fu aperto nel 1932."}\n'
    qrels = "query-id\tcorpus-id\tscore\nq1\td3\t1\n"
    public = beir.load(layout(tmp_path, corpus=corpus, qrels=qrels))
    assert [passage.id for passage in public.passages] == ["d1", "d2"]
    assert public.grades == {"q1": {"d1": 1}}
    theirs = beir.rankings_of_first({"q1": ["d2", "d3", "d1"]}, public.twins)
    assert theirs == {"q1": ["d2", "d1"]}
