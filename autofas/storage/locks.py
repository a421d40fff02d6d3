"""An exclusive lock on an open file, given up when the file is closed or its process ends.

POSIX alone: the systems that autofas supports (autofas.installation.require_supported).
"""

from typing import IO, Any


def lock(handle: IO[Any]) -> None:
    """Take the lock of a file at once; raises BlockingIOError where another process holds it, or OSError."""
    import fcntl  # here, so that what needs no lock can be imported everywhere

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
