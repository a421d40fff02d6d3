"""`python -m autofas`, and what the command `autofas` runs."""

import signal
import sys


def run() -> int:
    """The command line of this process; returns the exit code."""
    # until `main` handles it, and after: a Ctrl-C ends the process without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from autofas.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
