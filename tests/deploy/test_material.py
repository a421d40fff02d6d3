"""A run's own crops: evenly taken, scored in batches without a difference, judged as evaluation judges."""

import json

import numpy as np
import pandas as pd
import pytest

from autofas.deploy.material import Material, acer_of, crops_of, run_data, score_all
from autofas.deploy.runtime import Scores
from autofas.metrics import read_scores
from autofas.models.weights import WEIGHTS_FILE, load_network
from tests.deploy.stand_ins import Brightness


def material(count, pais=("bona_fide", "print"), frames=1):
    """Crops of 4 pixels whose brightness grows, `frames` of each of a video, the PAIs in turn."""
    crops = np.zeros((count, 3, 4, 4), np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None, None]
    videos = [number // frames for number in range(count)]
    table = pd.DataFrame({
        "path": [f"{number}.png" for number in range(count)],
        "frame": [number % frames for number in range(count)],
        "video": [f"v{video}" for video in videos],
        "subject": [f"s{video // len(pais)}" for video in videos],
        "pai": [pais[video % len(pais)] for video in videos],
    })  # fmt: skip
    return Material({"color": crops}, table)


def test_a_few_are_evenly_spread_and_keep_their_rows():
    few = material(10).few(2)
    assert few.crops["color"][:, 0, 0, 0].tolist() == [2, 7]
    assert few.paths == ["2.png#0", "7.png#0"]
    assert len(few) == 2
    assert len(material(3).few(50)) == 3


@pytest.mark.parametrize("outputs", [("score",), ("score", "map")])
def test_scores_of_batches_are_those_of_the_whole(outputs):
    scorer = Brightness(outputs=outputs)
    found = score_all(scorer, material(7), batch=3)
    assert scorer.batches == [3, 3, 1]
    np.testing.assert_allclose(found.scores, np.arange(7) / 255, atol=1e-7)
    if "map" in outputs:
        np.testing.assert_allclose(found.maps[:, 1, 0], np.arange(7) / 255, atol=1e-7)
    else:
        assert found.maps is None


def test_acer_is_that_of_videos_at_the_threshold():
    # frames of a video are averaged: bona fide videos 0.5 and 0.1, prints 0.5 and 0.1, at 0.3
    scores = np.array([0.4, 0.6, 0.9, 0.1, 0.0, 0.2, 0.1, 0.1], np.float32)
    found = Scores(scores, None)
    assert acer_of(found, material(8, frames=2), 0.3) == pytest.approx((0.5 + 0.5) / 2)
    assert acer_of(found, material(8, frames=2), 0.05) == pytest.approx(0.5)  # all prints are accepted
    assert acer_of(Scores(scores[:4], None), material(4, frames=2), 0.3) is None  # one video of each


def test_the_crops_of_a_run_are_those_it_was_evaluated_on(evaluated_run):
    network = load_network(evaluated_run / WEIGHTS_FILE).network
    data = run_data(evaluated_run, network)
    found = crops_of(data, network, ("dev", "test", "no such split"))
    assert found.table["split"].tolist() == ["dev"] * 120 + ["test"] * 60
    assert found.crops["color"].shape == (180, 3, 32, 32)
    test = crops_of(data, network, ("test",))
    np.testing.assert_array_equal(test.crops["color"], found.crops["color"][120:])
    kept = read_scores(evaluated_run / "scores-test.csv")
    assert [path.rpartition("#")[0] for path in test.paths] == kept.paths
    told = json.loads((evaluated_run / "metrics.json").read_text())
    scores = Scores(np.array(kept.scores), None)
    assert acer_of(scores, test, told["threshold"]) == told["acer"]
