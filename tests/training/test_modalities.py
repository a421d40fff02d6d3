"""Modalities follow the network, and data without them say so."""

from pathlib import Path

import pytest

from autofas.config.recipes import resolve_training
from autofas.config.train import TrainConfig
from autofas.errors import ConfigError
from autofas.training.modalities import with_modalities
from autofas.training.train import train
from tests.training.multimodal import flags


def test_modalities_follow_the_network(faces: Path) -> None:
    def opened(**keys: object) -> TrainConfig:
        return with_modalities(TrainConfig(data={"dataset": str(faces / "manifest.csv")}, **keys))

    assert opened(baseline="resnet18").data.modalities == ("color",)
    assert opened(baseline="afa").data.modalities == ("color", "depth", "ir")
    assert opened(baseline="cdcn").data.modalities == ("color", "depth")
    assert opened(baseline="cdcn").depth_target == "depth"
    assert opened(baseline="cdcn", depth_target="ones").data.modalities == ("color",)
    assert with_modalities(opened(baseline="cdcn")) == opened(baseline="cdcn")
    assert with_modalities(TrainConfig(baseline="afa")).data.modalities == (
        "color",
        "depth",
        "ir",
    )  # generated


def test_data_without_depth_or_infrared_say_so_in_one_line(faces: Path, tmp_path: Path) -> None:
    lines = (faces / "manifest.csv").read_text(encoding="utf-8").splitlines()
    poor = [",".join(line.split(",")[:1] + line.split(",")[3:]) for line in lines]
    place = faces / "color_only.csv"
    place.write_text("\n".join(poor) + "\n", encoding="utf-8")
    config, _ = resolve_training(flags=flags(faces, tmp_path, baseline="facebagnet_a"))
    config = config.model_copy(update={"data": config.data.model_copy(update={"dataset": str(place)})})
    message = (
        r"facebagnet_a reads color, depth, ir and .*color_only\.csv has no depth and no ir images; choose a"
    )
    with pytest.raises(ConfigError, match=message):
        train(config)
    assert not (tmp_path / "train").exists()
    one = TrainConfig(baseline="feathernet_b", data={"dataset": str(place), "modalities": ("depth",)})
    with pytest.raises(ConfigError, match="has no depth images; give --modality color"):
        with_modalities(one)
    assert with_modalities(TrainConfig(baseline="cdcn", data={"dataset": str(place)})).depth_target == "ones"
    with pytest.raises(ConfigError, match=r"depth_target depth: .* use depth_target=ones"):
        with_modalities(TrainConfig(baseline="cdcn", data={"dataset": str(place)}, depth_target="depth"))
