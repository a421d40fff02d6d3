"""Several ranks: what they compute is what one process computes, and they begin, stop and end together."""

import os
import signal
import time
from functools import partial

import numpy as np
import pytest
import torch
import yaml

from autofas.cli import main
from autofas.config.evaluate import EvaluateConfig
from autofas.config.optimizer import OptimizerConfig
from autofas.config.train import TrainConfig
from autofas.data.batches.loader import Batch
from autofas.errors import ConfigError, RunError
from autofas.evaluation.evaluate import evaluate
from autofas.models.derived_network import drop_path
from autofas.models.space import Space, load_space
from autofas.models.supernet import Supernet
from autofas.models.supervisions import PixelwiseBCE
from autofas.runtime import ranks
from autofas.search.engine import BilevelEngine
from autofas.storage.schema import read_json
from autofas.training.train import train
from tests.campaigns.faults.runs import outcome
from tests.conftest import TINY_FACES
from tests.runtime.rank_processes import on_ranks, process_of, torchrun

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def no_pictures():
    """Drawing takes longer than the searches here; the ranks are forked from this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autofas.analysis.draw.draw_genotype", lambda *_: [])
        patch.setattr("autofas.analysis.alpha_plot.draw_alphas", lambda *_: None)
        yield


def tiny_space():
    """Two cells of two nodes."""
    values = load_space("small").model_dump(mode="json")
    values["layout"].update(
        channels=4, stem=[{"channels": 4, "stride": 2}], cells=["normal", "reduction"], intermediate_nodes=2
    )
    return values | {"name": "tiny", "operations": ["none", "avg_pool_3x3", "skip_connect", "sep_conv_3x3"]}


# the steps of the engine


def built(order="first"):
    torch.manual_seed(0)
    net = Supernet(Space.model_validate(tiny_space()), 2).double()
    weights = OptimizerConfig(lr=0.05, momentum=0.9, weight_decay=1e-3, grad_clip=5.0)
    arch = OptimizerConfig(name="adam", lr=0.01, betas=(0.5, 0.999), weight_decay=1e-3)
    engine = BilevelEngine(net, PixelwiseBCE(), weights, arch, order, probe=1e-4)
    with torch.no_grad():
        for parameter in net.arch_parameters():
            parameter.normal_()
    return engine


def rows(seed, part=slice(None)):
    """The rows `part` of a batch of eight."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(8, 3, 8, 8, generator=generator, dtype=torch.float64)
    index = torch.arange(8)
    return Batch({"color": images[part]}, {"label": (index % 2)[part]}, index[part])


def own_rows(seed):
    half = 8 // ranks.world_size()
    return rows(seed, slice(ranks.rank() * half, (ranks.rank() + 1) * half))


def gradients(order, training):
    """Loss and gradients of both levels over all ranks, from their rows of one batch a level."""
    engine = built(order)
    engine.supernet.train()
    # running statistics and momentum that are not those of the start, the same for everyone
    engine.weight_step(rows(1))
    engine.supernet.train(training)
    if order == "first":
        loss, arch = engine.gradients("arch", own_rows(2))
    else:
        with engine.supernet.frozen_statistics():
            loss, arch = engine._second_order(own_rows(2), own_rows(3))
    weights = engine.gradients("weights", own_rows(3))
    parts = {"arch": [loss, *arch], "weights": [weights[0], *weights[1]], "running": engine.running}
    return {name: torch.cat([part.detach().flatten() for part in found]) for name, found in parts.items()}


def every_gradient(training):
    ranks.start(CPU)
    return {order: gradients(order, training) for order in ("first", "second", "second-exact")}


def test_gradients_of_two_ranks_are_those_of_the_joined_batch(tmp_path):
    # batch norms frozen: by running statistics a row's gradient does not depend on the rows beside it
    one = every_gradient(training=False)
    first, second = (ended.value for ended in on_ranks(partial(every_gradient, False), tmp_path))
    for order, found in one.items():
        for name, expected in found.items():
            assert torch.equal(first[order][name], second[order][name]), (order, name)
            error = (first[order][name] - expected).norm() / expected.norm()
            # the second order's difference quotient divides rounding by a step of 1e-4
            assert error < (1e-9 if order == "second" and name == "arch" else 1e-13), (order, name)


