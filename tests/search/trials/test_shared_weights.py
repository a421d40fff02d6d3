"""A supernet as the judge: its search's own figures for its own cells, and nothing is trained or changed."""

import json

import pytest

from autofas.config.search import SearchConfig
from autofas.config.trial import TrialConfig
from autofas.errors import AutofasError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.search.finalists import BriefTraining
from autofas.search.search import search
from autofas.search.trials.points import choice_counts
from autofas.search.trials.single import run_trial
from tests.conftest import TINY_FACES
from tests.search.searches import config, opened
from tests.search.trials.conftest import trials

HALVES = {"batch_size": 32, "seed": 5}


@pytest.fixture(scope="module", params=["pc-darts", "darts"])
def searched(request, cache, tmp_path_factory):
    """A finished search's run folder."""
    place = tmp_path_factory.mktemp(request.param)
    keys = HALVES | {"strategy": request.param, "epochs": 2, "name": "super"}
    return search(config(place, TINY_FACES, **keys)).path


def trial(run, **changes):
    """The report of a trial of the genotype that the supernet's search ended with, unless changed."""
    own = {"strategy": "random", "trials": None, "runs_dir": None, "study": {"supernet": str(run)}}
    values = trials(None, TINY_FACES, **HALVES).model_dump() | own
    return run_trial(TrialConfig.model_validate(values | {"genotype": str(run / "genotype.json")} | changes))


def test_the_cells_that_a_search_ended_with_get_the_figures_of_its_own_verdict(searched):
    found = trial(searched).epochs
    own = json.loads((searched / "verdict.json").read_text())["gap"]
    assert len(found) == 1
    assert found[0]["arch_auc"] == own["derived_auc"]
    assert found[0]["arch_loss"] == pytest.approx(own["derived_loss"], rel=1e-6)


def test_a_search_by_trials_trains_nothing_and_leaves_the_supernet_alone(searched, tmp_path, monkeypatch):
    pytest.importorskip("optuna", reason="the extra [trials] is not installed")
    monkeypatch.setattr(BriefTraining, "epochs", lambda *given: pytest.fail("something is trained"))
    state = (searched / "checkpoint-last" / "state.pt").read_bytes()
    study = {"supernet": str(searched), "population": 2}
    result = search(trials(tmp_path, TINY_FACES, **HALVES, study=study, trials=4))
    assert [row["epochs"] for row in result.results] == [0] * 4
    assert len({row["arch_loss"] for row in result.results}) == 4
    assert (searched / "checkpoint-last" / "state.pt").read_bytes() == state
    # judged again alone, a network has the figure that its trial had
    best = min(result.results, key=lambda row: (row["error"], row["params"]))
    place = result.path / "genotype.json"
    assert load_genotype(place)
    assert trial(searched, genotype=str(place)).epochs[0]["arch_auc"] == best["arch_auc"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"seed": 6},
            "was searched with seed 5, this search has 6: its weights would have seen other people",
        ),
        ({"supervision": "bce"}, "was searched with supervision pixelwise_bce, this search has bce"),
        ({"space": "small_cd"}, "is of space small; this search is of small_cd"),
        ({"study": {"supernet": "nowhere"}}, "nowhere is not a run folder"),
        ({"data": {**TINY_FACES, "protocol": "2"}}, r"was searched on other data \(data.protocol differ\)"),
    ],
)
def test_another_halves_space_or_data_is_refused(searched, changes, said):
    if searched.parent.parent.name.startswith("darts"):
        pytest.skip("once is enough")
    if "space" in changes:
        changes |= {"genotype": None, "point": dict.fromkeys(choice_counts(load_space(changes["space"])), 0)}
    with pytest.raises(AutofasError, match=said):
        trial(searched, **changes)


def test_a_search_that_has_not_ended_and_one_without_a_supernet_are_refused(searched, tmp_path):
    (searched / "config.yaml").write_text(
        (searched / "config.yaml").read_text().replace("epochs: 2", "epochs: 3", 1)
    )
    with pytest.raises(AutofasError, match="has 2 of its 3 epochs; finish it"):
        trial(searched)
    drawn = search(config(tmp_path, TINY_FACES, strategy="random", name="drawn")).path
    with pytest.raises(AutofasError, match="is not a search by darts or pc-darts, so it has no supernet"):
        trial(searched, study={"supernet": str(drawn)})


def test_a_space_of_several_layouts_has_no_supernet(searched):
    space = opened(channels=(4, 8))
    own = {"strategy": "tpe", "trials": 2, "runs_dir": None, "study": {"supernet": str(searched)}}
    values = trials(None, TINY_FACES, **HALVES).model_dump() | own
    with pytest.raises(AutofasError, match=r"has one layout, space small several \(channels\); take a space"):
        search(SearchConfig.model_validate(values), space=space)
