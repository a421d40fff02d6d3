"""A draft of a manifest for a folder without one: labels and splits from names, people by a pattern.

Read are class folders at any depth (`live/`, `spoof/print/`, `train/real/`, `train_real/`, ...) of images,
videos or folders of frames, files whose own names say the class, and a list of paths and labels.
CelebA-Spoof's `Data/train/<subject>/live/` and LCC-FASD's `LCC_FASD_training/real/` are such folders. What a
name does not say is left out and counted; nothing is guessed from pixels. A draft is for its author to read:
who a person is only names can tell.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from autofas.data.folder_names import (
    class_of_path,
    level_of,
    said_by_file,
    said_by_folder,
    says_no_more,
    split_of,
)
from autofas.data.frames import spread
from autofas.data.label_lists import label_of, read_label_list
from autofas.data.manifests.faults import Faults
from autofas.data.manifests.manifest import BONA_FIDE, SPLITS, Manifest, check_table
from autofas.data.protocols.partition import draw_subjects
from autofas.data.readers.reading import entries, grouped, inside, listed, relative
from autofas.data.videos import count_whole_frames
from autofas.errors import DataError
from autofas.storage.media import is_media, is_video

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

    @property
    def name(self) -> str:
        """The path without an image's suffix: a.jpg and a.png are likely of one moment."""
        whole = self.frames or is_video(self.path)
        return self.path if whole else str(PurePosixPath(self.path).with_suffix(""))


def draft_manifest(
    place: str | os.PathLike[str],
    *,
    subject_from: str | None = None,
    bona_fide_is: str | None = None,
    frames_per_video: int | None = 8,
    seed: int = 0,
    progress: Progress | None = None,
) -> Draft:
    """A manifest of a folder of class folders, or of a text file of `path label` lines.

    `subject_from` is a regular expression whose first group (or whole match), searched in an item's path,
    names its person; `bona_fide_is` the label of bona fide in a list (1 unless said), or the name of its
    folder where that is no word for it. `frames_per_video` evenly spread frames are taken of each video and
    folder of frames. Splits come from folders named so; else 0.3 of the people go to test and 0.25 of the
    others to dev, drawn by `seed`. Raises `DataError`, one line.
    """
    source = Path(place)
    notes: list[str] = []
    labels: dict[str, str] = {}
    if source.is_file():
        root, items = source.parent, _from_list(source, bona_fide_is, labels)
    elif source.is_dir():
        root, items = source, _from_folders(source, bona_fide_is, labels, notes)
    else:
        raise DataError(f"{source}: no such folder or list; name the folder that holds live/ and spoof/")
    items = _with_subjects(items, subject_from, source, notes)
    if folders := [item.path for item in items if item.frames]:
        notes.append(
            f"the numbered pictures of each of {len(folders)} folders ({listed(folders)})"
            " are taken as the frames of one presentation"
        )
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


def _from_folders(
    root: Path, bona_fide_is: str | None, labels: dict[str, str], notes: list[str]
) -> list[_Item]:
    paths = [PurePosixPath(path) for path in _walk(root, root, notes)]
    named = _named(root, paths, bona_fide_is, labels, notes)
    items: list[_Item] = []
    folders: dict[PurePosixPath, list[str]] = {}
    for path, (place, pai) in named.items():
        parts = path.parts[:-1]
        numbered = not is_video(str(path)) and re.search(r"\d", path.stem)
        if numbered and not all(says_no_more(part) for part in parts[place + 1 :]):
            folders.setdefault(path.parent, []).append(str(path))
        else:
            items.append(_Item(str(path), pai, split_of(parts), _subject_above(parts, place)))
    for folder, frames in folders.items():
        ordered = sorted(frames, key=lambda path: (_number(path), path))
        numbers = [_number(path) for path in ordered]
        numbers = numbers if len(set(numbers)) == len(numbers) else list(range(len(numbers)))
        pai = named[PurePosixPath(ordered[0])][1]
        taken = tuple(zip(numbers, ordered, strict=True))
        items.append(_Item(str(folder), pai, split_of(folder.parts), frames=taken))
    return sorted(items, key=lambda item: item.path)


def _named(
    root: Path,
    paths: Sequence[PurePosixPath],
    bona_fide_is: str | None,
    labels: dict[str, str],
    notes: list[str],
) -> dict[PurePosixPath, tuple[int, str]]:
    """Each path's label and the place of what says it: a folder, or the file's own name where none does."""
    level = level_of(paths, bona_fide_is)
    if level is None and bona_fide_is is not None:
        raise DataError(f"{root}: --bona-fide-is {bona_fide_is}: no folder is called so beside others")
    by_folder = {} if level is not None else {path: class_of_path(path.parts[:-1]) for path in paths}
    if level is not None:
        named = {
            path: (level, label_of(path.parts[level], bona_fide_is or "1"))
            for path in paths
            if len(path.parts) > level + 1
        }
        labels |= {path.parts[level]: pai for path, (_, pai) in named.items()}
        if bona_fide_is is None:
            one, other = sorted(labels, key=lambda word: labels[word] != BONA_FIDE)
            notes.append(f"{one} is taken as bona fide; if {other} is, give --bona-fide-is {other}")
    elif any(pai == BONA_FIDE for _, pai in by_folder.values()):
        named = {path: found for path, found in by_folder.items() if found[1]}
        for path, (place, pai) in named.items():
            labels["/".join(part for part in path.parts[: place + 1] if said_by_folder(part))] = pai
    else:
        said = {path: said_by_file(path.name) for path in paths}
        named = {path: (len(path.parts) - 1, found.pai) for path, found in said.items() if found.pai}
        labels |= {f"files named {found.word}": found.pai for found in said.values() if found.pai}
    if not any(pai == BONA_FIDE for _, pai in named.values()):
        raise DataError(_no_class(root, paths))
    if all(pai == BONA_FIDE for _, pai in named.values()):
        notes.append("nothing is named as an attack (spoof, print, replay, ...): training needs both classes")
    strange = [str(path) for path in paths if path not in named]
    if strange:
        notes.append(f"{len(strange)} files are under no class folder and are left out ({listed(strange)})")
    return named


