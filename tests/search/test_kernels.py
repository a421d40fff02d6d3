"""Which searches compute with the compiled kernels, and what is said of those that do not."""

import pytest
import torch

from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.kernels import library
from autofas.models.space import load_space
from autofas.search.kernels import choose

CPU = torch.device("cpu")


@pytest.fixture
def built(monkeypatch):
    monkeypatch.setattr(library, "reason", lambda: None)
    monkeypatch.setattr(library, "instructions", lambda: "generic")


def test_auto_takes_the_kernels_where_they_serve_every_space_that_ships(built):
    for name in ("auto_fas", "auto_fas_cd", "darts", "nas_fas", "small"):
        choice = choose("auto", load_space(name), CPU, "float32", "first")
        assert choice.used, name
        assert choice.name == "generic"
    assert choose("auto", load_space("small"), CPU, "float32", "second").used


@pytest.mark.parametrize(
    ("device", "precision", "order", "why"),
    [
        ("cuda", "float32", "first", "the device is cuda"),
        ("cpu", "bfloat16", "first", "the precision is bfloat16"),
        ("cpu", "float32", "second-exact", "order second-exact differentiates twice"),
    ],
)
def test_the_others_stay_in_torch_and_say_why(built, device, precision, order, why):
    space = load_space("small")
    choice = choose("auto", space, torch.device(device), precision, order)
    assert not choice.used
    assert choice.name.startswith(f"off: {why}")
    with pytest.raises(ConfigError, match=f"kernels: on, but {why}"):
        choose("on", space, torch.device(device), precision, order)


def test_a_candidate_that_the_kernels_do_not_know_is_named(built, monkeypatch):
    monkeypatch.setattr("autofas.models.mixes.SeparableMix.compiled", lambda self: None)
    choice = choose("auto", load_space("small"), CPU, "float32", "first")
    assert choice.name == "off: the kernels do not know sep_conv_3x3, sep_conv_5x5 of space small"


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(library, "reason", lambda: "not built at installation")
    choice = choose("auto", load_space("small"), CPU, "float32", "first")
    assert choice.name == "off: the compiled kernels are not available (not built at installation)"


def test_off_is_off(built):
    choice = choose("off", load_space("small"), CPU, "float32", "first")
    assert (choice.used, choice.name) == (False, "off")
    assert SearchConfig().kernels == "auto"
