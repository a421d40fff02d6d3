"""Our space in NNI: frozen with a genotype it is our network, and NNI's own strategies choose from it."""

import numpy as np
import pytest
import torch

from autofas.analysis.space_costs import space_costs
from autofas.models.build import build
from autofas.models.genotype import genotype_from_cells
from autofas.models.space import load_space
from autofas.search.derive import random_cells
from autofas.search.trials.points import cells_of, choice_counts

pytest.importorskip("nni.nas.nn.pytorch", reason="the extra [nni] is not installed")
from autofas.search.trials.nni_space import NniSpace, sample_of

SPACE = load_space("small")


def drawn(seed):
    return genotype_from_cells(SPACE, *random_cells(SPACE, np.random.default_rng(seed)), "drawn")


@pytest.mark.parametrize("seed", [0, 1])
def test_frozen_with_a_genotype_it_gives_our_networks_outputs(seed):
    genotype, space = drawn(seed), NniSpace("small")
    images = {"color": torch.randn(2, 3, 64, 64)}
    torch.manual_seed(3)
    frozen = space.freeze(sample_of(genotype, "small"))
    torch.manual_seed(3)
    own = build(genotype)
    assert frozen.network.body.genotype.normal == genotype.normal
    assert frozen.network.body.genotype.reduction == genotype.reduction
    for train in (True, False):
        assert torch.equal(frozen.train(train)(images), own.train(train)(images))


def test_its_choices_are_a_points_and_others_are_refused():
    space, counts = NniSpace("small"), choice_counts(SPACE)
    assert {label: len(one.values) for label, one in space.simplify().items()} == counts
    from nni.mutable import SampleValidationError

    with pytest.raises(SampleValidationError, match="99"):
        space.freeze(dict.fromkeys(counts, 0) | {"normal.2.first": 99})


def test_a_strategy_of_nni_tries_networks_of_it(tmp_path, monkeypatch):
    import nni
    from nni.nas.evaluator import FunctionalEvaluator
    from nni.nas.execution import SequentialExecutionEngine
    from nni.nas.space import RawFormatModelSpace
    from nni.nas.strategy import RegularizedEvolution

    monkeypatch.chdir(tmp_path)
    seen = []

    def judged(module):
        seen.append(sample_of(module.network.body.genotype, "small"))
        nni.report_final_result(-sum(parameter.numel() for parameter in module.parameters()))

    executable = RawFormatModelSpace(NniSpace("small"), FunctionalEvaluator(judged))
    strategy = RegularizedEvolution(population_size=3, sample_size=2, seed=0)
    strategy(executable, SequentialExecutionEngine(max_model_count=6))
    assert len({tuple(point.items()) for point in seen}) == 6
    best = next(strategy.list_models())
    assert -best.metric == min(space_costs(SPACE).of(*cells_of(SPACE, point)).tolist()[0] for point in seen)
