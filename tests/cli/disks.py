"""A disk that can be full or read-only, made without root where the kernel lets a user mount."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVE = 'mount -t tmpfs -o size=4m tmpfs "$0" && echo ready && exec cat'


@dataclass(frozen=True)
class SmallDisk:
    """A disk of 4 MiB at `path`, in a mount namespace of its own. Start programs on it with `before`."""

    path: Path
    holder: int

    @property
    def before(self) -> tuple[str, ...]:
        """What enters the namespace; the rest of the command line follows."""
        return ("nsenter", "-U", "-m", "--preserve-credentials", f"-t{self.holder}")

    @property
    def seen(self) -> Path:
        """The folder as it looks from here."""
        return Path(f"/proc/{self.holder}/root{self.path}")

    def fill(self) -> None:
        """Leave no room at all."""
        with contextlib.suppress(OSError), (self.seen / "filler").open("wb", buffering=0) as filler:
            for size in (1 << 16, 1 << 10, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"x" * size)

    def free(self) -> None:
        """Give the room back."""
        (self.seen / "filler").unlink(missing_ok=True)

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Mounted read-only inside the block."""
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, how: str) -> None:
        command = [*self.before, "mount", "-o", f"remount,{how}", "tmpfs", str(self.path)]
        subprocess.run(command, check=True, capture_output=True, timeout=20)


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Mount one until the block ends; skips the test where a user may not mount."""
    path.mkdir(parents=True, exist_ok=True)
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("needs unshare and nsenter")
    with subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", _SERVE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        if holder.stdout.readline() != "ready\n":
            pytest.skip("this kernel lets no user mount a disk")
        yield SmallDisk(path, holder.pid)
        holder.stdin.close()
