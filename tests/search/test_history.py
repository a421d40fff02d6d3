"""The record of a search as a file: what is written reads back, what is not of that kind is refused."""

import numpy as np
import pytest

from autofas.errors import RunError
from autofas.models.space import load_space
from autofas.search.history import betas_of, read_alphas, write_alphas

SPACE = load_space("small")


def snapshot(seed, betas=True):
    generator = np.random.default_rng(seed)
    record = {kind: generator.normal(size=(14, 6)) for kind in ("normal", "reduction")}
    return record | ({f"{kind}_beta": generator.normal(size=14) for kind in record} if betas else {})


@pytest.mark.parametrize("betas", [True, False])
def test_what_is_written_reads_back_to_the_last_bit(tmp_path, betas):
    history = [snapshot(seed, betas) for seed in range(3)]
    write_alphas(tmp_path / "alphas.csv", history, SPACE)
    found = read_alphas(tmp_path / "alphas.csv", SPACE)
    assert len(found) == 3
    for one, other in zip(history, found, strict=True):
        assert one.keys() == other.keys()
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name])
    assert set(betas_of(found[0])) == ({"normal", "reduction"} if betas else set())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:-1], "ends within an epoch"),
        (lambda lines: lines[:1], "ends within an epoch"),
        (
            lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
            "row 2: expected epoch 0, normal, 2, 0, none",
        ),
        (lambda lines: [lines[0], "0,normal,2,0,none,nan,0.5", *lines[2:]], "holds 'nan' where a number"),
        (lambda lines: [lines[0], "0,normal,2,0,none,,0.5", *lines[2:]], "holds '' where a number"),
        (lambda lines: [lines[0], "0,normal,2,0,none,0.5,", *lines[2:]], "betas of some edges alone"),
        (lambda lines: ["a,b", *lines[1:]], "row 2: expected"),
    ],
)
def test_what_is_not_such_a_file_is_one_line(tmp_path, change, said):
    path = tmp_path / "alphas.csv"
    write_alphas(path, [snapshot(0)], SPACE)
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(RunError, match=said):
        read_alphas(path, SPACE)


def test_another_spaces_alphas_are_named(tmp_path):
    write_alphas(tmp_path / "alphas.csv", [snapshot(0)], SPACE)
    with pytest.raises(RunError, match="of space darts"):
        read_alphas(tmp_path / "alphas.csv", load_space("darts"))
