"""Recordings as they lie on disk: a video file, or a folder of its frames that is named as the video.

The images of such a folder end in their frame's number (`12.jpg`, `frame0012.png`, `1_HR_1_12.jpg`). A `.dat`
file beside one holds its face box. The folder's name may keep the video's suffix.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autofas.data.frames import spread
from autofas.data.manifests.manifest import BOX
from autofas.data.preparation.crops import Box
from autofas.data.readers.face_boxes import BoxTrack, box_beside
from autofas.data.readers.reading import box_fields, entries, frame_counts, inside, listed, relative
from autofas.errors import DataError
from autofas.storage.media import VIDEO_SUFFIXES

_FRAME = re.compile(r"(?:.*[^0-9])?([0-9]{1,9})(?:_scene)?\.(?:jpg|jpeg|png|bmp)", re.IGNORECASE)


@dataclass(frozen=True)
class Recording:
    """A video's name without suffix, its file or folder, and (number, image) of a folder's frames."""

    name: str
    path: Path
    frames: tuple[tuple[int, Path], ...] = ()


def find_recordings(
    folder: Path, root: Path, notes: list[str], *, beside: tuple[str, ...] = ()
) -> tuple[list[Recording], list[str]]:
    """The recordings in a folder, by name, and the names of entries that are none.

    Files that end in one of `beside` belong to recordings and are passed over.
    """
    found, strange = [], []
    for entry in entries(folder, root, notes):
        stem, suffix = os.path.splitext(entry.name)
        is_video = suffix.lower() in VIDEO_SUFFIXES
        if entry.is_dir():
            frames = frames_in(Path(entry.path), root, notes)
            if frames:
                found.append(Recording(stem if is_video else entry.name, Path(entry.path), frames))
            else:
                strange.append(entry.name)
        elif is_video:
            found.append(Recording(stem, Path(entry.path)))
        elif suffix.lower() not in beside:
            strange.append(entry.name)
    return found, strange


def frame_rows(
    recordings: Sequence[tuple[Recording, Mapping[str, str]]],
    root: Path,
    frames_per_video: int | None,
    notes: list[str],
    track_of: Callable[[Recording], BoxTrack | None] | None = None,
) -> list[dict[str, object]]:
    """Rows of evenly spread frames of recordings, each with the fields given for it; None takes all frames.

    `track_of` gives a recording's face boxes, for sets that ship them: one without any is then noted. Where
    each frame has a line there, it is not decoded to be counted. A frame's own `.dat` box goes before them.
    """
    tracks = [track_of(one) if track_of is not None else None for one, _ in recordings]
    counts = {
        one.path: track.frames
        for (one, _), track in zip(recordings, tracks, strict=True)
        if track is not None
    }
    unknown = [one.path for one, _ in recordings if not one.frames and not counts.get(one.path)]
    counts |= frame_counts(unknown, notes, root)
    rows: list[dict[str, object]] = []
    without = []
    for (one, fields), track in zip(recordings, tracks, strict=True):
        if one.frames:
            chosen = [one.frames[place] for place in spread(len(one.frames), frames_per_video)]
        else:
            chosen = [(frame, one.path) for frame in spread(counts.get(one.path, 0), frames_per_video)]
        boxes: list[Box | None] = []
        for frame, path in chosen:
            box = box_beside(path, root, notes) if one.frames else None
            boxes.append(track.box(frame) if box is None and track is not None else box)
            rows.append({"path": relative(path, root), **fields, "frame": frame, **box_fields(boxes[-1])})
        if chosen and not any(boxes):
            without.append(one.name)
    if without and track_of is not None:
        notes.append(
            f"{len(without)} videos have no face boxes ({listed(without)}); a detector can find them"
        )
    if len(without) == len(recordings):  # a table without boxes has no columns for them
        rows = [{name: value for name, value in row.items() if name not in BOX} for row in rows]
    return rows


def track_from(
    place: Path, root: Path, read: Callable[[Path], BoxTrack], notes: list[str]
) -> BoxTrack | None:
    """The boxes in a file beside a recording, None where it is absent; what it says wrongly is noted."""
    if not place.is_file() or not inside(place, root):
        return None
    try:
        track = read(place)
    except DataError as error:
        notes.append(str(error))
        return None
    notes.extend(track.unreadable)
    return track


def frames_in(
    folder: Path, root: Path, notes: list[str], foreign: Callable[[str], bool] | None = None
) -> tuple[tuple[int, Path], ...]:
    """(number, image) of a folder's frames, by number, without those whose names `foreign` disowns."""
    found: dict[int, Path] = {}
    for entry in entries(folder, root, notes):
        match = _FRAME.fullmatch(entry.name)
        if match is not None and not entry.is_dir() and not (foreign and foreign(entry.name)):
            found.setdefault(int(match[1]), Path(entry.path))
    return tuple(sorted(found.items()))
