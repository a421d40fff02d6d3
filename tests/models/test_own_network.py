"""A network of one's own: built, profiled, trained and evaluated by its file's name, and never without it."""

import json

import pytest
import torch
from torch import nn

import autofas
from autofas.cli import main
from autofas.errors import ConfigError
from autofas.models import own_network
from autofas.models.build import build
from autofas.models.weights import load_network, save_weights
from autofas.printed import command

CODE = """
from torch import nn

class Tiny(nn.Module):
    def __init__(self, width, outputs):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3, 4, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))

def one(): return Tiny(8, 1)
def two(input_size=48, width=8): return Tiny(width, 2)
def mapped(): return nn.Conv2d(3, 1, 3, 8)
def tupled(): return Pair()
class Pair(nn.Module):
    def forward(self, x): return x, x
def text(): return "no module"
def broken(): raise RuntimeError("no luck")
def small(): return nn.Sequential(nn.Flatten(), nn.Linear(7, 2))
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(own_network, "_named", [])
    path = tmp_path / "net.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("factory", "supervision", "size"),
    [("one", "bce", 112), ("two", "cross_entropy", 48), ("mapped", "pixelwise_bce", 112)],
)
def test_what_it_gives_says_how_it_is_taught(file, factory, supervision, size):
    network = build(f"{file}:{factory}")
    assert (network.name, network.kind) == (f"net.py:{factory}", "hand-designed")
    assert (network.supervision_name, network.input_size) == (supervision, size)
    scores = network.eval().score({"color": torch.zeros(2, 3, size, size)})
    assert scores.shape == (2,)


def test_options_and_sides_reach_the_factory(file):
    network = build(f"{file}:two", options={"width": 5}, input_size=32)
    assert network.body.head.in_features == 5
    assert network.input_size == 32


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("absent", "has no function or class absent"),
        ("text", "returns str, not an nn.Module"),
        ("broken", "cannot build its network: no luck"),
        ("tupled", "gives a tuple for one image"),
        ("small", "does not take images of 3x112x112"),
    ],
)
def test_what_goes_wrong_in_it_is_one_line(file, factory, message):
    with pytest.raises(ConfigError, match=message) as caught:
        build(f"{file}:{factory}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "factory", "label"),
    [
        ("my net (2).py", "one", "my_net_2.py:one"),
        ("_größe.py", "one", "gr_e.py:one"),
        ("n" * 80 + ".py", "one", "n" * 57 + ".py:one"),
        ("net.py", "build_" + "x" * 40, "net.py:build_" + "x" * 26),
        ("___.py", "one", "file.py:one"),
    ],
)
def test_any_file_and_factory_can_be_named(file, tmp_path, name, factory, label):
    place = tmp_path / name
    place.write_text(CODE + f"\n{factory} = one\n")
    network = build(f"{place}:{factory}")
    assert network.name == label
    save_weights(network, tmp_path / "w.safetensors", margin=1.3, provenance={})
    assert load_network(tmp_path / "w.safetensors").network.name == label


def test_a_file_without_a_factory_is_told_how_to_name_one(file, capsys):
    assert main(["profile", "--baseline", str(file)]) == 2
    assert f"--baseline {file}:FACTORY" in capsys.readouterr().err


def test_a_file_that_is_absent_or_cannot_be_run_is_named(file):
    with pytest.raises(ConfigError, match=r"absent\.py cannot be read"):
        build(f"{file.with_name('absent.py')}:one")
    file.write_text("import nothing_of_that_name")
    with pytest.raises(ConfigError, match="cannot be run: No module named"):
        build(f"{file}:one")


def test_any_module_is_profiled_for_the_inputs_it_takes():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten(), nn.Linear(4 * 6 * 6, 2, bias=False))
    found = autofas.profile(module, torch.zeros(5, 3, 8, 8))
    assert found.params == 4 * 27 + 144 * 2
    assert found.macs == 36 * 4 * 27 + 144 * 2
    with pytest.raises(ConfigError, match="a Sequential does not say what it takes; give inputs"):
        autofas.profile(module)
    with pytest.raises(ConfigError, match="cannot run on an input"):
        autofas.profile(module, torch.zeros(1, 3, 9, 9))
    network = build("feathernet_a", input_size=64)
    assert autofas.profile(network, torch.zeros(1, 3, 64, 64)).macs == autofas.profile(network).macs


def test_the_verbs_take_it_and_a_weights_file_alone_runs_nothing(file, tmp_path, capsys, monkeypatch):
    from PIL import Image

    rows = ["path,pai,subject,session,video,frame,split"]
    for split, people in (("train", "abcd"), ("dev", "ef"), ("test", "gh")):
        for person in people:
            for pai, level in (("bona_fide", 200), ("print", 60)):
                name = f"{person}_{pai}.png"
                Image.new("RGB", (32, 32), (level, level, ord(person))).save(tmp_path / name)
                rows.append(f"{name},{pai},{person},1,{person}_{pai},0,{split}")
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    network, data = f"{file}:two", ["--dataset", str(tmp_path / "m.csv")]
    assert main(["profile", "--baseline", network]) == 0
    assert "net.py:two" in capsys.readouterr().out
    runs = ["--runs-dir", str(tmp_path / "runs"), "--preset", "quick", "--epochs", "1", "--threads", "1"]
    assert main(["train", "--baseline", network, *data, *runs, "--input-size", "32", "--quiet"]) == 0
    run = tmp_path / "runs" / "train" / "net"
    *_, following = capsys.readouterr().out.splitlines()
    assert following.endswith(command("evaluate", "--run", run, "--baseline", network))
    monkeypatch.setattr(own_network, "_named", [])  # as in a process that was not told of it
    assert main(["evaluate", "--run", str(run)]) == 2
    line = capsys.readouterr().err
    assert "net.py:two, code that runs; evaluate it with --baseline path/to/net.py:two" in line
    assert main(["evaluate", "--run", str(run), "--baseline", network, "--quiet", "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "net.py:two" in json.dumps(values)
    board = str(tmp_path / "runs" / "leaderboard.csv")
    assert main(["pareto", "--leaderboard", board, "--out", str(tmp_path / "p.png")]) == 0
    assert "net.py:two" in capsys.readouterr().out
    file.write_text(CODE + "# changed")
    monkeypatch.setattr(own_network, "_named", [])
    assert main(["evaluate", "--run", str(run), "--baseline", network]) == 2
    assert "has changed since this network was trained" in capsys.readouterr().err


def test_a_run_to_go_on_with_has_its_code_named_again(file, tmp_path, capsys):
    from autofas.config.resolve import to_yaml
    from autofas.config.train import TrainConfig

    (tmp_path / "config.yaml").write_text(to_yaml(TrainConfig(baseline=f"{file}:two")))
    assert main(["train", "--resume", str(tmp_path), "--print-config"]) == 2
    assert "net.py:two, code that runs; name it with --baseline" in capsys.readouterr().err
    words = ["train", "--resume", str(tmp_path), "--baseline", f"{file}:two", "--print-config"]
    assert main(words) == 0
