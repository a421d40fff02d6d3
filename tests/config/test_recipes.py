"""Recipes of the hand-designed networks: one each, legal at the published size, as the papers say."""

from pathlib import Path

import autofas.baselines
import pytest
import torch
from autofas.baselines import BASELINES

from autofas.config.recipes import Sizes, read_recipe, resolve_training
from autofas.config.train import TrainConfig
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.training.optimizers import learning_rate
from autofas.training.targets import check_targets


def test_nearest_sides_by_hand() -> None:
    sizes = Sizes(smallest=32, multiple=32, largest=100)
    assert [sizes.nearest(side) for side in (1, 47, 48, 49, 64, 500)] == [32, 32, 32, 64, 64, 96]
    with pytest.raises(ValueError, match="smallest 30 is not one"):
        Sizes(smallest=30, multiple=4)


def test_every_network_has_one_recipe() -> None:
    folder = Path(autofas.baselines.__file__).parent / "recipes"
    assert {place.stem for place in folder.glob("*.yaml")} == set(BASELINES)
    for place in folder.glob("*.yaml"):
        text = place.read_text(encoding="utf-8")
        assert text.startswith(f"# autofas train --baseline {place.stem} ")
        assert "# From " in text
        assert "# Ours: " in text


@pytest.mark.parametrize("name", list(BASELINES))
def test_a_recipe_gives_a_legal_training_at_the_published_size(name: str) -> None:
    config, notes = resolve_training(flags={"baseline": name})
    assert notes == ()
    baseline = BASELINES[name]
    assert config.supervision == baseline.supervision
    published = {one.input_size for one in baseline.published()} | {baseline.input_size, 112}
    assert (config.input_size or baseline.input_size) in published
    sizes = read_recipe(name).sizes
    side = config.input_size or baseline.input_size
    assert sizes.nearest(side) == side
    for legal in (sizes.smallest, sizes.nearest(64)):
        with torch.device("meta"):
            crop = None if config.view.crop_size is None else max(config.view.crop_size, legal)
            network = build(name, input_size=legal, view=config.view.kind, crop_size=crop)
        assert network.input_size == legal
    check_targets(config, network)


@pytest.mark.parametrize("name", list(BASELINES))
def test_quick_is_quick(name: str) -> None:
    config, notes = resolve_training(preset="quick", flags={"baseline": name})
    assert (config.epochs, config.keep, config.average) == (24, "last", 0.98)
    assert config.batch_size == 16
    assert config.input_size is not None
    assert config.input_size <= 64
    assert config.data.modalities == ("color",)  # so that networks of one modality compare with searched ones
    assert config.supervision == BASELINES[name].supervision
    expected = {"afa": 8, "facebagnet_a": 48}.get(name, 64)
    assert config.input_size == expected
    assert bool(notes) == (expected != 64)


def test_quick_gives_a_baseline_on_images_what_it_gives_a_genotype() -> None:
    def trained(network: dict[str, str], dataset: str) -> tuple[object, ...]:
        config = resolve_training(preset="quick", flags={**network, "data.dataset": dataset})[0]
        how = config.epochs, config.keep, config.average, config.batch_size
        return config.input_size, config.optimizer, *how

    for dataset in ("mine/manifest.csv", "synthetic"):
        baseline = trained({"baseline": "feathernet_b"}, dataset)
        genotype = trained({"genotype": "some.json"}, dataset)
        assert baseline[0] == genotype[0] == (64 if dataset == "synthetic" else 128)
        assert baseline[1].name == genotype[1].name  # type: ignore[attr-defined]
        assert baseline[1].lr == genotype[1].lr  # type: ignore[attr-defined]
        assert baseline[2:] == genotype[2:]
    assert trained({"genotype": "some.json"}, "mine/manifest.csv")[2:] == (12, "best", None, 32)
    own = resolve_training(
        preset="quick", flags={"baseline": "feathernet_b", "data.dataset": "x.csv", "input_size": 96}
    )[0]
    assert own.input_size == 96


def test_recipes_hold_what_the_papers_say() -> None:
    def of(name: str) -> TrainConfig:
        return resolve_training(flags={"baseline": name})[0]

    feathernet = of("feathernet_b")
    on_depth = ("feathernet_a", "mobilenet_v2", "shufflenet_v2", "fishnet150", "resnet_gc", "resnet18")
    assert {of(name).data.modalities for name in on_depth} == {feathernet.data.modalities} == {("depth",)}
    assert [learning_rate(feathernet.optimizer, epoch, 150) for epoch in (59, 60, 120)] == pytest.approx(
        [1e-3, 1e-4, 1e-5]
    )
    facebagnet = of("facebagnet_a")
    assert (facebagnet.view.kind, facebagnet.view.crop_size, facebagnet.erase_modalities) == (
        "patches",
        112,
        0.5,
    )
    assert [learning_rate(facebagnet.optimizer, epoch, 500) for epoch in (0, 49, 50)] == pytest.approx(
        [0.1, 0.00109766, 0.1], rel=1e-4
    )
    visionlabs = of("visionlabs_dlas_a")
    assert (visionlabs.optimizer.name, visionlabs.optimizer.lr, visionlabs.epochs) == ("adam", 0.1, 30)
    assert build("visionlabs_dlas_a", view=visionlabs.view.kind).view.crop_size == 125
    assert (of("afa").batch_size, of("afa").optimizer.weight_decay) == (512, 5e-4)


def test_faults_in_one_line() -> None:
    with pytest.raises(ConfigError, match="baseline feathernetb does not exist, did you mean feathernet_"):
        resolve_training(flags={"baseline": "feathernetb"})
    with pytest.raises(ConfigError, match="preset fast does not exist"):
        resolve_training(preset="fast", flags={"baseline": "afa"})
    with pytest.raises(ConfigError, match="unknown key epoch, did you mean epochs"):
        resolve_training(flags={"baseline": "afa"}, assignments=["epoch=3"])
