"""Runtimes: what a file is opened with, how its input is prepared, and what is no network."""

import json
import sys

import numpy as np
import pytest
import torch

from autofas.deploy import runtime
from autofas.deploy.detector import Detector
from autofas.deploy.runtime import OnnxScorer, TorchScorer, as_input, normalised, open_scorer
from autofas.errors import ConfigError, RunError
from tests.deploy.stand_ins import made_info


def test_files_that_are_no_network_are_refused_in_one_line(tmp_path, exported):
    onnx = pytest.importorskip("onnx")
    (tmp_path / "noise.onnx").write_bytes(b"not a model")
    with pytest.raises(RunError, match="cannot be run by onnxruntime"):
        Detector.load(tmp_path / "noise.onnx")
    model = onnx.load(str(exported / "model.onnx"))
    told = json.loads(model.metadata_props[0].value)
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "bare.onnx"))
    with pytest.raises(RunError, match="was not exported by autofas"):
        Detector.load(tmp_path / "bare.onnx")
    model.metadata_props.add(key="autofas", value=json.dumps(told | {"threshhold": 1}))
    onnx.save(model, str(tmp_path / "odd.onnx"))
    with pytest.raises(RunError, match="unknown key threshhold, did you mean threshold"):
        Detector.load(tmp_path / "odd.onnx")


def crops(count=2, side=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)


def test_normalising_is_what_training_reads_to_the_last_bit():
    values = np.arange(256, dtype=np.uint8)
    found = normalised(values)
    assert found.dtype == np.float32
    assert (found[0], found[-1]) == (-1, 1)
    wanted = (torch.from_numpy(values).float() / 255 - 0.5) / 0.5  # data/batches/loader.py
    np.testing.assert_array_equal(found, wanted.numpy())


def test_a_file_gets_its_input_in_its_own_form_and_colour_order():
    given = crops()
    np.testing.assert_array_equal(as_input(given, made_info(form="tensor")), normalised(given))
    pixels = as_input(given, made_info(form="crop", channels="RGB"))
    assert (pixels.shape, pixels.dtype) == ((2, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(pixels[1, 5, 7], given[1, :, 5, 7])
    turned = as_input(given, made_info(form="crop", channels="BGR"))
    np.testing.assert_array_equal(turned, pixels[..., ::-1])
    assert turned.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.onnx", r"gone.onnx does not exist; give a run folder, a .safetensors file or an exported one"),
        ("network.pt", r"network.pt is not a network; give a run folder"),
        ("run", r"run holds no trained network: it has no weights/best.safetensors"),
    ],
)
def test_what_is_no_network_is_told_what_is_one(tmp_path, name, said):
    (tmp_path / "network.pt").write_bytes(b"")
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match=said):
        open_scorer(tmp_path / name)


def test_without_onnxruntime_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match=r"a.onnx needs onnxruntime, .* pip install 'autofas\[export\]'"):
        open_scorer(tmp_path / "a.onnx")


def test_a_file_of_absurd_size_is_not_given_to_the_runtime(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs autofas[export]")
    (tmp_path / "a.onnx").write_bytes(bytes(100))
    monkeypatch.setattr(runtime, "MAX_BYTES", 99)
    with pytest.raises(RunError, match=r"a.onnx has 100 bytes, which is over the limit of 99"):
        open_scorer(tmp_path / "a.onnx")


def test_every_place_of_a_network_opens_in_its_own_runtime(exported, evaluated_run):
    weights = evaluated_run / "weights" / "best.safetensors"
    assert isinstance(open_scorer(evaluated_run), TorchScorer)
    assert isinstance(open_scorer(str(weights)), TorchScorer)
    assert isinstance(open_scorer(exported / "model.onnx"), OnnxScorer)


def test_scores_do_not_depend_on_the_batch_and_prepared_calls_give_the_same(exported, evaluated_run):
    given = crops(3)
    for place in (evaluated_run, exported / "model.onnx", exported / "model-crop.onnx"):
        scorer = open_scorer(place, threads=1)
        whole = scorer.score({"color": given})
        assert whole.scores.shape == (3,)
        assert whole.scores.dtype == np.float32
        single = [scorer.score({"color": given[n : n + 1]}) for n in range(3)]
        np.testing.assert_allclose(whole.scores, [one.scores[0] for one in single], atol=1e-6)
        np.testing.assert_allclose(whole.maps[2], single[2].maps[0], atol=1e-6)
        called = scorer.prepared({"color": given})()
        np.testing.assert_allclose(np.asarray(called[0]), whole.scores, atol=1e-7)


def test_threads_of_torch_are_set_before_each_call(evaluated_run):
    scorer, seen = open_scorer(evaluated_run, threads=2), []
    scorer.form = lambda *tensors: seen.append(torch.get_num_threads())
    call = scorer.prepared({"color": crops(1)})
    torch.set_num_threads(1)  # as another scorer's call leaves it
    call()
    assert seen == [2]


def test_a_file_whose_inputs_are_others_than_it_says_is_refused(tmp_path, exported):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(exported / "model.onnx"))
    told = json.loads(model.metadata_props[0].value)
    model.metadata_props[0].value = json.dumps(told | {"modalities": ["depth"]})
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(RunError, match=r"other.onnx: its inputs are color, its metadata say otherwise"):
        OnnxScorer(tmp_path / "other.onnx")
