"""A draft of a manifest for a folder without one: labels and splits from names, people by a pattern.

Read are class folders at any depth (`live/`, `spoof/print/`, `train/real/`, ...) of images, videos or folders
of frames, and a list of `path label` lines. CelebA-Spoof's `Data/train/<subject>/live/` and LCC-FASD's
`LCC_FASD_training/real/` are such folders. What a folder's name does not say is left out and counted; nothing
is guessed from pixels. A draft is for its author to read: who a person is only names can tell.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

import pandas as pd

from autofas.data.frames import spread
from autofas.data.manifests.faults import Faults
from autofas.data.manifests.manifest import BONA_FIDE, SPLITS, Manifest, check_table, is_video
from autofas.data.protocols.partition import draw_subjects
from autofas.data.readers.reading import entries, grouped, inside, listed, read_text, relative
from autofas.data.videos import count_whole_frames
from autofas.errors import DataError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm")
BONA_FIDE_WORDS = ("live", "real", "bonafide", "genuine", "client", "living", "liveness", "true")
ATTACK_WORDS = ("spoof", "fake", "attack", "imposter", "impostor", "nonlive", "false")
INSTRUMENT_WORDS = (
    "print", "photo", "paper", "poster", "warped", "cut", "eyecut", "replay", "video", "screen", "display",
    "monitor", "tablet", "phone", "mobile", "ipad", "iphone", "laptop", "pc", "mask", "3d", "silicone",
    "latex", "mannequin", "makeup", "highdef",
)  # fmt: skip
SPLIT_WORDS = {
    "train": "train", "training": "train", "dev": "dev", "devel": "dev", "development": "dev", "val": "dev",
    "valid": "dev", "validation": "dev", "test": "test", "testing": "test", "eval": "test",
    "evaluation": "test",
}  # fmt: skip
TEST_SHARE, DEV_SHARE = 0.3, 0.25
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Draft:
    """A drafted manifest, which folder or word became which label, and what its author must know."""

    manifest: Manifest
    labels: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Item:
    """A presentation: a video or image file, or a folder of frames; what the names say of it."""

    path: str
    pai: str
    split: str = ""
    subject: str = ""
    frames: tuple[tuple[int, str], ...] = ()


def draft_manifest(
    place: str | os.PathLike[str],
    *,
    subject_from: str | None = None,
    bona_fide_is: str = "1",
    frames_per_video: int | None = 8,
    seed: int = 0,
    progress: Progress | None = None,
) -> Draft:
    """A manifest of a folder of class folders, or of a text file of `path label` lines.

    `subject_from` is a regular expression whose first group (or whole match), searched in an item's path,
    names its person; `bona_fide_is` the label of bona fide lines. `frames_per_video` evenly spread frames
    are taken of each video and folder of frames. Splits come from folders named so; else 0.3 of the people
    go to test and 0.25 of the others to dev, drawn by `seed`. Raises `DataError`, one line.
    """
    source = Path(place)
    notes: list[str] = []
    labels: dict[str, str] = {}
    if source.is_file():
        root, items = source.parent, _from_list(source, bona_fide_is, labels)
    elif source.is_dir():
        root, items = source, _from_folders(source, labels, notes)
    else:
        raise DataError(f"{source}: no such folder or list; name the folder that holds live/ and spoof/")
    items = _with_subjects(items, subject_from, source, notes)
    items = _with_splits(items, seed, named=subject_from is not None or items[0].subject != "", notes=notes)
    rows = _rows(items, root, frames_per_video, notes, progress)
    if not rows:
        raise DataError(f"{source}: none of {len(items)} files can be read: {listed(notes, 2)}")
    table = pd.DataFrame(rows)
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    faults = Faults(str(source))
    table = check_table(table, faults)
    faults.raise_if_any()
    return Draft(Manifest(table, root, str(source)), labels, grouped(notes))


def _from_folders(root: Path, labels: dict[str, str], notes: list[str]) -> list[_Item]:
    items: list[_Item] = []
    strange: list[str] = []
    folders: dict[str, list[str]] = {}
    for path in _walk(root, root, notes):
        parts = PurePosixPath(path).parts[:-1]
        place, pai = _class_of_path(parts)
        if not pai:
            strange.append(path)
            continue
        labels["/".join(part for part in parts[: place + 1] if _class_of(part))] = pai
        in_folder = (
            len(parts) > place + 1 and not is_video(path) and re.search(r"\d", PurePosixPath(path).stem)
        )
        if in_folder:
            folders.setdefault("/".join(parts), []).append(path)
        else:
            items.append(_Item(path, pai, _split_of_path(parts), _subject_above(parts, place)))
    for folder, frames in folders.items():
        parts = PurePosixPath(folder).parts
        ordered = sorted(frames, key=lambda path: (_number(path), path))
        numbers = [_number(path) for path in ordered]
        numbers = numbers if len(set(numbers)) == len(numbers) else list(range(len(numbers)))
        numbered = tuple(zip(numbers, ordered, strict=True))
        items.append(_Item(folder, _class_of_path(parts)[1], _split_of_path(parts), frames=numbered))
    if not items or not any(item.pai == BONA_FIDE for item in items):
        raise DataError(
            f"{root}: no folder is named as a class (live, real or bona_fide, and spoof, print or replay);"
            " rename them, or give a text file of path and label lines instead of the folder"
        )
    if strange:
        notes.append(f"{len(strange)} files are under no class folder and are left out ({listed(strange)})")
    return sorted(items, key=lambda item: item.path)


def _walk(folder: Path, root: Path, notes: list[str]) -> Iterable[str]:
    """Paths of the images and videos below a folder, links out of it and other files left out."""
    other: list[str] = []
    for entry in entries(folder, root, notes):
        path = relative(Path(entry.path), root)
        if entry.is_dir():
            yield from _walk(Path(entry.path), root, notes)
        elif entry.name.lower().endswith(IMAGE_SUFFIXES) or is_video(entry.name):
            yield path
        elif not entry.name.lower().endswith((".txt", ".json", ".csv", ".md")):
            other.append(path)
    if other:
        notes.append(f"{len(other)} files are neither images nor videos that are read ({listed(other)})")


def _class_of_path(parts: tuple[str, ...]) -> tuple[int, str]:
    """The place of the folder that says a path's label, and the label; (0, "") where none does.

    `live` and `spoof` go before the names of instruments: a `phone` below `live` is no attack, and below
    `spoof` it names the attack.
    """
    named = [(place, word) for place, part in enumerate(parts) if (word := _class_of(part))]
    general = [(place, word) for place, word in named if word in (BONA_FIDE, "attack")]
    if not general:
        return named[-1] if named else (0, "")
    if general[-1][1] == BONA_FIDE:
        return general[-1]
    return named[-1]


def _split_of_path(parts: tuple[str, ...]) -> str:
    return next((found for part in parts if (found := _split_of(part))), "")


@lru_cache(maxsize=4096)
def _class_of(name: str) -> str:
    """The label a folder's name says: bona fide, an attack, or the name of its instrument; empty for none."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain.startswith(("not", "non", "un")) and plain not in ATTACK_WORDS:
        return ""
    if plain in BONA_FIDE_WORDS or plain.removesuffix("s") in BONA_FIDE_WORDS:
        return BONA_FIDE
    words = re.split(r"[^a-z0-9]+", name.lower())
    if set(words) & set(BONA_FIDE_WORDS) and set(words) & set(ATTACK_WORDS):
        return ""
    if any(word in BONA_FIDE_WORDS for word in words) and not _split_of(name):
        return BONA_FIDE
    if plain in ATTACK_WORDS or plain.removesuffix("s") in ATTACK_WORDS:
        return "attack"
    if any(word.startswith(INSTRUMENT_WORDS) for word in words):
        return _pai_name(name)
    return "attack" if any(word in ATTACK_WORDS for word in words) else ""


