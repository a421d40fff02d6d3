"""Face boxes beside videos and frames: Replay-Attack's `.face` files, and `.dat` files of one frame.

A line of a `.face` file is `frame x y width height` between blanks, the corner at the top left; boxes of
other detectors have fractions of pixels. Not every frame has a line; a box without a size means that no face
was found. The box of the nearest frame stands in.
"""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from autofas.data.manifests.faults import shown
from autofas.data.preparation.crops import Box, whole_pixels
from autofas.data.readers.reading import read_text
from autofas.errors import DataError

_MAX_BYTES = 4 * 2**20
_MAX_FRAME = 10**6
_MAX_PIXELS = 10**5


@dataclass(frozen=True)
class BoxTrack:
    """The face boxes of a video by frame, and lines that made no sense."""

    found: dict[int, Box]
    unreadable: tuple[str, ...] = ()

    def box(self, frame: int) -> Box | None:
        """The box (x, y, width, height) of a frame, or of the nearest one that has a box; else None."""
        if not self.found:
            return None
        known = sorted(self.found)
        place = bisect_left(known, frame)
        near = [known[i] for i in (place - 1, place) if 0 <= i < len(known)]
        return self.found[min(near, key=lambda other: abs(other - frame))]


def read_boxes(path: Path) -> BoxTrack:
    """Parse a `.face` file; a line that is not a frame and four numbers is noted and left out.

    Raises `DataError` if the file cannot be read at all.
    """
    found: dict[int, Box] = {}
    unreadable = []
    for number, line in enumerate(read_text(path, _MAX_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            word, *numbers = line.split()
            x, y, width, height = (float(number) for number in numbers)
            frame, box = int(word), whole_pixels(x, y, width, height)
        except (ValueError, OverflowError):
            unreadable.append(f"{path.name} line {number}: {shown(line.strip())} is not frame x y w h")
            continue
        if not 0 <= frame < _MAX_FRAME or max(map(abs, box)) > _MAX_PIXELS:
            unreadable.append(f"{path.name} line {number}: {shown(line.strip())} is out of range")
        elif width > 0 and height > 0:
            found[frame] = box
    return BoxTrack(found, tuple(unreadable))


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
