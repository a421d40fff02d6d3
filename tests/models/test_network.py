"""The contract of a network: its body gets the modalities it was built for, its score is the view's mean."""

import pytest
import torch
from torch import nn

from autofas.models.network import Network


class Logit(nn.Module):
    """The mean of what it is given, as a logit (B, 1)."""

    def forward(self, images):
        if isinstance(images, dict):
            self.given = list(images)
            images = torch.stack([*images.values()])
            return images.mean(dim=(0, 2, 3, 4))[:, None]
        self.given = "tensor"
        return images.mean(dim=(1, 2, 3))[:, None]


def network(**values):
    return Network(
        Logit(), name="logit", kind="hand-designed", supervision="bce", **{"input_size": 8, **values}
    )


def faces(side=8):
    return {name: torch.rand(4, 3, side, side) * 2 - 1 for name in ("color", "depth", "ir")}


def test_a_body_gets_what_it_was_built_for():
    one, three = network(modalities=("depth",)), network(modalities=("color", "ir"))
    images = faces()
    assert torch.allclose(one(images)[:, 0], images["depth"].mean(dim=(1, 2, 3)))
    assert one.body.given == "tensor"
    three(images)
    assert three.body.given == ["color", "ir"]
    with pytest.raises(KeyError):
        one({"color": images["color"]})


def test_a_score_is_the_mean_over_the_view_and_its_first_input_alone_on_request():
    images = {"color": torch.zeros(2, 3, 12, 12)}
    images["color"][0, :, 2:10, 2:10] = 1  # bright in the middle, which the first patch is
    patches = network(view="patches", crop_size=12)
    every, first = patches.score(images), patches.score(images, every_view=False)
    assert first[0] == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item())
    assert every[1] == first[1] == 0.5
    assert 0.5 < every[0] < first[0]


def test_scores_lie_between_0_and_1_and_a_whole_view_is_one_pass():
    whole = network()
    images = faces()
    assert torch.allclose(whole.score(images), torch.sigmoid(whole(images)[:, 0]))
    assert whole.score({name: image * 1e4 for name, image in images.items()}).max() <= 1
