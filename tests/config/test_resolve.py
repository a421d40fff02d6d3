"""Precedence of what configures a run: defaults, recipe, preset, file, flags, --set."""

from pathlib import Path
from typing import Any

import pytest

from autofas.config.recipes import resolve_training
from autofas.config.resolve import resolve, to_yaml
from autofas.config.search import SearchConfig
from autofas.config.trial import TrialConfig
from autofas.errors import AutofasError, ConfigError


def test_precedence(tmp_path: Path) -> None:
    place = tmp_path / "mine.yaml"
    place.write_text("baseline: cdcn\nepochs: 7\noptimizer: {lr: 0.5}\n", encoding="utf-8")
    config, _ = resolve_training(file=str(place))
    assert (config.baseline, config.epochs, config.batch_size) == ("cdcn", 7, 56)  # the rest is the recipe's
    assert (config.optimizer.name, config.optimizer.lr) == ("adam", 0.5)
    config, _ = resolve_training(preset="quick", file=str(place), flags={"epochs": 8})
    assert (config.epochs, config.optimizer.lr) == (8, 0.5)
    config, _ = resolve_training(preset="quick", file=str(place), assignments=["epochs=9", "baseline=afa"])
    assert (config.baseline, config.epochs, config.erase_modalities) == ("afa", 9, 0.5)
    # a size asked for is not bent: the network says what it takes
    config, _ = resolve_training(preset="quick", flags={"baseline": "fishnet150", "input_size": 50})
    assert config.input_size == 50
    config, notes = resolve_training(preset="quick", flags={"genotype": "some.json"})
    assert (config.resolved_augment, notes) == ("basic", ())
    # a preset's published schedule is that of a genotype: a baseline's is its recipe
    assert resolve_training(preset="paper", flags={"baseline": "cdcn"})[0].epochs == 1300


def test_the_data_choose_the_augmentation_unless_it_is_named() -> None:
    faces = {"genotype": "some.json", "data.dataset": "mine/manifest.csv"}
    for preset in (None, "quick", "paper"):
        assert resolve_training(preset=preset, flags=faces)[0].resolved_augment == "session"
        assert resolve(
            SearchConfig, "search", preset=preset, flags={"data.dataset": "oulu"}
        ).resolved_augment == ("session")
    generated = resolve_training(preset="quick", flags={"baseline": "feathernet_b"})[0]
    assert generated.resolved_augment == "basic"
    named = resolve_training(preset="quick", flags={**faces, "augment": "flip"})[0]
    assert named.resolved_augment == "flip"


def test_quick_differs_on_images_and_stays_below_what_is_asked_for(tmp_path: Path) -> None:
    def searched(**more: Any) -> SearchConfig:
        return resolve(SearchConfig, "search", preset="quick", **more)

    assert searched().space == "small_open"
    assert searched(flags={"data.dataset": "Synthetic"}).space == "small_open"  # as the catalog reads names
    real = {"data.dataset": "mine/manifest.csv"}
    assert searched(flags=real).space == "small_even"
    assert searched(assignments=["data.dataset=nuaa"]).space == "small_even"
    assert (searched().arch_split, searched(flags=real).arch_split) == ("session", "subject")
    assert searched(flags={**real, "space": "small"}).space == "small"
    place = tmp_path / "mine.yaml"
    place.write_text("data: {dataset: mine/manifest.csv}\noptimizer: {lr: 0.2}\n", encoding="utf-8")
    trained = resolve_training(preset="quick", file=str(place), flags={"genotype": "some.json"})[0].optimizer
    assert (trained.name, trained.lr, trained.grad_clip) == ("adam", 0.2, 5.0)
    faces = resolve_training(preset="quick", flags={"genotype": "some.json"})[0]
    assert (faces.optimizer.name, faces.batch_size, faces.input_size) == ("adam", 16, 64)
    images = resolve_training(preset="quick", flags={"genotype": "some.json", "data.dataset": "nuaa"})[0]
    assert (images.optimizer.name, images.batch_size, images.input_size) == ("adam", 32, 128)


@pytest.mark.parametrize(
    ("flags", "finalists"),
    [
        ({}, 16),
        ({"strategy": "darts"}, 16),
        ({"finalists": 3}, 3),
        ({"strategy": "tpe"}, 0),
        ({"strategy": "random"}, 0),
        ({"derivation": "darts-pt"}, 0),
        ({"data.dataset": "mine/manifest.csv"}, 0),
    ],
)
def test_quick_ends_with_finalists_where_a_search_can(flags: dict[str, Any], finalists: int) -> None:
    assert resolve(SearchConfig, "search", preset="quick", flags=flags).finalists == finalists


def test_a_trial_has_no_finalists_under_quick() -> None:
    trial = resolve(TrialConfig, "search", preset="quick", flags={"genotype": "some.json"})
    assert (trial.strategy, trial.finalists) == ("random", 0)


def test_quick_has_no_finalists_under_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "x"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    assert resolve(SearchConfig, "search", preset="quick").finalists == 0


def test_a_file_may_set_one_key_of_an_optimiser(tmp_path: Path) -> None:
    place = tmp_path / "mine.yaml"
    place.write_text("weights: {lr: 0.2}\n", encoding="utf-8")
    config = resolve(SearchConfig, "search", file=str(place))
    assert (config.weights.lr, config.weights.grad_clip) == (0.2, 5.0)
    assert resolve(SearchConfig, "search", flags={"weights.lr": 0.3}, file=str(place)).weights.lr == 0.3


def test_set_wins_over_flags_and_reads_yaml() -> None:
    config = resolve(
        SearchConfig, "search", flags={"epochs": 20}, assignments=["epochs=21", "data.fold=2", "name=null"]
    )
    assert (config.epochs, config.data.fold, config.name) == (21, 2, None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"assignments": ["epochs"]}, "--set epochs: expected key=value"),
        ({"flags": {"epochs": 3}, "assignments": ["epochs.x=1"]}, "epochs is a single value and has no keys"),
        ({"assignments": ["epochs=[1"]}, "--set epochs"),
        ({"preset": "fast"}, "preset fast does not exist.*Choose quick or paper"),
        ({"flags": {"epocs": 3, "seed": -1}}, "did you mean epochs.*seed|seed.*did you mean epochs"),
    ],
)
def test_faults_are_told_in_one_line(given: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        resolve(SearchConfig, "search", **given)
    assert "\n" not in str(caught.value)


def test_what_is_written_resolves_to_itself(tmp_path: Path) -> None:
    config = resolve(SearchConfig, "search", preset="quick", assignments=["data.protocol=leave-one-pai-out"])
    place = tmp_path / "config.yaml"
    place.write_text(to_yaml(config), encoding="utf-8")
    assert resolve(SearchConfig, "search", file=str(place)) == config


def test_faults_of_a_configuration_are_told_at_once():
    with pytest.raises(AutofasError) as caught:
        resolve(SearchConfig, "search", assignments=["wieghts.lr=1", "epochs=0", "data.protcol=1"])
    text = str(caught.value)
    assert "did you mean weights" in text
    assert "did you mean data.protocol" in text
    assert "epochs" in text
