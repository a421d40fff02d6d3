"""Fixtures that several tests of this folder share."""

import numpy as np
import pytest

from autofas.models.build import build
from autofas.models.genotype import Genotype, genotype_from_cells
from autofas.models.space import load_space
from autofas.models.weights import save_weights
from autofas.search.derive import random_cells


@pytest.fixture(scope="module")
def genotype() -> Genotype:
    space = load_space("small")
    return genotype_from_cells(space, *random_cells(space, np.random.default_rng(0)), "random")


@pytest.fixture
def weights(tmp_path, genotype):
    path = tmp_path / "w.safetensors"
    save_weights(build(genotype, input_size=32), path, margin=1.3, provenance={})
    return path
