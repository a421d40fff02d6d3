"""Searches by trials as runs: what they leave, what the seed decides, and what a stop changes."""

import csv

import pytest

from autofas.analysis.space_costs import space_costs
from autofas.errors import ConfigError, RunError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.runtime import ranks
from autofas.search.search import search
from autofas.search.trials import bench as bench_module
from autofas.search.trials import storage
from autofas.search.trials.points import cells_of, laid_out, point_from_key
from tests.search.searches import opened
from tests.search.trials.conftest import trials


def points(result):
    return [row["point"] for row in result.results]


def test_a_run_leaves_its_table_its_front_and_its_best(evolved):
    _, result = evolved
    rows = list(csv.DictReader((result.path / "results.csv").open()))
    assert [row["trial"] for row in rows] == [str(number) for number in range(6)]
    assert len({row["point"] for row in rows}) == 6
    best = min(result.results, key=lambda row: (row["error"], row["params"]))
    space = load_space("small")
    cells = cells_of(space, point_from_key(space, best["point"]))
    assert (result.genotype.normal, result.genotype.reduction) == cells
    assert result.genotype.derivation == "evolution"
    assert result.genotype.provenance["epochs"] == 1
    assert best["params"] == space_costs(space).of(*cells)[0]
    for row in result.front:
        kept = load_genotype(result.path / "front" / f"trial-{row['trial']}.json")
        assert (kept.normal, kept.reduction) == cells_of(space, point_from_key(space, row["point"]))
        assert not any(
            other["error"] < row["error"] and other["params"] <= row["params"] for other in result.results
        )


def test_a_search_that_was_cut_short_goes_on_to_the_same_points(evolved, tmp_path, tiny_data, monkeypatch):
    _, whole = evolved
    config = trials(tmp_path, tiny_data, study={"population": 3}, name="stopped")
    real, done = bench_module.Bench.run, []

    def stopped(self, *given):
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(1)
        return real(self, *given)

    monkeypatch.setattr(bench_module.Bench, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        search(config)
    monkeypatch.setattr(bench_module.Bench, "run", real)
    resumed = search(config, resume=str(tmp_path / "search" / "stopped"))
    assert points(resumed) == points(whole)
    assert [row["error"] for row in resumed.results] == [row["error"] for row in whole.results]
    assert [row["again"] for row in resumed.results] == ["", "", "", "", 4, ""]


def test_every_strategy_of_a_seed_begins_with_the_same_points(evolved, tmp_path, tiny_data, optuna):
    _, whole = evolved
    for strategy in ("random", "tpe", "nsga2"):
        config = trials(tmp_path, tiny_data, strategy=strategy, trials=2, study={"population": 2})
        found = search(config)
        assert points(found) == points(whole)[:2], strategy


def test_without_a_folder_nothing_is_written(tmp_path, tiny_data, optuna, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = search(trials(tmp_path, tiny_data, trials=1, runs_dir=None))
    assert found.path is None
    assert len(found.results) == 1
    assert list(tmp_path.iterdir()) == []


def test_networks_beyond_a_limit_are_never_trained(tmp_path, tiny_data, optuna):
    from autofas.search.trials.storage import load_study

    config = trials(
        tmp_path,
        tiny_data,
        strategy="nsga2",
        trials=4,
        max_params="15K",
        study={"population": 2},
        name="small",
    )
    found = search(config)
    assert len(found.results) == 4
    assert max(row["params"] for row in found.results) <= 15_000
    kept = load_study(str(found.path / "study.journal"), None).get_trials()
    beyond = [trial for trial in kept if trial.user_attrs.get("void") == "beyond"]
    assert beyond, "the generator proposed nothing beyond the limits: take a tighter one"
    assert all("row" not in trial.user_attrs for trial in beyond)
    assert all(trial.constraints["max_params"] > 0 for trial in beyond)
    assert found.genotype.provenance["max_params"] == 15_000


def test_a_layout_that_is_left_open_is_searched(tmp_path, tiny_data, optuna):
    space = opened(channels=(4, 8), normalise=("none", "local"))
    config = trials(tmp_path, tiny_data, strategy="tpe", trials=8, name="open", max_params="25K")
    found = search(config, space=space)
    layouts = {}
    for row in found.results:
        point = point_from_key(space, row["point"])
        laid = laid_out(space, point)
        layouts[row["trial"]] = laid.layout
        assert row["params"] == space_costs(laid).of(*cells_of(space, point))[0] <= 25_000
    assert {layout.channels for layout in layouts.values()} == {4, 8}
    best = min(found.results, key=lambda row: (row["error"], row["params"]))
    assert found.genotype.layout == layouts[best["trial"]]
    for row in found.front:
        kept = load_genotype(found.path / "front" / f"trial-{row['trial']}.json")
        assert kept.layout == layouts[row["trial"]]


def test_objectives_without_the_error_train_nothing(tmp_path, tiny_data, optuna, monkeypatch):
    monkeypatch.setattr(bench_module.Bench, "_trained", None)
    config = trials(
        tmp_path,
        tiny_data,
        strategy="nsga2",
        trials=3,
        study={"objectives": ["synflow", "macs"], "population": 2},
    )
    found = search(config)
    assert all(row["epochs"] == 0 and row["synflow"] > 0 for row in found.results)


def test_a_study_of_other_data_is_refused(evolved):
    config, result = evolved
    place = str(result.path / "study.journal")
    study = storage.load_study(place, None)
    known = storage.about(study, place)
    other = {**known["identity"]["data"], "rows": 1}
    storage.describe(study, {**known, "identity": {**known["identity"], "data": other}})
    with pytest.raises(RunError, match=r"with other data \(rows differ\); use --accept-changed data to work"):
        search(config, resume=str(result.path))
    found = search(config, resume=str(result.path), accept_changed=["data"])
    assert points(found) == points(result)


def test_a_study_goes_on_to_more_trials(tmp_path, tiny_data, optuna):
    first = search(trials(tmp_path, tiny_data, strategy="random", trials=1, name="more"))
    more = trials(tmp_path, tiny_data, strategy="random", trials=2, name="more")
    with pytest.raises(RunError, match="trials was 1, is 2"):
        search(more, resume=str(first.path))
    second = search(more, resume=str(first.path), accept_changed=["config"])
    assert points(second)[:1] == points(first)
    assert len(second.results) == 2


def test_several_ranks_are_refused(tmp_path, tiny_data, monkeypatch, optuna):
    monkeypatch.setattr(ranks, "world_size", lambda: 2)
    with pytest.raises(ConfigError, match="shares work by --workers and --join; start it without torchrun"):
        search(trials(tmp_path, tiny_data))


def test_without_the_extra_one_line_says_how_to_get_it(tmp_path, tiny_data, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    for name in ("trial_search", "worker", "engine"):  # imported by another test, they would not be again
        monkeypatch.delitem(sys.modules, f"autofas.search.trials.{name}", raising=False)
    with pytest.raises(ConfigError, match=r"need the extra: pip install 'autofas\[trials\]'"):
        search(trials(tmp_path, tiny_data))
    assert not (tmp_path / "search").exists()
