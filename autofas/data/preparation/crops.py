"""From a picture and a face box to a square crop of fixed size, without aliasing.

The box is enlarged by a margin about its centre and made square on its longer side; what falls outside the
picture is filled with the nearest border pixel (mirroring would show a second, turned face and fold moire
patterns). Without a box the largest centred square is taken. Shrinking uses Pillow's bicubic filter, whose
support grows with the factor: the cues of recapture (halftone, moire, loss of sharpness) live near the top
of the band, which averaging filters attenuate, nearest or two-pixel interpolation folds into false
patterns, and Lanczos overlays with ringing.
"""

import numpy as np
from PIL import Image

from autofas.config.data import MARGINS
from autofas.data.videos import MAX_PIXELS
from autofas.errors import DataError

Box = tuple[int, int, int, int]


def whole_pixels(x: float, y: float, width: float, height: float) -> Box:
    """A box in whole pixels: each number to the nearest one, but a size above 0 to no less than 1.

    Raises `ValueError` or `OverflowError` for NaN and the infinities.
    """
    return round(x), round(y), max(round(width), int(width > 0)), max(round(height), int(height > 0))


def check_margin(margin: float) -> None:
    """Raise `DataError` for a margin out of `MARGINS`."""
    least, most = MARGINS
    if not least <= margin <= most:
        raise DataError(f"crop margin {margin} is out of range; choose {least:g} to {most:g}")


def face_square(size: tuple[int, int], box: Box | None, margin: float) -> Box:
    """The square to cut as (x, y, side, side) in pixels, possibly past the borders.

    `size` is the picture's (width, height), `box` a face box (x, y, width, height), `margin` the
    factor on its longer side. Raises `DataError` if the box misses the picture or is absurdly large.
    """
    width, height = size
    if box is None:
        side = min(width, height)
        return (width - side) // 2, (height - side) // 2, side, side
    x, y, box_width, box_height = box
    side = max(1, round(max(box_width, box_height) * margin))
    left = round(x + box_width / 2 - side / 2)
    top = round(y + box_height / 2 - side / 2)
    # both are asked: a margin below 1 shrinks the square, one above 1 stretches it back over the border
    boxes = ((x, y, box_width, box_height), (left, top, side, side))
    if any(a >= width or b >= height or a + w <= 0 or b + h <= 0 for a, b, w, h in boxes):
        raise DataError(
            f"the box ({x}, {y}, {box_width}, {box_height}) lies outside its {width} x {height} image"
        )
    if side * side > MAX_PIXELS:
        raise DataError(
            f"the box ({x}, {y}, {box_width}, {box_height}) is too large for its {width} x {height} image"
        )
    return left, top, side, side


def cut(image: Image.Image, square: Box, size: int) -> np.ndarray:
    """The square of an RGB picture resized to (3, size, size) uint8."""
    left, top, side, _ = square
    inside = (max(left, 0), max(top, 0), min(left + side, image.width), min(top + side, image.height))
    if inside == (left, top, left + side, top + side):
        resized = image.resize((size, size), Image.Resampling.BICUBIC, box=inside)
    else:
        pixels = np.asarray(image.crop(inside))  # (h, w, 3)
        before = (inside[1] - top, inside[0] - left)
        after = (top + side - inside[3], left + side - inside[2])
        pad = ((before[0], after[0]), (before[1], after[1]), (0, 0))
        padded = Image.fromarray(np.pad(pixels, pad, mode="edge"))
        resized = padded.resize((size, size), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(resized).transpose(2, 0, 1))  # (3, size, size)


def crop_modalities(
    pictures: dict[str, Image.Image], box: Box | None, margin: float, size: int
) -> dict[str, np.ndarray]:
    """The same square of every modality, each (3, size, size) uint8.

    The box is in pixels of the first picture; the others are first resized to that picture's size, because
    the files of one sample differ in size in published sets.
    """
    reference = next(iter(pictures.values())).size
    square = face_square(reference, box, margin)
    crops = {}
    for name, picture in pictures.items():
        aligned = (
            picture if picture.size == reference else picture.resize(reference, Image.Resampling.BICUBIC)
        )
        crops[name] = cut(aligned, square, size)
    return crops
