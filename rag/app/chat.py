"""OpenAI's chat wire format, with citations in every form that clients know.

Pure functions from an `Answer` to JSON; rag.app.api.routes.chat serves them. Format:
https://platform.openai.com/docs/api-reference/chat (checked against the openai package's types).

- `message.annotations`: `url_citation`s, whose `start_index` and `end_index` are code points of the
  content, end exclusive, and whose `url` opens the source in this service's page, span marked;
- `citations`: their URLs, as some other services give them;
- `fonte`: the whole answer as /v1/ask gives it;
- `sources`: Open WebUI's form, on request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.app.api.errors import ApiError
from rag.app.api.schemas import FilterBody
from rag.app.api.tokens import count_tokens
from rag.app.views import answer_json
from rag.core.types import Answer, Citation

MODEL = "fonte"
# Part of the service's first release: clients sort models by it.
CREATED = 1_763_683_200


class Part(BaseModel):
    """One part of a message's content; only text can be answered."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: str | None = None


class Message(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=200_000)] | list[Part] | None = None

    def text(self) -> str:
        """The content as text. Raises ApiError 400 for an image, audio or file part."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        for part in self.content:
            if part.type not in ("text", "refusal"):
                raise _bad("messages", f"Content parts of type '{part.type}' cannot be read here.")
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(BaseModel):
    """What a stream carries besides text."""

    model_config = ConfigDict(extra="allow")
    include_usage: bool = False


class FonteOptions(BaseModel):
    """Our own options, under `fonte` in the request."""

    model_config = ConfigDict(extra="forbid")
    filters: FilterBody | None = None
    sources: bool = Field(False, description="also give the citations as Open WebUI's sources")


class ChatBody(BaseModel):
    """A chat completion request. Parameters of OpenAI's that mean nothing here are ignored."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "fonte",
                    "messages": [
                        {"role": "user", "content": "Chi ha visitato Astana prima di Putin?"}
                    ],
                }
            ]
        },
    )
    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=500)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = 1
    response_format: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    fonte: FonteOptions | None = None

    def question(self) -> tuple[str, list[tuple[Literal["user", "assistant"], str]]]:
        """The last user message, and the turns before it. Raises ApiError 400 without one."""
        self._check()
        turns: list[tuple[Literal["user", "assistant"], str]] = []
        for message in self.messages:
            if message.role == "user" or message.role == "assistant":
                turns.append((message.role, message.text()))
        if not turns or turns[-1][0] != "user":
            raise _bad("messages", "The last message must be the user's question.")
        return turns[-1][1], turns[:-1]

    def _check(self) -> None:
        if self.model != MODEL:
            raise ApiError(
                404, f"The model '{self.model}' does not exist; this service has '{MODEL}'.",
                "model_not_found", param="model",
            )  # fmt: skip
        if self.n not in (None, 1):
            raise _bad("n", "Only one choice is given: n must be 1.")
        if (self.response_format or {}).get("type", "text") != "text":
            raise _bad("response_format", "Only text can be given: answers are quoted.")
        if self.tool_choice == "required" or isinstance(self.tool_choice, dict):
            raise _bad("tool_choice", "Tools cannot be called here.")


def _bad(param: str, message: str) -> ApiError:
    return ApiError(400, message, "unsupported_value", param=param)


def usage(body: ChatBody, answer: str) -> dict[str, int]:
    """Tokens in and out, counted roughly: no model's own vocabulary is assumed."""
    prompt = sum(count_tokens(message.text()) for message in body.messages)
    completion = count_tokens(answer)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def source_url(base: str, citation: Citation) -> str:
    """The page that shows the cited document with the span marked; `base` ends in a slash."""
    return f"{base}#cite={citation.doc_id}:{citation.start}-{citation.end}"


def url_citations(answer: Answer, base: str) -> list[dict[str, Any]]:
    """OpenAI's `url_citation`s; none for a refusal, whose passages support nothing."""
    if answer.abstained:
        return []
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": citation.answer_start,
                "end_index": citation.answer_end,
                "title": citation.title or citation.path,
                "url": source_url(base, citation),
            },
        }
        for citation in answer.citations
    ]


def open_webui_sources(answer: Answer, base: str) -> list[dict[str, Any]]:
    """One source for each cited document, its quotes as documents, as Open WebUI shows them."""
    grouped: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        grouped.setdefault(citation.doc_id, []).append(citation)
    return [
        {
            "source": {
                "id": doc_id,
                "name": quoted[0].title or quoted[0].path,
                "url": source_url(base, quoted[0]),
            },
            "document": [citation.quote for citation in quoted],
            "metadata": [
                {
                    "source": source_url(base, citation),
                    "name": citation.title or citation.path,
                    "date": citation.date,
                }
                for citation in quoted
            ],
        }
        for doc_id, quoted in grouped.items()
    ]


def completion(body: ChatBody, answer: Answer, chat_id: str, created: int, base: str) -> Any:
    """The whole `chat.completion` object."""
    result = {
        "id": chat_id,
        "object": "chat.completion",
        "created": created,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": answer.text,
                    "refusal": None,
                    "annotations": url_citations(answer, base),
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": usage(body, answer.text),
        "system_fingerprint": None,
        "service_tier": "default",
        **_extras(answer, base),
    }
    if body.fonte and body.fonte.sources:
        result["sources"] = open_webui_sources(answer, base)
    return result


def _extras(answer: Answer, base: str) -> dict[str, Any]:
    cited = () if answer.abstained else answer.citations
    return {
        "citations": [source_url(base, citation) for citation in cited],
        "fonte": answer_json(answer),
    }


class ChunkMaker:
    """The `chat.completion.chunk` objects of one stream, in order."""

    def __init__(self, body: ChatBody, chat_id: str, created: int, base: str) -> None:
        self._body = body
        self._id = chat_id
        self._created = created
        self._base = base
        self._sent = 0
        options = body.stream_options
        self._with_usage = options is not None and options.include_usage

    def opening(self) -> dict[str, Any]:
        """The first chunk: only the role."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def text(self, piece: str) -> dict[str, Any]:
        """A piece of the answer."""
        self._sent += len(piece)
        return self._chunk({"content": piece})

    def closing(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """What follows the text: what was not streamed of it, citations, the end, usage."""
        if rest := answer.text[self._sent :]:
            yield self.text(rest)
        if self._body.fonte and self._body.fonte.sources:
            for source in open_webui_sources(answer, self._base):
                event = {"event": {"type": "source", "data": source}}
                yield {**self._chunk({}), **event}
        found = url_citations(answer, self._base)
        last = self._chunk({"annotations": found} if found else {}, "stop")
        yield {**last, **_extras(answer, self._base)}
        if self._with_usage:
            yield {**self._chunk(None), "usage": usage(self._body, answer.text)}

    def _chunk(self, delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": MODEL,
            "service_tier": "default",
            "system_fingerprint": None,
            "choices": [] if delta is None else [choice],
        }
        return {**chunk, "usage": None} if self._with_usage else chunk


def model_json() -> dict[str, Any]:
    """This service's only model, as /v1/models lists it."""
    return {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "fonte"}
