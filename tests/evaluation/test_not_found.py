"""Faces that prepare did not find, counted by evaluate as non-responses of the run's split."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autofas.cli import main, main_values
from autofas.errors import MetricError
from autofas.evaluation.not_found import read_unscored, write_unscored
from autofas.metrics import Unscored


def _photographs(folder: Path, damaged: tuple[str, ...] = ("bona_fide", "print1"), seed: int = 0) -> None:
    """Two people of train, one of dev and one of test, whose first photograph of some kinds is damaged."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    lines = ["path,pai,subject,session,video,frame,split"]
    for subject, split in (("a", "train"), ("b", "train"), ("c", "dev"), ("d", "test")):
        for pai in ("bona_fide", "print1", "print2", "replay"):
            for take in range(3):
                name = f"{subject}_{pai}_{take}"
                lines.append(f"{name}.png,{pai},{subject},1,{name},0,{split}")
                Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"{name}.png")
    for pai in damaged:
        (folder / f"d_{pai}_0.png").write_bytes(b"damaged")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


def _prepare(photographs: Path, faces: Path) -> dict:
    words = ["--dataset", str(photographs / "manifest.csv"), "--out", str(faces), "--quiet"]
    return main_values(["prepare", *words, "--boxes", "none", "--size", "32"])


def _train(dataset: str, runs: Path) -> Path:
    train = ["train", "--dataset", dataset, "--baseline", "feathernet_a", "--quiet"]
    train += ["--epochs", "1", "--set", "input_size=32", "--set", "batch_size=30", "--modality", "color"]
    main_values([*train, "--runs-dir", str(runs)])
    return runs / "train/feathernet_a"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run on prepared faces, of which one test print and one test bona fide photograph were damaged."""
    root = tmp_path_factory.mktemp("found")
    _photographs(root / "photos")
    assert _prepare(root / "photos", root / "faces")["skipped"] == 2
    return _train(str(root / "faces/manifest.csv"), root / "runs")


@pytest.fixture(scope="module")
def other(run) -> Path:
    """Prepared faces of another set, of which one test replay was damaged."""
    root = run.parents[2]
    _photographs(root / "further", ("replay",), seed=1)
    assert _prepare(root / "further", root / "other")["skipped"] == 1
    return root / "other/manifest.csv"


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


def test_the_run_folder_keeps_the_rates_and_verify_finds_them_again(run, capsys) -> None:
    values = main_values(["evaluate", "--run", str(run), "--quiet", "--count-non-responses"])
    stored = json.loads((run / "metrics.json").read_text())
    assert stored["non_responses"] == values["non_responses"]
    assert stored["by_level"]["frame"]["non_responses"]["bpnrr_errors"] == [1, 3]
    assert stored["non_responses_file"] == "non-responses-test.csv"
    lost = sorted((run / "non-responses-test.csv").read_text().splitlines())
    assert lost == ["d_bona_fide_0,bona_fide", "d_print1_0,print1", "video,pai"]
    with (run / "metrics.csv").open(newline="") as stream:
        rows = {(row["level"], row["figure"]): row["value"] for row in csv.DictReader(stream)}
    assert float(rows["video", "bpnrr"]) == 1 / 3
    assert float(rows["frame", "apnrr of print"]) == 1 / 6
    assert main(["verify", str(run)]) == 0, capsys.readouterr()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"bpnrr": 0.3333333333333333', '"bpnrr": 0.0', "metrics.json: non_responses.bpnrr is 0.0, the scor"),
        ("[\n        1,\n        6\n", "[\n        0,\n        6\n", "errors_by_pai.print.0 is 0, the sc"),
        ('"non-responses-test.csv"', "null", "metrics.json: non_responses follow from no file"),
    ],
)
def test_an_edited_rate_is_found(run, tmp_path, capsys, old, new, fault) -> None:
    main(["evaluate", "--run", str(run), "--quiet", "--count-non-responses"])
    copy = shutil.copytree(run, tmp_path / "copy")
    text = (copy / "metrics.json").read_text()
    assert old in text
    (copy / "metrics.json").write_text(text.replace(old, new, 1))
    assert main(["verify", str(copy), "--skip-data"]) == 2
    assert fault in capsys.readouterr().out


def test_an_edited_list_of_what_was_not_found_is_found(run, tmp_path, capsys) -> None:
    main(["evaluate", "--run", str(run), "--quiet", "--count-non-responses"])
    copy = shutil.copytree(run, tmp_path / "copy")
    place = copy / "non-responses-test.csv"
    place.write_text("video,pai\nd_bona_fide_0,bona_fide\n")
    assert main(["verify", str(copy)]) == 2
    printed = capsys.readouterr().out
    assert "non-responses-test.csv: it does not hold what prepare found no face in" in printed
    assert "metrics.json: non_responses.apnrr_by_pai.print is 0.1666" in printed


def test_a_list_reads_back_and_damage_is_one_line(tmp_path) -> None:
    place = tmp_path / "lost.csv"
    kept = Unscored(["a,b", ""], ["bona_fide", "print"])
    write_unscored(place, kept)
    assert read_unscored(place) == kept
    for text in ("", "video\n", "video,pai\nonly\n"):
        place.write_text(text)
        with pytest.raises(MetricError, match=r"lost\.csv: not a file of presentations"):
            read_unscored(place)
    place.write_text("video,pai\nv,real\n")
    with pytest.raises(MetricError, match=r"lost\.csv: .*would count as an attack"):
        read_unscored(place)


def test_across_data_sets_those_of_the_other_are_counted(run, other, capsys) -> None:
    words = ["evaluate", "--run", str(run), "--quiet", "--cross", str(other)]
    assert "non_responses" not in main_values(words)["cross"][0]
    capsys.readouterr()
    values = main_values([*words, "--count-non-responses"])
    (crossed,) = values["cross"]
    assert values["non_responses"]["apnrr_by_pai"] == {"print": 1 / 6, "replay": 0}
    assert crossed["non_responses"]["apnrr_by_pai"] == {"print": 0, "replay": 1 / 3}
    assert crossed["non_responses"]["bpnrr_errors"] == [0, 3]
    assert crossed["non_responses_file"] == "non-responses-cross-other.csv"
    printed = capsys.readouterr().out.partition("tested on")[2]
    assert f"APNRR of replay per video: {100 / 3:.2f} % (1 of 3 without a score)" in printed
    assert main(["verify", str(run)]) == 0, capsys.readouterr()


def test_another_data_set_that_prepare_did_not_make_is_named(run, other, capsys) -> None:
    photographs = other.parents[1] / "further/manifest.csv"
    words = ["evaluate", "--run", str(run), "--quiet", "--cross", str(photographs), "--count-non-responses"]
    shutil.copy(photographs.parent / "d_replay_1.png", photographs.parent / "d_replay_0.png")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"{photographs.parent / 'skipped.csv'} is not there" in said


def test_of_joined_data_sets_those_of_each_are_counted(run, other, tmp_path, capsys) -> None:
    joined = _train(f"{run.parents[2] / 'faces/manifest.csv'}+{other}", tmp_path / "runs")
    values = main_values(["evaluate", "--run", str(joined), "--quiet", "--count-non-responses"])
    found = values["non_responses"]
    assert found["bpnrr_errors"] == [1, 6]
    assert found["errors_by_pai"] == {"print": [1, 12], "replay": [1, 6]}
    assert main(["verify", str(joined)]) == 0, capsys.readouterr()


def test_where_nothing_can_be_counted_is_one_line(run, capsys) -> None:
    skipped = run.parents[2] / "faces/skipped.csv"
    words = ["evaluate", "--run", str(run), "--quiet", "--count-non-responses"]
    skipped.unlink()
    assert main(words) == 2
    assert "must be a manifest that it made" in capsys.readouterr().err
    skipped.write_text("path,frame,video,split,pai,reason\na,0,v,test,print,x\n")
    assert main(words) == 2
    assert "run autofas prepare again" in capsys.readouterr().err
