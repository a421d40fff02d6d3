"""Spaces and genotypes as files: what reads, what is refused, and how the refusal reads."""

import json

import pytest

from autofas.errors import GenotypeError
from autofas.models.genotype import Cell, genotype_from_cells, load_genotype, save_genotype
from autofas.models.space import load_space, space_names


def cell(operation="sep_conv_3x3"):
    edges = [(node, source, operation) for node in range(2, 6) for source in (0, 1)]
    return Cell(edges=edges, concat=(2, 3, 4, 5))


def genotype():
    return genotype_from_cells(load_space("auto_fas"), cell(), cell("max_pool_3x3"), "test", {"seed": 3})


def test_auto_fas_is_the_papers_space():
    space = load_space("auto_fas")
    assert set(space.operations) == {
        "none",
        "max_pool_3x3",
        "avg_pool_3x3",
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
    }
    assert len(space.edges) == 2 + 3 + 4 + 5
    assert space.layout.input_size == 108
    assert space.layout.map_size() == 14


@pytest.mark.parametrize("name", space_names())
def test_every_space_opens_with_the_command_that_runs_it(name):
    from importlib import resources

    text = (resources.files("autofas.search_spaces") / f"{name}.yaml").read_text()
    assert f"--space {name}" in text.split("schema_version")[0]


def test_hash_changes_with_the_space():
    space = load_space("small")
    wider = space.model_copy(update={"layout": space.layout.model_copy(update={"channels": 16})})
    assert space.hash == load_space("small").hash
    assert space.hash != wider.hash


def test_genotype_survives_its_file(tmp_path):
    path = tmp_path / "genotype.json"
    save_genotype(genotype(), path)
    assert load_genotype(path) == genotype()
    assert path.read_text().count("sep_conv_3x3") == 8  # an edge a line
    assert [item.name for item in tmp_path.iterdir()] == ["genotype.json"]


def edited(tmp_path, edit):
    path = tmp_path / "genotype.json"
    save_genotype(genotype(), path)
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))
    return path


FAULTS = [
    (lambda v: v["normal"]["edges"][0].__setitem__(2, "sep_conv_3x4"), "did you mean sep_conv_3x3"),
    (lambda v: v["normal"]["edges"][0].__setitem__(2, "none"), "holds none"),
    (lambda v: v["normal"]["edges"][0].__setitem__(1, 2), "does not go forward"),
    (lambda v: v["normal"]["edges"][0].__setitem__(1, -1), "does not go forward"),
    (lambda v: v["normal"]["edges"][1].__setitem__(1, 0), "two edges join the same pair"),
    (lambda v: v["reduction"].__setitem__("concat", [2, 9]), "must name distinct nodes"),
    (lambda v: v["reduction"].__setitem__("edges", v["reduction"]["edges"][:6]), "concat"),
    (lambda v: v.__setitem__("schema_version", 2), "schema_version 2"),
    (lambda v: v.__setitem__("colour", 1), "unknown key colour"),
    (lambda v: v.pop("layout"), "layout is missing"),
    (lambda v: v["layout"].__setitem__("channels", 10**9), "channels"),
]


@pytest.mark.parametrize(("edit", "message"), FAULTS)
def test_a_damaged_genotype_is_refused_in_one_line(tmp_path, edit, message):
    path = edited(tmp_path, edit)
    with pytest.raises(GenotypeError, match=message) as caught:
        load_genotype(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000])
def test_what_is_no_genotype_at_all(tmp_path, text):
    path = tmp_path / "genotype.json"
    path.write_text(text)
    with pytest.raises(GenotypeError):
        load_genotype(path)


def test_unknown_space_names_the_near_one():
    with pytest.raises(GenotypeError, match="did you mean auto_fas"):
        load_space("auto_fsa")


def test_a_cell_outside_the_space_is_refused():
    with pytest.raises(GenotypeError, match="normal cell holds dil_conv_3x3, which space auto_fas lacks"):
        genotype_from_cells(load_space("auto_fas"), cell("dil_conv_3x3"), cell(), "test")
