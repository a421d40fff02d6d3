"""Bi-level search: which batches each level sees, at which rate, what moves when, and what stops it."""

import math
import shutil
from collections import Counter

import numpy as np
import pytest
import torch
import yaml

from autofas.config.resolve import resolve
from autofas.config.search import SearchConfig
from autofas.data.batches.batch import Batch
from autofas.errors import ConfigError, RunError
from autofas.models.space import load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.runs.checkpoint import load_checkpoint, save_checkpoint
from autofas.search import bilevel
from autofas.search.bilevel import endless
from autofas.search.derive import derive
from autofas.search.engine import BilevelEngine
from autofas.search.history import betas_of
from autofas.search.search import search
from autofas.search.verdict import judge
from tests.search.searches import config


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


def test_entropy_is_that_of_the_operations_mean_over_the_edges():
    # by hand: log 4 where nothing is decided, 0 where all is, log 2 between two
    rows = [[0.25] * 4, [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]]
    assert bilevel._entropy(torch.tensor(rows)) == pytest.approx((math.log(4) + 0 + math.log(2)) / 3)


def test_the_shorter_half_begins_again():
    epochs = iter(["ab", "cd", "ef"])

    class Loader:
        def __iter__(self):
            return iter(next(epochs))

    batches = endless(Loader())
    assert [next(batches) for _ in range(5)] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state["engine"]["supernet"].popitem(), "the supernet has different tensors"),
        (lambda state: state["history"][0].pop("normal"), "the history has different tensors"),
        (lambda state: state.update(weight_losses=["0.5"]), "does not fit this run"),
        (lambda state: state.pop("loaders"), "KeyError: 'loaders'"),
    ],
)
def test_a_checkpoint_of_another_search_is_refused(first, tmp_path, tiny_data, spoil, message):
    folder = shutil.copytree(first.path, tmp_path / "search" / "exp")
    state = load_checkpoint(folder, pytest.fail)
    spoil(state)
    save_checkpoint(folder, state)
    with pytest.raises(RunError, match=message) as caught:
        search(config(tmp_path, tiny_data), resume=str(folder))
    assert "start a new run under another name" in str(caught.value)


def test_a_finished_search_resumed_ends_with_the_same(first, tmp_path, tiny_data):
    folder = shutil.copytree(first.path, tmp_path / "search" / "exp")
    again = search(config(tmp_path, tiny_data), resume=str(folder))
    assert again.genotype.same_network(first.genotype)
    assert again.results == first.results


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


def test_beta_decay_makes_alphas_smaller(tmp_path, tiny_data):
    found = search(config(tmp_path, tiny_data, beta_decay=50))
    for kind in ("normal", "reduction"):
        before, after = (np.logaddexp.reduce(found.history[row][kind], axis=1).mean() for row in (0, -1))
        assert after < before - 0.01


def test_the_auxiliary_skip_fades_and_has_no_part_in_the_verdict(monkeypatch, tmp_path, tiny_data):
    strengths, judged = [], []
    real, gap = Supernet.set_auxiliary_skip, bilevel.gap
    monkeypatch.setattr(
        Supernet, "set_auxiliary_skip", lambda net, value: strengths.append(value) or real(net, value)
    )
    monkeypatch.setattr(
        bilevel,
        "gap",
        lambda engine, *given: judged.append(float(engine.supernet.auxiliary.sum())) or gap(engine, *given),
    )
    search(config(tmp_path, tiny_data, auxiliary_skip=0.8))
    assert strengths[:3] == [0.8, 0.4, 0.0]
    search(config(tmp_path, tiny_data, auxiliary_skip=0.8, epochs=1, warmup_epochs=0))
    assert judged == [0.0, 0.0]


def test_all_stabilisers_compose_and_change_the_search(first, tmp_path, tiny_data):
    terms = {"beta_decay": 50, "auxiliary_skip": 1.0, "max_skips": 1, "max_params": 20_000}
    adam = {"name": "adam", "lr": 0.005, "grad_clip": 5.0}
    found = search(config(tmp_path, tiny_data, **terms, weights=adam))
    assert found.results[0]["expected_params"] > 0
    assert not np.array_equal(found.history[-1]["normal"], first.history[-1]["normal"])
    assert [edge.operation for edge in found.genotype.normal.edges].count("skip_connect") <= 1
    assert found.verdict.gap is not None
    assert "auxiliary" not in load_checkpoint(found.path, pytest.fail)["engine"]["supernet"]


