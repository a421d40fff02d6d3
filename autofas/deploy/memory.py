"""`python -m autofas.deploy.memory FILE`: peak memory in MB of a process that loads a network and runs it.

The whole process counts, interpreter and runtime too: what a device must have free.
"""

import subprocess
import sys
from pathlib import Path

from autofas.errors import RunError


def peak_mb(path: str) -> float:
    """Peak resident memory of such a process, in megabytes; raises RunError where it cannot be started."""
    words = [sys.executable, "-m", "autofas.deploy.memory", path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"{path}: its memory cannot be measured: {done.stderr.strip().splitlines()[-1][:200]}")
    return float(done.stdout)


def main() -> None:
    """Load, score one grey face, print."""
    import numpy as np

    from autofas.deploy.runtime import open_scorer

    scorer = open_scorer(sys.argv[1], threads=1)
    side = scorer.info.crop_size
    scorer.score({name: np.full((1, 3, side, side), 128, np.uint8) for name in scorer.info.modalities})
    print(_high_water_mb())


def _high_water_mb() -> float:
    """Peak resident memory of this process; ru_maxrss would count what the starting process held before."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10


if __name__ == "__main__":
    main()
