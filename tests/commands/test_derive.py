"""autofas derive: other genotypes from one search's alphas."""

import json
import shutil

import numpy as np
import pytest
import yaml

from autofas.cli import main, main_values
from autofas.config.resolve import to_yaml
from autofas.config.search import SearchConfig
from autofas.models.genotype import genotype_from_cells, load_genotype, save_genotype
from autofas.models.space import load_space
from autofas.search.derive import derive
from autofas.search.history import betas_of, write_alphas

SPACE = load_space("small")


def snapshot(seed, betas=True):
    generator = np.random.default_rng(seed)
    record = {kind: generator.normal(size=(14, 6)) for kind in ("normal", "reduction")}
    return record | ({f"{kind}_beta": generator.normal(size=14) for kind in record} if betas else {})


@pytest.fixture
def folder(tmp_path):
    """A search's folder, as far as derive reads it: three snapshots."""
    place = tmp_path / "search" / "mine"
    place.mkdir(parents=True)
    (place / "config.yaml").write_text(to_yaml(SearchConfig(space="small", seed=7)))
    history = [snapshot(seed) for seed in range(3)]
    write_alphas(place / "alphas.csv", history, SPACE)
    cells = derive(SPACE, history[2], betas_of(history[2]), "pc-darts")
    save_genotype(genotype_from_cells(SPACE, *cells, "pc-darts"), place / "genotype.json")
    return place


def test_without_arguments_it_is_the_searchs_own(folder, capsys):
    found = main_values(["derive", str(folder)])
    assert found["genotype"] == str(folder / "genotype-pc-darts.json")
    assert (found["edges"], found["edges_in_common"], found["epoch"]) == (16, 16, 2)
    derived = load_genotype(found["genotype"])
    assert derived.same_network(load_genotype(folder / "genotype.json"))
    assert (derived.provenance["run"], derived.provenance["seed"]) == ("mine", 7)
    assert "16 of 16 edges as in genotype.json, by the rule pc-darts" in capsys.readouterr().out


def test_another_rule_and_another_epoch(folder):
    found = main_values(["derive", str(folder), "--rule", "auto-fas", "--epoch", "1"])
    assert found["genotype"].endswith("genotype-auto-fas-epoch1.json")
    normal, reduction = derive(SPACE, snapshot(1), {}, "auto-fas")
    derived = load_genotype(found["genotype"])
    assert (derived.normal, derived.reduction, derived.derivation) == (normal, reduction, "auto-fas")
    assert found["edges_in_common"] < 16


def test_the_layout_is_that_of_the_searchs_own_genotype(tmp_path):
    space = load_space("small_open")
    (tmp_path / "config.yaml").write_text(to_yaml(SearchConfig(space="small_open", finalists=2)))
    generator = np.random.default_rng(0)
    record = {kind: generator.normal(size=(5, 5)) for kind in ("normal", "reduction")}
    record |= {f"{kind}_beta": generator.normal(size=5) for kind in ("normal", "reduction")}
    write_alphas(tmp_path / "alphas.csv", [record], space)
    laid = space.with_layout({"normalise": "local", "cells": ("normal",) * 3})
    cells = derive(space, record, betas_of(record), "pc-darts")
    save_genotype(genotype_from_cells(laid, *cells, "pc-darts"), tmp_path / "genotype.json")
    found = load_genotype(main_values(["derive", str(tmp_path), "--rule", "auto-fas"])["genotype"])
    assert found.layout == laid.layout


def test_a_search_that_ended_early_has_its_own_epoch(folder):
    asked = {"eigenvalue_stop": 1.3, "eigenvalue_window": 1, "epochs": 9, "warmup_epochs": 0}
    (folder / "config.yaml").write_text(to_yaml(SearchConfig(space="small", seed=7, **asked)))
    (folder / "results.csv").write_text("epoch,eigenvalue\n1,1.0\n2,1.4\n")
    assert main_values(["derive", str(folder)])["epoch"] == 1
    (folder / "results.csv").write_text("epoch,eigenvalue\n1,1.0\n2,1.2\n")
    assert main_values(["derive", str(folder)])["epoch"] == 2


def test_limits_hold_and_are_noted(folder, tmp_path):
    free = main_values(["derive", str(folder)])
    most = free["params"] - 1000
    out = tmp_path / "small.json"
    found = main_values(
        ["derive", str(folder), "--max-params", str(most), "--max-skips", "1", "--out", str(out)]
    )
    assert found["params"] <= most
    derived = load_genotype(out)
    assert [edge.operation for edge in derived.normal.edges].count("skip_connect") <= 1
    assert (derived.provenance["max_params"], derived.provenance["max_skips"]) == (most, 1)
    main_values(["derive", str(folder), "--out", str(out)])  # what derive has made it may make again
    # a limit of the search's own holds where no other is given
    (folder / "config.yaml").write_text(to_yaml(SearchConfig(space="small", max_params=most)))
    assert main_values(["derive", str(folder)])["params"] <= most


def test_what_cannot_be_derived_is_one_line(folder, tmp_path, capsys):
    def told(*words):
        assert main(["derive", *words]) == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1
        return shown

    kept = {path: path.read_bytes() for path in folder.iterdir()}
    for name in ("config.yaml", "genotype.json", "alphas.csv"):
        assert "exists and was not written by derive; name another file" in told(
            str(folder), "--out", str(folder / name)
        )
    assert "is a folder; name a file in it" in told(str(folder), "--out", str(tmp_path))
    assert "there is no folder" in told(str(folder), "--out", str(tmp_path / "no" / "x.json"))
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept
    assert "alphas of epochs 0 to 2" in told(str(folder), "--epoch", "3")
    assert "not a run folder" in told(str(tmp_path))
    assert "the smallest has" in told(str(folder), "--max-params", "10")
    write_alphas(folder / "alphas.csv", [snapshot(0, betas=False)], SPACE)
    assert "needs betas" in told(str(folder))
    (folder / "config.yaml").write_text(yaml.safe_dump({"space": "darts"}))
    assert "of space darts" in told(str(folder))
    (folder / "alphas.csv").unlink()
    assert "has no alphas.csv" in told(str(folder))
    shutil.rmtree(folder)


def test_json_has_it_on_the_last_line(folder, capsys):
    assert main(["derive", str(folder), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values["rule"] == "pc-darts"
