"""`rag eval` as a person runs it, over a real index of the seeds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, SEEDS, RagCommand

EVAL = ROOT / "eval"
FEW = 12


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A dozen of the real questions, a third of them without an answer, and two follow-ups."""
    rows = lines(EVAL / "questions.jsonl")
    chosen = [row for row in rows if row["answerable"]][: FEW - 4]
    chosen += [row for row in rows if not row["answerable"]][:4]
    write(tmp_path / "conversations.jsonl", lines(EVAL / "conversations.jsonl")[:2])
    return write(tmp_path / "few.jsonl", chosen)


def test_a_run_prints_saves_and_repeats_itself(
    rag: RagCommand, few: Path, seeds_index: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        done = rag("eval", "--set", few, "--index", seeds_index, "--out", tmp_path / name / "run")
        assert done.code == 0, done.err
        for part in ("nDCG@10", "R@5", "AUROC", "Italian", "English", "Follow-up", "Latency"):
            assert part in done.out
        assert "report.html" in done.err
    for name in ("run.json", "report.md"):
        one, two = (tmp_path / which / "run" / name for which in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    run = json.loads((tmp_path / "one" / "run" / "run.json").read_text())
    assert len(run["records"]) == FEW
    assert run["figures"]["all"]["nDCG@10"]["n"] == FEW - 4
    assert str(ROOT) not in json.dumps(run)
    assert str(tmp_path) not in json.dumps(run)


def test_json_is_the_figures_and_nothing_else(
    rag: RagCommand, few: Path, seeds_index: Path
) -> None:
    done = rag("eval", "--set", few, "--index", seeds_index, "--search-only", "--json")
    assert done.code == 0, done.err
    figures = json.loads(done.out)["figures"]
    assert 0.0 <= figures["it"]["R@10"]["low"] <= figures["it"]["R@10"]["value"] <= 1.0
    assert "AUROC" not in figures["all"]


def test_the_gate_opens_and_shuts(
    rag: RagCommand, few: Path, seeds_index: Path, tmp_path: Path
) -> None:
    expected = tmp_path / "expected.json"
    options = ("--set", few, "--index", seeds_index, "--expected", expected, "--quiet")
    missing = rag("eval", *options, "--gate")
    assert missing.code == 1
    assert "--renew" in missing.err
    assert rag("eval", *options, "--renew").code == 0
    opened = rag("eval", *options, "--gate")
    assert opened.code == 0, opened.err
    assert "The gate is open" in opened.err
    figures = json.loads(expected.read_text())
    figures["all/nDCG@10"]["value"] = 1.5
    expected.write_text(json.dumps(figures))
    shut = rag("eval", *options, "--gate")
    assert shut.code == 1
    assert "all/nDCG@10 fell by" in shut.err


def test_compare_two_settings_as_saved_runs(rag: RagCommand, few: Path, seeds_index: Path) -> None:
    options = ("--set", few, "--index", seeds_index, "--search-only", "--quiet")
    for name, weight in (("words", "0.0"), ("meaning", "1.0")):
        env = {"RAG_DENSE_WEIGHT": weight}
        assert rag("eval", *options, "--name", name, env=env).code == 0
    done = rag("eval", "--compare", "words", "meaning")
    assert done.code == 0, done.err
    for part in ("meaning against words", "Won on nDCG@10", "Lost on nDCG@10", "randomisation"):
        assert part in done.out
    table = json.loads(rag("eval", "--compare", "words", "words", "--json").out)
    assert table["same"] == FEW - 4
    assert {row["p"] for row in table["rows"]} == {1.0}


@pytest.mark.slow
def test_sweep_runs_each_condition_with_an_index_of_its_own_where_needed(
    rag: RagCommand, few: Path, tmp_path: Path
) -> None:
    conditions = tmp_path / "conditions.toml"
    conditions.write_text(
        "[words]\ndense_weight = 0.0\n[small]\nchunk_size = 300\n"
        '[gone]\nembedder = "/no/such/model"\n'
    )
    shutil.copytree(SEEDS, tmp_path / "seeds")
    out = tmp_path / "sweep"
    done = rag(
        "eval", "--sweep", "--set", few, "--conditions", conditions, "--search-only", "--out", out
    )
    assert done.code == 0, done.err
    chunks = {
        name: json.loads((out / name / "run.json").read_text())["described"]["index"]["chunks"]
        for name in ("words", "small")
    }
    assert chunks["small"] > 1.5 * chunks["words"]
    summary = json.loads((out / "sweep.json").read_text())
    assert list(summary) == ["words", "small", "gone"]
    assert "/no/such/model" in summary["gone"]["problem"]
    bad = rag("eval", "--sweep", "nowhere", "--set", few, "--conditions", conditions)
    assert bad.code == 1
    assert "There are: words, small, gone" in bad.err


def test_out_as_trec_and_in_again_is_the_same_run(
    rag: RagCommand, few: Path, seeds_index: Path, tmp_path: Path
) -> None:
    out = tmp_path / "exported"
    options = ("--set", few, "--index", seeds_index, "--search-only", "--quiet")
    assert rag("eval", *options, "--name", "ours", "--export-trec", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        "corpus.jsonl", "queries.jsonl", "qrels", "qrels.trec", "run.trec",
    }  # fmt: skip
    done = rag("eval", *options, "--name", "theirs", "--import-run", out / "run.trec")
    if done.code:  # a question for which nothing was found is not in a run file
        assert "not in the run" in done.err
    table = json.loads(rag("eval", "--compare", "ours", "theirs", "--json").out)
    assert table["same"] == FEW - 4


@pytest.mark.slow
def test_a_public_set_is_indexed_and_judged_by_document(rag: RagCommand, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    texts = ["Il ponte fu aperto nel 1932.", "La pesca è vietata da ottobre a gennaio.", "Altro."]
    corpus = [{"_id": f"d{n}", "title": "", "text": text} for n, text in enumerate(texts)]
    write(folder / "corpus.jsonl", corpus)
    queries = [
        {"_id": "q0", "text": "Quando fu aperto il ponte?"},
        {"_id": "q1", "text": "When is fishing forbidden?", "metadata": {"lang": "en"}},
    ]
    write(folder / "queries.jsonl", queries)
    rows = "query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n"
    (folder / "qrels" / "test.tsv").write_text(rows)
    done = rag("eval", "--beir", folder, "--json")
    assert done.code == 0, done.err
    figures = json.loads(done.out)["figures"]
    assert figures["it"]["RR@10"]["value"] == 1.0
    assert set(figures) >= {"all", "it", "en"}


def test_check_set_passes_the_real_set_and_names_what_is_wrong(
    rag: RagCommand, few: Path, seeds_index: Path
) -> None:
    real = rag("eval", "--check-set", "--set", EVAL / "questions.jsonl", "--index", seeds_index)
    assert real.code == 0, real.out
    assert "0 errors" in real.out
    rows = lines(few)
    rows[0]["gold"][0]["quote"] += " ecc."
    rows[1]["lang"] = "de"
    done = rag("eval", "--check-set", "--set", write(few, rows), "--index", seeds_index)
    assert done.code == 1
    assert "few.jsonl line 2: field 'lang'" in done.out
    assert f"error: {rows[0]['id']}: the quote" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--set", "gone.jsonl"), 1, "There is no file gone.jsonl"),
        (("-k", "5"), 2, "-k 5 is too few"),
        (("--compare", "a"), 2, "--compare needs two runs"),
        (("--compare", "a", "b"), 1, "There is no run 'a'"),
        (("--compare", "nothing=1", "a"), 1, "there is no setting 'nothing'"),
        (("--compare", "--sweep"), 2, "Choose one of"),
        (("stray",), 2, "needs --compare or --sweep"),
        (("--sweep",), 1, "There is no eval/conditions.toml"),
        (("--beir", "nowhere"), 1, "corpus.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_right_is_told_in_one_line(
    rag: RagCommand, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = rag("eval", *arguments)
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_set_for_other_documents_is_refused(rag: RagCommand, few: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nota.txt").write_text("Il gatto dorme sul tetto della casa rossa.")
    done = rag("eval", "--set", few, "--sources", tmp_path / "mine", "--index", tmp_path / "i")
    assert done.code == 1
    assert "few.jsonl is about other documents" in done.err
    assert "--index" in done.err
    assert not (tmp_path / "eval").exists()
