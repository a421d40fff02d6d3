"""The page's charts are drawn of the runs' own numbers, and left out where there is nothing to draw."""

import re
from dataclasses import replace

import pytest

from autofas.report import plots
from autofas.report.material import read_material


@pytest.fixture(scope="module")
def material(runs):
    return read_material([str(run) for run in runs])


def test_a_histogram_has_a_series_for_every_kind_and_the_threshold(material):
    run = material.trained[0]
    text = plots.histogram(run)
    named = re.findall(r"</svg>([a-z_0-9]+) \((\d+)\)</span>", text)
    assert named[0][0] == "bona_fide"
    assert {name for name, _ in named} == set(run.test.pais)
    assert sum(int(number) for _, number in named) == run.figures["samples"]
    assert f"threshold {run.figures['threshold']:.3g}" in text


def test_the_roc_ends_where_everything_is_accepted(material):
    lines = re.findall(
        r'polyline class="line s\d" stroke-dasharray="[^"]*" points="([^"]+)"', plots.roc(material.trained)
    )
    assert len(lines) == 2
    for line in lines:
        assert line.split()[0] == "546.0,14.0"  # APCER 100 %, BPCER 0
        assert line.split()[-1] == "62.0,280.0"  # APCER 0, BPCER 100 %


def test_a_det_draws_nothing_along_its_frame(material):
    """Rates beyond the axes were drawn as lines on them."""
    lines = re.findall(
        r'class="line s\d" stroke-dasharray="[^"]*" points="([^"]+)"', plots.det(material.trained)
    )
    for line in lines:
        corners = [tuple(map(float, point.split(","))) for point in line.split()]
        assert sum(y == 14.0 for _, y in corners) <= 1
        assert sum(x == 546.0 for x, _ in corners) <= 1


def test_alphas_are_drawn_as_shares_of_their_operations(material):
    text = plots.alpha_curves(material.searches[0], "normal")
    for name in material.searches[0].genotype.normal.edges[0][2:]:
        assert name in text
    assert plots.alpha_curves(replace(material.searches[0], alphas=[]), "normal") == ""


def test_two_runs_of_one_model_are_told_apart_by_seed(material):
    first, second = material.trained
    seed = second.figures["seed"] + 1
    again = replace(first, figures={**first.figures, "seed": seed})
    text = plots.fronts([first, again, second])
    assert f">{first.name}<" in text
    assert f">{again.name}<" in text
    assert f">{second.figures['model']}<" in text


def test_one_run_has_no_front_and_one_epoch_no_curve(material):
    run = material.trained[0]
    assert plots.fronts([run]) == ""
    text = plots.fronts(material.trained)
    assert text.count("Pareto front") == 2
    assert {run.figures["kind"] for run in material.trained} == {"searched", "hand-designed"}
    assert text.count("</svg>searched<") == text.count("</svg>hand-designed<") == 2  # what a shape means
    assert ">multiply-adds<" in text
    timed = [replace(run, latency_ms=number + 0.5) for number, run in enumerate(material.trained)]
    assert ">milliseconds a face, one thread<" in plots.fronts(timed)
    assert plots.training_curve(replace(run, curve=run.curve[:1]), "t") == ""
