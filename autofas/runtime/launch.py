"""What torchrun tells a process: which of how many it is, and how often it was started again.

Read from the environment, without torch. A process that torchrun did not start is rank 0 of 1.
"""

import os
from dataclasses import dataclass

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Launch:
    """This process among those started together; `run_id` is torchrun's name of the launch.

    `local_rank` and `local_size` count the processes of this machine alone; `restarts` is 0 at first and one
    more each time torchrun has started all of them again.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    local_size: int = 1
    run_id: str | None = None
    restarts: int = 0

    @property
    def first(self) -> bool:
        """True on rank 0, which alone writes files and prints."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        """True where more than one process was started."""
        return self.world_size > 1


def launched() -> Launch:
    """How this process was started."""
    known = os.environ
    if not all(known.get(name) for name in _NEEDED):
        return Launch()
    return Launch(
        int(known["RANK"]),
        int(known["WORLD_SIZE"]),
        int(known.get("LOCAL_RANK", known["RANK"])),
        int(known.get("LOCAL_WORLD_SIZE", known["WORLD_SIZE"])),
        known.get("TORCHELASTIC_RUN_ID"),
        int(known.get("TORCHELASTIC_RESTART_COUNT", 0)),
    )
