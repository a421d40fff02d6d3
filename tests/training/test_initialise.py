"""Initialisation: what is matched is loaded, everything else is named, nothing runs on loading."""

from pathlib import Path

import pytest
import torch
from autofas.baselines import build_baseline
from safetensors.torch import save_file
from torch import Tensor, nn

from autofas.errors import ConfigError, RunError
from autofas.training.initialise import InitReport, initialise, read_tensors

torch.set_num_threads(1)


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))


def named(report: InitReport, status: str) -> list[str]:
    return [entry.name for entry in report.entries if entry.status == status]


def write(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file(tensors, path)
    return path


def test_the_four_lots_by_hand(tmp_path: Path) -> None:
    network = small()
    before = network[1].bias.detach().clone()
    place = write(
        tmp_path / "a.safetensors",
        {
            "0.weight": torch.ones(3, 2),
            "0.bias": torch.ones(3),
            "1.weight": torch.ones(5, 3),
            "2.weight": torch.ones(1),
        },
    )
    report = initialise(network, place)
    assert named(report, "matched") == ["0.weight", "0.bias"]
    assert named(report, "mismatched") == ["1.weight"]
    assert named(report, "missing") == ["1.bias"]
    assert named(report, "unexpected") == ["2.weight"]
    assert report.summary() == "2 matched, 1 missing, 1 unexpected, 1 mismatched"
    assert "mismatched  1.weight  5x3 in the checkpoint, 2x3 in the network" in report.table()
    assert network[0].weight.eq(1).all()
    assert torch.equal(network[1].bias, before)  # what did not match is untouched
    assert not network[1].weight.eq(1).any()


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}, lambda s: {"model": {"net": s}}]
)
@pytest.mark.parametrize("prefix", ["", "module.", "module.model."])
def test_wrappers_are_taken_off(tmp_path: Path, wrap, prefix: str) -> None:
    source, network = small(), small()
    state = {prefix + name: value for name, value in source.state_dict().items()}
    torch.save(wrap(state), tmp_path / "b.pth")
    report = initialise(network, tmp_path / "b.pth")
    assert report.count("matched") == 4
    assert len(report.entries) == 4
    assert all(torch.equal(a, b) for a, b in zip(network.state_dict().values(), state.values(), strict=True))


