"""Where pictures come from: every kind of source in order, and a reason where there is no picture."""

import numpy as np
import pytest
from PIL import Image

from autofas.deploy.sources import shots
from autofas.errors import ConfigError, DataError
from tests.data.data_files import picture, write_video


def told(*sources, **options):
    """Name, frame and reason of every shot; a picture where there is no reason."""
    found = list(shots([str(source) for source in sources], **options))
    assert all((shot.image is None) == bool(shot.reason) for shot in found)
    return [(shot.source, shot.frame, shot.reason) for shot in found]


def test_a_folder_is_gone_through_in_order_and_a_bad_file_stops_nothing(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.png", "b/a.png", ".hidden.png"):
        picture(0).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "d.png").write_bytes((tmp_path / "c.png").read_bytes()[:60])
    assert [(name.removeprefix(str(tmp_path)), reason[:12]) for name, _, reason in told(tmp_path)] == [
        ("/a.txt", "is not an im"),
        ("/b/a.png", ""),
        ("/c.png", ""),
        ("/d.png", "is truncated"),
    ]


def test_an_empty_folder_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    assert told(tmp_path / "empty") == [(str(tmp_path / "empty"), None, "the folder is empty")]


def test_a_video_gives_frames_evenly_spread(tmp_path):
    pytest.importorskip("av", reason="needs autofas[data]")
    video = write_video(tmp_path / "v.avi", frames=10, size=(32, 32))
    assert told(video, frames=2) == [(str(video), 2, ""), (str(video), 7, "")]
    assert [frame for _, frame, _ in told(video)] == [0, 1, 3, 4, 5, 6, 8, 9]  # eight unless told
    first, second = shots([str(video)], frames=2)
    assert np.asarray(first.image).mean() < np.asarray(second.image).mean()


def test_a_video_that_cannot_be_read_has_its_reason_without_its_name(tmp_path):
    pytest.importorskip("av", reason="needs autofas[data]")
    (tmp_path / "v.mp4").write_text("no video")
    ((name, frame, reason),) = told(tmp_path / "v.mp4")
    assert (name, frame) == (str(tmp_path / "v.mp4"), None)
    assert reason.startswith("is damaged or not a video")


class Camera:
    """Number 7 gives bright red pictures in BGR for ever, number 8 two of them, no other is there."""

    def __init__(self, index):
        self.left = {7: 100, 8: 2}.get(index, 0)
        self.released = False
        Camera.last = self

    def read(self):
        self.left -= 1
        return self.left >= 0, np.full((8, 8, 3), (0, 0, 200), np.uint8)

    def release(self):
        self.released = True


@pytest.fixture
def camera(monkeypatch):
    cv2 = pytest.importorskip("cv2", reason="needs autofas[data]")
    monkeypatch.setattr(cv2, "VideoCapture", Camera)


def test_a_camera_gives_as_many_as_are_asked_for(camera):
    found = list(shots(["7"], frames=3))
    assert [(shot.source, shot.frame) for shot in found] == [
        ("camera 7", 0),
        ("camera 7", 1),
        ("camera 7", 2),
    ]
    assert found[0].image.getpixel((0, 0)) == (200, 0, 0)  # RGB
    assert Camera.last.released


def test_a_camera_that_ends_is_let_go_and_one_that_is_not_there_is_said(camera):
    assert len(told("8")) == 2
    assert Camera.last.released
    with pytest.raises(DataError, match="camera 9 gives no picture; is it there, and free"):
        told("9")
    assert Camera.last.released


def test_a_camera_that_is_not_there_is_said_in_one_line(capfd):
    pytest.importorskip("cv2", reason="needs autofas[data]")
    with pytest.raises(DataError, match="camera 77 gives no picture"):
        told("77")
    assert capfd.readouterr().err == ""


def test_a_camera_without_opencv_is_told_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(DataError, match=r"a camera needs OpenCV, .* pip install 'autofas\[data\]'"):
        told("7")


def test_a_file_whose_name_is_a_number_is_no_camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4)).save("7", "PNG")
    assert told("7") == [("7", None, "")]


def test_a_source_without_a_name_is_not_the_working_folder():
    with pytest.raises(ConfigError, match="a source without a name does not exist"):
        told("")


def test_what_cannot_be_asked_for(tmp_path):
    with pytest.raises(
        ConfigError, match=r"gone.png does not exist; give an image, a folder, a video or a cam"
    ):
        told(tmp_path / "gone.png")
    with pytest.raises(ConfigError, match="0 frames cannot be judged; give one or more"):
        told(tmp_path, frames=0)
