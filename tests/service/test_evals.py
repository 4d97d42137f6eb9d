"""Evaluations started and read over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag.app.api.schemas import RunOut
from tests.conftest import ROOT, SEEDS
from tests.service.serving import finished, serve


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a set of three judged questions."""
    (tmp_path / "eval").mkdir()
    lines = (ROOT / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    answerable = [line for line in lines if json.loads(line)["answerable"]][:3]
    (tmp_path / "eval" / "few.jsonl").write_text("\n".join(answerable) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_evaluation_is_run_and_its_report_read(seeds_index: Path, workplace: Path) -> None:
    with serve(
        index=seeds_index, sources=SEEDS, api_keys=(SecretStr("r"),), admin_keys=(SecretStr("a"),)
    ) as served:
        with served.client("r") as reader:
            assert reader.post("/v1/eval/runs", json={}).status_code == 403
        with served.client("a") as client:
            assert client.post("/v1/eval/runs", json={}).status_code == 400  # no questions.jsonl
            assert client.post("/v1/eval/runs", json={"set": "../few"}).status_code == 422
            response = client.post("/v1/eval/runs", json={"set": "few"})
            assert response.status_code == 202
            job = finished(client, response.json())
            assert job["state"] == "done", job
            assert job["progress"]["total"] == 3
            runs = client.get("/v1/eval/runs").json()["runs"]
            run = RunOut.model_validate(runs[0])
            assert run.questions == 3
            assert 0 <= run.figures["all/nDCG@10"] <= 1
            assert client.get(f"/v1/eval/runs/{run.name}").json()["figures"] == run.figures
            assert (workplace / "eval" / "runs" / run.name / "report.html").is_file()
        with served.client() as browser:
            page = browser.get(run.report)
            assert page.status_code == 200
            assert page.headers["content-type"].startswith("text/html")
            policy = page.headers["content-security-policy"]
            assert "sandbox" in policy
            assert "script-src" not in policy
            assert "default-src 'none'" in policy
            plain = run.report.partition("?")[0]
            assert browser.get(plain).status_code == 401
            assert browser.get(run.report.replace("ticket=", "ticket=1")).status_code == 401
            assert browser.get("/v1/eval/runs/..%2fx/report").status_code in (401, 404)
            for bad in ("é-x", "99999999999999-é", "-", "1-" + "0" * 64):
                assert browser.get(plain, params={"ticket": bad}).status_code == 401
