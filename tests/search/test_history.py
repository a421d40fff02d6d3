"""The record of a search: snapshots that stay as they were, and a file that the cells can be derived from."""

import csv

import numpy as np
import pytest
import torch

from autofas.errors import RunError
from autofas.models.space import load_space
from autofas.models.supernet import Supernet
from autofas.search.derive import derive_cell
from autofas.search.history import KINDS, betas_of, read_alphas, snapshot, write_alphas

SPACE = load_space("small")


def supernet(partial, edges, seed=0):
    net = Supernet(SPACE, partial, edges)
    torch.manual_seed(seed)
    with torch.no_grad():
        for values in (*net.alphas.values(), *net.betas.values()):
            values.normal_()
    return net


def test_a_snapshot_stays_as_it_was_taken():
    net = supernet(4, True)
    taken = snapshot(net)
    assert set(taken) == {"normal", "reduction", "normal_beta", "reduction_beta"}
    for kind in KINDS:
        assert taken[kind].shape == (len(SPACE.edges), len(SPACE.operations))
        assert taken[f"{kind}_beta"].shape == (len(SPACE.edges),)
        assert taken[kind].dtype == np.float64
    before = {name: values.copy() for name, values in taken.items()}
    with torch.no_grad():
        net.alphas["normal"].zero_()
        net.betas["reduction"].zero_()
    for name, values in before.items():
        np.testing.assert_array_equal(taken[name], values)
    assert not snapshot(net)["normal"].any()


def test_betas_are_those_of_the_search_or_none():
    taken = snapshot(supernet(4, True))
    assert list(betas_of(taken)) == list(KINDS)
    np.testing.assert_array_equal(betas_of(taken)["normal"], taken["normal_beta"])
    assert betas_of(snapshot(supernet(1, False))) == {}


@pytest.mark.parametrize(("partial", "edges"), [(4, True), (1, False)])
def test_the_cells_can_be_derived_from_the_file_alone(tmp_path, partial, edges):
    history = [snapshot(supernet(partial, edges, seed)) for seed in (0, 1)]
    write_alphas(tmp_path / "alphas.csv", history, SPACE)
    with (tmp_path / "alphas.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 2 * len(SPACE.edges) * len(SPACE.operations)
    shape = (len(SPACE.edges), len(SPACE.operations))
    for epoch, taken in enumerate(history):
        for kind in KINDS:
            own = [row for row in rows if (row["epoch"], row["cell"]) == (str(epoch), kind)]
            assert [row["operation"] for row in own] == [*SPACE.operations] * len(SPACE.edges)
            places = [(int(row["node"]), int(row["input"])) for row in own]
            assert places == [edge for edge in SPACE.edges for _ in SPACE.operations]
            alphas = np.array([float(row["alpha"]) for row in own]).reshape(shape)
            np.testing.assert_array_equal(alphas, taken[kind])
            betas = None
            if edges:
                betas = np.array([float(row["beta"]) for row in own]).reshape(shape)[:, 0]
                np.testing.assert_array_equal(betas, taken[f"{kind}_beta"])
            else:
                assert {row["beta"] for row in own} == {""}
            rule = "pc-darts" if edges else "auto-fas"
            wanted = derive_cell(SPACE, taken[kind], betas_of(taken).get(kind), rule)
            assert derive_cell(SPACE, alphas, betas, rule) == wanted


def test_a_search_that_has_not_begun_writes_no_table(tmp_path):
    write_alphas(tmp_path / "alphas.csv", [], SPACE)
    assert not (tmp_path / "alphas.csv").exists()


def made(seed, betas=True):
    generator = np.random.default_rng(seed)
    record = {kind: generator.normal(size=(14, 6)) for kind in ("normal", "reduction")}
    return record | ({f"{kind}_beta": generator.normal(size=14) for kind in record} if betas else {})


@pytest.mark.parametrize("betas", [True, False])
def test_what_is_written_reads_back_to_the_last_bit(tmp_path, betas):
    history = [made(seed, betas) for seed in range(3)]
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
    write_alphas(path, [made(0)], SPACE)
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(RunError, match=said):
        read_alphas(path, SPACE)


def test_another_spaces_alphas_are_named(tmp_path):
    write_alphas(tmp_path / "alphas.csv", [made(0)], SPACE)
    with pytest.raises(RunError, match="of space darts"):
        read_alphas(tmp_path / "alphas.csv", load_space("darts"))
