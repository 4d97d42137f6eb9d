"""Two runs against each other, and a run against what is expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.core.errors import EvalError
from rag.evaluate.compare import compare, paired_p
from rag.evaluate.gate import Expected, breaches, dump_expected, load_expected, renewed
from rag.evaluate.markdown import comparison_report
from rag.evaluate.store import flatten
from tests.evaluate.conftest import QUESTIONS, World, build, run_of

ASKED = {row["id"]: row["question"] for row in QUESTIONS}


def test_won_and_lost_questions_are_named(world: World) -> None:
    before = run_of(world, "before")[0]
    worse = build()
    worse.searcher.broken.add(ASKED["bridge-it"])
    after = run_of(worse, "after")[0]
    found = compare(before, after)
    assert [change.id for change in found.lost] == ["bridge-it"]
    assert found.won == ()
    assert found.same == 3
    assert [change.id for change in compare(after, before).won] == ["bridge-it"]
    row = next(row for row in found.rows if (row.cut, row.measure) == ("it", "nDCG@10"))
    assert row.difference == pytest.approx(-0.5)
    assert row.n == 2
    assert row.p == 1.0  # one question cannot be significant
    assert "- -1.000 `bridge-it` Quando fu aperto" in comparison_report(found)


def test_of_measures_where_less_is_better_less_is_a_win(world: World) -> None:
    worse = build()
    worse.assistant.broken.add(ASKED["bridge-it"])
    found = compare(run_of(world)[0], run_of(worse)[0], "refused_wrong")
    assert [change.id for change in found.lost] == ["bridge-it"]


def test_a_run_is_the_same_as_itself(world: World) -> None:
    run = run_of(world)[0]
    found = compare(run, run)
    assert (found.won, found.lost, found.same) == ((), (), 4)
    assert {row.p for row in found.rows} == {1.0}
    assert paired_p(run, run) == 1.0


def test_runs_of_different_sets_are_refused(world: World) -> None:
    run = run_of(world)[0]
    other = run.model_copy(update={"set": run.set.model_copy(update={"sha256": "1" * 64})})
    with pytest.raises(EvalError, match="runs of different sets"):
        compare(run, other)
    with pytest.raises(EvalError, match="no measure 'nDGC'"):
        compare(run, run, "nDGC")


def expect(**figures: tuple[float, float]) -> dict[str, Expected]:
    return {
        name.replace("__", "/"): Expected(value=value, tolerance=tolerance)
        for name, (value, tolerance) in figures.items()
    }


def test_the_gate_lets_small_falls_and_all_rises_pass() -> None:
    expected = {"all/R@5": Expected(value=0.9, tolerance=0.02)}
    for value in (0.88, 0.9, 1.0):
        assert breaches(expected, {"all/R@5": value}) == []
    (broken,) = breaches(expected, {"all/R@5": 0.87})
    assert str(broken) == ("all/R@5 fell by 0.0300 to 0.8700 (expected 0.9000 within 0.02)")


def test_the_gate_knows_which_way_is_worse() -> None:
    expected = expect(all__answered_wrong=(0.2, 0.05))
    assert breaches(expected, {"all/answered_wrong": 0.0}) == []
    (broken,) = breaches(expected, {"all/answered_wrong": 0.3})
    assert "rose by 0.1000" in str(broken)


def test_a_figure_that_is_gone_shuts_the_gate() -> None:
    (broken,) = breaches(expect(it__AUROC=(0.9, 0.1)), {})
    assert "it/AUROC is missing from this run" in str(broken)


def test_expectations_are_renewed_with_their_tolerances(world: World, tmp_path: Path) -> None:
    flat = flatten(run_of(world)[0])
    first = renewed({}, flat)
    assert {"all/nDCG@10", "it/nDCG@10", "en/answer_correct", "all/AUROC"} <= set(first)
    assert not any(name.startswith(("type:", "tag:")) for name in first)
    old = expect(it__RR=(0.1, 0.0)) and {"it/RR@10": Expected(value=0.1, tolerance=0.3)}
    path = tmp_path / "expected.json"
    path.write_text(dump_expected(renewed(old, flat)))
    loaded = load_expected(path)
    assert list(loaded) == ["it/RR@10"]
    assert loaded["it/RR@10"].tolerance == 0.3
    assert loaded["it/RR@10"].value == pytest.approx(flat["it/RR@10"], abs=1e-4)
    assert breaches(loaded, flat) == []
    with pytest.raises(EvalError, match="no figure fr/RR@10"):
        renewed({"fr/RR@10": old["it/RR@10"]}, flat)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"expected\.json line 1"),
        ('{"all/R@5": {"value": 0.9}}', "'all/R@5.tolerance'"),
        ('{"all/R@5": {"value": 0.9, "tolerance": -1}}', "'all/R@5.tolerance'"),
        ('{"all/R@7.5": {"value": 0.9, "tolerance": 0}}', "names no measure"),
        ('{"R@5": {"value": 0.9, "tolerance": 0}}', "names no measure"),
    ],
)
def test_bad_expectations_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "expected.json"
    path.write_text(text)
    with pytest.raises(EvalError, match=message):
        load_expected(path)


def test_missing_expectations_say_how_to_make_them(write: Callable[..., Path]) -> None:
    with pytest.raises(EvalError) as caught:
        load_expected(write("{}").with_name("gone.json"))
    assert "rag eval --renew" in caught.value.remedy
