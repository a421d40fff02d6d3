"""Faces that prepare did not find, counted by evaluate as non-responses of the run's split."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values


def _photographs(folder: Path) -> None:
    """Two people of train, one of dev and one of test, two of whose photographs are damaged."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    lines = ["path,pai,subject,session,video,frame,split"]
    for subject, split in (("a", "train"), ("b", "train"), ("c", "dev"), ("d", "test")):
        for pai in ("bona_fide", "print1", "print2", "replay"):
            for take in range(3):
                name = f"{subject}_{pai}_{take}"
                lines.append(f"{name}.png,{pai},{subject},1,{name},0,{split}")
                Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"{name}.png")
    for pai in ("bona_fide", "print1"):
        (folder / f"d_{pai}_0.png").write_bytes(b"damaged")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run on prepared faces, of which one test print and one test bona fide photograph were damaged."""
    root = tmp_path_factory.mktemp("found")
    _photographs(root / "photos")
    words = ["--dataset", str(root / "photos/manifest.csv"), "--out", str(root / "faces"), "--quiet"]
    assert main_values(["prepare", *words, "--boxes", "none", "--size", "32"])["skipped"] == 2
    train = ["train", "--dataset", str(root / "faces/manifest.csv"), "--baseline", "feathernet_a", "--quiet"]
    train += ["--epochs", "1", "--set", "input_size=32", "--set", "batch_size=30", "--modality", "color"]
    main_values([*train, "--runs-dir", str(root / "runs")])
    return root / "runs/train/feathernet_a"


def test_what_prepare_did_not_find_is_counted(run, capsys) -> None:
    words = ["evaluate", "--run", str(run), "--quiet"]
    assert "non_responses" not in main_values(words)
    capsys.readouterr()
    values = main_values([*words, "--count-non-responses"])
    found = values["non_responses"]
    bona_fide, prints = 3, 6
    assert found["bpnrr_errors"] == [1, bona_fide]
    assert found["errors_by_pai"]["print"] == [1, prints]
    assert (found["bpnrr"], found["apnrr_by_pai"]["print"]) == (1 / bona_fide, 1 / prints)
    assert found["apnrr_by_pai"]["replay"] == 0
    printed = capsys.readouterr().out
    assert f"BPNRR per video: {100 / bona_fide:.2f} % (1 of {bona_fide} without a score)" in printed
    dev = main_values([*words, "--count-non-responses", "--split", "dev"])["non_responses"]
    assert dev["bpnrr"] == dev["apnrr_by_pai"]["print"] == 0


def test_where_nothing_can_be_counted_is_one_line(run, capsys) -> None:
    skipped = run.parents[2] / "faces/skipped.csv"
    words = ["evaluate", "--run", str(run), "--quiet", "--count-non-responses"]
    skipped.unlink()
    assert main(words) == 2
    assert "must be a manifest that it made" in capsys.readouterr().err
    skipped.write_text("path,frame,video,split,pai,reason\na,0,v,test,print,x\n")
    assert main(words) == 2
    assert "run autofas prepare again" in capsys.readouterr().err
