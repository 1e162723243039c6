"""The concrete end of an attestation: reading copies, the gate, and the verifier in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard.workflows.attest import Reading, stopped
from keyguard.workflows.attest_predicate import Recipient

if TYPE_CHECKING:
    from keyguard.home import Home
    from keyguard.ports.all import Ports

_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")
"""The verifier needs nothing else of our environment, which may hold secrets."""
_VERIFIED = (0, 1)
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Finishing:
    """`Finish` of `workflows/attest.py` for one home."""

    home: Home
    ports: Ports
    first: str | None = None
    """The language that stands first in reading copies; None: by recipient."""

    def read(
        self, tables: Mapping[str, Any], predicate: Mapping[str, Any], sha256: str, root: str
    ) -> Reading:
        """The reading copies."""
        return Reading()

    def gate(self, entries: Mapping[str, bytes], recipient: Recipient) -> None:
        """Search every entry for what must not leave."""

    def verify(self, data: bytes, trust: bytes, recipient: Recipient, previous: bytes | None) -> None:
        """Run `keyguard verify` on the finished file, with the keys the log says sign now.

        The file stands in a folder of this user alone for as long as that takes.
        """
        with tempfile.TemporaryDirectory(prefix="attest-", dir=self.home.path) as folder:
            written = {"bundle.zip": data, "trust.json": trust, "previous.zip": previous}
            for name, content in written.items():
                if content is not None:
                    Path(folder, name).write_bytes(content)
            words = ["verify", "bundle.zip", "--trust", "trust.json"]
            if recipient.venue is not None:
                words += ["--recipient", recipient.venue]
            if previous is not None:
                words += ["--previous", "previous.zip"]
            done = subprocess.run(
                [sys.executable, "-P", "-m", "keyguard", *words],
                cwd=folder,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        if done.returncode not in _VERIFIED:
            told = (done.stdout + done.stderr).decode(errors="replace").splitlines()
            why = next(
                (line.strip() for line in told if "FAILED  " in line or "MALFORMED  " in line), "no word"
            )
            raise stopped(f"the finished file does not verify: {why}", "attest.unverified")
