"""ncnn files: exported, run in ncnn, the same scores; what pnnx cannot convert is said in one line."""

import numpy as np
import pytest
import torch
from torch import nn

for name in ("ncnn", "pnnx"):
    pytest.importorskip(name, reason="needs autofas[ncnn]")

from autofas.cli import main  # noqa: E402
from autofas.deploy.formats import ncnn as module  # noqa: E402
from autofas.deploy.graph import ExportForm  # noqa: E402
from autofas.deploy.runtime import normalised  # noqa: E402
from autofas.errors import ConfigError, RunError  # noqa: E402
from autofas.models.build import build  # noqa: E402
from tests.deploy.formats.files import check, check_strangers, made  # noqa: E402
from tests.deploy.stand_ins import made_info  # noqa: E402
from tests.deploy.test_graph import with_statistics  # noqa: E402


@pytest.fixture(scope="module")
def folder(evaluated_run, tmp_path_factory):
    return made(evaluated_run, "ncnn", tmp_path_factory.mktemp("ncnn") / "files")


def test_both_forms_score_in_ncnn_as_the_run_does(folder, evaluated_run, capsys):
    check(folder, evaluated_run, ".ncnn.param", capsys)


def test_a_file_for_ncnn_is_held_to_its_record(folder, tmp_path):
    check_strangers(folder, ".ncnn.param", tmp_path)


def test_weights_that_do_not_fit_the_graph_are_refused(folder, tmp_path):
    text = (folder / "model.ncnn.param").read_text()
    (tmp_path / "m.ncnn.param").write_text("7767518" + text[7:])
    (tmp_path / "m.ncnn.bin").write_bytes(b"")
    with pytest.raises(RunError, match=r"m.ncnn.param cannot be read by ncnn"):
        module.open_file(tmp_path / "m.ncnn.param", made_info(format="ncnn"), 1)


def converted(network, tmp_path):
    """The network's own scores of three faces, and those of its file."""
    form, side = ExportForm(network), network.view.crop_size
    info = made_info(
        format="ncnn", form="tensor", crop_size=side, modalities=network.modalities, outputs=form.output_names
    )
    module.write(tmp_path / "m.ncnn.param", form, info)
    generator = np.random.default_rng(1)
    crops = {
        name: generator.integers(0, 256, (3, 3, side, side), dtype=np.uint8) for name in network.modalities
    }
    with torch.no_grad():
        wanted = ExportForm(network, rewrite=False)(
            *(torch.from_numpy(normalised(one)) for one in crops.values())
        )
    return wanted[0].numpy(), module.open_file(tmp_path / "m.ncnn.param", info, 1).score(crops).scores


def test_several_modalities_are_several_inputs_in_their_order(tmp_path):
    torch.manual_seed(0)
    wanted, found = converted(with_statistics(build("resnet18_three_stream", input_size=32)), tmp_path)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


class Strange(nn.Module):
    """A body of an operation that ncnn has no layer for."""

    def forward(self, images):
        return torch.cumprod(images.mean((2, 3)), 1)


def test_an_operation_that_ncnn_lacks_is_named(tmp_path):
    network = build("feathernet_b", input_size=32)
    network.body = Strange()
    with pytest.raises(
        ConfigError, match=r"feathernet_b cannot be converted to ncnn: it has no torch\.cumprod"
    ):
        module.write(
            tmp_path / "m.ncnn.param", ExportForm(network), made_info(name="feathernet_b", crop_size=32)
        )
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_cannot_be_traced_is_said(tmp_path):
    network = build("feathernet_b", input_size=32)
    network.body.forward = lambda images: {}["nothing"]
    with pytest.raises(ConfigError, match="n cannot be traced for ncnn: "):
        module.write(tmp_path / "m.ncnn.param", ExportForm(network), made_info(crop_size=32))


def test_int8_is_made_of_onnx(evaluated_run, capsys):
    assert main(["export", "--run", str(evaluated_run), "--format", "ncnn", "--int8"]) == 2
    assert "int8 is made of ONNX files; add onnx to --format ncnn" in capsys.readouterr().err
