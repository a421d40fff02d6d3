"""The verb `search` on generated faces: what moves, what repeats, what a resumed run continues."""

import csv
import json
import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
import yaml

from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.data.batches.loader import Batch
from autofas.errors import AutofasError, ConfigError, RunError
from autofas.models.genotype import load_genotype
from autofas.models.space import load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.runs.checkpoint import load_checkpoint
from autofas.search import bilevel
from autofas.search.engine import BilevelEngine
from autofas.search.search import search


def config(tmp_path, data, **changes):
    values = {
        "space": "small",
        "epochs": 3,
        "warmup_epochs": 1,
        "batch_size": 32,
        "input_size": 16,
        "augment": "basic",
        "runs_dir": str(tmp_path),
        "threads": 1,
        "device": "cpu",
        "data": data,
    }
    return SearchConfig.model_validate(values | changes)


def losses(result):
    return [(row["train_loss"], row["arch_loss"]) for row in result.results]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    from tests.conftest import TINY_FACES

    return search(config(tmp_path_factory.mktemp("runs"), TINY_FACES))


def test_alphas_wait_for_the_warm_up_and_then_move(first):
    before, warm, *rest = first.history
    for kind in ("normal", "reduction"):
        np.testing.assert_array_equal(before[kind], warm[kind])
        assert not np.array_equal(warm[kind], rest[0][kind])
        assert not np.array_equal(rest[0][kind], rest[1][kind])
        assert not np.array_equal(warm[f"{kind}_beta"], rest[1][f"{kind}_beta"])
    assert first.results[0]["arch_loss"] == ""
    assert first.results[1]["arch_loss"] > 0
    # alphas near zero decide nothing between six operations; then every step decides a little
    entropies = [row["entropy_normal"] for row in first.results]
    assert entropies[0] == pytest.approx(math.log(6), abs=1e-5)
    assert entropies[0] > entropies[1] > entropies[2] > 0


def test_the_run_folder_is_complete(first):
    names = {path.name for path in first.path.iterdir()}
    expected = {"config.yaml", "env.json", "results.csv", "log.txt", "genotype.json", "alphas.csv"}
    assert expected | {"checkpoint-last", "checkpoint-previous"} <= names
    assert load_genotype(first.path / "genotype.json") == first.genotype
    with open(first.path / "alphas.csv") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 2 * 14 * 6  # epochs and the start, kinds, edges, operations
    last = [row for row in rows if row["epoch"] == "3" and row["cell"] == "normal"]
    read = np.array([float(row["alpha"]) for row in last]).reshape(14, 6)
    np.testing.assert_array_equal(read, first.history[-1]["normal"])


def test_one_seed_repeats_itself_and_another_differs(first, tmp_path, tiny_data):
    again = search(config(tmp_path, tiny_data))
    assert again.genotype.same_network(first.genotype)
    assert losses(again) == losses(first)
    other = search(config(tmp_path, tiny_data, seed=1))
    assert losses(other) != losses(first)
    assert not np.array_equal(other.history[-1]["normal"], first.history[-1]["normal"])


