"""Real git repositories, built on the fly with git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class GitRepo:
    """One repository; every command runs with an identity and configuration of its own."""

    def __init__(self, path: Path, *, bare: bool = False, sha256: bool = False) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        kind = ["--object-format=sha256"] if sha256 else []
        self.git("init", "-q", "-b", "main", *kind, *(["--bare"] if bare else []))

    def git(self, *words: str, data: bytes = b"", **environment: str) -> str:
        """Run git here; returns its output."""
        who = {
            f"GIT_{role}_{what}": "t@example.test"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *words],
            cwd=self.path,
            env={**os.environ, **who, **quiet, **environment},
            input=data,
            capture_output=True,
            check=True,
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the work tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self, message: str = "change") -> str:
        """Commit everything; returns the commit."""
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")
