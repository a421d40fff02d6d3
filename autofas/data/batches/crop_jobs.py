"""The decoding of many manifest rows into crops: split into jobs, run on threads, handed over in order.

A job is one video, or a few images. Pillow and PyAV release the interpreter lock while they decode and
resize, so threads use every core without copying pixels between processes. Every row that cannot be decoded
is gathered into one error with its manifest line; after the first such row nothing more is handed over.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from threading import Event

import numpy as np
import pandas as pd
from PIL import Image

from autofas.data.frames import decode_frames, decode_image, modality_column, require_pyav
from autofas.data.manifests.faults import Faults, shown
from autofas.data.manifests.manifest import BOX, Manifest
from autofas.data.preparation.crops import Box, crop_modalities
from autofas.errors import AutofasError, DataError
from autofas.storage.media import is_video

_IMAGES_A_JOB = 16
_FRAMES_A_JOB = 2048  # bounds memory; a longer video is decoded from its start once more a job

Keep = Callable[[int, Mapping[str, np.ndarray]], None]
Progress = Callable[[int, int], None]
_Fault = tuple[int, str, str]
_Decoded = tuple[dict[str, np.ndarray], list[_Fault]]


class CropJobs:
    """The rows of a table, sorted by path and frame, as decoding jobs."""

    def __init__(
        self, manifest: Manifest, rows: pd.DataFrame, modalities: tuple[str, ...], size: int, margin: float
    ) -> None:
        self.manifest = manifest
        self.modalities = modalities
        self.size = size
        self.margin = margin
        self.lines = [int(line) for line in rows.index]
        self.frames = [int(frame) for frame in rows["frame"]]
        self.columns = {name: modality_column(rows, name) for name in modalities}
        self.paths = {name: [str(path) for path in rows[column]] for name, column in self.columns.items()}
        if any(is_video(path) for paths in self.paths.values() for path in paths):
            require_pyav()
        self.boxes: list[Box | None] = [None] * len(rows)
        if BOX[0] in rows:
            numbers = rows[list(BOX)].to_numpy()
            self.boxes = [(int(x), int(y), int(w), int(h)) if w > 0 else None for x, y, w, h in numbers]
        self.ranges = _ranges(self.paths[modalities[0]])
        self._stop = Event()

    def run(self, keep: Keep, workers: int, progress: Progress | None = None) -> None:
        """Decode every row and pass crops to `keep(first row, crops by modality)` in row order.

        Raises one `DataError` that names every undecodable row.
        """
        total = len(self.lines)
        faults = Faults(self.manifest.source)
        with closing(self._decoded(workers)) as decoded:
            for rows, (crops, found) in decoded:
                for fault in found:
                    faults.add(*fault)
                if not len(faults):
                    keep(rows.start, crops)
                if progress is not None:
                    progress(rows.stop, total)
        faults.raise_if_any()

    def _decoded(self, workers: int) -> Generator[tuple[range, _Decoded], None, None]:
        """Every job's rows with what they hold, in order; without workers on the caller's own thread."""
        if workers == 0:
            for job in self.ranges:
                yield job, self.decode(job)
            return
        waiting: deque[tuple[range, Future[_Decoded]]] = deque()
        left = iter(self.ranges)
        with ThreadPoolExecutor(workers, thread_name_prefix="autofas-decode") as pool:
            try:
                while True:
                    while len(waiting) < 4 * workers:  # bounds the decoded crops held at once
                        rows = next(left, None)
                        if rows is None:
                            break
                        waiting.append((rows, pool.submit(self.decode, rows)))
                    if not waiting:
                        return
                    rows, future = waiting.popleft()
                    wait((future,))
                    yield rows, self._result(future)
            except BaseException:
                self._stop.set()  # a job may be a long video: the pool waits for the jobs it runs
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _result(self, future: Future[_Decoded]) -> _Decoded:
        """What a decoding thread found; DataError if the thread itself fell over."""
        error = future.exception()
        if error is None or isinstance(error, AutofasError | MemoryError | OSError):
            return future.result()
        raise DataError(f"{self.manifest.source}: a decoding thread stopped: {error!r}") from error

    def decode(self, rows: range) -> _Decoded:
        """Crops of some rows, zeros where one cannot be decoded, and what is wrong with those."""
        crops = {name: np.zeros((len(rows), 3, self.size, self.size), np.uint8) for name in self.modalities}
        faults: list[_Fault] = []
        streams = {name: _Pictures(self, name, rows) for name in self.modalities}
        try:
            for place, row in enumerate(rows):
                if self._stop.is_set():
                    break
                pictures: dict[str, Image.Image] = {}
                for name, stream in streams.items():
                    try:
                        pictures[name] = stream.picture(row)
                    except DataError as error:
                        text = f"{shown(self.paths[name][row])} {error}"
                        faults.append((self.lines[row], self.columns[name], text))
                if len(pictures) < len(streams):
                    continue
                try:
                    cropped = crop_modalities(pictures, self.boxes[row], self.margin, self.size)
                except DataError as error:
                    faults.append((self.lines[row], BOX[0], str(error)))
                    continue
                for name, crop in cropped.items():
                    crops[name][place] = crop
        finally:
            for stream in streams.values():
                stream.close()
        return crops, faults


def _ranges(paths: Sequence[str]) -> list[range]:
    """Consecutive rows as jobs: the rows of one video, or up to 16 images."""
    ranges = []
    start = 0
    for row in range(1, len(paths) + 1):
        video = is_video(paths[start])
        full = row - start == (_FRAMES_A_JOB if video else _IMAGES_A_JOB)
        if full or row == len(paths) or (paths[row] != paths[start] if video else is_video(paths[row])):
            ranges.append(range(start, row))
            start = row
    return ranges


class _Pictures:
    """One modality's pictures of a job's rows; a video stays open and is read on while its frames ascend."""

    def __init__(self, jobs: CropJobs, modality: str, rows: range) -> None:
        self._manifest = jobs.manifest
        self._paths = jobs.paths[modality]
        self._numbers = jobs.frames
        self._rows = rows
        self._path = ""
        self._frames: Generator[tuple[int, Image.Image], None, None] | None = None
        self._held: tuple[int, Image.Image] | None = None
        self._failed: DataError | None = None

    def picture(self, row: int) -> Image.Image:
        path, number = self._paths[row], self._numbers[row]
        if not path:
            raise DataError("is empty, and this modality is asked for")
        if not is_video(path):
            return decode_image(self._manifest.resolve(path))
        if self._frames is None or path != self._path or (self._held is not None and self._held[0] > number):
            self.close()
            wanted = [self._numbers[r] for r in self._rows if r >= row and self._paths[r] == path]
            self._path, self._frames = path, decode_frames(self._manifest.resolve(path), wanted)
        if self._failed is not None:
            raise self._failed
        while self._held is None or self._held[0] != number:
            try:
                self._held = next(self._frames)
            except DataError as error:
                self._failed = error
                raise
        return self._held[1]

    def close(self) -> None:
        if self._frames is not None:
            self._frames.close()
        self._path, self._frames, self._held, self._failed = "", None, None, None
