"""Genotypes: what survives their file, and what is refused in one line."""

import json
from pathlib import Path

import pytest

from autofas.cli import main
from autofas.errors import GenotypeError
from autofas.models.build import build
from autofas.models.genotype import Genotype, genotype_from_cells, load_genotype, save_genotype
from autofas.models.space import load_space
from autofas.storage.schema import validated
from tests.models.genotypes import cell, paper_genotype


@pytest.mark.parametrize("name", ["genotype_final.txt", "genotype", "best.JSON", "resnet18", "a b/g.json"])
def test_a_genotype_may_have_any_name(
    tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str], genotype: Genotype, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    save_genotype(genotype.model_copy(update={"derivation": "test"}), name)
    assert build(Path(name)).kind == "searched"
    assert main(["profile", "--genotype", name]) == 0
    assert "small" in capsys.readouterr().out


def edited(tmp_path, edit):
    path = tmp_path / "genotype.json"
    save_genotype(paper_genotype(), path)
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


def test_genotype_survives_its_file(tmp_path):
    path = tmp_path / "genotype.json"
    save_genotype(paper_genotype(), path)
    assert load_genotype(path) == paper_genotype()
    assert path.read_text().count("sep_conv_3x3") == 8  # an edge a line
    assert [item.name for item in tmp_path.iterdir()] == ["genotype.json"]


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


def test_what_holds_no_genotype_says_what_would(tmp_path):
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "config.yaml").write_text("space: small\nepochs: 8\n")
    save_genotype(paper_genotype(), tmp_path / "genotype.json")
    for name, message in (
        ("empty.txt", "is empty; a genotype is autofas'"),
        ("config.yaml", "holds no cells, neither normal nor reduction; a genotype is"),
        ("", r"is a folder; give .*/genotype\.json"),
    ):
        with pytest.raises(GenotypeError, match=message):
            load_genotype(tmp_path / name)


def test_a_cell_outside_the_space_is_refused():
    with pytest.raises(GenotypeError, match="normal cell holds dil_conv_3x3, which space auto_fas lacks"):
        genotype_from_cells(load_space("auto_fas"), cell("dil_conv_3x3"), cell(), "test")


def test_a_genotypes_names_are_names(tmp_path, genotype) -> None:
    path = tmp_path / "genotype.json"
    save_genotype(genotype, path)
    good = json.loads(path.read_text())
    for change, message in (
        ({"space": "../x"}, "space: "),
        ({"provenance": {"run": "../../x"}}, "provenance: "),
        ({"provenance": {"run": "a\x1b[2J"}}, "provenance: "),
        ({"provenance": {"note": "x" * 5000}}, "provenance"),
    ):
        path.write_text(json.dumps(good | change))
        with pytest.raises(GenotypeError, match=message):
            load_genotype(path)
    assert validated(Genotype, good | {"provenance": {"run": "exp2"}}, "g").name == "exp2"
