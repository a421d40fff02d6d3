"""Run folders: one process, one folder, everything a figure can be walked back to.

`runs/<command>/<name>/` holds `config.yaml` (resolved, re-runnable), `env.json` (versions, threads,
device, commit), `results.csv` (a row an epoch), `log.txt` and what the command makes. Names never
overwrite: a second `exp` becomes `exp2`, a second `so0` `so0-2`. A folder is locked while a process owns it.
Of several ranks the first owns it and the others follow: they write nothing.

A folder may come from a stranger (autofas.storage.folders): one with a link that leaves it, a pipe or a
device is not opened.
"""

import errno
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any

from autofas.config.resolve import to_yaml
from autofas.errors import RunError
from autofas.runs.provenance import ENVIRONMENT_VERSION, environment
from autofas.runtime.launch import launched
from autofas.runtime.terminal import fresh_line
from autofas.storage import schema
from autofas.storage.files import write_json, write_rows, write_text
from autofas.storage.folders import closed_folder
from autofas.storage.locks import lock
from autofas.storage.schema import Schema, read_json, read_yaml


class Run:
    """A locked run folder; use it as a context manager.

    `echo` also prints the log's lines to stderr; `made` is True for a folder that `create` made. Raises
    RunError if another process owns the folder or it cannot be written.
    """

    writes = True
    has_folder = True

    def __init__(self, path: Path, echo: bool = True) -> None:
        self.path = path
        self.echo = echo
        self.silent = False
        self.made = False
        self._lock: IO[str] | None = None
        self._made_above: list[Path] = []  # folders that `create` made on the way, innermost first

    @property
    def name(self) -> str | None:
        """The name of the folder, or the one asked for where there is none."""
        return self.path.name

    @classmethod
    def create(cls, runs_dir: str, command: str, name: str | None, echo: bool = True) -> "Run":
        """A new folder `runs_dir/command/name`, numbered where the name is taken."""
        base = Path(runs_dir) / command
        stem = name or "exp"
        if Path(stem).name != stem or stem in (".", ".."):
            raise RunError(f"{stem!r} cannot name a run folder; use a word without slashes")
        number = 1
        try:
            above = [folder for folder in (base, base.parent) if not folder.exists()]
            while True:
                path = base / (stem if number == 1 else f"{_numbered(stem)}{number}")
                base.mkdir(parents=True, exist_ok=True)  # each time: another run may have discarded it
                try:
                    path.mkdir()
                    run = cls(path, echo)
                    run.made, run._made_above = True, above
                    return run
                except FileExistsError:
                    number += 1
                except FileNotFoundError:
                    continue
        except OSError as exc:
            raise RunError(f"{base} cannot be written: {exc.strerror}; choose another --runs-dir") from None

    @classmethod
    def before_restart(cls, runs_dir: str, command: str, name: str | None) -> Path | None:
        """The folder `runs_dir/command/name`, or a numbered one, that this launch made before torchrun
        started it again; None in its first start, or if it had not come so far."""
        launch, base, stem = launched(), Path(runs_dir) / command, name or "exp"
        if not launch.restarts or not base.is_dir():
            return None
        found = []
        for path in base.iterdir():
            number = "1" if path.name == stem else path.name.removeprefix(_numbered(stem))
            is_run = number.isdecimal() and (path / "config.yaml").is_file()
            if is_run and cls(path)._environment().get("launch") == launch.run_id:
                found.append((int(number), path))
        return max(found)[1] if found else None

    @classmethod
    def open(cls, path: str | os.PathLike[str], echo: bool = True) -> "Run":
        """The run folder at `path`; raises RunError if there is none or something in it leads out of it."""
        folder = Path(path)
        if not (folder / "config.yaml").is_file():
            raise RunError(f"{folder} is not a run folder: it has no config.yaml")
        return cls(closed_folder(folder), echo)

    def __enter__(self) -> "Run":
        try:
            handle = open(self.path / ".lock", "a+", encoding="utf-8")
        except OSError as exc:
            raise RunError(f"{self.path} cannot be written: {exc.strerror}") from None
        try:
            lock(handle)
        except OSError as exc:
            owner = _owner(handle)
            handle.close()
            if exc.errno not in (errno.EACCES, errno.EAGAIN):
                raise RunError(f"{self.path} cannot be locked: {exc.strerror}") from None
            message = f"{self.path} is in use by {owner}; wait for it to end, or end it"
            raise RunError(message) from None
        self._lock = handle
        try:
            handle.seek(0)
            before = handle.read().strip()
            handle.seek(0)
            handle.truncate()
            handle.write(f"process {os.getpid()} on {platform.node()}")
            handle.flush()
            if before:  # a clean exit clears the lock file
                self.note(f"{before} owned this folder and was killed; its stale lock is ignored")
        except OSError as exc:
            self.discard()
            self.__exit__(None, None, None)
            raise RunError(f"{self.path} cannot be written: {exc.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            with suppress(OSError):  # a full disk: the name stays, the lock does not
                self._lock.truncate(0)
            with suppress(OSError):
                self._lock.close()
            self._lock = None

    def discard(self) -> None:
        """Remove the folder that `create` made and those above it: a run that never began leaves no trace."""
        if self.made:
            shutil.rmtree(self.path, ignore_errors=True)
            with suppress(OSError):  # not empty: another run is in it
                for folder in self._made_above:
                    folder.rmdir()

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Within it nothing is done yet that could be lost: whatever it raises discards a new folder."""
        try:
            yield
        except BaseException:
            self.discard()
            raise

    def start(
        self,
        config: Schema,
        device: str,
        threads: int,
        notes: Sequence[str] = (),
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Write env.json, with the notes that the log begins with, and config.yaml, which makes it a run.

        `facts` are what env.json says besides of how the run computes.
        """
        values = {**environment(device, threads), **facts}
        write_json(self.path / "env.json", {**values, "notes": list(notes)} if notes else values)
        write_text(self.path / "config.yaml", to_yaml(config))

    def notes(self) -> list[str]:
        """The notes the run was started with."""
        return [str(note) for note in self._environment().get("notes", ())]

    def note_other_machine(
        self, device: str, threads: int, facts: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Note where a resumed run computes otherwise than before: its bits may then differ."""
        before, now = self._environment(), {**environment(device, threads), **facts}
        changed = [
            f"{key} was {before.get(key)}, is {now[key]}"
            for key in ("machine", "device", "threads", "python", *facts)
            if key in before and before[key] != now[key]
        ]
        if changed:
            self.note(f"{'; '.join(changed)}: results may differ in the last bits from an uninterrupted run")

    def _environment(self) -> dict[str, Any]:
        """What env.json says; nothing where an older autofas was killed before it wrote one."""
        path = self.path / "env.json"
        values = read_json(path) if path.exists() else {}
        if not isinstance(values, dict):
            raise RunError(f"{path} holds a {type(values).__name__}, expected the run's environment")
        schema.require_version(values, (ENVIRONMENT_VERSION,), str(path), RunError)
        return values

    def require_same(self, config: Schema, accepted: bool = False) -> str:
        """Raise RunError that shows the difference if the run was started with another configuration.

        Where that is `accepted` the difference is returned, for `change`.
        """
        before = _flat(stored_config(self.path))
        now = _flat(config.model_dump(mode="json"))
        ignored = {"name", "runs_dir", "data.cache_dir", "threads", "checkpoint_steps", "checkpoint_minutes"}
        ignored |= {"tensorboard", "schema_version"}
        changed = [key for key in sorted({*before, *now} - ignored) if before.get(key) != now.get(key)]
        if changed:
            shown = "; ".join(f"{key} was {before.get(key)!r}, is {now.get(key)!r}" for key in changed[:5])
            shown += f"; and {len(changed) - 5} more" if len(changed) > 5 else ""
            if accepted:
                return shown
            raise RunError(
                f"{self.path} was started with a different configuration: {shown}; "
                "use --accept-changed config to continue anyway"
            )
        return ""

    def change(self, config: Schema, difference: str) -> None:
        """Make the configuration a resumed run goes on with its own, and note the difference."""
        write_text(self.path / "config.yaml", to_yaml(config))
        self.note(f"configuration changed: {difference}")

    def log_bytes(self) -> int:
        """Length of log.txt, for a checkpoint, which vouches for it: synced to the disk."""
        path = self.path / "log.txt"
        if not path.exists():
            return 0
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())
            return stream.seek(0, os.SEEK_END)

    def cut_log(self, length: int) -> None:
        """Drop what was logged after a checkpoint was written: the resumed run logs it again."""
        if self.log_bytes() > length:
            os.truncate(self.path / "log.txt", length)

    def note(self, line: str) -> None:
        """Append a line with the time to resumed.txt, and print it: what is not part of the run itself."""
        self._append("resumed.txt", line)

    def warn(self, line: str) -> None:
        """A note that is printed in a quiet run too."""
        echo, self.echo = self.echo, True
        self.note(line)
        self.echo = echo

    def log(self, line: str) -> None:
        """Append a line with the time to log.txt, and print it."""
        if not self.silent:
            self._append("log.txt", line)

    @contextmanager
    def silenced(self, silent: bool) -> Iterator[None]:
        """Within it, where `silent`, nothing is logged: a resumed run has said it before."""
        self.silent = silent
        try:
            yield
        finally:
            self.silent = False

    def _append(self, name: str, line: str) -> None:
        with open(self.path / name, "a", encoding="utf-8") as stream:
            stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
        if self.echo:
            fresh_line(sys.stderr)  # what progress has left there
            print(line, file=sys.stderr)

    def write_results(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write results.csv, a row an epoch, in one piece."""
        write_rows(self.path / "results.csv", rows)


class FollowedRun(Run):
    """Rank 0's run folder as the other ranks hold it: they neither lock it nor write into it."""

    writes = False

    def __init__(self, path: Path, echo: bool = True) -> None:
        super().__init__(path, echo=False)

    def __enter__(self) -> "Run":
        return self

    def discard(self) -> None: ...

    def notes(self) -> list[str]:
        return []

    def change(self, config: Schema, difference: str) -> None: ...

    def write_results(self, rows: Sequence[Mapping[str, Any]]) -> None: ...

    def _append(self, name: str, line: str) -> None: ...


def _numbered(stem: str) -> str:
    """What stands before a number: a name that ends in a digit would read as another one, so02 for so0."""
    return f"{stem}-" if stem[-1:].isdigit() else stem


def _owner(lock: IO[str]) -> str:
    """Who holds a lock, by what it wrote into it; it is given a second to write over a dead one's name."""
    for _ in range(100):
        lock.seek(0)
        owner = lock.read().strip()
        if owner and not _is_dead(owner):
            return owner
        time.sleep(0.01)
    return "another process"


def _is_dead(owner: str) -> bool:
    """True if the owner was a process of this machine that is there no more."""
    words = owner.split()
    if len(words) != 4 or words[3] != platform.node() or not words[1].isdigit():
        return False
    try:
        os.kill(int(words[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def stored_config(folder: Path) -> dict[str, Any]:
    """The configuration a run folder was started with; raises RunError."""
    return read_yaml(folder / "config.yaml", RunError)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
