"""autofas draw: both cells of a genotype, beside it or in another folder."""

from pathlib import Path

import pytest

from autofas.cli import main, main_values
from autofas.models.genotype import save_genotype
from tests.models.genotypes import paper_genotype


@pytest.mark.parametrize("out", [None, "pictures/new"])
def test_two_pictures_are_written(tmp_path, out):
    place = tmp_path / "genotype.json"
    save_genotype(paper_genotype(), place)
    words = ["--out", str(tmp_path / out)] if out else []
    pictures = [Path(name) for name in main_values(["draw", str(place), *words])["pictures"]]
    assert len(pictures) == 2
    assert {picture.parent for picture in pictures} == {tmp_path / (out or "")}
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_what_is_no_genotype_is_said(tmp_path, capsys):
    (tmp_path / "g.json").write_text("{}")
    assert main(["draw", str(tmp_path / "g.json"), "--out", str(tmp_path / "cells")]) == 2
    assert not (tmp_path / "cells").exists()
    line = capsys.readouterr().err
    assert line.startswith("autofas draw: ")
    assert "g.json" in line
