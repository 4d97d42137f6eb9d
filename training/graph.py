"""The student as one ONNX graph: token ids and mask in, unit vectors out, weights in eight bits.

Written by hand rather than traced, for three reasons: tokens tied to shared rows stay tied; the
table keeps one scale for each row; and the linear layers use ``MatMulNBits`` (onnxruntime), which
quantises the activations in blocks of each token, so that a vector does not depend on what else is
in its batch, as it does under ``DynamicQuantizeLinear`` with its one scale for the whole tensor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
BLOCK = 64  # with 128, onnxruntime rounds a text alone otherwise than the same text in a batch
ORT = "com.microsoft"
Tensors = Mapping[str, NDArray[np.float32]]


class Graph:
    """Nodes and weights in order; the name of each result is given back for the next node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def keep(self, name: str, array: NDArray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        domain = attributes.pop("domain", "")
        node = helper.make_node(kind, inputs, [name], name, domain=domain, **attributes)
        self.nodes.append(node)
        return name

    def linear(self, x: str, weight: NDArray[np.float32], name: str) -> str:
        """x @ weight.T; ``weight`` is (outputs, inputs)."""
        outputs, inputs = weight.shape
        packed, scale = blocks(weight)
        names = [x, self.keep(f"{name}.w", packed), self.keep(f"{name}.s", scale)]
        return self.add(
            "MatMulNBits",
            names,
            name,
            domain=ORT,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,
        )


def blocks(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(packed (N, K/BLOCK, BLOCK), scales (N*K/BLOCK,)): symmetric around 128, by blocks."""
    outputs, inputs = weight.shape
    parts = weight.reshape(outputs, inputs // BLOCK, BLOCK)
    scale = np.abs(parts).max(axis=2, keepdims=True) / 127 + 1e-12
    packed = (np.rint(parts / scale) + 128).astype(np.uint8)
    return packed, scale.astype(np.float32).ravel()


def rows_in_eight_bits(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(values (rows, width), scales (rows, 1)), symmetric."""
    scale = np.abs(table).max(axis=1, keepdims=True) / 127 + 1e-12
    return np.rint(table / scale).astype(np.int8), scale.astype(np.float32)


def _embed(graph: Graph, tensors: Tensors, rows: NDArray[np.int32], max_tokens: int) -> str:
    values, scales = rows_in_eight_bits(tensors["embeddings.word_embeddings.weight"])
    positions = tensors["embeddings.position_embeddings.weight"][:max_tokens]
    positions = positions + tensors["embeddings.token_type_embeddings.weight"][0]
    word = words(graph, numpy_helper.from_array(values, "table"), scales, rows)
    shape = graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    zero, axis = graph.keep("zero", np.array([0])), graph.keep("axis0", np.array([0]))
    place = graph.add("Slice", [graph.keep("positions", positions), zero, shape, axis], "place")
    return norm(graph, tensors, graph.add("Add", [word, place], "summed"), "embeddings.LayerNorm")


def words(
    graph: Graph, table: TensorProto, scales: NDArray[np.float32], rows: NDArray[np.int32]
) -> str:
    """The row of the table, named "table", of each of ``input_ids``, in float32."""
    row = graph.add("Gather", [graph.keep("rows", rows), "input_ids"], "row")
    graph.weights.append(table)
    value = graph.add("Gather", [table.name, row], "value")
    scale = graph.add("Gather", [graph.keep("scale", scales), row], "row_scale")
    wide = graph.add("Cast", [value], "wide", to=TensorProto.FLOAT)
    return graph.add("Mul", [wide, scale], "word")


def norm(graph: Graph, tensors: Tensors, x: str, name: str) -> str:
    """A layer norm by the weights of that name."""
    gain = graph.keep(f"{name}.gain", tensors[f"{name}.weight"])
    shift = graph.keep(f"{name}.shift", tensors[f"{name}.bias"])
    return graph.add("LayerNormalization", [x, gain, shift], name, axis=-1, epsilon=EPSILON)


def residual(graph: Graph, tensors: Tensors, x: str, skip: str, norm: str, bias: str) -> str:
    """The layer norm of ``x`` plus its bias plus what it skipped."""
    names = [
        x,
        skip,
        graph.keep(f"{norm}.gain", tensors[f"{norm}.weight"]),
        graph.keep(f"{norm}.shift", tensors[f"{norm}.bias"]),
        graph.keep(f"{norm}.bias", tensors[bias]),
    ]
    return graph.add("SkipLayerNormalization", names, norm, domain=ORT, epsilon=EPSILON)


def layer(graph: Graph, tensors: Tensors, x: str, number: int, seen: Sequence[str]) -> str:
    """One of the encoder's layers; ``seen`` names the masks as MultiHeadAttention takes them."""
    at = f"encoder.layer.{number}"
    parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
    heads = [graph.linear(x, tensors[f"{part}.weight"], part) for part in parts]
    bias = np.concatenate([tensors[f"{part}.bias"] for part in parts])
    mixed = graph.add(
        "MultiHeadAttention",
        [*heads, graph.keep(f"{at}.qkv", bias), *seen],
        f"{at}.mixed",
        domain=ORT,
        num_heads=HEADS,
    )
    name = f"{at}.attention.output"
    out = graph.linear(mixed, tensors[f"{name}.dense.weight"], f"{name}.dense")
    x = residual(graph, tensors, out, x, f"{name}.LayerNorm", f"{name}.dense.bias")
    inner = graph.linear(x, tensors[f"{at}.intermediate.dense.weight"], f"{at}.inner")
    bias_name = graph.keep(f"{at}.inner.bias", tensors[f"{at}.intermediate.dense.bias"])
    active = graph.add("BiasGelu", [inner, bias_name], f"{at}.active", domain=ORT)
    outer = graph.linear(active, tensors[f"{at}.output.dense.weight"], f"{at}.outer")
    return residual(graph, tensors, outer, x, f"{at}.output.LayerNorm", f"{at}.output.dense.bias")


def _pool(graph: Graph, x: str) -> str:
    last = graph.keep("last", np.array([-1]))
    wide = graph.add("Cast", ["mask"], "mask.wide", to=TensorProto.FLOAT)
    column = graph.add("Unsqueeze", [wide, last], "mask.column")
    weighted = graph.add("Mul", [x, column], "weighted")
    # The sum has the direction of the mean, and only the direction survives the normalisation.
    middle = graph.keep("middle", np.array([1]))
    total = graph.add("ReduceSum", [weighted, middle], "total", keepdims=0)
    return graph.add("LpNormalization", [total], "vectors", axis=1, p=2)


def build(tensors: Tensors, rows: NDArray[np.int32], max_tokens: int) -> onnx.ModelProto:
    """The whole model: (input_ids, mask), both int32 (n, tokens), to vectors float32 (n, 384)."""
    graph = Graph()
    x = _embed(graph, tensors, rows, max_tokens)
    for number in range(LAYERS):
        x = layer(graph, tensors, x, number, ["mask"])
    _pool(graph, x)
    return finished(graph, "fonte", ("input_ids", "mask"), "vectors", WIDTH)


def finished(
    graph: Graph, name: str, inputs: Sequence[str], output: str, width: int
) -> onnx.ModelProto:
    """The model: inputs int32 (texts, tokens), one output float32 (texts, width)."""
    shape = ["texts", "tokens"]
    body = helper.make_graph(
        graph.nodes,
        name,
        [helper.make_tensor_value_info(given, TensorProto.INT32, shape) for given in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["texts", width])],
        graph.weights,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(ORT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=9, producer_name="fonte")


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write the model beside ``path`` first, then rename: a reader never sees half a file."""
    aside = path.with_suffix(".partial")
    aside.write_bytes(model.SerializeToString())
    aside.replace(path)
