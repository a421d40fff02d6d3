"""Eye files: the face square by hand, and the files as they may come."""

import pytest

from autofas.data.readers.eyes import face_from_eyes, read_eyes
from autofas.errors import DataError
from tests.data.data_files import EYES


def test_the_face_square_by_hand():
    # eyes 100 apart on a level line: side 280, centre 40 below the middle
    assert face_from_eyes((50, 100, 150, 100)) == (100 - 140, 140 - 140, 280, 280)
    assert face_from_eyes((150, 100, 50, 100)) == face_from_eyes((50, 100, 150, 100))
    # head turned by a right angle on its side: the face's down is the image's left
    x, y, side, _ = face_from_eyes((100, 50, 100, 150))
    assert (x + side / 2, y + side / 2) == (100 - 40, 100)


def test_eye_file_with_undetected_frames(tmp_path):
    (tmp_path / "a.txt").write_text(EYES)
    track = read_eyes(tmp_path / "a.txt")
    assert track.frames == 6
    assert sorted(track.found) == [1, 4]
    near, far = face_from_eyes((40, 50, 60, 50)), face_from_eyes((140, 150, 160, 150))
    assert [track.box(frame) for frame in range(6)] == [near, near, near, far, far, far]


def test_eye_files_as_they_may_come(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0, 10, 20, 30, 20\r\n\r\n1,10,20\r\nhello\r\n7,0,0,0,0\r\n-3,1,2,3,4\r\n")
    track = read_eyes(path)
    assert track.frames == 8
    assert list(track.found) == [0]
    assert [note.split(":")[0] for note in track.unreadable] == [
        "a.txt line 3",
        "a.txt line 4",
        "a.txt line 6",
    ]
    path.write_text("0,0,0,0,0\n1,0,0,0,0\n")
    assert read_eyes(path).box(0) is None
    path.write_text("")
    assert read_eyes(path).frames == 0
    with pytest.raises(DataError, match="cannot be read"):
        read_eyes(tmp_path / "absent.txt")
