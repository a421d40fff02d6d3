"""Group DRO: weights and loss by hand, its gradient, ranks, and trainings that go on where they were."""

import math

import numpy as np
import pytest
import torch
from autofas.baselines.afa import AFAOutput
from autofas.baselines.deeppixbis import DeepPixBiSOutput

from autofas.config.train import TrainConfig
from autofas.data.batches.groups import Groups
from autofas.errors import DataError
from autofas.models.supervisions import build_supervision
from autofas.models.weights import tensors_sha256
from autofas.runtime import interruption
from autofas.training import group_dro
from autofas.training.group_dro import GroupDRO, rows_of
from autofas.training.train import train
from tests.conftest import TINY_FACES
from tests.training.interruptions import interrupt_at

GROUPS = Groups(np.array([0, 0, 1, 2]), ("a", "b", "c"))
BCE = build_supervision("bce")
CPU = torch.device("cpu")


def logits(*probabilities: float) -> torch.Tensor:
    """Maps of one pixel whose sigmoid is each probability."""
    return torch.logit(torch.tensor(probabilities, dtype=torch.float64)).view(-1, 1, 1, 1)


def test_a_step_by_hand():
    robust = GroupDRO(GROUPS, 0.5, CPU)
    # group a: -ln 0.5 and -ln 0.25, mean 1.5 ln 2; group b: -ln (1 - 0.5) = ln 2; group c is not there
    outputs, label = logits(0.5, 0.25, 0.5), torch.tensor([1.0, 1.0, 0.0])
    loss = robust.loss(BCE, outputs, {"label": label}, torch.tensor([0, 1, 2]))
    raised = np.array([math.exp(0.75 * math.log(2)), math.exp(0.5 * math.log(2)), 1.0])
    weights = raised / raised.sum()
    assert robust.weights.tolist() == pytest.approx(weights.tolist())
    assert float(loss) == pytest.approx(weights[0] * 1.5 * math.log(2) + weights[1] * math.log(2))
    assert robust.words == f"a {weights[0]:.2f}"


def test_the_gradient_is_the_weighted_sum_of_the_groups_gradients():
    robust = GroupDRO(GROUPS, 0.5, CPU)
    outputs, label = logits(0.5, 0.25, 0.5, 0.9).requires_grad_(), torch.tensor([1.0, 1.0, 0.0, 0.0])
    index = torch.tensor([0, 1, 2, 3])
    robust.loss(BCE, outputs, {"label": label}, index).backward()
    # d BCE / d logit is p - y, over the rows of the group
    residuals = [(0.5 - 1) / 2, (0.25 - 1) / 2, 0.5, 0.9]
    shares = robust.weights[torch.tensor([0, 0, 1, 2])].tolist()
    expected = [share * residual for share, residual in zip(shares, residuals, strict=True)]
    assert outputs.grad is not None
    assert outputs.grad.flatten().tolist() == pytest.approx(expected, rel=1e-6)


def test_the_worst_group_is_weighed_up_and_the_weights_stay_finite():
    robust = GroupDRO(GROUPS, 10.0, CPU)
    outputs, label = logits(1 - 1e-9, 1 - 1e-9, 1 - 1e-9, 0.5), torch.tensor([1.0, 1.0, 1.0, 0.0])
    for _ in range(500):
        loss = robust.loss(BCE, outputs, {"label": label}, torch.arange(4))
    assert robust.weights.tolist() == pytest.approx([0, 0, 1])
    assert float(loss) == pytest.approx(math.log(2))


