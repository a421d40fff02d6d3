"""Which processes work at a study, and how others know that one of them is gone.

A worker names itself by machine, start of the machine, namespace and number of its process, and the moment
that process began. On the same machine it is asked of the system whether it lives; of another machine's
worker all that is seen is a count that it raises while it works.
"""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

BEAT_S = 20.0
"""How often a worker says that it is at work."""
LEASE_S = 300.0
"""After how long without a word a worker of another machine is taken for dead."""


@dataclass(frozen=True)
class WorkerName:
    """Where a worker runs: `place` is machine, its start and the namespace of processes; `since` in ticks."""

    place: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.place}|{self.pid}|{self.since}"

    @classmethod
    def parse(cls, text: str) -> "WorkerName | None":
        """The name that a text stands for; None for any other text."""
        parts = text.split("|")
        if len(parts) != 3 or not parts[1].isdigit():
            return None
        return cls(parts[0], int(parts[1]), parts[2])


def own_name() -> WorkerName:
    """The name of this process."""
    return WorkerName(_place(), os.getpid(), _since(os.getpid()) or "")


def known_dead(name: WorkerName) -> bool:
    """True if the worker's process was on this machine and is there no more; False where nobody can know."""
    if name.place != _place():
        return False
    try:
        os.kill(name.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    since = _since(name.pid)
    return since is not None and bool(name.since) and since != name.since


class Watch:
    """Who has said nothing for how long, by this process's own clock: those of machines may differ."""

    def __init__(self, lease_s: float = LEASE_S) -> None:
        self.lease_s = lease_s
        self._seen: dict[int, tuple[object, float]] = {}

    def silent(self, trial: int, word: object) -> bool:
        """True if the trial's last word has been the same for longer than the lease."""
        now = time.monotonic()
        before, since = self._seen.get(trial, (None, now))
        if trial not in self._seen or before != word:
            self._seen[trial] = (word, now)
            return False
        return now - since > self.lease_s


def _place() -> str:
    """This machine since its start, and this namespace of processes: two containers may share a name."""
    start = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    parts = [platform.node()]
    parts.append(start.read_text(encoding="ascii").strip() if start.is_file() else "")
    parts.append(os.readlink(space) if space.is_symlink() else "")
    return "/".join(parts).replace("|", "_")


def _since(pid: int) -> str | None:
    """When a process began, in ticks since the machine's start; None where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    if fields[0] == "Z":
        return "dead"  # killed, and not yet waited for
    return fields[19]
