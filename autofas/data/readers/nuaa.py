"""Reading the raw images of NUAA (Tan et al., ECCV 2010) into the rows of a manifest.

<root>[/raw]/{ClientRaw,ImposterRaw}/NNNN/NNNN_GG_CC_SS_n.jpg     subject, glasses, condition, session, frame
<root>[/raw]/{client,imposter}_{train,test}_raw.txt               lists, with backslashes

The lists decide where they are there; without them train is sessions 01 and 02 of subjects 0001 to 0009 and
test is session 03 of everybody, which is the rule the lists follow. Copies of the lists differ on the web,
so their counts are compared with the published ones. The split is not disjoint in subjects, there is no
development set and prints are the only attack. No face box is shipped.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from autofas.data.frames import sample_frames
from autofas.data.manifests.faults import shown
from autofas.data.manifests.manifest import BONA_FIDE, Manifest
from autofas.data.readers.reading import (
    About,
    Reading,
    checked,
    count_lines,
    entries,
    inside,
    listed,
    read_text,
    relative,
)
from autofas.errors import DataError

ABOUT = About(
    "NUAA",
    "the NUAA photograph imposter database (5105 bona fide and 7509 print images)",
    "given for research by its authors at Nanjing University of Aeronautics and Astronautics",
    "ClientRaw/ and ImposterRaw/ with NNNN/NNNN_GG_CC_SS_n.jpg, and the lists client_train_raw.txt,"
    " client_test_raw.txt, imposter_train_raw.txt, imposter_test_raw.txt beside them; give their parent as"
    " --data-root",
)
COUNTS = {
    ("train", BONA_FIDE): 1743,
    ("test", BONA_FIDE): 3362,
    ("train", "print"): 1748,
    ("test", "print"): 5761,
}
_CLASSES = {"client": ("ClientRaw", BONA_FIDE), "imposter": ("ImposterRaw", "print")}
_IMAGE = re.compile(r"([0-9]{4})_([0-9]{2})_([0-9]{2})_([0-9]{2})_([0-9]{1,5})\.(?:jpg|jpeg|png|bmp)", re.I)
_INNER = (".", "raw", "Raw", "db")


def read(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """Every listed image under `root`, or at most `frames_per_video` of each recording.

    Raises `DataError` with what to do if nothing of the set is there.
    """
    place = Path(root)
    base = next((place / name for name in _INNER if (place / name / "ClientRaw").is_dir()), None)
    if base is None or not inside(base, place):
        raise DataError(ABOUT.missing(place))
    notes: list[str] = []
    rows = [row for word in _CLASSES for row in _rows(place, base, word, notes)]
    if not rows:
        raise DataError(ABOUT.missing(place))
    found = Counter((str(row["split"]), str(row["pai"])) for row in rows)
    reading = checked(rows, place, [*count_lines(found, COUNTS, "images"), *notes])
    table = sample_frames(reading.manifest.table, frames_per_video)
    return Reading(Manifest(table, place, str(place)), reading.differences)


def official_counts(table: pd.DataFrame) -> tuple[dict[tuple[str, str], int], str]:
    """Images by split and PAI: of test alone, because a dev set is made of unequal training subjects."""
    return {key: count for key, count in COUNTS.items() if key[0] == "test"}, "frames"


def _rows(root: Path, base: Path, word: str, notes: list[str]) -> Iterator[dict[str, object]]:
    folder, pai = _CLASSES[word]
    images = _images(root, base / folder, notes)
    unlisted = dict(images)
    for split in ("train", "test"):
        names = _listed(base / f"{word}_{split}_raw.txt", root, notes)
        if names is None:
            names = [name for name in images if _split_by_rule(name) == split]
        absent = []
        for name in names:
            if name not in images:
                absent.append(name)
            elif unlisted.pop(name, None) is not None:
                yield _row(images[name], name, pai, split)
            else:
                notes.append(f"{word}_{split}_raw.txt: {name} is listed already; it is used once")
        if absent:
            notes.append(f"{split}: {len(absent)} {pai} images are listed but missing; {listed(absent)}")
    if unlisted:
        notes.append(f"{folder}: {len(unlisted)} images are in no list; {listed(sorted(unlisted))}")


def _images(root: Path, folder: Path, notes: list[str]) -> dict[str, str]:
    """Paths in the manifest by file name."""
    if not folder.is_dir() or not inside(folder, root):
        notes.append(f"there is no folder {relative(folder, root)}")
        return {}
    found = {}
    strange = []
    for subject in entries(folder, root, notes):
        for entry in entries(Path(subject.path), root, notes) if subject.is_dir() else (subject,):
            match = _IMAGE.fullmatch(entry.name)
            if match and match[1] == subject.name:
                found[entry.name] = relative(Path(entry.path), root)
            elif entry.name.lower() != "thumbs.db":
                strange.append(entry.name)
    if strange:
        notes.append(f"{folder.name}: {listed(strange)} not recognised and not used")
    return found


def _listed(path: Path, root: Path, notes: list[str]) -> list[str] | None:
    if not path.is_file() or not inside(path, root):
        notes.append(f"there is no {path.name}; the rule by session is used")
        return None
    names = []
    odd = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.strip().replace("\\", "/").split("/")
        if words == [""]:
            continue
        match = _IMAGE.fullmatch(words[-1])
        if match is None or len(words) != 2 or words[0] != match[1]:
            odd.append(f"line {number}: {shown(line.strip())}")
        else:
            names.append(words[-1])
    if odd:
        notes.append(f"{path.name}: {len(odd)} lines are not NNNN\\NNNN_GG_CC_SS_n.jpg; {listed(odd)}")
    return names


def _split_by_rule(name: str) -> str:
    subject, _, _, session, _ = name.split("_")
    if session == "03":
        return "test"
    return "train" if int(subject) <= 9 else ""


def _row(path: str, name: str, pai: str, split: str) -> dict[str, object]:
    subject, glasses, condition, session, frame = Path(name).stem.split("_")
    return {
        "path": path,
        "pai": pai,
        "subject": subject,
        "session": session,
        "device": "webcam",
        "video": f"{subject}_{glasses}_{condition}_{session}_{pai}",
        "frame": int(frame),
        "split": split,
    }
