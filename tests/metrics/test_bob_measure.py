"""The figures that bob.measure gives for its own kinds of files: FMR and FNMR at the EER of dev.

FMR is the share of attacks whose score reaches the threshold, FNMR that of bona fide whose score does not;
the threshold is the score of dev where the two differ least. Counted here anew, presentation by presentation,
in four kinds of files with two figures each: eight of eight must agree.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from autofas.cli import main_values

KINDS = {
    "label and score": "{sign} {score}",
    "score and label": "{score} {sign}",
    "claimed, real, path, score": "{claimed} {real} {path} {score}",
    "claimed, model, real, path, score": "{claimed} m-{claimed} {real} {path} {score}",
}
Scores = list[tuple[bool, float]]


def _scores(seed: int, bona_fide: int, attacks: int) -> Scores:
    """Overlapping scores in hundredths, so that some are equal across the classes."""
    rng = np.random.default_rng(seed)
    classes = [True] * bona_fide + [False] * attacks
    drawn = rng.normal([0.8 if real else -0.6 for real in classes], 1.0).round(2)
    return list(zip(classes, drawn.tolist(), strict=True))


def _rates(scores: Scores, threshold: float) -> tuple[Fraction, Fraction]:
    """FMR and FNMR at a threshold, counted."""
    attacks = [score >= threshold for real, score in scores if not real]
    bona_fide = [score < threshold for real, score in scores if real]
    return Fraction(sum(attacks), len(attacks)), Fraction(sum(bona_fide), len(bona_fide))


def _equal_error_threshold(scores: Scores) -> float:
    def distance(threshold: float) -> Fraction:
        fmr, fnmr = _rates(scores, threshold)
        return abs(fmr - fnmr)

    candidates = sorted({score for _, score in scores}, key=distance)
    assert distance(candidates[0]) < distance(candidates[1])  # one threshold alone is the EER's
    return candidates[0]


def _write(place: Path, scores: Scores, kind: str, client: str) -> Path:
    lines = []
    for number, (real, score) in enumerate(scores):
        claimed = f"{client}{number % 5}"
        attack = ("print", "replay")[number % 2]
        values = {"sign": 1 if real else -1, "claimed": claimed, "real": claimed if real else attack}
        lines.append(KINDS[kind].format(**values, score=score, path=f"{place.stem}/{number}"))
    place.write_text("\n".join(lines) + "\n")
    return place


@pytest.mark.parametrize("kind", list(KINDS))
def test_fmr_and_fnmr_at_the_eer_of_dev(tmp_path, kind) -> None:
    dev, test = _scores(11, 60, 143), _scores(22, 81, 175)
    threshold = _equal_error_threshold(dev)
    fmr, fnmr = _rates(test, threshold)
    words = ["score", str(_write(tmp_path / "test.txt", test, kind, "t")), "--threshold", "dev-eer"]
    values = main_values([*words, "--dev", str(_write(tmp_path / "dev.txt", dev, kind, "d"))])
    assert values["threshold"] == threshold
    frames = values["by_level"]["frame"]
    assert (frames["apcer_pooled"], frames["bpcer"]) == (float(fmr), float(fnmr))
    assert 0 < fmr != fnmr > 0
