"""From a network to an ONNX file: exported by torch, stripped, with its record inside; and int8 from it.

`torch.onnx.export` (dynamo) traces `graph.ExportForm` and folds the batch norms that follow a convolution.
Node metadata (stack traces, module paths: more bytes than the weights of a small network) are stripped. The
form `crop` puts in front what `Detector` does outside: Pillow's bicubic resize (the same kernel, to one grey
level in a hundred thousand), colour order, mean and deviation.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from autofas.deploy.formats.tracing import quietly
from autofas.deploy.graph import ExportForm
from autofas.deploy.info import METADATA_KEY, ExportInfo
from autofas.errors import ConfigError
from autofas.storage.files import whole_file

OPSET = 20


def to_onnx(form: ExportForm) -> Any:
    """The onnx.ModelProto of a network: inputs a modality (B, 3, C, C), outputs score (B,) and map (B, m, m).

    Raises ConfigError in one line where torch cannot export the network.
    """
    from onnx_ir.passes.common import CommonSubexpressionEliminationPass

    size = form.network.view.crop_size
    crops = tuple(torch.zeros(2, 3, size, size) for _ in form.names)
    batch = torch.export.Dim("batch")
    try:
        with quietly("torch.onnx", "onnxscript", "onnx_ir"), torch.no_grad():
            program = torch.onnx.export(
                form,
                crops,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(form.names),
                output_names=form.output_names,
                dynamic_shapes=(tuple({0: batch} for _ in crops),),
                verbose=False,
                optimize=False,
            )
            assert program is not None
            # what score and map share is computed once; the exporter's rules trip over two equal clips
            CommonSubexpressionEliminationPass()(program.model)
            program.optimize()
    except Exception as exc:  # torch raises a dozen kinds; whichever it is, this network has no file
        reason = " ".join(str(exc).split())[:200]
        raise ConfigError(f"{form.network.name} cannot be exported to ONNX: {reason}") from exc
    return stripped(program.model_proto)


def stripped(model: Any) -> Any:
    """`model`, changed in place, without what only a debugger reads: metadata, documentation, names of nodes,
    and the shapes of inner values, which every reader infers."""
    graph = model.graph
    graph.ClearField("value_info")
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for node in graph.node:
        node.ClearField("name")
    return model


def with_preprocessing(model: Any, names: Sequence[str], info: ExportInfo) -> Any:
    """A copy of a `tensor` model that takes uint8 crops (B, H, W, 3), square, of any size.

    Resize, colour order (`info.channels`), mean and deviation stand inside. Each input keeps its name.
    """
    from onnx import ModelProto, TensorProto, helper

    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants: dict[str, tuple[int, list[int], list[Any]]] = {
        "prepare/sizes": (TensorProto.INT64, [2], [info.crop_size] * 2),
        "prepare/scale": (TensorProto.FLOAT, [], [255.0]),
        "prepare/mean": (TensorProto.FLOAT, [], [info.mean]),
        "prepare/std": (TensorProto.FLOAT, [], [info.std]),
        "prepare/reversed": (TensorProto.INT64, [3], [2, 1, 0]),
    }
    for name, (kind, shape, values) in constants.items():
        graph.initializer.append(helper.make_tensor(name, kind, shape, values))
    nodes = []
    for name in names:
        nodes += _prepare_nodes(name, reverse=info.channels == "BGR")
        for node in graph.node:
            for place, source in enumerate(node.input):
                if source == name:
                    node.input[place] = f"{name}/normalised"
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", "height", "width", 3])
        for name in names
    ]
    del graph.input[:]
    graph.input.extend(inputs)
    own = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *own])
    return result


def _prepare_nodes(name: str, *, reverse: bool) -> list[Any]:
    from onnx import TensorProto, helper

    # exclude_outside and -0.5 make it Pillow's kernel; on uint8 the rounding is Pillow's too. Transposed
    # first, onnxruntime 1.32 rewrites the resize of an int8 model into one that it then refuses
    resize = {"mode": "cubic", "antialias": 1, "cubic_coeff_a": -0.5, "exclude_outside": 1, "axes": [1, 2]}
    steps: list[tuple[str, list[str], dict[str, Any]]] = [("Resize", ["", "", "prepare/sizes"], resize)]
    if reverse:
        steps.append(("Gather", ["prepare/reversed"], {"axis": 3}))
    steps += [
        ("Cast", [], {"to": TensorProto.FLOAT}),
        ("Transpose", [], {"perm": [0, 3, 1, 2]}),
        ("Div", ["prepare/scale"], {}),
        ("Sub", ["prepare/mean"], {}),
        ("Div", ["prepare/std"], {}),
    ]
    nodes, source = [], name
    for number, (kind, further, attributes) in enumerate(steps, start=1):
        target = f"{name}/normalised" if number == len(steps) else f"{name}/{kind.lower()}{number}"
        nodes.append(helper.make_node(kind, [source, *further], [target], **attributes))
        source = target
    return nodes


def write_onnx(path: Path, model: Any, info: ExportInfo) -> None:
    """Write a model with its record in its metadata, checked by onnx's own rules, in one piece."""
    import onnx

    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, json.dumps(info.model_dump(mode="json"), sort_keys=True)
    model.producer_name, model.producer_version = "autofas", info.autofas
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, binary=True) as stream:
        stream.write(model.SerializeToString())
