"""Reading a folder of Replay-Attack (Chingovska, Anjos, Marcel, BIOSIG 2012) into the rows of a manifest.

<root>/{train,devel,test}/real/client###_session01_webcam_authenticate_{controlled,adverse}_{1,2}.mov
<root>/{train,devel,test}/attack/{fixed,hand}/attack_{print,mobile,highdef}_client###_session01_
                                        {highdef,mobile}_{photo,video}_{controlled,adverse}.mov
<the same path without .mov>/<number>.jpg                     frames in place of a video
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

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.face_boxes import BoxTrack, read_boxes
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    checked,
    count_lines,
    inner_folder,
    inside,
    listed,
    relative,
)
from autofas.data.readers.recordings import Recording, find_recordings, frame_rows, track_from
from autofas.errors import DataError

ABOUT = About(
    "Replay-Attack",
    "Idiap's replay attack database (1200 videos and 100 of enrolment)",
    "given for research under a signed agreement: apply at https://www.idiap.ch/en/scientific-research/data/replayattack",
    "train/, devel/ and test/, each with real/*.mov and attack/{fixed,hand}/*.mov, or a folder of numbered"
    " frames in place of each video, and face-locations/ beside them; give their parent as --data-root",
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
    found: dict[str, tuple[Recording, dict[str, str]]] = {}
    for split, video, fields in _videos(place, notes):
        earlier = found.setdefault(fields["video"], (video, fields))[0].path
        if earlier != video.path:
            notes.append(f"{relative(video.path, place)}: repeats {relative(earlier, place)}; it is not used")
        elif fields["split"] != split:
            own = fields["split"]
            notes.append(
                f"{relative(video.path, place)}: a {own} video in the {split} folder; it stays {own}"
            )
    if not found:
        raise DataError(ABOUT.missing(place))

    def track_of(video: Recording) -> BoxTrack | None:
        within = video.path.relative_to(place).parent / f"{video.name}.face"
        return track_from(place / "face-locations" / within, place, read_boxes, notes)

    videos = [found[name] for name in sorted(found)]
    rows = frame_rows(videos, place, frames_per_video, notes, track_of)
    if not rows:
        raise DataError(f"{place}: no video of Replay-Attack can be read: {listed(notes, 2)}")
    return checked(rows, place, [*_differences(found), *notes])


def _videos(root: Path, notes: list[str]) -> Iterator[tuple[str, Recording, dict[str, str]]]:
    for split, word in FOLDERS.items():
        folder = inner_folder(root, word)
        if folder is None:
            continue
        strange: list[str] = []
        for within, support in (("real", "none"), ("attack/fixed", "fixed"), ("attack/hand", "hand")):
            part = folder / within
            if not part.is_dir() or not inside(part, root):
                continue
            videos, others = find_recordings(part, root, notes)
            strange += [f"{within}/{name}" for name in others]
            for video in videos:
                fields = _fields(video.name, support)
                if fields and (support == "none") == (fields["pai"] == BONA_FIDE):
                    yield split, video, fields
                else:
                    strange.append(f"{within}/{video.path.name}")
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


def _differences(found: dict[str, tuple[Recording, dict[str, str]]]) -> list[str]:
    official = Counter((video["split"], _kind(video)) for video in official_videos())
    there = Counter((fields["split"], _kind(fields)) for _, fields in found.values())
    return count_lines(there, official)


def _kind(video: dict[str, str]) -> str:
    return video["pai"] if video["support"] == "none" else f"{video['pai']} ({video['support']})"
