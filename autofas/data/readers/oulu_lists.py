"""What OULU-NPU ought to hold, and how a copy on disk differs from it.

The public set is 4950 videos: 55 users, 6 phones, 3 sessions, one bona fide file, two prints and two
replays; users 01-20 train, 21-35 development, 36-55 test. The 42 protocol lists follow from the rules in
protocols.py; where the official list files lie on disk they are compared with the rules line by line. A
list's label is +1 for bona fide; for attacks -1, or -2 for replays in test lists. The instrument is taken
from the file's name, never from the label.
"""

import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pandas as pd

from autofas.data.manifests.faults import one_line, shown
from autofas.data.manifests.manifest import BONA_FIDE, SPLITS
from autofas.data.protocols.division import OULU_FOLDS, OULU_PAIS, OULU_PHONES, OULU_SESSIONS, oulu_split
from autofas.data.readers.reading import inner_folder, listed

NAME = re.compile(r"([1-6])_([1-3])_(0[1-9]|[1-4][0-9]|5[0-5])_([1-5])")
USERS = {"train": range(1, 21), "dev": range(21, 36), "test": range(36, 56)}
PAI_OF_FILE = {"1": BONA_FIDE, "2": "print1", "3": "print2", "4": "replay1", "5": "replay2"}
LIST_WORD = {"train": "Train", "dev": "Dev", "test": "Test"}
_MAX_LIST_BYTES = 2**20


def split_of_user(user: str) -> str:
    """The official split of a two-digit user number."""
    return next(split for split, users in USERS.items() if int(user) in users)


def fields_of(name: str) -> dict[str, str]:
    """Device, session, subject, instrument and split of a video's name such as `1_1_01_1`."""
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name} is not an OULU-NPU name")
    phone, session, user, file = match.groups()
    return {
        "video": name,
        "device": phone,
        "session": session,
        "subject": user,
        "pai": PAI_OF_FILE[file],
        "split": split_of_user(user),
    }


def official_videos() -> pd.DataFrame:
    """The 4950 public videos, a row each: video, device, session, subject, pai, split."""
    users = [f"{user:02d}" for users in USERS.values() for user in users]
    names = product(OULU_PHONES, OULU_SESSIONS, users, PAI_OF_FILE)
    return pd.DataFrame([fields_of("_".join(name)) for name in names])


def count_differences(videos: Iterable[str]) -> list[str]:
    """A line for each split and instrument of which fewer videos are there than the official count."""
    there = set(videos)
    official = official_videos()
    lines = []
    for split in SPLITS:
        part = official[official["split"] == split]
        for pai in OULU_PAIS:
            expected = list(part.loc[part["pai"] == pai, "video"])
            missing = [name for name in expected if name not in there]
            if missing:
                found = len(expected) - len(missing)
                lines.append(f"{split}: {found} of {len(expected)} {pai} videos; missing {listed(missing)}")
    return lines


def list_differences(root: Path) -> list[str]:
    """A line for each official list file under `root` that is missing, unreadable or differs from the
    rule.

    Nothing is reported where there is no Protocols folder: the rules suffice.
    """
    folder = inner_folder(root, "Protocols")
    if folder is None:
        return []
    official = official_videos()
    lines = []
    for protocol, folds in OULU_FOLDS.items():
        for fold in folds:
            parts = oulu_split(official, protocol, fold)
            for split, part in parts.items():
                suffix = "" if fold is None else f"_{fold}"
                path = folder / f"Protocol_{protocol}" / f"{LIST_WORD[split]}{suffix}.txt"
                lines += _compared(path, set(part["video"]))
    return lines


def _compared(path: Path, expected: set[str]) -> list[str]:
    where = f"{path.parent.name}/{path.name}"
    try:
        if not path.is_file() and path.exists():
            return [f"{where}: is not a file; the rule is used"]
        if path.stat().st_size > _MAX_LIST_BYTES:
            return [f"{where}: is too large for a protocol list"]
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return [f"{where}: is missing; the rule is used"]
    except OSError as error:
        return [f"{where}: cannot be read ({one_line(error)}); the rule is used"]
    lines = []
    named: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        label, _, name = (word.strip() for word in line.partition(","))
        if not re.fullmatch(r"[+-]?[0-2]", label) or NAME.fullmatch(name) is None:
            lines.append(f"{where} line {number}: {shown(line.strip())} is not <label>,<name>")
            continue
        if (int(label) > 0) != name.endswith("_1"):
            lines.append(
                f"{where} line {number}: label {label} contradicts the name {name}; the name is believed"
            )
        if name in named:
            lines.append(f"{where} line {number}: {name} is listed twice")
        named.add(name)
    for names, word in ((expected - named, "lacks"), (named - expected, "also has")):
        if names:
            lines.append(f"{where}: {word} {listed(sorted(names))} by the rule, which is used")
    return lines
