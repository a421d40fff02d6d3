"""Scalars, alphas and live maps of a run for TensorBoard, written as it goes on (extra `[tensorboard]`).

`tensorboard --logdir RUNS` shows them. Maps are written without the faces they are of: a data set's licence
binds copies too. The events say what the run's own tables say and nothing that its bits depend on.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from autofas.config.run import RunConfig
from autofas.errors import ConfigError

FOLDER = "tensorboard"
ENLARGED = 8
"""Pixels of a picture that each place of a map becomes."""
_NUMBERS = ("epoch", "trial")


def require_event_log(config: RunConfig) -> None:
    """Raise ConfigError where events are asked for and cannot be written."""
    if not config.tensorboard:
        return
    if find_spec("tensorboard") is None:
        raise ConfigError(
            "events for TensorBoard need tensorboard, which is not installed; "
            "pip install 'autofas[tensorboard]'"
        )
    if config.runs_dir is None:
        raise ConfigError("events for TensorBoard go into the run's folder; give runs_dir, or leave them out")


class EventLog:
    """The events of a run, in its folder tensorboard/; an earlier process's after round `done` are void."""

    def __init__(self, folder: Path, done: int) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / FOLDER), purge_step=done + 1 if done else None)

    def write(
        self, step: int, row: Mapping[str, Any], curves: Mapping[str, float], maps: Mapping[str, Tensor]
    ) -> None:
        """A round's row of results, further curves, and maps (N, m, n) in [0, 1] by what they are of."""
        for name, value in row.items():
            if isinstance(value, int | float) and name not in _NUMBERS:
                self._writer.add_scalar(f"results/{name}", value, step)
        for name, value in curves.items():
            self._writer.add_scalar(name, value, step)
        for name, found in maps.items():
            shown = F.interpolate(found[:, None].float(), scale_factor=ENLARGED, mode="nearest")
            apart = F.pad(shown, (1, 1, 1, 1), value=0.5)  # they become one picture, side by side
            self._writer.add_images(f"live maps/{name}", apart, step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left; nothing is written afterwards."""
        self._writer.close()
