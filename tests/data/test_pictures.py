"""Image files: upright RGB whatever they hold, faults in one line, nothing opened that is no image."""

import os
import stat
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from autofas.data import pictures
from autofas.data.pictures import decode_image, require_file, spread
from autofas.errors import DataError
from tests.data.data_files import picture

NOBODY = 65534


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "LA", "1"])
def test_every_eight_bit_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("x.tiff" if mode == "CMYK" else "x.png")
    picture(3).convert("L" if mode == "LA" else "RGB").convert(mode).save(path)
    image = decode_image(path)
    assert image.mode == "RGB"
    assert image.size == (40, 30)


def test_exif_orientation_is_applied(tmp_path):
    image = picture(0, (64, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to view
    image.save(tmp_path / "x.jpg", exif=exif, quality=100, subsampling=0)
    upright = decode_image(tmp_path / "x.jpg")
    assert upright.size == (32, 64)
    expected = np.rot90(np.asarray(image), k=-1).astype(int)
    assert np.abs(np.asarray(upright).astype(int) - expected).mean() < 4


def test_faults_of_images(tmp_path, monkeypatch):
    good = tmp_path / "good.jpg"
    picture(0, (200, 200)).save(good)
    (tmp_path / "cut.jpg").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "page.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    Image.fromarray(np.full((8, 8), 1000, np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "folder.png").mkdir()
    for name, message in [
        ("absent.jpg", "no such file"),
        ("cut.jpg", "is truncated or damaged"),
        ("empty.jpg", r"is empty \(0 bytes\)"),
        ("text.jpg", r"is not an image \(JPEG"),
        ("page.png", "is not an image"),  # no PostScript: it would start a program
        ("deep.png", "store it as an 8-bit image"),
        ("folder.png", "is a folder"),
    ]:
        with pytest.raises(DataError, match=message):
            decode_image(tmp_path / name)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 39_999)
    with pytest.raises(DataError, match="200 x 200 pixels is over the limit of 39999"):
        decode_image(good)


def test_a_header_that_claims_too_much_is_refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    picture(0).save(path)
    raw = bytearray(path.read_bytes())
    raw[16:24] = struct.pack(">II", 60_000, 60_000)
    raw[29:33] = struct.pack(">I", zlib.crc32(bytes(raw[12:29])))
    path.write_bytes(raw)
    with pytest.raises(DataError, match="over the limit"):
        decode_image(path)


def test_spread_by_hand():
    assert spread(10, 1) == [5]
    assert spread(10, 2) == [2, 7]
    assert spread(9, 3) == [1, 4, 7]
    assert spread(3, 5) == [0, 1, 2]
    assert spread(3, None) == [0, 1, 2]
    assert spread(0, 4) == []
    with pytest.raises(DataError, match="at least 1, not 0"):
        spread(5, 0)


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded(tmp_path):
    place = tmp_path / "a.jpg"
    picture(1, (64, 64)).save(place, "JPEG", progressive=True)
    assert decode_image(place).size == (64, 64)
    content = place.read_bytes()
    last = content.rindex(b"\xff\xda")
    place.write_bytes(content[:last] + content[last:-2] * 100 + b"\xff\xd9")
    with pytest.raises(DataError, match=r"has 1\d\d scans, over the limit of 64"):
        decode_image(place)


def test_a_pipe_under_an_images_name_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(DataError, match="is a pipe, socket or device"):
        decode_image(tmp_path / "a.png")


def test_spread_indices_are_distinct_ascending_and_centred():
    for total in range(1, 40):
        for count in range(1, total + 1):
            found = spread(total, count)
            assert found == sorted(set(found))
            assert len(found) == count
            assert abs(found[0] - (total - 1 - found[-1])) <= 1  # as far from the start as from the end


def test_a_file_of_absurd_size_is_refused_by_its_size_alone(tmp_path):
    place = tmp_path / "a.png"
    with place.open("wb") as stream:
        stream.truncate(2**30 + 1)  # sparse: no block of it is on the disk
    with pytest.raises(DataError, match=f"has {2**30 + 1} bytes, over the limit of {2**30}"):
        decode_image(place)
    require_file(tmp_path)  # a folder is left to who opens it
    with pytest.raises(FileNotFoundError):
        require_file(tmp_path / "none.png")


def test_a_file_that_may_not_be_read_is_said(tmp_path):
    picture(0).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(stat.S_IWUSR)
    user = os.geteuid()
    try:
        if user == 0:  # root may read everything
            os.seteuid(NOBODY)
        with pytest.raises(DataError, match=r"cannot be read \(permission denied\)"):
            decode_image(tmp_path / "a.png")
    finally:
        os.seteuid(user)


def test_transparency_is_dropped_and_colours_stay(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 200, 3  # red, all but invisible
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (np.asarray(decode_image(tmp_path / "a.png")) == (200, 0, 0)).all()
