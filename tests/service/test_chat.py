"""The chat protocol, spoken by the real openai SDK over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from pydantic import SecretStr

from tests.conftest import SEEDS
from tests.service.serving import Served, serve

QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"
MESSAGES: Any = [
    {"role": "system", "content": "Answer like a pirate."},
    {"role": "user", "content": QUESTION},
]


def sdk(served: Served, key: str = "none") -> openai.OpenAI:
    plain = httpx.Client(trust_env=False, timeout=120)
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0, http_client=plain)


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    with sdk(served) as client:
        yield client


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["fonte"]
    assert client.models.retrieve("fonte").owned_by == "fonte"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_a_completion_with_citations(client: openai.OpenAI, served: Served) -> None:
    done = client.chat.completions.create(model="fonte", messages=MESSAGES)
    choice = done.choices[0]
    content = choice.message.content or ""
    assert done.object == "chat.completion"
    assert done.id.startswith("chatcmpl-")
    assert choice.finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    extra = done.model_extra or {}
    cited = extra["fonte"]["citations"]
    assert cited
    assert extra["citations"] == [a.url_citation.url for a in choice.message.annotations or []]
    for annotation, citation in zip(choice.message.annotations or [], cited, strict=True):
        url = annotation.url_citation
        assert annotation.type == "url_citation"
        assert (
            content[url.start_index : url.end_index]
            == (content[citation["answer_start"] : citation["answer_end"]])
        )
        page, _, span = url.url.partition("#cite=")
        assert page == served.url + "/"
        assert span == f"{citation['doc_id']}:{citation['start']}-{citation['end']}"
        assert url.title


def test_a_stream_is_the_same_answer(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="fonte", messages=MESSAGES)
    stream = client.chat.completions.create(
        model="fonte", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert len({chunk.id for chunk in chunks}) == 1
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    last = chunks[-2]
    annotations = (last.choices[0].delta.model_extra or {})["annotations"]
    assert annotations == [a.model_dump() for a in whole.choices[0].message.annotations or []]
    assert (last.model_extra or {})["citations"] == (whole.model_extra or {})["citations"]
    assert (last.model_extra or {})["fonte"]["text"] == text


def test_a_stream_ends_as_the_protocol_says(served: Served) -> None:
    with served.client() as client:
        body = {"model": "fonte", "messages": MESSAGES, "stream": True}
        lines = client.post("/v1/chat/completions", json=body).text.split("\n\n")
    assert lines[-1] == ""
    assert lines[-2] == "data: [DONE]"
    assert all(line.startswith("data: ") for line in lines[:-1])
    assert '"usage"' not in lines[0]


def test_open_webui_sources_on_request(client: openai.OpenAI) -> None:
    wanted: Any = {"fonte": {"sources": True}}
    done = client.chat.completions.create(model="fonte", messages=MESSAGES, extra_body=wanted)
    sources = (done.model_extra or {})["sources"]
    assert sources[0]["source"]["name"]
    assert len(sources[0]["document"]) == len(sources[0]["metadata"])
    stream = client.chat.completions.create(
        model="fonte", messages=MESSAGES, stream=True, extra_body=wanted
    )
    events = [(chunk.model_extra or {}).get("event") for chunk in stream]
    found = [event["data"] for event in events if event]
    assert found == sources


def test_filters_and_content_parts(client: openai.OpenAI) -> None:
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    extra = {"fonte": {"filters": {"documents": ["000_fbebc661de5e621f.txt"]}}}
    done = client.chat.completions.create(model="fonte", messages=parts, extra_body=extra)
    passages = (done.model_extra or {})["fonte"]["passages"]
    assert passages
    assert {hit["path"] for hit in passages} == {"000_fbebc661de5e621f.txt"}


def test_a_refusal_is_text_and_marked(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Chi ha vinto il festival di Sanremo nel 1987?"}]
    done = client.chat.completions.create(model="fonte", messages=messages)
    fonte = (done.model_extra or {})["fonte"]
    assert fonte["abstained"] is True
    assert done.choices[0].message.content == fonte["text"]
    assert not done.choices[0].message.annotations
    assert (done.model_extra or {})["citations"] == []


def test_the_conversation_is_used(client: openai.OpenAI) -> None:
    alone = client.chat.completions.create(
        model="fonte", messages=[{"role": "user", "content": "E quanto valgono?"}]
    )
    messages: Any = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "29 accordi."},
        {"role": "user", "content": "E quanto valgono?"},
    ]
    after = client.chat.completions.create(model="fonte", messages=messages)

    def passages(done: Any) -> list[str]:
        return [hit["text"] for hit in done.model_extra["fonte"]["passages"]]

    assert passages(after) != passages(alone)
    assert any("29 accordi" in text for text in passages(after)[:3])


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.2, "top_p": 0.5, "max_tokens": 5, "seed": 1, "user": "u", "stop": ["x"]},
        {"logprobs": False, "presence_penalty": 0, "metadata": {"a": "b"}, "n": 1},
        {
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
            "tool_choice": "auto",
        },
        {"response_format": {"type": "text"}, "parallel_tool_calls": True, "store": False},
        {"extra_body": {"some_other_service": True, "options": {"num_ctx": 4096}}},
    ],
)
def test_parameters_without_meaning_here_are_ignored(
    client: openai.OpenAI, options: dict[str, Any]
) -> None:
    done = client.chat.completions.create(model="fonte", messages=MESSAGES, **options)
    assert done.choices[0].message.content


BAD_REQUEST, NOT_FOUND = openai.BadRequestError, openai.NotFoundError
IMAGE = [{"type": "image_url", "image_url": {"url": "x"}}]
UNKNOWN = {"fonte": {"filters": {"documents": ["unknown"]}}}
BAD: list[tuple[dict[str, Any], type[openai.APIStatusError], str]] = [
    ({"model": "gpt-4o"}, NOT_FOUND, "model_not_found"),
    ({"messages": []}, BAD_REQUEST, "invalid_value"),
    ({"messages": [{"role": "user", "content": ""}]}, BAD_REQUEST, "bad_request"),
    ({"messages": [{"role": "robot", "content": "x"}]}, BAD_REQUEST, "invalid_value"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, BAD_REQUEST, "unsupported_value"),
    ({"messages": [{"role": "user", "content": IMAGE}]}, BAD_REQUEST, "unsupported_value"),
    ({"n": 2}, BAD_REQUEST, "unsupported_value"),
    ({"response_format": {"type": "json_object"}}, BAD_REQUEST, "unsupported_value"),
    ({"tool_choice": "required"}, BAD_REQUEST, "unsupported_value"),
    ({"stream": "maybe"}, BAD_REQUEST, "invalid_value"),
    ({"extra_body": UNKNOWN}, NOT_FOUND, "not_found"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "kind", "code"), BAD)
def test_errors_have_openais_shape(
    client: openai.OpenAI, change: dict[str, Any], kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as error:
        client.chat.completions.create(**{"model": "fonte", "messages": MESSAGES, **change})
    body: Any = error.value.body
    assert set(body) >= {"message", "type", "param", "code"}
    assert body["code"] == code


def test_a_stream_that_fails_raises_in_the_sdk(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "?!?!"}]
    with pytest.raises(openai.BadRequestError):
        list(client.chat.completions.create(model="fonte", messages=messages, stream=True))


def test_a_wrong_key_is_openais_authentication_error(seeds_index: Path) -> None:
    with serve(index=seeds_index, sources=SEEDS, api_keys=(SecretStr("right"),)) as served:
        with sdk(served, "wrong") as client, pytest.raises(openai.AuthenticationError):
            client.models.list()
        with sdk(served, "right") as client:
            assert client.models.list().data
