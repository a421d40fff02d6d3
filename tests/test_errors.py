"""Errors that a user can cause have one family, which the command line turns into one line."""

import inspect

import pytest

from autofas import errors
from autofas.cli import main
from autofas.errors import AutofasError, which_of


def test_every_error_is_of_the_family():
    kinds = [value for value in vars(errors).values() if getattr(value, "__module__", "") == errors.__name__]
    kinds = [value for value in kinds if inspect.isclass(value)]
    assert all(issubclass(kind, AutofasError) and inspect.getdoc(kind) for kind in kinds)


@pytest.mark.parametrize("kind", [errors.ConfigError, errors.DataError, errors.MetricError, errors.RunError])
def test_each_of_them_is_one_line_and_exit_code_2(monkeypatch, capsys, kind):
    def fails(args):
        raise kind("what\nwhere")

    monkeypatch.setattr("autofas.commands.spaces.run", fails)
    assert main(["spaces"]) == 2
    assert capsys.readouterr().err == "autofas spaces: what where\n"


def test_of_choices_the_one_that_was_meant_is_named():
    assert (
        which_of("tpee", ["pc-darts", "tpe", "nsga2"]) == ", did you mean tpe? Choose pc-darts, tpe or nsga2"
    )
    assert which_of("zzz", ["a", "b"]) == "; choose a or b"
    assert which_of(7, [0]) == "; choose 0"
