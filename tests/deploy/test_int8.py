"""Static int8: quantised nodes, ranges from the crops it was shown, scores that stay near."""

import logging

import numpy as np
import pandas as pd
import pytest

onnx = pytest.importorskip("onnx", reason="needs autofas[export]")
ort = pytest.importorskip("onnxruntime", reason="needs autofas[export]")

from autofas.deploy.int8 import to_int8  # noqa: E402
from autofas.deploy.material import Material  # noqa: E402
from autofas.deploy.runtime import OnnxScorer, normalised  # noqa: E402
from tests.deploy.stand_ins import made_info  # noqa: E402

SIDE = 8


def model(seed=0):
    """A convolution of four channels, ReLU and the mean: a score for every crop."""
    weights = np.random.default_rng(seed).normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32)
    weights *= np.array([1, 10, 0.1, 3], np.float32)[:, None, None, None]  # a scale for each channel pays
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    floats = onnx.TensorProto.FLOAT
    nodes = [
        node("Conv", ["color", "weights"], ["conv"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Relu", ["conv"], ["relu"]),
        node("ReduceMean", ["relu"], ["score"], axes=[1, 2, 3], keepdims=0),
    ]
    graph = onnx.helper.make_graph(
        nodes, "g", [value("color", floats, ["batch", 3, SIDE, SIDE])], [value("score", floats, ["batch"])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )  # fmt: skip
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def material(low=0, high=256, count=20):
    crops = np.random.default_rng(1).integers(low, high, (count, 3, SIDE, SIDE), dtype=np.uint8)
    return Material({"color": crops}, pd.DataFrame({"path": [""] * count}))


def scored(which, crops):
    session = ort.InferenceSession(which.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"color": normalised(crops)})[0]


INFO = made_info(form="tensor", crop_size=SIDE, input_size=SIDE)


def test_scores_stay_near_and_weights_have_a_scale_a_channel():
    small, given = to_int8(model(), material(), INFO), material().crops["color"]
    # within a quarter: processors without int8 dot products add pairs of products in 16 bits, which saturate
    np.testing.assert_allclose(scored(small, given), scored(model(), given), rtol=0.25)
    assert np.corrcoef(scored(small, given), scored(model(), given))[0, 1] > 0.9
    kinds = [node.op_type for node in small.graph.node]
    assert {"QuantizeLinear", "DequantizeLinear", "Conv"} <= set(kinds)
    tensors = {one.name: onnx.numpy_helper.to_array(one) for one in small.graph.initializer}
    kernels = [one for one in tensors.values() if one.shape == (4, 3, 3, 3)]
    assert [one.dtype for one in kernels] == [np.int8]
    assert any(one.shape == (4,) and one.dtype == np.float32 for one in tensors.values())


def test_ranges_are_those_of_the_crops_that_were_shown():
    # taught on middle grey alone, whatever is brighter is cut off
    narrow, bright = to_int8(model(), material(120, 136), INFO), material(250, 256).crops["color"]
    wide = to_int8(model(), material(), INFO)
    true = scored(model(), bright).mean()
    assert scored(narrow, bright).mean() < 0.2 * true
    assert scored(wide, bright).mean() > 0.5 * true


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_the_loggers_level_is_put_back_whatever_happens(level, monkeypatch):
    log = logging.getLogger()
    monkeypatch.setattr(log, "level", level)
    to_int8(model(), material(count=2), INFO)
    assert log.level == level
    with pytest.raises(Exception, match="depth"):  # the runtime's own
        to_int8(model(), Material({"depth": material().crops["color"]}, material().table), INFO)
    assert log.level == level


def test_every_int8_file_of_a_run_is_int8_and_of_the_same_network(exported):
    crops = {"color": np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)}
    found = {name: OnnxScorer(exported / f"{name}.onnx").score(crops) for name in ("model", "model-int8")}
    assert np.abs(found["model"].scores - found["model-int8"].scores).max() < 0.2
    assert not np.array_equal(found["model"].scores, found["model-int8"].scores)
    kinds = {node.op_type for node in onnx.load(str(exported / "model-int8-crop.onnx")).graph.node}
    assert "QuantizeLinear" in kinds
