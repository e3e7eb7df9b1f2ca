"""Build the ONNX graph of a MiniLM-style BERT from its safetensors weights, then quantise it to int8.

One text is one run: the graph takes token ids of shape (batch, tokens) without padding, so it needs no attention mask
and a vector never depends on what else was embedded beside it. Output: the mean over tokens, L2-normalised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper, save_model
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

OPSET = 20
HEADS = 12
LAYER_NORM_EPSILON = 1e-12

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass
class GraphBuilder:
    """Collects nodes and initializers; every method returns the name of the tensor it makes."""

    weights: Weights
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: dict[str, TensorProto] = field(default_factory=dict)

    def op(self, kind: str, inputs: Sequence[str], **attributes: float | str | list[int]) -> str:
        output = f"{kind.lower()}_{len(self.nodes)}"
        node = helper.make_node(kind, list(inputs), [output], output)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        return output

    def constant(self, name: str, array: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def integers(self, *values: int) -> str:
        return self.constant("int_" + "_".join(str(v) for v in values), np.array(values, dtype=np.int64))

    def weight(self, name: str, *, transposed: bool = False) -> str:
        array = self.weights[name]
        return self.constant(name, array.T if transposed else array)

    def linear(self, x: str, prefix: str) -> str:
        product = self.op("MatMul", [x, self.weight(f"{prefix}.weight", transposed=True)])
        return self.op("Add", [product, self.weight(f"{prefix}.bias")])

    def layer_norm(self, x: str, prefix: str) -> str:
        inputs = [x, self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")]
        return self.op("LayerNormalization", inputs, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def heads(self, x: str, permutation: list[int]) -> str:
        split = self.op("Reshape", [x, self.integers(0, 0, HEADS, -1)])
        return self.op("Transpose", [split], perm=permutation)


def embeddings(graph: GraphBuilder, ids: str) -> str:
    """Words + positions + the first token type (the only one a single text has), normalised."""
    words = graph.op("Gather", [graph.weight("embeddings.word_embeddings.weight"), ids])
    table = graph.weights["embeddings.position_embeddings.weight"]
    token_type = graph.weights["embeddings.token_type_embeddings.weight"][0]
    places = graph.constant("positions_and_token_type", table + token_type)
    length = graph.op("Shape", [ids], start=1, end=2)
    positions = graph.op("Slice", [places, graph.integers(0), length, graph.integers(0)])
    return graph.layer_norm(graph.op("Add", [words, positions]), "embeddings.LayerNorm")


def encoder_layer(graph: GraphBuilder, x: str, prefix: str) -> str:
    query = graph.heads(graph.linear(x, f"{prefix}.attention.self.query"), [0, 2, 1, 3])
    key = graph.heads(graph.linear(x, f"{prefix}.attention.self.key"), [0, 2, 3, 1])
    value = graph.heads(graph.linear(x, f"{prefix}.attention.self.value"), [0, 2, 1, 3])
    width = graph.weights[f"{prefix}.attention.self.query.weight"].shape[0] // HEADS
    scale = graph.constant("attention_scale", np.array(1.0 / np.sqrt(width), dtype=np.float32))
    attention = graph.op("Softmax", [graph.op("Mul", [graph.op("MatMul", [query, key]), scale])], axis=-1)
    mixed = graph.op("Transpose", [graph.op("MatMul", [attention, value])], perm=[0, 2, 1, 3])
    mixed = graph.op("Reshape", [mixed, graph.integers(0, 0, -1)])
    attended = graph.op("Add", [graph.linear(mixed, f"{prefix}.attention.output.dense"), x])
    x = graph.layer_norm(attended, f"{prefix}.attention.output.LayerNorm")
    inner = graph.op("Gelu", [graph.linear(x, f"{prefix}.intermediate.dense")], approximate="none")
    return graph.layer_norm(
        graph.op("Add", [graph.linear(inner, f"{prefix}.output.dense"), x]), f"{prefix}.output.LayerNorm"
    )


def build_model(weights: Weights) -> ModelProto:
    graph = GraphBuilder(weights)
    x = embeddings(graph, "input_ids")
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for number in range(len(layers)):
        x = encoder_layer(graph, x, f"encoder.layer.{number}")
    mean = graph.op("ReduceMean", [x, graph.integers(1)], keepdims=0)
    norm = graph.op("ReduceL2", [mean, graph.integers(-1)], keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, norm], ["embedding"], name="embedding"))
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sentence_embedder",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width])],
            list(graph.initializers.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    model.ir_version = 10
    checker.check_model(model)
    return model


def write_graphs(weights_file: Path, full: Path, quantised: Path) -> None:
    """Write the fp32 graph and its int8 twin (weights per channel, activations at run time)."""
    save_model(build_model(load_file(weights_file)), full)
    quantize_dynamic(full, quantised, weight_type=QuantType.QInt8, per_channel=True)
