"""The shape of the code, held: imports point one way, and heavy ones happen late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rag"
# A layer may import only from itself and from layers to its right.
LAYERS = ["app", "evaluate", "answer", "retrieve", "indexing", "embed", "ingest", "core"]
# What only some modules may know, and which.
ONLY = {
    "faiss": {"rag/indexing/dense.py"},
    "tantivy": {"rag/indexing/lexical.py", "rag/indexing/lexical_query.py"},
    "sentence_transformers": {"rag/embed", "rag/retrieve/rerank.py"},
    "fastapi": {"rag/app"},
    "typer": {"rag/app"},
    "openai": {"rag/answer/llm.py"},
    "onnxruntime": {"rag/embed"},
    "ir_measures": {"rag/evaluate"},
    "tomllib": {"rag/core/config.py", "rag/evaluate"},
}
HEAVY = (
    "torch",
    "sentence_transformers",
    "transformers",
    "faiss",
    "onnxruntime",
    "tantivy",
    "tokenizers",
    "lingua",
    "langchain_text_splitters",
    "openai",
    "fastapi",
    "matplotlib",
)

FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names of every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_files_are_found() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    layer = path.relative_to(PACKAGE).parts[0]
    if layer not in LAYERS:
        return  # rag/__init__.py offers Library lazily
    allowed = LAYERS[LAYERS.index(layer) :]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "rag" and len(parts) > 1 and parts[1] in LAYERS:
            assert parts[1] in allowed, f"{layer} must not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_its_keeper_knows_a_library(path: Path) -> None:
    here = path.relative_to(ROOT).as_posix()
    for library, keepers in ONLY.items():
        if any(name.split(".")[0] == library for name in imports(path)):
            assert any(here == k or here.startswith(k + "/") for k in keepers), (
                f"{here} must not import {library}"
            )


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_pickle(path: Path) -> None:
    assert not {"pickle", "shelve", "marshal", "dill"} & {n.split(".")[0] for n in imports(path)}


@pytest.mark.parametrize(
    "code",
    ["import rag", "from rag.app import cli", "import rag.core.types, rag.embed, rag.ingest"],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    check = f"{code}\nimport sys\nprint(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
