"""Preparation end to end: real videos in, the same face crops out, every row accounted for."""

import csv
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.data.batches.crop_store import FrameStore
from autofas.data.manifests.manifest import read_manifest
from autofas.data.preparation.detector import Face
from autofas.data.preparation.faces import FaceCutter
from autofas.data.preparation.plan import Settings
from autofas.data.preparation.prepare import prepare
from autofas.errors import DataError
from tests.data.data_files import COLUMNS, EYES, picture, write_rows
from tests.data.video_files import cut_short, face_frames, grey_frames, turn, write_frames

pytest.importorskip("av")
BOXED = [*COLUMNS, "bbox_x", "bbox_y", "bbox_w", "bbox_h"]
FILES = Settings(boxes="files", margin=1.0, size=32)


def manifest_of(
    root: Path, paths: list[str], frames: int = 2, box: tuple[int, ...] = (8, 16, 24, 24), **more
):
    rows: list[list[object]] = []
    for number, path in enumerate(paths):
        pai = "print" if number % 2 else "bona_fide"
        for frame in range(frames):
            rows.append([path, pai, f"s{number}", "1", Path(path).stem, frame, "train", *box])
    return read_manifest(write_rows(root / "manifest.csv", BOXED, rows))


def tree(folder: Path) -> dict[str, str]:
    """Every file of a folder but the journal, by its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("prepare.jsonl", ".lock")
    }


def reasons(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "skipped.csv").open() as stream:
        return [(row["path"], row["frame"], row["reason"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize(
    ("codec", "suffix", "size"),
    [
        ("mpeg4", "avi", (64, 48)),
        ("mpeg4", "avi", (63, 47)),
        ("mpeg4", "mov", (65, 49)),
        ("mjpeg", "avi", (64, 48)),
        ("mjpeg", "avi", (63, 47)),
        ("mjpeg", "mov", (64, 48)),
        ("libx264", "avi", (62, 46)),
        ("libx264", "mov", (64, 48)),
    ],
)
def test_every_codec_container_and_size(tmp_path, codec, suffix, size):
    write_frames(tmp_path / f"v.{suffix}", grey_frames(8, size), codec)
    made = prepare(manifest_of(tmp_path, [f"v.{suffix}"], frames=8), tmp_path / "out", FILES, workers=1)
    assert list(made.manifest.table["path"]) == [f"color/v/{n:06d}.png" for n in range(8)]
    for number, path in enumerate(made.manifest.table["path"]):
        pixels = np.asarray(Image.open(tmp_path / "out" / path))
        assert pixels.shape == (24, 24, 3)  # smaller than the largest side, so as it was
        assert abs(pixels[4:].mean() - (20 + 20 * number)) < 4
    assert made.skipped == ()


def test_a_turned_video_is_cut_upright(tmp_path):
    turn(write_frames(tmp_path / "v.mov", grey_frames(3, (64, 48)), "libx264"))
    # upright it is 48 wide and 64 high and its red bar stands at one side
    manifest = manifest_of(tmp_path, ["v.mov"], 1, box=(0, 8, 48, 48))
    made = prepare(manifest, tmp_path / "out", Settings(boxes="files", margin=1.0, size=48), workers=1)
    pixels = np.asarray(Image.open(tmp_path / "out" / made.manifest.table["path"].iloc[0])).astype(int)
    red = (pixels[..., 0] - pixels[..., 1] > 100).mean(axis=0)  # by column
    assert pixels.shape == (48, 48, 3)
    assert sorted((red[2] > 0.9, red[-3] > 0.9)) == [False, True]


def test_uneven_frame_times_do_not_move_frames(tmp_path):
    times = [0, 4, 8, 40, 44, 90, 94, 200]
    write_frames(tmp_path / "v.mov", grey_frames(8, (64, 48)), "libx264", times)
    made = prepare(manifest_of(tmp_path, ["v.mov"], 8), tmp_path / "out", FILES, workers=1)
    means = [np.asarray(Image.open(tmp_path / "out" / p))[4:].mean() for p in made.manifest.table["path"]]
    assert np.allclose(means, [20 + 20 * n for n in range(8)], atol=4)


def test_a_truncated_video_gives_what_it_has_and_lists_the_rest(tmp_path):
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(12)]
    cut_short(write_frames(tmp_path / "v.avi", noise, "mjpeg"), 0.5)
    write_frames(tmp_path / "w.avi", grey_frames(12, (64, 48)), "mjpeg")
    manifest = manifest_of(tmp_path, ["v.avi", "w.avi"], 12)
    made = prepare(manifest, tmp_path / "out", FILES, workers=2)
    kept = made.manifest.table.groupby("video").size().to_dict()
    listed = reasons(tmp_path / "out")
    assert kept["w"] == 12
    assert 3 <= kept["v"] <= 8
    assert kept["v"] + len(listed) == 12
    assert {path for path, _, _ in listed} == {"v.avi"}
    assert all("damaged" in why or "does not exist" in why for _, _, why in listed)


def test_twice_the_same_bytes_with_any_workers(tmp_path):
    for name in ("a", "b", "c"):
        write_frames(tmp_path / f"{name}.avi", grey_frames(6, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, ["a.avi", "b.avi", "c.avi", "gone.avi"], 6)
    one = prepare(manifest, tmp_path / "one", FILES, workers=1)
    prepare(manifest, tmp_path / "two", FILES, workers=4)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert (tmp_path / "one/prepare.jsonl").read_bytes() == (tmp_path / "two/prepare.jsonl").read_bytes()
    assert (one.reused, len(one.skipped)) == (0, 6)
    again = prepare(manifest, tmp_path / "one", FILES, workers=3)
    assert (again.reused, again.skipped) == (24, one.skipped)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_an_interrupted_preparation_goes_on(tmp_path, monkeypatch):
    for name in "abcdef":
        write_frames(tmp_path / f"{name}.avi", grey_frames(3, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, [f"{name}.avi" for name in "abcdef"], 3)
    whole = prepare(manifest, tmp_path / "whole", FILES, workers=1)

    def stop(done: int, total: int) -> None:
        if done >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(manifest, tmp_path / "part", FILES, workers=1, progress=stop)
    assert not (tmp_path / "part/manifest.csv").exists()
    journal = tmp_path / "part/prepare.jsonl"
    journal.write_text(journal.read_text() + '{"key": "cut sho')  # as a power cut leaves it
    next((tmp_path / "part/color/b").iterdir()).unlink()  # and a face is gone
    done: list[int] = []
    again = prepare(manifest, tmp_path / "part", FILES, workers=1, progress=lambda n, _: done.append(n))
    assert again.reused == 6  # a and c; b is cut again
    assert done[-1] == 18
    assert tree(tmp_path / "part") == tree(tmp_path / "whole")
    assert len(whole.manifest) == 18


def test_a_killed_preparation_goes_on(tmp_path):
    for number in range(30):
        write_frames(tmp_path / f"v{number}.avi", grey_frames(8, (128, 96)), "mpeg4")
    manifest = manifest_of(tmp_path, [f"v{number}.avi" for number in range(30)], 8)
    words = [
        "prepare",
        "--dataset",
        str(tmp_path / "manifest.csv"),
        "--boxes",
        "files",
        "--margin",
        "1",
        "--size",
        "32",
    ]
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "autofas", *words, "--out", str(out)], stdout=subprocess.DEVNULL
    )
    journal = out / "prepare.jsonl"
    limit = time.monotonic() + 60
    while time.monotonic() < limit and not (journal.exists() and len(journal.read_text().splitlines()) > 4):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    values = main_values([*words, "--out", str(out)])
    assert values["faces"] == 240
    assert values["reused"] >= 24
    prepare(manifest, tmp_path / "whole", FILES)
    assert {k: v for k, v in tree(out).items() if not k.endswith(".part")} == tree(tmp_path / "whole")


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


def test_a_full_disk_ends_in_one_line_and_is_resumed(tmp_path, monkeypatch):
    for name in "abc":
        write_frames(tmp_path / f"{name}.avi", grey_frames(3, (64, 48)), "mpeg4")
    manifest = manifest_of(tmp_path, [f"{name}.avi" for name in "abc"], 3)
    write, written = FaceCutter._write, []

    def fill(self, name, face):
        if len(written) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(name)
        return write(self, name, face)

    monkeypatch.setattr(FaceCutter, "_write", fill)
    with pytest.raises(DataError, match=r"could not be written .*No space left.*; finished faces are kept"):
        prepare(manifest, tmp_path / "out", FILES, workers=1)
    monkeypatch.setattr(FaceCutter, "_write", write)
    assert prepare(manifest, tmp_path / "out", FILES, workers=1).reused == 3
    prepare(manifest, tmp_path / "whole", FILES)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


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
        ({"detector": "x"}, "detector x does not exist"),
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


def test_oulu_from_videos_to_crops_by_the_command_line(tmp_path, capsys):
    for folder, user in (("Train", "01"), ("Dev", "21"), ("Test", "36")):
        place = tmp_path / "raw" / f"{folder}_files"
        place.mkdir(parents=True)
        for session in "13":
            for file in "12345":
                name = f"1_{session}_{user}_{file}"
                write_frames(place / f"{name}.avi", grey_frames(6, (200, 220)), "mpeg4")
                (place / f"{name}.txt").write_text(EYES)
    words = ["--dataset", "oulu", "--data-root", str(tmp_path / "raw"), "--frames-per-video", "2"]
    out = tmp_path / "out"
    assert main(["prepare", *words, "--out", str(out), "--quiet", "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (values["faces"], values["videos"], values["skipped"]) == (60, 30, 0)
    assert len(values["differences"]) == 15
    assert main(["inspect", "--dataset", str(out), "--protocol", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    videos = {(row["split"], row["pai"]): row["videos"] for row in found["counts"]}
    assert videos[("train", "bona_fide")] == videos[("test", "replay2")] == 1
    store = FrameStore.build(read_manifest(out / "manifest.csv"), size=32)
    assert store.crops("color", np.arange(60)).shape == (60, 3, 32, 32)


def test_replay_attack_with_its_own_boxes(tmp_path, capsys):
    root = tmp_path / "raw"
    names = {
        "train/real/client001_session01_webcam_authenticate_adverse_1": "0 8 16 24 24\n",
        "train/attack/fixed/attack_print_client001_session01_highdef_photo_adverse": "0 8 16 24 24\n1 x\n",
        "devel/attack/hand/attack_mobile_client003_session01_mobile_video_controlled": "",
    }
    for name, boxes in names.items():
        place = root / f"{name}.mov"
        place.parent.mkdir(parents=True)
        write_frames(place, grey_frames(4, (64, 48)), "mjpeg")
        (root / "face-locations" / name).parent.mkdir(parents=True)
        (root / "face-locations" / f"{name}.face").write_text(boxes)
    words = ["--dataset", "replay-attack", "--data-root", str(root), "--frames-per-video", "2"]
    values = main_values(["prepare", *words, "--out", str(tmp_path / "out"), "--boxes", "files", "--quiet"])
    assert (values["faces"], values["skipped"]) == (4, 2)
    assert any("'1 x' is not frame x y w h" in line for line in values["differences"])
    table = read_manifest(tmp_path / "out/manifest.csv").table
    assert set(table["support"]) == {"none", "fixed"}
    assert list(table["frame"]) == [1, 3, 1, 3]
    assert {why for _, _, why in reasons(tmp_path / "out")} == {
        "the data set's files have no face box for it"
    }
