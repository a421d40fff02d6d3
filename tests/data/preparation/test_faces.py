"""Faces cut from frames: the largest with its margin, raw depth in the same square, names made safe."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.data.manifests.manifest import read_manifest
from autofas.data.preparation.detector import Face
from autofas.data.preparation.plan import Settings
from autofas.data.preparation.prepare import prepare
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, picture, write_rows
from tests.data.preparation.prepared import BOXED, reasons
from tests.data.video_files import face_frames

pytest.importorskip("av")


FILES = Settings(boxes="files", margin=1.0, size=32)


def test_every_row_without_a_face_is_listed_with_its_reason(tmp_path):
    (tmp_path / "images").mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside.png"
    picture(1).save(outside)
    for name in ("good", "boxless", "faraway"):
        picture(1).save(tmp_path / f"images/{name}.png")
    (tmp_path / "images/empty.png").write_bytes(b"")
    (tmp_path / "images/text.png").write_text("hello")
    (tmp_path / "images/link.png").symlink_to(outside)
    boxes = {"boxless": ["", "", "", ""], "faraway": [900, 900, 10, 10]}
    names = ["good", "boxless", "faraway", "empty", "text", "link", "gone"]
    rows = [[f"images/{n}.png", "print", n, "1", n, 0, "train", *boxes.get(n, [5, 5, 20, 20])] for n in names]
    manifest = read_manifest(write_rows(tmp_path / "manifest.csv", BOXED, rows))
    made = prepare(manifest, tmp_path / "out", FILES)
    assert list(made.manifest.table["video"]) == ["good"]
    assert [(Path(path).stem, why) for path, _, why in reasons(tmp_path / "out")] == [
        ("boxless", "the data set's files have no face box for it"),
        ("faraway", "the box (900, 900, 10, 10) lies outside its 40 x 30 image"),
        ("empty", "is empty (0 bytes)"),
        ("text", "is not an image (JPEG, PNG, BMP, PPM, WEBP, TIFF are read)"),
        ("link", "is a link out of the data's folder; put the file there, or move the manifest up"),
        ("gone", "no such file"),
    ]
    none = Settings(boxes="detector", detector="none")
    with pytest.raises(DataError, match=r"none of 7 rows gave a face; .*skipped\.csv lists why"):
        prepare(manifest, tmp_path / "nothing", none)
    assert ("images/good.png", "0", "no face was found by none") in reasons(tmp_path / "nothing")


def test_the_largest_face_is_cut_with_its_margin(tmp_path, monkeypatch):
    face = picture(3, (40, 40))
    frames = face_frames(face, 2, (160, 120), lambda n: (30 + 20 * n, 50))
    Image.fromarray(frames[0]).save(tmp_path / "v.png")

    class TwoFaces:
        name = "two"

        def detect(self, image):
            return [Face((0, 0, 10, 10), 0.99), Face((30, 50, 40, 40), 0.8)]

    monkeypatch.setattr("autofas.data.preparation.faces.make_detector", lambda name: TwoFaces())
    monkeypatch.setattr("autofas.data.preparation.prepare.make_detector", lambda name: TwoFaces())
    rows = [["v.png", "print", "1", "1", "v", 0, "train"]]
    manifest = read_manifest(write_rows(tmp_path / "manifest.csv", COLUMNS, rows))
    prepare(manifest, tmp_path / "out", Settings(margin=1.5))
    pixels = np.asarray(Image.open(tmp_path / "out/color/v/000000.png"))
    assert pixels.shape == (60, 60, 3)  # 40 times 1.5
    assert np.array_equal(pixels, frames[0][40:100, 20:80])


def test_raw_depth_becomes_eight_bit_in_the_same_square(tmp_path):
    depth = np.full((30, 40), 900, np.uint16)
    depth[10:20, 10:20] = np.arange(860, 960).reshape(10, 10)
    depth[12, 12] = 0
    Image.fromarray(depth).save(tmp_path / "d.png")
    Image.fromarray(depth.astype(np.uint16) * 64).save(tmp_path / "i.png")
    picture(0).save(tmp_path / "c.png")
    rows = [["c.png", "print", "1", "1", "v", 0, "train", 10, 10, 10, 10, "d.png", "i.png"]]
    manifest = read_manifest(write_rows(tmp_path / "manifest.csv", [*BOXED, "depth", "ir"], rows))
    settings = Settings(boxes="files", margin=1.0, modalities=("color", "depth", "ir"), depth="minmax")
    made = prepare(manifest, tmp_path / "out", settings)
    row = made.manifest.table.iloc[0]
    assert (row["depth"], row["ir"]) == ("depth/v/000000.png", "ir/v/000000.png")
    pixels = np.asarray(Image.open(tmp_path / "out" / row["depth"]))[..., 0].astype(int)
    assert pixels[0, 0] == 0  # 860, the least
    assert pixels[9, 9] == 255  # 959, the most
    mean = (depth[10:20, 10:20].sum()) / 99
    assert pixels[2, 2] == round((mean - 860) * 255 / 99)  # the hole
    infrared = np.asarray(Image.open(tmp_path / "out" / row["ir"]))[..., 0]
    assert infrared[5, 5] == (int(depth[15, 15]) * 64) >> 8
