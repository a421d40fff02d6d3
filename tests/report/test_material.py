"""What a page is made of: runs in the order of their ACER, each compared with the best."""

import pytest

from autofas.errors import RunError
from autofas.report.material import read_material


def test_the_best_run_stands_first_and_is_compared_with_the_others(runs):
    found = read_material([str(run) for run in reversed(runs)])
    assert [run.figures["acer"] for run in found.trained] == sorted(
        run.figures["acer"] for run in found.trained
    )
    assert [search.path.name for search in found.searches] == ["exp"]
    (told,) = found.comparisons
    best, other = found.trained
    assert told["other"] == other.name
    difference = best.figures["acer"] - other.figures["acer"]
    assert told["acer_difference"] == pytest.approx(difference)
    assert told["interval"][0] <= difference <= told["interval"][1]


def test_too_many_runs_are_refused(runs):
    with pytest.raises(RunError, match="65 runs do not fit one page"):
        read_material([str(runs[0])] * 65)
