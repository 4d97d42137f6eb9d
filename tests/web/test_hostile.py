"""Hostile documents, names and models: all is shown as text, nothing runs, nothing leaves."""

from __future__ import annotations

from pathlib import Path

from tests.answer.endpoint import Exchange, serving
from tests.service.serving import serve
from tests.web.conftest import OpenPage, Watched

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>clicca</a>",
    "<style>@import url(http://evil.example/x.css)</style>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<form action=http://evil.example><input autofocus onfocus=alert(1)>",
    "<base href=http://evil.example/>",
    "![x](http://evil.example/x.png) [x](javascript:alert(1))",
    "</p></div></body><h1>fuori</h1>",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;b&gt;già codificato&lt;/b&gt; \u202erovesciato\u202c",
    "\"'><script>alert(document.cookie)</script>",
]
NAMES = ["<img src=x onerror=alert(1)>.txt", "'\"><script>alert(2)<", "javascript:alert(3).txt"]
TEXT = "Il castello di Brumavalle ha quarantadue torri e un fossato. " + " ".join(CORPUS)
QUESTION = "Quante torri ha il castello di Brumavalle?"


def hostile_folder(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in NAMES:
        safe = name.replace("/", "")
        safe = safe if safe.endswith(".txt") else safe + ".txt"
        (docs / safe).write_text(f"{CORPUS[1]} Titolo {CORPUS[0]}\n\n{TEXT}\n", encoding="utf-8")
    (docs / "pagina.html").write_text(
        f"<html><head><title>&lt;img src=x onerror=alert(4)&gt;</title></head>"
        f"<body><p>{TEXT.replace('<', '&lt;')}</p></body></html>",
        encoding="utf-8",
    )
    return docs


def unharmed(seen: Watched) -> None:
    page = seen.page
    page.wait_for_timeout(300)
    seen.fine()
    assert page.locator("script").count() == 2
    for tag in ("iframe", "base", "object", "embed", "style", "h1 >> text=fuori", "svg animate"):
        assert page.locator(tag).count() == 0, tag
    assert page.locator("img").count() == 1
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("main [onerror], main [onload], main [onfocus]").count() == 0


def test_hostile_documents_are_only_text(tmp_path: Path, look: OpenPage) -> None:
    with serve(index=tmp_path / "idx", sources=hostile_folder(tmp_path)) as served:
        seen = look(served).open()
        unharmed(seen)
        turn = seen.ask(QUESTION)
        turn.locator(".about summary").click()
        unharmed(seen)
        turn.locator(".source").first.click()
        assert "torri" in seen.highlighted()
        assert "<script>alert(1)</script>" in (seen.page.locator(".text").text_content() or "")
        unharmed(seen)
        seen.page.locator("#open-documents").click()
        seen.page.locator("#filter").click()
        unharmed(seen)


def test_a_hostile_question_and_a_hostile_model(tmp_path: Path, look: OpenPage) -> None:
    lies = " ".join(CORPUS)

    def lie(exchange: Exchange) -> None:
        exchange.say(f"Il castello ha quarantadue torri {lies} [1]. {lies}")

    with (
        serving(lie) as (url, _),
        serve(
            index=tmp_path / "idx", sources=hostile_folder(tmp_path), llm_base_url=url,
            llm_model="<img src=x onerror=alert(5)>", unsupported="mark",
        ) as served,
    ):  # fmt: skip
        seen = look(served).open()
        turn = seen.ask(f"{QUESTION} {CORPUS[1]}")
        turn.locator(".about summary").click()
        unharmed(seen)
        assert CORPUS[1] in turn.locator(".question").inner_text()


def test_hostile_uploads_are_only_text(tmp_path: Path, look: OpenPage) -> None:
    (tmp_path / "docs").mkdir()
    with serve(index=tmp_path / "idx", sources=tmp_path / "docs") as served:
        seen = look(served).open()
        seen.page.locator("input[type=file]").first.set_input_files(
            [
                {"name": name, "mimeType": "text/plain", "buffer": TEXT.encode()}
                for name in [*NAMES, "buono.txt"]
            ]
        )
        seen.page.locator("#panel .item").first.wait_for()
        unharmed(seen)
        assert seen.page.locator(".transfer.bad").count() == len(NAMES)
