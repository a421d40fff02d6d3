"""What every hand-designed network must do: learn, reach its parameters, be deterministic, refuse, trace."""

import copy
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from autofas.baselines import BASELINES, build_baseline
from torch import Tensor, nn
from torch.nn import functional as F

MODALITIES = ("color", "depth", "ir")


# a side on which a step is quick, a side that must be refused, the words of the refusal
SIDES = {
    "feathernet_a": (32, 100, "sides divide by 32, such as 32; got 100x100"),
    "feathernet_b": (32, 33, "sides divide by 32"),
    "resnet18": (32, 31, "at least 32x32"),
    "resnet18_se": (32, 31, "at least 32x32"),
    "mobilenet_v2": (32, 16, "at least 32x32"),
    "shufflenet_v2": (32, 64, "built for 32x32 inputs; got 64x64"),
    "resnet18_three_stream": (32, 7, "at least 8x8"),
    "resnet18_se_three_stream": (32, 7, "at least 8x8"),
    "facebagnet_a": (32, 7, "at least 8x8"),
    "visionlabs_dlas_a": (48, 47, "at least 48x48"),
    "visionlabs_dlas_b": (48, 47, "at least 48x48"),
    "visionlabs_r34_se": (48, 47, "at least 48x48"),
    "visionlabs_ir50": (16, 15, "at least 16x16"),
    "fishnet150": (64, 48, "sides divide by 32"),
    "resnet_gc": (64, 31, "at least 32x32"),
    "afa": (4, 8, "built for 4x4 inputs; got 8x8"),
    "deeppixbis": (32, 48, "built for 32x32 inputs; got 48x48"),
    "auxiliary_depth": (16, 15, "at least 16x16"),
    "cdcn": (16, 15, "at least 16x16"),
}


# AFA's last map is one pixel at 4x4, and a softmax over one pixel is 1 whatever query and key are
SILENT = {
    "afa": {f"trunk.1.spatial.{part}.{kind}" for part in ("query", "key") for kind in ("weight", "bias")}
}


def make_input(name: str, side: int, batch: int, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    if len(BASELINES[name].modalities) == 1:
        return torch.randn(batch, 3, side, side, generator=generator)
    return {modality: torch.randn(batch, 3, side, side, generator=generator) for modality in MODALITIES}


def as_double(images: Any) -> Any:
    if isinstance(images, Tensor):
        return images.double()
    return {modality: image.double() for modality, image in images.items()}


def tensors(outputs: Any) -> list[Tensor]:
    if isinstance(outputs, Tensor):
        return [outputs]
    values = outputs.values() if isinstance(outputs, dict) else outputs
    return [tensor for value in values for tensor in tensors(value)]


def training_loss(name: str, outputs: Any, labels: Tensor) -> Tensor:
    """The published supervision in one line each; the framework's own are tested elsewhere."""
    supervision = BASELINES[name].supervision
    if supervision == "depth_map":
        return F.mse_loss(outputs, labels.to(outputs.dtype)[:, None, None, None].expand_as(outputs))
    if supervision == "deeppixbis":
        truth = labels.to(outputs.logit.dtype)[:, None]
        pixels = F.binary_cross_entropy_with_logits(
            outputs.map_logits, truth[:, :, None, None].expand_as(outputs.map_logits)
        )
        return 0.5 * pixels + 0.5 * F.binary_cross_entropy_with_logits(outputs.logit, truth)
    if supervision == "afa":
        clear = sum(image.square().mean() for image in outputs.super_resolved.values())
        return F.cross_entropy(outputs.logits, labels) + 0.001 * clear
    if supervision == "focal":
        likelihood = F.log_softmax(outputs, dim=1).gather(1, labels[:, None])
        return -((1 - likelihood.exp()) ** 3 * likelihood).mean()
    return F.cross_entropy(outputs, labels)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=list(BASELINES))
def built(request: pytest.FixtureRequest) -> tuple[str, nn.Module, int]:
    name = request.param
    side = SIDES[name][0]
    torch.manual_seed(0)
    network = build_baseline(name, input_size=side)
    for module in network.modules():  # at its published start, 0, AFA's gamma hides the attention's gradients
        if isinstance(getattr(module, "gamma", None), nn.Parameter):
            nn.init.constant_(module.gamma, 0.1)
    return name, network, side


def test_a_step_lowers_the_loss_by_its_gradient_and_reaches_every_parameter(built):
    # in float64 a step can be so short that the loss falls by gradient x step and by nothing else; at random
    # weights the batch statistics of four small maps bend within 1e-4, where float32 ends
    name, network, side = built
    network = copy.deepcopy(network).double().train()
    images, labels = as_double(make_input(name, side, 4)), torch.tensor([0, 1, 0, 1])

    def loss() -> Tensor:
        torch.manual_seed(1)  # the same dropout before and after
        return training_loss(name, network(images), labels)

    before = loss()
    before.backward()
    parameters = dict(network.named_parameters())
    unreached = [key for key, parameter in parameters.items() if parameter.grad is None]
    assert unreached == []  # so the parameters built are the parameters used
    silent = {key for key, parameter in parameters.items() if not parameter.grad.abs().sum() > 0}
    assert silent == SILENT.get(name, set())
    norm = torch.sqrt(sum(parameter.grad.square().sum() for parameter in parameters.values()))
    step = 1e-9
    with torch.no_grad():
        for parameter in parameters.values():
            parameter -= step / norm * parameter.grad
        after = loss()
    assert after < before
    assert ((before - after) / (step * norm)).item() == pytest.approx(1, abs=1e-3)


