"""Who saw what a child did: Python's audit events inside it, the kernel's file events outside it.

Inside, an audit hook writes down every file that Python opens, makes, moves or removes outside the folders it
may use, every process, connection and unpickled class. What libraries in C open never reaches that hook, so
the folder that hostile paths point to is watched by inotify from outside: any look into it is seen.
"""

import ctypes
import os
import resource
import struct
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

EXTRA_BYTES = 3 * 2**29
"""Memory a child may take besides what it has when it starts: 1.5 GiB."""

_REPOSITORY = str(Path(__file__).resolve().parents[3])
_PACKAGES = [find_spec(name) for name in ("autofas", "autofas.baselines", "autofas.search_spaces")]
_CODE = tuple(
    {
        *sysconfig.get_paths().values(),
        *(sys.prefix, sys.base_prefix, _REPOSITORY),
        *filter(None, sys.path),
        *(place for spec in _PACKAGES if spec for place in spec.submodule_search_locations or ()),
    }
)
_SYSTEM = ("/proc/", "/sys/", "/dev/null", "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {
    "os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.truncate": 1, "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1, "os.setxattr": 1, "shutil.rmtree": 1, "shutil.move": 2, "shutil.copytree": 2,
}  # fmt: skip
_FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.startfile",
    "pty.spawn",
    "socket.", "pickle.find_class", "os.putenv", "os.link", "os.symlink", "urllib.", "http.", "ftplib.",
    "webbrowser.", "sys.remote_exec",
)  # fmt: skip
_OWN_PROCESSES = (("git", "-C", str(Path(_REPOSITORY, "autofas"))), ("uname", "-p"))
"""The commit and the machine of env.json."""
_UNPICKLERS = ("_weights_only_unpickler.py", "pickle.py", "constructor.py")


def watched(root: Path, report: Path) -> Callable[[], None]:
    """What a child calls first: it goes to `root`, is limited in memory, and what it must not do is reported.

    `report` gets a line for each reading outside `root` and the installed code, each writing outside `root`,
    each process but git's, connection and unpickled class.
    """

    def begin() -> None:
        os.chdir(root)
        os.environ["AUTOFAS_CACHE"] = str(root / "cache")
        sys.dont_write_bytecode = True  # of modules that are imported here first
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + EXTRA_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        handle = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        sys.addaudithook(_Hook(str(root.resolve()), handle))

    return begin


class _Hook:
    def __init__(self, root: str, handle: int) -> None:
        self.inside, self.handle = (root, root + os.sep), handle

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, int):
                self._opened(path, bool(flags & _WRITING))
        elif event in _CHANGING:
            for path in arguments[: _CHANGING[event]]:
                if not isinstance(path, int) and not self._is_inside(_entry(path)):
                    self._tell(f"{event} {path!r}")
        elif event == "subprocess.Popen":
            if tuple(arguments[1])[:3] not in _OWN_PROCESSES:
                self._tell(f"started {arguments[1]!r}")
        elif event.startswith(_FORBIDDEN):
            self._tell(f"{event} {arguments!r}")
        elif event in ("exec", "compile"):
            caller = sys._getframe(1).f_code.co_filename
            if caller.endswith(_UNPICKLERS):
                self._tell(f"{event} in {caller}")

    def _opened(self, path: Any, writing: bool) -> None:
        try:
            real = os.path.realpath(os.fsdecode(path))
        except (OSError, ValueError):
            return  # no file has such a name
        if self._is_inside(real):
            if not writing and real.endswith((".py", ".pyc", ".so")):
                self._tell(f"code read at {real!r}")
        elif writing:
            if real not in ("/dev/null", "/proc/self/oom_score_adj"):
                self._tell(f"opened {real!r} for writing")
        elif not real.startswith((*_CODE, *_SYSTEM)):
            self._tell(f"opened {real!r}")

    def _is_inside(self, path: str) -> bool:
        return path == self.inside[0] or path.startswith(self.inside[1])

    def _tell(self, line: str) -> None:
        os.write(self.handle, f"{line[:300]}\n".encode("utf-8", "backslashreplace"))


def _entry(path: Any) -> str:
    """The entry of a folder that is changed: links on the way to it are followed, itself it may be one."""
    folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
    return os.path.join(os.path.realpath(folder), name)


_IN_NONBLOCK, _ALL_EVENTS = 0o4000, 0xFFF
_LOOKING = 0x1 | 0x2 | 0x4 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400
"""Accessed, modified, attributes, opened, moved from and to, created, deleted."""


class Watchman:
    """The kernel's events in a folder and its folders while the block runs; `seen` names them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, list[str]()

    def __enter__(self) -> "Watchman":
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(_IN_NONBLOCK)
        if self._handle < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        for place in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
            if self._libc.inotify_add_watch(self._handle, os.fsencode(place), _LOOKING) < 0:
                raise OSError(ctypes.get_errno(), f"inotify_add_watch {place}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            content = os.read(self._handle, 1 << 16)
        except BlockingIOError:
            content = b""
        os.close(self._handle)
        at = 0
        while at < len(content):
            _, mask, _, length = struct.unpack_from("iIII", content, at)
            name = content[at + 16 : at + 16 + length].rstrip(b"\0").decode(errors="replace")
            self.seen.append(f"{name or self.folder.name} (event {mask & _ALL_EVENTS:#x})")
            at += 16 + length
