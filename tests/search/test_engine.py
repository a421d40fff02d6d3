"""Steps of the bi-level engine against autograd through the unrolled inner step; what they leave alone."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from autofas.config.optimizer import OptimizerConfig
from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.data.batches.batch import Batch
from autofas.errors import ConfigError, GenotypeError, RunError
from autofas.models.kernels.library import reason as kernels_reason
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.search.engine import BilevelEngine

WEIGHTS = OptimizerConfig(lr=0.05, momentum=0.9, weight_decay=1e-3)
ARCH = OptimizerConfig(name="adam", lr=0.01, schedule="constant", betas=(0.5, 0.999), weight_decay=1e-3)


def tiny_space():
    values = load_space("small").model_dump()
    values["layout"].update(channels=4, stem=[{"channels": 4}], cells=["normal", "reduction"])
    return Space.model_validate(values)


def batch(seed, size=4):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(size, 3, 8, 8, generator=generator, dtype=torch.float64)
    return Batch({"color": images}, {"label": torch.arange(size) % 2}, torch.arange(size))


def engine(order="first", weights=WEIGHTS, probe=1e-6, unread=None, arch=ARCH):
    torch.manual_seed(0)
    net = Supernet(tiny_space(), 2).double()
    with torch.no_grad():
        for parameter in net.arch_parameters():
            parameter.normal_()
    # a short probe: in float64 it loses no digits, and on so small a net a long one crosses kinks
    return BilevelEngine(net, PixelwiseBCE(), weights, arch, order, probe=probe, unread=unread)


def assert_same_parameters(one, other):
    for (name, left), right in zip(one.supernet.named_parameters(), other.supernet.parameters(), strict=True):
        assert torch.allclose(left, right, atol=1e-7), name


def loss_of(net, values, data):
    output = torch.func.functional_call(net, values, (data.images["color"],))
    return PixelwiseBCE().loss(output, data.targets)


def unrolled_gradient(built, train, val):
    """Gradient of L_val(theta - lr * (momentum * buffer + grad + decay * theta), alpha) by autograd alone."""
    net = copy.deepcopy(built.supernet)
    named = {name: p.detach().clone().requires_grad_() for name, p in net.named_parameters()}
    arch = [name for name in named if name.startswith(("alphas", "betas"))]
    weights = [name for name in named if name not in arch]
    gradients = torch.autograd.grad(
        loss_of(net, named, train), [named[name] for name in weights], create_graph=True
    )
    ahead = dict(named)
    for name, gradient, buffer in zip(weights, gradients, momentum_buffers(built), strict=True):
        step = gradient + WEIGHTS.weight_decay * named[name]
        ahead[name] = named[name] - WEIGHTS.lr * (
            step if buffer is None else step + WEIGHTS.momentum * buffer
        )
    return torch.autograd.grad(loss_of(net, ahead, val), [named[name] for name in arch])


def momentum_buffers(built):
    return [
        built.weight_optimizer.state.get(parameter, {}).get("momentum_buffer")
        for parameter in built.supernet.weight_parameters()
    ]


def alpha_gradient(built, order, train, val):
    """Gradient of the loss on `val` by alpha and beta, by autograd alone; `train` counts in second order."""
    if order != "first":
        return flat(unrolled_gradient(built, train, val))
    net = copy.deepcopy(built.supernet)
    return flat(torch.autograd.grad(loss_of(net, dict(net.named_parameters()), val), net.arch_parameters()))


def flat(parts):
    return torch.cat([part.detach().flatten() for part in parts])


def relative(got, expected):
    return float((got - expected).norm() / expected.norm())


@pytest.mark.parametrize(("order", "tolerance"), [("second", 1e-3), ("second-exact", 1e-8)])
def test_second_order_is_the_gradient_through_the_unrolled_step(order, tolerance):
    built = engine(order)
    built.weight_step(batch(1))  # so that momentum buffers are not empty
    expected = unrolled_gradient(built, batch(2), batch(3))
    with built.supernet.frozen_statistics():
        _, got = built._second_order(batch(3), batch(2))
    first_order = torch.autograd.grad(built._loss(batch(3)), built.arch)
    assert relative(flat(got), flat(expected)) < tolerance
    # the look ahead matters here: first order is far off
    assert relative(flat(first_order), flat(expected)) > 0.1


@pytest.mark.parametrize("order", ["first", "second", "second-exact"])
def test_each_step_follows_the_gradient_of_its_own_half(order):
    # plain gradient descent with rate 1 moves alpha by minus the gradient it was given
    arch, weights = batch(3), batch(2)
    descent = OptimizerConfig(lr=1.0, schedule="constant", momentum=0.0, weight_decay=0.0)
    built = engine(order, arch=descent)
    built.weight_step(batch(1))
    right, swapped = (alpha_gradient(built, order, *halves) for halves in ((weights, arch), (arch, weights)))
    before = flat(built.arch)
    built.arch_step(arch, weights)
    moved = before - flat(built.arch)
    assert relative(moved, right) < 1e-3
    assert relative(moved, swapped) > 0.1
    # and theta by lr * (momentum * buffer + the weight half's gradient + decay * theta)
    before, buffers = flat(built.weights), flat(momentum_buffers(built))
    named = dict(built.supernet.named_parameters())
    gradients = {
        name: flat(torch.autograd.grad(loss_of(built.supernet, named, half), built.weights))
        for name, half in (("weights", weights), ("arch", arch))
    }
    built.weight_step(weights)
    moved = (before - flat(built.weights)) / WEIGHTS.lr
    rest = WEIGHTS.momentum * buffers + WEIGHTS.weight_decay * before
    assert relative(moved - rest, gradients["weights"]) < 1e-6
    assert relative(moved - rest, gradients["arch"]) > 0.1


@pytest.mark.parametrize("order", ["first", "second", "second-exact"])
def test_an_architecture_step_moves_nothing_else(order):
    built = engine(order)
    built.weight_step(batch(1))
    before = copy.deepcopy(built.state_dict())
    built.arch_step(batch(3), batch(2))
    after = built.state_dict()
    for name, value in before["supernet"].items():
        same = torch.equal(value, after["supernet"][name])
        if name.startswith(("alphas", "betas")):
            assert not same, name
        elif "num_batches" not in name:
            assert same, name
    for left, right in zip(
        before["weight_optimizer"]["state"].values(), after["weight_optimizer"]["state"].values(), strict=True
    ):
        assert torch.equal(left["momentum_buffer"], right["momentum_buffer"])


def test_a_step_imports_neither_tables_nor_pictures_nor_a_compiler():
    code = "import sys; from tests.search.test_engine import batch, engine; built = engine();"
    code += "built.arch_step(batch(3)); built.weight_step(batch(1));"
    code += "print({'pandas', 'matplotlib', 'PIL', 'torch._dynamo'} & set(sys.modules))"
    command, root = [sys.executable, "-c", code], Path(__file__).resolve().parents[2]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_weight_step_moves_weights_and_no_alpha():
    built = engine()
    before = copy.deepcopy(built.supernet.state_dict())
    built.weight_step(batch(1))
    after = built.supernet.state_dict()
    parameters = [name for name, _ in built.supernet.named_parameters()]
    moved = {name for name in parameters if not torch.equal(before[name], after[name])}
    assert {name for name in parameters if name.startswith(("alphas", "betas"))}.isdisjoint(moved)
    assert len(moved) == len(built.weights)


def test_steps_lower_the_loss():
    built = engine()
    losses = []
    for _ in range(30):
        built.arch_step(batch(3))
        losses.append(float(built.weight_step(batch(1))))
    assert losses[-1] < 0.5 * losses[0]


def test_weight_step_is_sgd_with_clipping():
    # against torch's own SGD on the same gradient
    built = engine(weights=OptimizerConfig(lr=0.1, momentum=0.0, weight_decay=0.0, grad_clip=0.01))
    before = [p.detach().clone() for p in built.weights]
    built.weight_step(batch(1))
    moved = torch.cat([(a - b.detach()).flatten() for a, b in zip(before, built.weights, strict=True)])
    assert float(moved.norm()) == pytest.approx(0.1 * 0.01, rel=1e-3)


def test_infinite_loss_stops_before_the_update():
    built = engine()
    bad = batch(1)
    bad.images["color"][0] = float("nan")
    before = copy.deepcopy(built.supernet.state_dict())
    with pytest.raises(RunError, match="the loss is nan at a batch that starts at row 0"):
        built.weight_step(bad)
    for name, parameter in built.supernet.named_parameters():
        assert torch.equal(before[name], parameter), name


@pytest.mark.parametrize("where", ["weights", "arch", "alpha"])
def test_unread_steps_stop_before_the_update_and_stay_stopped(where):
    # what a GPU does: the CPU reads nothing, yet no update after the first NaN is carried out
    unread, read = engine(unread=True), engine()
    for built in (unread, read):  # the same function before
        built.arch_step(batch(3))
        built.weight_step(batch(1))
    assert_same_parameters(unread, read)
    bad = batch(1)
    bad.images["color"][0] = float("nan")
    if where == "alpha":
        with torch.no_grad():
            unread.arch[0][0, 0] = float("inf")
    before = copy.deepcopy(dict(unread.supernet.named_parameters()))
    step = unread.arch_step if where == "arch" else unread.weight_step
    assert step(batch(1) if where == "alpha" else bad).isnan()
    assert unread.arch_step(batch(3)).isnan()
    assert unread.weight_step(batch(1)).isnan()
    for name, parameter in unread.supernet.named_parameters():
        assert torch.equal(before[name], parameter), name


@pytest.mark.parametrize("unread", [True, False])
def test_a_state_saved_by_a_cpu_goes_on_on_a_gpu_and_back(unread):
    # torch would take over the saved optimiser's fused or plain kernels, which this device may not have
    saved = engine(unread=not unread)
    resumed = engine(unread=unread)
    saved.arch_step(batch(3))
    saved.weight_step(batch(1))
    resumed.load_state_dict(copy.deepcopy(saved.state_dict()))
    for built in (saved, resumed):
        built.arch_step(batch(4))
        built.weight_step(batch(2))
        built.weight_step(batch(5))
    assert_same_parameters(saved, resumed)
    bad = batch(1)
    bad.images["color"][0] = float("nan")
    for built in (saved, resumed):
        if built.unread:
            assert built.weight_step(bad).isnan()
        else:
            with pytest.raises(RunError):
                built.weight_step(bad)


def test_bfloat16_steps_keep_parameters_and_gradients_in_float32():
    torch.manual_seed(0)
    built = BilevelEngine(Supernet(tiny_space(), 2), PixelwiseBCE(), WEIGHTS, ARCH, precision="bfloat16")
    before = [parameter.detach().clone() for parameter in built.supernet.parameters()]
    data = batch(1)
    images = {"color": data.images["color"].float()}
    data = Batch(images, {"label": data.targets["label"].float()}, data.index)
    losses = built.arch_step(data), built.weight_step(data)
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in losses)
    for old, new in zip(before, built.supernet.parameters(), strict=True):
        assert new.dtype == torch.float32
        assert not torch.equal(old, new)


def test_bfloat16_is_refused_where_differences_are_taken():
    with pytest.raises(ConfigError, match="order second needs precision float32"):
        resolve(SearchConfig, "search", flags={"order": "second", "precision": "bfloat16"})


def test_terms_add_their_gradient_and_leave_the_loss(monkeypatch):
    plain, with_term = engine(), engine()
    with_term.terms = [lambda net: 3 * net.alphas["normal"].sum(), lambda net: net.alphas["normal"][0, 0] * 2]
    seen = {}
    for name, built in (("plain", plain), ("term", with_term)):

        def keep(name=name, built=built):
            seen[name] = [parameter.grad for parameter in built.arch]

        monkeypatch.setattr(built.arch_optimizer, "step", keep)
    assert torch.equal(plain.arch_step(batch(0)), with_term.arch_step(batch(0)))
    extra = [two - one for one, two in zip(seen["plain"], seen["term"], strict=True)]
    wanted = torch.full_like(extra[0], 3.0)
    wanted[0, 0] = 5.0
    assert torch.allclose(extra[0], wanted)
    assert not any(part.any() for part in extra[1:])


@pytest.mark.parametrize("kernels", [False, True])
def test_an_auxiliary_skip_is_a_skip_of_the_candidate(kernels):
    torch.manual_seed(0)
    net = Supernet(tiny_space(), 2, kernels=kernels and not kernels_reason())
    images = torch.randn(2, 3, 8, 8)
    column = net.space.operations.index("skip_connect")
    with torch.no_grad():
        before = net(images)
        net.add_auxiliary_skip()
        assert torch.equal(net(images), before)
        net.set_auxiliary_skip(0.7)
        raised = net(images)
        weights = {kind: net.operation_weights(kind) for kind in ("normal", "reduction")}
        for kind in weights:
            wanted = weights[kind].clone()
            wanted[:, column] += 0.7
            assert torch.allclose(net.mixing_weights(kind), wanted)
        assert not torch.allclose(raised, before, atol=1e-3)
        net.set_auxiliary_skip(0.0)
        assert torch.equal(net(images), before)
    assert "auxiliary" not in net.state_dict()


def test_an_auxiliary_skip_needs_a_skip():
    values = tiny_space().model_dump()
    values["operations"] = ["none", "sep_conv_3x3"]
    with pytest.raises(GenotypeError, match="needs skip_connect, which space small lacks"):
        Supernet(Space.model_validate(values), 2).add_auxiliary_skip()
