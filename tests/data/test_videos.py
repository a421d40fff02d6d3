"""Frames of videos: upright in all eight orientations, and one count whatever packets a container holds."""

import builtins
import struct

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autofas.data.batches.crop_store import FrameStore
from autofas.data.frames import check_files
from autofas.data.manifests.manifest import Manifest
from autofas.data.readers.reading import frame_counts
from autofas.data.videos import count_frames, count_whole_frames, decode_frames, upright
from autofas.errors import DataError
from autofas.storage.media import VIDEO_SUFFIXES
from tests.data.data_files import write_video
from tests.data.video_files import level_of, write_packets

av = pytest.importorskip("av")

ONE = 1 << 16
EIGHT = {  # where the four quarters red, green / blue, white end up
    (1, 0, 0, 1): "RGBW",
    (0, 1, -1, 0): "BRWG",  # a quarter turn clockwise
    (-1, 0, 0, -1): "WBGR",
    (0, -1, 1, 0): "GWRB",
    (-1, 0, 0, 1): "GRWB",  # mirrored, as front cameras write it
    (1, 0, 0, -1): "BWRG",
    (0, 1, 1, 0): "RBGW",
    (0, -1, -1, 0): "WGBR",
}
COLOURS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "W": (255, 255, 255)}


def quarters(image: Image.Image) -> str:
    """The colours of an image's four quarters, row by row."""
    pixels = np.asarray(image).astype(int)
    height, width, _ = pixels.shape
    middles = [pixels[y * height // 4, x * width // 4] for y in (1, 3) for x in (1, 3)]
    return "".join(
        min(COLOURS, key=lambda name: int(((middle - COLOURS[name]) ** 2).sum())) for middle in middles
    )


def four_colours() -> np.ndarray:
    pixels = np.zeros((64, 96, 3), np.uint8)
    for name, (y, x) in zip("RGBW", ((0, 0), (0, 48), (32, 0), (32, 48)), strict=True):
        pixels[y : y + 32, x : x + 48] = COLOURS[name]
    return pixels


def with_matrix(path, numbers):
    """Put a display matrix into a file's track header."""
    raw = path.read_bytes()
    start = raw.index(b"tkhd") + 44  # version, times, ids and sizes come before the matrix
    assert struct.unpack(">9i", raw[start : start + 36])[0] == ONE
    a, b, c, d = numbers
    path.write_bytes(raw[:start] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + raw[start + 36 :])


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_the_asked_frames_of_a_real_video(tmp_path, suffix):
    path = write_video(tmp_path / f"v{suffix}")
    assert count_frames(path) == 12
    found = dict(decode_frames(path, [11, 0, 5, 5]))
    assert list(found) == [0, 5, 11]
    for number, image in found.items():
        assert image.size == (64, 48)
        grey = np.asarray(image)[30:, 30:].mean()
        assert abs(grey - (10 + 16 * number)) < 4  # 16 grey levels apart, so no neighbour would pass


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("matrix", EIGHT)
def test_every_orientation_is_shown_as_its_display_matrix_says(tmp_path, matrix, suffix):
    path = write_packets(tmp_path / f"v{suffix}", [four_colours()] * 3)
    with_matrix(path, [ONE * number for number in matrix])
    _, image = next(decode_frames(path, [1]))
    assert image.size == ((96, 64) if matrix[0] else (64, 96))
    assert quarters(image) == EIGHT[matrix]


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((2, 0, 0, 2), "RGBW"),  # scaled
        ((-5, 1, 1, 4), "GRWB"),  # mirrored and a little askew
        ((1, 9, -9, 1), "BRWG"),  # nearly a quarter turn
        ((0, 0, 0, 0), "RGBW"),  # says nothing
        ((1, 1, 1, 1), "RGBW"),  # flattens the picture
    ],
)
def test_other_matrices_give_the_nearest_orientation(matrix, expected):
    assert quarters(upright(Image.fromarray(four_colours()), matrix)) == expected


def greys(count: int) -> list[np.ndarray]:
    return [np.full((48, 64, 3), 10 + 16 * number, np.uint8) for number in range(count)]


def hide(packet, number: int):
    """A VP8 packet whose picture serves as a reference and is not shown."""
    data = bytearray(bytes(packet))
    if number == 4:
        data[0] &= ~0x10  # show_frame, RFC 6386, 9.1
    hidden = av.Packet(bytes(data))
    hidden.pts, hidden.dts, hidden.time_base = packet.pts, packet.dts, packet.time_base
    hidden.is_keyframe = packet.is_keyframe
    return hidden


