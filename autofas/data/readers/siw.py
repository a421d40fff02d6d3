"""Reading a folder of SiW, Spoof in the Wild (Liu, Jourabloo, Liu, CVPR 2018), into the rows of a manifest.

<root>/{Train,Test}/{live,spoof}/<subject>/<subject>-<sensor>-<type>-<medium>-<session>.{mov,mp4}
<the same name>.face                     boxes: left top right bottom, a line a frame, which counts the frames

Type 1 is bona fide, 2 a print (media 1 and 2), 3 a replay (media 1 to 4, the screens); sensor 1 is a Canon
EOS T6, 2 a Logitech C920. The split is the folder's: 90 people train, 75 test, and there is no development
set. The instruments carry the medium's number (`print1`, `replay3`). A folder of numbered frames may stand in
place of a video. The boxes are those that the set ships; bob.db.siw calls them poor and brings its own, and
`prepare --boxes detector` does without them.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.protocols.names import SIW_PRINTS, SIW_REPLAYS
from autofas.data.readers.by_manifest import compared
from autofas.data.readers.face_boxes import BoxTrack, read_corner_boxes
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    checked,
    entries,
    inner_folder,
    inside,
    listed,
    relative,
)
from autofas.data.readers.recordings import Recording, find_recordings, frame_rows, track_from
from autofas.errors import DataError

ABOUT = About(
    "SiW",
    "Michigan State University's Spoof in the Wild database (4478 videos of 165 people)",
    "given for research under a signed agreement: apply at"
    " http://cvlab.cse.msu.edu/siw-spoof-in-the-wild-database.html",
    "Train/ and Test/, each with live/001/001-1-1-1-1.mov, ... and spoof/001/001-1-2-1-1.mov, ..., or a"
    " folder of numbered frames in place of each video; give their parent as --data-root",
)
VIDEOS, PEOPLE = 4478, {"train": 90, "test": 75}
FOLDERS = {"train": ("Train", "train"), "test": ("Test", "test")}
SENSORS = {"1": "canon", "2": "logitech"}
KINDS = {"1": ("live", (BONA_FIDE, BONA_FIDE)), "2": ("spoof", SIW_PRINTS), "3": ("spoof", SIW_REPLAYS)}
"""By type: its folder, and what is shown by the number of its medium."""
# a few names of the set as delivered end in .m before the suffix
_NAME = re.compile(r"([0-9]{3})[-_]([12])[-_]([123])[-_]([1-4])[-_]([12])(?:\.m)?")


def read(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> Reading:
    """Evenly spread frames of every video under `root`; `None` takes all frames.

    Frames of videos without a `.face` file are counted by PyAV. Raises `DataError` with what to do if nothing
    of the set is there.
    """
    place = Path(root)
    notes: list[str] = []
    found: dict[str, tuple[Recording, dict[str, str]]] = {}
    for video, fields in _videos(place, notes):
        earlier = found.setdefault(fields["video"], (video, fields))[0].path
        if earlier != video.path:
            notes.append(f"{relative(video.path, place)}: repeats {relative(earlier, place)}; it is not used")
    if not found:
        raise DataError(ABOUT.missing(place))

    def track_of(video: Recording) -> BoxTrack | None:
        beside = video.path.with_name(f"{video.name}.face")
        return track_from(beside, place, lambda file: read_corner_boxes(file, numbered=False), notes)

    rows = frame_rows([found[name] for name in sorted(found)], place, frames_per_video, notes, track_of)
    if not rows:
        raise DataError(f"{place}: no video of SiW can be read: {listed(notes, 2)}")
    differences = compared("videos", len(found), VIDEOS)
    for split, official in PEOPLE.items():
        people = {fields["subject"] for _, fields in found.values() if fields["split"] == split}
        differences += compared(f"people of {split}", len(people), official)
    return checked(rows, place, [*differences, *notes])


def _videos(root: Path, notes: list[str]) -> Iterator[tuple[Recording, dict[str, str]]]:
    base = inner_folder(root, "SiW_release", "SiW") or root
    for split, words in FOLDERS.items():
        folder = inner_folder(base, *words)
        if folder is None or not inside(folder, root):
            continue
        strange: list[str] = []
        for word in ("live", "spoof"):
            for entry in entries(folder / word, root, notes) if (folder / word).is_dir() else ():
                if not entry.is_dir():
                    strange.append(f"{word}/{entry.name}")
                    continue
                videos, others = find_recordings(Path(entry.path), root, notes, beside=(".face",))
                strange += [f"{word}/{entry.name}/{name}" for name in others]
                for video in videos:
                    fields = _fields(video.name, split, word)
                    if fields:
                        yield video, fields
                    else:
                        strange.append(f"{word}/{entry.name}/{video.path.name}")
        if strange:
            notes.append(f"{folder.name}: {listed(strange)} not recognised and not used")


def _fields(name: str, split: str, word: str) -> dict[str, str]:
    """The columns of a video by its name; empty where the name is none of the set's in that folder."""
    match = _NAME.fullmatch(name)
    if match is None:
        return {}
    subject, sensor, kind, medium, session = match.groups()
    folder, pais = KINDS[kind]
    if folder != word or int(medium) > len(pais):
        return {}
    return {
        "video": "-".join(match.groups()),
        "device": SENSORS[sensor],
        "session": session,
        "subject": subject,
        "pai": pais[int(medium) - 1],
        "split": split,
    }
