"""Steps and searches with the compiled kernels are those of the torch path; a run may change between them."""

import json

import pytest
import torch

from autofas.models.kernels import library
from autofas.models.supervisions import PixelwiseBCE
from autofas.search.engine import BilevelEngine
from autofas.search.search import search
from tests.search.test_engine import ARCH, WEIGHTS, batch, engine
from tests.search.test_search import config


@pytest.mark.parametrize("order", ["first", "second"])
def test_steps_equal_those_of_the_torch_path(order):
    found = []
    for kernels in (False, True):
        built = engine(order)
        built.supernet.kernels = kernels
        losses = [
            float(step)
            for seed in (1, 3, 5)
            for step in (built.arch_step(batch(seed), batch(seed + 1)), built.weight_step(batch(seed + 1)))
        ]
        found.append((losses, [tensor.clone() for tensor in built.supernet.state_dict().values()]))
    (losses, tensors), (other_losses, others) = found
    assert losses == pytest.approx(other_losses, rel=1e-8)
    for left, right in zip(tensors, others, strict=True):
        # Adam's first steps divide by the gradient's own size: alphas that have next to none differ more
        torch.testing.assert_close(left, right, rtol=1e-6, atol=1e-6)


def test_an_exact_second_order_stays_in_torch():
    net = engine().supernet
    net.kernels = True
    BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH, "second")
    assert net.kernels
    BilevelEngine(net, PixelwiseBCE(), WEIGHTS, ARCH, "second-exact")
    assert not net.kernels


def stopped_after_one(monkeypatch, wanted):
    """A search that ends after its first epoch's checkpoint."""
    from autofas.runs import lifecycle

    real = lifecycle.save_checkpoint

    def stop(folder, state):
        real(folder, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "save_checkpoint", stop)
        with pytest.raises(KeyboardInterrupt):
            search(wanted)


def test_a_run_begun_with_kernels_goes_on_without_them_and_the_reverse(tmp_path, tiny_data, monkeypatch):
    for number, (before, after) in enumerate([("on", "off"), ("off", "on")]):
        folder = tmp_path / str(number)
        stopped_after_one(monkeypatch, config(folder, tiny_data, epochs=2, kernels=before))
        run = folder / "search" / "exp"
        said = json.loads((run / "env.json").read_text(encoding="utf-8"))["kernels"]
        assert said == (library.instructions() if before == "on" else "off")
        assert f"compiled kernels: {said}" in (run / "log.txt").read_text(encoding="utf-8")
        changed = config(folder, tiny_data, epochs=2, kernels=after)
        result = search(changed, resume=str(run), accept_changed=("config",))
        assert len(result.results) == 2
        assert f"kernels was {said}" in (run / "resumed.txt").read_text(encoding="utf-8")
