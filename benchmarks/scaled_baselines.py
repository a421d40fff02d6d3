"""Hand-designed networks as small as a searched one: the width multiplier that brings them to its parameters.

As published, a hand-designed network has ten to a hundred times the parameters of what a search of these
spaces finds, so that comparing the two compares sizes. A width multiplier (MobileNets, Howard et al., 2017)
scales the channels of all its layers alike.
"""

import bisect

import torch
from autofas.baselines import build_baseline
from autofas.baselines.mobilenet_v2 import LAST

from autofas.errors import ConfigError
from autofas.search.controls import WITHIN

Options = dict[str, str | int | float]
STEPS = 1000
"""Widths are whole thousandths up to 1."""


def options_of_width(name: str, width: float) -> Options:
    """The build arguments of a hand-designed network at a width, all its layers scaled.

    MobileNetV2's paper keeps its last convolution at 1280 channels, which at a tenth of the width would be
    most of the network.
    """
    last: Options = {"last_channels": round(LAST * width)} if name == "mobilenet_v2" else {}
    return {"width": width} | last


def scaled_to(name: str, params: int, input_size: int) -> Options:
    """The build arguments at which a hand-designed network comes nearest to `params` parameters.

    Raises ConfigError where that is not within 10 %.
    """

    def size(step: int) -> int:
        with torch.device("meta"):
            network = build_baseline(name, input_size=input_size, **options_of_width(name, step / STEPS))
        return sum(weights.numel() for weights in network.parameters())

    above = bisect.bisect_left(range(1, STEPS), params, key=size) + 1
    best = min((max(1, above - 1), above), key=lambda step: abs(size(step) - params))
    if abs(size(best) / params - 1) > WITHIN:
        raise ConfigError(f"{name} has no width with {params:,} parameters; the nearest has {size(best):,}")
    return options_of_width(name, best / STEPS)
