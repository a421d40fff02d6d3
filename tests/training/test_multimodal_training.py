"""Multi-modal training through the one contract: what is opened, what a step is told, small runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from autofas.config.evaluate import EvaluateConfig
from autofas.config.recipes import resolve_training
from autofas.config.train import TrainConfig
from autofas.data.batches.loader import Batch
from autofas.errors import ConfigError
from autofas.evaluation.evaluate import evaluate
from autofas.models.build import build
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.training.modalities import with_modalities
from autofas.training.targets import check_targets, prepare_batch
from autofas.training.train import train

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of three modalities: bona fide faces are bright in infrared and have depth."""
    root = tmp_path_factory.mktemp("faces")
    random = np.random.default_rng(0)
    lines = ["path,depth,ir,pai,subject,session,video,frame,split"]
    for split, subjects in (("train", 4), ("dev", 2), ("test", 2)):
        for subject in range(subjects):
            for pai in ("bona_fide", "print", "replay"):
                stem = f"{split}{subject}_{pai}"
                bright = 150 if pai == "bona_fide" else 50
                for name, level in (("color", 110), ("depth", bright), ("ir", bright)):
                    noise = random.integers(-40, 40, (32, 32, 3))
                    Image.fromarray((level + noise).astype(np.uint8)).save(root / f"{stem}_{name}.png")
                names = ",".join(f"{stem}_{name}.png" for name in ("color", "depth", "ir"))
                lines.append(f"{names},{pai},{split}{subject},1,{stem},0,{split}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def flags(faces: Path, tmp_path: Path, **more: object) -> dict[str, object]:
    return {
        "data.dataset": str(faces / "manifest.csv"),
        "data.cache_dir": str(faces / "cache"),
        "data.workers": 1,
        "runs_dir": str(tmp_path),
        "threads": 1,
        "epochs": 2,
        "batch_size": 4,
        **more,
    }


def batch_of(names: tuple[str, ...], side: int, batch: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    images = {name: torch.rand(batch, 3, side, side, generator=generator) * 2 - 1 for name in names}
    return Batch(images, {"label": torch.tensor([1.0, 0.0] * (batch // 2))}, torch.arange(batch))


def test_modalities_follow_the_network(faces: Path) -> None:
    def opened(**keys: object) -> TrainConfig:
        return with_modalities(TrainConfig(data={"dataset": str(faces / "manifest.csv")}, **keys))

    assert opened(baseline="resnet18").data.modalities == ("color",)
    assert opened(baseline="afa").data.modalities == ("color", "depth", "ir")
    assert opened(baseline="cdcn").data.modalities == ("color", "depth")
    assert opened(baseline="cdcn").depth_target == "depth"
    assert opened(baseline="cdcn", depth_target="ones").data.modalities == ("color",)
    assert with_modalities(opened(baseline="cdcn")) == opened(baseline="cdcn")
    assert with_modalities(TrainConfig(baseline="afa")).data.modalities == (
        "color",
        "depth",
        "ir",
    )  # generated


def test_data_without_depth_or_infrared_say_so_in_one_line(faces: Path, tmp_path: Path) -> None:
    lines = (faces / "manifest.csv").read_text(encoding="utf-8").splitlines()
    poor = [",".join(line.split(",")[:1] + line.split(",")[3:]) for line in lines]
    place = faces / "color_only.csv"
    place.write_text("\n".join(poor) + "\n", encoding="utf-8")
    config, _ = resolve_training(flags=flags(faces, tmp_path, baseline="facebagnet_a"))
    config = config.model_copy(update={"data": config.data.model_copy(update={"dataset": str(place)})})
    message = (
        r"facebagnet_a reads color, depth, ir and .*color_only\.csv has no depth and no ir images; choose a"
    )
    with pytest.raises(ConfigError, match=message):
        train(config)
    assert not (tmp_path / "train").exists()
    one = TrainConfig(baseline="feathernet_b", data={"dataset": str(place), "modalities": ("depth",)})
    with pytest.raises(ConfigError, match="has no depth images; give --modality color"):
        with_modalities(one)
    assert with_modalities(TrainConfig(baseline="cdcn", data={"dataset": str(place)})).depth_target == "ones"
    with pytest.raises(ConfigError, match=r"depth_target depth: .* use depth_target=ones"):
        with_modalities(TrainConfig(baseline="cdcn", data={"dataset": str(place)}, depth_target="depth"))


def test_what_a_depth_network_is_told() -> None:
    config = TrainConfig(baseline="cdcn", depth_target="depth")
    with torch.device("meta"):
        network = build("cdcn", input_size=32)
    batch = batch_of(("color", "depth"), 32)
    images, targets = prepare_batch(batch, network, config, epoch=0)
    assert list(images) == ["color"]
    assert torch.equal(images["color"], batch.images["color"])
    expected = (batch.images["depth"].mean(1, keepdim=True) + 1) / 2
    assert torch.allclose(targets["depth_map"][0], expected[0])
    assert targets["depth_map"][1].abs().max() == 0  # an attack
    flat = TrainConfig(baseline="cdcn", depth_target="ones")
    targets = prepare_batch(batch, network, flat, epoch=0)[1]
    assert targets["depth_map"][:, 0].amax(dim=(1, 2)).tolist() == [1, 0, 1, 0]


def test_what_afa_is_told() -> None:
    config = TrainConfig(baseline="afa", erase_modalities=1.0, view={"kind": "degraded"})
    with torch.device("meta"):
        network = build("afa", view="degraded")
    batch = batch_of(("color", "depth", "ir"), 64, batch=8)
    images, targets = prepare_batch(batch, network, config, epoch=0)
    assert {tuple(image.shape) for image in images.values()} == {(8, 3, 8, 8)}
    black = torch.stack([(image == -1).all(dim=3).all(dim=2).all(dim=1) for image in images.values()]).sum(0)
    assert set(black.tolist()) <= {1, 2}  # every sample lost one or two
    for name in ("color", "depth", "ir"):
        assert targets[f"clear_{name}"].shape == (8, 3, 16, 16)
        assert targets[f"clear_{name}"].amin(dim=(1, 2, 3)).min() > -1  # the truth stays whole


def test_what_does_not_go_together() -> None:
    def check(name: str, view: str = "whole", **keys: object) -> None:
        with torch.device("meta"):
            network = build(name, input_size=32 if name != "afa" else 8, view=view)
        check_targets(TrainConfig(baseline=name, **keys), network)

    with pytest.raises(ConfigError, match=r"supervision afa needs view\.kind degraded, not whole"):
        check("afa")
    with pytest.raises(ConfigError, match="a depth map cannot be used with view patches"):
        check("cdcn", "patches")
    with pytest.raises(ConfigError, match="resnet18 reads a single modality; set it to 0"):
        check("resnet18", erase_modalities=0.5)
    with pytest.raises(ConfigError, match="feathernet_b has no option 'heads'; choose head"):
        build("feathernet_b", options={"heads": 1})


def test_scores_of_patches_are_means_over_all_views() -> None:
    torch.manual_seed(0)
    network = build("facebagnet_a", input_size=16, view="patches", crop_size=24).eval()
    batch = batch_of(("color", "depth", "ir"), 24)
    with torch.no_grad():
        found = network.score(batch.images)
        views = list(network.view.evaluation(batch.images))
        each = torch.stack([network(view).softmax(1)[:, 1] for view in views])
        first = network.score(batch.images, every_view=False)
    assert len(views) == 36
    assert torch.allclose(found, each.mean(0), atol=1e-6)
    assert torch.allclose(first, each[0], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("facebagnet_a", {"input_size": 8, "view.crop_size": 12, "epochs": 1}),
        ("feathernet_a", {"input_size": 32, "options.head": "gap_fc", "data.modalities": ["ir"]}),
        ("cdcn", {"input_size": 16}),
    ],
)
def test_train_evaluate_and_rebuild(name: str, more: dict, faces: Path, tmp_path: Path) -> None:
    config, notes = resolve_training(flags=flags(faces, tmp_path, baseline=name, **more))
    result = train(config, notes=notes)
    assert len(result.results) == config.epochs
    assert all(np.isfinite(row["train_loss"]) for row in result.results)
    figures = evaluate(EvaluateConfig(run=str(result.path), threads=1)).figures
    assert figures.model == name
    again = load_network(result.path / WEIGHTS_FILE)
    assert again.network.view == result.network.view
    assert again.network.options == result.network.options
    side = again.network.view.crop_size
    batch = batch_of(again.network.modalities, side)
    with torch.no_grad():
        result.network.eval()
        assert torch.equal(again.network.score(batch.images), result.network.score(batch.images))


def test_three_streams_learn_what_only_infrared_and_depth_show(faces: Path, tmp_path: Path) -> None:
    keys = {"input_size": 16, "epochs": 3, "optimizer.lr": 0.02, "augment": "none"}
    config, _ = resolve_training(flags=flags(faces, tmp_path, baseline="resnet18_three_stream", **keys))
    figures = evaluate(EvaluateConfig(run=str(train(config).path), threads=1)).figures
    assert figures.auc == 1.0


def test_init_is_reported_in_the_run_folder(faces: Path, tmp_path: Path) -> None:
    source = build("feathernet_a", input_size=32)
    torch.save(source.body.state_dict(), tmp_path / "start.pt")
    keys = {"input_size": 32, "epochs": 1, "data.modalities": ["color"], "init": str(tmp_path / "start.pt")}
    config, _ = resolve_training(flags=flags(faces, tmp_path, baseline="feathernet_a", **keys))
    result = train(config)
    report = (result.path / "init.txt").read_text(encoding="utf-8")
    assert report.count("matched") == len(source.body.state_dict())
    assert "0 missing, 0 unexpected, 0 mismatched" in (result.path / "log.txt").read_text(encoding="utf-8")
    # at the recipe's rate of 0.001 one epoch leaves the start where it was, to a random one it is far
    moved = (result.network.body.stem[0].weight.detach() - source.body.stem[0].weight).abs().max()
    assert moved < 0.05 < source.body.stem[0].weight.abs().max()
