"""The real command line, run as a person runs it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag.embed import BUNDLED
from tests.conftest import ROOT, SEEDS, RagCommand, clean_environment

DEALS = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"


def stored_text(rag: RagCommand, index: Path, key: str) -> str:
    return str(json.loads(rag("show", key, "--index", index, "--json").out)["text"])


def test_version_and_help(rag: RagCommand) -> None:
    assert rag("--version").out.startswith("rag 0.")
    shown = rag("--help")
    assert shown.code == 0
    for command in ("ask", "search", "index", "show", "status", "verify", "eval", "chat", "serve"):
        assert command in shown.out
    for command in ("ask", "search", "index"):
        assert "Examples" in rag(command, "--help").out


def test_ask_builds_the_index_and_quotes_exactly(
    rag: RagCommand, seeds_copy: tuple[Path, Path]
) -> None:
    sources, index = seeds_copy
    first = rag("ask", DEALS, "--sources", sources, "--index", index, "--json")
    assert first.code == 0, first.err
    answer = json.loads(first.out)
    assert answer["language"] == "it"
    assert not answer["abstained"]
    assert any("29 accordi" in c["quote"] for c in answer["citations"])
    for citation in answer["citations"]:
        text = stored_text(rag, index, citation["doc_id"])
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        shown = answer["text"][citation["answer_start"] : citation["answer_end"]]
        assert citation["quote"] in shown


def test_ask_updates_when_the_sources_change_and_says_so(
    rag: RagCommand, seeds_copy: tuple[Path, Path]
) -> None:
    sources, index = seeds_copy
    rag("index", sources, "--index", index)
    (sources / "nuovo.txt").write_text(
        "Il ponte sul fiume Zarkal è lungo 731 metri ed è stato aperto nel 1987.\n",
        encoding="utf-8",
    )
    run = rag("ask", "Quanto è lungo il ponte sul fiume Zarkal?", "--index", index)
    assert run.code == 0
    assert "731 metri" in run.out
    assert "nuovo.txt" in run.out
    assert "updat" in run.err.lower()
    again = rag("ask", "Quanto è lungo il ponte sul fiume Zarkal?", "--index", index)
    assert "updat" not in again.err.lower()


def test_index_reports_what_changed(rag: RagCommand, seeds_copy: tuple[Path, Path]) -> None:
    sources, index = seeds_copy
    first = json.loads(rag("index", sources, "--index", index, "--json").out)
    assert len(first["added"]) == 5
    assert first["chunks"] > 40
    (sources / "003_c74d4546b9c654e9.txt").unlink()
    changed = sources / "000_fbebc661de5e621f.txt"
    changed.write_text(changed.read_text(encoding="utf-8") + "\nUna riga in più.\n", "utf-8")
    second = json.loads(rag("index", sources, "--index", index, "--json").out)
    assert second["removed"] == ["003_c74d4546b9c654e9.txt"]
    assert second["changed"] == ["000_fbebc661de5e621f.txt"]
    assert len(second["unchanged"]) == 3
    third = json.loads(rag("index", sources, "--index", index, "--json").out)
    assert len(third["unchanged"]) == 4
    assert third["sequence"] == second["sequence"]
    assert rag("verify", "--index", index).code == 0


def test_search_json_schema_and_spans(rag: RagCommand, seeds_index: Path) -> None:
    run = rag(
        "search",
        "How many agreements did Kazakhstan sign?",
        "-k",
        "4",
        "--json",
        "--index",
        seeds_index,
    )
    assert run.code == 0, run.err
    result = json.loads(run.out)
    assert set(result) == {"question", "language", "results", "timings_ms"}
    assert result["language"] == "en"
    assert [hit["rank"] for hit in result["results"]] == [1, 2, 3, 4]
    scores = [hit["score"] for hit in result["results"]]
    assert scores == sorted(scores, reverse=True)
    for hit in result["results"]:
        assert {"rank", "score", "doc_id", "path", "title", "date", "start", "end", "text"} <= set(
            hit
        )
        assert (SEEDS / hit["path"]).is_file()
        text = stored_text(rag, seeds_index, hit["doc_id"])
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_search_many_in_order_with_errors_in_place(rag: RagCommand, seeds_index: Path) -> None:
    lines = [
        json.dumps({"question": "terre rare"}),
        json.dumps({"question": ""}),
        "not json",
        json.dumps({"query": "x"}),
        json.dumps({"question": "Who is the foreign minister of Russia?"}),
    ]
    run = rag(
        "search", "--input", "-", "--index", seeds_index, "-k", "2", input="\n".join(lines) + "\n"
    )
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert run.code == 1
    assert [("results" in row) for row in rows] == [True, False, False, False, True]
    assert rows[0]["question"] == "terre rare"
    assert "line 3" in run.err
    assert "question" in rows[3]["error"]
    assert "Lavrov" in "".join(hit["text"] for hit in rows[4]["results"])


def test_search_input_file_equals_one_by_one(
    rag: RagCommand, seeds_index: Path, tmp_path: Path
) -> None:
    questions = [DEALS, "Middle Corridor?", "Chi è Elina Valtonen?"]
    file = tmp_path / "q.jsonl"
    file.write_text("".join(json.dumps({"question": q}) + "\n" for q in questions), "utf-8")
    many = [
        json.loads(x)
        for x in rag("search", "--input", file, "--index", seeds_index).out.splitlines()
    ]
    for question, row in zip(questions, many, strict=True):
        one = json.loads(rag("search", question, "--json", "--index", seeds_index).out)
        assert one["results"] == row["results"]


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("🙂🙂🙂", "no words"),
        ("a" * 100_000, "characters long"),
        ("Сколько соглашений подписали США и Казахстан в этом году?", "neither"),
        ("Combien d'accords ont été signés par les deux présidents cette année ?", "neither"),
    ],
)
def test_bad_questions_get_one_line_and_a_remedy(
    rag: RagCommand, seeds_index: Path, question: str, says: str
) -> None:
    for command in ("ask", "search"):
        run = rag(command, question, "--index", seeds_index)
        assert run.code == 2
        assert says in run.err
        assert "Traceback" not in run.err
        assert run.out == ""
        assert len(run.err.strip().splitlines()) <= 2


def test_no_index_and_no_sources(rag: RagCommand, tmp_path: Path) -> None:
    for arguments in (["ask", DEALS], ["search", DEALS], ["show", "x"], ["status"], ["verify"]):
        run = rag(*arguments, cwd=tmp_path)
        assert run.code == 1, run
        assert "rag index" in run.err
        assert "Traceback" not in run.err
    run = rag("index", tmp_path / "nowhere")
    assert run.code == 1
    assert "nowhere" in run.err


def test_unreadable_documents_are_named_and_the_rest_goes_in(
    rag: RagCommand, tmp_path: Path
) -> None:
    sources = tmp_path / "docs"
    sources.mkdir()
    shutil.copy(SEEDS / "003_c74d4546b9c654e9.txt", sources / "buono.txt")
    (sources / "vuoto.txt").write_text("")
    (sources / "binario.txt").write_bytes(bytes(range(256)) * 40)
    (sources / "latino.txt").write_bytes(
        "La città è però più là, perché sì. ".encode("cp1252") * 20
    )
    (sources / "giro").symlink_to(sources)
    run = rag("index", sources, "--index", tmp_path / "idx")
    assert run.code == 3
    assert "vuoto.txt" in run.err
    assert "binario.txt" in run.err
    shown = json.loads(rag("show", "latino.txt", "--index", tmp_path / "idx", "--json").out)
    assert shown["text"].startswith("La città è però più là")
    assert rag("show", "buono.txt", "--index", tmp_path / "idx").code == 0


def test_a_model_folder_that_is_not_a_model(rag: RagCommand, tmp_path: Path) -> None:
    (tmp_path / "modello").mkdir()
    run = rag("index", SEEDS, "--index", tmp_path / "idx", "--embedder", tmp_path / "modello")
    assert run.code == 1
    assert "modello" in run.err
    assert "Traceback" not in run.err


def test_another_model_than_the_indexs_is_told(rag: RagCommand, tmp_path: Path) -> None:
    other = tmp_path / "model"
    shutil.copytree(BUNDLED, other)
    config = json.loads((other / "config.json").read_text("utf-8"))
    (other / "config.json").write_text(json.dumps(config | {"name": "another"}), "utf-8")
    assert rag("index", SEEDS, "--index", tmp_path / "idx", "--embedder", other).code == 0
    for arguments in (["index", SEEDS], ["ask", DEALS], ["search", DEALS]):
        run = rag(*arguments, "--index", tmp_path / "idx")
        assert run.code == 1
        assert "another" in run.err
        assert "rag index --rebuild" in run.err


def test_show_a_span(rag: RagCommand, seeds_index: Path) -> None:
    key = "001_a5626f72106a2a59.txt"
    text = stored_text(rag, seeds_index, key)
    start = text.index("29 accordi")
    run = rag("show", f"{key}:{start}-{start + 10}", "--index", seeds_index, "--json")
    assert json.loads(run.out)["span"]["text"] == "29 accordi"
    assert "29 accordi" in rag("show", f"{key}:{start}-{start + 10}", "--index", seeds_index).out
    assert rag("show", f"{key}:5-99999999", "--index", seeds_index).code == 2
    missing = rag("show", "009.txt", "--index", seeds_index)
    assert missing.code == 1
    assert "009.txt" in missing.err


def test_flags_over_environment_over_file(
    rag: RagCommand, seeds_index: Path, tmp_path: Path
) -> None:
    (tmp_path / "rag.toml").write_text('index = "from-file"\n', "utf-8")
    assert "from-file" in rag("search", "x y", cwd=tmp_path).err
    assert "from-env" in rag("search", "x y", cwd=tmp_path, env={"RAG_INDEX": "from-env"}).err
    run = rag("search", "terre rare", "--index", seeds_index, env={"RAG_INDEX": "from-env"})
    assert run.code == 0
    (tmp_path / "rag.toml").write_text('indx = "typo"\n', "utf-8")
    bad = rag("search", "terre rare", cwd=tmp_path)
    assert bad.code == 2
    assert "indx" in bad.err
    assert rag("search", "x", env={"RAG_CHUNK_SIZE": "many"}).code == 2


def test_usage_errors_exit_2(rag: RagCommand, seeds_index: Path) -> None:
    assert rag("search", "--index", seeds_index).code == 2
    assert rag("search", "terre", "-k", "0", "--index", seeds_index).code == 2
    assert rag("search", "terre", "-k", "many", "--index", seeds_index).code == 2
    assert rag("search", "terre", "--language", "fr", "--index", seeds_index).code == 2
    assert rag("frobnicate").code == 2


def test_status_and_filters(rag: RagCommand, seeds_index: Path) -> None:
    state = json.loads(rag("status", "--index", seeds_index, "--json").out)
    assert state["documents"] == 5
    assert state["current"] is True
    assert "fonte" in state["model"]
    run = rag(
        "search",
        "Kazakistan",
        "--index",
        seeds_index,
        "--json",
        "--from",
        "2025",
        "--to",
        "2025-12",
    )
    assert {hit["path"] for hit in json.loads(run.out)["results"]} == {"000_fbebc661de5e621f.txt"}


def test_a_question_does_not_load_torch(seeds_index: Path) -> None:
    code = (
        "import sys; from rag import Library\n"
        f"Library.open({str(seeds_index)!r}).ask({DEALS!r})\n"
        "print([m for m in ('torch', 'sentence_transformers', 'openai') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=clean_environment(),
        cwd=ROOT,
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_interrupt_exits_130(seeds_index: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "rag.app.cli",
            "search",
            "--input",
            "-",
            "--index",
            str(seeds_index),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        cwd=ROOT,
        # Where the tests run in the background, children would inherit an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b'{"question": "terre rare"}\n')
    process.stdin.flush()
    assert process.stdout.readline()  # it answers while standard input is still open
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
