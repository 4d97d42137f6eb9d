"""Schemathesis over the service's own OpenAPI document: no 5xx, no answer that breaks its schema.

`FUZZ_REQUESTS` sets how many examples each operation gets; the default is small and fixed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

schemathesis = pytest.importorskip("schemathesis")
import jsonschema_rs  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from schemathesis import Case, GenerationMode, checks  # noqa: E402

from tests.conftest import SEEDS  # noqa: E402
from tests.service.serving import Served, serve  # noqa: E402

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
EXAMPLES = int(os.environ.get("FUZZ_REQUESTS", "12"))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service whose documents may come and go; evaluations find no set to run."""
    folder = tmp_path_factory.mktemp("fuzz")
    sources = folder / "docs"
    sources.mkdir()
    first: Path = sorted(SEEDS.glob("*.txt"))[0]
    (sources / first.name).write_bytes(first.read_bytes())
    before = Path.cwd()
    os.chdir(folder)
    try:
        with serve(index=folder / "idx", sources=sources) as running:
            yield running
    finally:
        os.chdir(before)


def check_operation(document: dict[str, Any], operation: Any) -> None:
    """Call one operation with generated requests, and hold every answer to the document.

    What is taken must be as the document says, too.
    """
    described = document["paths"][operation.path][operation.method].get("requestBody", {})
    media = described.get("content", {}).get("application/json", {})
    accepts = jsonschema_rs.validator_for({**document, **media.get("schema", {})})

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
    def call(case: Case) -> None:
        response = case.call_and_validate(checks=CHECKS)
        if response.status_code < 300 and case.media_type == "application/json":
            problems = [error.message for error in accepts.iter_errors(case.body)]
            assert not problems, f"took {case.body!r}: {problems}"

    call()


def test_nothing_breaks(fuzzed: Served) -> None:
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")
    with fuzzed.client() as client:
        document = client.get("/openapi.json").json()
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 12
    failures = []
    for operation in operations:
        try:
            check_operation(document, operation)
        except (BaseExceptionGroup, AssertionError) as error:
            failures.append(f"{operation.label}: {error!r}")
    counted = fuzzed.service.metrics.requests.collect()[0].samples
    print(sum(one.value for one in counted if one.name.endswith("_total")), "requests")
    assert not failures, "\n\n".join(failures)
