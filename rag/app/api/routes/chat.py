"""OpenAI's chat protocol over the documents."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from rag.app import chat
from rag.app.api import sse
from rag.app.api.errors import ApiError, request_id_of
from rag.app.api.routes.common import EVENT_SCHEMA, Served, bearer, failures
from rag.app.api.schemas import turns_of
from rag.app.api.service import Service

router = APIRouter(prefix="/v1", tags=["openai"], dependencies=[bearer])


@router.post(
    "/chat/completions",
    summary="Chat as OpenAI's clients do",
    response_model=dict[str, Any],
    responses={
        200: {
            "content": {"text/event-stream": {"schema": EVENT_SCHEMA}},
            "description": "A chat.completion; with `stream`, chat.completion.chunk events.",
        },
        **failures(404, 408, 413, 502, 504),
    },
)
async def completions(request: Request, body: chat.ChatBody, service: Served) -> Response:
    """Answer the last user message; citations ride along (see docs/api.md)."""
    from rag.answer.assistant import Done, Turn

    question, turns = body.question()
    _ = service.library
    filters = await service.filters(body.fonte.filters if body.fonte else None)
    if service.settings.log_questions:
        request.scope["rag.log"] = {"question": question}
    history = [Turn(*turn) for turn in turns_of(turns)]
    chat_id, created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())
    base = str(request.base_url)
    if body.stream:
        await service.check(question)
        maker = chat.ChunkMaker(body, chat_id, created, base)
        return sse.EventStream(_stream(request, service, maker, question, history, filters))
    async for event in service.events(request, question, history, filters):
        if isinstance(event, Done):
            service.count(event.answer)
            return JSONResponse(chat.completion(body, event.answer, chat_id, created, base))
    raise RuntimeError("an answer ended without being done")


async def _stream(
    request: Request,
    service: Service,
    maker: chat.ChunkMaker,
    question: str,
    history: Any,
    filters: Any,
) -> AsyncIterator[str]:
    from rag.answer.assistant import Done, TextDelta

    try:
        yield sse.data(maker.opening())
        async for event in service.events(request, question, history, filters):
            if isinstance(event, TextDelta):
                yield sse.data(maker.text(event.text))
            elif isinstance(event, Done):
                service.count(event.answer)
                for chunk in maker.closing(event.answer):
                    yield sse.data(chunk)
        yield "data: [DONE]\n\n"
    except Exception as error:
        yield sse.data(sse.failure(error, request_id_of(request)))


@router.get(
    "/models", summary="List the models", response_model=dict[str, Any], responses=failures()
)
async def models() -> dict[str, Any]:
    """One model: the documents."""
    return {"object": "list", "data": [chat.model_json()]}


@router.get(
    "/models/{model}",
    summary="One model",
    response_model=dict[str, Any],
    responses=failures(404, 422),
)
async def model(model: str) -> dict[str, Any]:
    """The model, or 404."""
    if model != chat.MODEL:
        raise ApiError(
            404, f"The model '{model}' does not exist.", "model_not_found", param="model"
        )
    return chat.model_json()
