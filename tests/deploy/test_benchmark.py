"""What is measured of every format: its runtime's name, the rows of latency.csv, a run's scores as truth."""

import pytest

from autofas.deploy import benchmark as module
from autofas.deploy.benchmark import Measured, benchmark, input_words, latency_rows
from autofas.deploy.timing import Timing
from autofas.errors import ConfigError
from tests.deploy.stand_ins import made_info


def measured(latency=None, **values):
    """A file's figures, made up."""
    told = {"params": 10, "crop_size": 72, "input_size": 64, **values}
    timings = latency or {1: Timing(2.5, 0.25, 3), 4: Timing(1.0, 0.5, 3)}
    return Measured(None, made_info(**told), 100, None, None, timings, None)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"format": "torch", "form": "tensor"}, "torch eager fp32"),
        ({"format": "onnx", "form": "tensor"}, "onnxruntime fp32"),
        ({"format": "onnx", "form": "crop", "precision": "int8"}, "onnxruntime int8 crop"),
        ({"format": "ncnn", "form": "tensor"}, "ncnn fp32"),
    ],
)
def test_a_runtime_is_named_with_precision_and_form(values, name):
    assert measured(**values).runtime == name


def test_inputs_are_called_as_leaderboards_call_them():
    assert input_words(made_info(input_size=64)) == "3x64x64"
    assert input_words(made_info(input_size=64, modalities=("depth",))) == "depth 3x64x64"
    assert input_words(made_info(input_size=8, modalities=("color", "ir"))) == "color 3x8x8 + ir 3x8x8"


def test_a_row_is_kept_for_each_number_of_threads_and_none_of_an_unknown_network(monkeypatch):
    monkeypatch.setattr(module, "machine", lambda: "m" * 300)
    rows = latency_rows([measured(form="tensor"), measured(name="unknown", params=None)])
    assert [(row.threads, row.latency_ms, row.iqr_ms) for row in rows] == [(1, 2.5, 0.25), (4, 1.0, 0.5)]
    assert {(row.model, row.input, row.params) for row in rows} == {("n", "3x64x64", 10)}
    assert {row.machine for row in rows} == {"m" * 200}


def test_one_thread_and_all_cores_are_timed(exported, monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)
    told = []
    (one,) = benchmark([str(exported / "model.onnx")], warmup=0, repeats=1, memory=False, log=told.append)
    assert sorted(one.latency) == [1, 2]
    assert told == ["timing 1 file, 1 thread", "timing 1 file, 2 threads"]
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)
    (one,) = benchmark([str(exported / "model.onnx")], warmup=0, repeats=1, memory=False)
    assert sorted(one.latency) == [1]


def with_info(**values):
    """The beginning of a scorer in torch whose record says something else."""
    begin = module.TorchScorer.__init__

    def init(self, *given, **keys):
        begin(self, *given, **keys)
        self.info = self.info.model_copy(update=values)

    return init


def test_a_file_is_held_against_the_run_it_is_of_alone(exported, evaluated_run, monkeypatch):
    monkeypatch.setattr(module.TorchScorer, "__init__", with_info(weights_sha256="0" * 64))
    others = benchmark([str(evaluated_run)], warmup=0, repeats=1, memory=False)
    exports = [one for one in others if one.path.suffix == ".onnx"]
    assert exports
    assert all(one.parity is None and one.acer is None for one in exports)


def test_nothing_timed_is_refused():
    with pytest.raises(ConfigError, match="0 repeats measure nothing; give at least 1"):
        benchmark(["x.onnx"], repeats=0)


def test_a_run_that_was_not_evaluated_has_nothing_to_judge_its_files_by(exported, evaluated_run, monkeypatch):
    monkeypatch.setattr(module.TorchScorer, "__init__", with_info(threshold=None))
    with pytest.raises(
        ConfigError, match="has no threshold yet; evaluate it before its formats are compared"
    ):
        benchmark([str(evaluated_run)], memory=False)
