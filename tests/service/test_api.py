"""Search and ask over HTTP, against the real index of the seeds."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from rag.app.api.schemas import AnswerOut, DocumentOut, DocumentsOut, SearchOut, turns_of
from rag.app.library import Library
from rag.app.views import search_json
from tests.conftest import SEEDS
from tests.service.serving import Served, serve

QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
ENGLISH = "How many agreements did the United States and Kazakhstan sign?"
LIVE = ("/livez", "/readyz")


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    with served.client() as client:
        yield client


def text_of(client: httpx.Client, doc_id: str) -> str:
    text = client.get(f"/v1/documents/{doc_id}").json()["text"]
    assert isinstance(text, str)
    return text


def test_probes(client: httpx.Client) -> None:
    assert [client.get(path).status_code for path in LIVE] == [200, 200]


@pytest.mark.parametrize("question", [QUESTION, ENGLISH])
def test_search_finds_the_passage_with_exact_spans(client: httpx.Client, question: str) -> None:
    body = client.post("/v1/search", json={"question": question, "k": 5}).json()
    assert SearchOut.model_validate(body)
    assert len(body["results"]) == 5
    assert any("29 accordi" in hit["text"] for hit in body["results"])
    for hit in body["results"]:
        assert text_of(client, hit["doc_id"])[hit["start"] : hit["end"]] == hit["text"]


def test_search_gives_what_the_library_gives(client: httpx.Client, seeds_index: Path) -> None:
    library = Library.open(seeds_index, SEEDS, update=False)
    expected = search_json(library.search(QUESTION, 7))
    found = client.post("/v1/search", json={"question": QUESTION, "k": 7}).json()
    assert {**found, "timings_ms": 0} == {**expected, "timings_ms": 0}


def test_a_list_of_questions_comes_back_in_order(client: httpx.Client) -> None:
    questions = [QUESTION, "????", ENGLISH]
    searches = client.post("/v1/search", json={"question": questions, "k": 1}).json()["searches"]
    assert searches[0]["question"] == QUESTION
    assert searches[1]["error"]["code"] == "bad_request"
    assert searches[2]["language"] == "en"


def test_concurrent_searches_agree_with_lone_ones(client: httpx.Client) -> None:
    questions = [QUESTION, ENGLISH, "terre rare", "Accordi di Abramo", "Putin ad Astana"] * 6

    def found(question: str) -> list[str]:
        body = client.post("/v1/search", json={"question": question}).json()
        return [f"{hit['doc_id']}:{hit['start']}" for hit in body["results"]]

    alone = {question: found(question) for question in set(questions)}
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(found, questions))
    assert together == [alone[question] for question in questions]


def test_filters_hold(client: httpx.Client) -> None:
    documents = client.get("/v1/documents").json()
    assert DocumentsOut.model_validate(documents)
    assert documents["total"] == 5
    chosen = documents["documents"][2]["doc_id"]
    body = {"question": QUESTION, "filters": {"documents": [chosen]}}
    hits = client.post("/v1/search", json=body).json()["results"]
    assert hits
    assert {hit["doc_id"] for hit in hits} == {chosen}
    body = {"question": QUESTION, "filters": {"date_from": "2023", "date_to": "2023-12"}}
    dates = {hit["date"] for hit in client.post("/v1/search", json=body).json()["results"]}
    assert dates <= {"2023-12"}
    body = {"question": QUESTION, "filters": {"documents": ["unknown"]}}
    assert client.post("/v1/search", json=body).status_code == 404


@pytest.mark.parametrize("question", [QUESTION, ENGLISH])
def test_ask_quotes_exactly(client: httpx.Client, question: str) -> None:
    answer = client.post("/v1/ask", json={"question": question}).json()
    assert AnswerOut.model_validate(answer)
    assert answer["citations"]
    for citation in answer["citations"]:
        text = text_of(client, citation["doc_id"])
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        supported = answer["text"][citation["answer_start"] : citation["answer_end"]]
        assert supported or answer["abstained"]


def events_of(body: str) -> list[tuple[str, Any]]:
    events = []
    for block in body.strip().split("\n\n"):
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


@pytest.mark.parametrize("way", ["accept", "field"])
def test_ask_streams_the_same_answer(client: httpx.Client, way: str) -> None:
    body: dict[str, Any] = {"question": QUESTION}
    headers = {}
    if way == "field":
        body["stream"] = True
    else:
        headers["Accept"] = "text/event-stream"
    response = client.post("/v1/ask", json=body, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert [name for name, _ in events[:-1]] == ["delta"] * (len(events) - 1)
    name, answer = events[-1]
    assert name == "answer"
    assert "".join(data["text"] for _, data in events[:-1]) == answer["text"]
    whole = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert {**answer, "timings_ms": 0} == {**whole, "timings_ms": 0}


def test_a_stream_that_cannot_begin_has_an_error_status(client: httpx.Client) -> None:
    response = client.post("/v1/ask", json={"question": "????", "stream": True})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "bad_request"


def test_a_document_with_its_chunks(client: httpx.Client) -> None:
    first = client.get("/v1/documents").json()["documents"][0]
    document = client.get(f"/v1/documents/{first['doc_id']}").json()
    assert DocumentOut.model_validate(document)
    assert len(document["text"]) == first["characters"]
    assert all(0 <= c["start"] < c["end"] <= len(document["text"]) for c in document["chunks"])


GERMAN = b'{"question": "Wie viele Abkommen haben die Staaten unterzeichnet?"}'
BAD = [
    ("/v1/search", b"{", 400, "invalid_json"),
    ("/v1/search", b"[]", 422, "invalid_value"),
    ("/v1/search", b"{}", 422, "invalid_value"),
    ("/v1/search", b'{"question": 5}', 422, "invalid_value"),
    ("/v1/search", b'{"question": ""}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "   "}', 400, "bad_request"),
    ("/v1/search", b'{"question": "a", "k": 0}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "a", "k": 1e9}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "a", "k": "5"}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "a", "kk": 5}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "\\ud800"}', 422, "invalid_value"),
    ("/v1/search", b'{"question": "a", "filters": {"date_from": "ieri"}}', 422, "invalid_value"),
    ("/v1/search", b'{"question": ' + b"[" * 100_000, 400, "bad_request"),
    ("/v1/ask", b'{"question": "\xff"}', 400, None),
    ("/v1/ask", b'{"question": "?!"}', 400, "bad_request"),
    ("/v1/ask", GERMAN, 400, "bad_request"),
    ("/v1/ask", b'{"question": "' + b"a" * 4001 + b'"}', 422, "invalid_value"),
    ("/v1/ask", b'{"question": "' + b"a" * 1_000_001 + b'"}', 413, "too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "code"), BAD)
def test_bad_input_is_told_so(
    client: httpx.Client, path: str, body: bytes, status: int, code: str | None
) -> None:
    response = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["message"]
    assert "Traceback" not in response.text
    assert code is None or error["code"] == code
    assert error["request_id"] == response.headers["x-request-id"]


def test_the_wrong_content_type_is_refused(client: httpx.Client) -> None:
    body = json.dumps({"question": QUESTION})
    response = client.post("/v1/search", content=body, headers={"Content-Type": "text/plain"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/documents/unknown", 404),
        ("GET", "/v1/documents/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/jobs/unknown", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/search", 405),
        ("GET", "/v1/documents?limit=0", 422),
        ("GET", "/web/../api/app.py", 404),
        ("GET", "/web/%2e%2e/cli.py", 404),
        ("DELETE", "/v1/documents/unknown", 404),
    ],
)
def test_what_is_not_there(client: httpx.Client, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/web/app.js", "/v1/documents", "/v1/nothing", "/livez"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
    assert client.get("/v1/documents").headers["cache-control"] == "no-store"


def test_foreign_hosts_and_origins_are_refused(client: httpx.Client) -> None:
    assert client.get("/v1/documents", headers={"Host": "evil.example"}).status_code == 400
    evil = {"Origin": "http://evil.example"}
    assert client.post("/v1/search", json={"question": "a"}, headers=evil).status_code == 403
    site = {"Sec-Fetch-Site": "cross-site"}
    assert client.delete("/v1/documents/x", headers=site).status_code == 403
    assert client.get("/", headers=site).status_code == 200


def test_request_ids_are_kept_or_made(client: httpx.Client) -> None:
    given = client.get("/livez", headers={"X-Request-ID": "abc-123"})
    assert given.headers["x-request-id"] == "abc-123"
    made = client.get("/livez", headers={"X-Request-ID": "no good!"}).headers["x-request-id"]
    assert made != "no good!"
    assert len(made) == 16


def test_metrics_count_what_happened(client: httpx.Client) -> None:
    client.post("/v1/ask", json={"question": QUESTION})
    text = client.get("/metrics").text
    assert 'rag_http_requests_total{method="POST",route="/v1/ask",status="200"}' in text
    assert "rag_index_documents 5.0" in text
    assert "rag_stage_seconds_bucket" in text
    assert "rag_answers_total{" in text
    assert QUESTION not in text


def test_openapi_describes_itself(client: httpx.Client) -> None:
    spec = client.get("/openapi.json").json()
    assert "/v1/chat/completions" in spec["paths"]
    assert spec["components"]["schemas"]["SearchBody"]["examples"]
    for path in ("/", "/docs", "/favicon.ico"):
        response = client.get(path)
        assert response.status_code == 200
        assert "http://" not in response.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in response.text


def test_logs_hold_no_question_unless_asked(
    seeds_index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for wanted in (False, True):
        caplog.clear()
        with caplog.at_level(logging.INFO, "rag"), serve(
            index=seeds_index, sources=SEEDS, log_questions=wanted
        ) as served, served.client() as client:  # fmt: skip
            logging.getLogger("rag").propagate = True
            client.post("/v1/ask", json={"question": QUESTION})
        logged = json.dumps([vars(record).get("fields", {}) for record in caplog.records])
        assert "/v1/ask" in logged
        assert ("accordi" in logged) is wanted


def test_keys_rates_and_slots(seeds_index: Path) -> None:
    with serve(
        index=seeds_index, sources=SEEDS, api_keys=(SecretStr("reader"),),
        admin_keys=(SecretStr("admin"),), rate_limit="5/minute",
    ) as served:  # fmt: skip
        with served.client() as nobody:
            assert nobody.get("/").status_code == 200
            assert nobody.get("/readyz").status_code == 200
            assert nobody.get("/v1/documents").status_code == 401
            assert nobody.get("/metrics").status_code == 401
        with served.client("reader") as reader:
            assert reader.get("/v1/documents").status_code == 200
            assert reader.delete("/v1/documents/x").status_code == 403
            statuses = [reader.get("/v1/documents").status_code for _ in range(5)]
            assert statuses[-1] == 429
        with served.client("guess") as guesser:
            statuses = [guesser.get("/v1/documents").status_code for _ in range(7)]
            assert statuses[0] == 401
            assert statuses[-1] == 429
        with served.client("admin") as admin:
            assert admin.delete("/v1/documents/unknown").status_code == 404


def test_too_many_at_once_are_turned_away(seeds_index: Path) -> None:
    with (
        serve(index=seeds_index, sources=SEEDS, max_concurrent=2) as served,
        served.client() as client,
    ):

        def status(_: int) -> int:
            response = client.post("/v1/ask", json={"question": QUESTION})
            assert response.status_code != 503 or response.headers["retry-after"] == "1"
            return response.status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(status, range(48)))
        assert set(statuses) == {200, 503}
        assert status(0) == 200


def test_messages_become_exchanges() -> None:
    said = [
        ("assistant", "hello"),
        ("user", "a"),
        ("assistant", "b"),
        ("assistant", "c"),
        ("user", "d"),
        ("user", " "),
    ]
    assert turns_of(said) == [("a", "b\nc"), ("d", "")]
