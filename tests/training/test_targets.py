"""What networks are taught: depth maps, clear images, and what does not go together."""

import pytest
import torch

from autofas.config.train import TrainConfig
from autofas.errors import ConfigError
from autofas.models.build import build
from autofas.training.targets import check_targets, prepare_batch
from tests.training.multimodal import batch_of


def test_what_a_depth_network_is_told() -> None:
    config = TrainConfig(baseline="cdcn", depth_target="depth")
    with torch.device("meta"):
        network = build("cdcn", input_size=32)
    batch = batch_of(("color", "depth"), 32)
    images, targets = prepare_batch(batch, network, config, epoch=0)
    assert list(images) == ["color"]
    assert torch.equal(images["color"], batch.images["color"])
    expected = (batch.images["depth"].mean(1, keepdim=True) + 1) / 2
    assert torch.allclose(targets["depth_map"][0], expected[0])
    assert targets["depth_map"][1].abs().max() == 0  # an attack
    flat = TrainConfig(baseline="cdcn", depth_target="ones")
    targets = prepare_batch(batch, network, flat, epoch=0)[1]
    assert targets["depth_map"][:, 0].amax(dim=(1, 2)).tolist() == [1, 0, 1, 0]


def test_what_afa_is_told() -> None:
    config = TrainConfig(baseline="afa", erase_modalities=1.0, view={"kind": "degraded"})
    with torch.device("meta"):
        network = build("afa", view="degraded")
    batch = batch_of(("color", "depth", "ir"), 64, batch=8)
    images, targets = prepare_batch(batch, network, config, epoch=0)
    assert {tuple(image.shape) for image in images.values()} == {(8, 3, 8, 8)}
    black = torch.stack([(image == -1).all(dim=3).all(dim=2).all(dim=1) for image in images.values()]).sum(0)
    assert set(black.tolist()) <= {1, 2}  # every sample lost one or two
    for name in ("color", "depth", "ir"):
        assert targets[f"clear_{name}"].shape == (8, 3, 16, 16)
        assert targets[f"clear_{name}"].amin(dim=(1, 2, 3)).min() > -1  # the truth stays whole


def test_what_does_not_go_together() -> None:
    def check(name: str, view: str = "whole", **keys: object) -> None:
        with torch.device("meta"):
            network = build(name, input_size=32 if name != "afa" else 8, view=view)
        check_targets(TrainConfig(baseline=name, **keys), network)

    with pytest.raises(ConfigError, match=r"supervision afa needs view\.kind degraded, not whole"):
        check("afa")
    with pytest.raises(ConfigError, match="a depth map cannot be used with view patches"):
        check("cdcn", "patches")
    with pytest.raises(ConfigError, match="resnet18 reads a single modality; set it to 0"):
        check("resnet18", erase_modalities=0.5)
    with pytest.raises(ConfigError, match="feathernet_b has no option 'heads'; choose head"):
        build("feathernet_b", options={"heads": 1})
