"""Degraded faces in the order of AFA's table 1; quality by hand and against scipy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from autofas.data.preparation.degradation import degrade, psnr, quality_rows, ssim
from autofas.errors import DataError


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
    rows = quality_rows({"depth": depth_faces()})
    assert [(row["side"], row["blur"]) for row in rows] == [
        (side, blur) for side in (64, 32, 16, 8) for blur in (False, True)
    ]
    values = [row["psnr_db"]["depth"] for row in rows]
    likeness = {(row["side"], row["blur"]): row["ssim"]["depth"] for row in rows}
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