class Malicious:
    """A pickle that would write a file on loading."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.place,))


def test_a_file_that_holds_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": small().state_dict(), "extra": Malicious(tmp_path / "ran")}, tmp_path / "c.pt")
    with pytest.raises(RunError, match=r"c\.pt holds more than tensors.*save its state_dict alone"):
        initialise(small(), tmp_path / "c.pt")
    assert not (tmp_path / "ran").exists()


def test_unreadable_files_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"does not exist; give a \.safetensors or \.pt file"):
        read_tensors(tmp_path / "none.pt")
    for name in ("d.safetensors", "d.pt"):
        (tmp_path / name).write_bytes(b"not a checkpoint")
        with pytest.raises(RunError) as caught:
            read_tensors(tmp_path / name)
        assert "\n" not in str(caught.value)
    whole = tmp_path / "whole.pt"
    torch.save(small().state_dict(), whole)
    (tmp_path / "cut.pt").write_bytes(whole.read_bytes()[:300])
    with pytest.raises(RunError, match="not a readable checkpoint"):
        read_tensors(tmp_path / "cut.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(RunError, match="holds no named tensors"):
        read_tensors(tmp_path / "list.pt")


def test_nothing_that_fits_is_refused(tmp_path: Path) -> None:
    network = small()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    place = write(tmp_path / "e.safetensors", {"conv.weight": torch.ones(3)})
    with pytest.raises(
        RunError, match=r"none of its 1 tensors fit.*it has conv\.weight, the network 0\.weight"
    ):
        initialise(network, place)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("name", ["visionlabs_dlas_a", "visionlabs_r34_se"])
def test_every_visionlabs_stream_starts_from_the_same_res1_to_res3(tmp_path: Path, name: str) -> None:
    """A pretrained ResNet-34 of one stream: stem, layer1 to layer3, its own layer4 and classifier."""
    single = build_baseline("visionlabs_dlas_a", input_size=48).streams["color"].state_dict()
    pretrained = {key: torch.randn_like(value.float()) for key, value in single.items()}
    network = build_baseline(name, input_size=48)
    place = write(
        tmp_path / "face.safetensors", {**pretrained, "layer4.0.weight": torch.zeros(512, 256, 3, 3)}
    )
    report = initialise(network, place)
    assert report.count("matched") == 3 * len(pretrained)
    streams = [stream.state_dict() for stream in network.streams.values()]
    for key in streams[0]:
        if not key.startswith("4."):  # the fusion's own squeeze-and-excitation
            assert torch.equal(streams[0][key], streams[1][key])
            assert torch.equal(streams[0][key], streams[2][key])
    assert torch.equal(next(iter(streams[0].values())), pretrained["stem.0.weight"])
    assert report.count("unexpected") == 1  # no stream has a fourth layer
    assert all(not entry.startswith("streams.") or ".4." in entry for entry in named(report, "missing"))


def torchvision_resnet18() -> dict[str, Tensor]:
    """A state_dict with torchvision's names and shapes of ResNet-18."""
    state = {"conv1.weight": torch.randn(64, 3, 7, 7)}

    def norm(name: str, channels: int) -> None:
        for key in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{key}"] = torch.rand(channels)
        state[f"{name}.num_batches_tracked"] = torch.tensor(5)

    norm("bn1", 64)
    before = 64
    for layer, channels in enumerate((64, 128, 256, 512), start=1):
        for block in (0, 1):
            place = f"layer{layer}.{block}"
            state[f"{place}.conv1.weight"] = torch.randn(channels, before if block == 0 else channels, 3, 3)
            state[f"{place}.conv2.weight"] = torch.randn(channels, channels, 3, 3)
            norm(f"{place}.bn1", channels)
            norm(f"{place}.bn2", channels)
            if block == 0 and layer > 1:
                state[f"{place}.downsample.0.weight"] = torch.randn(channels, before, 1, 1)
                norm(f"{place}.downsample.1", channels)
        before = channels
    return state | {"fc.weight": torch.randn(1000, 512), "fc.bias": torch.randn(1000)}


def test_torchvision_names_reach_resnet18_and_its_three_streams(tmp_path: Path) -> None:
    state = torchvision_resnet18()
    torch.save(state, tmp_path / "resnet18.pth")
    network = build_baseline("resnet18", input_size=32)
    report = initialise(network, tmp_path / "resnet18.pth")
    assert report.count("matched") == len(state) - 2
    assert named(report, "mismatched") == ["classifier.weight", "classifier.bias"]  # 1000 classes, not 2
    assert report.count("missing") == report.count("unexpected") == 0
    assert torch.equal(network.layers[1][0].shortcut[0].weight, state["layer2.0.downsample.0.weight"])
    three = build_baseline("resnet18_three_stream", input_size=32)
    report = initialise(three, tmp_path / "resnet18.pth")
    taken = [key for key in state if key.startswith(("conv1", "bn1", "layer1", "layer2"))]
    assert report.count("matched") == 3 * len(taken)
    for stream in three.streams.values():
        assert torch.equal(stream.layers[6][1].conv2.weight, state["layer2.1.conv2.weight"])


def test_a_map_renames(tmp_path: Path) -> None:
    place = write(tmp_path / "f.safetensors", {"a.first.weight": torch.ones(3, 2), "1.bias": torch.ones(2)})
    table = tmp_path / "map.yaml"
    table.write_text("a.first.: '0.'\n", encoding="utf-8")
    network = small()
    report = initialise(network, place, table)
    assert sorted(named(report, "matched")) == ["0.weight", "1.bias"]
    assert "from a.first.weight" in report.table()
    table.write_text("a.: [1, 2]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected a prefix or a list of prefixes"):
        initialise(network, place, table)