def _no_class(root: Path, paths: Sequence[PurePosixPath]) -> str:
    folders = sorted({part for path in paths for part in path.parts[:-1]})
    found = f" among {listed(folders)}" if folders else ""
    return (
        f"{root}: no folder is named as a class (live, real or bona_fide, and spoof, print or replay){found};"
        " rename them, say which is bona fide with --bona-fide-is NAME, or give a text file of path and label"
        " lines instead of the folder"
    )


def _walk(folder: Path, root: Path, notes: list[str]) -> Iterable[str]:
    """Paths of the images and videos below a folder, links out of it and other files left out."""
    other: list[str] = []
    for entry in entries(folder, root, notes):
        path = relative(Path(entry.path), root)
        if entry.is_dir():
            yield from _walk(Path(entry.path), root, notes)
        elif is_media(entry.name):
            yield path
        elif not entry.name.lower().endswith((".txt", ".json", ".csv", ".md")):
            other.append(path)
    if other:
        notes.append(f"{len(other)} files are neither images nor videos that are read ({listed(other)})")


def _subject_above(parts: tuple[str, ...], place: int) -> str:
    """CelebA-Spoof's shape: the numbered folder between the split and the class is a person."""
    above = parts[place - 1] if 0 < place < len(parts) else ""
    return above if above.isdigit() and place > 1 and split_of(parts[place - 2 : place - 1]) else ""


def _number(path: str) -> int:
    return int(re.findall(r"\d+", PurePosixPath(path).stem)[-1][:9])


def _from_list(source: Path, bona_fide_is: str | None, labels: dict[str, str]) -> list[_Item]:
    """Items of a list of paths and labels; splits come from its column of them, else from folders."""
    items = []
    for line in read_label_list(source):
        pai = labels[line.label] = label_of(line.label, bona_fide_is or "1")
        split = line.split or split_of(PurePosixPath(line.path).parts[:-1])
        items.append(_Item(line.path, pai, split, line.subject))
    return items


def _with_subjects(items: list[_Item], pattern: str | None, source: Path, notes: list[str]) -> list[_Item]:
    """Items with the person each shows, no one where neither a pattern nor a folder names one."""
    if pattern is not None:
        try:
            expression = re.compile(pattern)
        except re.error as error:
            raise DataError(f"--subject-from {pattern}: is not a regular expression ({error})") from None
        found = [pair for item in items for pair in _people_of(item, expression)]
        missed = [item.path for item, match in found if match is None]
        if missed:
            raise DataError(
                f"{source}: --subject-from {pattern} matches nothing in {len(missed)} of {len(found)} paths"
                f" ({listed(missed)}); make it match each"
            )
        place = 1 if expression.groups else 0
        return [replace(item, subject=match[place] or "unnamed") for item, match in found if match]
    if all(item.subject for item in items):
        return items
    notes.append(
        "no person is named: each file or folder counts as a person of its own, so people may be shared"
        " between train, dev and test, which makes figures look better than they are; name them with"
        " --subject-from"
    )
    return [replace(item, subject="") for item in items]


def _people_of(item: _Item, expression: re.Pattern[str]) -> list[tuple[_Item, re.Match[str] | None]]:
    """An item with what names its person in its path, or in the names of its frames.

    Frames that name several people are photographs, an item each, and no presentation together.
    """
    named = expression.search(item.path)
    if named is not None or not item.frames:
        return [(item, named)]
    matches = [expression.search(path) for _, path in item.frames]
    if len({match and match[1 if expression.groups else 0] for match in matches}) == 1:
        return [(item, matches[0])]
    photographs = [replace(item, path=path, frames=()) for _, path in item.frames]
    return list(zip(photographs, matches, strict=True))


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
    """Each label's names divided by a hash of (seed, path); of few, train and test come first."""
    first = {item.name: item for item in reversed(items)}
    splits: dict[str, str] = {}
    for pai in {item.pai for item in items}:
        own = [name for name, item in first.items() if item.pai == pai]
        own.sort(key=lambda name: hashlib.sha256(f"{seed}/{first[name].path}".encode()).digest())
        test = max(round(TEST_SHARE * len(own)), 1) if len(own) > 1 else 0
        dev = max(round(DEV_SHARE * (len(own) - test)), 1) if len(own) > 2 else 0
        for rank, name in enumerate(own):
            splits[name] = "test" if rank < test else "dev" if rank < test + dev else "train"
    return [splits[item.name] for item in items]


def _rows(
    items: Sequence[_Item], root: Path, count: int | None, notes: list[str], progress: Progress | None
) -> list[dict[str, object]]:
    videos = [item.path for item in items if is_video(item.path)]
    frames = _count(videos, root, notes, progress)
    named = Counter(item.name for item in items)
    rows: list[dict[str, object]] = []
    for item in items:
        video = item.name if named[item.name] == 1 else item.path
        fields = {"pai": item.pai, "subject": item.subject or item.name, "session": "1", "video": video}
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
