"""The reader as an ONNX graph beside the bundled embedder, whose table of words it reads.

The table is `external data` of the graph: a stretch of bytes inside `model.onnx`, so that the words
are in the package once. `reader.json` names the embedder that the stretch was measured in.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from safetensors.numpy import load_file

from rag.embed.onnx import OnnxEmbedder
from training.graph import LAYERS, Graph, Tensors, finished, layer, norm, save, words
from training.initialise import TABLE
from training.reading.learn import SEPARATE, Plan

SHARED = "model.onnx"
NOT_SEEN = -10000.0  # added to the attention between texts that do not see each other
FORMAT = 1
NAME = "fonte-it-en-reader"


def shared_table(folder: Path) -> tuple[onnx.TensorProto, NDArray[np.float32], NDArray[np.int32]]:
    """(the table as external data in the embedder's file, its scales, the rows of the tokens)."""
    content = (folder / SHARED).read_bytes()
    held = {w.name: w for w in onnx.load_from_string(content).graph.initializer}
    raw = held["table"].raw_data
    offset = content.find(raw)
    if offset < 0 or content.find(raw, offset + 1) >= 0:
        raise ValueError(f"the table does not stand exactly once in {folder / SHARED}")
    table = onnx.TensorProto(name="table", data_type=TensorProto.INT8, dims=held["table"].dims)
    table.data_location = TensorProto.EXTERNAL
    for key, value in (("location", SHARED), ("offset", offset), ("length", len(raw))):
        table.external_data.add(key=key, value=str(value))
    return table, numpy_helper.to_array(held["scale"]), numpy_helper.to_array(held["rows"])


def _embed(graph: Graph, tensors: Tensors, folder: Path) -> str:
    table, scales, rows = shared_table(folder)
    places = tensors["embeddings.position_embeddings.weight"]
    places = places + tensors["embeddings.token_type_embeddings.weight"][0]
    word = words(graph, table, scales, rows)
    place = graph.add("Gather", [graph.keep("places", places), "positions"], "place")
    return norm(graph, tensors, graph.add("Add", [word, place], "summed"), "embeddings.LayerNorm")


def _unseen(graph: Graph, condition: str, name: str) -> str:
    """Zeros where the condition holds, NOT_SEEN elsewhere, with an axis for the heads."""
    zero, far = (graph.keep(f"{name}.{v}", np.array(v, np.float32)) for v in (0.0, NOT_SEEN))
    bias = graph.add("Where", [condition, zero, far], f"{name}.bias")
    axis = graph.keep(f"{name}.heads", np.array([1]))
    return graph.add("Unsqueeze", [bias, axis], name)


def _masks(graph: Graph) -> tuple[str, str]:
    """(each text sees itself, each token sees both texts): (n, 1, tokens, tokens) float32."""
    rows = graph.add("Unsqueeze", ["kinds", graph.keep("axis2", np.array([2]))], "kinds.rows")
    columns = graph.add("Unsqueeze", ["kinds", graph.keep("axis1", np.array([1]))], "kinds.columns")
    same = graph.add("Equal", [rows, columns], "same")
    nothing = graph.keep("nothing", np.array(0, np.int32))
    some = graph.add("Greater", [columns, nothing], "some")
    # MultiHeadAttention wants a row for every token, so the row of columns is repeated.
    alike = graph.add("Equal", [rows, rows], "true")
    both = graph.add("And", [some, alike], "both")
    return _unseen(graph, same, "apart"), _unseen(graph, both, "together")


def _direction(graph: Graph, x: str, kind: int) -> str:
    """The unit vector of the mean of one text's tokens: (n, WIDTH)."""
    name = f"text{kind}"
    chosen = graph.add(
        "Equal", ["kinds", graph.keep(f"{name}.kind", np.array(kind, np.int32))], name
    )
    wide = graph.add("Cast", [chosen], f"{name}.wide", to=TensorProto.FLOAT)
    last = graph.keep(f"{name}.last", np.array([-1]))
    column = graph.add("Unsqueeze", [wide, last], f"{name}.column")
    weighted = graph.add("Mul", [x, column], f"{name}.weighted")
    middle = graph.keep(f"{name}.middle", np.array([1]))
    total = graph.add("ReduceSum", [weighted, middle], f"{name}.total", keepdims=0)
    return graph.add("LpNormalization", [total], f"{name}.unit", axis=1, p=2)


def build(tensors: Tensors, folder: Path) -> onnx.ModelProto:
    """(input_ids, kinds, positions), int32 (n, tokens), to log odds float32 (n, 1)."""
    graph = Graph()
    x = _embed(graph, tensors, folder)
    apart, together = _masks(graph)
    for number in range(LAYERS):
        seen = apart if number < SEPARATE else together
        # The second input is a mask by token, which this one, by pair of tokens, replaces.
        x = layer(graph, tensors, x, number, ["", seen])
    alike = graph.add("Mul", [_direction(graph, x, 1), _direction(graph, x, 2)], "alike")
    first = graph.add("Gather", [x, graph.keep("first", np.array([0]))], "first.token", axis=1)
    first = graph.add("Squeeze", [first, graph.keep("middle", np.array([1]))], "question")
    said = graph.add("Concat", [alike, first], "said", axis=1)
    weight = graph.keep("head", tensors["head.weight"].T.astype(np.float32))
    graph.add("MatMul", [said, weight], "weighed")
    graph.add("Add", ["weighed", graph.keep("head.bias", tensors["head.bias"])], "odds")
    inputs = ("input_ids", "kinds", "positions")
    return finished(graph, "fonte-reader", inputs, "odds", 1)


def ship(run: Path, folder: Path) -> None:
    """Write reader.onnx and reader.json of a run into the embedder's folder."""
    tensors = {n: t for n, t in load_file(run / "model.safetensors").items() if n != TABLE}
    longest = Plan.longest
    places = tensors["embeddings.position_embeddings.weight"][:longest]
    tensors["embeddings.position_embeddings.weight"] = places
    save(build(tensors, folder), folder / "reader.onnx")
    embedder = OnnxEmbedder(folder)
    digest = hashlib.sha256((folder / "reader.onnx").read_bytes()).hexdigest()
    config = {
        "format": FORMAT,
        "name": f"{NAME}@{digest[:12]}",
        "embedder": embedder.name,
        "embedder_bytes": (folder / SHARED).stat().st_size,
        "max_tokens": longest,
        "tokenizer_tokens": embedder.max_tokens,
    }
    (folder / "reader.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
