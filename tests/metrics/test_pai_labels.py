"""Which labels are labels, and how instruments are grouped."""

import numpy as np
import pytest

from autofas.errors import MetricError
from autofas.metrics import BONA_FIDE, group_pais
from autofas.metrics.pai_labels import encode, label_fault


def test_family_drops_the_number_at_the_end():
    pais = ["bona_fide", "print1", "print2", "replay1", "replay2", "replay12", "print_1", "mask-3", "mask"]
    families = ["bona_fide", "print", "print", "replay", "replay", "replay", "print", "mask", "mask"]
    assert group_pais(pais, "family") == families
    assert group_pais(pais, "instrument") == pais
    assert group_pais(np.array(pais), "family") == families


def test_family_keeps_numbers_inside_a_name():
    assert group_pais(["01_e_s", "mask3d", "print/2"], "family") == ["01_e_s", "mask3d", "print/"]


@pytest.mark.parametrize("grouping", ["families", "", None])
def test_unknown_grouping_names_the_choices(grouping):
    with pytest.raises(MetricError, match="choose instrument, family"):
        group_pais(["print"], grouping)


@pytest.mark.parametrize(
    "name",
    ["bonafide", "Bona Fide", "BONA_FIDE", "bona-fide", "real", "Live", "genuine", " bona_fide", "print "],
)
def test_near_misses_of_bona_fide_are_refused_not_counted_as_attacks(name):
    assert label_fault(name) is not None


@pytest.mark.parametrize(
    "name", ["0", "1", "-1", "+1", "1.0", "", " ", "None", "unknown", "print\n", None, 1, float("nan")]
)
def test_what_is_not_a_label(name):
    assert label_fault(name) is not None


@pytest.mark.parametrize(
    "name", [BONA_FIDE, "print", "replay2", "01_e_s", "print/1", "attack", "3d mask", "masque à l'eau"]
)
def test_what_is_a_label(name):
    assert label_fault(name) is None


@pytest.mark.parametrize("distinct", [1, 2, 31, 32, 33, 100])
def test_encoding_is_by_first_appearance_for_every_container(distinct):
    rng = np.random.default_rng(distinct)
    names = [f"name {i}" for i in rng.integers(0, distinct, 500)]
    expected = list(dict.fromkeys(names))
    for values in (names, np.array(names), np.array(names, dtype=object), iter(names)):
        codes, found = encode(values, "pais")
        assert found == expected
        assert all(type(name) is str for name in found)
        assert [found[code] for code in codes] == names
