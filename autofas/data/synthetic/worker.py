"""A worker process of the generator: reads its share of the users on stdin, prints each finished video.

Started by dataset.py as `python -m autofas.data.synthetic.worker`, so that rendering needs no guard around
the caller's main module and inherits neither its threads nor its imports.
"""

import json
import sys
from pathlib import Path

from autofas.data.synthetic.dataset import work


def main() -> None:
    """Render the job given on stdin: root folder, parameters and users."""
    job = json.load(sys.stdin)
    for name in work(Path(job["root"]), job["parameters"], job["users"]):
        print(name, flush=True)


if __name__ == "__main__":
    main()