def test_in_training_a_gradient_is_the_mean_of_the_ranks(tmp_path):
    # each rank's batch norms see its own rows; one process does the same, half by half
    def alone(half):
        engine = built()
        engine.weight_step(rows(1))
        loss, found = engine.gradients("weights", rows(3, half))
        return torch.cat([loss.detach().flatten(), *(part.flatten() for part in found)]), engine.running

    (left, left_running), (right, right_running) = alone(slice(0, 4)), alone(slice(4, 8))
    first, second = (ended.value["first"] for ended in on_ranks(partial(every_gradient, True), tmp_path))
    assert torch.equal(first["weights"], (left + right) / 2)
    running = [(a + b) / 2 for a, b in zip(left_running, right_running, strict=True)]
    assert torch.equal(first["running"], torch.cat([part.flatten() for part in running]))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def stop_at_nan():
    ranks.start(CPU)
    engine, batch = built(), own_rows(1)
    if ranks.rank() == 1:
        batch.images["color"][0] = float("nan")
    before = [parameter.clone() for parameter in engine.weights]
    with pytest.raises(RunError, match="the loss is nan"):
        engine.weight_step(batch)
    with pytest.raises(RunError, match="the loss is nan"):
        engine.arch_step(batch)
    return all(torch.equal(a, b) for a, b in zip(before, engine.weights, strict=True))


def test_nan_on_one_rank_stops_all_before_the_update(tmp_path):
    assert [ended.value for ended in on_ranks(stop_at_nan, tmp_path)] == [True, True]


# what ranks agree upon


def masks():
    ranks.start(CPU)
    torch.manual_seed(0)
    return [drop_path(torch.ones(4, 1, 1, 1), 0.5).flatten() for _ in range(3)]


def test_dropped_paths_are_those_of_one_process(tmp_path):
    torch.manual_seed(0)
    whole = [drop_path(torch.ones(8, 1, 1, 1), 0.5).flatten() for _ in range(3)]
    left, right = (ended.value for ended in on_ranks(masks, tmp_path))
    for expected, *parts in zip(whole, left, right, strict=True):
        assert torch.equal(torch.cat(parts), expected)


def agreements():
    ranks.start(CPU)
    place = ranks.rank()
    kept = torch.full((2,), float(place), dtype=torch.float64)
    means = ranks.average([torch.tensor([1.0, 2.0]) * place, torch.ones(2, 2)], [kept])
    message = ""
    try:
        ranks.require_same(lambda: "b" if place == 1 else "a", "epoch 3: alphas")
    except RunError as exc:
        message = str(exc)
    try:
        ranks.share(7, "a batch")
    except ConfigError as exc:
        message += str(exc)
    return [mean.tolist() for mean in means], kept.tolist(), ranks.from_first(lambda: place), message


def test_agreements(tmp_path):
    for ended in on_ranks(agreements, tmp_path, count=3):
        means, kept, made, message = ended.value
        assert means == [[1.0, 2.0], [[1.0, 1.0], [1.0, 1.0]]]
        assert (kept, made) == ([1.0, 1.0], 0)
        assert "epoch 3: alphas of rank 1 differ from rank 0's" in message
        assert "a batch of 7 rows does not divide among 3 ranks" in message


# the verbs


