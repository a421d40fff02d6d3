"""Reading a folder of CelebA-Spoof (Zhang et al., ECCV 2020) into the rows of a manifest.

<root>/Data/{train,test}/<subject>/{live,spoof}/<image>.{jpg,png}
<the same name>_BB.txt                                     face box: left top width height score
<root>/metas/intra_test/{train,test}_label.json            44 numbers an image; the 41st is the kind of attack

A box is written for the picture at 224 x 224 pixels, so the picture's size is read to place it. Whether an
image is live follows from its folder, the kind of attack from the label files; the split is the folder's,
people are in one alone, and there is no development set. Every photograph is a presentation of its own.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from autofas.data.frames import spread
from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.pictures import IMAGE_FORMATS, require_file
from autofas.data.preparation.crops import Box, whole_pixels
from autofas.data.readers.by_manifest import compared
from autofas.data.readers.reading import (
    About,
    Reading,
    box_fields,
    checked,
    entries,
    inner_folder,
    inside,
    listed,
    read_text,
    relative,
    reported,
)
from autofas.errors import DataError

ABOUT = About(
    "CelebA-Spoof",
    "the face anti-spoofing set made of CelebA's people (625537 photographs of 10177 people)",
    "given for research by its authors: see https://github.com/ZhangYuanhan-AI/CelebA-Spoof",
    "Data/train/ and Data/test/ with <subject>/live/*.jpg and <subject>/spoof/*.png, *_BB.txt beside them,"
    " and metas/intra_test/train_label.json and test_label.json; give their parent as --data-root",
)
IMAGES, PEOPLE = {BONA_FIDE: 156_384, "attack": 469_153}, 10_177
ATTACKS = {
    1: "photo", 2: "poster", 3: "a4_paper", 4: "face_mask", 5: "upper_body_mask", 6: "region_mask", 7: "pc",
    8: "pad", 9: "phone", 10: "mask_3d",
}  # fmt: skip
UNLISTED = "attack"
"""The instrument of a picture that no label file names."""
KIND_AT = 40
BOX_SIDE = 224
_MAX_LABEL_BYTES = 2**29  # the train file has some 80 megabytes
_MAX_BOX_BYTES = 4096
_SUFFIXES = (".jpg", ".jpeg", ".png")
# a table of millions of numbers, of which one an image is wanted
_LABEL = re.compile(rf'"(?:Data/)?([^"\\]{{1,200}})"\s*:\s*\[(?:\s*-?\d+\s*,){{{KIND_AT}}}\s*(-?\d+)\b')

_Found = tuple[str, str, str, str]  # path in Data/, split, subject, instrument


def read(root: str | os.PathLike[str], frames_per_video: int | None = None) -> Reading:
    """Every photograph under `root`, or at most `frames_per_video` of each person's live and spoof ones.

    Raises `DataError` with what to do if nothing of the set is there.
    """
    place = Path(root)
    base = inner_folder(place, "CelebA_Spoof", "CelebA-Spoof") or place
    data = inner_folder(base, "Data", "data")
    if data is None or not inside(data, place):
        raise DataError(ABOUT.missing(place))
    notes: list[str] = []
    found: list[_Found] = []
    for split in ("train", "test"):
        kinds = _kinds(base / "metas" / "intra_test" / f"{split}_label.json", place, notes)
        found += _images(data, split, kinds, place, notes)
    if not found:
        raise DataError(ABOUT.missing(place))
    there = Counter(BONA_FIDE if pai == BONA_FIDE else "attack" for *_, pai in found)
    differences = [
        line for word, count in IMAGES.items() for line in compared(f"{word} images", there[word], count)
    ]
    differences += compared("people", len({subject for _, _, subject, _ in found}), PEOPLE)
    kept = _thinned(found, frames_per_video)
    rows = list(_rows(data, relative(data, place), kept, notes))
    return checked(rows, place, [*differences, *notes])


def _kinds(path: Path, root: Path, notes: list[str]) -> dict[str, int]:
    """The kind of attack by path in Data/, 0 for live; empty where there is no label file."""
    if not path.is_file() or not inside(path, root):
        notes.append(f"there is no {path.name}; attacks without it have no kind and are called {UNLISTED}")
        return {}
    text = read_text(path, _MAX_LABEL_BYTES)
    kinds = {match[1]: int(match[2]) for match in _LABEL.finditer(text)}
    if not kinds:
        notes.append(f"{relative(path, root)}: holds no lists of {KIND_AT + 4} numbers; it is not used")
    return kinds


def _images(data: Path, split: str, kinds: dict[str, int], root: Path, notes: list[str]) -> Iterator[_Found]:
    folder = data / split
    if not folder.is_dir() or not inside(folder, root):
        notes.append(f"there is no folder {relative(folder, root)}")
        return
    strange: list[str] = []
    unlisted, contrary = 0, 0
    absent = dict(kinds)
    for subject in entries(folder, root, notes):
        for word in ("live", "spoof"):
            within = os.path.join(subject.path, word)
            for entry in entries(Path(within), root, notes) if os.path.isdir(within) else ():
                if not entry.name.lower().endswith(_SUFFIXES):
                    if not entry.name.endswith("_BB.txt"):
                        strange.append(f"{subject.name}/{word}/{entry.name}")
                    continue
                path = f"{split}/{subject.name}/{word}/{entry.name}"
                kind = absent.pop(path, None)
                pai = BONA_FIDE if word == "live" else ATTACKS.get(kind or 0, UNLISTED)
                unlisted += kind is None and bool(kinds)
                contrary += kind is not None and (kind == 0) != (word == "live")
                yield path, split, subject.name, pai
    if strange:
        notes.append(f"{split}: {listed(strange)} not recognised and not used")
    for count, what in (
        (unlisted, "images are in no label file"),
        (contrary, "images have a label that contradicts their folder, which is believed"),
        (len(absent), "labels name an image that is not there"),
    ):
        if count:
            notes.append(f"{split}: {count} {what}")


def _thinned(found: list[_Found], count: int | None) -> list[_Found]:
    """At most `count` evenly spread photographs of each person's live and spoof ones."""
    if count is None:
        return found
    groups: dict[tuple[str, str, bool], list[_Found]] = {}
    for one in found:
        groups.setdefault((one[1], one[2], one[3] == BONA_FIDE), []).append(one)
    return [group[place] for group in groups.values() for place in spread(len(group), count)]


