"""autofas inspect on a manifest, on a published set and on a pair."""

import json
import shutil

import pytest

from autofas.cli import main, main_values
from tests.data.leak_files import small


def test_the_verb_on_a_manifest(tmp_path, capsys):
    place = small(tmp_path)
    assert main(["inspect", "--dataset", str(place), "--json"]) == 0
    out = capsys.readouterr().out
    values = json.loads(out.splitlines()[-1])
    assert "no leaks found" in out
    assert values["leaks"] == values["differences"] == []
    assert values["counts"][0] == {
        "protocol": "none",
        "fold": None,
        "split": "train",
        "pai": "bona_fide",
        "videos": 2,
        "frames": 2,
        "subjects": 2,
        "official": None,
        "official_unit": None,
    }
    shutil.copy(tmp_path / "train_a_print.png", tmp_path / "dev_b_print.png")
    assert main(["inspect", "--dataset", str(place), "--strict"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "protocol none: train and dev share the content of 1 file" in captured.err
    assert main_values(["inspect", "--dataset", str(place), "--names-only"])["leaks"] == []


def test_files_that_are_not_there_are_counted_without_being_decoded(tmp_path, capsys):
    place = small(tmp_path)
    for path in sorted(tmp_path.glob("dev_*.png")):
        path.unlink()
    found = main_values(["inspect", "--dataset", str(place)])["differences"]
    assert found == [
        "4 files cannot be read: dev_a_bona_fide.png, dev_a_print.png, dev_b_bona_fide.png and 1 more; "
        "--check-files says why"
    ]
    assert f"differs: {found[0]}" in capsys.readouterr().out
    assert main(["inspect", "--dataset", str(place), "--strict"]) == 2
    assert main_values(["inspect", "--dataset", str(place), "--names-only"])["differences"] == []


def test_the_verb_on_a_published_set_and_on_a_pair(tmp_path, capsys):
    pytest.importorskip("av")
    from tests.data.video_files import grey_frames, write_frames

    root = tmp_path / "casia"
    for number in range(1, 5):
        for split in ("train_release", "test_release"):
            (root / split / str(number)).mkdir(parents=True)
            for stem in ("1", "3", "HR_4"):
                frames = [f // 2 + number for f in grey_frames(3 + number, (32, 32))]
                write_frames(root / split / str(number) / f"{stem}.avi", frames)
    words = ["inspect", "--dataset", "casia-mfsd", "--data-root", str(root), "--names-only"]
    values = main_values(words)
    assert {row["protocol"] for row in values["counts"]} == {"normal", "warped", "video", "overall"}
    assert any("protocol low cannot be made" in note for note in values["notes"])
    assert "train: 4 of 60 bona_fide videos; 56 missing" in values["differences"]
    values = main_values([*words, "--protocol", "warped"])
    rows = {(row["split"], row["pai"]): row for row in values["counts"]}
    assert (rows["test", "warped_print"]["videos"], rows["test", "warped_print"]["official"]) == (4, 90)
    assert "protocol warped test: 4 of 90 warped_print videos; 86 missing" in values["differences"]
    assert "protocol warped: dev is 1 of 4 training subjects, held out with seed 0" in values["notes"][0]
    assert main([*words, "--protocol", "low"]) == 2
    assert "autofas inspect:" in capsys.readouterr().err
    other = small(tmp_path / "other", "x")
    values = main_values([*words, "--cross", str(other)])
    assert values["dataset"] == "casia-mfsd to other"
    assert {row["protocol"] for row in values["counts"]} == {"cross-other"}
    assert {row["split"]: row["pai"] for row in values["counts"]}["test"] == "print"


def test_quality_is_a_table_by_resolution_and_blur(tmp_path, capsys):
    place = small(tmp_path)
    assert main(["inspect", "--dataset", str(place), "--quality", "--json"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    rows = json.loads(last)["quality"]
    assert [(row["side"], row["blur"]) for row in rows][:3] == [(64, False), (64, True), (32, False)]
    assert all(set(row["psnr_db"]) == set(row["ssim"]) == {"color"} for row in rows)
    assert rows[0]["psnr_db"]["color"] > rows[-1]["psnr_db"]["color"]
    assert 0 < rows[-1]["ssim"]["color"] < rows[0]["ssim"]["color"] < 1
    assert "12 faces of 112x112 pixels, degraded and enlarged again" in lines
    assert sum(line.startswith(("64x64", "32x32", "16x16", "8x8")) for line in lines) == 8
    assert main(["inspect", "--dataset", str(place), "--quality", "--cross", str(place)]) == 2
    assert "--quality looks at one data set; leave out --cross" in capsys.readouterr().err


def test_counts_that_the_table_shows_are_three_lines_and_what_is_damaged_is_named(tmp_path, capsys):
    pytest.importorskip("av")
    from tests.data.video_files import grey_frames, write_frames

    root = tmp_path / "casia"
    for number in (1, 2):
        for split in ("train_release", "test_release"):
            (root / split / str(number)).mkdir(parents=True)
            for stem in ("1", "3"):
                write_frames(root / split / str(number) / f"{stem}.avi", grey_frames(3, (32, 32)))
    (root / "train_release/1/5.avi").write_bytes(b"")
    words = ["inspect", "--dataset", "casia-mfsd", "--data-root", str(root), "--names-only", "--json"]
    assert main([*words, "--protocol", "warped"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    listed = [line for line in lines if line.startswith("differs: ")]
    assert len([line for line in listed if "missing" in line]) == 3
    assert any("more such lines; the column official has their counts, --json all" in line for line in listed)
    assert any("train_release/1/5.avi: is damaged or not a video" in line for line in listed)
    assert len(json.loads(last)["differences"]) > len(listed)


def test_counts_of_attacks_with_a_support_are_shown_few_too(tmp_path, capsys):
    for number in (1, 2):
        for support in ("fixed", "hand"):
            name = f"attack_print_client{number:03d}_session01_highdef_photo_adverse"
            folder = tmp_path / "train/attack" / support / name
            folder.mkdir(parents=True)
            (folder / "0.jpg").write_bytes(b"x")
    words = ["inspect", "--dataset", "replay-attack", "--data-root", str(tmp_path), "--names-only"]
    values = main_values(words)
    lines = [line for line in values["differences"] if "(fixed)" in line or "(hand)" in line]
    assert len(lines) > 10
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("differs: ")]
    assert len([line for line in shown if " videos; " in line]) == 3
    assert any("more such lines; the column official has their counts" in line for line in shown)
