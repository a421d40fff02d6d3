"""Augmentation: draws that belong to the sample, shared by modalities where they must be."""

import dataclasses

import numpy as np
import pytest
import torch

from autofas.data.batches.augmentation import augment_batch
from autofas.data.batches.augmentation_policy import PRESETS, AugmentPolicy, preset
from autofas.errors import ConfigError
from tests.data.pictures import faces

EVERYTHING = AugmentPolicy(
    flip=0.5,
    warp=0.7,
    rotation_degrees=30,
    shift=0.1,
    zoom=0.7,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    gain=0.2,
    grayscale=0.3,
    gamma=0.5,
    rescale=0.5,
    blur=0.5,
    noise=0.5,
    jpeg=0.5,
    cutout=0.5,
)


def test_none_changes_nothing_and_bytes_become_unit_floats():
    images = faces(3)
    assert torch.equal(
        augment_batch({"color": images}, preset("none"), seed=0, epoch=0, rows=np.arange(3))["color"], images
    )
    whole = (images * 255).round().byte()
    out = augment_batch({"color": whole}, preset("none"), seed=0, epoch=0, rows=np.arange(3))["color"]
    assert torch.equal(out, whole.float() / 255)


@pytest.mark.parametrize("side", [32, 27])
def test_a_sample_does_not_depend_on_its_batch(side):
    images = {"color": faces(24, side), "depth": faces(24, side, seed=1)}
    rows = np.arange(100, 124)
    whole = augment_batch(images, EVERYTHING, seed=9, epoch=4, rows=rows)
    order = np.random.default_rng(0).permutation(24)
    for chosen in (order, order[:7], order[:1]):
        part = {name: image[torch.from_numpy(chosen)] for name, image in images.items()}
        alone = augment_batch(part, EVERYTHING, seed=9, epoch=4, rows=rows[chosen])
        for name in images:
            difference = (alone[name] - whole[name][torch.from_numpy(chosen)]).abs().max()
            assert difference < 1e-5


def test_seed_epoch_and_row_each_change_the_draw():
    images = {"color": faces(8)}
    rows = np.arange(8)
    base = augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows)["color"]
    assert torch.equal(base, augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows)["color"])
    for other in ({"seed": 2, "epoch": 1, "rows": rows}, {"seed": 1, "epoch": 2, "rows": rows}):
        changed = augment_batch(images, EVERYTHING, **other)["color"]
        assert ((changed - base).abs().amax(dim=(1, 2, 3)) > 1e-3).all()
    assert not torch.equal(base, augment_batch(images, EVERYTHING, seed=1, epoch=1, rows=rows + 1)["color"])


def test_switching_one_change_off_leaves_the_others_draws():
    images = {"color": faces(32)}
    rows = np.arange(32)
    some = dataclasses.replace(AugmentPolicy(), flip=0.5, cutout=0.5)
    more = dataclasses.replace(
        some, noise=1.0, noise_std=0.0, blur=1.0, blur_sigma=0.0
    )  # drawn, and without effect
    one = augment_batch(images, some, seed=1, epoch=0, rows=rows)["color"]
    two = augment_batch(images, more, seed=1, epoch=0, rows=rows)["color"]
    assert torch.allclose(one, two, atol=1e-5)


def test_geometry_and_cut_outs_are_shared_and_colour_is_not():
    images = faces(16)
    both = {"color": images, "depth": images.clone()}
    rows = np.arange(16)
    shape = dataclasses.replace(
        AugmentPolicy(), flip=0.5, warp=1, rotation_degrees=40, shift=0.1, zoom=0.6, cutout=0.5
    )
    out = augment_batch(both, shape, seed=1, epoch=0, rows=rows)
    assert torch.equal(out["color"], out["depth"])
    colour = dataclasses.replace(AugmentPolicy(), brightness=0.5, gain=0.3, blur=1, noise=1, jpeg=1, gamma=1)
    out = augment_batch(both, colour, seed=1, epoch=0, rows=rows)
    assert torch.equal(out["depth"], images)
    assert ((out["color"] - images).abs().amax(dim=(1, 2, 3)) > 0.01).all()
    alone = augment_batch(
        {"depth": images}, dataclasses.replace(colour, cutout=1, flip=1), seed=1, epoch=0, rows=rows
    )
    joint = augment_batch(both, dataclasses.replace(colour, cutout=1, flip=1), seed=1, epoch=0, rows=rows)
    assert torch.equal(alone["depth"], joint["depth"])


