"""From a space to a front: several ways to find networks, all judged alike and drawn together.

NSGA-II's fronts, PC-DARTS under each of several limits, and hand-designed networks. Whatever found it, a
network is judged anew by trials of seeds that no search has seen: other halves of the people, other weights.
The best of many trials on one half is lucky on that half.

Every finished search and trial is a row of a table, and what has a row is not done again.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autofas.config.search import SearchConfig
from autofas.config.trial import TrialConfig
from autofas.data.opening import OpenedDatasets
from autofas.errors import RunError
from autofas.search.search import search
from autofas.search.trials.single import run_trial
from autofas.search.trials.table import nondominated
from autofas.storage.files import write_json, write_rows
from autofas.storage.schema import read_json

FIRST_SEED = 1000
"""Seeds of the judging trials begin here; those of searches stay below."""
NSGA2, SWEEP, HAND = "nsga2", "pc-darts within limits", "hand-designed"
Row = dict[str, Any]


@dataclass(frozen=True)
class FrontPlan:
    """What is compared: search seeds, limits of the sweep, baselines, and trials a network is judged by."""

    seeds: tuple[int, ...]
    limits: tuple[int, ...]
    baselines: tuple[str, ...]
    judgements: int

    def values(self, config: SearchConfig) -> dict[str, Any]:
        """As plan.json keeps it, with the configuration but for what decides nothing."""
        own = config.model_dump(mode="json", exclude={"name", "runs_dir", "threads"})
        return {
            "plan": {key: json.loads(json.dumps(value)) for key, value in vars(self).items()},
            "config": own,
        }


class FrontWork:
    """One front in its folder."""

    def __init__(
        self, config: SearchConfig, plan: FrontPlan, folder: Path, told: Callable[[str], None]
    ) -> None:
        self.config, self.plan, self.folder, self.told = config, plan, folder, told
        self.datasets = OpenedDatasets()
        folder.mkdir(parents=True, exist_ok=True)
        known, place = plan.values(config), folder / "plan.json"
        if place.is_file() and read_json(place) != known:
            raise RunError(
                f"{folder} is another front's: it was begun with other arguments; choose another --name"
            )
        write_json(place, known)

    def run(self) -> list[Row]:
        """Search and judge what is missing; a row a network, the mean of its trials and their range."""
        networks = list(self._networks())
        judged = self._read("judged.csv")
        done = {(row["network"], int(row["seed"])) for row in judged}
        for network in networks:
            for seed in range(FIRST_SEED, FIRST_SEED + self.plan.judgements):
                if (network["network"], seed) in done:
                    continue
                judged.append(self._judged(network, seed))
                write_rows(self.folder / "judged.csv", judged)
        rows = [self._summary(network, judged) for network in networks]
        chosen = set(nondominated([[row["params"], row["error"]] for row in rows]))
        for place, row in enumerate(rows):
            row["front"] = int(place in chosen)
        write_rows(self.folder / "front.csv", rows)
        return rows

    def searches(self) -> list[Row]:
        """What each search cost: seconds, CPU seconds and trials."""
        return self._read("searches.csv")

    def _networks(self) -> Iterator[Row]:
        """Every network that is compared, its search done first where it is missing."""
        for seed in self.plan.seeds:
            run = Path(self._searched(NSGA2, seed, None)["run"])
            for file in sorted((run / "front").glob("trial-*.json"), key=lambda file: int(file.stem[6:])):
                yield {"network": f"{NSGA2} {seed}.{file.stem[6:]}", "strategy": NSGA2, "genotype": str(file)}
        for limit in self.plan.limits:
            for seed in self.plan.seeds:
                run = Path(self._searched(SWEEP, seed, limit)["run"])
                name = f"pc-darts {seed} within {limit}"
                yield {"network": name, "strategy": SWEEP, "genotype": str(run / "genotype.json")}
        for name in self.plan.baselines:
            yield {"network": name, "strategy": HAND, "baseline": name}

    def _searched(self, strategy: str, seed: int, limit: int | None) -> Row:
        """The row of one search, run now unless it has one."""
        rows = self._read("searches.csv")
        key = (strategy, str(seed), str(limit or ""))
        found = next((row for row in rows if (row["strategy"], row["seed"], row["limit"]) == key), None)
        if found is not None:
            return found
        keys: dict[str, Any] = {"strategy": NSGA2, "trials": self.config.wanted}
        if limit is not None:
            keys = {"strategy": "pc-darts", "trials": None, "max_params": limit, "study": {}}
        name = f"{self.folder.name}-{strategy.partition(' ')[0]}-seed{seed}" + (
            f"-params{limit}" if limit else ""
        )
        values = self.config.model_dump(mode="json") | keys | {"seed": seed, "name": name}
        self.told(
            f"searching: {strategy}, seed {seed}" + (f", at most {limit:,} parameters" if limit else "")
        )
        result = search(SearchConfig.model_validate(values), datasets=self.datasets)
        row: Row = {
            "strategy": strategy, "seed": str(seed), "limit": str(limit or ""), "run": str(result.path),
            "trials": str(len(result.results)) if limit is None else "",
            "seconds": f"{sum(row['seconds'] for row in result.results):.1f}",
        }  # fmt: skip
        write_rows(self.folder / "searches.csv", [*rows, row])
        return row

    def _judged(self, network: Row, seed: int) -> Row:
        """One trial of a network."""
        source = {key: network[key] for key in ("genotype", "baseline") if key in network}
        own: Row = {
            "strategy": "random",
            "trials": None,
            "study": {},
            "runs_dir": None,
            "tensorboard": False,
            "name": None,
            "seed": seed,
        }
        values = self.config.model_dump(mode="json") | own | source
        report = run_trial(TrialConfig.model_validate(values), datasets=self.datasets)
        error = 1 - report.epochs[-1]["arch_auc"]
        self.told(f"judged: {network['network']}, seed {seed}, error {100 * error:.2f} %")
        return {
            "network": network["network"], "seed": seed, "error": error, "params": report.params,
            "macs": report.macs, "seconds": round(sum(row["seconds"] for row in report.epochs), 2),
        }  # fmt: skip

    @staticmethod
    def _summary(network: Row, judged: Sequence[Row]) -> Row:
        own: list[Row] = [row for row in judged if row["network"] == network["network"]]
        errors = [float(row["error"]) for row in own]
        return {
            "network": network["network"],
            "strategy": network["strategy"],
            "params": int(own[0]["params"]),
            "macs": int(own[0]["macs"]),
            "error": float(np.mean(errors)),
            "low": min(errors),
            "high": max(errors),
            "seeds": len(errors),
        }

    def _read(self, name: str) -> list[Row]:
        place = self.folder / name
        if not place.is_file():
            return []
        with place.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
