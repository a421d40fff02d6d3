"""Reading a folder of OULU-NPU, videos or extracted frames, into the rows of a manifest.

Boulkenafet, Komulainen, Li, Feng, Hadid: OULU-NPU, a mobile face presentation attack database with
real-world variations, FG 2017. Accepted layouts, each folder possibly doubled by unpacking
(Train_files/Train_files):

<root>/{Train,Dev,Test}_files/<id>.avi with <id>.txt (eyes)       as delivered
<root>/{Train,Dev,Test}_files/<id>/<id>_%03d_scene.jpg            or any names that end in the frame's number;
                                                                  eyes from <id>.txt beside or inside
                                  <id>_%03d_scene.dat             a frame's face box, as CDCN's code reads
<root>/Protocols/Protocol_{1..4}/*.txt                            optional, compared with the rules

A box file (`.dat`) has a number a line: left, top, width, height in pixels of the frame. It goes before the
eyes. The split follows from the user number, whatever folder a file lies in. Everything that differs from the
official set is returned as lines, not hidden.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from autofas.data.frames import spread
from autofas.data.preparation.crops import Box
from autofas.data.readers.eyes import EyeTrack, read_eyes
from autofas.data.readers.face_boxes import box_beside
from autofas.data.readers.oulu_lists import (
    LIST_WORD,
    NAME,
    count_differences,
    fields_of,
    list_differences,
)
from autofas.data.readers.oulu_lists import official_videos as official_videos
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    box_fields,
    checked,
    entries,
    frame_counts,
    inside,
    listed,
    relative,
)
from autofas.data.readers.recordings import frames_in
from autofas.errors import DataError
from autofas.storage.media import VIDEO_SUFFIXES

ABOUT = About(
    "OULU-NPU",
    "the University of Oulu's mobile face presentation attack database (4950 videos)",
    "given for research under a signed agreement: apply at https://sites.google.com/site/oulunpudatabase/",
    "Train_files/, Dev_files/ and Test_files/ with <id>.avi and <id>.txt, or a folder <id> of numbered"
    " frames; give their parent as --data-root",
)
_OF_VIDEO = re.compile(r"([1-6]_[1-3]_[0-9]{2}_[1-5])_.*")
_FOLDER_SUFFIXES = ("_files", "_images", "_frames", "")


@dataclass(frozen=True)
class _Video:
    name: str
    path: Path  # of the video, or of the folder of frames
    frames: tuple[tuple[int, Path], ...] = ()  # (number, file) where frames were extracted


def read(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> Reading:
    """Evenly spread frames of every video under `root`; `None` takes all frames.

    Face squares come from the eye files, frame counts from them or else from the videos (which needs PyAV).
    Raises `DataError` with what to do if nothing of the data set is there.
    """
    place = Path(root)
    folders = _split_folders(place)
    if not folders:
        raise DataError(ABOUT.missing(place))
    notes: list[str] = []
    videos: dict[str, _Video] = {}
    for split, folder in folders.items():
        for video in _scan(folder, place, notes):
            earlier = videos.setdefault(video.name, video)
            if earlier.path != video.path:
                notes.append(
                    f"{relative(video.path, place)}: repeats {relative(earlier.path, place)}; it is not used"
                )
            elif fields_of(video.name)["split"] != split:
                own = fields_of(video.name)["split"]
                notes.append(
                    f"{relative(video.path, place)}: a {own} video in the {split} folder; it stays {own}"
                )
    if not videos:
        raise DataError(ABOUT.missing(place))
    names = sorted(videos)
    eyes = {name: _eyes(videos[name], place, notes) for name in names}
    uncounted = [videos[name].path for name in names if not videos[name].frames and not _frames(eyes[name])]
    counts = frame_counts(uncounted, notes, place)
    rows: list[dict[str, object]] = []
    for name in names:
        rows += _rows(videos[name], eyes[name], counts, place, frames_per_video, notes)
    if not rows:
        raise DataError(f"{place}: no video of OULU-NPU can be read: {listed(notes, 2)}")
    return checked(rows, place, [*count_differences(videos), *list_differences(place), *notes])


def _split_folders(root: Path) -> dict[str, Path]:
    folders = {}
    for split, word in LIST_WORD.items():
        for suffix in _FOLDER_SUFFIXES:
            for name in (word + suffix, (word + suffix).lower()):
                folder = root / name
                if split not in folders and folder.is_dir() and inside(folder, root):
                    inner = folder / name  # unpacking into a folder of the archive's name doubles it
                    folders[split] = inner if inner.is_dir() else folder
    return folders


def _scan(folder: Path, root: Path, notes: list[str]) -> list[_Video]:
    videos = []
    strange = []
    for entry in entries(folder, root, notes):
        stem, suffix = os.path.splitext(entry.name)
        if entry.is_dir():
            frames = _extracted(Path(entry.path), root, notes) if NAME.fullmatch(entry.name) else ()
            if frames:
                videos.append(_Video(entry.name, Path(entry.path), frames))
            else:
                strange.append(entry.name)
        elif suffix.lower() in VIDEO_SUFFIXES and NAME.fullmatch(stem):
            videos.append(_Video(stem, Path(entry.path)))
        elif not (suffix.lower() == ".txt" and NAME.fullmatch(stem)):
            strange.append(entry.name)
    if strange:
        notes.append(f"{folder.name}: {listed(strange)} not recognised and not used")
    return videos


def _extracted(folder: Path, root: Path, notes: list[str]) -> tuple[tuple[int, Path], ...]:
    def foreign(name: str) -> bool:
        told = _OF_VIDEO.fullmatch(name)
        return told is not None and told[1] != folder.name

    return frames_in(folder, root, notes, foreign)


def _rows(
    video: _Video,
    eyes: EyeTrack | None,
    counts: dict[Path, int],
    root: Path,
    frames_per_video: int | None,
    notes: list[str],
) -> list[dict[str, object]]:
    if video.frames:
        chosen = [video.frames[i] for i in spread(len(video.frames), frames_per_video)]
    else:
        total = _frames(eyes) or counts.get(video.path, 0)
        chosen = [(frame, video.path) for frame in spread(total, frames_per_video)]
    if not chosen:
        return []
    fields = fields_of(video.name)
    rows: list[dict[str, object]] = []
    without = 0
    for frame, path in chosen:
        box: Box | None = box_beside(path, root, notes) if video.frames else None
        if box is None and eyes is not None:
            box = eyes.box(frame)
        without += box is None
        rows.append({"path": relative(path, root), **fields, "frame": frame, **box_fields(box)})
    if without:
        what = "no eye file" if eyes is None else "no frame with eyes"
        what = f"{what} and no .dat boxes" if video.frames else what
        what = "some frames have neither eyes nor a box" if without < len(chosen) else what
        notes.append(f"{video.name}: {what}; prepare finds its faces, other verbs take the frame's centre")
    return rows


def _eyes(video: _Video, root: Path, notes: list[str]) -> EyeTrack | None:
    within = [video.path / f"{video.name}.txt"] if video.frames else []
    for place in (video.path.with_name(f"{video.name}.txt"), *within):
        if place.is_file() and inside(place, root):
            try:
                track = read_eyes(place)
            except DataError as error:
                notes.append(str(error))
                continue
            notes.extend(track.unreadable)
            return track
    return None


def _frames(eyes: EyeTrack | None) -> int:
    return eyes.frames if eyes is not None else 0