def test_a_resumed_search_is_the_uninterrupted_one(first, tmp_path, tiny_data, monkeypatch):
    from autofas.runs import lifecycle as module

    real = module.save_checkpoint

    def stop_after_two(folder, state):
        real(folder, state)
        if state["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_checkpoint", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        search(config(tmp_path, tiny_data))
    monkeypatch.undo()
    resumed = search(config(tmp_path, tiny_data), resume=str(tmp_path / "search" / "exp"))
    assert losses(resumed) == losses(first)
    for name, values in first.history[-1].items():
        np.testing.assert_array_equal(resumed.history[-1][name], values)


def test_resuming_with_another_configuration_shows_the_difference(first, tiny_data):
    changed = config(first.path.parent.parent, tiny_data, epochs=4)
    with pytest.raises(RunError, match="epochs was 3, is 4"):
        search(changed, resume=str(first.path))


def test_the_dev_and_test_splits_are_not_looked_at(first, tmp_path, tiny_data, monkeypatch):
    from autofas.data.dataset import Dataset

    asked = []
    real = Dataset.split
    monkeypatch.setattr(Dataset, "split", lambda self, name: asked.append(name) or real(self, name))
    search(config(tmp_path, tiny_data, epochs=2))
    assert set(asked) == {"train"}


def test_weight_and_architecture_halves_share_no_subject(first):
    log = (first.path / "log.txt").read_text()
    assert "120 frames of 2 subjects for the weights, 120 of 2 subjects for the architecture" in log


@pytest.mark.parametrize("order", ["first", "second", "second-exact"])
def test_each_step_gets_the_batches_of_its_own_half(monkeypatch, tmp_path, tiny_data, order):
    # a quarter of four subjects' 240 frames: 60 for the architecture, 180 for the weights
    steps = []

    class Recorder(BilevelEngine):
        def arch_step(self, arch_batch, weight_batch=None):
            steps.append(("arch", pictures(arch_batch), pictures(weight_batch)))
            return torch.zeros(())

        def weight_step(self, batch):
            steps.append(("weights", pictures(batch)))
            return torch.zeros(())

    def pictures(batch):
        return [image.numpy().tobytes() for image in batch.images["color"]]

    monkeypatch.setattr(bilevel, "BilevelEngine", Recorder)
    plain = {"augment": "none", "balance": False, "epochs": 1, "warmup_epochs": 0}
    search(config(tmp_path, tiny_data, order=order, batch_size=10, arch_share=0.25, **plain))
    assert [step[0] for step in steps] == ["arch", "weights"] * 18
    seen = {
        name: Counter(picture for step in steps if step[0] == name for picture in step[1])
        for name in ("arch", "weights")
    }
    assert (len(seen["arch"]), set(seen["arch"].values())) == (60, {3})
    assert (len(seen["weights"]), set(seen["weights"].values())) == (180, {1})
    assert seen["arch"].keys().isdisjoint(seen["weights"])
    # second order looks ahead at the very step of the weights that follows
    assert all(arch[2] == after[1] for arch, after in zip(steps[::2], steps[1::2], strict=True))


def test_each_level_has_its_own_learning_rate(monkeypatch, tmp_path, tiny_data):
    # weights: half a cosine over four epochs; alphas: constant, from the first epoch after the warm-up
    rates = []

    class Recorder(BilevelEngine):
        def arch_step(self, arch_batch, weight_batch=None):
            rates.append(("arch", self.arch_optimizer.param_groups[0]["lr"]))
            return torch.zeros(())

        def weight_step(self, batch):
            rates.append(("weights", self.weight_optimizer.param_groups[0]["lr"]))
            return torch.zeros(())

    monkeypatch.setattr(bilevel, "BilevelEngine", Recorder)
    search(config(tmp_path, tiny_data, epochs=4, warmup_epochs=2, batch_size=120))
    found = {name: [rate for level, rate in rates if level == name] for name in ("weights", "arch")}
    assert found["weights"] == pytest.approx([0.05, 0.05 * 0.853553, 0.025, 0.05 * 0.146447], rel=1e-5)
    assert found["arch"] == [6e-3, 6e-3]


@pytest.mark.parametrize(
    ("losses", "moving"),
    [
        ([0.7, 0.6, 0.5, 0.6, 0.6, 0.6], [4, 5, 6]),  # 30 % below ln 2 is .485; half of 5 epochs is 2
        ([0.7, 0.48, 0.6, 0.6, 0.6, 0.6], [3, 4, 5, 6]),
        ([0.48, 0.6, 0.6, 0.6, 0.6, 0.6], [2, 3, 4, 5, 6]),
    ],
)
def test_alphas_wait_until_the_weight_loss_has_fallen(monkeypatch, tmp_path, tiny_data, losses, moving):
    class Recorder(BilevelEngine):
        def arch_step(self, arch_batch, weight_batch=None):
            return torch.zeros(())

        def weight_step(self, batch):
            return torch.tensor(losses[len(seen)])

    seen = []
    real = bilevel.BilevelSearch.do_round

    def counted(self):
        row = real(self)
        seen.append(row)
        return row

    monkeypatch.setattr(bilevel, "BilevelEngine", Recorder)
    monkeypatch.setattr(bilevel.BilevelSearch, "do_round", counted)
    asked = {"epochs": 6, "warmup_epochs": 1, "warmup_fall": 0.3, "batch_size": 120}
    found = search(config(tmp_path, tiny_data, **asked))
    assert [row["epoch"] for row in found.results if row["arch_loss"] != ""] == moving
    log = (found.path / "log.txt").read_text()
    assert log.count("alphas move from epoch") == 1
    assert f"alphas move from epoch {moving[0]} on" in log


def test_the_architecture_half_may_be_another_session(tmp_path, tiny_data):
    found = search(config(tmp_path, tiny_data, arch_split="session", epochs=1, warmup_epochs=0))
    log = (found.path / "log.txt").read_text()
    assert "60 frames of 2 subjects for the weights, 60 of 2 subjects for the architecture" in log
    assert "; 120 frames in neither" in log


def test_all_stabilisers_compose_and_change_the_search(first, tmp_path, tiny_data):
    terms = {"beta_decay": 50, "auxiliary_skip": 1.0, "max_skips": 1, "max_params": 20_000}
    adam = {"name": "adam", "lr": 0.005, "grad_clip": 5.0}
    found = search(config(tmp_path, tiny_data, **terms, weights=adam))
    assert found.results[0]["expected_params"] > 0
    assert not np.array_equal(found.history[-1]["normal"], first.history[-1]["normal"])
    assert [edge.operation for edge in found.genotype.normal.edges].count("skip_connect") <= 1
    assert found.verdict.gap is not None
    assert "auxiliary" not in load_checkpoint(found.path, pytest.fail)["engine"]["supernet"]


def test_a_search_ends_with_a_verdict(first):
    written = json.loads((first.path / "verdict.json").read_text())
    assert written["verdict"] == first.verdict.word == "undecided"
    assert written["entropy"] == pytest.approx(
        (first.results[-1]["entropy_normal"] + first.results[-1]["entropy_reduction"]) / 2
    )
    assert 0 < written["gap"]["supernet_loss"] < 2
    assert 0 <= written["gap"]["derived_auc"] <= 1


@pytest.mark.parametrize("strategy", ["darts", "pc-darts"])
@pytest.mark.parametrize("order", ["first", "second"])
def test_strategies_and_orders_run(tmp_path, tiny_data, strategy, order):
    result = search(
        config(tmp_path, tiny_data, strategy=strategy, order=order, epochs=1, warmup_epochs=0, batch_size=60)
    )
    assert ("normal_beta" in result.history[0]) == (strategy == "pc-darts")
    assert result.genotype.derivation == ("pc-darts" if strategy == "pc-darts" else "auto-fas")


def test_faults_of_a_configuration_are_told_at_once():
    with pytest.raises(AutofasError) as caught:
        resolve(SearchConfig, "search", assignments=["wieghts.lr=1", "epochs=0", "data.protcol=1"])
    text = str(caught.value)
    assert "did you mean weights" in text
    assert "did you mean protocol" in text
    assert "epochs" in text


def test_each_strategy_has_the_choices_of_its_paper():
    # PC-DARTS mixes a quarter of the channels and weighs edges, DARTS mixes all and does not
    def choices(**given):
        made = SearchConfig(**given)
        return made.resolved_partial_channels, made.resolved_edge_normalization, made.resolved_derivation

    assert choices() == choices(strategy="pc-darts") == (4, True, "pc-darts")
    assert choices(strategy="darts") == (1, False, "auto-fas")
    assert choices(strategy="darts", partial_channels=2, edge_normalization=True) == (2, True, "pc-darts")
    assert choices(derivation="auto-fas") == (4, True, "auto-fas")


def test_looking_ahead_is_for_sgd():
    with pytest.raises(AutofasError, match="order second looks one step of SGD ahead"):
        resolve(SearchConfig, "search", assignments=["order=second", "weights.name=adam"])


def test_warm_up_must_leave_an_epoch(tiny_data):
    with pytest.raises(AutofasError, match="warmup_epochs 3 of 3 epochs leaves none"):
        resolve(SearchConfig, "search", assignments=["epochs=3", "warmup_epochs=3"])


def test_one_step_of_the_paper_preset():
    # the published supernet at its published size; the batch alone is smaller
    paper = resolve(SearchConfig, "search", preset="paper")
    assert (paper.epochs, paper.batch_size, paper.weights.lr, paper.arch.lr) == (40, 256, 0.05, 6e-3)
    space = load_space(paper.space)
    net = Supernet(space, paper.resolved_partial_channels, paper.resolved_edge_normalization)
    engine = BilevelEngine(net, PixelwiseBCE(), paper.weights, paper.arch, paper.order)
    size = space.layout.input_size
    batch = Batch(
        {"color": torch.randn(2, 3, size, size)}, {"label": torch.tensor([0.0, 1.0])}, torch.arange(2)
    )
    with torch.no_grad():
        assert net(batch.images["color"]).shape == (2, 1, 14, 14)
    before = [parameter.detach().clone() for parameter in (*engine.arch, *engine.weights)]
    engine.arch_step(batch)
    engine.weight_step(batch)
    after = (*engine.arch, *engine.weights)
    assert not any(torch.equal(left, right) for left, right in zip(before, after, strict=True))


def test_a_supernet_of_which_a_search_could_not_hold_four_is_not_built(tmp_path, tiny_data):
    values = load_space("small").model_dump()
    values["layout"].update(cells=["normal"] * 64, channels=512)
    (tmp_path / "wide.yaml").write_text(yaml.safe_dump(values))
    config = SearchConfig(space=str(tmp_path / "wide.yaml"), data=tiny_data, input_size=16, epochs=2,
                          warmup_epochs=1, runs_dir=str(tmp_path / "runs"))  # fmt: skip
    with pytest.raises(ConfigError, match=r"the supernet of small has [\d,]+ parameters; at most 33,554,432"):
        search(config)
    assert not list((tmp_path / "runs").glob("search/*"))


def test_a_gradient_that_a_gpu_did_not_read_stops_before_the_save(monkeypatch, tmp_path, tiny_data):
    calls = []

    class Unread(BilevelEngine):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options, unread=True)

        def arch_gradients(self, batch):
            loss, gradients = super().arch_gradients(batch)
            calls.append(loss)
            if len(calls) == 2:
                gradients[0].fill_(float("nan"))
            return loss, gradients

    monkeypatch.setattr(bilevel, "BilevelEngine", Unread)
    with pytest.raises(RunError, match="nan at epoch 2, architecture batch 2"):
        search(config(tmp_path, tiny_data, batch_size=8))
    (folder,) = (tmp_path / "search").iterdir()
    state = load_checkpoint(folder, pytest.fail)
    assert state["epoch"] == 1
    assert len(calls) > 2


def test_a_search_and_a_training_never_import_the_compiler_and_pictures_only_to_draw(tmp_path, tiny_data):
    """What torch.optim's classes import, and matplotlib, would be a fifth of a small search's memory."""
    path = tmp_path / "config.yaml"
    short = {"epochs": 1, "warmup_epochs": 0, "threads": 1, "device": "cpu", "runs_dir": str(tmp_path)}
    path.write_text(yaml.safe_dump(short | {"space": "small", "input_size": 16, "data": tiny_data}))
    code = """if True:
        import sys
        from autofas.config.resolve import resolve
        from autofas.config.search import SearchConfig
        from autofas.config.train import TrainConfig
        from autofas.search.search import search
        from autofas.training.train import train
        found = search(resolve(SearchConfig, "search", file=sys.argv[1]))
        shared = {"epochs": 1, "threads": 1, "device": "cpu", "runs_dir": sys.argv[2], "input_size": 16}
        data = resolve(SearchConfig, "search", file=sys.argv[1]).data
        train(TrainConfig(**shared, genotype=str(found.path / "genotype.json"), data=data))
        print({"matplotlib", "torch._dynamo"} & set(sys.modules))
    """
    command = [sys.executable, "-c", code, str(path), str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
