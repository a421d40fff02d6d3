"""Genotypes in YAML: what PyYAML makes of a named tuple, plain mappings, and nothing that would run."""

from collections import namedtuple

import pytest
import yaml

from autofas.errors import GenotypeError
from autofas.models.genotype import genotype_to_json, load_genotype
from autofas.models.yaml_genotypes import genotype_values
from autofas.storage.schema import parse_json

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
PAIRS = [("sep_conv_3x3", 0), ("skip_connect", 1), ("sep_conv_3x3", 0), ("dil_conv_3x3", 2)]
FOUND = Genotype(PAIRS, range(2, 4), PAIRS, [2, 3])


@pytest.mark.parametrize("values", [FOUND, FOUND._asdict(), {**FOUND._asdict(), "normal_concat": [2, 3]}])
def test_what_yaml_dump_writes_is_read(tmp_path, values) -> None:
    place = tmp_path / "found.yaml"
    place.write_text(yaml.dump(values))
    genotype = load_genotype(place)
    assert [tuple(edge) for edge in genotype.normal.edges][1] == (2, 1, "skip_connect")
    assert genotype.reduction.concat == (2, 3) == genotype.normal.concat
    assert genotype.layout.intermediate_nodes == 2


def test_a_genotype_beside_other_settings_and_our_own_as_yaml(tmp_path) -> None:
    place = tmp_path / "config.yml"
    plain = "[[sep_conv_3x3, 0], [skip_connect, 1]]"
    place.write_text(
        f"epochs: 50\ngenotype:\n  normal: {plain}\n  normal_concat: range(2, 3)\n"
        f"  reduce: {plain}\n  reduce_concat: [2]\n"
    )
    genotype = load_genotype(place)
    assert genotype.normal.concat == (2,)
    place.write_text(yaml.safe_dump(parse_json(genotype_to_json(genotype), "g", GenotypeError)))
    assert load_genotype(place) == genotype


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("a: !!python/object/new:os.Popen [ls]\n", "os.Popen is not read"),
        ("a: !!python/object/apply:builtins.range [0, 99999999]\n", "not a short range of nodes"),
        ("a: !!python/tuple x\n", "a tuple is not a list"),
        ("a: [\n", "is not valid YAML"),
        ("a" * 70000, "more than 65536 characters of YAML"),
    ],
)
def test_nothing_else_is_built(tmp_path, text, words) -> None:
    with pytest.raises(GenotypeError, match=words):
        genotype_values(text, "g.yaml")
    (tmp_path / "g.yaml").write_text(text)
    with pytest.raises(GenotypeError, match=words):
        load_genotype(tmp_path / "g.yaml")
