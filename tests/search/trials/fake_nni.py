"""NNI's Python interface as autofas uses it, without its processes: trials whose results are given."""

import json
from types import ModuleType, SimpleNamespace


def install(monkeypatch, results, status="DONE", point=None):
    """Put a package nni in its place; returns what was asked of it.

    As NNI 3.0's manager does, it says NO_MORE_TRIAL once the last trial has begun, and its end a while later.
    """
    left = ["NO_MORE_TRIAL", status]
    seen = SimpleNamespace(started=[], stopped=0, settings=None, intermediate=[], final=[], status="")

    class Experiment:
        def __init__(self, platform):
            assert platform == "local"
            self.id = "fake"
            self.config = SimpleNamespace(tuner=SimpleNamespace())
            seen.settings = self.config

        def start(self, port):
            seen.started.append(port)

        def stop(self):
            seen.stopped += 1

        def get_status(self):
            seen.status = left.pop(0) if len(left) > 1 else left[0]
            return seen.status

        def export_data(self):
            ended = results[:-1] if seen.status == "NO_MORE_TRIAL" else results
            return [SimpleNamespace(trialJobId=f"t{n}", value=one) for n, one in enumerate(ended)]

        def list_trial_jobs(self):
            return [SimpleNamespace(trialJobId=f"t{n}", sequenceId=n) for n in range(len(results))]

    nni, experiment = ModuleType("nni"), ModuleType("nni.experiment")
    experiment.Experiment = Experiment
    nni.experiment = experiment
    nni.get_next_parameter = lambda: json.loads(json.dumps(point))
    nni.report_intermediate_result = seen.intermediate.append
    nni.report_final_result = seen.final.append
    monkeypatch.setitem(__import__("sys").modules, "nni", nni)
    monkeypatch.setitem(__import__("sys").modules, "nni.experiment", experiment)
    return seen
