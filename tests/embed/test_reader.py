"""The bundled reader: what it gives, what it makes of odd input, and that it was trained on what it
is fed.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import ModelError
from rag.embed import BUNDLED, load_embedder, load_reader
from rag.embed.reader import OnnxReader, Pairing, Reader

QUESTION = "Quando fu firmato il trattato?"
SENTENCES = [
    "Il trattato fu firmato a Roma il 25 marzo 1957.",
    "Il trattato istituì la Comunità economica europea.",
    "La pasta si cuoce in acqua salata. " * 40,
    "🙂",
    "",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


def test_one_number_for_each_sentence(reader: Reader) -> None:
    odds = reader.odds(QUESTION, SENTENCES)
    assert odds.shape == (len(SENTENCES),)
    assert odds.dtype == np.float32
    assert np.isfinite(odds).all()


def test_nothing_to_read_gives_nothing(reader: Reader) -> None:
    assert reader.odds(QUESTION, []).shape == (0,)


def test_the_company_of_a_sentence_does_not_matter(reader: Reader) -> None:
    together = reader.odds(QUESTION, SENTENCES)
    alone = np.concatenate([reader.odds(QUESTION, [sentence]) for sentence in SENTENCES])
    np.testing.assert_allclose(together, alone, atol=0.02)


def test_several_threads_read_the_same(reader: Reader) -> None:
    first = reader.odds(QUESTION, SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        others = list(pool.map(lambda _: reader.odds(QUESTION, SENTENCES), range(8)))
    assert all((odds == first).all() for odds in others)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300), st.lists(st.text(), max_size=3))
def test_any_text_can_be_read(question: str, sentences: list[str]) -> None:
    odds = load_reader().odds(question, sentences)
    assert odds.shape == (len(sentences),)
    assert np.isfinite(odds).all()


@pytest.mark.parametrize(
    ("question", "answers", "other"),
    [
        (
            "Quando fu firmato il trattato?",
            "Il trattato fu firmato a Roma il 25 marzo 1957.",
            "Il trattato istituì la Comunità economica europea.",
        ),
        (
            "When was the treaty signed?",
            "Il trattato fu firmato a Roma il 25 marzo 1957.",
            "Il trattato istituì la Comunità economica europea.",
        ),
        (
            "How many people work in the factory?",
            "The factory has 300 workers.",
            "The factory makes shoes for the whole of Europe.",
        ),
        (
            "Quanti reattori avrà la centrale?",
            "The plant will have two reactors.",
            "The plant will be built on the shore of the lake.",
        ),
    ],
)
def test_a_sentence_that_answers_is_likelier(
    reader: Reader, question: str, answers: str, other: str
) -> None:
    yes, no = reader.odds(question, [answers, other])
    assert yes > no


def test_it_is_fed_what_it_was_trained_on(reader: Reader) -> None:
    pytest.importorskip("torch")
    from rag.embed.onnx import tokenizer
    from training.reading.learn import Plan, encoded, padded
    from training.reading.pairs import Pair
    from training.settings import Settings

    assert isinstance(reader, OnnxReader)
    pairs = [Pair(QUESTION, "", text, True) for text in SENTENCES]
    words = tokenizer(BUNDLED / "tokenizer.json", Settings.max_tokens)
    trained = padded(encoded(pairs, Pairing(words, Plan.longest)))
    for name, tensor in zip(("input_ids", "kinds", "positions"), trained, strict=True):
        np.testing.assert_array_equal(reader.feed(QUESTION, SENTENCES)[name], tensor.numpy())


def test_the_words_are_in_the_package_once() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(BUNDLED / "reader.onnx"), load_external_data=False)
    (table,) = [w for w in model.graph.initializer if w.name == "table"]
    held = {entry.key: entry.value for entry in table.external_data}
    assert held["location"] == "model.onnx"
    assert (BUNDLED / "reader.onnx").stat().st_size < (BUNDLED / "model.onnx").stat().st_size / 2


def test_it_was_made_for_the_embedder_in_the_package() -> None:
    made_for = json.loads((BUNDLED / "reader.json").read_text("utf-8"))["embedder"]
    assert made_for == load_embedder().name, "run: python -m training.run read"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("reader.onnx", "reader.json", "model.onnx", "tokenizer.json"):
        shutil.copyfile(BUNDLED / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", ["reader.onnx", "reader.json", "model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("harm", ["missing", "empty", "cut"])
def test_a_damaged_reader_says_so(folder: Path, name: str, harm: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes(b"" if harm == "empty" else content[: len(content) // 2])
    with pytest.raises(ModelError, match="reader") as raised:
        OnnxReader(folder)
    assert "Reinstall" in raised.value.remedy


def test_the_reader_of_another_model_is_not_used(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="made for fonte-it-en-mini"):
        OnnxReader(folder)