def test_eval_is_deterministic_and_outputs_have_the_documented_shapes(built):
    name, network, side = built
    network.eval()
    images = make_input(name, side, 3)
    with torch.no_grad():
        first, second = network(images), network(images)
    for one, other in zip(tensors(first), tensors(second), strict=True):
        assert torch.equal(one, other)
        assert torch.isfinite(one).all()
    supervision = BASELINES[name].supervision
    if supervision == "depth_map":
        assert first.shape == (3, 1, side // 8, side // 8)
        assert first.min() >= 0
    elif supervision == "deeppixbis":
        assert first.map_logits.shape == (3, 1, side // 16, side // 16)
        assert first.logit.shape == (3, 1)
    elif supervision == "afa":
        assert first.logits.shape == (3, 2)
        assert {key: image.shape for key, image in first.super_resolved.items()} == dict.fromkeys(
            MODALITIES, (3, 3, 2 * side, 2 * side)
        )
    else:
        assert first.shape == (3, 64 if supervision == "focal" else 2)


def test_each_sample_is_judged_alone(built):
    name, network, side = built
    network.eval()
    both = make_input(name, side, 2)
    alone = both[:1] if isinstance(both, Tensor) else {key: value[:1] for key, value in both.items()}
    with torch.no_grad():
        for pair, single in zip(tensors(network(both)), tensors(network(alone)), strict=True):
            torch.testing.assert_close(pair[:1], single, rtol=1e-3, atol=1e-4)


def test_wrong_inputs_are_refused_in_one_line(built):
    name, network, _ = built
    _, wrong, words = SIDES[name]

    def refusal(images: Any) -> str:
        with pytest.raises(ValueError) as caught:
            network(images)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert words in refusal(make_input(name, wrong, 1))
    if len(BASELINES[name].modalities) == 1:
        side = SIDES[name][0]
        assert "(B, 3, H, W)" in refusal(torch.zeros(1, 1, side, side))
        assert "(B, 3, H, W)" in refusal(torch.zeros(3, side, side))
        assert "one tensor" in refusal({"color": torch.zeros(1, 3, side, side)})
        return
    images = make_input(name, SIDES[name][0], 1)
    assert "missing: ir" in refusal({key: images[key] for key in ("color", "depth")})
    assert "dict" in refusal(images["color"])
    assert "one shape" in refusal({**images, "depth": images["depth"][..., 1:]})


def test_order_of_the_modalities_in_the_dict_does_not_matter(built):
    name, network, side = built
    images = make_input(name, side, 1)
    if isinstance(images, Tensor):
        return
    network.eval()
    with torch.no_grad():
        straight = tensors(network(images))
        turned = tensors(network(dict(reversed(images.items()))))
        swapped = tensors(network({**images, "color": images["ir"], "ir": images["color"]}))
    assert all(torch.equal(one, other) for one, other in zip(straight, turned, strict=True))
    assert not torch.equal(straight[0], swapped[0])


def test_traces_without_a_frozen_check(built):
    name, network, side = built
    network.eval()
    images = make_input(name, side, 2)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("error", torch.jit.TracerWarning)
        traced = torch.jit.trace(network, (images,), strict=False, check_trace=False)
        other = make_input(name, side, 3, seed=1)  # another batch size
        for one, two in zip(tensors(traced(other)), tensors(network(other)), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["feathernet_b", "shufflenet_v2", "facebagnet_a", "deeppixbis", "afa"])
def test_exports_with_any_batch(name):
    side = SIDES[name][0]
    torch.manual_seed(0)
    network = build_baseline(name, input_size=side).eval()
    batch = torch.export.Dim("batch", min=2, max=8)
    images = make_input(name, side, 3)
    shapes = {0: batch} if isinstance(images, Tensor) else {key: {0: batch} for key in images}
    program = torch.export.export(network, (images,), dynamic_shapes=(shapes,))
    other = make_input(name, side, 5, seed=1)
    with torch.no_grad():
        for one, two in zip(tensors(program.module()(other)), tensors(network(other)), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("feathernet_a", 100, "choose a multiple of 32, such as 96 or 128"),
        ("feathernet_b", 0, "multiple of 32"),
        ("fishnet150", 112, "multiple of 32"),
        ("afa", 6, "multiple of 4"),
        ("resnet18", 20, "choose 32 or more"),
        ("deeppixbis", 16, "choose 32 or more"),
        ("visionlabs_dlas_a", 32, "choose 48 or more"),
    ],
)
def test_a_size_that_cannot_be_built_is_refused(name, size, words):
    with pytest.raises(ValueError, match=words):
        build_baseline(name, input_size=size)


@pytest.mark.parametrize(
    ("name", "side", "map_side"),
    [
        ("deeppixbis", 224, 14),
        ("deeppixbis", 108, 6),
        ("auxiliary_depth", 108, 14),
        ("auxiliary_depth", 256, 32),
        ("cdcn", 256, 32),
    ],
)
def test_map_sizes(name, side, map_side):
    with torch.device("meta"):
        network = build_baseline(name, input_size=side)
        outputs = tensors(network(torch.empty(2, 3, side, side)))
    assert outputs[0].shape == (2, 1, map_side, map_side)
