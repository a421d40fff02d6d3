"""Reading a folder of Replay-Attack (Chingovska, Anjos, Marcel, BIOSIG 2012) into the rows of a manifest.

<root>/{train,devel,test}/real/client###_session01_webcam_authenticate_{controlled,adverse}_{1,2}.mov
<root>/{train,devel,test}/attack/{fixed,hand}/attack_{print,mobile,highdef}_client###_session01_
                                        {highdef,mobile}_{photo,video}_{controlled,adverse}.mov
<root>/face-locations/<the same path>.face                    optional: boxes
<root>/enroll/ and <root>/protocols/                          not read: the protocols follow from the names

Suffixes of other containers are accepted. `pai` is the device of the attack and what it shows
(`print_photo`, `mobile_video`); the extra column `support` is `fixed`, `hand` or, for bona fide
videos, `none`; `session` is the light; `device` the one webcam. The set follows from the client
number, whatever folder a file lies in.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from autofas.data.frames import spread
from autofas.data.manifests.manifest import BONA_FIDE, VIDEO_SUFFIXES
from autofas.data.readers.face_boxes import BoxTrack, read_boxes
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    box_fields,
    checked,
    count_lines,
    entries,
    frame_counts,
    inner_folder,
    inside,
    listed,
    relative,
)
from autofas.errors import DataError

ABOUT = About(
    "Replay-Attack",
    "Idiap's replay attack database (1200 videos and 100 of enrolment)",
    "given for research under a signed agreement: apply at https://www.idiap.ch/en/scientific-research/data/replayattack",
    "train/, devel/ and test/, each with real/*.mov and attack/{fixed,hand}/*.mov, and face-locations/ beside"
    " them; give their parent as --data-root",
)
CLIENTS = {
    "train": (1, 2, 4, 6, 7, 8, 12, 16, 18, 25, 27, 103, 105, 108, 110),
    "dev": (3, 5, 10, 15, 17, 22, 29, 30, 101, 111, 113, 114, 116, 118, 119),
    "test": (9, 11, 13, 14, 19, 20, 21, 23, 24, 26, 28, 31, 102, 104, 106, 107, 109, 112, 115, 117),
}
FOLDERS = {"train": "train", "dev": "devel", "test": "test"}
KINDS = (  # device of the attack, device the sample was taken with, what it shows
    ("print", "highdef", "photo"),
    ("mobile", "mobile", "photo"),
    ("mobile", "mobile", "video"),
    ("highdef", "highdef", "photo"),
    ("highdef", "highdef", "video"),
)
SUPPORTS = ("fixed", "hand")
LIGHTS = ("controlled", "adverse")
_REAL = re.compile(r"client([0-9]{3})_session01_webcam_authenticate_(controlled|adverse)_([12])")
_ATTACK = re.compile(
    r"attack_(print|mobile|highdef)_client([0-9]{3})_session01_(highdef|mobile)_(photo|video)_(controlled|adverse)"
)
_SET_OF_CLIENT = {client: split for split, clients in CLIENTS.items() for client in clients}


def official_videos() -> list[dict[str, str]]:
    """The 1200 videos of real access and attack, with the columns of the manifest and their path."""
    videos = []
    for split, clients in CLIENTS.items():
        for client in clients:
            for light, take in product(LIGHTS, "12"):
                name = f"client{client:03d}_session01_webcam_authenticate_{light}_{take}"
                videos.append({"path": f"{FOLDERS[split]}/real/{name}.mov", **_fields(name, "none")})
            for support, (device, sample, shown_as), light in product(SUPPORTS, KINDS, LIGHTS):
                name = f"attack_{device}_client{client:03d}_session01_{sample}_{shown_as}_{light}"
                path = f"{FOLDERS[split]}/attack/{support}/{name}.mov"
                videos.append({"path": path, **_fields(name, support)})
    return videos


def read(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> Reading:
    """Evenly spread frames of every video under `root`; `None` takes all frames.

    Needs PyAV, which counts the frames. Raises `DataError` with what to do if nothing of the set is there.
    """
    place = Path(root)
    notes: list[str] = []
    found: dict[str, tuple[Path, dict[str, str]]] = {}
    for split, path, fields in _videos(place, notes):
        earlier = found.setdefault(fields["video"], (path, fields))
        if earlier[0] != path:
            notes.append(f"{relative(path, place)}: repeats {relative(earlier[0], place)}; it is not used")
        elif fields["split"] != split:
            own = fields["split"]
            notes.append(f"{relative(path, place)}: a {own} video in the {split} folder; it stays {own}")
    if not found:
        raise DataError(ABOUT.missing(place))
    counts = frame_counts([path for path, _ in found.values()], notes, place)
    rows: list[dict[str, object]] = []
    without = []
    for name in sorted(found):
        path, fields = found[name]
        track = _boxes(path, place, notes)
        if track is None or not track.found:
            without.append(name)
        for frame in spread(counts.get(path, 0), frames_per_video):
            box = track.box(frame) if track is not None else None
            rows.append({"path": relative(path, place), **fields, "frame": frame, **box_fields(box)})
    if not rows:
        raise DataError(f"{place}: no video of Replay-Attack can be read: {listed(notes, 2)}")
    if without:
        notes.append(
            f"{len(without)} videos have no face boxes ({listed(without)}); a detector can find them"
        )
    return checked(rows, place, [*_differences(found), *notes])


def _videos(root: Path, notes: list[str]) -> Iterator[tuple[str, Path, dict[str, str]]]:
    for split, word in FOLDERS.items():
        folder = inner_folder(root, word)
        if folder is None:
            continue
        strange: list[str] = []
        for within, support in (("real", "none"), ("attack/fixed", "fixed"), ("attack/hand", "hand")):
            part = folder / within
            if not part.is_dir() or not inside(part, root):
                continue
            for entry in entries(part, root, notes):
                stem, suffix = os.path.splitext(entry.name)
                fields = _fields(stem, support) if suffix.lower() in VIDEO_SUFFIXES else {}
                if fields and (support == "none") == (fields["pai"] == BONA_FIDE):
                    yield split, Path(entry.path), fields
                else:
                    strange.append(f"{within}/{entry.name}")
        if strange:
            notes.append(f"{word}: {listed(strange)} not recognised and not used")


def _fields(name: str, support: str) -> dict[str, str]:
    """The columns of a video by its name; empty where the name is none of the set's."""
    real, attack = _REAL.fullmatch(name), _ATTACK.fullmatch(name)
    if real:
        client, pai, light, video = real[1], BONA_FIDE, real[2], name
    elif attack and (attack[1], attack[3], attack[4]) in KINDS:
        client, pai, light = attack[2], f"{attack[1]}_{attack[4]}", attack[5]
        video = f"{support}_{name}"  # the two supports share their file names
    else:
        return {}
    if int(client) not in _SET_OF_CLIENT:
        return {}
    return {
        "video": video,
        "device": "webcam",
        "session": light,
        "subject": f"client{client}",
        "pai": pai,
        "split": _SET_OF_CLIENT[int(client)],
        "support": support,
    }


def _boxes(path: Path, root: Path, notes: list[str]) -> BoxTrack | None:
    place = (root / "face-locations" / relative(path, root)).with_suffix(".face")
    if not place.is_file() or not inside(place, root):
        return None
    try:
        track = read_boxes(place)
    except DataError as error:
        notes.append(str(error))
        return None
    notes.extend(track.unreadable)
    return track


def _differences(found: dict[str, tuple[Path, dict[str, str]]]) -> list[str]:
    official = Counter((video["split"], _kind(video)) for video in official_videos())
    there = Counter((fields["split"], _kind(fields)) for _, fields in found.values())
    return count_lines(there, official)


def _kind(video: dict[str, str]) -> str:
    return video["pai"] if video["support"] == "none" else f"{video['pai']} ({video['support']})"
