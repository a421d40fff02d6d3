"""The plan of a preparation: names that are no file names, other settings, changed sources."""

import os

import pytest

from autofas.data.manifests.manifest import read_manifest
from autofas.data.preparation.plan import Settings, plan
from autofas.data.preparation.prepare import prepare
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, picture, write_rows
from tests.data.preparation.prepared import manifest_of, tree
from tests.data.video_files import grey_frames, write_frames

pytest.importorskip("av")


FILES = Settings(boxes="files", margin=1.0, size=32)


def test_names_that_are_no_file_names(tmp_path):
    names = ["../../up", "a/b", "ümläut 人", ".hidden", "x" * 300, "plain", "a b"]
    rows: list[list[object]] = []
    for number, name in enumerate(names):
        picture(number).save(tmp_path / f"{number}.png")
        rows.append([f"{number}.png", "print", "1", "1", name, 0, "train"])
    picture(9).save(tmp_path / "9.png")
    rows.append(["9.png", "print", "1", "1", "plain", 0, "train"])  # a second image of the same number
    manifest = read_manifest(write_rows(tmp_path / "manifest.csv", COLUMNS, rows))
    made = prepare(manifest, tmp_path / "out", Settings(boxes="none"))
    paths = list(made.manifest.table["path"])
    assert len(set(paths)) == 8
    assert "color/plain/000000.png" in paths
    assert "color/plain/000000-1.png" in paths
    assert all((tmp_path / "out" / path).is_file() for path in paths)
    assert {p.name for p in tmp_path.parent.iterdir() if p.name == "up"} == set()
    assert list(made.manifest.table["video"]) == [*names, "plain"]


def test_other_settings_and_a_second_process_are_refused(tmp_path):
    import fcntl

    write_frames(tmp_path / "a.avi", grey_frames(3, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, ["a.avi"], 3)
    prepare(manifest, tmp_path / "out", FILES)
    with pytest.raises(
        DataError, match=r"holds faces prepared otherwise \(margin 1\.0 and now 1\.3, size 32"
    ):
        prepare(manifest, tmp_path / "out", Settings(boxes="files"))
    with (tmp_path / "out/.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="another process is preparing into it"):
            prepare(manifest, tmp_path / "out", FILES)
    for wrong, message in (
        ({"margin": 9}, "margin 9 is out of range"),
        ({"size": 4}, "size 4 is out of range"),
        ({"boxes": "x"}, "box source x does not exist; choose auto"),
        ({"detector": "x"}, "detector x does not exist; choose mtcnn, none or a YuNet .onnx file"),
        ({"detector": "x.onnx"}, "the face detector x.onnx does not exist"),
        ({"image_format": "gif"}, "image format gif does not exist"),
        ({"depth": "x"}, "depth normalisation x does not exist"),
        ({"modalities": ("depth",)}, "needs colour images first"),
    ):
        with pytest.raises(DataError, match=message):
            prepare(manifest, tmp_path / "new", Settings(**wrong))
    with pytest.raises(DataError, match="has no column depth"):
        prepare(manifest, tmp_path / "new", Settings(modalities=("color", "depth")))


def test_a_changed_source_is_cut_again(tmp_path):
    write_frames(tmp_path / "a.avi", grey_frames(3, (64, 48)), "mpeg4")
    write_frames(tmp_path / "b.avi", grey_frames(3, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, ["a.avi", "b.avi"], 3)
    prepare(manifest, tmp_path / "out", FILES)
    before = tree(tmp_path / "out")
    write_frames(tmp_path / "b.avi", [255 - frame for frame in grey_frames(3, (64, 48))], "mpeg4")
    os.utime(tmp_path / "b.avi", ns=(1, 1))
    assert prepare(manifest, tmp_path / "out", FILES).reused == 3
    after = tree(tmp_path / "out")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"color/b/{n:06d}.png" for n in range(3)}


def test_another_network_of_the_same_name_is_another_preparation(tmp_path):
    write_frames(tmp_path / "a.avi", grey_frames(3, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, ["a.avi"], 3)
    network = tmp_path / "faces.onnx"
    network.write_bytes(b"one")
    settings = Settings(detector=str(network))
    (before,) = plan(manifest, settings)
    network.write_bytes(b"two")
    (after,) = plan(manifest, settings)
    assert before.key != after.key
    network.write_bytes(b"one")
    assert plan(manifest, settings) == [before]
