"""The verb `search` on generated faces: what it leaves, what repeats, what a resumed run continues."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import yaml

from autofas.errors import RunError
from autofas.models.genotype import load_genotype
from autofas.search.search import search
from tests.search.searches import config, losses


def test_the_run_folder_is_complete(first):
    names = {path.name for path in first.path.iterdir()}
    expected = {"config.yaml", "env.json", "results.csv", "log.txt", "genotype.json", "alphas.csv"}
    assert expected | {"checkpoint-last", "checkpoint-previous"} <= names
    assert load_genotype(first.path / "genotype.json") == first.genotype
    with open(first.path / "alphas.csv") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 2 * 14 * 6  # epochs and the start, kinds, edges, operations
    last = [row for row in rows if row["epoch"] == "3" and row["cell"] == "normal"]
    read = np.array([float(row["alpha"]) for row in last]).reshape(14, 6)
    np.testing.assert_array_equal(read, first.history[-1]["normal"])


def test_one_seed_repeats_itself_and_another_differs(first, tmp_path, tiny_data):
    again = search(config(tmp_path, tiny_data))
    assert again.genotype.same_network(first.genotype)
    assert losses(again) == losses(first)
    other = search(config(tmp_path, tiny_data, seed=1))
    assert losses(other) != losses(first)
    assert not np.array_equal(other.history[-1]["normal"], first.history[-1]["normal"])


def test_a_resumed_search_is_the_uninterrupted_one(first, tmp_path, tiny_data, monkeypatch):
    from autofas.runs import lifecycle as module

    real = module.save_checkpoint

    def stop_after_two(folder, state):
        real(folder, state)
        if state["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_checkpoint", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        search(config(tmp_path, tiny_data))
    monkeypatch.undo()
    resumed = search(config(tmp_path, tiny_data), resume=str(tmp_path / "search" / "exp"))
    assert losses(resumed) == losses(first)
    for name, values in first.history[-1].items():
        np.testing.assert_array_equal(resumed.history[-1][name], values)


def test_resuming_with_another_configuration_shows_the_difference(first, tiny_data):
    changed = config(first.path.parent.parent, tiny_data, epochs=4)
    with pytest.raises(RunError, match="epochs was 3, is 4"):
        search(changed, resume=str(first.path))


def test_the_dev_and_test_splits_are_not_looked_at(first, tmp_path, tiny_data, monkeypatch):
    from autofas.data.dataset import Dataset

    asked = []
    real = Dataset.split
    monkeypatch.setattr(Dataset, "split", lambda self, name: asked.append(name) or real(self, name))
    search(config(tmp_path, tiny_data, epochs=2))
    assert set(asked) == {"train"}


@pytest.mark.parametrize("strategy", ["darts", "pc-darts"])
@pytest.mark.parametrize("order", ["first", "second"])
def test_strategies_and_orders_run(tmp_path, tiny_data, strategy, order):
    result = search(
        config(tmp_path, tiny_data, strategy=strategy, order=order, epochs=1, warmup_epochs=0, batch_size=60)
    )
    assert ("normal_beta" in result.history[0]) == (strategy == "pc-darts")
    assert result.genotype.derivation == ("pc-darts" if strategy == "pc-darts" else "auto-fas")


def test_a_search_and_a_training_never_import_the_compiler_and_pictures_only_to_draw(tmp_path, tiny_data):
    """What torch.optim's classes import, and matplotlib, would be a fifth of a small search's memory."""
    path = tmp_path / "config.yaml"
    short = {"epochs": 1, "warmup_epochs": 0, "threads": 1, "device": "cpu", "runs_dir": str(tmp_path)}
    path.write_text(yaml.safe_dump(short | {"space": "small", "input_size": 16, "data": tiny_data}))
    code = """if True:
        import sys
        from autofas.config.resolve import resolve
        from autofas.config.search import SearchConfig
        from autofas.config.train import TrainConfig
        from autofas.search.search import search
        from autofas.training.train import train
        found = search(resolve(SearchConfig, "search", file=sys.argv[1]))
        shared = {"epochs": 1, "threads": 1, "device": "cpu", "runs_dir": sys.argv[2], "input_size": 16}
        data = resolve(SearchConfig, "search", file=sys.argv[1]).data
        train(TrainConfig(**shared, genotype=str(found.path / "genotype.json"), data=data))
        print({"matplotlib", "torch._dynamo"} & set(sys.modules))
    """
    command = [sys.executable, "-c", code, str(path), str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_search_ends_with_a_verdict(first):
    written = json.loads((first.path / "verdict.json").read_text())
    assert written["verdict"] == first.verdict.word == "undecided"
    assert written["entropy"] == pytest.approx(
        (first.results[-1]["entropy_normal"] + first.results[-1]["entropy_reduction"]) / 2
    )
    assert 0 < written["gap"]["supernet_loss"] < 2
    assert 0 <= written["gap"]["derived_auc"] <= 1


def test_the_weights_half_alone_is_balanced_by_groups(monkeypatch, tmp_path, tiny_data):
    from autofas.search import halved

    real, drawn = halved.training_loader, []

    def loader(*given, groups=None, **keys):
        made = real(*given, groups=groups, **keys)
        drawn.append((groups, made))
        return made

    monkeypatch.setattr(halved, "training_loader", loader)
    search(config(tmp_path, tiny_data, epochs=1, warmup_epochs=0, balance_by="session"))
    (groups, weights), (none, _) = drawn[:2]
    assert none is None
    assert groups.names == (
        "session 1, attack", "session 1, bona fide", "session 2, attack", "session 2, bona fide"
    )  # fmt: skip
    counts = np.bincount(groups.codes[weights.sampler.order(0)])
    assert counts.max() - counts.min() <= 1
