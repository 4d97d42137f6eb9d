"""Everything the README and the docs show is run.

In a copy of the project, each ```sh block is run by bash, each ```python block by Python, and where
a ```text block follows at once, it must be what was printed. A block that needs something a machine
may lack (an LLM server, a downloaded model, minutes of time) says so: ```sh notest. One that speaks
to the service says ```sh server, and finds it running. The blocks of one page share a folder, in
order, as a reader would run them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT, clean_environment

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w+)?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEEDED = (
    "rag",
    "seeds",
    "eval",
    "Makefile",
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "LICENSE",
)


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """(language, options, body) of each fenced block, in order."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(language, options.strip(), body) for language, options, body in found]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a newcomer has after cloning, with the environment already set up."""
    copy = tmp_path / "fonte"
    copy.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, copy / name, ignore=shutil.ignore_patterns("runs", "__pycache__")
            )
        else:
            shutil.copy2(source, copy / name)
    venv = copy / ".venv"
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.prefix) / "bin")
    for stamp in (".base", ".torch", ".dev"):
        (venv / stamp).touch()
    return copy


def run(command: list[str], cwd: Path, home: Path) -> str:
    environment = clean_environment() | {
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(cwd),
        "HOME": str(home),
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def service(project: Path, home: Path) -> Iterator[str]:
    """`rag serve` on a free port; yields its host and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    environment = clean_environment() | {"PYTHONPATH": str(project), "HOME": str(home)}
    command = [sys.executable, "-m", "rag.app.cli", "serve", "--port", place.partition(":")[2]]
    with (project / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(OSError):
                if urllib.request.urlopen(f"http://{place}/readyz", timeout=5).status == 200:
                    break
            assert process.poll() is None, (project / "serve.log").read_text()
            time.sleep(0.1)
        yield place
    finally:
        process.terminate()
        process.wait(timeout=60)


def squeezed(text: str) -> str:
    """Text without the line breaks and runs of spaces that a terminal's width decides."""
    return " ".join(text.split())


def test_pages_are_found() -> None:
    assert {"README.md", "evaluation.md", "api.md", "models.md", "data-model.md"} <= {
        page.name for page in PAGES
    }


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_page_shows_works(page: Path, project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(project / "seeds", home / "articoli")
    printed: str | None = None
    for language, options, body in blocks(page):
        if language == "text" and printed is not None and "notest" not in options:
            for piece in body.split("…\n"):  # a line "…" stands for what is left out
                assert squeezed(piece) in squeezed(printed)
        printed = None
        if "notest" in options or language not in ("sh", "python"):
            continue
        with ExitStack() as running:
            if "server" in options:
                place = running.enter_context(service(project, home))
                body = re.sub(r"(localhost|127\.0\.0\.1):8000", place, body)
            if language == "python":
                printed = run([sys.executable, "-c", body], project, home)
            else:
                lines = [x for x in body.splitlines() if not re.match(r"\s*make test\b", x)]
                printed = run(["bash", "-euc", "\n".join(lines)], project, home)
        assert '"error":' not in printed, printed


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, *(ROOT / "docs" / "decisions").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
