"""Submissions of the challenges judged from the command line, by a list or a manifest."""

from pathlib import Path

import pytest

from autofas.cli import main, main_values
from autofas.data.labels_by_path import read_labels
from autofas.errors import DataError

SCORES = (0.9, 0.2, 0.8, 0.3, 0.7, 0.6)  # bona fide and attack in turn; one threshold parts them


def _surf(folder: Path) -> tuple[Path, Path]:
    """CASIA-SURF's list of colour, depth, infrared and label, and its submission."""
    names = [" ".join(f"Val/{n:04d}-{kind}.jpg" for kind in ("color", "depth", "ir")) for n in range(6)]
    labels, scores = folder / "val_label.txt", folder / "submission.txt"
    labels.write_text("".join(f"{name} {(n + 1) % 2}\n" for n, name in enumerate(names)))
    scores.write_text("".join(f"{name} {score}\n" for name, score in zip(names, SCORES, strict=True)))
    return labels, scores


def _manifest(folder: Path) -> Path:
    """Two frames of a video a person and class in two splits."""
    lines = ["path,pai,subject,session,video,frame,split"]
    for split in ("dev", "test"):
        for number in range(6):
            pai = ("bona_fide", "print")[number % 2]
            video = f"{split}/{number:03d}"
            lines += [f"{video}/{k}.png,{pai},{split}{number},1,{video},{k},{split}" for k in (0, 1)]
    place = folder / "manifest.csv"
    place.write_text("\n".join(lines) + "\n")
    return place


def test_a_submission_of_colour_depth_and_infrared(tmp_path, capsys) -> None:
    labels, scores = _surf(tmp_path)
    words = ["score", str(scores), "--threshold-value", "0.65"]
    assert main(words) == 2
    assert "give it with --labels LIST" in capsys.readouterr().err
    values = main_values([*words, "--labels", str(labels)])
    assert (values["apcer"], values["bpcer"], values["auc"], values["samples"]) == (0, 0, 1, 6)
    assert len(values["labels_sha256"]) == 64
    told = f"{scores}: read as 'path score', labels by path from {labels}; higher is bona fide"
    assert told in capsys.readouterr().out
    assert main_values([*words, "--labels", str(labels), "--bona-fide-is", "0"])["auc"] == 0


def test_a_submission_of_folders_by_a_list_and_by_a_manifest_of_frames(tmp_path, capsys) -> None:
    scores = tmp_path / "submission.txt"
    scores.write_text("".join(f"test/{n:03d} {score}\n" for n, score in enumerate(SCORES)))
    assert main(["score", str(scores), "--threshold", "test-eer"]) == 2
    assert "without labels; where labels stand in a list of their own" in capsys.readouterr().err
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"test/{n:03d} {(n + 1) % 2}\n" for n in range(6)))
    words = ["score", str(scores), "--threshold", "test-eer", "--labels"]
    assert main_values([*words, str(labels)])["by_level"].keys() == {"frame"}
    values = main_values([*words, str(_manifest(tmp_path))])
    assert (values["level"], values["auc"], values["samples"], values["subjects"]) == ("video", 1, 6, 6)
    assert list(values["apcer_by_pai"]) == ["print"]


def test_dev_and_test_share_a_manifest(tmp_path) -> None:
    for split in ("dev", "test"):
        text = "".join(f"{split}/{n:03d} {score}\n" for n, score in enumerate(SCORES))
        (tmp_path / f"{split}.txt").write_text(text)
    words = [
        "score",
        str(tmp_path / "test.txt"),
        "--dev",
        str(tmp_path / "dev.txt"),
        "--threshold",
        "dev-eer",
    ]
    values = main_values([*words, "--labels", str(_manifest(tmp_path))])
    assert (values["threshold_rule"], values["acer"]) == ("dev-eer", 0)


def test_paths_that_are_missing_on_either_side_are_one_line(tmp_path, capsys) -> None:
    labels, scores = _surf(tmp_path)
    lines = scores.read_text().splitlines(keepends=True)
    words = ["score", str(scores), "--labels", str(labels), "--threshold-value", "0.65"]
    scores.write_text("".join(lines[:-2]))
    assert main(words) == 2
    told = f"{labels}: 'Val/0004-color.jpg' has no score in {scores}, nor have 1 more; score the whole list"
    assert told in capsys.readouterr().err
    counted = main_values([*words, "--count-non-responses"])["non_responses"]
    assert counted["bpnrr_errors"] == counted["errors_by_pai"]["attack"] == [1, 3]
    scores.write_text("".join([*lines, "Val/0009-color.jpg a.jpg b.jpg 0.5\n"]))
    assert main(words) == 2
    assert f"{scores}, row 7: 'Val/0009-color.jpg' is not in {labels}; give" in capsys.readouterr().err


def test_what_is_no_list_of_labels_is_one_line(tmp_path) -> None:
    with pytest.raises(DataError, match="no such list or manifest"):
        read_labels(tmp_path / "nowhere")
    with pytest.raises(DataError, match="a manifest calls bona fide bona_fide"):
        read_labels(_manifest(tmp_path), "1")
    twice = tmp_path / "twice.txt"
    twice.write_text("a/1.jpg 1\na/1.jpg 0\n")
    with pytest.raises(DataError, match=r"a/1\.jpg stands there as bona_fide and as attack; keep one"):
        read_labels(twice)
