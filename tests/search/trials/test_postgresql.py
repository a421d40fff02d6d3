"""A study in PostgreSQL that two workers share, one of them killed: a server of the test's own."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="the extra [trials] is not installed")
from benchmarks import killed_workers

pytestmark = pytest.mark.slow


def program(name):
    """A program of PostgreSQL: Debian keeps them out of the path."""
    found = shutil.which(name) or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    return found or pytest.skip("PostgreSQL is not installed")


@pytest.fixture
def server():
    """The URL of a database on a port of this machine's own, its server stopped at the end."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, pg_ctl, owner = program("initdb"), program("pg_ctl"), []
    folder = Path(tempfile.mkdtemp(prefix="autofas-pg-"))  # pytest's own folder is closed to other users
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        owner = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    run = {"check": True, "capture_output": True, "cwd": folder}
    subprocess.run([*owner, initdb, "-D", data, "-A", "trust", "-U", "me", "--no-sync"], **run)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    subprocess.run([*owner, pg_ctl, "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **run)
    yield f"postgresql+psycopg://me@127.0.0.1:{port}/postgres"
    subprocess.run([*owner, pg_ctl, "-D", data, "-m", "immediate", "stop"], **run)
    shutil.rmtree(folder)


def test_a_killed_worker_loses_nothing(server, tmp_path):
    words = ["--storage", server, "--kills", "2", "--trials", "12", "--most-s", "1"]
    assert killed_workers.main([*words, "--work", str(tmp_path / "work")]) == 0
