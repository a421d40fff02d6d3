"""Preparation end to end: real videos in, the same face crops out, every row accounted for."""

import errno
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main_values
from autofas.data.preparation.faces import FaceCutter
from autofas.data.preparation.plan import Settings
from autofas.data.preparation.prepare import prepare
from autofas.errors import DataError
from tests.data.preparation.prepared import manifest_of, reasons, tree
from tests.data.video_files import cut_short, grey_frames, turn, write_frames

pytest.importorskip("av")


FILES = Settings(boxes="files", margin=1.0, size=32)


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
