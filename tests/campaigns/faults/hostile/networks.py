"""Descriptions of absurd or unknown networks: the metadata of weights, and genotypes."""

import random
from typing import Any

from tests.campaigns.faults.hostile.plain import PATHS, TEXTS


def hostile_info(values: Any, rng: random.Random) -> Any:
    """The metadata of a weights file naming another or an absurd network."""
    edit = rng.randrange(8)
    if edit == 0:
        values |= {
            "genotype": None,
            "baseline": rng.choice(["resnet18", "afa", "os", "../x", "visionlabs_ir50", ""]),
        }
    elif edit == 1:
        options = {"num_outputs": rng.choice([10**12, -1, 0, 2**62, 10**6, 1.5]), "reduction": 0, "head": "x"}
        values |= {"genotype": None, "baseline": "feathernet_a", "options": options}
        if rng.random() < 0.5:
            values["baseline"], values["options"] = (
                "resnet18_se",
                {"reduction": rng.choice([0, -1, 10**9, "x"])},
            )
    elif edit == 2 and values.get("genotype"):
        layout = values["genotype"]["layout"]
        layout |= {"channels": rng.choice([1024, 10**6]), "cells": ["normal"] * rng.choice([64, 10**5])}
    elif edit == 3:
        values["preprocessing"] |= {
            "view": rng.choice(["patches", "degraded", "x"]), "input_size": rng.choice([4, 1024, 10**9]),
            "crop_size": rng.choice([4, 1024, 10**9, -1]),
        }  # fmt: skip
    elif edit == 4:
        values["modalities"] = rng.choice([[], ["depth"], ["x"], ["color"] * 9, "color", None])
    elif edit == 5:
        values["supervision"] = rng.choice(["cross_entropy", "x", "afa", "focal", "", "os.system"])
    elif edit == 6:
        values["schema_version"] = rng.choice([0, 1, 3, 99, "1", True, None, 1.0])
    else:
        values["name"] = rng.choice([*PATHS, *TEXTS])
    return values


def hostile_genotype(values: Any, rng: random.Random) -> Any:
    """A genotype of an absurd layout or with cells that are no graph."""
    layout, cell = values["layout"], values[rng.choice(["normal", "reduction"])]
    edit = rng.randrange(8)
    if edit == 0:
        layout |= {
            "channels": rng.choice([1024, 512, 10**6, 2**40]),
            "cells": ["normal"] * rng.choice([3, 64, 65, 10**5]),
        }
    elif edit == 1:
        layout |= {"channel_factor": 2, "cells": ["reduction"] * rng.choice([5, 12, 40, 64])}
    elif edit == 2:
        layout["stem"] = [{"channels": rng.choice([1, 4096, 10**9]), "kernel": 7, "stride": 2}] * rng.choice(
            [1, 8, 9, 2000]
        )
    elif edit == 3:
        layout["input_size"] = rng.choice([8, 1024, 1025, 10**9, -1])
    elif edit == 4:
        cell["edges"] = cell["edges"] * rng.choice([2, 100]) + [
            [rng.randrange(-2, 99), rng.randrange(-2, 99), "none"]
        ]
    elif edit == 5:
        cell["concat"] = rng.choice([[], [0], [99], [2] * 5, list(range(1000))])
    elif edit == 6:
        values["schema_version"] = rng.choice([0, 2, 99, "1", True, None, 1.0, 10**400])
    else:
        values["provenance"] = {"run": rng.choice([*PATHS, *TEXTS])}
    return values
