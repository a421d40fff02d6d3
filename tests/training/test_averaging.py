"""Averaged weights: by hand, kept in place of the last ones, and the same after an interruption."""

import pytest
import torch
from torch import nn

from autofas.config.train import TrainConfig
from autofas.models.weights import tensors_sha256
from autofas.runtime import interruption
from autofas.training.averaging import WeightAverage
from autofas.training.train import Training, train
from tests.conftest import TINY_FACES
from tests.training.interruptions import interrupt_at


def test_an_average_by_hand():
    module = nn.BatchNorm1d(1)
    average = WeightAverage(module, 0.75)
    for weight, mean in ((2.0, 4.0), (6.0, 0.0), (10.0, 8.0)):
        nn.init.constant_(module.weight, weight)
        module.running_mean.fill_(mean)
        average.update()
    with average.in_place():
        # 0.75 * (0.75 * 2 + 0.25 * 6) + 0.25 * 10; 0.75 * (0.75 * 4 + 0.25 * 0) + 0.25 * 8
        assert module.weight.item() == pytest.approx(4.75)
        assert module.running_mean.item() == pytest.approx(4.25)
    assert module.weight.item() == 10
    assert module.running_mean.item() == 8


def test_an_average_of_another_module_is_refused():
    with pytest.raises(ValueError, match="average of the weights"):
        WeightAverage(nn.Linear(2, 1), 0.9).load_state_dict(WeightAverage(nn.Linear(3, 1), 0.9).state_dict())


def config(tmp_path, **changes):
    """Four batches an epoch of 32-pixel faces."""
    values = {
        "baseline": "feathernet_a", "epochs": 2, "batch_size": 60, "input_size": 32, "augment": "none",
        "runs_dir": str(tmp_path), "threads": 1, "device": "cpu", "data": TINY_FACES, "average": 0.5,
        "keep": "last",
    }  # fmt: skip
    return TrainConfig.model_validate(values | changes)


def digest(result) -> str:
    return tensors_sha256(result.network.body.state_dict())


def test_the_average_is_kept_and_the_training_goes_on_from_its_own_weights(tmp_path, monkeypatch):
    real, passed = Training.step, []

    def step(self, batch):
        loss = real(self, batch)
        passed.append({name: value.clone() for name, value in self.network.body.state_dict().items()})
        return loss

    monkeypatch.setattr(Training, "step", step)
    averaged = train(config(tmp_path, name="averaged"))
    steps = passed.copy()
    passed.clear()
    train(config(tmp_path, name="plain", average=None))
    assert len(steps) == len(passed) == 8
    assert all(
        torch.equal(one, other) for one, other in zip(steps[-1].values(), passed[-1].values(), strict=True)
    )
    kept, name = averaged.network.body.state_dict(), next(iter(steps[0]))
    average = steps[0][name]
    for values in steps[1:]:
        average = 0.5 * average + 0.5 * values[name]
    torch.testing.assert_close(kept[name], average)
    assert not torch.allclose(kept[name], steps[-1][name])


def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole = train(config(tmp_path, name="whole"))
    interrupt_at(monkeypatch, 5)  # the first batch of the second epoch
    with pytest.raises(interruption.Interrupted):
        train(config(tmp_path, name="cut"))
    resumed = train(config(tmp_path, name="cut"), resume=str(tmp_path / "train" / "cut"))
    assert digest(resumed) == digest(whole)
