"""Multi-modal training through the one contract: what is opened, what a step is told, small runs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from autofas.config.evaluate import EvaluateConfig
from autofas.config.recipes import resolve_training
from autofas.evaluation.evaluate import evaluate
from autofas.models.build import build
from autofas.models.weights import WEIGHTS_FILE, load_network
from autofas.training.train import train
from tests.training.multimodal import batch_of, flags


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
