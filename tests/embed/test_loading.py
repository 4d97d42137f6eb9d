"""Which embedder a name gives, what its errors say, and what loading must not cost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.core.errors import ModelError
from rag.embed import BUNDLED, load_embedder
from rag.embed.transformers import SentenceTransformerEmbedder, _prompts
from tests.embed.conftest import make_tiny_model


def test_importing_the_package_loads_no_model_library() -> None:
    code = (
        "import sys, rag.embed, rag.embed.onnx, rag.embed.transformers\n"
        "print([m for m in ('torch', 'onnxruntime', 'tokenizers', 'sentence_transformers')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_bundled_models_need_no_torch() -> None:
    code = (
        "import sys, rag.embed\n"
        "rag.embed.load_embedder().embed_queries(['ciao'])\n"
        "rag.embed.load_reader().odds('Chi?', ['ciao'])\n"
        "print('torch' in sys.modules or 'sentence_transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_bundled_files_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in BUNDLED.iterdir()}
    reader = sum(sizes.pop(name) for name in ("reader.onnx", "reader.json"))
    assert sum(sizes.values()) < 42e6
    assert reader < 14e6


def test_a_folder_in_the_bundled_form_is_read_the_same_way(tmp_path: Path) -> None:
    copy = shutil.copytree(BUNDLED, tmp_path / "copy")
    assert load_embedder(str(copy)).name == load_embedder().name


def test_another_content_is_another_name(tmp_path: Path) -> None:
    copy = shutil.copytree(BUNDLED, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"max_tokens": 128}))
    assert load_embedder(str(copy)).name != load_embedder().name


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_damaged_or_missing_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(BUNDLED, tmp_path / "copy")
    (copy / name).write_bytes(b"not this")
    with pytest.raises(ModelError) as damaged:
        load_embedder(str(copy))
    assert str(copy) in damaged.value.message
    assert "\n" not in damaged.value.message
    assert damaged.value.remedy


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(BUNDLED, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"format": 99}))
    with pytest.raises(ModelError, match="format 99"):
        load_embedder(str(copy))


def test_a_folder_that_is_no_model_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("ciao")
    with pytest.raises(ModelError, match="is not a model") as error:
        load_embedder(str(tmp_path))
    assert "\n" not in error.value.message


def test_without_the_extra_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError) as error:
        load_embedder("intfloat/multilingual-e5-small")
    assert "pip install 'fonte[transformers]'" in error.value.remedy


class _Model:
    def __init__(self, prompts: dict[str, str] | None = None) -> None:
        self.prompts = prompts or {}


@pytest.mark.parametrize(
    ("name", "own", "expected"),
    [
        ("intfloat/multilingual-e5-small", {}, ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-small", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("models/other", {"query": "Q: ", "document": "D: "}, ("Q: ", "D: ")),
        (
            "BAAI/bge-small-en-v1.5",
            {},
            ("Represent this sentence for searching relevant passages: ", ""),
        ),
        ("sentence-transformers/all-MiniLM-L6-v2", {}, ("", "")),
    ],
)
def test_the_prompts_are_those_the_model_was_trained_with(
    name: str, own: dict[str, str], expected: tuple[str, str]
) -> None:
    assert _prompts(name, _Model(own)) == expected


def test_prompts_change_the_vectors_and_the_name(tiny_model: Path) -> None:
    plain = SentenceTransformerEmbedder(str(tiny_model))
    prompted = SentenceTransformerEmbedder(str(tiny_model), query_prompt="domanda ")
    assert plain.name != prompted.name
    np.testing.assert_allclose(
        prompted.embed_queries(["embargo"]), plain.embed_queries(["domanda embargo"]), atol=1e-5
    )
    np.testing.assert_allclose(
        prompted.embed_passages(["embargo"]), plain.embed_passages(["embargo"]), atol=1e-6
    )


def test_a_model_with_its_own_prompts_gets_them(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "own", {"query": "domanda ", "document": "paesi "})
    embedder = SentenceTransformerEmbedder(str(folder))
    bare = SentenceTransformerEmbedder(str(folder), query_prompt="", passage_prompt="")
    np.testing.assert_allclose(
        embedder.embed_queries(["embargo"]), bare.embed_queries(["domanda embargo"]), atol=1e-5
    )
    np.testing.assert_allclose(
        embedder.embed_passages(["embargo"]), bare.embed_passages(["paesi embargo"]), atol=1e-5
    )
