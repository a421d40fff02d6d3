"""Work on two halves: their loaders begin alike for every network, their weights too."""

import torch

from autofas.data.opening import OpenedDatasets
from autofas.models.space import load_space
from autofas.runs.unwritten import UnwrittenRun
from autofas.search.halved import HalvedWork
from tests.search.searches import config


class Work(HalvedWork):
    """Nothing but its opening."""

    verb = "search"

    def finish(self):
        return None


def opened(tiny_data, **changes):
    work = Work(
        config(None, tiny_data, **changes), load_space("small"), torch.device("cpu"), OpenedDatasets()
    )
    work.run = UnwrittenRun(None, echo=False)
    work.open(fresh=True)
    return work


def test_every_network_sees_the_same_batches_and_begins_from_the_same_seed(tiny_data):
    work = opened(tiny_data, arch_share=0.25, batch_size=10, balance=False)
    one, two = ([batch.index.tolist() for batch in work.weight_batches()] for _ in range(2))
    assert one == two
    assert len({row for rows in one for row in rows}) == 180  # three of four subjects' 240 frames
    assert len(work.plain_loader()) * 10 == 60
    draws = [float(work.seeded(lambda: torch.rand(1))) for _ in range(2)]
    assert draws[0] == draws[1] != float(opened(tiny_data, seed=1).seeded(lambda: torch.rand(1)))


def test_crops_have_the_spaces_side_unless_another_is_asked_for(tiny_data):
    space = load_space("small")
    values = {"input_size": None}
    work = Work(config(None, tiny_data, **values), space, torch.device("cpu"), OpenedDatasets())
    assert work.crop_size == space.layout.input_size
    assert opened(tiny_data).crop_size == 16
