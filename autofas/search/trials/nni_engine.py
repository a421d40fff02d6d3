"""NNI as the engine of a search by trials: a local experiment of `autofas trial`, and its table at the end.

NNI 3.0's Python interface alone is used: Experiment, its status, the trials' final results, stop. Its tuners
decide: points may repeat, and those beyond the limits count among the trials. NNI 3.0 binds its web portal to
every interface and has no setting for that; the log says so with the address.
"""

import contextlib
import io
import logging
import shlex
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from autofas.errors import ConfigError, RunError
from autofas.models.genotype import Cell
from autofas.runtime import ranks
from autofas.search.strategy import SearchResult, Strategy
from autofas.search.trials.files import write_trials
from autofas.search.trials.nni_trial import require_nni
from autofas.search.trials.points import cells_of, choice_counts, laid_out, point_from_key
from autofas.search.trials.processes import threads_of
from autofas.search.trials.table import Row, best_row, front_rows
from autofas.storage.files import write_text

TUNERS = {"random": "Random", "tpe": "TPE", "evolution": "Evolution"}
"""NNI's names of the tuners behind a strategy's."""
POLL_S = 1.0
COLUMNS = (
    "trial", "state", "error", "arch_auc", "arch_loss", "params", "macs", "epochs",
    "seconds", "cpu_seconds", "worker", "again", "failed", "point",
)  # fmt: skip


class NniSearch(Strategy):
    """A search whose points NNI's tuners propose and whose trials NNI starts."""

    unit = "trial"

    def finish(self) -> SearchResult:
        """Run the experiment to its end, then write table, front and the best genotype."""
        require_nni()
        if not self.run.has_folder:
            raise ConfigError("engine nni needs a folder for its trials; give runs_dir")
        self.results = self._experiment()
        self.front = front_rows(self.results, ("error", "params"))
        write_trials(self, self.results, self.front)
        return replace(super().finish(), front=self.front)

    def choose(self) -> tuple[tuple[Cell, Cell], str]:
        """The cells of the trial with the least error."""
        if not self.results:
            raise RunError(
                f"{self.run.path / 'nni'}: no trial of the NNI experiment has ended well; see its logs"
            )
        best = best_row(self.results, ("error",))
        point = point_from_key(self.space, best["point"])
        self.found = laid_out(self.space, point)
        return cells_of(self.space, point), f"nni-{self.config.strategy}"

    def save_if_new(self) -> None:
        """Nothing to save: an experiment that was stopped is begun anew."""

    def described_place(self) -> str:
        return "an NNI experiment"

    def _experiment(self) -> list[Row]:
        """Start it, wait for its end, and stop it whatever happens."""
        from nni.experiment import Experiment

        experiment = Experiment("local")
        self._configure(experiment.config)
        port = free_port()
        with _quiet_nni(self.run.path / "nni.log"):
            experiment.start(port)
            try:
                self.run.log(
                    f"NNI experiment {experiment.id}, portal http://localhost:{port} until it ends; NNI 3.0 "
                    "opens it on every interface of this machine, so use a network you trust"
                )
                self._wait(experiment)
                return self._rows(experiment)
            finally:
                experiment.stop()

    def _configure(self, settings: Any) -> None:
        """What is tried, by whom, how often and how."""
        config, folder = self.config, self.run.path.resolve()
        keys = config.model_dump(
            mode="json", exclude={"study", "trials", "name", "runs_dir", "strategy", "tensorboard"}
        )
        write_text(folder / "trial.yaml", _yaml(keys | {"strategy": "random", "runs_dir": None}))
        counts = choice_counts(self.space)
        settings.experiment_name = self.run.name
        settings.search_space = {
            name: {"_type": "choice", "_value": list(range(count))} for name, count in counts.items()
        }
        settings.tuner.name = TUNERS[config.strategy]
        settings.tuner.class_args = self._tuner_arguments()
        words = [sys.executable, "-m", "autofas", "trial", "--nni", "--config", str(folder / "trial.yaml")]
        words += ["--threads", str(threads_of(config)), "--quiet"]
        settings.trial_command = f"cd {shlex.quote(str(Path.cwd()))} && {shlex.join(words)}"
        settings.trial_code_directory = str(folder)
        settings.trial_concurrency = config.study.workers
        settings.max_trial_number = config.wanted
        settings.experiment_working_directory = str(folder / "nni")

    def _tuner_arguments(self) -> dict[str, Any]:
        """Of NNI's tuners TPE and Random take a seed, Evolution none."""
        config = self.config
        if config.strategy == "random":
            return {"seed": config.seed}
        if config.strategy == "tpe":
            arguments = {"n_startup_jobs": config.population}
            return {"optimize_mode": "minimize", "seed": config.seed, "tpe_args": arguments}
        size = max(config.population, config.study.workers)
        return {"optimize_mode": "minimize", "population_size": size}

    def _wait(self, experiment: Any) -> None:
        """Until the experiment is done; a line a trial that has ended."""
        told: set[str] = set()
        while True:
            status = experiment.get_status()
            for trial in experiment.export_data():
                if trial.trialJobId not in told:
                    told.add(trial.trialJobId)
                    value = _numbers(trial.value)
                    self.run.log(
                        f"trial {len(told)}/{self.config.wanted}  error {100 * value['default']:.2f} %"
                    )
            if status in ("DONE", "STOPPED"):  # NO_MORE_TRIAL: the last ones have begun
                return
            if status == "ERROR":
                raise RunError(
                    f"the NNI experiment failed; see {self.run.path / 'nni' / experiment.id / 'log'}"
                )
            ranks.check()
            time.sleep(POLL_S)

    def _rows(self, experiment: Any) -> list[Row]:
        """The table of its trials that were trained, in the order they were started."""
        jobs = {job.trialJobId: job for job in experiment.list_trial_jobs()}
        rows = []
        for result in experiment.export_data():
            values = _numbers(result.value)
            if "void" in values:
                continue
            number = jobs[result.trialJobId].sequenceId
            row = {**values, "trial": number, "state": "complete", "error": values["default"]}
            row |= {"worker": result.trialJobId, "again": "", "failed": ""}
            rows.append({name: row[name] for name in COLUMNS})
        return sorted(rows, key=lambda row: row["trial"])


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _quiet_nni(log: Path) -> Any:
    """Within it NNI's chatter goes to a file in place of the terminal."""
    logger = logging.getLogger("nni")
    before = list(logger.handlers)
    handler = logging.FileHandler(log, encoding="utf-8")
    logger.handlers = [handler]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.handlers = before
        handler.close()


def _numbers(value: Any) -> dict[str, Any]:
    """A trial's final result as the dict that it reported."""
    return dict(value) if isinstance(value, dict) else {"default": float(value)}


def _yaml(values: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(values, sort_keys=False))
