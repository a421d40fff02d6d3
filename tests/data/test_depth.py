"""Depth normalisation on 5x5 maps worked by hand, and the degradation against AFA's Table 1's order."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from autofas.data.batches.augmentation import AugmentPolicy, augment_batch
from autofas.data.batches.augmentation_ops import scale_depth
from autofas.data.preparation.degradation import degrade, enlarge, psnr, ssim
from autofas.data.preparation.depth import normalise_depth, quantise, read_raw, to_bytes
from autofas.errors import ConfigError, DataError

# the face is the middle 3x3: 500, 510, 520, 530, a hole, 550, 560, 570, 580; mean of the eight: 540
FACE = np.array(
    [
        [900, 900, 900, 900, 0],
        [900, 500, 510, 520, 900],
        [900, 530, 0, 550, 900],
        [900, 560, 570, 580, 900],
        [0, 900, 900, 900, 100],
    ]
)
BOX = (1, 1, 3, 3)


def test_algorithm_one_by_hand():
    # minimum 500, maximum 580: 80 steps onto 255; the hole is 540, the middle of the range
    out = normalise_depth(FACE, BOX, "minmax")
    assert out.dtype == np.uint8
    assert out[1:4, 1:4].tolist() == [[0, 32, 64], [96, 128, 159], [191, 223, 255]]
    assert out[0, :4].tolist() == [255] * 4  # beyond the face saturates
    assert out[4, 4] == 0
    # 1.3 x 3 is 4 wide from column 0 or 1: the corner hole lies outside it in one of the corners
    assert {int(out[0, 4]), int(out[4, 0])} <= {0, 128}


def test_algorithm_two_by_hand():
    # mean 540, so 490 to 590: 500 -> 25.5, 540 -> 127.5, 580 -> 229.5, rounded up at the half
    out = normalise_depth(FACE, BOX, "mean50")
    assert out[1:4, 1:4].tolist() == [[26, 51, 77], [102, 128, 153], [179, 204, 230]]
    assert (out[0, 0], out[4, 4]) == (255, 0)


def test_holes_are_filled_within_the_enlarged_box_only():
    depth = np.full((20, 20), 540)
    depth[8, 8] = 500
    depth[5:15:9, 5:15] = 0  # rows 5 and 14: inside the box 4..14 enlarged to 13
    depth[0, 0] = depth[19, 19] = 0
    out = normalise_depth(depth, (5, 5, 10, 10), "mean50")
    assert out[10, 10] == 129  # the mean is 540 - 40 / 80 = 539.5, so 540 is 50.5 of 100 steps
    assert out[5, 5] == out[14, 9] == 128  # a hole in the face is the mean itself
    assert (out[0, 0], out[19, 19]) == (0, 0)  # far from the face a hole stays one


def test_flat_empty_and_outside_faces():
    assert normalise_depth(np.full((5, 5), 700), None, "minmax").tolist() == [[128] * 5] * 5
    assert normalise_depth(np.zeros((5, 5), int), BOX).tolist() == [[0] * 5] * 5
    with pytest.raises(DataError, match=r"the box \(9, 9, 2, 2\) lies outside its 5 x 5 depth map"):
        normalise_depth(FACE, (9, 9, 2, 2))
    with pytest.raises(DataError, match="depth normalisation mean does not exist; choose minmax or mean50"):
        normalise_depth(FACE, BOX, "mean")
    partly = normalise_depth(FACE, (-2, -2, 5, 5), "minmax")  # a box past the border: what is inside counts
    assert partly.shape == (5, 5)


def test_sixteen_and_twenty_four_bits_are_read(tmp_path):
    deep = np.array([[0, 1], [300, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "16.png")
    values, bits = read_raw(tmp_path / "16.png")
    assert (values.tolist(), bits) == (deep.tolist(), 16)
    packed = np.array([[[0, 0, 7], [0, 1, 0]], [[1, 0, 0], [255, 255, 255]]], np.uint8)
    Image.fromarray(packed).save(tmp_path / "24.png")
    values, bits = read_raw(tmp_path / "24.png", packed=True)
    assert (values.tolist(), bits) == ([[7, 256], [65536, 2**24 - 1]], 24)
    Image.fromarray(np.array([[5, 9]], np.uint8)).save(tmp_path / "8.png")
    values, bits = read_raw(tmp_path / "8.png")
    assert (values.tolist(), bits) == ([[5, 9]], 8)
    (tmp_path / "no.png").write_text("x")
    for name, message in (("no.png", "is not an image"), ("gone.png", "no such file")):
        with pytest.raises(DataError, match=message):
            read_raw(tmp_path / name)


def test_the_scale_of_a_map_does_not_matter_to_algorithm_one():
    deep = normalise_depth(FACE * 256, BOX, "minmax")
    assert np.array_equal(deep, normalise_depth(FACE, BOX, "minmax"))


def test_quantising_infrared():
    values = np.array([0, 255, 256, 32768, 65535])
    assert quantise(values, 16).tolist() == [0, 0, 1, 128, 255]
    assert quantise(values * 256, 24).tolist() == [0, 0, 1, 128, 255]
    assert to_bytes(np.array([0.0, 5, 10]), 0, 10).tolist() == [0, 128, 255]
    with pytest.raises(DataError, match="pixels of 4 bits"):
        quantise(values, 4)


def test_depth_scaling_by_hand():
    images = torch.tensor([0, 20, 21, 200, 255]).div(255).view(1, 1, 1, 5).expand(2, 3, 1, 5)
    out = scale_depth(images, np.array([1 / 8, 1 / 5]), np.array([100.0, 200.0]))
    by_hand = [[0, 2.5, 102.625, 125, 131.875], [0, 4, 204.2, 240, 251]]
    for sample, expected in zip(out, by_hand, strict=True):
        assert torch.allclose(sample[0, 0] * 255, torch.tensor(expected), atol=1e-3)


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


def depth_faces(count: int = 6, side: int = 112) -> torch.Tensor:
    """Synthetic depth: an ellipsoid with nose, eyes and mouth before a far background."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    rng = np.random.default_rng(0)
    faces = []
    for _ in range(count):
        a, b = rng.uniform(0.55, 0.7), rng.uniform(0.75, 0.9)
        inside = 1 - (x / a) ** 2 - (y / b) ** 2
        relief = 0.55 + 0.3 * np.sqrt(np.clip(inside, 0, None))
        relief += 0.12 * np.exp(-((x / 0.08) ** 2 + ((y - 0.1) / 0.2) ** 2))
        for eye in (-0.25, 0.25):
            relief -= 0.1 * np.exp(-(((x - eye) / 0.09) ** 2 + ((y + 0.2) / 0.06) ** 2))
        relief -= 0.06 * np.exp(-((x / 0.2) ** 2 + ((y - 0.5) / 0.05) ** 2))
        relief += rng.normal(0, 0.01, relief.shape)
        faces.append(np.where(inside > 0, relief, 0.05 + 0.02 * x))
    stack = torch.from_numpy(np.clip(np.stack(faces), 0, 1)).float()
    return stack[:, None].expand(-1, 3, -1, -1)


