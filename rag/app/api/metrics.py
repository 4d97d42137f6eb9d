"""What Prometheus reads at /metrics: requests, stages, answers, jobs, the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One registry per service, so that two services in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry, namespace="rag")
        gauge = partial(Gauge, registry=self.registry, namespace="rag")
        histogram = partial(Histogram, registry=self.registry, namespace="rag")
        self.requests = counter(
            "http_requests", "Requests by route, method and status", ("route", "method", "status")
        )
        self.latency = histogram(
            "http_request_seconds", "Time to the last byte, by route", ("route",), buckets=_SECONDS
        )
        self.in_flight = gauge("http_in_flight", "Requests being worked on")
        self.stages = histogram(
            "stage_seconds", "Time by stage of a search or an answer", ("stage",), buckets=_SECONDS
        )
        self.batches = histogram(
            "search_batch_size", "Questions embedded together", buckets=(1, 2, 4, 8, 16, 32)
        )
        self.answers = counter("answers", "Answers by mode and outcome", ("mode", "outcome"))
        self.unsupported = counter(
            "unsupported_statements", "Statements of an LLM that no source supports"
        )
        self.llm_tokens = counter("llm_tokens", "Tokens to and from the LLM", ("kind",))
        self.llm_failures = counter("llm_failures", "Answers that the LLM failed to give")
        self.documents = gauge("index_documents", "Documents in the index")
        self.chunks = gauge("index_chunks", "Chunks in the index")
        self.jobs = counter("jobs", "Background jobs by kind and outcome", ("kind", "state"))

    def observe_stages(self, timings_ms: Mapping[str, float] | Iterable[tuple[str, float]]) -> None:
        """Count the stages of one search or answer; milliseconds in, seconds out."""
        pairs = timings_ms.items() if isinstance(timings_ms, Mapping) else timings_ms
        for stage, milliseconds in pairs:
            self.stages.labels(stage).observe(milliseconds / 1000)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
