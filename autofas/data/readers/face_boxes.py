"""Face boxes beside videos and frames, in the forms in which published sets ship them.

`read_boxes`: Replay-Attack's `.face` files, a line `frame x y width height` with the corner at the top left.
`read_corner_boxes`: the `.face` files of MSU-MFSD, a line `frame,left,top,right,bottom,...`, and those of
SiW, a line `left top right bottom` a frame. `read_single_box`: `.dat` files of one frame. Boxes of other
detectors have fractions of pixels. Not every frame has a line; a box without a size means that no face was
found. The box of the nearest frame stands in.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autofas.data.manifests.faults import shown
from autofas.data.preparation.crops import Box, whole_pixels
from autofas.data.readers.reading import inside, read_text, relative
from autofas.errors import DataError

_MAX_BYTES = 4 * 2**20
_MAX_FRAME = 10**6
_MAX_PIXELS = 10**5
_BLANKS = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class BoxTrack:
    """The face boxes of a video by frame, lines that made no sense, and its frames where each has a line."""

    found: dict[int, Box]
    unreadable: tuple[str, ...] = ()
    frames: int = 0

    def box(self, frame: int) -> Box | None:
        """The box (x, y, width, height) of a frame, or of the nearest one that has a box; else None."""
        if not self.found:
            return None
        known = sorted(self.found)
        place = bisect_left(known, frame)
        near = [known[i] for i in (place - 1, place) if 0 <= i < len(known)]
        return self.found[min(near, key=lambda other: abs(other - frame))]


def read_boxes(path: Path) -> BoxTrack:
    """Parse a `.face` file of `frame x y width height`; a line that is something else is noted and left out.

    Raises `DataError` if the file cannot be read at all.
    """

    def parsed(line: str, _: int) -> tuple[int, Box]:
        word, *numbers = line.split()
        x, y, width, height = map(float, numbers)
        return int(word), whole_pixels(x, y, width, height)

    return _track(path, parsed, "frame x y w h")


def read_corner_boxes(path: Path, *, numbered: bool) -> BoxTrack:
    """Parse a `.face` file of two corners a line, as `read_boxes` does; columns after them are left alone.

    With `numbered` a line starts with its frame's number, else the lines are frames 0, 1, 2, ...
    """

    def parsed(line: str, place: int) -> tuple[int, Box]:
        words = _BLANKS.split(line.strip(" \t,"))
        frame = int(words.pop(0)) if numbered else place
        left, top, right, bottom = map(float, words[:4])
        return frame, whole_pixels(left, top, right - left, bottom - top)

    if numbered:
        return _track(path, parsed, "frame, left, top, right, bottom")
    return _track(path, parsed, "left top right bottom", every=True)


def _track(
    path: Path, parsed: Callable[[str, int], tuple[int, Box]], form: str, *, every: bool = False
) -> BoxTrack:
    found: dict[int, Box] = {}
    unreadable = []
    place = 0
    for number, line in enumerate(read_text(path, _MAX_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            frame, box = parsed(line, place)
        except (ValueError, OverflowError):
            unreadable.append(f"{path.name} line {number}: {shown(line.strip())} is not {form}")
        else:
            if not 0 <= frame < _MAX_FRAME or max(map(abs, box)) > _MAX_PIXELS:
                unreadable.append(f"{path.name} line {number}: {shown(line.strip())} is out of range")
            elif box[2] > 0 and box[3] > 0:
                found[frame] = box
        place += 1
    return BoxTrack(found, tuple(unreadable), place if every else 0)


def read_single_box(path: Path) -> Box | None:
    """The box (x, y, width, height) of a file of four numbers, one a line, or None for one without a size.

    Raises `DataError` where the file is something else.
    """
    try:
        x, y, width, height = (float(word) for word in read_text(path, _MAX_BYTES).split()[:4])
        box = whole_pixels(x, y, width, height)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path}: is not left, top, width and height of a box") from error
    if max(map(abs, box)) > _MAX_PIXELS:
        raise DataError(f"{path}: the box is out of range")
    return box if width > 0 and height > 0 else None


def box_beside(frame: Path, root: Path, notes: list[str]) -> Box | None:
    """The box in the `.dat` file of a frame's image; None where there is none or it makes no sense, noted."""
    place = frame.with_suffix(".dat")
    if not place.is_file() or not inside(place, root):
        return None
    try:
        return read_single_box(place)
    except DataError:
        notes.append(f"{relative(place, root)}: not four numbers left, top, width and height; it is not used")
        return None
