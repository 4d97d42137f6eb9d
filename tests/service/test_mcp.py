"""`rag mcp`, spoken to by the mcp package's own client over stdin and stdout."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.conftest import SEEDS, clean_environment

QUESTION = "Quanti accordi hanno firmato Stati Uniti e Kazakistan?"


def talk(index: Path, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Run `work(client)` against a `rag mcp` process."""

    async def main() -> Any:
        parameters = StdioServerParameters(
            command=sys.executable,
            args=["-m", "rag.app.cli", "mcp", "--index", str(index), "--sources", str(SEEDS)],
            env=clean_environment(),
        )
        async with Client(stdio_client(parameters)) as client:
            return await work(client)

    return asyncio.run(main())


def test_the_tools_work(seeds_index: Path) -> None:
    async def work(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"search", "ask", "open_document"}
        assert all(tool.description and tool.annotations.read_only_hint for tool in tools.values())

        found = await client.call_tool("search", {"question": QUESTION, "k": 3})
        hits = found.structured_content["results"]
        assert len(hits) == 3
        hit = hits[0]
        span = {"document": hit["doc_id"], "start": hit["start"], "end": hit["end"]}
        opened = await client.call_tool("open_document", span)
        assert opened.structured_content["text"] == hit["text"]

        asked = await client.call_tool("ask", {"question": QUESTION})
        answer = asked.structured_content
        assert answer["citations"]
        for citation in answer["citations"]:
            where = {key: citation[key] for key in ("start", "end")}
            read = await client.call_tool("open_document", {"document": citation["path"], **where})
            assert read.structured_content["text"] == citation["quote"]

        listed = await client.call_tool("open_document", {})
        assert len(listed.structured_content["documents"]) == 5

    talk(seeds_index, work)


def test_mistakes_are_told(seeds_index: Path) -> None:
    async def work(client: Any) -> None:
        for tool, arguments, said in [
            ("ask", {"question": "   "}, "empty"),
            ("search", {"question": QUESTION, "language": "fr"}, "fr"),
            ("search", {"question": QUESTION, "date_from": "ieri"}, "ieri"),
            ("open_document", {"document": "../../etc/passwd"}, "passwd"),
            ("open_document", {"document": "000_fbebc661de5e621f.txt", "start": 10**6}, "span"),
        ]:
            result = await client.call_tool(tool, arguments)
            assert result.is_error, tool
            assert said in result.content[0].text
            assert "Traceback" not in result.content[0].text

    talk(seeds_index, work)
