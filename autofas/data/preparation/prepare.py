"""Preparation: the frames of a manifest as square face crops in a folder with a manifest of its own.

The folder holds `color/<video>/<frame>.png` (and `depth/`, `ir/`), `manifest.csv`, `skipped.csv`
with every row that gave no face and why, and `prepare.jsonl`, the journal of finished jobs. A preparation
that was interrupted goes on where it stopped; one that is complete does nothing. The same sources and
settings give the same bytes, whatever the number of workers, wherever it was interrupted.

Crops carry no box: they are the face, and a store takes them whole.
"""

import csv
import json
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, Any

from autofas.data.frames import require_pyav
from autofas.data.manifests.faults import one_line
from autofas.data.manifests.manifest import BOX, MODALITY_COLUMNS, PATHS, Manifest, write_manifest
from autofas.data.preparation.detector import make_detector
from autofas.data.preparation.faces import Done, FaceCutter
from autofas.data.preparation.plan import FORMAT, Job, Settings, plan
from autofas.errors import DataError
from autofas.storage.files import whole_file
from autofas.storage.locks import lock
from autofas.storage.media import is_video

SKIPPED_COLUMNS = ("path", "frame", "video", "split", "pai", "subject", "session", "device", "reason")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Prepared:
    """A finished preparation: its manifest, rows without a face, and rows that were finished before."""

    manifest: Manifest
    skipped: tuple[dict[str, str], ...]
    reused: int


def prepare(
    manifest: Manifest,
    out: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> Prepared:
    """Cut the faces of every row of a manifest into the folder `out`.

    `progress` is called with (rows done, rows in all). Raises `DataError` where `out` holds another
    preparation or cannot be written, where PyAV or the detector is absent, and where no row gave a face.
    """
    settings = settings or Settings()
    folder = Path(out)
    jobs = plan(manifest, settings)
    if any(is_video(str(path)) for path in manifest.table["path"].unique()):
        require_pyav()
    if settings.boxes == "detector" or (settings.boxes == "auto" and _some_without_box(manifest)):
        make_detector(settings.detector)  # what is not installed is said before any work
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder), _journal(folder, settings) as (stream, finished):
            skipped, reused = _run(manifest, folder, jobs, settings, stream, finished, workers, progress)
    except OSError as error:
        raise DataError(
            f"{folder}: could not be written ({one_line(error)}); finished faces are kept, free space and run"
            " the same line again"
        ) from error
    return _assemble(manifest, folder, jobs, settings, skipped, reused)


def _some_without_box(manifest: Manifest) -> bool:
    return BOX[2] not in manifest.table or bool((manifest.table[BOX[2]] == 0).any())


def _run(
    manifest: Manifest,
    folder: Path,
    jobs: list[Job],
    settings: Settings,
    stream: IO[str],
    finished: dict[str, Done],
    workers: int,
    progress: Progress | None,
) -> tuple[dict[int, str], int]:
    """Do what is not finished; returns the reasons by row, and how many rows were already done."""
    cutter = FaceCutter(manifest, folder, settings)
    skipped: dict[int, str] = {}
    total, done, reused = len(manifest), 0, 0
    left = []
    for job in jobs:
        known = finished.get(job.key)
        if known is not None and _whole(folder, known):
            reasons = dict(zip((item.row for item in job.items), _reasons(known, job), strict=True))
            skipped |= {row: reason for row, reason in reasons.items() if reason}
            reused += len(job.items)
        else:
            left.append(job)
    done = reused
    for job, result in _in_order(cutter, left, max(1, workers)):
        positions = {item.row: position for position, item in enumerate(job.items)}
        reasons_by_position = {positions[row]: reason for row, reason in result.skipped.items()}
        record = {"key": result.key, "files": result.files, "skipped": reasons_by_position}
        stream.write(json.dumps(record, sort_keys=True) + "\n")
        stream.flush()
        skipped |= result.skipped
        done += len(job.items)
        if progress is not None:
            progress(done, total)
    return skipped, reused


