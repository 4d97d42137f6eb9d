"""A language model behind an OpenAI-compatible endpoint. The only module that knows the openai SDK.

The SDK retries 408, 409, 429 and 5xx answers and lost connections with exponential backoff, and
honours Retry-After. On top of that, an answer has one deadline for the whole of it, and can be
cancelled at any moment: the network is read in a thread of its own, which the caller never waits
for longer than a tenth of a second at a time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rag.answer.prompt import Message
from rag.core.errors import LLMError

POLL = 0.1  # seconds between looks at the deadline and the cancel event
RETRIES = 2
CONNECT_TIMEOUT = 5.0  # seconds; an endpoint that is down should not cost the whole timeout


class ContextExceeded(LLMError):
    """The endpoint says that the prompt is longer than its context window."""


class Cancelled(LLMError):
    """The caller cancelled the answer."""


class LLM(Protocol):
    """What writes answers. `context` and `max_tokens` are in tokens."""

    name: str
    context: int
    max_tokens: int

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """The pieces of the answer as they come. Raises LLMError, also midway."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


class OpenAICompatible:
    """An endpoint that speaks OpenAI's chat protocol: Ollama, llama.cpp, vLLM, LM Studio, hosted.

    `timeout` is in seconds, for the whole of an answer. `base_url` usually ends in /v1. Nothing is
    connected, and the SDK not imported, before the first answer.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        context: int = 8192,
        max_tokens: int = 700,
        retries: int = RETRIES,
        streaming: bool = True,
    ) -> None:
        self.name = model
        self.context = context
        self.max_tokens = max_tokens
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._retries = retries
        self._streaming = streaming
        self._client_now: Any = None
        self._lock = threading.Lock()

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """The pieces of the answer as they come (one piece when the endpoint does not stream).

        Raises LLMError with a remedy: ContextExceeded, Cancelled, or the endpoint's own fault.
        """
        pieces: queue.Queue[str | _End] = queue.Queue(maxsize=1024)
        stop = threading.Event()
        reader = threading.Thread(
            target=self._read,
            args=(list(messages), max_tokens or self.max_tokens, pieces, stop),
            name="fonte-llm",
            daemon=True,
        )
        deadline = time.monotonic() + self._timeout
        reader.start()
        try:
            while True:
                if cancel is not None and cancel.is_set():
                    raise Cancelled("The answer was cancelled.")
                if time.monotonic() > deadline:
                    raise LLMError(
                        f"{self.name} did not finish within {self._timeout:g} seconds.",
                        "Raise RAG_LLM_TIMEOUT, or use a faster model.",
                    )
                try:
                    piece = pieces.get(timeout=POLL)
                except queue.Empty:
                    continue
                if isinstance(piece, _End):
                    if piece.error is not None:
                        raise self._explained(piece.error) from None
                    return
                yield piece
        finally:
            stop.set()

    def _read(
        self,
        messages: list[Message],
        max_tokens: int,
        pieces: queue.Queue[str | _End],
        stop: threading.Event,
    ) -> None:
        """Runs in the reader's thread; whatever happens ends as one `_End`."""
        error: Exception | None = None
        try:
            for piece in self._pieces(messages, max_tokens):
                if not _put(pieces, piece, stop):
                    return
        except Exception as caught:
            error = caught
        _put(pieces, _End(error), stop)

    def _pieces(self, messages: list[Message], max_tokens: int) -> Iterator[str]:
        if not self._streaming:
            response = self._create(messages, max_tokens, stream=False)
            choices = getattr(response, "choices", None)
            if choices and choices[0].message.content:
                yield choices[0].message.content
            return
        with self._create(messages, max_tokens, stream=True) as stream:
            for chunk in stream:
                choices = getattr(chunk, "choices", None)
                delta = choices[0].delta if choices else None
                content = getattr(delta, "content", None)
                if isinstance(content, str) and content:
                    yield content

    def _create(self, messages: list[Message], max_tokens: int, *, stream: bool) -> Any:
        import openai

        create = self._client().chat.completions.create
        request: dict[str, Any] = {
            "model": self.name, "messages": messages, "stream": stream, "temperature": 0,
        }  # fmt: skip
        try:
            return create(**request, max_tokens=max_tokens)
        except openai.BadRequestError as error:
            # Hosted reasoning models want another name for the limit, and no temperature.
            if "max_tokens" not in str(error) and "temperature" not in str(error):
                raise
            del request["temperature"]
            return create(**request, max_completion_tokens=max_tokens)

    def _client(self) -> Any:
        with self._lock:
            if self._client_now is None:
                import openai

                self._client_now = openai.OpenAI(
                    base_url=self._base_url,
                    api_key=self._api_key or "none",
                    timeout=openai.Timeout(
                        self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout)
                    ),
                    max_retries=self._retries,
                )
            return self._client_now

    def _explained(self, error: Exception) -> LLMError:
        import openai

        where = f"{self.name} at {self._base_url}"
        if isinstance(error, LLMError):
            return error
        if isinstance(error, openai.BadRequestError) and _context_exceeded(str(error)):
            return ContextExceeded(
                f"The prompt is too long for {where}.", "Set RAG_LLM_CONTEXT to its window."
            )
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return LLMError(f"{where} refused the key.", "Set RAG_LLM_API_KEY.")
        if isinstance(error, openai.NotFoundError):
            return LLMError(
                f"{where} was not found.",
                "Check RAG_LLM_MODEL, and that RAG_LLM_BASE_URL ends as the server wants (/v1).",
            )
        if isinstance(error, openai.APITimeoutError):
            return LLMError(
                f"{where} did not answer within {self._timeout:g} seconds.",
                "Raise RAG_LLM_TIMEOUT, or use a faster model.",
            )
        if isinstance(error, openai.APIStatusError):
            return LLMError(f"{where} answered with error {error.status_code}.", "Try again later.")
        if isinstance(error, openai.APIConnectionError):
            return LLMError(f"{where} cannot be reached.", "Is the server running?")
        return LLMError(
            f"{where} sent something that is no answer ({type(error).__name__}).",
            "Is it an OpenAI-compatible endpoint?",
        )


def _put(pieces: queue.Queue[str | _End], piece: str | _End, stop: threading.Event) -> bool:
    """Hand a piece over; False when the caller has left, and the reader should too."""
    while not stop.is_set():
        try:
            pieces.put(piece, timeout=POLL)
        except queue.Full:
            continue
        return True
    return False


def _context_exceeded(message: str) -> bool:
    lowered = message.lower()
    return "context" in lowered and any(
        word in lowered for word in ("length", "window", "size", "exceed", "maximum", "too long")
    )
