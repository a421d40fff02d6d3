"""Rules of thresholds over the scores of many trainings."""

import numpy as np

from autofas.metrics import ScoreTable, write_scores
from benchmarks.leave_out_thresholds import judged, main


def table(scores):
    names = [f"f{number}" for number in range(len(scores))]
    half = len(scores) // 2
    return ScoreTable(names, names, names, ["bona_fide"] * half + ["print"] * half, np.array(scores))


DEV, TEST = table([0.9, 0.8, 0.2, 0.1]), table([0.6, 0.9, 0.3, 0.1])


def test_rules_are_judged_on_what_dev_has_not_seen():
    found = judged(DEV, TEST, "frame")
    assert (found["auc"], found["acer_best"]) == (1.0, 0.0)
    assert (found["acer_edge"], found["bpcer_edge"]) == (0.25, 0.5)
    assert found["acer_middle"] == found["acer_half"] == 0.0


def test_every_training_of_a_folder_is_read(tmp_path, capsys):
    out = tmp_path / "thresholds.md"
    assert main([str(tmp_path), "--out", str(out)]) == 2
    assert "no training" in capsys.readouterr().err
    for name in ("one", "two"):
        (tmp_path / "train" / name).mkdir(parents=True)
        write_scores(tmp_path / "train" / name / "scores-dev.csv", DEV)
        write_scores(tmp_path / "train" / name / "scores-test.csv", TEST)
    (tmp_path / "train" / "unfinished").mkdir()
    assert main([str(tmp_path), "--out", str(out)]) == 0
    (edge,) = [line for line in out.read_text().splitlines() if "frame" in line and "| edge " in line]
    assert edge.replace(" ", "").startswith("|frame|0.97to1|2|edge|25.00[25.00,25.00]|")
    assert len(out.with_suffix(".csv").read_text().splitlines()) == 1 + 2 * 2
