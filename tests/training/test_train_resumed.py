"""The verb `train` on generated faces: what repeats, what a resumed run continues, and its weights file."""

import shutil

import pytest
import torch

from autofas.config.train import TrainConfig
from autofas.errors import RunError
from autofas.models.weights import WEIGHTS_FILE, load_network, read_weights
from autofas.runs import lifecycle
from autofas.search.search import search
from autofas.training import train as training
from autofas.training.train import train
from tests.conftest import TINY_FACES


def config(tmp_path, **changes):
    values = {
        "epochs": 2,
        "batch_size": 32,
        "input_size": 32,
        "augment": "basic",
        "runs_dir": str(tmp_path),
        "threads": 1,
        "device": "cpu",
        "optimizer": {"lr": 0.05},
        "data": TINY_FACES,
    }
    if "genotype" not in changes:
        values["baseline"] = "feathernet_b"
    return TrainConfig.model_validate(values | changes)


@pytest.fixture(scope="module")
def genotype(tmp_path_factory):
    from autofas.config.search import SearchConfig

    values = {"strategy": "random", "space": "small", "runs_dir": str(tmp_path_factory.mktemp("g"))}
    return str(search(SearchConfig.model_validate(values)).path / "genotype.json")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, genotype):
    return train(config(tmp_path_factory.mktemp("runs"), genotype=genotype))


def test_training_is_repeatable(trained, tmp_path, genotype):
    again = train(config(tmp_path, genotype=genotype))
    assert [row["train_loss"] for row in again.results] == [row["train_loss"] for row in trained.results]
    left, right = (read_weights(run.path / WEIGHTS_FILE)[0] for run in (trained, again))
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_a_resumed_training_is_the_uninterrupted_one(trained, tmp_path, genotype, monkeypatch):
    real = lifecycle.save_checkpoint

    def stop_after_one(folder, state):
        real(folder, state)
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "save_checkpoint", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        train(config(tmp_path, genotype=genotype, name="stopped"))
    monkeypatch.undo()
    resumed = train(config(tmp_path, genotype=genotype), resume=str(tmp_path / "train" / "stopped"))
    left, right = (read_weights(run.path / WEIGHTS_FILE)[0] for run in (trained, resumed))
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert len(resumed.results) == 2


def test_a_weights_file_rebuilds_the_network(trained):
    loaded = load_network(trained.path / WEIGHTS_FILE)
    images = {"color": torch.randn(2, 3, 32, 32)}
    with torch.no_grad():
        torch.testing.assert_close(loaded.network.score(images), trained.network.score(images))
    assert loaded.info.preprocessing.input_size == 32


def test_a_baseline_trains_by_the_same_verb(tmp_path):
    result = train(config(tmp_path, epochs=1))
    assert result.network.kind == "hand-designed"
    assert load_network(result.path / WEIGHTS_FILE).info.baseline == "feathernet_b"


def test_a_flipped_byte_falls_back_to_the_checkpoint_before(trained, tmp_path):
    from autofas.runs.checkpoint import load_checkpoint

    folder = tmp_path / "run"
    shutil.copytree(trained.path, folder)
    state = folder / "checkpoint-last" / "state.pt"
    payload = bytearray(state.read_bytes())
    payload[len(payload) // 2] ^= 1
    state.write_bytes(payload)
    told = []
    found = load_checkpoint(folder, told.append)
    assert found["epoch"] == 1
    assert "SHA-256" in told[0]
    shutil.rmtree(folder / "checkpoint-previous")
    with pytest.raises(RunError, match="no readable checkpoint"):
        load_checkpoint(folder, told.append)


def test_weights_of_another_network_are_refused(trained, tmp_path):
    path = tmp_path / "w.safetensors"
    shutil.copy(trained.path / WEIGHTS_FILE, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match="not a readable safetensors file"):
        load_network(path)


def stop_in(monkeypatch, module, name):
    """Have the training interrupted when it calls this function of a module."""
    from autofas.runtime.interruption import Interrupted

    def interrupted(*arguments, **keys):
        raise Interrupted(2)

    monkeypatch.setattr(module, name, interrupted)
    return Interrupted


def test_an_interrupt_after_the_last_epoch_leaves_the_last_weights_in_the_checkpoint(
    trained, tmp_path, genotype, monkeypatch
):
    # the best epoch's weights are in the network by then: saved, a resume of the run would go on from them
    from autofas.runs.checkpoint import load_checkpoint

    saved, real = [], lifecycle.save_checkpoint
    monkeypatch.setattr(lifecycle, "save_checkpoint", lambda *given: saved.append(1) or real(*given))
    with pytest.raises(stop_in(monkeypatch, training, "write_scores")) as stop:
        train(config(tmp_path, genotype=genotype))
    assert len(saved) == 2  # an epoch each, and none for the interrupt: nothing had changed
    folder = next((tmp_path / "train").iterdir())
    assert stop.value.hint == f"; continue with: autofas train --resume {folder}"
    left, right = (load_checkpoint(path, print)["network"] for path in (trained.path, folder))
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_a_run_stopped_before_its_first_checkpoint_begins_as_it_had_begun(trained, tmp_path, monkeypatch):
    init = config(tmp_path, epochs=1, name="from", baseline="feathernet_b")
    source = train(init).path / WEIGHTS_FILE
    values = {"init": str(source), "epochs": 1}
    whole = train(config(tmp_path, name="whole", **values), notes=("a recipe said so",))
    with pytest.raises(stop_in(monkeypatch, lifecycle, "require_space")):
        train(config(tmp_path, name="stopped", **values), notes=("a recipe said so",))
    monkeypatch.undo()
    folder = tmp_path / "train" / "stopped"
    resumed = train(config(tmp_path, name="stopped", **values), resume=str(folder))
    left, right = (read_weights(run.path / WEIGHTS_FILE)[0] for run in (whole, resumed))
    assert all(torch.equal(left[name], right[name]) for name in left)
    lines = [(run.path / "log.txt").read_text().splitlines() for run in (whole, resumed)]
    assert "note: a recipe said so" in lines[1][0]
    assert len(lines[0]) == len(lines[1])
