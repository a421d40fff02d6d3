"""Decoded face crops of a manifest, uint8, in memory or in a cache folder that is mapped instead of read.

A cached store is a folder `<slot>-<digest>` with one `.npy` of (N, 3, size, size) a modality and
`index.json`. The slot names what was asked (root, rows, boxes, size, margin, modalities), the digest adds
each source file's size and modification time in nanoseconds. Time and size, not content: hashing the bytes
would read a whole data set to decide that nothing need be read. A copied or touched file costs a rebuild;
only a file rewritten with its old size and old time would go unseen. The crops' own bytes are hashed: the
index holds their SHA-256, a store that no longer has it (a flipped bit on the disk) is built again.

A store is built under a temporary name and renamed when complete, so a killed or concurrent builder, a
damaged image or a full disk leaves the earlier cache as it was. It is written in order with plain writes:
on a full disk those raise an error, where writing through a mapping kills the process.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from autofas.config.data import DataConfig
from autofas.data.batches.crop_jobs import CropJobs
from autofas.data.frames import modality_column
from autofas.data.manifests.faults import one_line
from autofas.data.manifests.manifest import BOX, Manifest
from autofas.data.preparation.crops import check_margin
from autofas.errors import DataError

FORMAT = 2  # raise when the pixels of a store change for the same request: old caches are then left alone
MAX_SIZE = 1024
_ABANDONED_S = 24 * 3600

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FrameStore:
    """Crops of N frames by modality, each (N, 3, size, size) uint8, found by the frames' manifest rows."""

    arrays: Mapping[str, np.ndarray]
    size: int
    margin: float
    place: Path | None
    _rows: Mapping[tuple[str, int], int] = field(repr=False)

    @classmethod
    def build(
        cls,
        manifest: Manifest,
        *,
        table: pd.DataFrame | None = None,
        modalities: Sequence[str] = ("color",),
        size: int = 112,
        margin: float = DataConfig.model_fields["margin"].default,
        cache_dir: str | os.PathLike[str] | None = None,
        workers: int = 2,
        progress: Progress | None = None,
    ) -> "FrameStore":
        """Decode and crop the rows of `table` (by default all of the manifest's), or map them from the
        cache.

        `margin` is the factor on the face box; `cache_dir=None` keeps the crops in memory; `progress`
        is called with (frames done, frames in all). Raises `DataError` that names every damaged file by
        its manifest line, and for a folder that cannot be written.
        """
        if not 8 <= size <= MAX_SIZE:
            raise DataError(f"crop size {size} is out of range; choose 8 to {MAX_SIZE} pixels")
        check_margin(margin)
        if not modalities:
            raise DataError("no modality was asked for; choose color, depth or ir")
        rows = manifest.table if table is None else table
        if rows.empty:
            raise DataError(f"{manifest.source}: there are no rows to decode")
        rows = rows.sort_values(["path", "frame"], kind="stable")  # frames of one video decode in one pass
        jobs = CropJobs(manifest, rows, tuple(modalities), size, margin)
        keys = {key: row for row, key in enumerate(zip(rows["path"], map(int, rows["frame"]), strict=True))}
        shape = (len(rows), 3, size, size)
        if cache_dir is None:
            return cls(_in_memory(jobs, modalities, shape, workers, progress), size, margin, None, keys)
        folder = Path(cache_dir)
        slot = _slot(manifest, rows, modalities, size, margin)
        place = folder / f"{slot}-{_stamps(manifest, rows, modalities)}"
        arrays = _open(place, modalities, shape)
        if arrays is None:
            _write(folder, place, jobs, shape, workers, progress)
            arrays = _open(place, modalities, shape)
            if arrays is None:
                raise DataError(
                    f"{place}: the cached frames cannot be read back; delete the folder and run again"
                )
            _drop_stale(folder, slot, place)
        return cls(arrays, size, margin, place, keys)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities the store holds, colour first as built."""
        return tuple(self.arrays)

    def pixels_sha256(self) -> dict[str, str]:
        """SHA-256 of the crops of each modality, of the stored file where there is one."""
        if self.place is not None:
            return dict(json.loads((self.place / "index.json").read_text(encoding="utf-8"))["sha256"])
        return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in self.arrays.items()}

    def rows(self, table: pd.DataFrame) -> np.ndarray:
        """Where each row of a manifest table is in the store, (N,) int64; raises `DataError` if absent."""
        found = [self._rows.get(key, -1) for key in zip(table["path"], map(int, table["frame"]), strict=True)]
        positions = np.asarray(found, dtype=np.int64)
        if (positions < 0).any():
            first = int(np.flatnonzero(positions < 0)[0])
            raise DataError(
                f"{table['path'].iloc[first]!r} is not in this store; build it over the same table"
            )
        return positions

    def crops(self, modality: str, rows: np.ndarray) -> np.ndarray:
        """Crops at store rows, a fresh (len(rows), 3, size, size) uint8 array."""
        if modality not in self.arrays:
            raise DataError(
                f"this store has no {modality} images; it was built with {', '.join(self.arrays)}"
            )
        return np.asarray(self.arrays[modality][rows])


def _in_memory(
    jobs: CropJobs,
    modalities: Sequence[str],
    shape: tuple[int, ...],
    workers: int,
    progress: Progress | None,
) -> dict[str, np.ndarray]:
    """The crops of every job by modality, uint8 of `shape`."""
    memory = {name: np.empty(shape, np.uint8) for name in modalities}

    def keep(start: int, crops: Mapping[str, np.ndarray]) -> None:
        for name, crop in crops.items():
            memory[name][start : start + len(crop)] = crop

    jobs.run(keep, workers, progress)
    return memory


def _slot(manifest: Manifest, rows: pd.DataFrame, modalities: Sequence[str], size: int, margin: float) -> str:
    digest = hashlib.sha256()
    request = [FORMAT, os.path.abspath(manifest.root), list(modalities), size, margin]
    digest.update(json.dumps(request).encode())
    columns = [modality_column(rows, name) for name in modalities]
    columns = list(dict.fromkeys(["path", "frame", *columns, *(BOX if BOX[0] in rows else ())]))
    for column in columns:
        digest.update("\n".join(map(str, rows[column])).encode() + b"\0")
    return digest.hexdigest()[:16]


def _stamps(manifest: Manifest, rows: pd.DataFrame, modalities: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name in modalities:
        for path in dict.fromkeys(rows[modality_column(rows, name)]):
            try:
                status = os.stat(manifest.resolve(path))
            except (OSError, DataError):
                continue  # decoding names what is missing, with its line
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _open(place: Path, modalities: Sequence[str], shape: tuple[int, ...]) -> dict[str, np.ndarray] | None:
    """The arrays of a complete store, None where there is none or it is cut short."""
    try:
        index = json.loads((place / "index.json").read_text(encoding="utf-8"))
        if index != _index(place, modalities, shape):
            return None
        arrays = {
            name: np.load(place / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in modalities
        }
    except (OSError, ValueError, EOFError):
        return None
    if any(array.shape != shape or array.dtype != np.uint8 for array in arrays.values()):
        return None
    return arrays


def _index(folder: Path, modalities: Sequence[str], shape: tuple[int, ...]) -> dict[str, object]:
    """What index.json says of the arrays in a folder, their hashes taken from the files as they are."""
    hashes = {}
    for name in modalities:
        with open(folder / f"{name}.npy", "rb") as stream:
            hashes[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"format": FORMAT, "shape": list(shape), "dtype": "uint8", "sha256": hashes}


def _write(
    folder: Path, place: Path, jobs: CropJobs, shape: tuple[int, ...], workers: int, progress: Progress | None
) -> None:
    part = folder / f".part-{uuid.uuid4().hex}"
    megabytes = len(jobs.modalities) * int(np.prod(shape)) / 2**20
    try:
        part.mkdir(parents=True)
        files = {name: (part / f"{name}.npy").open("xb") for name in jobs.modalities}
        try:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            for stream in files.values():
                np.lib.format.write_array_header_1_0(stream, header)

            def append(start: int, crops: Mapping[str, np.ndarray]) -> None:
                for name, crop in crops.items():
                    write_crops(files[name], crop)

            jobs.run(append, workers, progress)
            for stream in files.values():
                stream.flush()
                os.fsync(stream.fileno())
        finally:
            for stream in files.values():
                stream.close()
        (part / "index.json").write_text(json.dumps(_index(part, jobs.modalities, shape)), encoding="utf-8")
        _publish(part, place, jobs.modalities, shape)
    except OSError as error:
        raise DataError(
            f"{folder}: the cache of {megabytes:.0f} MB could not be written ({one_line(error)});"
            " free space or choose another cache folder; earlier caches are kept"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_crops(stream: IO[bytes], crops: np.ndarray) -> None:
    """Append crops to an open `.npy` file."""
    stream.write(np.ascontiguousarray(crops).data)


def _publish(part: Path, place: Path, modalities: Sequence[str], shape: tuple[int, ...]) -> None:
    try:
        os.rename(part, place)
    except OSError:
        if _open(place, modalities, shape) is not None:
            return  # another process finished the same store first; its pixels are the same
        shutil.rmtree(place, ignore_errors=True)
        os.rename(part, place)


def _drop_stale(folder: Path, slot: str, place: Path) -> None:
    """Remove stores of the same request whose sources have changed, and parts that a killed builder left."""
    for other in folder.glob(f"{slot}-*"):
        if other != place:
            shutil.rmtree(other, ignore_errors=True)
    for part in folder.glob(".part-*"):
        try:
            abandoned = time.time() - part.stat().st_mtime > _ABANDONED_S
        except OSError:
            continue  # its builder has just finished
        if abandoned:
            shutil.rmtree(part, ignore_errors=True)
