"""IR-50: a unit's shortcut takes every second pixel."""

import torch
from autofas.baselines.visionlabs_ir50 import ImprovedResidualUnit
from torch import nn


def test_ir_unit_shortcut_takes_every_second_pixel():
    unit = ImprovedResidualUnit(4, 4, 2).eval()
    nn.init.zeros_(unit.main[3].weight)
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(unit(x), x[..., ::2, ::2])
