"""Documents added and removed while searches go on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.serving import Served, finished, serve, wait_for

FACT = "Il ponte di Zarnath fu inaugurato nel 1911 dall'ingegnere Ludovica Benzi. 🌉 Perché sì."
ASKED = "Chi inaugurò il ponte di Zarnath?"


def add(client: httpx.Client, name: str, content: bytes | str, **data: Any) -> httpx.Response:
    raw = content.encode() if isinstance(content, str) else content
    return client.post("/v1/documents", files={"file": (name, raw)}, data=data)


def paths(client: httpx.Client) -> set[str]:
    return {one["path"] for one in client.get("/v1/documents").json()["documents"]}


def test_a_document_is_added_found_replaced_and_removed(writable: Served) -> None:
    with writable.client() as client:
        before = paths(client)
        response = add(client, "ponte.txt", FACT)
        assert response.status_code == 202
        job = finished(client, response.json())
        assert response.headers["location"] == f"/v1/jobs/{job['id']}"
        assert job["state"] == "done", job
        assert paths(client) == before | {"uploads/ponte.txt"}
        hits = client.post("/v1/search", json={"question": ASKED}).json()["results"]
        assert hits[0]["path"] == "uploads/ponte.txt"
        assert FACT[hits[0]["start"] : hits[0]["end"]] == hits[0]["text"]

        assert add(client, "ponte.txt", "Altro.").status_code == 409
        changed = add(client, "ponte.txt", FACT.replace("1911", "1912"), replace="true")
        assert finished(client, changed.json())["state"] == "done"
        hits = client.post("/v1/search", json={"question": ASKED}).json()["results"]
        assert "1912" in hits[0]["text"]

        doc_id = hits[0]["doc_id"]
        removed = client.delete(f"/v1/documents/{doc_id}")
        assert removed.status_code == 202
        assert finished(client, removed.json())["state"] == "done"
        assert paths(client) == before
        assert client.get(f"/v1/documents/{doc_id}").status_code == 404
        hits = client.post("/v1/search", json={"question": ASKED}).json()["results"]
        assert all("Zarnath" not in hit["text"] for hit in hits)
        jobs = client.get("/v1/jobs").json()["jobs"]
        assert jobs[0]["label"] == "remove uploads/ponte.txt"


BAD_NAMES = [
    "../evil.txt",
    "..\\evil.txt",
    "/tmp/evil.txt",
    "a/b.txt",
    ".bashrc",
    "a\x00b.txt",
    "nul",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_upload_leaves_its_folder(
    writable: Served, own_folder: tuple[Path, Path], name: str
) -> None:
    top = own_folder[0].parent
    before = set(top.rglob("*.txt"))
    with writable.client() as client:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
            + name.encode()
            + b'"\r\n\r\nhello there\r\n--x--\r\n'
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        response = client.post("/v1/documents", content=body, headers=headers)
    assert response.status_code in (400, 422), response.text
    assert set(top.rglob("*.txt")) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xyz", "text"), ("photo.png", b"\x89PNG\r\n\x1a\n\x00\x00"), ("bad.pdf", "no pdf")],
)
def test_what_cannot_be_read_is_told_and_not_kept(
    writable: Served, own_folder: tuple[Path, Path], name: str, content: bytes | str
) -> None:
    with writable.client() as client:
        response = add(client, name, content)
        assert response.status_code == 202
        job = finished(client, response.json())
        assert job["state"] == "failed"
        assert name in job["error"]
        assert paths(client) == {path.name for path in own_folder[0].glob("*.txt")}
    assert not (own_folder[0] / "uploads" / name).exists()


def test_a_file_over_the_limit_is_refused(own_folder: tuple[Path, Path]) -> None:
    sources, index = own_folder
    with serve(index=index, sources=sources, max_file_mb=1) as served, served.client() as client:
        assert add(client, "big.txt", b"a" * 1_100_000).status_code == 413

        def chunks() -> Any:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="b.txt"\r\n\r\n'
            for _ in range(300):
                yield b"a" * 1_000_000  # 300 MB, were they all taken

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        try:
            status = client.post("/v1/documents", content=chunks(), headers=headers).status_code
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            status = 413  # the service hung up on the rest
        assert status == 413
        assert client.get("/livez").status_code == 200
    assert not any((sources / "uploads").glob("*")) if (sources / "uploads").exists() else True


def test_an_empty_or_missing_file_is_refused(writable: Served) -> None:
    with writable.client() as client:
        assert add(client, "empty.txt", b"").status_code == 400
        assert client.post("/v1/documents", data={"file": "text"}).status_code == 422
        assert client.post("/v1/documents").status_code == 422


def test_searches_go_on_while_documents_come_and_go(writable: Served) -> None:
    stop = threading.Event()
    statuses: list[int] = []

    def keep_searching() -> None:
        with writable.client() as client:
            while not stop.is_set():
                body = {"question": "Accordi di Abramo", "k": 3}
                statuses.append(client.post("/v1/search", json=body).status_code)

    searching = threading.Thread(target=keep_searching)
    searching.start()
    try:
        with writable.client() as client:
            for number in range(3):
                name = f"n{number}.txt"
                job = add(client, name, f"{FACT} Numero {number}.").json()
                assert finished(client, job)["state"] == "done"
                doc_id = next(
                    one["doc_id"]
                    for one in client.get("/v1/documents").json()["documents"]
                    if one["path"] == f"uploads/{name}"
                )
                job = client.delete(f"/v1/documents/{doc_id}").json()
                assert finished(client, job)["state"] == "done"
    finally:
        stop.set()
        searching.join(60)
    assert len(statuses) > 5
    assert set(statuses) == {200}


def test_a_newer_index_of_another_process_is_picked_up(
    writable: Served, own_folder: tuple[Path, Path]
) -> None:
    from rag.app.library import Library

    sources, index = own_folder
    (sources / "altro.txt").write_text(FACT, encoding="utf-8")
    Library.open(index, sources).sync()
    with writable.client() as client:
        wait_for(lambda: "altro.txt" in paths(client), "the newer index", 30)
