"""A threshold that is printed and typed back judges alike, however small, negative or infinite it is."""

from pathlib import Path

import numpy as np
import pytest

from autofas.cli import main
from autofas.printed import exact, exact_percent


@pytest.mark.parametrize(
    ("scale", "threshold"), [(1.0, "2.0"), (1e-7, "2e-07"), (1e-9 / 3, "6.666666666666667e-10")]
)
def test_a_printed_threshold_gives_the_same_rates_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scale: float, threshold: str
) -> None:
    # bona fide 1 2 3 4, attacks 0 0 2 1: at 2 one of four bona fide and one of four attacks are wrong
    lines = [f"{s * scale!r} 1" for s in (1, 2, 3, 4)] + [f"{s * scale!r} 0" for s in (0, 0, 2, 1)]
    (tmp_path / "dev.txt").write_text("\n".join(lines))
    words = ["score", str(tmp_path / "dev.txt")]
    assert main([*words, "--threshold", "test-eer"]) == 0
    row = capsys.readouterr().out.splitlines()[2].split()
    assert row[-2:] == [threshold, "test-eer"]
    assert main([*words, "--threshold-value", threshold]) == 0
    again = capsys.readouterr().out.splitlines()[2].split()
    assert again[:-1] == row[:-1]
    assert again[2:5] == ["25.00", "25.00", "25.00"]


@pytest.mark.parametrize("typed", ["-1e-07", "-.5", "-2", "-3.25E+2", "-inf", "inf"])
def test_a_negative_threshold_is_a_value_and_not_a_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    (tmp_path / "scores.txt").write_text("0.9 1\n0.8 1\n0.1 0\n0.2 0\n")
    assert main(["score", str(tmp_path / "scores.txt"), "--threshold-value", typed]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[-2:] == [exact(float(typed)), "fixed"]


def test_every_float64_survives_its_text() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
    for number in (*numbers[np.isfinite(numbers)], 0.1, np.float64(0.1), 5e-324):
        assert float(exact(number)) == number
    assert exact(np.float64(0.1)) == "0.1"


def test_a_percentage_keeps_every_digit_of_its_fraction() -> None:
    assert [exact_percent(level) for level in (0.95, 1.0, 0.07, 0.9999999)] == ["95", "100", "7", "99.99999"]
