"""A PostgreSQL server of our own on a Unix socket, in a throw-away folder.

What is not installed here is a failure in CI and a skip elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A running server: the folder of its socket, and databases made one after the other."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def execute(self, command: str, name: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname=name, autocommit=True
        ) as connection:
            connection.execute(command)  # type: ignore[call-overload] # tests write it out

    def database(self, template: str = "template1") -> str:
        """Make a database like another one; return its name."""
        name = f"db{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


def _program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(installed[0]) if installed else shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed (Debian: postgresql)")
        pytest.skip(f"{name} is not installed (Debian: postgresql)")
    return found


@contextmanager
def server() -> Iterator[Server]:
    """Run one. PostgreSQL refuses to run as root, so there it runs as the user Debian made for it."""
    user = "postgres" if os.geteuid() == 0 else None
    initdb, postgres = _program("initdb"), _program("postgres")
    # Short, for a socket's path; its own folder below, because the server wants to own that one.
    with tempfile.TemporaryDirectory(prefix="kgpg") as outer:
        folder = Path(outer, "pg")
        folder.mkdir(mode=0o700)
        if user:
            Path(outer).chmod(0o755)
            shutil.chown(folder, user)
        data = folder / "data"
        made = [
            initdb,
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ]
        subprocess.run(made, user=user, cwd=folder, check=True, capture_output=True, timeout=120)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "50",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with Path(outer, "log").open("wb") as log:
            running = subprocess.Popen(
                [postgres, "-D", str(data), *options], user=user, cwd=folder, stdout=log, stderr=log
            )
            try:
                _wait(folder, running)
                yield Server(folder)
            finally:
                running.terminate()
                running.wait(60)


def _wait(folder: Path, running: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