def test_events_hold_alphas_and_maps_and_change_nothing(first, tmp_path, tiny_data):
    pytest.importorskip("tensorboard", reason="needs autofas[tensorboard]")
    from tests.runs.test_event_log import events_of

    watched = search(config(tmp_path, tiny_data, tensorboard=True))
    for one, other in zip(watched.history, first.history, strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)
    scalars, pictures = events_of(watched.path)
    space = load_space("small")
    (node, source), operation = space.edges[0], space.operations[-1]
    told = [value for _, value in scalars[f"alphas normal/node {node} input {source}/{operation}"]]
    rows = [np.exp(record["normal"][0]) for record in watched.history[1:]]
    assert told == pytest.approx([row[-1] / row.sum() for row in rows], rel=1e-5)
    edges = 2 * len(space.edges)
    assert sum(tag.startswith("alphas ") for tag in scalars) == edges * len(space.operations)
    assert sum(tag.startswith("betas ") for tag in scalars) == edges
    assert pictures == {"live maps/bona fide": [1, 2, 3], "live maps/attack": [1, 2, 3]}
    assert "results/arch_loss" in scalars


def test_weights_learn_under_noise_that_alphas_do_not_see(monkeypatch, first, tmp_path, tiny_data):
    radii, seen = [], []
    real = bilevel.smoothed
    monkeypatch.setattr(bilevel, "smoothed", lambda net, radius: radii.append(radius) or real(net, radius))

    class Recorder(BilevelEngine):
        def arch_step(self, arch_batch, weight_batch=None):
            before = self.supernet.alphas["normal"].clone()
            found = super().arch_step(arch_batch, weight_batch)
            seen.append(float((self.supernet.alphas["normal"] - before).detach().abs().max()))
            return found

    monkeypatch.setattr(bilevel, "BilevelEngine", Recorder)
    found = search(config(tmp_path, tiny_data, alpha_noise=0.3))
    steps = len(radii) // 3
    assert radii == pytest.approx([0.03] * steps + [0.165] * steps + [0.3] * steps)
    assert max(seen) < 0.01  # a step of Adam's rate from where alphas were, not from the noise
    assert not np.array_equal(found.history[-1]["normal"], first.history[-1]["normal"])
    # the warm-up's alphas do not move, and its weights learn otherwise than without noise
    np.testing.assert_array_equal(found.history[1]["normal"], first.history[1]["normal"])
    assert found.results[0]["train_loss"] != first.results[0]["train_loss"]


def test_a_sharper_loss_ends_the_search_with_the_cells_of_a_window_before(monkeypatch, tmp_path, tiny_data):
    rising = iter([1.0, 1.1, 1.2, 1.6, 9.0])
    monkeypatch.setattr(bilevel, "sharpness", lambda *given: next(rising))
    asked = {"eigenvalue_stop": 1.3, "eigenvalue_window": 2, "epochs": 9, "warmup_epochs": 1}
    found = search(config(tmp_path, tiny_data, **asked))
    # 1.4 is the mean of the last two, 1.05 that of the two before: more than 1.3 times
    assert [row["eigenvalue"] for row in found.results] == ["", 1.0, 1.1, 1.2, 1.6]
    record = found.history[3]
    space = load_space("small")
    cells = derive(space, record, betas_of(record), "pc-darts")
    assert (found.genotype.normal, found.genotype.reduction) == cells
    last = found.history[-1]
    assert len(found.history) == 6
    assert found.counted is record
    assert not np.array_equal(record["normal"], last["normal"])
    assert found.verdict == judge(space, record, cells, found.verdict.gap)
    log = (found.path / "log.txt").read_text()
    assert "the search ends after 5, and the alphas of epoch 3 are the last that count" in log
    # it has ended: to go on does nothing more, and its supernet may judge others
    monkeypatch.setattr(bilevel, "sharpness", lambda *given: pytest.fail("not asked"))
    (found.path / "genotype.json").unlink()
    again = search(config(tmp_path, tiny_data, **asked), resume=str(found.path))
    assert again.genotype.same_network(found.genotype)


def test_the_eigenvalue_is_that_of_the_search(tmp_path, tiny_data):
    asked = {"eigenvalue_stop": 50, "eigenvalue_window": 1}
    found, again = (search(config(tmp_path, tiny_data, **asked)) for _ in range(2))
    values = [row["eigenvalue"] for row in found.results]
    assert values[0] == ""
    assert all(math.isfinite(value) and value > 0 for value in values[1:])
    assert values == [row["eigenvalue"] for row in again.results]


def test_looking_at_the_curvature_changes_nothing(first, tmp_path, tiny_data):
    found = search(config(tmp_path, tiny_data, eigenvalue_stop=50, eigenvalue_window=1))
    for one, other in zip(found.history, first.history, strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)


def test_cells_by_perturbation_leave_the_search_as_it_was(first, tmp_path, tiny_data):
    found = search(config(tmp_path, tiny_data, derivation="darts-pt"))
    assert found.genotype.derivation == "darts-pt"
    assert len(found.genotype.normal.edges) == len(found.genotype.reduction.edges) == 8
    for one, other in zip(found.history, first.history, strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)
    # the verdict's supernet is the search's own, not the one that was tuned to decisions
    assert found.verdict.gap.supernet_loss == first.verdict.gap.supernet_loss
    log = (found.path / "log.txt").read_text()
    assert log.count(": normal cell, ") == log.count(": reduction cell, ") == 14
    assert "edge 28/28" in log
