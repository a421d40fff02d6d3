"""autofas spaces: a line for each space, and its values with --json."""

from autofas.cli import main, main_values
from autofas.models.space import load_space, space_names


def test_every_space_is_listed_with_what_it_holds(capsys):
    values = main_values(["spaces"])["spaces"]
    assert list(values) == space_names()
    for name, found in values.items():
        space = load_space(name)
        assert found["operations"] == list(space.operations)
        assert (found["cells"], found["hash"]) == (len(space.layout.cells), space.hash)
    capsys.readouterr()
    assert main(["spaces"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(values)
    assert "6 operations, 9 cells, C = 32, 108 -> 14 pixels" in next(
        line for line in lines if line.startswith("auto_fas ")
    )
