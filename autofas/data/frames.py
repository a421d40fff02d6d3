"""The frames of a manifest: which of a video are taken, which column holds a modality, whether all decode.

A path is an image file (`pictures`) or a video of which a row names a frame (`videos`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from autofas.data.manifests.faults import Faults, shown
from autofas.data.manifests.manifest import MODALITY_COLUMNS, Manifest
from autofas.data.pictures import IMAGE_FORMATS, decode_image, require_file, spread
from autofas.data.videos import MAX_PIXELS, count_frames, decode_frames, require_pyav
from autofas.errors import DataError
from autofas.storage.media import is_video

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
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Decode every image and video frame of a manifest and return how many there were.

    `progress` is called with (files done, files in all). Missing, truncated and non-image files are all
    named by line and column in one `DataError`.
    """
    rows = manifest.table if table is None else table
    faults = Faults(manifest.source)
    jobs = [job for modality in modalities for job in _jobs(rows, modality, faults)]
    if any(is_video(path) for _, _, path, _ in jobs):
        require_pyav()
    with ThreadPoolExecutor(max(1, workers)) as pool:
        results = pool.map(lambda job: _faults_of(manifest, job[2], job[3]), jobs)
        for done, ((column, lines, path, _), found) in enumerate(zip(jobs, results, strict=True), start=1):
            if progress is not None:
                progress(done, len(jobs))
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
