"""One frame of a manifest as pixels: an image file decoded whole, or a frame of a video by its index.

Images are turned upright by their EXIF orientation and videos by their display matrix (`videos`), so a box is
in the pixels a viewer shows. Only raster formats are opened (JPEG, PNG, BMP, PPM, WebP, TIFF), never a format
that starts another program, and never more than `MAX_PIXELS`.
"""

import os
import stat
import struct
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from autofas.data.manifests.faults import Faults, one_line, shown
from autofas.data.manifests.manifest import MODALITY_COLUMNS, Manifest, is_video
from autofas.data.videos import MAX_PIXELS, count_frames, decode_frames, require_pyav
from autofas.errors import DataError

__all__ = [
    "IMAGE_FORMATS",
    "MAX_PIXELS",
    "MODALITY_COLUMNS",
    "check_files",
    "count_frames",
    "decode_frames",
    "decode_image",
    "modality_column",
    "require_file",
    "require_pyav",
    "sample_frames",
    "spread",
]

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


def sample_frames(table: pd.DataFrame, count: int | None) -> pd.DataFrame:
    """At most `count` evenly spread frames of each video of a manifest table, in the table's own order."""
    if count is None:
        return table
    keep: list[np.ndarray] = []
    positions = pd.Series(np.arange(len(table)), index=table.index)
    for _, group in table.assign(_position=positions).groupby("video", sort=False):
        order = group["_position"].to_numpy()[np.argsort(group["frame"].to_numpy(), kind="stable")]
        keep.append(order[spread(len(order), count)])
    return table.iloc[np.sort(np.concatenate(keep))] if keep else table


def check_files(
    manifest: Manifest,
    modalities: Sequence[str] = ("color",),
    *,
    table: pd.DataFrame | None = None,
    workers: int = 2,
) -> int:
    """Decode every image and video frame of a manifest and return how many there were.

    Missing, truncated and non-image files are all named by line and column in one `DataError`.
    """
    rows = manifest.table if table is None else table
    faults = Faults(manifest.source)
    jobs = [job for modality in modalities for job in _jobs(rows, modality, faults)]
    if any(is_video(path) for _, _, path, _ in jobs):
        require_pyav()
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for (column, lines, path, _), found in zip(
            jobs, pool.map(lambda job: _faults_of(manifest, job[2], job[3]), jobs), strict=True
        ):
            for line, text in zip(lines, found, strict=True):
                if text:
                    faults.add(line, column, f"{shown(path)} {text}")
    faults.raise_if_any()
    return sum(len(job[1]) for job in jobs)


def _jobs(rows: pd.DataFrame, modality: str, faults: Faults) -> list[tuple[str, list[int], str, list[int]]]:
    column = modality_column(rows, modality)
    grouped: dict[str, tuple[list[int], list[int]]] = {}
    for line, path, frame in zip(rows.index, rows[column], rows["frame"], strict=True):
        if not path:
            faults.add(int(line), column, f"is empty, and the {modality} images are asked for")
            continue
        lines, frames = grouped.setdefault(path, ([], []))
        lines.append(int(line))
        frames.append(int(frame))
    return [(column, lines, path, frames) for path, (lines, frames) in grouped.items()]


def _faults_of(manifest: Manifest, path: str, frames: list[int]) -> list[str]:
    if not is_video(path):
        try:
            decode_image(manifest.resolve(path))
        except DataError as error:
            return [str(error)] * len(frames)
        return [""] * len(frames)
    found: set[int] = set()
    try:
        found.update(index for index, _ in decode_frames(manifest.resolve(path), frames))
    except DataError as error:
        return ["" if frame in found else str(error) for frame in frames]
    return [""] * len(frames)


def modality_column(table: pd.DataFrame, modality: str) -> str:
    """The manifest column that holds a modality's paths; raises `DataError` where the table has none."""
    column = MODALITY_COLUMNS.get(modality)
    if column is None:
        raise DataError(f"modality {shown(modality)} does not exist; choose {', '.join(MODALITY_COLUMNS)}")
    if column not in table:
        raise DataError(
            f"the manifest has no column {column}, so there are no {modality} images; add it or drop them"
        )
    return column


def _why_not_an_image(path: Path, error: Exception) -> str:
    if path.is_dir():
        return "is a folder, not an image"
    try:
        size = path.stat().st_size
    except OSError:
        return f"cannot be read ({one_line(error)})"
    if size == 0:
        return "is empty (0 bytes)"
    if isinstance(error, PermissionError):
        return "cannot be read (permission denied)"
    if isinstance(error, Image.UnidentifiedImageError):
        return f"is not an image ({', '.join(IMAGE_FORMATS)} are read)"
    return f"is truncated or damaged ({one_line(error)})"
