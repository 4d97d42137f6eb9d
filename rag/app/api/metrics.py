"""What Prometheus reads at /metrics: requests, stages, answers, jobs, the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One registry per service, so that two services in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = {"registry": self.registry, "namespace": "rag"}
        self.requests = Counter(
            "http_requests", "Requests by route, method and status", ("route", "method", "status"),
            **own,
        )  # fmt: skip
        self.latency = Histogram(
            "http_request_seconds", "Time to the last byte, by route", ("route",),
            buckets=_SECONDS, **own,
        )  # fmt: skip
        self.in_flight = Gauge("http_in_flight", "Requests being worked on", **own)
        self.stages = Histogram(
            "stage_seconds", "Time by stage of a search or an answer", ("stage",),
            buckets=_SECONDS, **own,
        )  # fmt: skip
        self.batches = Histogram(
            "search_batch_size", "Questions embedded together", buckets=(1, 2, 4, 8, 16, 32), **own
        )
        self.answers = Counter("answers", "Answers by mode and outcome", ("mode", "outcome"), **own)
        self.unsupported = Counter(
            "unsupported_statements", "Statements of an LLM that no source supports", **own
        )
        self.llm_tokens = Counter("llm_tokens", "Tokens to and from the LLM", ("kind",), **own)
        self.llm_failures = Counter("llm_failures", "Answers that the LLM failed to give", **own)
        self.documents = Gauge("index_documents", "Documents in the index", **own)
        self.chunks = Gauge("index_chunks", "Chunks in the index", **own)
        self.jobs = Counter("jobs", "Background jobs by kind and outcome", ("kind", "state"), **own)

    def observe_stages(self, timings_ms: Mapping[str, float] | Iterable[tuple[str, float]]) -> None:
        """Count the stages of one search or answer; milliseconds in, seconds out."""
        pairs = timings_ms.items() if isinstance(timings_ms, Mapping) else timings_ms
        for stage, milliseconds in pairs:
            self.stages.labels(stage).observe(milliseconds / 1000)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
