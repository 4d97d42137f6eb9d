"""Saved runs: all of one or none of it, and the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.core.errors import EvalError, NotFound
from rag.evaluate import suite
from rag.evaluate.figures import figures
from rag.evaluate.store import dump, find_run, flatten, load_run, written_aside
from tests.evaluate.conftest import World, build, run_of

FILES = {"run.json", "timings.json", "report.html", "report.md"}


def test_a_saved_run_comes_back_whole(world: World, tmp_path: Path) -> None:
    run, timings = run_of(world)
    suite.save(run, timings, world.documents, tmp_path / "runs" / "one")
    assert {path.name for path in (tmp_path / "runs" / "one").iterdir()} == FILES
    assert load_run("one", tmp_path / "runs") == run
    assert load_run(tmp_path / "runs" / "one" / "run.json") == run
    assert figures(load_run(tmp_path / "runs" / "one").records) == run.figures


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        world = build()
        run, timings = run_of(world)
        suite.save(run, timings, world.documents, tmp_path / name)
    for name in ("run.json", "report.md"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_run_json_holds_one_question_a_line(world: World) -> None:
    text = dump(run_of(world)[0])
    lines = [line for line in text.splitlines() if '"id": "' in line]
    assert len(lines) == len(world.items)
    assert len(json.loads(text)["records"]) == len(world.items)


def interrupted(target: Path) -> None:
    with written_aside(target) as aside:
        (aside / "run.json").write_text("half")
        raise KeyboardInterrupt


def test_an_interrupted_run_leaves_what_there_was(world: World, tmp_path: Path) -> None:
    target = tmp_path / "run"
    run, timings = run_of(world)
    suite.save(run, timings, world.documents, target)
    before = (target / "run.json").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        interrupted(target)
    assert (target / "run.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_new_run_takes_the_place_of_the_old_one(world: World, tmp_path: Path) -> None:
    target = tmp_path / "run"
    for name in ("old", "new"):
        run, timings = run_of(world, name)
        suite.save(run, timings, world.documents, target)
    assert load_run(target).name == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_of_somebody_elses_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("years of work")
    with (
        pytest.raises(EvalError, match="is not an evaluation run"),
        written_aside(tmp_path / "thesis"),
    ):
        pytest.fail("the block must not run")
    assert (tmp_path / "thesis" / "chapter1.txt").read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(EvalError, match="cannot be written"),
        written_aside(tmp_path / "file" / "run"),
    ):
        pytest.fail("the block must not run")


def test_a_run_that_is_not_there_or_not_a_run_is_named(tmp_path: Path) -> None:
    assert find_run("none", tmp_path) is None
    with pytest.raises(NotFound, match="There is no run 'none'"):
        load_run("none", tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text('{"format": "fonte-eval-run/0"}')
    with pytest.raises(EvalError, match=r"bad/run\.json is not a run of this version \(format"):
        load_run("bad", tmp_path)


def test_figures_have_flat_names_for_the_gate(world: World) -> None:
    run, _ = run_of(world)
    flat = flatten(run)
    assert flat["it/nDCG@10"] == run.figures["it"]["nDCG@10"].value
    assert "type:who/answered_wrong" in flat
