"""What every strategy shares: the halves of the training split, and a genotype that says where it is from."""

import json

import numpy as np
import pandas as pd
import pytest

from autofas.config.search import SearchConfig
from autofas.data.batches.loader import Loader
from autofas.data.opening import OpenedDatasets
from autofas.errors import DataError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.runs.lifecycle import carry_through
from autofas.search.derive import random_cells
from autofas.search.strategy import Strategy
from tests.search.searches import opened


class Chosen(Strategy):
    """Opens as every strategy does and ends, without a round, with the cells of a seed."""

    opened: list["Chosen"]

    def choose(self):
        type(self).opened = [self]
        return random_cells(self.space, np.random.default_rng(3)), "random"


def carried(data, space=None, **values):
    """The strategy after its life, and its result."""
    config = SearchConfig.model_validate(
        {
            "space": "small",
            "strategy": "random",
            "threads": 1,
            "device": "cpu",
            "input_size": 16,
            "data": data,
        }
        | values
    )
    space, datasets = space or load_space("small"), OpenedDatasets()
    result = carry_through(lambda config, device: Chosen(config, space, device, datasets), config)
    return Chosen.opened[0], result


def test_weight_and_architecture_halves_share_no_subject(first):
    log = (first.path / "log.txt").read_text()
    assert "120 frames of 2 subjects for the weights, 120 of 2 subjects for the architecture" in log


@pytest.mark.parametrize(("share", "weights", "arch"), [(0.5, 120, 120), (0.25, 180, 60)])
def test_the_halves_are_whole_subjects_and_nothing_is_left_over(tiny_data, monkeypatch, share, weights, arch):
    halves = []
    real = Loader.__init__
    monkeypatch.setattr(
        Loader,
        "__init__",
        lambda self, store, rows, **keys: halves.append(rows) or real(self, store, rows, **keys),
    )
    strategy, _ = carried(tiny_data, arch_share=share)
    train = strategy.datasets.divided(strategy.config.data).split("train")
    assert [len(rows) for rows in halves] == [weights, arch]
    assert not set(halves[0]["subject"]) & set(halves[1]["subject"])
    assert sorted(pd.concat(halves)["path"]) == sorted(train["path"])
    for rows in halves:
        assert (rows["pai"] == "bona_fide").any()
        assert (rows["pai"] != "bona_fide").any()


def test_another_seed_is_another_division_and_the_same_seed_the_same(tiny_data):
    def people(seed):
        strategy, _ = carried(tiny_data, seed=seed)
        batches = list(strategy.weight_loader)
        return [batch.index.tolist() for batch in batches]

    assert people(1) == people(1)
    assert people(1) != people(2)


def test_the_genotype_says_where_it_is_from(tiny_data, tmp_path):
    strategy, result = carried(tiny_data, runs_dir=str(tmp_path), name="mine", seed=5, epochs=7)
    assert result.path == tmp_path / "search" / "mine"
    told = json.loads((result.path / "genotype.json").read_text())
    assert told["derivation"] == "random"
    origin = told["provenance"]
    assert {name: origin[name] for name in ("run", "command", "dataset", "protocol", "seed")} == {
        "run": "mine", "command": "search", "dataset": "synthetic", "protocol": "1", "seed": 5,
    }  # fmt: skip
    assert origin["epochs"] == 0  # none was trained
    assert load_genotype(result.path / "genotype.json") == result.genotype
    log = (result.path / "log.txt").read_text()
    assert f"genotype: {result.path / 'genotype.json'}" in log
    assert set(strategy.identity) == {"data", "code", "ranks"}


def test_without_a_folder_the_result_has_no_path(tiny_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, result = carried(tiny_data)
    assert result.path is None
    assert "run" not in result.genotype.provenance
    assert list(tmp_path.iterdir()) == []


def manifest(folder, rows):
    """A manifest of pictures that do not exist: what is refused is refused before they are looked for."""
    lines = ["path,pai,subject,session,video,frame,split"]
    lines += [f"{who}-{pai}.png,{pai},{who},1,{who}-{pai},0,{split}" for who, pai, split in rows]
    (folder / "half.csv").write_text("\n".join(lines) + "\n")
    return {"dataset": str(folder / "half.csv"), "workers": 0}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "print"), ("b", "print"), ("c", "print")], r"half: train has no bona fide rows"),
        (
            [("a", "bona_fide"), ("a", "print"), ("b", "bona_fide")],
            r"2 subjects cannot be divided for architecture with bona",
        ),
        ([("a", "bona_fide"), ("a", "print")], r"1 subject cannot be divided in two for architecture"),
    ],
)
def test_what_cannot_be_halved_is_refused_before_anything_is_decoded(tmp_path, rows, message):
    runs = tmp_path / "runs"
    with pytest.raises(DataError, match=message) as caught:
        carried(manifest(tmp_path, [(*row, "train") for row in rows]), runs_dir=str(runs))
    assert "\n" not in str(caught.value)
    assert not runs.exists()


def test_the_architecture_half_may_be_another_session(tmp_path, tiny_data):
    _, found = carried(tiny_data, arch_split="session", runs_dir=str(tmp_path))
    log = (found.path / "log.txt").read_text()
    assert "60 frames of 2 subjects for the weights, 60 of 2 subjects for the architecture" in log
    assert "; 120 frames in neither" in log


def test_a_search_by_alphas_says_that_it_keeps_the_layout(tiny_data, tmp_path):
    space = opened(channels=(4, 8), normalise=("none", "local"))
    cases = {"alone": ("darts", 0, True), "chosen": ("darts", 2, False), "drawn": ("random", 0, False)}
    for name, (strategy, finalists, told) in cases.items():
        asked = {"strategy": strategy, "finalists": finalists, "runs_dir": str(tmp_path), "name": name}
        run = carried(tiny_data, space, **asked)[0].run
        words = "space small leaves channels, normalise open; darts keeps its layout"
        assert (words in (run.path / "log.txt").read_text()) == told
