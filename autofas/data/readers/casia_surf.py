"""Reading CASIA-SURF (Zhang et al., CVPR 2019): the challenge package, or the later release.

Challenge package, phase1/ and phase2/ or both unpacked into one folder; lists of `color depth ir label` with
label 1 for bona fide, the public ones without labels:
  train_list.txt, val_{private,public}_list.txt, test_{private,public}_list.txt
  Training/{real_part,fake_part}/<subject>/<clip>.rssdk/{color,depth,ir}/<n>.jpg
  Val/0000/000000-{color,depth,ir}.jpg and Testing/ likewise: neither subject nor kind of attack is known
Later release, where a list's label is 0 for bona fide:
  {Training,Val,Testing}/{real_part,fake_part}/<subject>/<clip>.rssdk/{color,depth,ir}/0001.jpg
  protocol/CASIA_SURF@p1_*.txt of `<path> <label>`, compared with the folders' names

The kinds of attack are prints with parts of the face cut out, held flat or bent; their number starts the
clip's name. Where a path tells the label, the path is believed. The set `val` is the split `dev`. Faces
are cropped already, so no box is needed.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from autofas.data.frames import sample_frames
from autofas.data.manifests.manifest import BONA_FIDE, Manifest
from autofas.data.readers.casia_surf_lists import (
    UNKNOWN_ATTACK,
    Listed,
    compare_release_lists,
    existing,
    read_challenge_list,
)
from autofas.data.readers.reading import (
    About,
    Reading,
    checked,
    count_lines,
    entries,
    inner_folder,
    inside,
    relative,
)
from autofas.errors import DataError

ABOUT = About(
    "CASIA-SURF",
    "the multi-modal face anti-spoofing set of the ChaLearn challenge (1000 subjects; color, depth, ir)",
    "given for research under a signed agreement by its authors (ChaLearn LAP, CVPR 2019 challenge)",
    "phase1/train_list.txt, phase1/val_private_list.txt and phase2/test_private_list.txt beside"
    " Training/, Val/ and Testing/, or the later release: Data/{Training,Val,Testing}/{real_part,fake_part};"
    " give the folder that holds them as --data-root",
)
ATTACKS = {
    1: "cut_eyes_flat",
    2: "cut_eyes_bent",
    3: "cut_eyes_nose_flat",
    4: "cut_eyes_nose_bent",
    5: "cut_eyes_nose_mouth_flat",
    6: "cut_eyes_nose_mouth_bent",
}
CHALLENGE_FRAMES = {
    ("train", BONA_FIDE): 8942,
    ("train", ATTACKS[4]): 6518,
    ("train", ATTACKS[5]): 6942,
    ("train", ATTACKS[6]): 6864,
    ("dev", BONA_FIDE): 2994,
    ("dev", UNKNOWN_ATTACK): 6614,
    ("test", BONA_FIDE): 17458,
    ("test", UNKNOWN_ATTACK): 40252,
}
RELEASE_CLIPS = {
    ("train", BONA_FIDE): 300,
    **{("train", ATTACKS[kind]): 300 for kind in (4, 5, 6)},
    **{("dev", pai): 100 for pai in (BONA_FIDE, ATTACKS[1], ATTACKS[2], ATTACKS[3])},
    ("test", BONA_FIDE): 600,
    ("test", ATTACKS[1]): 599,
    ("test", ATTACKS[2]): 594,
    ("test", ATTACKS[3]): 598,
}
FOLDERS = {"train": "Training", "dev": "Val", "test": "Testing"}
_LISTS = {
    "train": ("train_list.txt",),
    "dev": ("val_private_list.txt", "val_public_list.txt"),
    "test": ("test_private_list.txt", "test_public_list.txt"),
}
_CLIP = re.compile(r"(?:real|0([1-6])_[a-z]{1,3}_[sb])\.rssdk")
_IMAGE = re.compile(r"([0-9]{1,6})\.(?:jpg|jpeg|png)", re.IGNORECASE)
_TYPED = re.compile(r"(?:Training|Val|Testing)/(real|fake)_part/([^/]+)/([^/]+)/color/([^/]+)")
_COLUMNS = {"path": "color", "depth": "depth", "ir": "ir"}
_BARE = re.compile(r"(?:Val|Testing)/[0-9]{4}/([0-9]{6})-color\.(?:jpg|png)")


def read(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """Every sample under `root`, or at most `frames_per_video` of each training clip.

    Raises `DataError` with what to do if nothing of the set is there, or if the labels are exchanged.
    """
    place = Path(root)
    notes: list[str] = []
    lists = {split: path for split in _LISTS if (path := _list_file(place, split)) is not None}
    rows: list[dict[str, object]]
    if lists:
        rows = [row for split, path in lists.items() for row in _challenge(place, split, path, notes)]
        notes[:0] = [
            f"{split}: neither {' nor '.join(names)} is there"
            for split, names in _LISTS.items()
            if split not in lists
        ]
        official = {key: count for key, count in CHALLENGE_FRAMES.items() if key[0] in lists}
        found = Counter((str(row["split"]), str(row["pai"])) for row in rows)
        differences = _not_exchanged(place, found, official)
    else:
        base = next(
            (b for b in (place, place / "Data", place / "CASIA_SURF" / "Data") if _is_release(b)), None
        )
        if base is None:
            raise DataError(ABOUT.missing(place))
        rows = [row for split in FOLDERS for row in _release(place, base, split, notes)]
        notes += compare_release_lists(place, base)
        clips = {(str(row["split"]), str(row["pai"]), str(row["video"])) for row in rows}
        differences = count_lines(Counter(clip[:2] for clip in clips), RELEASE_CLIPS, "clips")
    if not rows:
        raise DataError(f"{place}: nothing of CASIA-SURF can be used: {'; '.join(notes[-3:])}")
    reading = checked(rows, place, [*differences, *notes])
    table = sample_frames(reading.manifest.table, frames_per_video)
    return Reading(Manifest(table, place, str(place)), reading.differences)


def official_counts(table: pd.DataFrame) -> tuple[dict[tuple[str, str], int], str]:
    """Frames of the challenge or clips of the later release, whichever the table is, by split and PAI."""
    if bool((table["pai"] == UNKNOWN_ATTACK).any()):
        return dict(CHALLENGE_FRAMES), "frames"
    return dict(RELEASE_CLIPS), "videos"


def _list_file(root: Path, split: str) -> Path | None:
    places = [root / folder / name for name in _LISTS[split] for folder in (".", "phase1", "phase2")]
    return next((path for path in places if path.is_file() and inside(path, root)), None)


def _is_release(base: Path) -> bool:
    return any((base / word / "real_part").is_dir() for word in FOLDERS.values())


def _challenge(root: Path, split: str, path: Path, notes: list[str]) -> Iterator[dict[str, object]]:
    listed = read_challenge_list(path, root, notes)
    unlabelled = sum(row.bona_fide is None for row in listed)
    if unlabelled:
        notes.append(f"{relative(path, root)}: {unlabelled} samples have no label; they are not used")
    base = path.parent if (path.parent / FOLDERS[split]).is_dir() else root
    labelled = [row for row in listed if row.bona_fide is not None]
    prefix = "" if base == root else f"{relative(base, root)}/"
    contradicted = 0
    for row in existing(labelled, base, root, relative(path, root), notes):
        fields = _fields(row, split)
        if fields is None:
            notes.append(f"{relative(path, root)} line {row.line}: {row.color} is no path of the set")
            continue
        contradicted += (fields["pai"] == BONA_FIDE) != row.bona_fide
        places = dict(zip(("path", "depth", "ir"), (row.color, row.depth, row.ir), strict=True))
        yield {**fields, **{name: prefix + value for name, value in places.items()}}
    if contradicted:
        notes.append(
            f"{relative(path, root)}: {contradicted} labels contradict their folder (real_part is 1 here);"
            " the folder is believed"
        )


def _fields(row: Listed, split: str) -> dict[str, object] | None:
    typed, bare = _TYPED.fullmatch(row.color), _BARE.fullmatch(row.color)
    if typed:
        clip, image = _CLIP.fullmatch(typed[3]), _IMAGE.fullmatch(typed[4])
        if not clip or not image or (clip[1] is None) != (typed[1] == "real"):
            return None
        pai = ATTACKS[int(clip[1])] if clip[1] else BONA_FIDE
        return _row(split, pai, typed[2], f"{typed[2]}_{typed[3][:-6]}", int(image[1]))
    if bare:
        name = f"{split}_{bare[1]}"  # nobody knows whose face it is: each sample stands for itself
        return _row(split, BONA_FIDE if row.bona_fide else UNKNOWN_ATTACK, name, name, int(bare[1]))
    return None


def _row(split: str, pai: str, subject: str, video: str, frame: int) -> dict[str, object]:
    return {
        "pai": pai,
        "subject": subject,
        "session": "1",
        "device": "sr300",
        "video": video,
        "frame": frame,
        "split": split,
    }


def _release(root: Path, base: Path, split: str, notes: list[str]) -> Iterator[dict[str, object]]:
    folder = inner_folder(base, FOLDERS[split])
    if folder is None:
        notes.append(f"{split}: there is no folder {relative(base / FOLDERS[split], root)}")
        return
    for part in ("real_part", "fake_part"):
        for subject in entries(folder / part, root, notes):
            for clip in entries(Path(subject.path), root, notes) if subject.is_dir() else ():
                match = _CLIP.fullmatch(clip.name)
                if match is None or (match[1] is None) != (part == "real_part"):
                    notes.append(f"{relative(Path(clip.path), root)}: is no clip of the set; it is not used")
                    continue
                pai = ATTACKS[int(match[1])] if match[1] else BONA_FIDE
                video = f"{subject.name}_{clip.name[:-6]}"
                yield from _clip(root, Path(clip.path), _row(split, pai, subject.name, video, 0), notes)


def _clip(
    root: Path, clip: Path, fields: Mapping[str, object], notes: list[str]
) -> Iterator[dict[str, object]]:
    names = {
        modality: {entry.name for entry in entries(clip / modality, root, notes)}
        for modality in ("color", "depth", "ir")
        if (clip / modality).is_dir()
    }
    if len(names) < 3:
        notes.append(
            f"{relative(clip, root)}: has {', '.join(names) or 'nothing'}; color, depth, ir expected"
        )
        return
    for name in sorted(names["color"]):
        match = _IMAGE.fullmatch(name)
        absent = [modality for modality, there in names.items() if name not in there]
        if match is None or absent:
            what = f"has no {' and no '.join(absent)} image" if absent else "is no image of the set"
            notes.append(f"{relative(clip / 'color' / name, root)}: {what}; it is not used")
            continue
        prefix = relative(clip, root)
        paths = {column: f"{prefix}/{modality}/{name}" for column, modality in _COLUMNS.items()}
        yield {**fields, "frame": int(match[1]), **paths}


def _not_exchanged(
    root: Path, found: Mapping[tuple[str, str], int], official: Mapping[tuple[str, str], int]
) -> list[str]:
    for split in ("dev", "test"):
        real, attack = (found.get((split, pai), 0) for pai in (BONA_FIDE, UNKNOWN_ATTACK))
        expected = tuple(official.get((split, pai), -1) for pai in (BONA_FIDE, UNKNOWN_ATTACK))
        if (attack, real) == expected:
            raise DataError(
                f"{root}: the {split} list has {real} bona fide and {attack} attack rows, the official counts"
                " exchanged; its labels are inverted (1 is bona fide in this package)"
            )
    return count_lines(found, official, "samples")
