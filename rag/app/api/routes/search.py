"""Searching and asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from rag.app.api import sse
from rag.app.api.errors import as_api_error, error_body, request_id_of
from rag.app.api.routes.common import EVENT_SCHEMA, Served, bearer, failures
from rag.app.api.schemas import (
    AnswerOut,
    AskBody,
    SearchBody,
    SearchesOut,
    SearchOut,
    turns_of,
)
from rag.app.api.service import Service
from rag.app.views import answer_json, search_json
from rag.core.errors import RagError

router = APIRouter(prefix="/v1", dependencies=[bearer])


@router.post(
    "/search",
    tags=["ask"],
    summary="Find passages",
    response_model=SearchOut | SearchesOut,
    responses=failures(404, 408, 413, 422, 504),
)
async def search(request: Request, body: SearchBody, service: Served) -> Response:
    """The best passages for a question; for a list of questions, `searches` in its order."""
    _ = service.library
    filters = await service.filters(body.filters)
    _log_question(service, request, body.question)
    if isinstance(body.question, str):
        result = await service.search(body.question, body.k, filters)
        return JSONResponse(search_json(result))
    found = await asyncio.gather(
        *(service.search(question, body.k, filters) for question in body.question),
        return_exceptions=True,
    )
    searches: list[dict[str, Any]] = []
    for outcome in found:
        if isinstance(outcome, RagError):
            error = as_api_error(outcome)
            request_id = request_id_of(request)
            searches.append(
                error_body(error.status, error.message, error.code, "question", request_id)
            )
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            searches.append(search_json(outcome))
    return JSONResponse({"searches": searches})


@router.post(
    "/ask",
    tags=["ask"],
    summary="Answer a question",
    response_model=AnswerOut,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": EVENT_SCHEMA}},
            "description": "The answer; streamed: `delta` events, then one `answer` or `error`.",
        },
        **failures(404, 408, 413, 422, 502, 504),
    },
)
async def ask(request: Request, body: AskBody, service: Served) -> Response:
    """The answer with its citations, or a refusal that shows the nearest passages."""
    from rag.answer.assistant import Done, Turn

    _ = service.library
    filters = await service.filters(body.filters)
    _log_question(service, request, body.question)
    said = [(message.role, message.content) for message in body.history]
    history = [Turn(*turn) for turn in turns_of(said)]
    if body.stream or _wants_events(request):
        await service.check(body.question)
        return sse.EventStream(_stream(request, body, service, history, filters))
    async for event in service.events(request, body.question, history, filters):
        if isinstance(event, Done):
            service.count(event.answer)
            return JSONResponse(answer_json(event.answer))
    raise RuntimeError("an answer ended without being done")


async def _stream(
    request: Request, body: AskBody, service: Service, history: Any, filters: Any
) -> AsyncIterator[str]:
    from rag.answer.assistant import Done, TextDelta

    try:
        async for event in service.events(request, body.question, history, filters):
            if isinstance(event, TextDelta):
                yield sse.data({"text": event.text}, "delta")
            elif isinstance(event, Done):
                service.count(event.answer)
                yield sse.data(answer_json(event.answer), "answer")
    except Exception as error:
        yield sse.data(sse.failure(error, request_id_of(request)), "error")


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


def _log_question(service: Service, request: Request, question: str | list[str]) -> None:
    if service.settings.log_questions:
        request.scope["rag.log"] = {"question": question}