def test_ranks_move_the_weights_by_the_whole_batch(monkeypatch):
    # rank 0 holds rows 0 and 2, rank 1 rows 1 and 3: the means of their losses and gradients are the batch's
    outputs, label = logits(0.5, 0.25, 0.5, 0.9), torch.tensor([1.0, 1.0, 0.0, 0.0])
    index = torch.arange(4)
    whole = GroupDRO(GROUPS, 0.5, CPU)
    expected = float(whole.loss(BCE, outputs, {"label": label}, index))
    shares = [torch.tensor([0, 2]), torch.tensor([1, 3])]
    told: list[list[torch.Tensor]] = []
    monkeypatch.setattr(
        group_dro.ranks, "average", lambda values, kept=(): told.append(list(values)) or values
    )
    for rows in shares:
        GroupDRO(GROUPS, 0.5, CPU).loss(BCE, outputs[rows], {"label": label[rows]}, rows)
    means = [(one + other) / 2 for one, other in zip(*told, strict=True)]
    monkeypatch.setattr(group_dro.ranks, "average", lambda values, kept=(): means)
    losses = []
    for rows in shares:
        robust = GroupDRO(GROUPS, 0.5, CPU)
        losses.append(float(robust.loss(BCE, outputs[rows], {"label": label[rows]}, rows)))
        assert robust.weights.tolist() == pytest.approx(whole.weights.tolist())
    assert sum(losses) / 2 == pytest.approx(expected)


def test_rows_of_what_networks_give():
    rows = torch.tensor([2, 0])
    numbers = torch.arange(3.0)[:, None]
    assert rows_of(numbers, rows).flatten().tolist() == [2, 0]
    both = rows_of(DeepPixBiSOutput(numbers, 10 * numbers), rows)
    assert isinstance(both, DeepPixBiSOutput)
    assert both.logit.flatten().tolist() == [20, 0]
    images = rows_of(AFAOutput(numbers, {"color": -numbers}), rows)
    assert images.super_resolved["color"].flatten().tolist() == [-2, 0]


def test_weights_of_other_groups_are_refused():
    state = GroupDRO(GROUPS, 0.5, CPU).state_dict()
    other = GroupDRO(Groups(np.array([0, 1, 2]), ("a", "b", "d")), 0.5, CPU)
    with pytest.raises(ValueError, match="of other groups"):
        other.load_state_dict(state)
    with pytest.raises(ValueError, match="not finite numbers"):
        GroupDRO(GROUPS, 0.5, CPU).load_state_dict(state | {"weights": state["weights"] * math.nan})


def config(tmp_path, **changes):
    """Four batches an epoch of 32-pixel faces, balanced by session."""
    values = {
        "baseline": "feathernet_a", "epochs": 2, "batch_size": 60, "input_size": 32, "augment": "none",
        "runs_dir": str(tmp_path), "threads": 1, "device": "cpu", "data": TINY_FACES, "balance_by": "session",
        "objective": "group-dro", "group_rate": 2.0,
    }  # fmt: skip
    return TrainConfig.model_validate(values | changes)


def digest(result) -> str:
    return tensors_sha256(result.network.body.state_dict())


def test_one_seed_is_one_training_and_the_objective_matters(tmp_path):
    first, again = (train(config(tmp_path, epochs=1)) for _ in range(2))
    assert digest(first) == digest(again)
    erm = train(config(tmp_path, epochs=1, objective="erm"))
    plain = train(config(tmp_path, epochs=1, objective="erm", balance_by=None))
    assert len({digest(first), digest(erm), digest(plain)}) == 3
    log = (first.path / "log.txt").read_text()
    assert "balanced over 4 groups: session 1, attack; session 1, bona fide; session 2, attack" in log
    assert "worst group session" in log
    assert "worst group" not in (erm.path / "log.txt").read_text()


def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole = train(config(tmp_path, name="whole"))
    weights: list[torch.Tensor] = []
    # the first batch of the second epoch
    interrupt_at(monkeypatch, 5, lambda training: weights.append(training.robust.weights.clone()))
    with pytest.raises(interruption.Interrupted):
        train(config(tmp_path, name="cut"))
    assert weights[-1].max() > 0.26  # the weights had moved from 1/4
    resumed = train(config(tmp_path, name="cut"), resume=str(tmp_path / "train" / "cut"))
    assert digest(resumed) == digest(whole)


def test_what_cannot_be_asked_for(tmp_path):
    with pytest.raises(ValueError, match="group-dro needs balance_by"):
        config(tmp_path, balance_by=None)
    with pytest.raises(DataError, match="balance_by dataset: the training rows do not say their dataset"):
        train(config(tmp_path, balance_by="dataset"))
