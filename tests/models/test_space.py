"""Search spaces: the paper's own, their first lines, their hash, and names that are not there."""

from importlib import resources
from pathlib import Path

import pytest

from autofas.errors import GenotypeError
from autofas.models.space import Space, load_space, space_names


def test_a_space_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (resources.files("autofas.search_spaces") / "small.yaml").read_text()
    for name in ("mine", "mine.txt", "darts"):
        Path(name).write_text(text)
    assert load_space("mine") == load_space("mine.txt") == load_space("small")
    assert load_space("darts") != load_space("small")
    assert "mine" not in space_names()
    with pytest.raises(GenotypeError, match="search space other does not exist"):
        load_space("other")


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


def test_unknown_space_names_the_near_one():
    with pytest.raises(GenotypeError, match="did you mean auto_fas"):
        load_space("auto_fsa")


def test_variants_list_layouts_the_own_one_among_them() -> None:
    values = load_space("small").model_dump()
    space = Space.model_validate(
        values | {"variants": {"channels": [4, 8], "cells": [["normal"], values["layout"]["cells"]]}}
    )
    assert space.variants.open == {"channels": (4, 8), "cells": (("normal",), space.layout.cells)}
    assert space.with_layout({"cells": ("normal",)}).layout.cells == ("normal",)
    assert space.hash != load_space("small").hash == Space.model_validate(values | {"variants": {}}).hash
    for variants, words in (
        (
            {"channels": [4, 12]},
            "variants.channels lists different values of layout.channels, that of the layout among them",
        ),
        ({"channels": [8]}, "variants.channels lists different values"),
        ({"channels": [8, 8]}, "variants.channels lists different values"),
        ({"channels": [8, 0]}, "greater than or equal to 1"),
        ({"normalise": ["none", "all"]}, "normalise"),
        ({"intermediate_nodes": [4, 2]}, "Extra inputs are not permitted"),
    ):
        with pytest.raises(ValueError, match=words):
            Space.model_validate(values | {"variants": variants})
