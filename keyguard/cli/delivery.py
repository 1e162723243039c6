"""Ways for a key to reach a process without standing in its environment.

Whoever can read `/proc/<pid>/environ`, and every program the process starts, sees an environment. With
`file` and `fd` the variable NAME_FILE names a file instead (the convention of container secrets), for the
public id too, which a rotation changes as well:

- file: 0600 in a 0700 folder of its own on a file system in memory; gone when the command has ended.
- fd: an inherited descriptor, `/dev/fd/N`, of a sealed file that never had a name; gone with its readers.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from keyguard.cli.environment import Environment
from keyguard.core.errors import UsageError

WAYS = ("env", "file", "fd")
_NAME = "keyguard-run-"
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})

Alive = Callable[[int, str], bool]
"""Whether the process of this pid and start time still runs."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The environment as the process gets it, and the descriptors the process inherits."""

    environment: Environment
    handles: tuple[int, ...] = ()
    folder: Path | None = None

    def replace(self, environment: Environment) -> None:
        """Put the new values into the files of `file`; a reader sees the old content or the new, whole."""
        assert self.folder is not None
        for name in environment.key_names:
            _write(self.folder / name, environment.variables[name])


@contextlib.contextmanager
def delivered(
    environment: Environment, way: str, owner: tuple[int, str], alive: Alive
) -> Iterator[Delivered]:
    """Lay the secrets out for one command, and take them away afterwards.

    `owner`: our pid and start time. What an earlier command of ours was killed before taking away goes too.
    Raises UsageError where there is no file system in memory, or no file without a name.
    """
    if way == "env":
        yield Delivered(environment)
    elif way == "fd":
        with contextlib.ExitStack() as opened:
            yield _descriptors(environment, opened)
    else:
        place = _memory_folder()
        _sweep(place, alive)
        folder = Path(tempfile.mkdtemp(prefix=f"{_NAME}{owner[0]}-{owner[1]}-", dir=place))
        try:
            for name in environment.key_names:
                _write(folder / name, environment.variables[name])
            files = {name: str(folder / name) for name in environment.key_names}
            yield Delivered(_with_files(environment, files), folder=folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _with_files(environment: Environment, files: Mapping[str, str]) -> Environment:
    kept = {name: value for name, value in environment.variables.items() if name not in files}
    for name, path in files.items():
        if kept.get(f"{name}_FILE"):
            raise UsageError(
                f"the variable {name}_FILE is set already",
                code="run.collision",
                still="the process did not get the keys",
                hint=f"unset it, or give {name} by --give env",
            )
        kept[f"{name}_FILE"] = path
    return Environment(kept, environment.secrets)


def _descriptors(environment: Environment, opened: contextlib.ExitStack) -> Delivered:
    if not hasattr(os, "memfd_create"):
        raise UsageError(
            "this system has no files without a name",
            code="run.give",
            still="the process did not get the keys",
            hint="--give env, or --give file where a file system in memory is mounted",
        )
    handles: dict[str, int] = {}
    for name in sorted(environment.key_names):
        handle = os.memfd_create("keyguard", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        opened.callback(os.close, handle)
        os.write(handle, environment.variables[name].encode("utf-8", "surrogateescape"))
        sealed = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, sealed)
        handles[name] = handle
    files = {name: f"/dev/fd/{handle}" for name, handle in handles.items()}
    return Delivered(_with_files(environment, files), tuple(handles.values()))


def _memory_folder() -> Path:
    """A folder that never reaches a disk, except as swap."""
    for named in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):  # noqa: S108 - a folder of its own below
        if named and os.access(named, os.W_OK | os.X_OK) and _file_system(Path(named)) in _IN_MEMORY:
            return Path(named)
    raise UsageError(
        "neither XDG_RUNTIME_DIR nor /dev/shm is a file system in memory",
        code="run.give",
        still="the process did not get the keys",
        hint="use --give fd" if hasattr(os, "memfd_create") else "use --give env",
    )


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on; "" where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return ""
    found, longest = "", -1
    real = folder.resolve()
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        mounted = Path(before.split(" ")[4].encode().decode("unicode_escape"))
        if real.is_relative_to(mounted) and len(mounted.parts) >= longest:
            found, longest = after.split(" ")[0], len(mounted.parts)
    return found


def _sweep(place: Path, alive: Alive) -> None:
    """Take away what commands left that were killed."""
    for folder in place.glob(f"{_NAME}*"):
        pid, _, rest = folder.name.removeprefix(_NAME).partition("-")
        started = rest.partition("-")[0]
        with contextlib.suppress(OSError, ValueError):
            if folder.lstat().st_uid == os.geteuid() and not alive(int(pid), started):
                shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, value: str) -> None:
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(value.encode("utf-8", "surrogateescape"))
    fresh.replace(path)
