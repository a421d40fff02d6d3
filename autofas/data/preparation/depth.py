"""Depth and infrared as cameras store them, made 8-bit: the two depth normalisations of the AFA paper.

Chen et al., IEEE Access 2021, section III.F, algorithms 1 and 2. In the face box the mean of the non-zero
depths is taken; in the box enlarged 1.3 times, zeros (holes) become that mean; then depths are mapped to 8
bits between a minimum and a maximum: those of the face's non-zero depths (algorithm 1), or the mean minus and
plus 50 (algorithm 2). The paper gives no formula for the map; here it is linear and saturates, so that the
face keeps fine steps and everything nearer or farther shares one value. Infrared is quantised uniformly over
its whole range, as the paper says.

Left out: the cameras' own containers, and the alignment of depth to colour.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from autofas.data.frames import IMAGE_FORMATS, MAX_PIXELS, decode_image, require_file
from autofas.data.preparation.crops import Box, face_square
from autofas.errors import DataError

ALGORITHMS = ("minmax", "mean50")
HALF_RANGE = 50  # of algorithm 2, in the sensor's units (millimetres for both cameras of the paper)
EXPANSION = 1.3


def read_raw(path: Path, *, packed: bool = False) -> tuple[np.ndarray, int]:
    """(H, W) int64 and the bits a pixel has: 16 for a one-channel 16-bit picture, else 8.

    With `packed` three channels hold one number of 24 bits, red highest; without it the first channel
    counts. Raises `DataError` if the file is missing, damaged or too large.
    """
    try:
        require_file(path)
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            if image.mode.startswith("I") and image.width * image.height <= MAX_PIXELS:
                values = np.asarray(image).astype(np.int64)  # (H, W)
                if values.min() < 0 or values.max() >= 2**16:
                    raise DataError("holds numbers beyond 16 bits; store depth as 16-bit pictures")
                return values, 16
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        pass  # decode_image says what is wrong with it
    pixels = np.asarray(decode_image(path)).astype(np.int64)  # (H, W, 3)
    if packed:
        return pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2], 24
    return pixels[..., 0], 8


def normalise_depth(depth: np.ndarray, box: Box | None, algorithm: str = "mean50") -> np.ndarray:
    """(H, W) raw depth to (H, W) uint8 by algorithm 1 (`minmax`) or 2 (`mean50`) for a face box.

    `box` (x, y, width, height) is in pixels of the depth map; None takes all of it. A face without any
    depth gives zeros. Raises `DataError` for an unknown algorithm or a box outside the map.
    """
    if algorithm not in ALGORITHMS:
        raise DataError(f"depth normalisation {algorithm} does not exist; choose {' or '.join(ALGORITHMS)}")
    height, width = depth.shape
    x, y, w, h = box or (0, 0, width, height)
    face = depth[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)]
    if not face.size:
        raise DataError(f"the box ({x}, {y}, {w}, {h}) lies outside its {width} x {height} depth map")
    known = face[face > 0]
    if not known.size:
        return np.zeros(depth.shape, np.uint8)
    mean = float(known.mean())
    low, high = (
        (float(known.min()), float(known.max()))
        if algorithm == "minmax"
        else (mean - HALF_RANGE, mean + HALF_RANGE)
    )
    filled = depth.astype(np.float64)
    left, top, side, _ = face_square((width, height), (x, y, w, h), EXPANSION)
    portrait = filled[
        max(top, 0) : top + side, max(left, 0) : left + side
    ]  # a view: holes are filled in place
    portrait[portrait == 0] = mean
    return to_bytes(filled, low, high)


def to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values mapped linearly, `low` to 0 and `high` to 255, rounded and saturated; uint8 of the same
    shape."""
    if high <= low:  # a flat face: what is nearer is black, what is farther white, the face itself grey
        return np.where(values < low, 0, np.where(values > high, 255, 128)).astype(np.uint8)
    return np.clip(np.floor((values - low) * 255 / (high - low) + 0.5), 0, 255).astype(np.uint8)


def quantise(values: np.ndarray, bits: int) -> np.ndarray:
    """Values of 0 to 2^bits - 1 divided evenly into 8 bits: the infrared rule of the paper; uint8."""
    if not 8 <= bits <= 32:
        raise DataError(f"pixels of {bits} bits cannot be made 8-bit; choose 8 to 32")
    return np.clip(values >> (bits - 8), 0, 255).astype(np.uint8)
