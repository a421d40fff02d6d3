"""Depth normalisation on 5x5 maps worked by hand."""

import numpy as np
import pytest
from PIL import Image

from autofas.data.preparation.depth import normalise_depth, quantise, read_raw, to_bytes
from autofas.errors import DataError

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
