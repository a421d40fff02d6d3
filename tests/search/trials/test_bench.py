"""One trial: trained on one half, judged on the other, from the same beginning; what fails says so."""

import pytest
import torch

from autofas.data.opening import OpenedDatasets
from autofas.errors import RunError
from autofas.models.space import load_space
from autofas.runs.unwritten import UnwrittenRun
from autofas.search import finalists
from autofas.search.proxies import proxies
from autofas.search.random_draw import RandomDraw
from autofas.search.strategy import Strategy
from autofas.search.trials.bench import Bench
from autofas.search.trials.points import choice_counts
from tests.conftest import TINY_FACES
from tests.search.trials.conftest import trials

SPACE = load_space("small")
POINT = dict.fromkeys(choice_counts(SPACE), 0)


class Opened(RandomDraw):
    """A search that has its halves."""

    def open(self, *, fresh):
        Strategy.open(self, fresh=fresh)


@pytest.fixture(scope="module")
def opened(cache):
    datasets = OpenedDatasets()

    def make(**changes):
        search = Opened(trials(None, TINY_FACES, **changes), SPACE, torch.device("cpu"), datasets)
        search.run = UnwrittenRun(None, echo=False)
        search.open(fresh=True)
        return search

    return make


def never(epoch, found):
    return False


def test_a_trial_is_the_same_every_time(opened):
    bench = Bench(opened(), ("error",))
    one, two = (bench.run(POINT, never, lambda: None).row for _ in range(2))
    assert (one["error"], one["arch_loss"]) == (two["error"], two["arch_loss"])
    assert one["error"] == pytest.approx(1 - one["arch_auc"])
    assert (
        one["params"]
        == bench.counted(POINT)["params"]
        == sum(p.numel() for p in bench.network(POINT).parameters())
    )
    assert one["epochs"] == 1


def test_a_trial_is_trained_on_one_half_and_judged_on_the_other(opened):
    # a quarter of four subjects' 240 frames judges, the others train
    plain = {"augment": "none", "balance": False, "arch_share": 0.25, "batch_size": 10}
    bench, seen = Bench(opened(**plain), ("error",)), {True: [], False: []}
    real = bench.network

    def watched(point):
        network = real(point)
        network.register_forward_pre_hook(
            lambda net, args: seen[net.training].extend(image.numpy().tobytes() for image in args[0]["color"])
        )
        return network

    bench.network = watched
    bench.run(POINT, never, lambda: None)
    assert {training: (len(images), len(set(images))) for training, images in seen.items()} == {
        True: (180, 180),
        False: (60, 60),
    }
    assert set(seen[True]).isdisjoint(seen[False])


def test_a_trial_ends_where_it_is_told_to_and_beats_at_every_batch(opened):
    beats, told = [], []
    bench = Bench(opened(epochs=3), ("error",))

    def second(epoch, found):
        told.append(found.auc)
        return epoch == 2

    outcome = bench.run(POINT, second, lambda: beats.append(1))
    assert outcome.pruned
    assert outcome.row["epochs"] == 2
    assert outcome.row["arch_auc"] == told[-1]
    assert len(beats) == 2 * len(bench.search.weight_batches())
    last = Bench(opened(epochs=1), ("error",)).run(POINT, lambda epoch, found: True, lambda: None)
    assert not last.pruned  # nothing was left to save


def test_a_training_that_diverges_is_the_worst_and_says_why(opened, monkeypatch):
    def diverges(*given):
        raise RunError("the loss is not finite")

    monkeypatch.setattr(finalists, "train_epoch", diverges)
    outcome = Bench(opened(), ("error",)).run(POINT, never, lambda: None)
    assert outcome.row["error"] == 1.0
    assert outcome.row["failed"] == "the loss is not finite"


def test_objectives_are_minimised_and_flow_is_not(opened):
    bench = Bench(opened(), ("params", "synflow", "latency"))
    row = bench.run(POINT, never, lambda: None).row
    assert row["epochs"] == 0
    assert row["latency_ms"] > 0
    assert bench.values(row) == [row["params"], -row["synflow"], row["latency_ms"]]


def test_the_proxy_takes_the_highest(opened):
    counts = choice_counts(SPACE)
    points = [{name: number % count for name, count in counts.items()} for number in range(4)]
    bench = Bench(opened(), ("error",), "synflow")
    values = [
        proxies(bench.network(point), bench.batch(), ["synflow"])["synflow"] for point in points
    ]  # fmt: skip
    assert bench.best_by_proxy(points) == points[values.index(max(values))]