def words(folder, **changes):
    """The command line of a small search: three epochs of four batches; its space is written beside it."""
    space = folder / "tiny.yaml"
    space.write_text(yaml.safe_dump(tiny_space()))
    values = {
        "space": space, "partial_channels": 2, "epochs": 3, "warmup_epochs": 1, "batch_size": 30,
        "input_size": 16, "threads": 1, "device": "cpu", "checkpoint_steps": 2, "data.workers": 0,
        "runs_dir": folder, "name": "run", **changes,
    }  # fmt: skip
    values |= {f"data.synthetic.{key}": value for key, value in TINY_FACES["synthetic"].items()}
    return ["search", *(part for key, value in values.items() for part in ("--set", f"{key}={value}"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def searched(folder):
    """A search on two ranks: how it ended, and its run folder."""
    return on_ranks(partial(main, words(folder)), folder / "out"), folder / "search" / "run"


def test_rank_0_alone_writes_and_prints(searched, folder):
    (first, second), run = searched
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert "genotype" in first.stdout
    assert "epoch 3/3" in first.stderr
    assert second.stdout == second.stderr == ""
    assert [path.name for path in (folder / "search").iterdir()] == ["run"]
    assert read_json(run / "env.json")["ranks"] == 2
    assert (run / "genotype.json").is_file()


def test_one_seed_repeats_itself(searched, folder, tmp_path):
    again = on_ranks(partial(main, words(folder, runs_dir=tmp_path)), tmp_path / "out")
    assert [ended.code for ended in again] == [0, 0]
    assert outcome(searched[1]).differences(outcome(tmp_path / "search" / "run")) == []


def test_other_ranks_are_refused_unless_accepted(searched, capsys):
    run = str(searched[1])
    assert main(["search", "--quiet", "--resume", run]) == 2
    assert "different ranks: world_size was 2, is 1; use --accept-changed ranks" in capsys.readouterr().err
    assert main(["search", "--quiet", "--resume", run, "--accept-changed", "ranks"]) == 0


def disturbed(arguments, rank, at, mishap):
    """A command line in which `mishap()` befalls one rank just before its weight step number `at`."""
    step, count = BilevelEngine.weight_step, [0]

    def counted(engine, batch):
        count[0] += 1
        if count[0] == at and ranks.rank() == rank:
            mishap()
        return step(engine, batch)

    BilevelEngine.weight_step = counted
    return main(arguments)


def signalled(number):
    return lambda: os.kill(os.getpid(), number)


def test_a_signal_on_one_rank_stops_all_at_one_batch(searched, folder, tmp_path):
    interrupted = partial(disturbed, words(folder, runs_dir=tmp_path), 1, 7, signalled(signal.SIGTERM))
    first, second = on_ranks(interrupted, tmp_path / "out")
    run = tmp_path / "search" / "run"
    assert (first.code, second.code) == (143, 143), first.stderr + second.stderr
    assert first.stderr.endswith(f"interrupted by SIGTERM; continue with: autofas search --resume {run}\n")
    assert second.stderr == ""
    state = torch.load(run / "checkpoint-last" / "state.pt", weights_only=True)
    assert (state["epoch"], len(state["weight_losses"])) == (1, 3)  # the seventh batch, of four an epoch
    again = on_ranks(partial(main, ["search", "--resume", str(run)]), tmp_path / "out2")
    assert [ended.code for ended in again] == [0, 0], again[0].stderr
    assert outcome(searched[1]).differences(outcome(run)) == []


def test_a_lost_rank_ends_the_others_and_a_restart_goes_on(searched, folder, tmp_path):
    arguments, launch = words(folder, runs_dir=tmp_path), {"TORCHELASTIC_RUN_ID": "some launch"}
    first, second = on_ranks(
        partial(disturbed, arguments, 1, 8, signalled(signal.SIGKILL)), tmp_path / "out", **launch
    )
    assert (first.code, second.code) == (2, -9)
    assert "the connection to another rank was lost" in first.stderr.splitlines()[-1]
    again = on_ranks(partial(main, arguments), tmp_path / "out2", **launch, TORCHELASTIC_RESTART_COUNT="1")
    assert [ended.code for ended in again] == [0, 0], again[0].stderr
    assert [path.name for path in (tmp_path / "search").iterdir()] == ["run"]
    run = tmp_path / "search" / "run"
    assert "resumed after epoch 1, batch 2" in (run / "resumed.txt").read_text()
    assert outcome(searched[1]).differences(outcome(run)) == []


def fail():
    raise RunError("a mishap")


@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_of_one_rank_is_told_once(folder, tmp_path, rank):
    arguments = [*words(folder, runs_dir=tmp_path), "--quiet"]
    ended = on_ranks(partial(disturbed, arguments, rank, 2, fail), tmp_path / "out")
    assert [one.code for one in ended] == [2, 2]
    place = "rank 1: " if rank else ""
    assert ended[rank].stderr.startswith(f"autofas search: {place}epoch 1, batch 2 (rows ")
    assert ended[rank].stderr.endswith("a mishap\n")
    assert ended[1 - rank].stderr == ""


@pytest.mark.parametrize(
    ("verb", "more", "message"),
    [
        ("search", ["--set", "bathc_size=2"], "did you mean batch_size"),
        ("search", ["--resume", "/nowhere"], "/nowhere is not a run folder"),
        ("search", ["--set", "batch_size=31"], "a batch of 31 rows does not divide among 2 ranks"),
        ("score", ["scores.csv"], "score runs in a single process; start it without torchrun"),
    ],
)
def test_a_users_mistake_is_told_by_rank_0_alone(folder, tmp_path, verb, more, message):
    arguments = [*words(folder, runs_dir=tmp_path), "--quiet", *more] if verb == "search" else [verb, *more]
    first, second = on_ranks(partial(main, arguments), tmp_path / "out")
    assert (first.code, second.code) == (2, 2)
    assert message in first.stderr
    assert first.stderr.count("\n") == 1
    assert second.stderr == ""
    # a run that could not begin leaves no folder
    assert not list(tmp_path.glob("search/*"))


def trained(config):
    return list(train(config).network.body.state_dict().values())


def scored(run):
    """ACER and scores, in batches that leave the last rank without one in the last round."""
    found = evaluate(EvaluateConfig(run=str(run), batch_size=12, device="cpu", threads=1))
    return found.figures.acer, found.scores.scores


def test_training_and_evaluation(searched, tmp_path):
    config = TrainConfig.model_validate(
        {
            "genotype": str(searched[1] / "genotype.json"), "epochs": 1, "batch_size": 20, "drop_path": 0.2,
            "input_size": 16, "threads": 1, "device": "cpu", "runs_dir": str(tmp_path), "name": "run",
            "data": TINY_FACES,
        }
    )  # fmt: skip
    first, second = on_ranks(partial(trained, config), tmp_path / "out")
    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    for left, right in zip(first.value, second.value, strict=True):
        assert torch.equal(left, right)

    run = tmp_path / "train" / "run"
    acer, scores = scored(run)
    assert len(scores) == 60  # each frame of the test split once, in five batches of twelve
    files = [run / name for name in ("scores-test.csv", "metrics.json", "metrics.csv", "breakdown.csv")]
    alone = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    for ended in on_ranks(partial(scored, run), tmp_path / "out2"):
        assert ended.code == 0, ended.stderr
        assert ended.value[0] == acer
        np.testing.assert_array_equal(ended.value[1], scores)
    assert [path.read_bytes() for path in files] == alone


# torchrun itself


@pytest.mark.slow
def test_torchrun_starts_again_what_lost_a_rank(searched, folder, tmp_path):
    run, said = tmp_path / "search" / "run", tmp_path / "out"
    launched = torchrun(words(folder, runs_dir=tmp_path), said, "--max-restarts=1")
    while launched.poll() is None and not (run / "checkpoint-last").exists():
        time.sleep(0.01)
    os.kill(process_of(1, launched.pid), signal.SIGKILL)
    assert launched.wait() == 0, said.read_text()
    assert "resumed after epoch" in (run / "resumed.txt").read_text()
    assert [path.name for path in (tmp_path / "search").iterdir()] == ["run"]
    assert outcome(searched[1]).differences(outcome(run)) == []


def test_torchrun_prints_help_once(tmp_path):
    assert torchrun(["search", "--help"], tmp_path / "out").wait() == 0
    assert (tmp_path / "out").read_text().count("usage: autofas search") == 1