def _in_order(cutter: FaceCutter, jobs: list[Job], workers: int) -> Generator[tuple[Job, Done], None, None]:
    """Jobs with their results in the order of the jobs, several at a time."""
    waiting: deque[tuple[Job, Future[Done]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="autofas-prepare") as pool:
        try:
            for job in jobs:
                waiting.append((job, pool.submit(cutter.run, job)))
                if len(waiting) >= 4 * workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _assemble(
    manifest: Manifest,
    folder: Path,
    jobs: list[Job],
    settings: Settings,
    skipped: dict[int, str],
    reused: int,
) -> Prepared:
    table = manifest.table
    results = {item.row: item.results for job in jobs for item in job.items}
    listed = tuple(
        {
            **{name: str(table[name].iloc[row]) if name in table else "" for name in SKIPPED_COLUMNS[:-1]},
            "reason": reason,
        }
        for row, reason in sorted(skipped.items())
    )
    kept = [row for row in range(len(table)) if row not in skipped]
    _write_whole(folder / "skipped.csv", _csv(listed))
    if not kept:
        raise DataError(
            f"none of {len(table)} rows gave a face; {folder / 'skipped.csv'} lists why, the first:"
            f" {listed[0]['path']} {listed[0]['reason']}"
        )
    faces = table.iloc[kept].drop(columns=[name for name in (*BOX, *PATHS[1:]) if name in table])
    for name in settings.modalities:
        faces[MODALITY_COLUMNS[name]] = [results[row][name] for row in kept]
    made = Manifest(faces, folder, str(folder / "manifest.csv"))
    write_manifest(made, folder / "manifest.csv")
    return Prepared(made, listed, reused)


def _reasons(known: Done, job: Job) -> list[str]:
    return [known.skipped.get(position, "") for position in range(len(job.items))]


def _whole(folder: Path, known: Done) -> bool:
    """Whether every file of a finished job is there with its size."""
    for name, size in known.files.items():
        try:
            if os.stat(folder / name).st_size != size:
                return False
        except OSError:
            return False
    return True


@contextmanager
def _journal(folder: Path, settings: Settings) -> Iterator[tuple[IO[str], dict[str, Done]]]:
    """The journal open for more, and the jobs it knows; a last line that was cut short is dropped."""
    place = folder / "prepare.jsonl"
    header = json.dumps({"format": FORMAT, "settings": settings.values()}, sort_keys=True)
    lines = place.read_text(encoding="utf-8", errors="replace").splitlines() if place.exists() else []
    if lines and lines[0] != header:
        raise DataError(
            f"{folder}: holds faces prepared otherwise ({_changed(lines[0], settings)}); choose another"
            " folder or delete this one"
        )
    records = [record for record in map(_parsed, lines[1:]) if record is not None]
    finished = {done.key: done for _, done in records}
    _write_whole(place, "".join(line + "\n" for line in (header, *(line for line, _ in records))))
    with place.open("a", encoding="utf-8") as stream:
        yield stream, finished


def _parsed(line: str) -> tuple[str, Done] | None:
    try:
        values = json.loads(line)
        skipped = {int(position): str(reason) for position, reason in values["skipped"].items()}
        files = {str(name): int(size) for name, size in values["files"].items()}
        return line, Done(str(values["key"]), files, skipped)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _changed(header: str, settings: Settings) -> str:
    try:
        old: dict[str, Any] = json.loads(header)["settings"]
        new = settings.values()
        return ", ".join(
            f"{key} {old.get(key)} and now {new[key]}" for key in new if old.get(key) != new[key]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its journal cannot be read"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as handle:
        try:
            lock(handle)
        except BlockingIOError:
            raise DataError(
                f"{folder}: another process is preparing into it; wait or choose another"
            ) from None
        yield


def _csv(rows: tuple[dict[str, str], ...]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, SKIPPED_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_whole(place: Path, text: str) -> None:
    with whole_file(place) as stream:
        stream.write(text)
