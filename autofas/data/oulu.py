"""Reading a folder of OULU-NPU, videos or extracted frames, into the rows of a manifest.

Boulkenafet, Komulainen, Li, Feng, Hadid: OULU-NPU, a mobile face presentation attack database with
real-world variations, FG 2017. Accepted layouts, each folder possibly doubled by unpacking
(Train_files/Train_files):

<root>/{Train,Dev,Test}_files/<id>.avi with <id>.txt (eyes)       as delivered
<root>/{Train,Dev,Test}_files/<id>/<id>_%03d_scene.jpg            frames; eyes from <id>.txt beside or
inside <root>/Protocols/Protocol_{1..4}/*.txt                            optional, compared with the rules

The split follows from the user number, whatever folder a file lies in. Everything that differs from the
official set is returned as lines, not hidden. Left out: the box files some laboratories keep beside their
frames (``.dat``), whose order of numbers is not documented.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from autofas.data.crops import Box
from autofas.data.eyes import EyeTrack, read_eyes
from autofas.data.faults import Faults
from autofas.data.frames import count_frames, spread
from autofas.data.manifest import BOX, VIDEO_SUFFIXES, Manifest, check_table
from autofas.data.oulu_lists import LIST_WORD, NAME, count_differences, fields_of, list_differences
from autofas.errors import DataError

SITE = "https://sites.google.com/site/oulunpudatabase/"
FRAMES_PER_VIDEO = 8
_FRAME_FILE = re.compile(
    r"([1-6]_[1-3]_[0-9]{2}_[1-5])_([0-9]{1,6})(?:_scene)?\.(?:jpg|jpeg|png|bmp)", re.IGNORECASE
)
_FOLDER_SUFFIXES = ("_files", "_images", "_frames", "")
_SHOWN = 3


@dataclass(frozen=True)
class OuluRead:
    """The sampled frames of an OULU-NPU folder and, a line each, how it differs from the official set."""

    manifest: Manifest
    differences: tuple[str, ...]


@dataclass(frozen=True)
class _Video:
    name: str
    path: Path  # of the video, or of the folder of frames
    frames: tuple[tuple[int, Path], ...] = ()  # (number, file) where frames were extracted


def read_oulu(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> OuluRead:
    """Evenly spread frames of every video under ``root``; ``None`` takes all frames.

    Face squares come from the eye files, frame counts from them or else from the videos (which needs PyAV).
    Raises ``DataError`` with what to do if nothing of the data set is there.
    """
    place = Path(root)
    folders = _split_folders(place)
    if not folders:
        raise DataError(missing_message(place))
    notes: list[str] = []
    videos: dict[str, _Video] = {}
    for split, folder in folders.items():
        for video in _scan(folder, notes):
            earlier = videos.setdefault(video.name, video)
            if earlier.path != video.path:
                notes.append(
                    f"{_relative(video.path, place)} repeats {_relative(earlier.path, place)}; it is not used"
                )
            elif fields_of(video.name)["split"] != split:
                own = fields_of(video.name)["split"]
                notes.append(
                    f"{_relative(video.path, place)} is a {own} video in the {split} folder; it stays {own}"
                )
    if not videos:
        raise DataError(missing_message(place))
    rows: list[dict[str, object]] = []
    for name in sorted(videos):
        rows += _rows(videos[name], place, frames_per_video, notes)
    table = pd.DataFrame(rows)
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    faults = Faults(str(place))
    table = check_table(table, faults)
    faults.raise_if_any()
    differences = [*count_differences(videos), *list_differences(place), *notes]
    return OuluRead(Manifest(table, place, str(place)), tuple(differences))


def missing_message(root: Path) -> str:
    """A line for a data set that is not there: what it is, where to apply, its layout, what was seen."""
    if not root.exists():
        seen = "that folder does not exist"
    elif not root.is_dir():
        seen = "that is a file"
    else:
        names = sorted(entry.name for entry in root.iterdir())
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        seen = f"it holds {listed}" if names else "it is empty"
    return (
        f"OULU-NPU was not found in {root}: {seen}. It is the University of Oulu's mobile face presentation"
        f" attack database (4950 videos), given for research under a signed agreement: apply at {SITE}."
        " Expected Train_files/, Dev_files/ and Test_files/ with <id>.avi and <id>.txt,"
        " or <id>/<id>_000_scene.jpg frames; give their parent as --data-root."
        " Until then --dataset synthetic works now"
    )


def _split_folders(root: Path) -> dict[str, Path]:
    folders = {}
    for split, word in LIST_WORD.items():
        for suffix in _FOLDER_SUFFIXES:
            for name in (word + suffix, (word + suffix).lower()):
                folder = root / name
                if folder.is_dir() and split not in folders:
                    inner = folder / name  # unpacking into a folder of the archive's name doubles it
                    folders[split] = inner if inner.is_dir() else folder
    return folders


def _scan(folder: Path, notes: list[str]) -> list[_Video]:
    videos = []
    strange = []
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        stem, suffix = os.path.splitext(entry.name)
        if entry.is_dir():
            frames = _extracted(Path(entry.path)) if NAME.fullmatch(entry.name) else ()
            if frames:
                videos.append(_Video(entry.name, Path(entry.path), frames))
            else:
                strange.append(entry.name)
        elif suffix.lower() in VIDEO_SUFFIXES and NAME.fullmatch(stem):
            videos.append(_Video(stem, Path(entry.path)))
        elif not (suffix.lower() == ".txt" and NAME.fullmatch(stem)) and not entry.name.startswith("."):
            strange.append(entry.name)
    if strange:
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        notes.append(f"{folder.name}: {', '.join(strange[:_SHOWN])}{more} not recognised and not used")
    return videos


def _extracted(folder: Path) -> tuple[tuple[int, Path], ...]:
    found: dict[int, Path] = {}
    for entry in os.scandir(folder):
        match = _FRAME_FILE.fullmatch(entry.name)
        if match and match[1] == folder.name:
            found.setdefault(int(match[2]), Path(entry.path))
    return tuple(sorted(found.items()))


def _rows(
    video: _Video, root: Path, frames_per_video: int | None, notes: list[str]
) -> list[dict[str, object]]:
    eyes = _eyes(video, notes)
    if video.frames:
        chosen = [video.frames[i] for i in spread(len(video.frames), frames_per_video)]
    else:
        total = eyes.frames if eyes is not None and eyes.frames else count_frames(video.path)
        if not total:
            notes.append(f"{video.name}: has no frames; it is not used")
        chosen = [(frame, video.path) for frame in spread(total, frames_per_video)]
    if eyes is None or not eyes.found:
        what = "no eye file" if eyes is None else "no frame with eyes"
        notes.append(f"{video.name}: {what}; its frames are cut at the centre")
    fields = fields_of(video.name)
    rows = []
    for frame, path in chosen:
        box: Box | None = eyes.box(frame) if eyes is not None else None
        rows.append(
            {
                "path": _relative(path, root),
                **fields,
                "frame": frame,
                **dict(zip(BOX, box or (0, 0, 0, 0), strict=True)),
            }
        )
    return rows


def _eyes(video: _Video, notes: list[str]) -> EyeTrack | None:
    inside = [video.path / f"{video.name}.txt"] if video.frames else []
    for place in (video.path.with_name(f"{video.name}.txt"), *inside):
        if place.is_file():
            track = read_eyes(place)
            notes.extend(track.unreadable)
            return track
    return None


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
