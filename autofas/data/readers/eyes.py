"""OULU-NPU's eye files and the face square that two eyes imply.

A file `<id>.txt` has one line a frame: frame index from 0, then x, y of the eye on the image's left and
x, y of the other, in pixels, separated by commas. Zeros mean that no face was found; the nearest frame with
a face stands in.

The square: with d the distance between the eyes, its side is 2.8 d and its centre lies 0.4 d below the
point between the eyes, along the face's own vertical. An adult's eyes are some 63 mm apart and the face,
hairline to chin, some 185 mm high and 140 mm wide, the eyes some 70 mm below the hairline; so the square
reaches from 1.0 d above the eyes to 1.8 d below and holds the whole face before any margin. It stays
upright when the head is tilted.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from autofas.data.manifests.faults import one_line, shown
from autofas.data.preparation.crops import Box
from autofas.errors import DataError
from autofas.storage.files import file_size

SIDE_IN_EYE_DISTANCES = 2.8
DROP_IN_EYE_DISTANCES = 0.4
_MAX_BYTES = 4 * 2**20  # an official file has about 150 lines
_MAX_FRAME = 10**6

Eyes = tuple[int, int, int, int]


@dataclass(frozen=True)
class EyeTrack:
    """The eyes of a video: its number of frames, where eyes were found, and lines that made no sense."""

    frames: int
    found: dict[int, Eyes]
    unreadable: tuple[str, ...] = ()

    def box(self, frame: int) -> Box | None:
        """The face square (x, y, side, side) of a frame, or of the nearest one with eyes; else None."""
        if not self.found:
            return None
        known = self._known
        place = bisect_left(known, frame)
        near = [known[i] for i in (place - 1, place) if 0 <= i < len(known)]
        return face_from_eyes(self.found[min(near, key=lambda other: abs(other - frame))])

    @property
    def _known(self) -> list[int]:
        return sorted(self.found)


def read_eyes(path: Path) -> EyeTrack:
    """Parse an eye file; a line that is not five numbers is noted and its frame treated as
    undetected.

    Raises `DataError` if the file cannot be read at all.
    """
    try:
        file_size(path, _MAX_BYTES, DataError)
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({one_line(error)})") from error
    found: dict[int, Eyes] = {}
    unreadable = []
    frames = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            frame, x1, y1, x2, y2 = (round(float(word)) for word in line.split(","))
        except (ValueError, OverflowError):
            unreadable.append(f"{path.name} line {number}: {shown(line.strip())} is not frame,x1,y1,x2,y2")
            frames += 1
            continue
        if not 0 <= frame < _MAX_FRAME:
            unreadable.append(f"{path.name} line {number}: frame {frame} is out of range")
            continue
        frames = max(frames, frame + 1)
        if (x1, y1) != (x2, y2) and min(x1, y1, x2, y2) >= 0 and (x1 or y1) and (x2 or y2):
            found[frame] = (x1, y1, x2, y2)
    return EyeTrack(frames, found, tuple(unreadable))


def face_from_eyes(eyes: Eyes) -> Box:
    """The face square (x, y, side, side) in whole pixels from two different eye points, in either order."""
    (x1, y1), (x2, y2) = sorted((eyes[:2], eyes[2:]))  # the eye further left first, so that down is down
    across, down = x2 - x1, y2 - y1
    side = SIDE_IN_EYE_DISTANCES * math.hypot(across, down)
    centre_x = (x1 + x2) / 2 - DROP_IN_EYE_DISTANCES * down
    centre_y = (y1 + y2) / 2 + DROP_IN_EYE_DISTANCES * across
    whole = max(1, round(side))
    return round(centre_x - side / 2), round(centre_y - side / 2), whole, whole
