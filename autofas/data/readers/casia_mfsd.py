"""Reading a folder of CASIA-MFSD, also called CASIA-FASD (Zhang et al., ICB 2012), into manifest rows.

<root>/train_release/{1..20}/{1..8,HR_1..HR_4}.avi            240 videos, 60 bona fide
<root>/test_release/{1..30}/ with the same twelve names       360 videos, 90 bona fide
A folder of numbered frames may stand in place of a video: train_release/1/HR_1/12.jpg.

A name says what is shown, by three qualities of camera: 1, 2 and HR_1 bona fide; 3, 4 and HR_2 a warped
print; 5, 6 and HR_3 a print with the eyes cut out; 7, 8 and HR_4 a video replay. Which of the first two is
called normal and which low follows public loaders, not the original notes. `device` is the quality.
Folder numbers repeat, so a subject is `train_01` or `test_01`. There is no development set and no face
box file.
"""

import os
from collections import Counter
from pathlib import Path

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.readers.reading import (
    FRAMES_PER_VIDEO,
    About,
    Reading,
    checked,
    count_lines,
    entries,
    inner_folder,
    listed,
    relative,
)
from autofas.data.readers.recordings import Recording, find_recordings, frame_rows
from autofas.errors import DataError

ABOUT = About(
    "CASIA-MFSD",
    "the face anti-spoofing database of the Chinese Academy of Sciences (600 videos)",
    "given for research on application to the authors at CBSR, Institute of Automation",
    "train_release/{1..20}/ and test_release/{1..30}/ with 1.avi to 8.avi and HR_1.avi to HR_4.avi, or a"
    " folder of numbered frames in place of each; give their parent as --data-root",
)
SUBJECTS = {"train": 20, "test": 30}
FOLDERS = {
    "train": ("train_release", "train", "Train"),
    "test": ("test_release", "test", "Test"),
}
QUALITIES = ("normal", "low", "high")
NAMES = {  # by instrument, in the order of the qualities
    BONA_FIDE: ("1", "2", "HR_1"),
    "warped_print": ("3", "4", "HR_2"),
    "cut_print": ("5", "6", "HR_3"),
    "video_replay": ("7", "8", "HR_4"),
}
_MEANING = {
    stem.lower(): (pai, quality)
    for pai, stems in NAMES.items()
    for stem, quality in zip(stems, QUALITIES, strict=True)
}


def official_videos() -> list[dict[str, str]]:
    """The 600 videos with the columns of the manifest and their path."""
    return [
        {"path": f"{split}_release/{number}/{stem}.avi", **fields_of(split, number, stem)}
        for split, count in SUBJECTS.items()
        for number in range(1, count + 1)
        for stems in NAMES.values()
        for stem in stems
    ]


def fields_of(split: str, number: int, stem: str) -> dict[str, str]:
    """Subject, instrument, quality and video name of `<split>_release/<number>/<stem>.avi`."""
    pai, quality = _MEANING[stem.lower()]
    return {
        "video": f"{split}_{number:02d}_{stem}",
        "device": quality,
        "session": "1",
        "subject": f"{split}_{number:02d}",
        "pai": pai,
        "split": split,
    }


def read(root: str | os.PathLike[str], frames_per_video: int | None = FRAMES_PER_VIDEO) -> Reading:
    """Evenly spread frames of every video under `root`; `None` takes all frames.

    Needs PyAV, which counts the frames. Raises `DataError` with what to do if nothing of the set is there.
    """
    place = Path(root)
    notes: list[str] = []
    found: dict[str, tuple[Recording, dict[str, str]]] = {}
    for split, words in FOLDERS.items():
        folder = inner_folder(place, *words)
        if folder is None:
            continue
        strange: list[str] = []
        for entry in entries(folder, place, notes):
            number = int(entry.name) if entry.name.isascii() and entry.name.isdigit() else 0
            if not entry.is_dir() or not 1 <= number <= SUBJECTS[split]:
                strange.append(entry.name)
                continue
            videos, others = find_recordings(Path(entry.path), place, notes)
            strange += [f"{entry.name}/{name}" for name in others]
            for video in videos:
                if video.name.lower() not in _MEANING:
                    strange.append(f"{entry.name}/{video.path.name}")
                    continue
                fields = fields_of(split, number, video.name.upper())
                earlier = found.setdefault(fields["video"], (video, fields))[0].path
                if earlier != video.path:
                    notes.append(f"{relative(video.path, place)}: repeats {relative(earlier, place)}")
        if strange:
            notes.append(f"{folder.name}: {listed(strange)} not recognised and not used")
    if not found:
        raise DataError(ABOUT.missing(place))
    rows = frame_rows([*found.values()], place, frames_per_video, notes)
    if not rows:
        raise DataError(f"{place}: no video of CASIA-MFSD can be read: {listed(notes, 2)}")
    official = Counter((video["split"], video["pai"]) for video in official_videos())
    there = Counter((fields["split"], fields["pai"]) for _, fields in found.values())
    return checked(rows, place, [*count_lines(there, official), *notes])
