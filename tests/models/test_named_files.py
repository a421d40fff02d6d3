"""A file that is named is read whatever it is called, and a name is looked up where no file is meant."""

from importlib import resources
from pathlib import Path

import pytest

from autofas.cli import main
from autofas.errors import GenotypeError
from autofas.models.build import build
from autofas.models.genotype import save_genotype
from autofas.models.space import load_space, space_names
from tests.models.test_space_and_genotype import genotype


@pytest.mark.parametrize("name", ["genotype_final.txt", "genotype", "best.JSON", "resnet18", "a b/g.json"])
def test_a_genotype_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    save_genotype(genotype(), name)
    assert build(Path(name)).kind == "searched"
    assert main(["profile", "--genotype", name]) == 0
    assert "auto_fas" in capsys.readouterr().out


def test_text_is_a_baseline_first_and_a_file_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("feathernet_b", "found"):
        save_genotype(genotype(), name)
    assert build("feathernet_b").kind == "hand-designed"
    assert build("found").kind == "searched"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["profile", "--genotype", "missing"], "missing does not exist"),
        (["profile", "--genotype", "missing.txt"], "missing.txt does not exist"),
        (["profile", "--genotype", "notes.txt"], "notes.txt is not valid JSON"),
        (["profile", "--baseline", "found.txt"], "a genotype goes with --genotype"),
        (["train", "--baseline", "found.txt"], "a genotype goes with --genotype"),
        (["profile", "--baseline", "feathernet"], "did you mean feathernet_"),
        (["train", "--genotype", "feathernet_b"], "feathernet_b does not exist"),
        (["search", "--space", "missing.txt"], "missing.txt does not exist"),
    ],
)
def test_what_is_not_there_is_said_of_what_was_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    save_genotype(genotype(), "found.txt")
    Path("notes.txt").write_text("not a genotype")
    assert main(words) == 2
    assert message in capsys.readouterr().err


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
