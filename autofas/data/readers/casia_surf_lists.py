"""CASIA-SURF's list files: the challenge's `color depth ir label` and the later release's `<path> <label>`.

The two have opposite labels: 1 is bona fide in the challenge package and 0 in the later release.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autofas.data.manifests.faults import shown
from autofas.data.readers.reading import inside, listed, read_text, relative
from autofas.errors import DataError

UNKNOWN_ATTACK = "cut_print"
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_PARENT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_SHOWN = 3


@dataclass(frozen=True)
class Listed:
    """A line of a challenge list: three paths as written, and whether it is bona fide (None: no label)."""

    line: int
    color: str
    depth: str
    ir: str
    bona_fide: bool | None


def read_challenge_list(path: Path, root: Path, notes: list[str]) -> list[Listed]:
    """The lines of a challenge list; one that makes no sense is noted with its number and left out."""
    rows = []
    faults = []
    for number, text in enumerate(read_text(path).splitlines(), start=1):
        words = text.split()
        if not words:
            continue
        fault = _fault(words)
        if fault:
            faults.append(f"line {number}: {fault}")
            continue
        label = None if len(words) == 3 else words[3] == "1"
        rows.append(Listed(number, words[0], words[1], words[2], label))
    if faults:
        notes.append(f"{relative(path, root)}: {len(faults)} lines not used; {listed(faults, _SHOWN)}")
    return rows


def existing(
    rows: Sequence[Listed], base: Path, root: Path, source: str, notes: list[str]
) -> Iterator[Listed]:
    """The rows whose three files are there, by listing each folder once; the others are counted in a note."""
    folders: dict[str, frozenset[str]] = {}

    def there(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            place = base / folder
            known = os.listdir(place) if place.is_dir() and inside(place, root) else ()
            folders[folder] = frozenset(known)
        return name in folders[folder]

    missing = []
    for row in rows:
        absent = [path for path in (row.color, row.depth, row.ir) if not there(path)]
        if absent:
            missing.append(f"line {row.line} {absent[0]}")
        else:
            yield row
    if missing:
        notes.append(f"{source}: {len(missing)} samples lack a file; {listed(missing, _SHOWN)}")


def compare_release_lists(root: Path, base: Path) -> list[str]:
    """A line for each list of the later release whose labels contradict the folders, or that is damaged.

    The lists give 0 to bona fide; the folders' names are believed in any case.
    """
    notes = []
    folders = dict.fromkeys((root / "protocol", base.parent / "protocol", base / "protocol", root))
    found = {path.resolve(): path for folder in folders for path in sorted(folder.glob("CASIA_SURF@*.txt"))}
    for path in found.values():
        if not inside(path, root):
            notes.append(f"{relative(path, root)}: is a link out of the data set; it is not used")
            continue
        try:
            lines = read_text(path).splitlines()
        except DataError as error:
            notes.append(str(error))
            continue
        wrong, odd = [], []
        for number, line in enumerate(lines, start=1):
            words = line.split()
            if not words:
                continue
            real = "/real_part/" in words[0]
            if len(words) != 2 or words[1] not in ("0", "1") or real == ("/fake_part/" in words[0]):
                odd.append(f"line {number}: {shown(line)}")
            elif (words[1] == "0") != real:
                wrong.append(f"line {number}")
        if wrong:
            notes.append(
                f"{path.name}: {len(wrong)} labels contradict their folder (real_part is 0 here);"
                f" the folder is believed: {listed(wrong)}"
            )
        if odd:
            notes.append(f"{path.name}: {len(odd)} lines are not <path> <label>: {listed(odd)}")
    return notes


def _fault(words: Sequence[str]) -> str:
    if len(words) not in (3, 4):
        return f"has {len(words)} fields where color, depth, ir and a label are expected"
    if len(words) == 4 and words[3] not in ("0", "1"):
        return f"label {shown(words[3])} is not 0 or 1"
    for word in words[:3]:
        if not _SAFE.fullmatch(word) or _PARENT.search(word):
            return f"{shown(word)} is not a path inside the package"
    for word, modality in zip(words[:3], ("color", "depth", "ir"), strict=True):
        if modality not in re.split(r"[/.-]", word):
            return f"{shown(word)} is not a {modality} image"
    return ""
