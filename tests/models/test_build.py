"""The one door to a network: names, files, and counted before it is built."""

from pathlib import Path

import pytest
import torch

from autofas.cli import main
from autofas.errors import ConfigError, RunError
from autofas.models.build import MAX_PARAMETERS, bounded, build
from autofas.models.genotype import save_genotype
from autofas.models.weights import load_network
from tests.models.genotypes import paper_genotype
from tests.models.weight_files import edited


def test_text_is_a_baseline_first_and_a_file_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("feathernet_b", "found"):
        save_genotype(paper_genotype(), name)
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
        (["train", "--genotype", "feathernet_b"], "feathernet_b is a hand-designed network; give --baseline"),
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
    save_genotype(paper_genotype(), "found.txt")
    Path("notes.txt").write_text("not a genotype")
    assert main(words) == 2
    assert message in capsys.readouterr().err


def layout(values) -> dict:
    return values["genotype"]["layout"]


METADATA = {
    "a million channels": (lambda v: layout(v).update(channels=10**6), "less than or equal to 1024"),
    "channels that double away": (
        lambda v: layout(v).update(cells=["reduction"] * 64),
        "channels would grow beyond 8192",
    ),
    "a network for a rack": (
        lambda v: layout(v).update(channels=1024, channel_factor=1, cells=["normal"] * 64),
        f"parameters; at most {MAX_PARAMETERS:,} are built",
    ),
    "outputs without end": (
        lambda v: v.update(genotype=None, baseline="resnet18", options={"num_outputs": 10**15}),
        "parameters; at most",
    ),
    "a division by nothing": (
        lambda v: v.update(genotype=None, baseline="resnet18_se", options={"reduction": 0}),
        "baseline resnet18_se: ",
    ),
    "another network": (lambda v: v.update(genotype=None, baseline="resnet18"), "tensors are not those of"),
    "no network": (lambda v: v.update(genotype=None), "exactly one of genotype and baseline"),
    "a file": (
        lambda v: v.update(genotype=None, baseline="elsewhere/genotype.json"),
        "baseline elsewhere/genotype.json does not exist",
    ),
    "an unknown network": (lambda v: v.update(genotype=None, baseline="os"), "baseline os does not exist"),
    "no modality": (lambda v: v.update(modalities=[]), "modalities: "),
    "an unknown modality": (lambda v: v.update(modalities=["x"]), "modalities"),
    "an unknown loss": (lambda v: v.update(supervision="x"), "supervision x"),
    "another normalisation": (lambda v: v["preprocessing"].update(mean=0.0), "preprocessing.mean"),
    "a name that is a path": (lambda v: v.update(name="../../x"), "name: "),
    "an unknown key": (lambda v: v.update(hook="os.system"), "unknown key hook"),
    "a view of nothing": (lambda v: v["preprocessing"].update(crop_size=10**9), "crop_size"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_of_an_absurd_or_unknown_network_are_refused_before_it_is_built(weights, name) -> None:
    edit, message = METADATA[name]
    edited(weights, edit)
    with pytest.raises(RunError, match=message) as caught:
        load_network(weights)
    assert "\n" not in str(caught.value)


def test_what_is_counted_first_draws_no_random_number_and_changes_nothing(genotype) -> None:
    torch.manual_seed(3)
    one = torch.nn.Linear(4, 4)
    torch.manual_seed(3)
    other = bounded(lambda: torch.nn.Linear(4, 4), "a layer")
    assert torch.equal(one.weight, other.weight)
    with pytest.raises(ConfigError, match="a layer has 1,000,001,000,000 parameters"):
        bounded(lambda: torch.nn.Linear(10**6, 10**6), "a layer")
