"""Decoding: images and videos as they come, faults by row, and nothing opened that is not an image."""

import os
import struct

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autofas.data.pictures as pictures_module
from autofas.data.frames import check_files, sample_frames
from autofas.data.manifests.manifest import Manifest
from autofas.data.pictures import decode_image, spread
from autofas.errors import DataError
from tests.data.data_files import picture, write_video

av = pytest.importorskip("av")


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
    monkeypatch.setattr(pictures_module, "MAX_PIXELS", 39_999)
    with pytest.raises(DataError, match="200 x 200 pixels is over the limit of 39999"):
        decode_image(good)


def test_a_header_that_claims_too_much_is_refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    picture(0).save(path)
    raw = bytearray(path.read_bytes())
    raw[16:24] = struct.pack(">II", 60_000, 60_000)
    import zlib

    raw[29:33] = struct.pack(">I", zlib.crc32(bytes(raw[12:29])))
    path.write_bytes(raw)
    with pytest.raises(DataError, match="over the limit"):
        decode_image(path)


def test_check_files_names_every_bad_row(make_manifest, tmp_path):
    manifest = make_manifest(subjects=2)
    assert check_files(manifest) == 12
    paths = list(manifest.table["path"])
    (tmp_path / paths[1]).unlink()
    (tmp_path / paths[4]).write_bytes((tmp_path / paths[4]).read_bytes()[:80])
    (tmp_path / paths[7]).write_text("text")
    with pytest.raises(DataError) as caught:
        check_files(manifest)
    message = str(caught.value)
    assert message.startswith(
        f"{tmp_path / 'manifest.csv'}: 3 faults: line 3, path: '{paths[1]}' no such file; "
    )
    assert f"line 6, path: '{paths[4]}' is truncated or damaged" in message
    assert f"line 9, path: '{paths[7]}' is not an image" in message


def test_check_files_of_video_rows(tmp_path):
    write_video(tmp_path / "v.avi", frames=5)
    columns = {
        "path": "v.avi",
        "pai": "print",
        "subject": "1",
        "session": "1",
        "video": "v",
        "split": "train",
    }
    table = pd.DataFrame([{**columns, "frame": frame} for frame in (0, 4, 7)], index=[2, 3, 4])
    with pytest.raises(DataError, match=r"line 4, path: 'v.avi' has 5 frames; frame 7 does not exist"):
        check_files(Manifest(table, tmp_path))
    assert check_files(Manifest(table.iloc[:2], tmp_path)) == 2


def test_check_files_of_other_modalities(make_manifest, tmp_path):
    manifest = make_manifest(subjects=1)
    with pytest.raises(DataError, match="has no column depth"):
        check_files(manifest, ("color", "depth"))
    with pytest.raises(DataError, match="modality 'colour' does not exist; choose color, depth, ir"):
        check_files(manifest, ("colour",))
    table = manifest.table.assign(depth=[*manifest.table["path"].iloc[:-1], ""])
    with pytest.raises(DataError, match="line 7, depth: is empty, and the depth images are asked for"):
        check_files(Manifest(table, tmp_path), ("color", "depth"))


def test_spread_by_hand():
    assert spread(10, 1) == [5]
    assert spread(10, 2) == [2, 7]
    assert spread(9, 3) == [1, 4, 7]
    assert spread(3, 5) == [0, 1, 2]
    assert spread(3, None) == [0, 1, 2]
    assert spread(0, 4) == []
    with pytest.raises(DataError, match="at least 1, not 0"):
        spread(5, 0)


def test_sampling_takes_frames_of_each_video_in_time_order():
    table = pd.DataFrame({"video": list("aaaabb"), "frame": [30, 10, 20, 0, 5, 4]})
    sampled = sample_frames(table, 2)
    assert list(zip(sampled["video"], sampled["frame"], strict=True)) == [
        ("a", 30),
        ("a", 10),
        ("b", 5),
        ("b", 4),
    ]
    assert sample_frames(table, None) is table


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
