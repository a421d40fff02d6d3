"""Learning rates and gradients by hand; updates and their state beside torch.optim's classes."""

import pytest
import torch
from torch import nn

from autofas.config.optimizer import OptimizerConfig
from autofas.errors import RunError
from autofas.training.optimizers import SGD, Adam, build_optimizer, clip_gradients, learning_rate


def parameters():
    """Two parameters whose gradients 3 and 4 have the norm 5, and one without a gradient."""
    made = [nn.Parameter(torch.ones(1)) for _ in range(3)]
    made[0].grad, made[1].grad = torch.tensor([3.0]), torch.tensor([4.0])
    return made


def test_warm_up_climbs_in_equal_steps_to_where_the_schedule_begins():
    config = OptimizerConfig(lr=0.4, warmup_epochs=3)
    # then a cosine of four epochs: 1, (1 + cos 45°) / 2, 1/2, (1 + cos 135°) / 2 of the rate
    falling = [0.4, 0.4 * 0.853553, 0.2, 0.4 * 0.146447]
    rates = [learning_rate(config, epoch, 7) for epoch in range(7)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, *falling], rel=1e-5)


@pytest.mark.parametrize(("most", "left"), [(1.0, [0.6, 0.8]), (10.0, [3.0, 4.0]), (None, [3.0, 4.0])])
def test_all_gradients_together_are_scaled_to_the_norm_asked_for(most, left):
    given = parameters()
    clip_gradients(given, most, "here")
    assert [float(one.grad) for one in given[:2]] == pytest.approx(left, rel=1e-5)


def test_a_gradient_that_is_not_finite_is_told_whether_clipped_or_not():
    for most in (None, 1.0):
        given = parameters()
        given[0].grad.fill_(float("inf"))
        with pytest.raises(RunError, match="gradient's norm is inf at batch 7"):
            clip_gradients(given, most, "batch 7")


def test_weight_decay_is_added_to_the_gradient():
    # SGD: 1 - 0.1 * (3 + 0.5 * 1). Adam's first step is 0.1 against the sign, here of -0.1 + 0.5 * 1
    config = {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.5}
    given = parameters()[:1]
    build_optimizer(OptimizerConfig(**config), given).step()
    assert given[0].item() == pytest.approx(1 - 0.1 * 3.5)
    given[0].data.fill_(1.0)
    given[0].grad.fill_(-0.1)
    build_optimizer(OptimizerConfig(name="adam", **config), given).step()
    assert given[0].item() == pytest.approx(0.9)


def rates(config: OptimizerConfig, epochs: int) -> list[float]:
    return [learning_rate(config, epoch, epochs) for epoch in range(epochs)]


def test_cosine_cycles_by_hand() -> None:
    config = OptimizerConfig(lr=1.0, min_lr=0.2, cycles=2)
    # half-way down a cycle of two epochs the rate is the mean of both ends
    assert rates(config, 4) == pytest.approx([1.0, 0.6, 1.0, 0.6])
    assert rates(OptimizerConfig(lr=1.0, min_lr=0.2), 4)[2] == pytest.approx(0.6)


def test_one_cycle_is_torch_s_cosine() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5, eta_min=1e-3)
    found = []
    for _ in range(15):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates(OptimizerConfig(lr=0.1, min_lr=1e-3, cycles=3), 15) == pytest.approx(found)


def test_steps_at_milestones_or_evenly() -> None:
    config = OptimizerConfig(lr=1.0, schedule="step", milestones=(2, 3))
    assert rates(config, 5) == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    config = OptimizerConfig(lr=1.0, schedule="step", step_epochs=2, step_factor=0.5)
    assert rates(config, 5) == pytest.approx([1, 1, 0.5, 0.5, 0.25])


KINDS = [
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 3e-4}),
    (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.0}),
    (Adam, torch.optim.Adam, {"lr": 0.1, "betas": (0.5, 0.999), "weight_decay": 1e-3}),
]


def updated(make, settings, saved=None, steps=(0, 1, 2)):
    """Parameters and optimiser after steps on drawn gradients; in the second step one has no gradient."""
    drawn = torch.Generator().manual_seed(0)
    given = [nn.Parameter(torch.randn(shape, generator=drawn)) for shape in ((3, 4), (5,), (2, 2, 2))]
    optimizer = make(given, **settings)
    if saved is not None:
        optimizer.load_state_dict(saved)
    for step in steps:
        for one in given:
            one.grad = torch.randn(one.shape, generator=drawn.manual_seed(step))
        if step == 1:
            given[1].grad = None
        optimizer.step()
    return given, optimizer


@pytest.mark.parametrize(("own", "theirs", "settings"), KINDS)
@pytest.mark.parametrize("fused", [None, True])
def test_updates_are_those_of_the_classes_of_torch_to_the_last_bit(own, theirs, settings, fused):
    found, optimizer = updated(own, settings | {"fused": fused})
    expected, reference = updated(theirs, settings | {"fused": fused})
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    state, wanted = optimizer.state_dict(), reference.state_dict()
    assert state["param_groups"] == wanted["param_groups"]
    if settings.get("momentum") == 0:  # torch keeps an empty entry for each parameter
        assert not state["state"]
        return
    assert state["state"].keys() == wanted["state"].keys()
    for number, averages in state["state"].items():
        assert averages.keys() == wanted["state"][number].keys()
        for name, average in averages.items():
            assert torch.equal(average, wanted["state"][number][name])


@pytest.mark.parametrize(("own", "theirs", "settings"), KINDS)
def test_a_state_goes_on_from_torch_and_to_torch(own, theirs, settings):
    for make, reader in ((theirs, own), (own, theirs), (own, own)):
        _, optimizer = updated(make, settings)
        found, _ = updated(reader, settings, saved=optimizer.state_dict(), steps=(3,))
        _, reference = updated(theirs, settings)
        expected, _ = updated(theirs, settings, saved=reference.state_dict(), steps=(3,))
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_a_state_of_other_parameters_is_refused():
    _, optimizer = updated(SGD, KINDS[0][2])
    saved = optimizer.state_dict()
    with pytest.raises(ValueError, match="3 parameters in place of 1"):
        SGD([nn.Parameter(torch.zeros(3, 4))], lr=0.1).load_state_dict(saved)
    saved["state"][0]["momentum_buffer"] = torch.zeros(4, 3)
    with pytest.raises(ValueError, match="momentum_buffer of parameter 0 has a different shape"):
        optimizer.load_state_dict(saved)
