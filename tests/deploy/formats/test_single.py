"""A runtime that takes one face at a time: faces in order, maps of any leading shape, inputs in form."""

import os
from pathlib import Path

import numpy as np
import pytest

from autofas.deploy.formats.single import SingleScorer, native_silence
from tests.deploy.stand_ins import made_info


class Means(SingleScorer):
    """Score: the mean of all inputs; map: the mean a quarter, (1, 1, 2, 2). It keeps what it was given."""

    def call(self, inputs):
        self.given = inputs
        assert all(one.shape == (1, 3, 4, 4) and one.dtype == np.float32 for one in inputs)
        quarters = inputs[0].reshape(3, 2, 2, 2, 2).mean((0, 2, 4))
        outputs = [np.array([np.mean(inputs)]), quarters[None, None]]
        return outputs[: len(self.info.outputs)]


def scorer(**values) -> Means:
    return Means(Path("x"), made_info(**{"format": "ncnn", "form": "tensor", "crop_size": 4, **values}))


def crops(*values, side=4):
    return np.stack([np.full((3, side, side), value, np.uint8) for value in values])


def test_faces_are_scored_in_their_order():
    found = scorer().score({"color": crops(0, 255, 0)})
    np.testing.assert_array_equal(found.scores, np.float32([-1, 1, -1]))
    assert found.maps is None
    assert found.scores.dtype == np.float32


def test_a_map_loses_its_leading_ones():
    found = scorer(outputs=("score", "map")).score({"color": crops(255, 0)})
    assert found.maps.shape == (2, 2, 2)
    assert found.maps[0] == pytest.approx(1)
    assert found.maps[1] == pytest.approx(-1)


def test_pixels_come_as_they_are_in_the_colour_order_of_the_file():
    given = np.zeros((1, 3, 4, 4), np.uint8)
    given[0, 0], given[0, 2] = 200, 50
    for channels, first in (("RGB", 200), ("BGR", 50)):
        one = scorer(form="crop", channels=channels)
        one.score({"color": given})
        assert one.given[0][0, 0].mean() == first
        assert one.given[0].flags["C_CONTIGUOUS"]


def test_every_modality_is_an_input_and_a_prepared_call_is_of_the_first_face():
    one = scorer(modalities=("color", "depth"))
    call = one.prepared({"color": crops(255, 0), "depth": crops(0, 0)})
    assert call()[0] == pytest.approx(0)
    assert [value.mean() for value in one.given] == [1, -1]


def test_a_runtime_that_is_loaded_is_not_heard_but_its_errors_are(capfd):
    def load():
        with native_silence():
            os.write(1, b"backend ready\n")
            os.write(2, b"[cpuinfo] reading\n")
            raise ValueError("broken")

    print("before")
    with pytest.raises(ValueError, match="broken"):
        load()
    print("after")
    assert capfd.readouterr() == ("before\nafter\n", "")
