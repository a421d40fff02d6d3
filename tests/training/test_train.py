"""What a training promises: the epoch it keeps, the split that chooses, drop-path's rise, a clipped step."""

import shutil

import numpy as np
import pytest
import torch

from autofas.config.train import TrainConfig
from autofas.data.opening import OpenedDatasets
from autofas.models.derived_network import DerivedNetwork
from autofas.models.genotype import genotype_from_cells, save_genotype
from autofas.models.space import load_space
from autofas.models.weights import tensors_sha256
from autofas.search.derive import random_cells
from autofas.training.train import Training, train
from tests.conftest import TINY_FACES
from tests.data.leak_files import small
from tests.models.test_other_genotypes import DARTS


@pytest.fixture(scope="module")
def genotype(tmp_path_factory):
    space = load_space("small")
    path = tmp_path_factory.mktemp("genotype") / "genotype.json"
    cells = random_cells(space, np.random.default_rng(0))
    save_genotype(genotype_from_cells(space, *cells, "random", {}), path)
    return str(path)


def config(tmp_path, genotype, **changes):
    """Two batches an epoch."""
    values = {
        "genotype": genotype,
        "epochs": 4,
        "batch_size": 120,
        "input_size": 16,
        "augment": "none",
        "runs_dir": str(tmp_path),
        "threads": 1,
        "device": "cpu",
        "data": TINY_FACES,
    }
    return TrainConfig.model_validate(values | changes)


def kept_epoch(monkeypatch, errors, run_config):
    """The epoch, from 1, whose weights a training ends with if these were its (EER, 1 - AUC) on dev."""
    from autofas.training import train as module

    real, digests, told = module.score_rows, [], iter(errors)

    def score_rows(network, *given, **keys):
        digests.append(tensors_sha256(network.body.state_dict()))
        return real(network, *given, **keys)

    monkeypatch.setattr(module, "score_rows", score_rows)
    monkeypatch.setattr(module, "dev_error", lambda scores: next(told))
    result = train(run_config)
    *epochs, written = digests
    assert len(set(epochs)) == len(errors)
    assert tensors_sha256(result.network.body.state_dict()) == written
    return epochs.index(written) + 1


@pytest.mark.parametrize(
    ("keep", "errors", "epoch"),
    [
        ("best", [(0.2, 0.0), (0.1, 0.3), (0.3, 0.1), (0.2, 0.1)], 2),  # the smallest EER
        ("best", [(0.1, 0.3), (0.1, 0.1), (0.1, 0.2), (0.2, 0.0)], 2),  # then the largest AUC
        ("best", [(0.2, 0.1), (0.1, 0.1), (0.1, 0.1), (0.3, 0.1)], 3),  # then the one that trained longer
        ("last", [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.4, 0.4)], 4),
    ],
)
def test_the_epoch_that_is_kept(monkeypatch, tmp_path, genotype, keep, errors, epoch):
    assert kept_epoch(monkeypatch, errors, config(tmp_path, genotype, keep=keep)) == epoch


def test_training_looks_at_train_and_dev_and_chooses_by_dev(monkeypatch, tmp_path, genotype):
    from autofas.data.dataset import Dataset
    from autofas.training import train as module

    asked, scored = [], []
    real_split, real_score = Dataset.split, module.score_rows
    monkeypatch.setattr(Dataset, "split", lambda self, name: asked.append(name) or real_split(self, name))

    def score_rows(network, store, table, *given, **keys):
        scored.append(set(table["split"]))
        return real_score(network, store, table, *given, **keys)

    monkeypatch.setattr(module, "score_rows", score_rows)
    train(config(tmp_path, genotype, epochs=1))
    assert set(asked) == {"train", "dev"}
    assert scored == [{"dev"}, {"dev"}]


def test_drop_path_rises_from_nothing_by_equal_steps(monkeypatch, tmp_path, genotype):
    rates = []
    monkeypatch.setattr(DerivedNetwork, "set_drop_path", lambda self, rate: rates.append(rate))
    train(config(tmp_path, genotype, drop_path=0.4))
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3])


def test_a_step_is_no_longer_than_rate_times_clip(monkeypatch, tmp_path, genotype):
    # plain gradient descent: two steps of 0.5 * 0.01 at most, and exactly that where the gradient is longer
    from autofas.training import train as module

    moves = []

    class Recorded(module.Training):
        def step(self, batch):
            before = [parameter.detach().clone() for parameter in self.parameters]
            loss = super().step(batch)
            pairs = zip(before, self.parameters, strict=True)
            moves.append(float(torch.cat([(new.detach() - old).flatten() for old, new in pairs]).norm()))
            return loss

    monkeypatch.setattr(module, "Training", Recorded)
    descent = {"lr": 0.5, "schedule": "constant", "momentum": 0.0, "weight_decay": 0.0, "grad_clip": 0.01}
    train(config(tmp_path, genotype, epochs=1, optimizer=descent))
    assert moves == pytest.approx([0.005, 0.005], rel=1e-3)


def test_events_show_the_training_and_change_nothing(tmp_path, genotype):
    pytest.importorskip("tensorboard", reason="needs autofas[tensorboard]")
    from autofas.runs.record import check_files, read_record
    from tests.runs.test_event_log import events_of

    plain = train(config(tmp_path, genotype, epochs=2))
    watched = train(config(tmp_path, genotype, epochs=2, tensorboard=True))
    assert tensors_sha256(watched.network.body.state_dict()) == tensors_sha256(
        plain.network.body.state_dict()
    )
    assert not (plain.path / "tensorboard").exists()
    scalars, pictures = events_of(watched.path)
    for name in ("train_loss", "dev_eer", "lr"):
        told = [(step, value) for step, value in scalars[f"results/{name}"]]
        assert told == [(row["epoch"], pytest.approx(row[name])) for row in watched.results]
    assert pictures == {"live maps/bona fide": [1, 2], "live maps/attack": [1, 2]}
    assert check_files(watched.path, read_record(watched.path)) == []


def test_a_run_is_named_after_the_search_or_after_other_peoples_genotype(tmp_path, genotype):
    def name(path):
        return Training(config(tmp_path, str(path)), torch.device("cpu"), OpenedDatasets()).name

    (tmp_path / "searched").mkdir()
    shutil.copy(genotype, tmp_path / "searched/genotype.json")
    (tmp_path / "pasted.txt").write_text(DARTS)
    (tmp_path / "named.txt").write_text(f"MINE_V2 = {DARTS}")
    assert name(tmp_path / "searched/genotype.json") == "searched"
    assert name(tmp_path / "pasted.txt") == "pasted"  # not the folder's, which says nothing
    assert name(tmp_path / "named.txt") == "MINE_V2"


def test_what_evaluate_will_lack_is_said_before_the_first_epoch(tmp_path, genotype):
    place = small(tmp_path / "faces")
    place.write_text("".join(line for line in place.open() if not line.endswith(",test\n")))
    changes = {"data": {"dataset": str(place)}, "epochs": 1, "batch_size": 2}
    ended = train(config(tmp_path / "runs", genotype, **changes))
    lines = (ended.path / "log.txt").read_text().splitlines()
    said = [number for number, line in enumerate(lines) if "there are no test rows" in line]
    assert len(said) == 1
    assert said[0] < next(number for number, line in enumerate(lines) if "epoch 1/1" in line)
