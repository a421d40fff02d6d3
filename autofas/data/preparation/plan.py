"""What a preparation will do: its settings, one job a video or a few images, and the name of every face.

A job's key covers its rows, the settings and each source file's size and modification time, so a journal of
finished jobs tells which ones need not be done again. Names of faces depend on the manifest alone, never on
the order in which jobs finish.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from autofas.config.data import DataConfig
from autofas.data.frames import modality_column
from autofas.data.manifests.manifest import BOX, Manifest
from autofas.data.preparation.crops import Box, check_margin
from autofas.data.preparation.depth import ALGORITHMS
from autofas.data.preparation.detector import DETECTORS
from autofas.data.preparation.detector import FILES as DETECTOR_FILES
from autofas.data.preparation.detector import WORDS as DETECTOR_WORDS
from autofas.errors import DataError
from autofas.storage.media import is_video

FORMAT = 1
FORMATS = ("png", "jpg")
BOX_SOURCES = ("auto", "files", "detector", "none")
MAX_SIZE = 2048
_IMAGES_A_JOB = 16
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Settings:
    """How faces are cut.

    `margin` is the factor on the box, `size` the largest side of a face in pixels (a smaller one keeps
    its own), `boxes` where boxes come from: the data set's files and else the detector (`auto`), one of
    the two, or the picture's middle (`none`). `depth` names the normalisation of 16-bit and 24-bit depth.
    """

    margin: float = DataConfig.model_fields["margin"].default
    size: int = 256
    boxes: str = "auto"
    detector: str = "mtcnn"
    image_format: str = "png"
    depth: str = "mean50"
    depth_24bit: bool = False
    modalities: tuple[str, ...] = ("color",)

    def check(self) -> None:
        """Raise `DataError` that names the first setting out of range."""
        check_margin(self.margin)
        if not 16 <= self.size <= MAX_SIZE:
            raise DataError(f"size {self.size} is out of range; choose 16 to {MAX_SIZE} pixels")
        for word, value, choices in (
            ("box source", self.boxes, BOX_SOURCES),
            ("image format", self.image_format, FORMATS),
            ("depth normalisation", self.depth, ALGORITHMS),
        ):
            if value not in choices:
                raise DataError(f"{word} {value} does not exist; choose {', '.join(choices)}")
        self._check_detector()
        if not self.modalities or self.modalities[0] != "color":
            raise DataError("preparation needs colour images first; boxes are found in them")

    def _check_detector(self) -> None:
        """A detector that is there, before anything is decoded."""
        if self.detector.endswith(DETECTOR_FILES):
            if not Path(self.detector).is_file():
                raise DataError(f"the face detector {self.detector} does not exist")
        elif self.detector not in DETECTORS:
            raise DataError(f"detector {self.detector} does not exist; choose {DETECTOR_WORDS}")

    def values(self) -> dict[str, object]:
        """The settings as JSON values."""
        told = {**asdict(self), "modalities": list(self.modalities)}
        if self.detector.endswith(DETECTOR_FILES):  # another network of that name finds other faces
            told["detector_sha256"] = hashlib.sha256(Path(self.detector).read_bytes()).hexdigest()
        return told


@dataclass(frozen=True)
class Item:
    """One row to prepare: its position in the table, sources and results by modality, and its box if any."""

    row: int
    frame: int
    sources: dict[str, str]
    results: dict[str, str]
    box: Box | None


@dataclass(frozen=True)
class Job:
    """Rows that are decoded together, and the key under which the journal knows them."""

    items: tuple[Item, ...]
    key: str


def plan(manifest: Manifest, settings: Settings) -> list[Job]:
    """The jobs of a manifest's table in its order; raises `DataError` for a modality it lacks."""
    settings.check()
    table = manifest.table
    columns = {name: modality_column(table, name) for name in settings.modalities}
    paths = {name: [str(path) for path in table[column]] for name, column in columns.items()}
    frames = [int(frame) for frame in table["frame"]]
    boxes: Sequence[Box | None] = [None] * len(table)
    if BOX[0] in table:
        numbers = table[list(BOX)].to_numpy()
        boxes = [(int(x), int(y), int(w), int(h)) if w > 0 else None for x, y, w, h in numbers]
    stems = _stems(table)
    items = []
    for row, stem in enumerate(stems):
        sources = {name: paths[name][row] for name in columns}
        results = {name: f"{name}/{stem}.{settings.image_format}" for name in columns}
        items.append(Item(row, frames[row], sources, results, boxes[row]))
    told = settings.values()
    return [Job(group, _key(manifest, group, told)) for group in _groups(items)]


def _stems(table: pd.DataFrame) -> list[str]:
    """Folder and name of each row's face: the video's and the frame's, numbered on where they repeat."""
    folders = {video: _folder(str(video)) for video in table["video"].unique()}
    repeats = table.groupby(["video", "frame"], sort=False).cumcount()
    return [
        f"{folders[video]}/{int(frame):06d}" + (f"-{int(again)}" if again else "")
        for video, frame, again in zip(table["video"], table["frame"], repeats, strict=True)
    ]


def _folder(video: str) -> str:
    if _PLAIN.fullmatch(video):
        return video
    digest = hashlib.sha256(video.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return re.sub(r"[^A-Za-z0-9_]+", "_", video)[:60] + f"-{digest}"


def _groups(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Rows of one video, by ascending frame, wherever they stand; other rows up to 16 at a time."""
    videos: dict[str, list[Item]] = {}
    groups: list[list[Item]] = []
    images: list[Item] = []
    for item in items:
        source = item.sources["color"]
        if is_video(source):
            if source not in videos:
                videos[source] = []
                groups.append(videos[source])
            videos[source].append(item)
            continue
        if not images or len(images) == _IMAGES_A_JOB:
            images = []
            groups.append(images)
        images.append(item)
    return [tuple(sorted(group, key=lambda item: (item.frame, item.row))) for group in groups]


def _key(manifest: Manifest, items: Sequence[Item], settings: dict[str, object]) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, settings], sort_keys=True).encode())
    stamps: dict[str, tuple[int, int]] = {}
    for item in items:
        for source in item.sources.values():
            if source not in stamps:
                stamps[source] = _stamp(manifest, source)
        record = [
            item.frame,
            item.sources,
            item.results,
            item.box,
            [stamps[s] for s in item.sources.values()],
        ]
        digest.update(json.dumps(record, sort_keys=True).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _stamp(manifest: Manifest, source: str) -> tuple[int, int]:
    try:
        status = os.stat(manifest.resolve(source))
    except (OSError, DataError, ValueError):
        return 0, 0  # decoding says why
    return status.st_size, status.st_mtime_ns
