"""Steps of augmentation by name, and those that draw a session's light and room anew."""

import numpy as np
import pytest
import torch

from autofas.data.batches.augmentation import augment_batch
from autofas.data.batches.augmentation_policy import PRESETS, STEPS, AugmentPolicy, preset
from autofas.errors import ConfigError


def test_steps_are_taken_out_of_a_preset_and_added_to_it():
    without = preset("recapture-jpeg-warp")
    assert (without.jpeg, without.warp, without.zoom) == (0.0, 0.0, 1.0)
    assert without.blur == PRESETS["recapture"].blur
    added = preset("none+noise+tone")
    assert (added.noise, added.noise_std) == (PRESETS["recapture"].noise, PRESETS["recapture"].noise_std)
    assert added.tone == PRESETS["session"].tone
    assert not added.flip
    often = preset("session+tone@1+brightness@0.1-surround")
    assert (often.tone, often.brightness, often.surround) == (1.0, 0.1, 0.0)
    for name, words in (
        ("session+tone@1.2.3", "not a number"),
        ("session-tone@1", "takes tone out"),
        ("session+tone@7", r"tone 7.0 is not in \[0, 1\]"),
        ("session+", "no step ''"),
    ):
        with pytest.raises(ConfigError, match=words):
            preset(name)
    with pytest.raises(ConfigError, match="no step 'fog'"):
        preset("basic+fog")
    with pytest.raises(ConfigError, match="does not exist"):
        preset("fog-jpeg")


def test_every_step_of_recapture_can_be_taken_out():
    every = "recapture" + "".join(f"-{step}" for step in STEPS)
    assert preset(every).is_none


def test_tone_is_drawn_anew_whatever_the_light_was():
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.uniform(0, 1, (64, 3, 16, 16)).astype(np.float32))
    dark = images * 0.3
    rows = np.arange(64)
    policy = AugmentPolicy(tone=1.0)
    one = augment_batch({"color": images}, policy, seed=1, epoch=0, rows=rows)["color"]
    other = augment_batch({"color": dark}, policy, seed=1, epoch=0, rows=rows)["color"]
    torch.testing.assert_close(one, other, atol=2e-3, rtol=0)  # the same pattern under the same light
    means = one.mean((2, 3))
    assert 0.1 < means.min() < 0.3 < 0.6 < means.max() < 0.8
    depth = {"depth": images, "color": images}
    assert torch.equal(augment_batch(depth, policy, seed=1, epoch=0, rows=rows)["depth"], images)


def test_the_surrounding_changes_and_the_face_does_not():
    images = torch.full((32, 3, 32, 32), 0.5)
    rows, policy = np.arange(32), AugmentPolicy(surround=1.0)
    made = augment_batch({"color": images}, policy, seed=3, epoch=0, rows=rows)["color"]
    assert torch.equal(made[:, :, 12:20, 13:19], images[:, :, 12:20, 13:19])  # within the least ellipse
    corners = made[:, :, ::31, ::31]
    assert (corners != 0.5).all()
    assert corners.min() >= 0
    assert corners.max() <= 1
    assert len(corners[:, 0, 0, 0].unique()) > 24
    alone = augment_batch({"color": images[5:6]}, policy, seed=3, epoch=0, rows=rows[5:6])["color"]
    torch.testing.assert_close(alone, made[5:6])


def test_a_session_changes_light_and_room_and_keeps_the_noise_of_the_camera():
    # a face of one grey in a room of another: after any flip, shift or zoom it would still be two greys
    images = torch.full((64, 3, 32, 32), 0.2)
    images[:, :, 8:24, 8:24] = 0.6
    rows = np.arange(64)
    made = augment_batch({"color": images}, preset("session"), seed=1, epoch=0, rows=rows)["color"]
    middle = made[:, :, 14:18, 14:18].mean((1, 2, 3))
    assert ((middle - 0.6).abs() > 0.02).float().mean() > 0.4  # the light, for about 0.6 of the samples
    corners = made[:, :, ::31, ::31].flatten(1).std(1)
    assert (corners > 0.02).float().mean() > 0.4  # the room: geometry alone repeats its one grey
    plain = augment_batch({"color": images}, preset("geometric"), seed=1, epoch=0, rows=rows)["color"]
    assert ((plain[:, :, 14:18, 14:18].mean((1, 2, 3)) - 0.6).abs() < 0.02).all()
