"""Every way an endpoint can fail, over real HTTP, and what the reader gets instead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rag.answer.assistant import Assistant, Done, Event, TextDelta
from rag.answer.llm import OpenAICompatible
from rag.core.types import Answer
from tests.answer.endpoint import Exchange, serving
from tests.answer.helpers import Letters, Shelf, document

DOCUMENT = document(
    "La visita del presidente Tokayev a Washington è stata la prima. Durante la visita il "
    "Kazakistan e gli Stati Uniti hanno firmato 29 accordi per quasi 17 miliardi di dollari.\n\n"
    "Con la Turchia il Kazakistan ha firmato 18 accordi ad Ankara sulla difesa e sull’energia.",
    title="Diplomazia del Kazakistan",
    date="2025-11-07",
)
QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
GOOD = 'Hanno firmato 29 accordi. [1: "hanno firmato 29 accordi"]'


def assistant(url: str, *, unsupported: str = "remove", **settings: object) -> Assistant:
    options = {"timeout": 20.0, "context": 4096, "max_tokens": 200, "retries": 2} | settings
    llm = OpenAICompatible(url, "stub", **options)  # type: ignore[arg-type]
    shelf = Shelf([DOCUMENT])
    return Assistant(
        shelf,
        shelf,
        Letters(),
        llm=llm,
        abstain_below=0.0,
        unsupported=unsupported,  # type: ignore[arg-type]
    )


def ask(behave: Callable[[Exchange], None], **settings: object) -> Answer:
    """The answer, after checking what holds for every answer whatever the endpoint does."""
    with serving(behave) as (url, _):
        events = list(assistant(url, **settings).stream(QUESTION))
    return checked(events)


def checked(events: list[Event]) -> Answer:
    assert isinstance(events[-1], Done)
    answer = events[-1].answer
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == answer.text
    for citation in answer.citations:
        assert DOCUMENT.text[citation.start : citation.end] == citation.quote
    return answer


def falls_back(answer: Answer) -> None:
    """The quotes are shown, and the reader is told why."""
    assert answer.mode == "extractive"
    assert not answer.abstained
    assert answer.notice
    assert "29 accordi" in answer.text
    assert "«" in answer.text


@pytest.mark.parametrize("streaming", [True, False])
def test_a_good_answer(streaming: bool) -> None:
    answer = ask(lambda exchange: exchange.say(GOOD), streaming=streaming)
    assert answer.mode == "llm"
    assert answer.text == "Hanno firmato 29 accordi. [1]"
    assert answer.notice is None
    assert answer.unsupported == 0
    (citation,) = answer.citations
    assert citation.quote == "hanno firmato 29 accordi"
    assert answer.text[citation.answer_start : citation.answer_end] == "Hanno firmato 29 accordi."


def test_the_prompt_holds_numbered_passages_and_the_question() -> None:
    with serving(lambda exchange: exchange.say(GOOD)) as (url, seen):
        assistant(url).ask(QUESTION)
    prompt = "\n".join(message["content"] for message in seen[0]["messages"])
    assert "PASSO 1" in prompt
    assert "hanno firmato 29 accordi per quasi 17 miliardi" in prompt
    assert prompt.rstrip().endswith("Rispondi in italiano.")


def test_server_errors_are_tried_again() -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.number == 1:
            exchange.status(429, headers={"Retry-After": "0.01"})
        elif exchange.number == 2:
            exchange.status(503, headers={"retry-after-ms": "10"})
        else:
            exchange.say(GOOD)

    assert ask(behave).mode == "llm"


@pytest.mark.parametrize("status", [500, 401, 404, 400])
def test_errors_that_stay(status: int) -> None:
    answer = ask(lambda exchange: exchange.status(status), retries=0)
    falls_back(answer)


def test_nobody_there() -> None:
    answer = checked(list(assistant("http://127.0.0.1:9/v1", retries=0).stream(QUESTION)))
    falls_back(answer)
    assert "127.0.0.1:9" in (answer.notice or "")


def test_an_endpoint_that_hangs() -> None:
    release = threading.Event()
    try:
        answer = ask(lambda _: bool(release.wait(30)) and None, timeout=0.6, retries=0)
    finally:
        release.set()
    falls_back(answer)
    assert "0.6" in (answer.notice or "")


def test_an_endpoint_that_drips_for_ever_meets_the_deadline() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.begin()
        for _ in range(600):
            exchange.piece("a ")
            time.sleep(0.05)

    falls_back(ask(behave, timeout=1.0, retries=0))


def garbage(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(b"data: {not json}\n\n")


def html(exchange: Exchange) -> None:
    exchange.handler.send_response(200)
    exchange.handler.send_header("Content-Type", "text/html")
    exchange.handler.end_headers()
    exchange.handler.wfile.write(b"<html>Welcome to the portal</html>")


def binary(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(bytes(range(128, 256)) * 4 + b"\n\n")


def half_a_character(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(b'data: {"choices":[{"index":0,"delta":{"content":"perch' + b"\xc3")


def wrong_shape(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(b'data: {"choices": "none"}\n\ndata: {"choices":[{"delta":7}]}\n\n')
    exchange.end()


def error_in_stream(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(b'data: {"error": {"message": "out of memory"}}\n\n')


def nothing(exchange: Exchange) -> None:
    exchange.say("")


def blanks(exchange: Exchange) -> None:
    exchange.say(" \n\n ")


def tool_call(exchange: Exchange) -> None:
    exchange.begin()
    exchange.raw(
        b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        b'[{"index":0,"delta":{"content":null,"tool_calls":[]},"finish_reason":"stop"}]}\n\n'
    )
    exchange.end()


@pytest.mark.parametrize(
    "behave",
    [
        garbage, html, binary, half_a_character, wrong_shape, error_in_stream, nothing, blanks,
        tool_call,
    ],
)  # fmt: skip
def test_what_is_no_answer(behave: Callable[[Exchange], None]) -> None:
    falls_back(ask(behave, retries=0))


def test_cut_after_a_checked_statement_keeps_it() -> None:
    def behave(exchange: Exchange) -> None:
        exchange.begin()
        exchange.piece(GOOD + "\nInoltre con la Turchia ne ha")
        exchange.raw(b'data: {"choices":[{"index":0,"delta":{"content":"\xc3')

    answer = ask(behave, retries=0)
    assert answer.mode == "llm"
    assert answer.text == "Hanno firmato 29 accordi. [1]"
    assert "interrotta" in (answer.notice or "")


def test_cut_in_the_middle_of_a_citation() -> None:
    answer = ask(lambda exchange: exchange.say('Hanno firmato 29 accordi. [1: "hanno fir'))
    falls_back(answer)
    assert answer.unsupported == 1


@pytest.mark.parametrize(
    "said",
    [
        'Hanno firmato 29 accordi. [99: "hanno firmato 29 accordi"]',  # no such passage
        'Hanno firmato 29 accordi. [1: "hanno firmato ventinove accordi"]',  # no such words
        'Hanno firmato 25 accordi. [1: "hanno firmato 29 accordi"]',  # another number
        'Valgono 40 miliardi. [1: "quasi 17 miliardi di dollari"]',
        'L’Argentina ha firmato 29 accordi. [1: "hanno firmato 29 accordi"]',  # another name
        'A Washington hanno firmato 29 accordi con il Brasile. [1: "hanno firmato 29 accordi"]',
        'Hanno firmato 29 accordi a maggio. [1: "hanno firmato 29 accordi"]',  # another month
        'Non hanno firmato 29 accordi. [1: "hanno firmato 29 accordi"]',  # denied
        'La luna splende sul mare. [1: "hanno firmato 29 accordi"]',  # something else
        "Hanno firmato 29 accordi.",  # no source
        "Hanno firmato 29 accordi. [7]",
    ],
)
def test_what_no_source_supports_is_not_shown(said: str) -> None:
    answer = ask(lambda exchange: exchange.say(said))
    falls_back(answer)
    assert answer.unsupported == 1
    assert said.split("[")[0].strip() not in answer.text


def test_unsupported_statements_can_be_marked_instead() -> None:
    both = GOOD + '\nValgono 40 miliardi di dollari. [1: "quasi 17 miliardi di dollari"]'
    answer = ask(lambda exchange: exchange.say(both), unsupported="mark")
    assert answer.text == (
        "Hanno firmato 29 accordi. [1] "
        "Valgono 40 miliardi di dollari. (non confermato dai documenti)"
    )
    assert answer.unsupported == 1
    assert len(answer.citations) == 1
    assert "Un’affermazione" in (answer.notice or "")


def test_a_mark_without_a_quote_gets_the_sentence_that_says_it() -> None:
    answer = ask(lambda e: e.say("Il Kazakistan e gli Stati Uniti hanno firmato 29 accordi [1]"))
    assert answer.mode == "llm"
    assert "29 accordi" in answer.citations[0].quote


def test_an_answer_in_the_wrong_language() -> None:
    said = 'They have signed 29 agreements with the United States. [1: "hanno firmato 29 accordi"]'
    answer = ask(lambda exchange: exchange.say(said))
    falls_back(answer)
    assert "lingua" in (answer.notice or "")


def test_the_model_finds_no_answer() -> None:
    answer = ask(lambda exchange: exchange.say("NESSUNA RISPOSTA"))
    assert answer.abstained
    assert answer.mode == "llm"
    assert answer.reason


def test_a_window_too_small_for_one_passage() -> None:
    answer = ask(lambda exchange: exchange.say(GOOD), context=400, max_tokens=200)
    falls_back(answer)
    assert "200" in (answer.notice or "")


def test_passages_are_cut_to_the_window() -> None:
    lengths = []

    def behave(exchange: Exchange) -> None:
        lengths.append(len(exchange.prompt))
        exchange.say(GOOD)

    assert ask(behave, context=900, max_tokens=200).mode in ("llm", "extractive")
    assert ask(behave, context=4096, max_tokens=200).mode == "llm"
    assert lengths[-1] >= lengths[0]


def test_a_window_smaller_than_said_is_tried_with_less() -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.number == 1:
            exchange.status(400, "This model's maximum context length is 1024 tokens")
        else:
            exchange.say(GOOD)

    assert ask(behave).mode == "llm"


def test_another_name_for_the_limit() -> None:
    def behave(exchange: Exchange) -> None:
        if "max_tokens" in exchange.body:
            exchange.status(400, "Unsupported parameter: 'max_tokens'")
        else:
            exchange.say(GOOD)

    assert ask(behave).mode == "llm"


def test_cancelling_stops_at_once_and_keeps_what_was_checked() -> None:
    cancel = threading.Event()
    release = threading.Event()

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        exchange.piece(GOOD + "\n")
        release.wait(30)

    with serving(behave) as (url, _):
        events: list[Event] = []
        stream: Iterator[Event] = assistant(url).stream(QUESTION, cancel=cancel)
        for event in stream:
            events.append(event)
            cancel.set()
        release.set()
    answer = checked(events)
    assert answer.text == "Hanno firmato 29 accordi. [1]"
    assert "interrotta" in (answer.notice or "")
