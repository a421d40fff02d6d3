"""A finished search opened again: its cells by perturbation, and what is not finished."""

import shutil

import pytest

from autofas.cli import main, main_values
from autofas.errors import ConfigError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.search.finished import cells_by_perturbation
from autofas.search.search import search
from tests.search.searches import config

SPACE = load_space("small")


@pytest.fixture(scope="module")
def asked(first, cache):
    """The configuration of the search of three epochs, and its folder."""
    from tests.conftest import TINY_FACES

    return config(first.path.parents[1], TINY_FACES), first.path


def test_they_are_the_cells_that_the_search_itself_would_have_ended_with(asked, tmp_path, tiny_data):
    cells = cells_by_perturbation(asked[1], asked[0], SPACE, quiet=True)
    own = search(config(tmp_path, tiny_data, derivation="darts-pt")).genotype
    assert cells == (own.normal, own.reduction)


def test_the_command_line_asks_the_supernet_too(asked, tmp_path, capsys):
    out = tmp_path / "pt.json"
    found = main_values(["derive", str(asked[1]), "--rule", "darts-pt", "--out", str(out)])
    assert found["rule"] == load_genotype(out).derivation == "darts-pt"
    assert found["edges"] == 16
    assert "edge 28/28" in capsys.readouterr().err
    assert sorted(path.name for path in asked[1].glob("genotype*.json")) == ["genotype.json"]
    assert main(["derive", str(asked[1]), "--rule", "darts-pt", "--epoch", "1"]) == 2
    assert "has the last epoch's weights alone" in capsys.readouterr().err
    assert main(["derive", str(asked[1]), "--rule", "darts-pt", "--max-params", "20K"]) == 2
    assert "knows no max_params" in capsys.readouterr().err


def test_an_unfinished_search_and_one_of_other_data_are_refused(asked, tmp_path):
    given, folder = asked
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with pytest.raises(ConfigError, match="has 3 of its 4 epochs; finish it"):
        cells_by_perturbation(copy, given.model_copy(update={"epochs": 4}), SPACE, quiet=True)
    synthetic = given.data.synthetic.model_copy(update={"seed": given.data.synthetic.seed + 1})
    data = given.data.model_copy(update={"synthetic": synthetic})
    with pytest.raises(ConfigError, match="other data"):
        cells_by_perturbation(copy, given.model_copy(update={"data": data}), SPACE, quiet=True)
