"""Reading a folder of MSU-MFSD (Wen, Han, Jain, IEEE TIFS 2015) into the rows of a manifest.

<root>[/scene01]/real/real_client###_{android_SD_scene01.mp4,laptop_SD_scene01.mov}                70 videos
<root>[/scene01]/attack/attack_client###_{android,laptop}_SD_{ipad_video,iphone_video,printed_photo}_
                                                                        scene01.{mp4,mov}         210 videos
<each of these names>.face                       boxes: frame, left, top, right, bottom, then the eyes
<root>/{train,test}_sub_list.txt                 15 and 20 client numbers, compared with the published ones

A folder of numbered frames may stand in place of a video. The split follows from the client's number; there
is no development set. `device` is the camera. Six videos were recorded upside down, and their boxes do not
fit (bob.db.msu_mfsd_mod lists them): they are read without boxes.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.face_boxes import BoxTrack, read_corner_boxes
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    checked,
    count_lines,
    inside,
    listed,
    read_text,
    relative,
)
from autofas.data.readers.recordings import Recording, find_recordings, frame_rows, track_from
from autofas.errors import DataError

ABOUT = About(
    "MSU-MFSD",
    "Michigan State University's mobile face spoofing database (280 public videos of 35 people)",
    "given for research under a signed agreement by its authors",
    "scene01/real/ and scene01/attack/ with real_client001_android_SD_scene01.mp4, ... and .face files"
    " beside them, or a folder of numbered frames in place of each video; give their parent as --data-root",
)
CLIENTS = {
    "train": (2, 3, 5, 6, 7, 8, 9, 11, 12, 21, 22, 34, 53, 54, 55),
    "test": (1, 13, 14, 23, 24, 26, 28, 29, 30, 32, 33, 35, 36, 37, 39, 42, 48, 49, 50, 51),
}
SUFFIX_OF_CAMERA = {"android": ".mp4", "laptop": ".mov"}
ATTACKS = ("ipad_video", "iphone_video", "printed_photo")
UPSIDE_DOWN = frozenset(f"real_client{client:03d}_android_SD_scene01" for client in (3, 5, 6, 7, 8, 9))
_NAME = re.compile(
    rf"(real|attack)_client([0-9]{{3}})_(android|laptop)_SD(?:_({'|'.join(ATTACKS)}))?_scene01"
)
_SET_OF_CLIENT = {client: split for split, clients in CLIENTS.items() for client in clients}
_INNER = ("scene01", "MSU-MFSD-Publish/scene01", "MSU-MFSD/scene01", "MSU-MFSD-Publish", "MSU-MFSD", ".")


def official_videos() -> list[dict[str, str]]:
    """The 280 public videos with the columns of the manifest and their path."""
    videos = []
    for client, (camera, suffix) in product(sorted(_SET_OF_CLIENT), SUFFIX_OF_CAMERA.items()):
        names = [f"real_client{client:03d}_{camera}_SD_scene01"]
        names += [f"attack_client{client:03d}_{camera}_SD_{attack}_scene01" for attack in ATTACKS]
        for name in names:
            videos.append({"path": f"scene01/{name.split('_')[0]}/{name}{suffix}", **_fields(name)})
    return videos


def read(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> Reading:
    """Evenly spread frames of every video under `root`; `None` takes all frames.

    Needs PyAV, which counts the frames. Raises `DataError` with what to do if nothing of the set is there.
    """
    place = Path(root)
    scene = next((place / name for name in _INNER if (place / name / "real").is_dir()), None)
    if scene is None or not inside(scene, place):
        raise DataError(ABOUT.missing(place))
    notes: list[str] = []
    found: dict[str, tuple[Recording, dict[str, str]]] = {}
    for video, fields in _videos(scene, place, notes):
        earlier = found.setdefault(video.name, (video, fields))[0].path
        if earlier != video.path:
            notes.append(f"{relative(video.path, place)}: repeats {relative(earlier, place)}; it is not used")
    if not found:
        raise DataError(ABOUT.missing(place))

    def track_of(video: Recording) -> BoxTrack | None:
        if video.name in UPSIDE_DOWN:
            return None
        beside = video.path.with_name(f"{video.name}.face")
        return track_from(beside, place, lambda file: read_corner_boxes(file, numbered=True), notes)

    rows = frame_rows([found[name] for name in sorted(found)], place, frames_per_video, notes, track_of)
    if not rows:
        raise DataError(f"{place}: no video of MSU-MFSD can be read: {listed(notes, 2)}")
    official = Counter((video["split"], video["pai"]) for video in official_videos())
    there = Counter((fields["split"], fields["pai"]) for _, fields in found.values())
    return checked(rows, place, [*count_lines(there, official), *_list_lines(scene, place), *notes])


def _videos(scene: Path, root: Path, notes: list[str]) -> Iterator[tuple[Recording, dict[str, str]]]:
    for word in ("real", "attack"):
        folder = scene / word
        if not folder.is_dir() or not inside(folder, root):
            continue
        videos, strange = find_recordings(folder, root, notes, beside=(".face",))
        for video in videos:
            fields = _fields(video.name)
            if fields and (word == "real") == (fields["pai"] == BONA_FIDE):
                yield video, fields
            else:
                strange.append(video.path.name)
        if strange:
            notes.append(f"{word}: {listed(strange)} not recognised and not used")


def _fields(name: str) -> dict[str, str]:
    """The columns of a video by its name; empty where the name is none of the public set's."""
    match = _NAME.fullmatch(name)
    if match is None or (match[1] == "real") != (match[4] is None) or int(match[2]) not in _SET_OF_CLIENT:
        return {}
    return {
        "video": name,
        "device": match[3],
        "session": "scene01",
        "subject": f"client{match[2]}",
        "pai": match[4] or BONA_FIDE,
        "split": _SET_OF_CLIENT[int(match[2])],
    }


def _list_lines(scene: Path, root: Path) -> Iterator[str]:
    """A line for each list of clients on disk that differs from the published one."""
    for split, clients in CLIENTS.items():
        places = (folder / f"{split}_sub_list.txt" for folder in (scene, scene.parent, root))
        place = next((file for file in places if file.is_file() and inside(file, root)), None)
        if place is None:
            continue
        words = read_text(place, 2**20).split()
        if {int(word) if word.isascii() and word.isdigit() else word for word in words} != {*clients}:
            yield f"{relative(place, root)}: differs from the published {split} clients, which are used"
