"""Views and modal erasing: what a network reads of a stored crop, by hand and by share."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autofas.data.batches.views import View, blur_3x3, make_view, resize
from autofas.errors import ConfigError

NAMES = ("color", "depth", "ir")


def ramp(batch: int, side: int) -> torch.Tensor:
    """Images whose pixel says where it is: column in the first channel, row in the second."""
    across = torch.arange(side).float().expand(side, side)
    image = torch.stack([across, across.T, torch.zeros(side, side)])
    return image.expand(batch, 3, side, side).clone()


def test_default_crops_follow_the_papers() -> None:
    assert make_view("centre", 112).crop_size == 125
    assert make_view("patches", 48).crop_size == 112
    assert make_view("degraded", 8).crop_size == 64
    assert make_view("whole", 224).crop_size == 224


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("halves", 8), "view halves does not exist; choose whole"),
        (("whole", 8, 9), "crop_size 9 does not fit view whole of a 8-pixel input; choose exactly 8"),
        (("patches", 48, 40), "choose at least 48"),
        (("degraded", 8, 15), "choose at least 16"),
    ],
)
def test_views_that_cannot_be(arguments: tuple, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_view(*arguments)


def test_whole_passes_unchanged() -> None:
    images = {"color": ramp(2, 8)}
    (only,) = make_view("whole", 8).evaluation(images)
    assert only["color"] is images["color"]


def test_centre_is_the_middle() -> None:
    (only,) = View("centre", 4, 10).evaluation({"color": ramp(1, 10)})
    assert only["color"][0, 0, 0].tolist() == [3, 4, 5, 6]
    assert only["color"][0, 1, :, 0].tolist() == [3, 4, 5, 6]


def test_thirty_six_patches_the_centre_first() -> None:
    view = View("patches", 4, 10)
    patches = [view_images["color"][0] for view_images in view.evaluation({"color": ramp(1, 10)})]
    assert len(patches) == 36
    assert view.many
    assert patches[0][0, 0].tolist() == [3, 4, 5, 6]
    corners = {(int(patch[0].min()), int(patch[1].min())) for patch in patches}
    assert corners == {(x, y) for x in (0, 3, 6) for y in (0, 3, 6)}
    # each place four times: as it is, flipped across, down, both
    assert patches[1][0, 0].tolist() == [6, 5, 4, 3]
    assert patches[2][1, :, 0].tolist() == [6, 5, 4, 3]
    assert torch.equal(patches[3], patches[0].flip(1, 2))
    assert len({tuple(patch.flatten().tolist()) for patch in patches}) == 36


def test_training_patches_are_drawn_for_each_modality_and_row() -> None:
    view = View("patches", 16, 48)
    images = {name: ramp(64, 48) for name in NAMES}
    rows = np.arange(64)
    first = view.training(images, seed=1, epoch=0, rows=rows)
    again = view.training(images, seed=1, epoch=0, rows=rows)
    later = view.training(images, seed=1, epoch=1, rows=rows)
    half = view.training(
        {name: image[:32] for name, image in images.items()}, seed=1, epoch=0, rows=rows[:32]
    )
    for name in NAMES:
        assert first[name].shape == (64, 3, 16, 16)
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], later[name])
        assert torch.allclose(first[name][:32], half[name])  # a row's patch does not depend on its batch
    places = {name: first[name][:, 0].mean(dim=(1, 2)) for name in NAMES}
    assert abs(np.corrcoef(places["color"], places["depth"])[0, 1]) < 0.5  # 64 draws apart: 4 sigma
    # the middle column of a patch lies anywhere, so over 64 rows most of the face is seen
    assert places["color"].min() < 14
    assert places["color"].max() > 33
    # half are flipped: columns then fall from left to right
    flips = (first["ir"][:, 0, :, -1].mean(1) < first["ir"][:, 0, :, 0].mean(1)).float().mean()
    assert 0.25 < flips < 0.75


def test_blur_by_hand() -> None:
    weight = math.exp(-1 / 4.5)
    centre, side = 1 / (1 + 2 * weight), weight / (1 + 2 * weight)
    spot = torch.zeros(1, 3, 5, 5)
    spot[:, :, 2, 2] = 1
    found = blur_3x3(spot)[0, 1]
    assert found[2, 2].item() == pytest.approx(centre**2, rel=1e-5)
    assert found[2, 1].item() == pytest.approx(centre * side, rel=1e-5)
    assert found[1, 1].item() == pytest.approx(side**2, rel=1e-5)
    assert found.sum().item() == pytest.approx(1, rel=1e-5)
    flat = torch.full((2, 3, 8, 8), 0.3)
    assert torch.allclose(blur_3x3(flat), flat)


def test_blur_against_opencv_borders_included() -> None:
    cv2 = pytest.importorskip("cv2")
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    theirs = cv2.GaussianBlur(image[0].permute(1, 2, 0).numpy(), (3, 3), 1.5)
    assert np.allclose(blur_3x3(image)[0].permute(1, 2, 0).numpy(), theirs, atol=1e-6)


def test_degraded_input_and_its_clear_image() -> None:
    view = make_view("degraded", 8, 64)
    images = {"ir": torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))}
    (seen,) = view.evaluation(images)
    assert seen["ir"].shape == (2, 3, 8, 8)
    assert torch.equal(seen["ir"], blur_3x3(resize(images["ir"], 8)))
    clear = view.clear(images)["ir"]
    assert clear.shape == (2, 3, 16, 16)
    assert torch.allclose(clear.mean(), images["ir"].mean(), atol=2e-3)
    # training and evaluation look at the same input
    assert torch.equal(view.training(images, seed=0, epoch=3, rows=np.arange(2))["ir"], seen["ir"])


def test_resize_halves_by_a_smoothing_filter() -> None:
    # torch's antialiased bilinear filter of a halving is the triangle (1, 3, 3, 1) / 8, cut at the border
    line = torch.tensor([0.0, 0, 0, 1, 0, 0, 0, 0]).expand(1, 1, 8, 8)
    assert resize(line, 4)[0, 0, 1].tolist() == pytest.approx([0, 3 / 8, 1 / 8, 0])
    assert torch.allclose(resize(line, 8), line)
    assert F.interpolate(line, size=(4, 4), mode="bilinear")[0, 0, 1, 1] == 0.5  # without it: aliased
