"""An image file as an upright 8-bit RGB picture. Light: no pandas, so that prediction starts quickly.

Only raster formats are opened (JPEG, PNG, BMP, PPM, WebP, TIFF), never a format that starts another program,
and never more than `MAX_PIXELS`. EXIF orientation is applied, so a box is in the pixels a viewer shows.
"""

import os
import stat
import struct
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from autofas.data.manifests.faults import one_line
from autofas.data.videos import MAX_PIXELS
from autofas.errors import DataError

IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "PPM", "WEBP", "TIFF")
MAX_FILE_BYTES = 2**30
MAX_SCANS = 64  # of a JPEG: each is a pass over all pixels, and a few bytes can ask for one

_DAMAGED = (OSError, ValueError, SyntaxError, TypeError, EOFError, KeyError, IndexError, struct.error)


def decode_image(path: Path) -> Image.Image:
    """An image file as an upright 8-bit RGB picture; raises `DataError` if it is missing, damaged or too
    large.
    """
    try:
        require_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound below is tighter
            with Image.open(path, formats=IMAGE_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise DataError(
                        f"{image.width} x {image.height} pixels is over the limit of {MAX_PIXELS}"
                    )
                if (
                    image.format in ("JPEG", "MPO")
                    and (scans := path.read_bytes().count(b"\xff\xda")) > MAX_SCANS
                ):
                    raise DataError(f"has {scans} scans, over the limit of {MAX_SCANS}")
                if image.mode.startswith(("I", "F")):
                    raise DataError(f"holds {image.mode} pixels; store it as an 8-bit image")
                image.load()
                upright = ImageOps.exif_transpose(image)
                return upright if upright.mode == "RGB" else upright.convert("RGB")
    except FileNotFoundError as error:
        raise DataError("no such file") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"is over the limit of {MAX_PIXELS} pixels") from error
    except _DAMAGED as error:
        raise DataError(_why_not_an_image(path, error)) from error


def require_file(path: Path) -> None:
    """Raise `DataError` for a pipe or device, which could wait for ever, and for a file of absurd size.

    Raises `OSError` where there is none; a folder is left to who opens it.
    """
    found = os.stat(path)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise DataError("is a pipe, socket or device, not a file")
    if found.st_size > MAX_FILE_BYTES:
        raise DataError(f"has {found.st_size} bytes, over the limit of {MAX_FILE_BYTES}")


def spread(total: int, count: int | None) -> list[int]:
    """`count` indices spread evenly over `total` frames, each in the middle of its share; all of them
    for None.
    """
    if count is not None and count < 1:
        raise DataError(f"frames per video must be at least 1, not {count}")
    if count is None or count >= total:
        return list(range(total))
    return [(2 * part + 1) * total // (2 * count) for part in range(count)]


def _why_not_an_image(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):  # of the file, or of a folder above it
        return "cannot be read (permission denied)"
    if path.is_dir():
        return "is a folder, not an image"
    try:
        size = path.stat().st_size
    except OSError:
        return f"cannot be read ({one_line(error)})"
    if size == 0:
        return "is empty (0 bytes)"
    if isinstance(error, Image.UnidentifiedImageError):
        return f"is not an image ({', '.join(IMAGE_FORMATS)} are read)"
    return f"is truncated or damaged ({one_line(error)})"
