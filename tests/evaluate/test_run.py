"""Running a set: everything is kept, nothing is dropped."""

from __future__ import annotations

import pytest

from rag.core.types import Answer, Citation
from rag.evaluate.figures import confidences, figures, latencies, slices
from rag.evaluate.measures import ABSTENTION, ANSWERS, MEASURES, RETRIEVAL, SHOWN_TEXT
from rag.evaluate.records import failure
from rag.evaluate.relevance import Interval
from rag.evaluate.run import execute, score
from tests.evaluate.conftest import QUESTIONS, World, build, run_of

ASKED = {row["id"]: row["question"] for row in QUESTIONS}


def test_each_question_is_asked_and_judged(world: World) -> None:
    records = {one.id: one for one in execute(world.items, world.searcher, world.assistant).records}
    assert list(records) == [item.id for item in world.items]
    assert records["bridge-it"].measures["answer_complete"] == 1.0
    assert records["bridge-it"].shown[0].grade == 2
    assert failure(records["bridge-it"]) is None
    assert failure(records["bridge-en"]) == "refused wrongly"
    assert failure(records["clock-en"]) == "gold not shown"
    assert failure(records["none-it"]) == "answered wrongly"
    assert "nDCG@10" not in records["none-it"].measures


def test_a_search_that_breaks_counts_as_the_worst_of_everything(world: World) -> None:
    world.searcher.broken.add(ASKED["bridge-it"])
    record = execute(world.items, world.searcher, world.assistant).records[0]
    assert record.error == "RuntimeError: the searcher broke"
    assert failure(record) == "error"
    for measure in (*RETRIEVAL, SHOWN_TEXT, *ANSWERS, *ABSTENTION):
        if measure.population != "unanswerable":
            assert record.measures[measure.name] == MEASURES[measure.name].worst


def test_an_answerer_that_breaks_keeps_what_search_found(world: World) -> None:
    for name in ("bridge-it", "none-it"):
        world.assistant.broken.add(ASKED[name])
    records = {one.id: one for one in execute(world.items, world.searcher, world.assistant).records}
    assert records["bridge-it"].measures["nDCG@10"] == 1.0
    assert records["bridge-it"].measures["answer_correct"] == 0.0
    assert records["bridge-it"].measures["refused_wrong"] == 1.0
    assert records["none-it"].measures["answered_wrong"] == 1.0
    stated, answerable, _ = confidences(list(records.values()))
    assert stated[0] == 0.0
    assert answerable[0] == 1.0
    assert stated[-1] == 1.0
    assert answerable[-1] == 0.0


def test_a_failure_lowers_the_mean_and_not_the_count(world: World) -> None:
    before = figures(execute(world.items, world.searcher, world.assistant).records)
    world.searcher.broken.add(ASKED["bridge-it"])
    after = figures(execute(world.items, world.searcher, world.assistant).records)
    assert after["all"]["nDCG@10"].n == before["all"]["nDCG@10"].n == 4
    assert after["all"]["nDCG@10"].value == pytest.approx(
        before["all"]["nDCG@10"].value - before["it"]["nDCG@10"].n * 0.5 / 4
    )


def test_slices_are_by_language_type_and_tag(world: World) -> None:
    cut = slices(execute(world.items, world.searcher, None).records)
    assert list(cut) == [
        "all",
        "it",
        "en",
        "type:two passages",
        "type:when",
        "type:who",
        "tag:cross",
    ]
    assert [one.id for one in cut["type:who"]] == ["clock-en", "none-it"]


def test_searching_only_has_no_answer_figures(world: World) -> None:
    found = figures(execute(world.items, world.searcher, None).records)
    assert set(found["all"]) == {measure.name for measure in (*RETRIEVAL, SHOWN_TEXT)}


def test_near_passages_of_a_refusal_are_not_an_answer(world: World) -> None:
    records = execute(world.items, world.searcher, world.assistant).records
    refused = next(one for one in records if one.id == "bridge-en")
    assert refused.answer is not None
    assert refused.answer.citations
    assert refused.measures["answer_coverage"] == 0.0
    assert "citation_precision" not in refused.measures


def test_citations_are_judged_one_by_one(world: World) -> None:
    bridge = world.documents[0]

    class Two:
        def ask(self, question: str, history: object = (), filters: object = None) -> Answer:  # noqa: ARG002
            cited = (Citation.of(bridge, 0, 50), Citation.of(bridge, 62, 120))
            return Answer(question, "it", "—", cited, 0.9, unsupported=1)

    record = execute(world.items[:1], world.searcher, Two()).records[0]
    assert record.measures["citation_precision"] == 0.5
    assert record.measures["unsupported"] == 1.0
    assert record.measures["selective_accuracy"] == 1.0


def test_the_answer_that_must_show_two_passages_shows_one(world: World) -> None:
    world = build(size=1000)
    record = execute(world.items, world.searcher, world.assistant).records[3]
    assert record.measures["answer_correct"] == 0.5
    assert record.measures["R@1"] == 0.5


def test_somebody_elses_ranking_is_scored_the_same(world: World) -> None:
    ours = execute(world.items, world.searcher, None).records
    rankings = {one.id: [shown.unit for shown in one.shown] for one in ours}
    paths = {one.doc_id: one.path for one in world.documents}
    places = {one.chunk_id: Interval(paths[one.doc_id], one.start, one.end) for one in world.chunks}
    theirs = score(world.items, rankings, places).records
    assert [one.measures for one in theirs] == [one.measures for one in ours]
    del rankings["clock-en"]
    missing = score(world.items, rankings, places).records[2]
    assert missing.error == "not in the run"
    assert missing.measures["nDCG@10"] == 0.0


def test_latency_is_of_the_questions_that_came_back(world: World) -> None:
    world.assistant.broken.add(ASKED["clock-en"])
    run, timings = run_of(world)
    assert timings["clock-en"].answer_ms is None
    found = latencies(timings, run.records)
    assert found["all"]["answer p50"].n == 4
    assert found["all"]["search p95"].n == 5
    assert found["all"]["search p50"].value <= found["all"]["search p95"].value
