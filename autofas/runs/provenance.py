"""Where a figure comes from besides its seed: versions, machine, sources, commit."""

import hashlib
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autofas._version import __version__
from autofas.runtime.launch import launched

PACKAGES = ("torch", "numpy", "pandas", "pydantic", "safetensors", "thop", "pillow", "av")
ENVIRONMENT_VERSION = 1


def environment(device: str, threads: int) -> dict[str, Any]:
    """Versions, machine, device, threads, ranks, command, commit: what figures depend on besides the seed."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "schema_version": ENVIRONMENT_VERSION,
        "autofas": __version__,
        "python": platform.python_version(),
        "packages": versions,
        "machine": machine(),
        "device": device,
        "threads": threads,
        "ranks": launched().world_size,
        "launch": launched().run_id,
        "command": command_line(),
        "commit": commit(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def command_line() -> list[str]:
    """The words this process was started with, by which a person can start it again."""
    program = Path(sys.argv[0])
    started = ["python", "-m", program.parent.name] if program.name == "__main__.py" else [program.name]
    return [*started, *sys.argv[1:]]


def machine() -> str:
    """Processor's name, number of cores and operating system."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def code_version() -> dict[str, str]:
    """What a run's bits depend on besides configuration and data: autofas, its sources' digest, torch."""
    digest = hashlib.sha256()
    for package in ("autofas", "autofas.baselines"):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*.py")):
                digest.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes())
    return {"autofas": __version__, "sources": digest.hexdigest()[:12], "torch": metadata.version("torch")}


def commit() -> str:
    """Commit of the source tree autofas runs from, with '+' if it has changes; '' outside a checkout."""
    folder = Path(__file__).resolve().parents[1]  # the package
    try:
        found = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
