"""ONNX files: preprocessing inside equals the loader's, int8 too; every network of the house exports."""

import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx", reason="needs autofas[export]")
ort = pytest.importorskip("onnxruntime", reason="needs autofas[export]")
pytest.importorskip("onnxscript", reason="needs autofas[export]")

import torch  # noqa: E402
from autofas.baselines import BASELINES  # noqa: E402

from autofas.deploy.graph import ExportForm  # noqa: E402
from autofas.deploy.onnx_file import to_onnx, with_preprocessing  # noqa: E402
from autofas.deploy.runtime import normalised  # noqa: E402
from autofas.models.build import build  # noqa: E402
from autofas.models.genotype import genotype_from_cells  # noqa: E402
from autofas.models.space import load_space, space_names  # noqa: E402
from autofas.search.derive import random_cells  # noqa: E402
from tests.deploy.stand_ins import made_info  # noqa: E402
from tests.deploy.test_graph import with_statistics  # noqa: E402

SIDES = {"afa": 8, "facebagnet_a": 32}
FAST = ("auxiliary_depth",)
"""Two equal clips after one ReLU, which the exporter's rules once broke; the others are slow tests."""


def identity(size):
    """A model that gives back its normalised input."""
    node = onnx.helper.make_node("Identity", ["color"], ["score"])
    value = onnx.helper.make_tensor_value_info
    shape = ["batch", 3, size, size]
    floats = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [node], "g", [value("color", floats, shape)], [value("score", floats, shape)]
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("side", [24, 61, 17])
@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_preprocessing_inside_is_pillows_and_the_loaders(side, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    resized = np.asarray(Image.fromarray(pixels).resize((24, 24), Image.Resampling.BICUBIC))
    wanted = normalised(resized.transpose(2, 0, 1))
    model = with_preprocessing(identity(24), ["color"], made_info(channels=channels))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = pixels if channels == "RGB" else pixels[..., ::-1].copy()
    (found,) = session.run(None, {"color": given[None]})
    assert np.abs(found[0] - wanted).max() <= 1.01 / 127.5  # one grey level, where rounding differs
    assert (found[0] != wanted).mean() < 1e-3


def check(network):
    """Export, run in onnxruntime, compare with the network as it is."""
    size, batch = network.view.crop_size, 3
    crops = [torch.rand(batch, 3, size, size) * 2 - 1 for _ in network.modalities]
    model = to_onnx(ExportForm(network))
    assert not any(part.metadata_props for part in model.graph.node)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {name: crop.numpy() for name, crop in zip(network.modalities, crops, strict=True)}
    found = session.run(None, feeds)
    with torch.no_grad():
        wanted = ExportForm(network, rewrite=False)(*crops)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-4)
    return model


def baseline(name):
    torch.manual_seed(0)
    return with_statistics(build(name, input_size=SIDES.get(name, 64)))


@pytest.mark.parametrize("name", FAST)
def test_a_baseline_exports_and_agrees(name):
    check(baseline(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BASELINES if name not in FAST])
def test_every_other_baseline_exports_and_agrees(name):
    check(baseline(name))


def drawn(name):
    """The random genotype of a space that has a factorised reduction in it, at a small side."""
    space = load_space(name)
    normal, reduction = random_cells(space, np.random.default_rng(1))
    return with_statistics(build(genotype_from_cells(space, normal, reduction, "random"), input_size=36))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in space_names() if name != "small"])
def test_a_random_genotype_of_every_space_exports_and_agrees(name):
    check(drawn(name))


def test_a_searched_network_has_no_strided_slice_and_no_batch_norm_left():
    kinds = {node.op_type for node in check(drawn("small")).graph.node}
    assert "Conv" in kinds
    assert not kinds & {"Slice", "Gather", "BatchNormalization", "Pad"}