CONTAINERS = {  # name, arguments of write_packets, the levels that are shown
    "B-frames": ("v.mp4", {"codec": "libx264", "b_frames": 2}, range(12)),
    "B-frames in Matroska": ("v.mkv", {"codec": "libx264", "b_frames": 2}, range(12)),
    "B-frames in AVI": ("v.avi", {"b_frames": 2}, range(12)),
    "edit list that starts late": ("v.mp4", {"codec": "libx264", "b_frames": 2, "first": -3}, range(3, 12)),
    "edit list without B-frames": ("v.mov", {"first": -4}, range(4, 12)),
    "starts after zero": ("v.mov", {"first": 5}, range(12)),
    "starts before zero": ("v.mkv", {"first": -3}, range(12)),
    "no duration": ("v.webm", {"codec": "libvpx", "options": {"live": "1"}}, range(12)),
    "dropped frames": ("v.avi", {"times": [0, 1, 2, 6, 7, 8, 20, 21, 22, 23, 24, 25]}, range(12)),
    "hidden packet": ("v.webm", {"codec": "libvpx", "change": hide}, [0, 1, 2, 3, *range(5, 12)]),
    "fragments": ("v.mp4", {"options": {"movflags": "frag_keyframe+empty_moov"}}, range(12)),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_counting_checking_and_decoding_agree_in_every_container(tmp_path, name):
    file, arguments, levels = CONTAINERS[name]
    path = write_packets(tmp_path / file, greys(12), **arguments)
    count = len(levels)
    assert count_frames(path) == count
    notes: list[str] = []
    assert frame_counts([path], notes, tmp_path) == {path: count}
    assert notes == []
    decoded = dict(decode_frames(path, range(count)))
    assert [round((level_of(image) - 10) / 16) for image in decoded.values()] == list(levels)
    with pytest.raises(DataError, match=f"has {count} frames; frame {count} does not exist"):
        list(decode_frames(path, [count]))
    row = {"path": file, "pai": "print", "subject": "1", "session": "1", "video": "v", "split": "train"}
    table = pd.DataFrame([{**row, "frame": frame} for frame in range(count)])
    assert check_files(Manifest(table, tmp_path)) == count
    past = pd.DataFrame([{**row, "frame": count}], index=[7])
    with pytest.raises(DataError, match=f"line 7, path: '{file}' has {count} frames; frame {count} does not"):
        check_files(Manifest(past, tmp_path))


def test_the_containers_hold_what_their_names_say(tmp_path):
    packets = {}
    for name in ("edit list that starts late", "hidden packet", "no duration"):
        file, arguments, _ = CONTAINERS[name]
        path = write_packets(tmp_path / f"{len(packets)}{file}", greys(12), **arguments)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            packets[name] = [(packet.size, packet.is_discard) for packet in container.demux(stream)]
            if name == "no duration":
                assert not container.duration
                assert not stream.duration
                assert not stream.frames
    assert sum(discard for _, discard in packets["edit list that starts late"]) == 3
    assert sum(size > 0 for size, _ in packets["hidden packet"]) == 12


def test_faults_of_videos(tmp_path):
    path = write_video(tmp_path / "v.avi")
    with pytest.raises(DataError, match="has 12 frames; frame 12 does not exist"):
        list(decode_frames(path, [0, 12]))
    with pytest.raises(DataError, match="no such file"):
        list(decode_frames(tmp_path / "absent.avi", [0]))
    with pytest.raises(DataError, match=r"absent\.avi: no such file"):
        count_frames(tmp_path / "absent.avi")
    (tmp_path / "text.avi").write_text("not a video at all")
    for ask in (lambda p: list(decode_frames(p, [0])), count_frames):
        with pytest.raises(DataError, match="damaged or not a video"):
            ask(tmp_path / "text.avi")
    (tmp_path / "cut.avi").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"frame 11 does not exist|damaged"):
        list(decode_frames(tmp_path / "cut.avi", [11]))


def test_the_frames_before_the_damage_are_counted_and_the_damage_is_noted(tmp_path):
    def spoil(packet, number):
        if number == 7:
            spoilt = av.Packet(b"\xff\xd8 no picture")
            spoilt.pts, spoilt.dts, spoilt.time_base = packet.pts, packet.dts, packet.time_base
            return spoilt
        return packet

    path = write_packets(tmp_path / "v.mov", greys(12), codec="mjpeg", change=spoil)
    count, fault = count_whole_frames(path)
    assert count == 7
    assert "damaged" in fault
    assert [number for number, _ in decode_frames(path, range(7))] == list(range(7))
    with pytest.raises(DataError, match="damaged"):
        list(decode_frames(path, [7]))
    notes: list[str] = []
    assert frame_counts([path], notes, tmp_path) == {path: 7}
    assert notes == [f"v.mov: {fault}; its first 7 frames are used"]


def test_without_pyav_one_line_names_the_extra(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **named):
        if name == "av":
            raise ImportError("no av")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    line = r"^videos need PyAV, which is not installed; pip install 'autofas\[data\]'$"
    with pytest.raises(DataError, match=line):
        list(decode_frames(tmp_path / "v.avi", [0]))
    columns = {"pai": "print", "subject": "1", "session": "1", "video": "v", "split": "train"}
    table = pd.DataFrame([{"path": "v.avi", **columns, "frame": frame} for frame in range(9)])
    for ask in (check_files, FrameStore.build):
        with pytest.raises(DataError, match=line):
            ask(Manifest(table, tmp_path))


@pytest.mark.parametrize("kind", ["concat", "playlist"])
def test_a_list_of_other_files_is_no_video(tmp_path, kind):
    write_video(tmp_path / "secret.avi")  # FFmpeg by itself follows the first kind to it
    lists = {
        "concat": "ffconcat version 1.0\nfile secret.avi\n",
        "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.avi\n#EXT-X-ENDLIST\n",
    }
    place = tmp_path / "v.mov"
    place.write_text(lists[kind])
    with pytest.raises(DataError, match="is damaged or not a video"):
        list(decode_frames(place, [0]))
    with pytest.raises(DataError, match="is damaged or not a video"):
        count_frames(place)
