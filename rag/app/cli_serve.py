"""`rag serve` and `rag mcp`: the documents for a browser, for programs, for assistants."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.app.console import IndexOption, SourcesOption


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command("serve")(serve)
    app.command("mcp")(mcp)


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on. [default: 8000]")
    ] = None,
    index: IndexOption = None,
    sources: SourcesOption = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Logs as JSON lines.")] = False,
) -> None:
    """Serve the page, the HTTP API and the OpenAI-compatible chat.

    Listening beyond this machine needs RAG_API_KEYS (to read) and RAG_ADMIN_KEYS (to change).

    Examples:   rag serve   ·   RAG_API_KEYS=s3cret rag serve --host 0.0.0.0 --port 80
    """
    from pathlib import Path

    from rag.app.api.server import run
    from rag.core.config import load_settings

    run(
        load_settings(
            host=host,
            port=port,
            index=Path(index) if index is not None else None,
            sources=Path(sources) if sources is not None else None,
            log_json=log_json or None,
        )
    )


def mcp(index: IndexOption = None, sources: SourcesOption = None) -> None:
    """Offer search, ask and open_document to an assistant over MCP (stdin and stdout).

    Example entry of an assistant's configuration:
    {"mcpServers": {"fonte": {"command": "rag", "args": ["mcp", "--index", "/path/to/index"]}}}
    """
    from rag.app.library import Library
    from rag.app.mcp import make_server

    make_server(Library.open(index, sources)).run("stdio")
