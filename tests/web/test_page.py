"""The page, used as people use it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.app.library import Library
from tests.answer.endpoint import Exchange, serving
from tests.conftest import SEEDS
from tests.service.serving import Served, serve
from tests.web.conftest import OpenPage

ITALIAN = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
ENGLISH = "How many agreements did the United States and Kazakhstan sign?"
NOWHERE = "Chi ha vinto il festival di Sanremo nel 1987?"


def answer_to(served: Served, question: str) -> dict[str, Any]:
    with served.client() as client:
        answer = client.post("/v1/ask", json={"question": question}).json()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(("question", "locale"), [(ITALIAN, "it-IT"), (ENGLISH, "en-GB")])
def test_ask_and_click_through_to_the_exact_words(
    served: Served, look: OpenPage, question: str, locale: str
) -> None:
    seen = look(served, locale=locale).open()
    assert seen.page.locator("html").get_attribute("lang") == locale[:2]
    turn = seen.ask(question)
    expected = answer_to(served, question)
    assert turn.locator(".source").count() == len(expected["citations"])
    for number, citation in enumerate(expected["citations"]):
        turn.locator(".source").nth(number).click()
        seen.page.locator(f'.source[aria-current="true"] >> nth={0}').wait_for()
        seen.page.locator(".text").wait_for()
        assert seen.highlighted() == citation["quote"]
        assert seen.page.locator("mark.current").first.is_visible()
        with served.client() as client:
            document = client.get(f"/v1/documents/{citation['doc_id']}").json()
        assert seen.page.locator(".text").text_content() == document["text"]
    seen.fine()


TRICKY = (
    "🇮🇹 Città 👩‍👩‍👧‍👦 perché è così: 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🎉🎉.\n\n"
    "Il telescopio Zefirino-9 fu acceso a Bracciano il 3 maggio 1997 dalla "
    "dottoressa Ilda Ferrè 🔭. Costò quattordici milioni di lire.\n"
)


def test_emoji_and_accents_before_the_span(tmp_path: Path, look: OpenPage) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "zefirino.txt").write_text(TRICKY, encoding="utf-8")
    with serve(index=tmp_path / "idx", sources=tmp_path / "docs") as served:
        seen = look(served).open()
        turn = seen.ask("Quando fu acceso il telescopio Zefirino-9 a Bracciano?")
        turn.locator(".source").first.click()
        shown = seen.highlighted()
        assert "3 maggio 1997" in shown
        with served.client() as client:
            doc_id = client.get("/v1/documents").json()["documents"][0]["doc_id"]
            text = client.get(f"/v1/documents/{doc_id}").json()["text"]
            start = text.index("dottoressa")
            end = text.index("🔭") + 1
        seen.open(f"/#cite={doc_id}:{start}-{end}")
        seen.page.reload()
        assert seen.highlighted() == "dottoressa Ilda Ferrè 🔭"
        seen.fine()


def test_a_refusal_looks_like_an_answer(served: Served, look: OpenPage) -> None:
    expected = answer_to(served, NOWHERE)
    assert expected["abstained"]
    seen = look(served).open()
    turn = seen.ask(NOWHERE)
    assert turn.locator(".refusal").count() == 1
    assert turn.locator(".failure").count() == 0
    assert expected["text"] in turn.locator(".statement-text").inner_text()
    if expected["citations"]:
        turn.locator(".source").first.click()
        assert seen.highlighted() == expected["citations"][0]["quote"]
    seen.fine()


def test_about_this_answer(served: Served, look: OpenPage) -> None:
    seen = look(served, locale="en-US").open()
    turn = seen.ask(ITALIAN)
    turn.locator(".about summary").click()
    text = turn.locator(".about").inner_text()
    assert "Confidence" in text
    assert "quoting the documents" in text
    assert turn.locator(".about tbody tr").count() == len(answer_to(served, ITALIAN)["passages"])
    turn.locator(".about tbody button").first.click()
    assert seen.highlighted()


def test_keyboard_alone(served: Served, look: OpenPage) -> None:
    seen = look(served).open()
    page = seen.page
    page.locator("body").click(position={"x": 5, "y": 300})
    page.keyboard.press("/")
    assert page.locator("#question").evaluate("e => e === document.activeElement")
    turn = seen.ask(ITALIAN)
    source = turn.locator(".source").first
    source.focus()
    page.keyboard.press("Enter")
    seen.highlighted()
    assert page.locator("mark.current").first.evaluate("e => e === document.activeElement")
    page.keyboard.press("Escape")
    page.locator("#panel").wait_for(state="hidden")
    assert source.evaluate("e => e === document.activeElement")
    seen.fine()


def test_language_and_theme_can_be_switched_and_stay(served: Served, look: OpenPage) -> None:
    seen = look(served, locale="fr-FR").open()
    page = seen.page
    assert page.locator("#send").inner_text() == "Ask"
    page.locator("#language").click()
    assert page.locator("#send").inner_text() == "Chiedi"
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    page.locator(".welcome").wait_for()
    assert page.locator("#send").inner_text() == "Chiedi"
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_copy_and_share(served: Served, look: OpenPage) -> None:
    seen = look(served).open()
    turn = seen.ask(ITALIAN)
    expected = answer_to(served, ITALIAN)["citations"][0]
    turn.get_by_text("Copia con le citazioni").click()
    turn.get_by_text("Copiato").wait_for()
    copied = seen.page.evaluate("() => navigator.clipboard.readText()")
    assert expected["quote"] in copied
    assert "[1]" in copied
    turn.get_by_text("Copia il link alle fonti").click()
    turn.get_by_text("Link copiato").wait_for()
    link = seen.page.evaluate("() => navigator.clipboard.readText()")
    assert f"cite={expected['doc_id']}:{expected['start']}-{expected['end']}" in link
    seen.page.goto("about:blank")
    seen.page.goto(link)
    assert seen.highlighted() == expected["quote"]
    assert ITALIAN in seen.page.locator(".question").inner_text()


@pytest.mark.parametrize(
    "hash_",
    [
        "cite=unknown:1-5",
        "cite=%",
        "cite=a:5-1",
        "cite=<img>:1-2",
        "q=%3Cscript%3E&cite=x:1-99999999",
    ],
)
def test_a_broken_link_is_harmless(served: Served, look: OpenPage, hash_: str) -> None:
    seen = look(served).open("/#" + hash_)
    assert seen.page.locator("#question").is_visible()
    seen.fine()


def test_filters_restrict_what_is_asked(served: Served, look: OpenPage) -> None:
    seen = look(served).open()
    page = seen.page
    page.locator("#filter").click()
    page.locator(".documents-choice label").first.click()
    assert page.locator("#filter").inner_text().endswith("1")
    asked: list[dict[str, Any]] = []
    page.on("request", lambda r: asked.append(json.loads(r.post_data)) if "/ask" in r.url else None)
    seen.ask(ITALIAN)
    with served.client() as client:
        first = client.get("/v1/documents").json()["documents"][0]
    assert asked[0]["filters"] == {"documents": [first["doc_id"]]}


def test_the_conversation_goes_along(served: Served, look: OpenPage) -> None:
    seen = look(served).open()
    seen.ask(ITALIAN)
    asked: list[dict[str, Any]] = []
    seen.page.on(
        "request", lambda r: asked.append(json.loads(r.post_data)) if "/ask" in r.url else None
    )
    seen.ask("E quanto valgono?")
    assert [turn["role"] for turn in asked[0]["history"]] == ["user", "assistant"]
    seen.page.locator("#new-chat").click()
    seen.page.locator(".welcome").wait_for()
    assert seen.page.locator(".turn").count() == 0


def test_streaming_and_stop(seeds_index: Path, look: OpenPage) -> None:
    talking, left = threading.Event(), threading.Event()

    def endless(exchange: Exchange) -> None:
        try:
            exchange.begin()
            while True:
                exchange.piece("parola ")
                talking.set()
                time.sleep(0.02)
        except OSError:
            left.set()

    with (
        serving(endless) as (url, _),
        serve(index=seeds_index, sources=SEEDS, llm_base_url=url, llm_model="m") as served,
    ):
        seen = look(served).open()
        page = seen.page
        page.locator("#question").fill(ITALIAN)
        page.keyboard.press("Enter")
        page.get_by_text("Ferma").wait_for()
        assert talking.wait(30)
        page.locator("#send").click()
        page.locator(".notice").get_by_text("Interrotto.").wait_for()
        assert left.wait(30)
        assert page.locator("#send").inner_text() == "Chiedi"
        seen.fine()


def test_upload_by_choice_and_by_drop(tmp_path: Path, look: OpenPage) -> None:
    (tmp_path / "docs").mkdir()
    with serve(index=tmp_path / "idx", sources=tmp_path / "docs") as served:
        seen = look(served).open()
        page = seen.page
        page.get_by_text("Non ci sono ancora documenti.").wait_for()
        fact = "La diga di Morvanello fu costruita nel 1934 dal geometra Ettore Pazzi."
        page.locator("input[type=file]").first.set_input_files(
            {"name": "diga.txt", "mimeType": "text/plain", "buffer": fact.encode()}
        )
        page.locator("#panel .item").filter(has_text="diga").wait_for()
        drop = """(name) => {
            const data = new DataTransfer();
            data.items.add(new File(["Il faro di Torvane è alto 61 metri."], name));
            for (const type of ["dragenter", "dragover", "drop"])
                window.dispatchEvent(new DragEvent(type, {dataTransfer: data, cancelable: true}));
        }"""
        page.evaluate(drop, "faro.txt")
        page.locator("#panel .item").filter(has_text="faro").wait_for()
        assert page.locator("#drop").is_hidden()
        turn = seen.ask("Chi costruì la diga di Morvanello nel 1934?")
        turn.locator(".source").first.click()
        assert "Ettore Pazzi" in seen.highlighted()
        page.evaluate(drop, "strano.xyz")
        page.locator(".transfer.bad").wait_for()
        assert "strano.xyz" in page.locator(".transfer.bad").inner_text()
        page.get_by_label("Rimuovi: ").first.click()
        page.locator("dialog .primary").click()
        page.locator(".transfers + .list > li").nth(1).wait_for(state="detached")
        seen.fine()


def test_the_service_goes_away(seeds_index: Path, look: OpenPage) -> None:
    with serve(index=seeds_index, sources=SEEDS) as served:
        seen = look(served).open()
    seen.page.locator("#question").fill(ITALIAN)
    seen.page.keyboard.press("Enter")
    seen.page.locator(".failure").wait_for()
    seen.page.locator(".banner.bad").wait_for()
    assert "non risponde" in seen.page.locator(".banner").inner_text()
    assert seen.page.get_by_text("Riprova", exact=True).is_visible()


def test_while_the_index_is_opened(seeds_index: Path, look: OpenPage) -> None:
    go = threading.Event()

    def opener(progress: Any) -> Library:
        progress("embed", 3, 9)
        go.wait(120)
        return Library.open(seeds_index, SEEDS)

    with serve(opener, wait=False) as served:
        seen = look(served)
        seen.page.goto(served.url)
        seen.page.get_by_text("Preparo i documenti… 3 di 9").wait_for()
        assert seen.page.locator("#send").is_disabled()
        go.set()
        seen.page.locator("#send:enabled").wait_for()
        seen.page.locator(".welcome .item").first.wait_for()
        seen.fine()


def test_a_key_is_asked_for(seeds_index: Path, look: OpenPage) -> None:
    with serve(index=seeds_index, sources=SEEDS, api_keys=(SecretStr("k3y"),)) as served:
        seen = look(served)
        page = seen.page
        page.goto(served.url)
        page.locator("dialog #key").fill("wrong")
        page.keyboard.press("Enter")
        page.locator("dialog #key").fill("k3y")
        page.keyboard.press("Enter")
        page.locator(".welcome .item").first.wait_for()
        seen.ask(ITALIAN).locator(".source").first.wait_for()
        seen.fine()


def test_nothing_sticks_out_on_a_phone(served: Served, look: OpenPage) -> None:
    seen = look(served, phone=True).open()
    page = seen.page
    wide = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)
    turn = seen.ask(ITALIAN)
    assert not page.evaluate(wide)
    turn.locator(".source").first.click()
    seen.highlighted()
    box = page.locator("#panel").bounding_box()
    assert box["width"] == 390
    assert not page.evaluate(wide)
    page.get_by_label("Chiudi").click()
    page.locator("#panel").wait_for(state="hidden")


def test_the_api_reference(served: Served, look: OpenPage) -> None:
    seen = look(served)
    seen.page.goto(served.url + "/docs")
    seen.page.locator(".operation").first.wait_for()
    assert seen.page.get_by_text("/v1/chat/completions").first.is_visible()
    first = seen.page.locator(".operation").first
    first.locator("summary").click()
    first.locator(".try button").click()
    first.locator(".try pre").get_by_text("200 in").wait_for()
    seen.fine()


def test_a_models_statements_carry_their_quotes(seeds_index: Path, look: OpenPage) -> None:
    def write(exchange: Exchange) -> None:
        exchange.say(
            "Gli Stati Uniti e il Kazakistan hanno firmato 29 accordi. "
            '[1: "hanno firmato 29 accordi"] Valgono quasi 17 miliardi di dollari. '
            '[1: "per un valore di quasi 17 miliardi di dollari"]'
        )

    with (
        serving(write) as (url, _),
        serve(index=seeds_index, sources=SEEDS, llm_base_url=url, llm_model="m") as served,
    ):
        expected = answer_to(served, ITALIAN)
        assert expected["mode"] == "llm"
        seen = look(served).open()
        turn = seen.ask(ITALIAN)
        assert turn.locator(".statement").count() == len(expected["citations"]) == 2
        for number, citation in enumerate(expected["citations"]):
            statement = turn.locator(".statement").nth(number)
            said = expected["text"][citation["answer_start"] : citation["answer_end"]]
            assert said in statement.locator(".statement-text").inner_text()
            assert citation["quote"] in statement.locator(".quote").inner_text()
            statement.locator(".source").click()
            seen.page.locator(
                f'.source[aria-current="true"][data-number="{number + 1}"]'
            ).wait_for()
            assert seen.highlighted() == citation["quote"]
        seen.fine()