def _pai_name(name: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return word if word[:1].isalpha() else f"attack_{word}".rstrip("_")


def _split_of(name: str) -> str:
    """The split that a folder's name, or the last word of it, says; empty where it says none."""
    return SPLIT_WORDS.get(re.split(r"[^a-z]+", name.lower())[-1], "")


def _subject_above(parts: tuple[str, ...], place: int) -> str:
    """CelebA-Spoof's shape: the numbered folder between the split and the class is a person."""
    above = parts[place - 1] if place else ""
    return above if above.isdigit() and place > 1 and _split_of(parts[place - 2]) else ""


def _number(path: str) -> int:
    return int(re.findall(r"\d+", PurePosixPath(path).stem)[-1][:9])


def _from_list(source: Path, bona_fide_is: str, labels: dict[str, str]) -> list[_Item]:
    """Items of `path label` lines, parted by blanks or a comma; paths are relative to the list."""
    items = []
    for number, line in enumerate(read_text(source).splitlines(), start=1):
        words = [word.strip() for word in (line.rsplit(",", 1) if "," in line else line.rsplit(None, 1))]
        if not line.strip() or (number == 1 and words[-1].lower() in ("label", "class")):
            continue
        if len(words) != 2 or not words[0]:
            raise DataError(f"{source} line {number}: is not a path and a label")
        path, label = PurePosixPath(words[0]).as_posix(), words[1]
        if re.fullmatch(r"[+-]?\d+(\.0*)?", label):
            pai = BONA_FIDE if float(label) == float(bona_fide_is) else "attack"
        else:
            pai = _class_of(label) or _pai_name(label)
        if not (path.lower().endswith(IMAGE_SUFFIXES) or is_video(path)):
            raise DataError(f"{source} line {number}: {path} is neither an image nor a video that is read")
        labels[label] = pai
        items.append(_Item(path, pai, _split_of_path(PurePosixPath(path).parts[:-1])))
    if not items:
        raise DataError(f"{source}: holds no path and label lines")
    return items


def _with_subjects(items: list[_Item], pattern: str | None, source: Path, notes: list[str]) -> list[_Item]:
    """Items with the person each shows, no one where neither a pattern nor a folder names one."""
    if pattern is not None:
        try:
            expression = re.compile(pattern)
        except re.error as error:
            raise DataError(f"--subject-from {pattern}: is not a regular expression ({error})") from None
        found = [expression.search(item.path) for item in items]
        missed = [item.path for item, match in zip(items, found, strict=True) if match is None]
        if missed:
            raise DataError(
                f"{source}: --subject-from {pattern} matches nothing in {len(missed)} of {len(items)} paths"
                f" ({listed(missed)}); make it match each"
            )
        names = [(match[1] if expression.groups else match[0]) or "unnamed" for match in found if match]
        return [replace(item, subject=name) for item, name in zip(items, names, strict=True)]
    if all(item.subject for item in items):
        return items
    notes.append(
        "no person is named: each file or folder counts as a person of its own, so people may be shared"
        " between train, dev and test, which makes figures look better than they are; name them with"
        " --subject-from"
    )
    return [replace(item, subject="") for item in items]


def _with_splits(items: list[_Item], seed: int, *, named: bool, notes: list[str]) -> list[_Item]:
    given = Counter(item.split for item in items)
    if not given[""]:
        notes += _shared(items) if named else []
        if not given["dev"]:
            notes.append("no folder is a dev set; --protocol official holds subjects of train out for one")
        return items
    if len(given) > 1:
        notes.append(f"{given['']} items are under no split folder, so all splits are drawn anew")
    split = _by_subject(items, seed) if named else _by_item(items, seed)
    return [replace(item, split=split[position]) for position, item in enumerate(items)]


def _shared(items: Sequence[_Item]) -> list[str]:
    """A line for each two splits that the same people are in."""
    people: dict[str, set[str]] = {
        split: {item.subject for item in items if item.split == split} for split in SPLITS
    }
    lines = []
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        both = sorted(people[one] & people[other])
        if both:
            lines.append(f"the folders put {len(both)} people into both {one} and {other} ({listed(both)})")
    return lines


def _by_subject(items: Sequence[_Item], seed: int) -> list[str]:
    table = pd.DataFrame({"subject": [item.subject for item in items], "pai": [item.pai for item in items]})
    test = table["subject"].isin(draw_subjects(table, TEST_SHARE, seed, purpose="test"))
    dev = table["subject"].isin(draw_subjects(table[~test], DEV_SHARE, seed, purpose="dev"))
    return ["test" if a else "dev" if b else "train" for a, b in zip(test, dev, strict=True)]


def _by_item(items: Sequence[_Item], seed: int) -> list[str]:
    """Each label's items divided by a hash of (seed, path); of few, train and test come first."""
    splits = [""] * len(items)
    for pai in {item.pai for item in items}:
        own = [position for position, item in enumerate(items) if item.pai == pai]
        own.sort(key=lambda position: hashlib.sha256(f"{seed}/{items[position].path}".encode()).digest())
        test = max(round(TEST_SHARE * len(own)), 1) if len(own) > 1 else 0
        dev = max(round(DEV_SHARE * (len(own) - test)), 1) if len(own) > 2 else 0
        for rank, position in enumerate(own):
            splits[position] = "test" if rank < test else "dev" if rank < test + dev else "train"
    return splits


def _rows(
    items: Sequence[_Item], root: Path, count: int | None, notes: list[str], progress: Progress | None
) -> list[dict[str, object]]:
    videos = [item.path for item in items if is_video(item.path)]
    frames = _count(videos, root, notes, progress)
    rows: list[dict[str, object]] = []
    for item in items:
        video = (
            item.path if item.frames or is_video(item.path) else str(PurePosixPath(item.path).with_suffix(""))
        )
        fields = {"pai": item.pai, "subject": item.subject or video, "session": "1", "video": video}
        if item.frames:
            chosen = [item.frames[position] for position in spread(len(item.frames), count)]
        elif is_video(item.path):
            chosen = [(frame, item.path) for frame in spread(frames.get(item.path, 0), count)]
        else:
            chosen = [(0, item.path)]
        rows += [{"path": path, **fields, "frame": frame, "split": item.split} for frame, path in chosen]
    return rows


def _count(videos: Sequence[str], root: Path, notes: list[str], progress: Progress | None) -> dict[str, int]:
    """Frames of each video; what is wrong with one is noted."""

    def measured(path: str) -> tuple[int, str]:
        place = root / path
        return count_whole_frames(place) if inside(place, root) else (0, "is a link out of the folder")

    counts = {}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done, (path, (frames, fault)) in enumerate(zip(videos, pool.map(measured, videos), strict=True)):
            if frames:
                counts[path] = frames
            if fault or not frames:
                used = f"its first {frames} frames are used" if frames else "it is not used"
                notes.append(f"{path}: {fault or 'has no frames'}; {used}")
            if progress is not None:
                progress(done + 1, len(videos))
    return counts