def test_depth_is_scaled_for_bona_fide_faces_alone():
    # 0.4 becomes 0.4 / 8 + 100 / 255 = 0.442 to 0.4 / 5 + 200 / 255 = 0.864
    images = {name: torch.full((8, 3, 6, 6), 0.4) for name in ("color", "depth", "ir")}
    policy = dataclasses.replace(AugmentPolicy(), depth_scale=1)
    bona_fide = np.arange(8) % 2 == 0
    out = augment_batch(images, policy, seed=1, epoch=0, rows=np.arange(8), bona_fide=bona_fide)
    assert ((out["depth"][::2] > 0.442) & (out["depth"][::2] < 0.865)).all()
    assert torch.equal(out["depth"][1::2], images["depth"][1::2])
    for name in ("color", "ir"):
        assert torch.equal(out[name], images[name])
    unknown = augment_batch(images, policy, seed=1, epoch=0, rows=np.arange(8))
    assert torch.equal(unknown["depth"], images["depth"])


def test_rates_are_the_asked_ones():
    images = torch.linspace(0, 1, 8).expand(2000, 3, 8, 8)
    out = augment_batch({"color": images}, AugmentPolicy(flip=0.3), seed=0, epoch=0, rows=np.arange(2000))[
        "color"
    ]
    share = (out[:, 0, 0, 0] > 0.5).float().mean()
    assert abs(share - 0.3) < 0.04


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("side", [8, 33])
def test_presets_stay_in_range_at_odd_sizes(name, side):
    out = augment_batch({"color": faces(40, side)}, preset(name), seed=0, epoch=0, rows=np.arange(40))[
        "color"
    ]
    assert out.shape == (40, 3, side, side)
    assert out.dtype == torch.float32
    assert torch.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= 1


def test_an_empty_batch_passes():
    out = augment_batch({"color": torch.zeros(0, 3, 8, 8)}, EVERYTHING, seed=0, epoch=0, rows=np.arange(0))
    assert out["color"].shape == (0, 3, 8, 8)


def test_policies_that_cannot_be():
    with pytest.raises(ConfigError, match=r"flip 2 is not in \[0, 1\]; zoom 0.0 is not in \[0.1, 1\]"):
        AugmentPolicy(flip=2, zoom=0.0)
    with pytest.raises(ConfigError, match="brightness nan"):
        AugmentPolicy(brightness=float("nan"))
    with pytest.raises(ConfigError, match="augmentation 'strong' does not exist; choose none, "):
        preset("strong")


def test_depth_scaling_is_for_bona_fide_depth_alone():
    images = {name: torch.full((4, 3, 8, 8), 0.6) for name in ("color", "depth", "ir")}
    policy = AugmentPolicy(depth_scale=1.0)
    bona_fide = np.array([True, False, True, False])
    rows = np.arange(4)
    out = augment_batch(images, policy, seed=0, epoch=0, rows=rows, bona_fide=bona_fide)
    assert torch.equal(out["color"], images["color"])
    assert torch.equal(out["ir"], images["ir"])
    changed = (out["depth"] != images["depth"]).flatten(1).all(dim=1)
    assert changed.tolist() == bona_fide.tolist()
    values = out["depth"][bona_fide][:, 0, 0, 0] * 255
    assert ((values >= 153 / 8 + 100 - 0.01) & (values <= 153 / 5 + 200 + 0.01)).all()
    assert values[0] != values[1]
    again = augment_batch(
        {name: image[2:] for name, image in images.items()},
        policy, seed=0, epoch=0, rows=rows[2:], bona_fide=bona_fide[2:],
    )  # fmt: skip
    assert torch.equal(again["depth"], out["depth"][2:])
    plain = augment_batch(images, policy, seed=0, epoch=0, rows=rows)
    assert torch.equal(plain["depth"], images["depth"])
    with pytest.raises(ConfigError, match="depth_scale 2"):
        AugmentPolicy(depth_scale=2)
