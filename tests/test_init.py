"""The package itself: light to import, names found when they are used, and a room called as a function."""

import importlib
import inspect
import subprocess
import sys

import pytest

import autofas
from autofas import _version


@pytest.fixture
def anew(monkeypatch):
    """autofas as if it had not been imported yet; what was imported before is back afterwards."""
    known = [name for name in sys.modules if name == "autofas" or name.startswith("autofas.")]
    for name in known:
        monkeypatch.delitem(sys.modules, name)
    yield
    for name in [name for name in sys.modules if name == "autofas" or name.startswith("autofas.")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "line",
    [
        "import autofas.search.engine, autofas",
        "from autofas.search.engine import BilevelEngine; import autofas",
        "import autofas; from autofas.search import engine; assert engine.BilevelEngine",
    ],
)
def test_the_room_search_does_not_take_the_functions_name(anew, line):
    names = {}
    exec(line, names)
    assert names["autofas"] is not autofas
    assert inspect.isfunction(names["autofas"].search)


def test_importing_autofas_imports_neither_torch_nor_pydantic():
    code = "import autofas, sys; print({'torch', 'pydantic', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_every_public_name_is_there_and_says_what_it_is():
    assert autofas.__version__ == _version.__version__
    for name in autofas.__all__:
        value = getattr(autofas, name)
        assert isinstance(value, str) or inspect.getdoc(value), name
    assert len(set(autofas.__all__)) == len(autofas.__all__)


@pytest.mark.parametrize("name", sorted(autofas._TYPES))
def test_a_type_is_the_one_of_its_own_module(name):
    module = importlib.import_module(autofas._TYPES[name])
    assert getattr(autofas, name) is getattr(module, name)


def test_a_name_that_does_not_exist_is_pythons_own_error():
    with pytest.raises(AttributeError, match="module 'autofas' has no attribute 'serch'"):
        _ = autofas.serch
    assert not hasattr(autofas, "BilevelEngine")


def test_a_bare_checkout_asks_to_be_installed_when_a_type_is_first_used(monkeypatch):
    from autofas.errors import AutofasError

    def absent():
        raise AutofasError("is not installed")

    monkeypatch.setattr(autofas, "require_installed", absent)
    with pytest.raises(AutofasError, match="is not installed"):
        _ = autofas.Genotype
