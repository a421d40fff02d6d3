"""Learning rates and gradients by hand."""

import pytest
import torch
from torch import nn

from autofas.config.optimizer import OptimizerConfig
from autofas.errors import RunError
from autofas.training.optimizers import build_optimizer, clip_gradients, learning_rate


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
