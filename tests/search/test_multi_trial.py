"""Multi-trial search: points of the tuner become cells, and the best trial becomes the genotype."""

import itertools
import random

import pytest

from autofas.analysis.space_costs import space_costs
from autofas.config.search import SearchConfig
from autofas.errors import ConfigError
from autofas.models.space import load_space
from autofas.runs import lifecycle
from autofas.search import multi_trial as module
from autofas.search.multi_trial import NniEvolution, cells_of, choice_counts
from autofas.search.search import search


def test_choices_by_hand():
    # nodes 2 to 5 have 1, 3, 6 and 10 pairs of inputs; five operations besides none
    counts = choice_counts(load_space("small"))
    assert [counts[f"normal.{node}.inputs"] for node in range(2, 6)] == [1, 3, 6, 10]
    assert {counts[f"reduction.{node}.first"] for node in range(2, 6)} == {5}
    assert len(counts) == 2 * 4 * 3


def test_a_point_is_a_pair_of_cells():
    space = load_space("small")
    point = dict.fromkeys(choice_counts(space), 0)
    point |= {"normal.3.inputs": 2, "normal.3.first": 1, "normal.3.second": 4}
    normal, reduction = cells_of(space, point)
    assert normal.inputs_of(3) == [(3, 1, "avg_pool_3x3"), (3, 2, "sep_conv_5x5")]
    assert {edge.operation for edge in reduction.edges} == {"max_pool_3x3"}


class InTurn:
    """A tuner that tries fixed points and remembers what it was told."""

    told: list[float]

    def __init__(self, counts, population, seed):
        self.points = itertools.count()
        self.counts = counts
        type(self).told = []

    def propose(self):
        number = next(self.points)
        return {name: number % count for name, count in self.counts.items()}

    def tell(self, loss):
        type(self).told.append(loss)


def config(tmp_path, data, **changes):
    values = {
        "strategy": "nni-evolution",
        "space": "small",
        "trials": 3,
        "epochs": 1,
        "batch_size": 32,
        "input_size": 16,
        "runs_dir": str(tmp_path),
        "threads": 1,
        "device": "cpu",
        "data": data,
    }
    return SearchConfig.model_validate(values | changes)


def test_the_trial_with_the_smallest_loss_wins(tmp_path, tiny_data, monkeypatch):
    monkeypatch.setattr(module, "NniEvolution", InTurn)
    result = search(config(tmp_path, tiny_data))
    assert InTurn.told == [row["arch_loss"] for row in result.results]
    winner = InTurn.told.index(min(InTurn.told))
    space = load_space("small")
    counts = choice_counts(space)
    expected = cells_of(space, {name: winner % count for name, count in counts.items()})
    assert (result.genotype.normal, result.genotype.reduction) == expected
    assert result.genotype.derivation == "nni-evolution"
    assert len(set(InTurn.told)) == 3


def test_networks_beyond_a_limit_are_told_to_the_tuner_and_never_trained(tmp_path, tiny_data, monkeypatch):
    # the tuner's points in turn: pools twice, skips, then two of convolutions, which are too large, and again
    costs = space_costs(load_space("small"))
    monkeypatch.setattr(module, "NniEvolution", InTurn)
    result = search(config(tmp_path, tiny_data, trials=4, max_params="15K"))
    assert [loss == module.BEYOND for loss in InTurn.told] == [False, False, False, True, True, False]
    assert [row["arch_loss"] for row in result.results] == [one for one in InTurn.told if one < module.BEYOND]
    assert costs.of(result.genotype.normal, result.genotype.reduction)[0] <= 15_000
    assert result.genotype.provenance["max_params"] == 15_000


def test_a_tuner_that_proposes_nothing_within_the_limits_ends_in_one_line(tmp_path, tiny_data, monkeypatch):
    class Stubborn(InTurn):
        def propose(self):
            return {name: count - 1 for name, count in self.counts.items()}

    monkeypatch.setattr(module, "NniEvolution", Stubborn)
    monkeypatch.setattr(module, "MOST_PROPOSALS", 7)
    with pytest.raises(
        ConfigError, match="of 7 networks that nni-evolution proposed none keeps to the limits"
    ):
        search(config(tmp_path, tiny_data, max_params="10K"))
    assert Stubborn.told == [module.BEYOND] * 7


def test_a_trial_is_trained_on_one_half_and_judged_on_the_other(tmp_path, tiny_data, monkeypatch):
    # a quarter of four subjects' 240 frames judges, the others train
    seen = {True: [], False: []}
    real = module.build

    def watched(*given, **keys):
        network = real(*given, **keys)
        network.register_forward_pre_hook(
            lambda net, args: seen[net.training].extend(image.numpy().tobytes() for image in args[0]["color"])
        )
        return network

    monkeypatch.setattr(module, "NniEvolution", InTurn)
    monkeypatch.setattr(module, "build", watched)
    plain = {"augment": "none", "balance": False, "arch_share": 0.25}
    search(config(tmp_path, tiny_data, trials=1, batch_size=10, **plain))
    assert {training: (len(images), len(set(images))) for training, images in seen.items()} == {
        True: (180, 180),
        False: (60, 60),
    }
    assert set(seen[True]).isdisjoint(seen[False])


def test_without_the_extra_one_line_says_how_to_get_it(tmp_path, tiny_data, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "nni", None)
    with pytest.raises(ConfigError, match=r"needs the extra: pip install 'autofas\[nni\]'"):
        search(config(tmp_path, tiny_data))
    assert not (tmp_path / "search").exists()


def test_nni_finds_the_minimum_of_a_separable_function():
    pytest.importorskip("nni", reason="the extra [nni] is not installed")
    random.seed(0)
    tuner = NniEvolution({"a": 5, "b": 5, "c": 5}, population=8, seed=0)
    losses = []
    for _ in range(60):
        point = tuner.propose()
        losses.append(sum(abs(value - 3) for value in point.values()))
        tuner.tell(losses[-1])
    assert min(losses) == 0
    assert sum(losses[-20:]) < sum(losses[:20])


def test_nni_runs_a_search(tmp_path, tiny_data):
    pytest.importorskip("nni", reason="the extra [nni] is not installed")
    one, two = (search(config(tmp_path, tiny_data)) for _ in range(2))
    assert one.genotype.same_network(two.genotype)


def test_a_resumed_search_is_the_uninterrupted_one(tmp_path, tiny_data, monkeypatch):
    monkeypatch.setattr(module, "NniEvolution", InTurn)
    whole = search(config(tmp_path, tiny_data, name="whole"))
    real = lifecycle.save_checkpoint

    def stop_after_two(folder, state):
        real(folder, state)
        if len(state["results"]) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "save_checkpoint", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        search(config(tmp_path, tiny_data, name="stopped"))
    monkeypatch.setattr(lifecycle, "save_checkpoint", real)
    trained = []
    trial = module.MultiTrial.train_and_judge
    monkeypatch.setattr(
        module.MultiTrial, "train_and_judge", lambda *given: trained.append(1) or trial(*given)
    )
    folder = tmp_path / "search" / "stopped"
    resumed = search(config(tmp_path, tiny_data, name="stopped"), resume=str(folder))
    assert len(trained) == 1
    assert InTurn.told == [row["arch_loss"] for row in whole.results]
    assert resumed.genotype.same_network(whole.genotype)
    assert (folder / "log.txt").read_text().count("trial ") == 3
