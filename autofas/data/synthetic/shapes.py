"""The canonical grid a person is drawn on, and the few shapes and textures everything on it is made of."""

import numpy as np
from PIL import Image

GRID = 384  # canonical pixels a side, about 1.7 x the finest scene grid used at 128 x 128
COARSE = 96  # cells a side of the relief that shadows are marched over
EXTENT = 1.6  # face units from the centre to the border of the canonical grid

Array = np.ndarray


def smooth_noise(rng: np.random.Generator, cells: tuple[int, int], shape: tuple[int, int]) -> Array:
    """Gaussian noise on `cells` (rows, columns) enlarged bicubically to `shape`, about unit variance."""
    coarse = rng.standard_normal(cells, dtype=np.float32)
    wide = Image.fromarray(coarse).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(wide, dtype=np.float32)


def ramp(value: Array, low: Array | float, high: Array | float) -> Array:
    """Smoothstep: 0 below `low`, 1 above `high`."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(x: Array, y: Array, cx: float, cy: float, sx: float, sy: float) -> Array:
    return np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2))


def mix(base: Array, colour: Array, weight: Array) -> Array:
    """`base` (3, H, W) moved towards `colour` (3,) or (3, H, W) by `weight` (H, W)."""
    target = colour[:, None, None] if colour.ndim == 1 else colour
    return base + (target - base) * weight