def _rows(data: Path, prefix: str, found: list[_Found], notes: list[str]) -> Iterator[dict[str, object]]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        boxes = reported(pool.map(lambda one: _box(data / one[0]), found), len(found))
        without: list[str] = []
        for (path, split, subject, pai), box in zip(found, boxes, strict=True):
            if box is None:
                without.append(path)
            yield {
                "path": f"{prefix}/{path}",
                "pai": pai,
                "subject": subject,
                "session": "1",
                "video": path,
                "frame": 0,
                "split": split,
                **box_fields(box),
            }
    if without:
        notes.append(f"{len(without)} images have no face box ({listed(without)}); a detector can find them")


def _box(image: Path) -> Box | None:
    """The face box of a photograph in its own pixels; None where it has none that makes sense."""
    try:
        text = read_text(image.with_name(f"{image.stem}_BB.txt"), _MAX_BOX_BYTES)
        left, top, width, height = (float(word) for word in text.split()[:4])
        require_file(image)
        with Image.open(image, formats=IMAGE_FORMATS) as picture:
            across, down = picture.width / BOX_SIDE, picture.height / BOX_SIDE
        box = whole_pixels(left * across, top * down, width * across, height * down)
    except (DataError, OSError, ValueError, OverflowError, Image.DecompressionBombError):
        return None
    return box if box[2] > 0 and box[3] > 0 and max(map(abs, box)) < 10**5 else None
