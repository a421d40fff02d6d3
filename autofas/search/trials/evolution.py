"""Regularised evolution (Real et al., "Regularized evolution for image classifier architecture search", AAAI
2019).

The oldest network dies, not the worst; a child is a mutation of the best of a few drawn from those alive. A
mutation changes the inputs of one node or, as often, the operation of one edge; where a space leaves parts of
its layout open, as often one of those. Left out: the identity mutation (5 % in the paper), which would train
a network twice.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from autofas.search.trials.points import LAYOUT, Point


def parent(alive: Sequence[tuple[Point, float]], sample: int, generator: np.random.Generator) -> Point:
    """The point with the least error of `sample` drawn with replacement from those alive, oldest first.

    Of two with one error the younger: what was found later is no worse.
    """
    drawn = generator.integers(len(alive), size=sample)
    best = min(drawn.tolist(), key=lambda place: (alive[place][1], -place))
    return alive[best][0]


def mutated(point: Mapping[str, int], counts: Mapping[str, int], generator: np.random.Generator) -> Point:
    """The point with one choice changed to another value: inputs, an operation, the layout, as often each.

    Of a kind that a space does not offer there is none.
    """
    layout = sorted(name for name in counts if name.startswith(LAYOUT))
    inputs = sorted(name for name in counts if name.endswith(".inputs"))
    operations = sorted({*counts} - {*inputs, *layout})
    kinds = [names for names in (inputs, operations, layout) if names]
    names = kinds[generator.integers(len(kinds))]
    name = names[generator.integers(len(names))]
    other = int(generator.integers(counts[name] - 1))
    return dict(point) | {name: other + (other >= point[name])}