def test_quality_falls_in_the_order_of_the_paper():
    clear = depth_faces()
    quality, likeness = {}, {}
    for side in (64, 32, 16, 8):
        for blur in (False, True):
            seen = enlarge(degrade(clear, side, blur=blur), 112)
            quality[side, blur] = float(psnr(seen, clear).mean())
            likeness[side, blur] = float(ssim(seen, clear).mean())
    order = [(side, blur) for side in (64, 32, 16, 8) for blur in (False, True)]
    values = [quality[key] for key in order]
    print({f"{side}{' blur' if blur else ''}": round(quality[side, blur], 2) for side, blur in order})
    assert values == sorted(values, reverse=True)
    for blur in (False, True):  # the paper's SSIM falls within each column, and by blur at each size
        column = [likeness[side, blur] for side in (64, 32, 16, 8)]
        assert column == sorted(column, reverse=True)
    assert all(likeness[side, True] < likeness[side, False] for side in (64, 32, 16, 8))


def test_psnr_by_hand():
    black = torch.zeros(2, 1, 4, 4)
    grey = torch.stack((torch.full((1, 4, 4), 0.1), torch.full((1, 4, 4), 1.0)))
    assert torch.allclose(psnr(grey, black), torch.tensor([20.0, 0.0], dtype=torch.float64), atol=1e-5)
    assert psnr(black, black).isinf().all()


def test_ssim_against_scipy():
    rng = np.random.default_rng(1)
    one = gaussian_filter(rng.random((40, 50)), 1)
    other = np.clip(one + rng.normal(0, 0.05, one.shape), 0, 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, radius=5)

    mx, my = mean(one), mean(other)
    sx, sy, sxy = mean(one**2) - mx**2, mean(other**2) - my**2, mean(one * other) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    field = (2 * mx * my + c1) * (2 * sxy + c2) / ((mx**2 + my**2 + c1) * (sx + sy + c2))
    expected = field[5:-5, 5:-5].mean()
    images = [torch.from_numpy(image)[None, None] for image in (other, one)]
    assert float(ssim(*images)) == pytest.approx(expected, abs=1e-9)
    assert float(ssim(images[0], images[0])) == pytest.approx(1)
    with pytest.raises(DataError, match="at least 11 pixels"):
        ssim(images[0][..., :8], images[1][..., :8])
    with pytest.raises(DataError, match="to a side of 64"):
        degrade(images[0], 64)
