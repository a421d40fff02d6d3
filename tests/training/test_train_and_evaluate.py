"""The verbs `train` and `evaluate` on generated faces, from weights to figures that can be recomputed."""

import json
import shutil

import pytest
import torch

from autofas.config.data import DataConfig
from autofas.config.evaluate import EvaluateConfig
from autofas.config.train import TrainConfig
from autofas.errors import RunError
from autofas.evaluation.evaluate import TRANSFERRED, evaluate, usual_rule
from autofas.metrics import eer_threshold, error_rates, group_pais, read_scores
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


@pytest.fixture(scope="module")
def evaluated(trained):
    return evaluate(EvaluateConfig(run=str(trained.path), threads=1, device="cpu"))


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


def test_figures_follow_from_the_score_files(evaluated, trained):
    # recomputed with the metrics alone, from the files a reader would have
    dev, test = (read_scores(trained.path / f"scores-{name}.csv").by_video() for name in ("dev", "test"))
    threshold = eer_threshold(dev.scores, group_pais(dev.pais, "family"))
    rates = error_rates(test.scores, group_pais(test.pais, "family"), threshold)
    figures = evaluated.figures
    assert json.loads((trained.path / "metrics.json").read_text())["threshold"] == figures.threshold
    assert figures.threshold == threshold
    for name in ("apcer", "apcer_pooled", "bpcer", "acer", "hter"):
        assert figures.rate(name) == getattr(rates, name)
    assert figures.acer == (figures.apcer + figures.bpcer) / 2


def test_the_threshold_comes_from_dev_not_from_test(evaluated, trained):
    dev, test = (read_scores(trained.path / f"scores-{name}.csv").by_video() for name in ("dev", "test"))
    from_test = eer_threshold(test.scores, group_pais(test.pais, "family"))
    assert evaluated.figures.threshold != from_test
    assert evaluated.figures.threshold == eer_threshold(dev.scores, group_pais(dev.pais, "family"))
    assert evaluated.figures.threshold_rule == "dev-eer"


def test_published_protocols_keep_the_published_rule():
    assert usual_rule(DataConfig(dataset="oulu", protocol=3, fold=1)) == "dev-eer"
    assert usual_rule(DataConfig(dataset="synthetic")) == "dev-eer"
    assert usual_rule(DataConfig(dataset="replay-attack", protocol="print")) == "dev-eer"
    assert usual_rule(DataConfig(dataset="oulu", protocol="leave-one-session-out")) == TRANSFERRED
    assert usual_rule(DataConfig(dataset="some/manifest.csv", protocol="none")) == TRANSFERRED


def test_test_eer_is_labelled_as_tuned_on_test(trained):
    tuned = evaluate(EvaluateConfig(run=str(trained.path), threshold="test-eer", threads=1, device="cpu"))
    assert "tuned on test" in tuned.figures.threshold_provenance


def test_scores_name_every_frame_once(evaluated):
    assert len(set(evaluated.scores.paths)) == len(evaluated.scores) == 60


def test_a_baseline_trains_by_the_same_verb(tmp_path):
    result = train(config(tmp_path, epochs=1))
    assert result.network.kind == "hand-designed"
    assert load_network(result.path / WEIGHTS_FILE).info.baseline == "feathernet_b"


def test_taken_names_get_a_number(tmp_path):
    from autofas.runs.run_folder import Run

    paths = [Run.create(str(tmp_path), "train", "exp").path.name for _ in range(3)]
    assert paths == ["exp", "exp2", "exp3"]


def test_a_run_folder_has_one_owner(tmp_path):
    from autofas.runs.run_folder import Run

    run = Run.create(str(tmp_path), "train", "exp", echo=False)
    with run, pytest.raises(RunError, match=r"is in use by process \d+"), Run(run.path, echo=False):
        pass


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
