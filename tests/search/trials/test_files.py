"""What a search by trials writes: nothing where a run writes nothing."""

from types import SimpleNamespace

import pytest

from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.runs.run_folder import Run
from autofas.runs.unwritten import UnwrittenRun
from autofas.search.trials.files import write_trials
from autofas.search.trials.points import choice_counts, key_of

SPACE = load_space("small")
ROW = {"trial": 3, "epochs": 2, "arch_auc": 0.9, "point": key_of(dict.fromkeys(choice_counts(SPACE), 0))}


def test_a_front_is_genotypes_that_say_where_they_come_from(tmp_path):
    with Run.create(str(tmp_path), "search", "one", echo=False) as run:
        config = SimpleNamespace(strategy="tpe", seed=7)
        write_trials(SimpleNamespace(run=run, space=SPACE, config=config), [ROW], [ROW])
        found = load_genotype(run.path / "front" / "trial-3.json")
        assert found.name == "one-trial-3"
        assert found.provenance["arch_auc"] == pytest.approx(0.9)
        assert (found.derivation, found.provenance["seed"]) == ("tpe", 7)
        assert (run.path / "results.csv").read_text() == (run.path / "front.csv").read_text()


def test_a_run_that_writes_nothing_leaves_nothing():
    write_trials(SimpleNamespace(run=UnwrittenRun(None, echo=False)), [ROW], [ROW])
