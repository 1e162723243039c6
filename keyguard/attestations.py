"""The concrete end of an attestation: reading copies, the gate, and the verifier in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard.core.errors import IntegrityError
from keyguard.kga.verdict import Check, Exit
from keyguard.workflows import attest_guard
from keyguard.workflows.attest import Key, Reading, stopped
from keyguard.workflows.attest_predicate import Recipient

if TYPE_CHECKING:
    from datetime import datetime

    from keyguard.core.secret import Secret
    from keyguard.home import Home
    from keyguard.kga.log_copy import LogCopy
    from keyguard.ports.all import Ports

_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")
"""The verifier needs nothing else of our environment, which may hold secrets."""
_ID = re.compile(r"KGA-[0-9a-f]{8}-[a-z0-9-]{1,40}-[0-9]{4,9}(?:\.zip)?")
"""An attestation's own id looks random enough for the scanner."""
_VERIFIED = (0, 1)
_SECONDS = 600
_OUTCOMES = {"ok": Exit.VERIFIED, "note": Exit.WARNINGS, "failed": Exit.FAILED, "malformed": Exit.MALFORMED}
"""As `keyguard verify --json` spells them."""


@dataclass(frozen=True, slots=True)
class Pkcs12:
    """An officer's key with its certificate, as a PKCS #12 file has it, and what opens it."""

    data: bytes = field(repr=False)
    passphrase: Secret = field(repr=False)

    def demand_usable(self, now: datetime) -> None:
        """UsageError `attest.pades`, `attest.extra` where it could not sign now."""
        from keyguard.reading import pades

        pades.demand_usable(self.data, self.passphrase, now)

    def sign(self, pdf: bytes, reason: str) -> bytes:
        """The PDF with its signature."""
        from keyguard.reading import pades

        return pades.sign(pdf, self.data, self.passphrase, reason=reason)


@dataclass(frozen=True, slots=True)
class Finishing:
    """`Finish` of `workflows/attest.py` for one home."""

    home: Home
    ports: Ports
    first: str | None = None
    """The language that stands first in reading copies; None: by recipient."""
    copies: bool = True
    """Whether to make reading copies; the statement is the same without them."""
    pades: Pkcs12 | None = None
    """Whose signature for viewers the PDF gets."""

    def read(
        self,
        tables: Mapping[str, Any],
        predicate: Mapping[str, Any],
        sha256: str,
        roots: Mapping[str, str],
    ) -> Reading:
        """PDF, XLSX, CSV and how to verify; UsageError `attest.extra` where what makes them is missing."""
        if not self.copies:
            return Reading()
        from keyguard.reading import copies, fonts
        from keyguard.reading.document import Content

        made = copies.render(Content(predicate, tables, sha256, roots, self.first))
        if self.pades is not None:
            reason = f"reading copy of {predicate['attestation_id']}"
            made |= {copies.PDF: self.pades.sign(made[copies.PDF], reason)}
        return Reading(made, fonts.used())

    def gate(self, entries: Mapping[str, bytes], recipient: Recipient, agents: Sequence[LogCopy]) -> None:
        """Search every entry, as it is and as it reads, for what must not leave; a hit never quotes it."""
        from keyguard.reading import gate
        from keyguard.scanner.engine import Engine

        known = attest_guard.known(self.ports, recipient, agents)
        guarded = gate.Guarded(
            tuple(gate.Hidden(*one) for one in known.secrets),
            tuple(gate.Hidden(*one) for one in known.key_ids),
            known.other_ids,
            known.own_ids,
            known.other_names,
            known.own_names,
        )
        engine = Engine()

        def scan(entry: str, data: bytes) -> list[tuple[str, str]]:
            found = [
                (one.rule, part.value.reveal()) for one in engine.scan(data, entry) for part in one.parts
            ]
            return [(rule, text) for rule, text in found if not _ID.fullmatch(text)]

        if hits := gate.check(entries, guarded, scan):
            first, more = hits[0], f", and {len(hits) - 1} more" if len(hits) > 1 else ""
            where = f"{first.entry} {first.place}".strip()
            raise stopped(
                f"{where} holds what must not leave: {first.rule}, {first.what}{more}", "attest.gate"
            )

    def verify(self, data: bytes, trust: bytes, recipient: Recipient, previous: bytes | None) -> None:
        """Run `keyguard verify` on the finished file, with the keys the log says sign now."""
        done = _verified(data, trust, recipient.venue, previous, below=self.home.path)
        if done.returncode not in _VERIFIED:
            told = (done.stdout + done.stderr).decode(errors="replace").splitlines()
            why = next(
                (line.strip() for line in told if "FAILED  " in line or "MALFORMED  " in line), "no word"
            )
            raise stopped(f"the finished file does not verify: {why}", "attest.unverified")


def opened_key(path: Path, passphrase: Secret) -> Key:
    """An attester's key from its file; raises what `open_signer` raises."""
    from keyguard.stores.signer_file import ATTESTATIONS, open_signer

    signer = open_signer(path, passphrase, holds=ATTESTATIONS)
    return Key(bytes.fromhex(signer.public), lambda message: bytes.fromhex(signer.sign(message)))


def checks(data: bytes, trust: bytes, venue: str | None, previous: bytes | None) -> tuple[Check, ...]:
    """What `keyguard verify` says of a file, step by step; IntegrityError where it says nothing."""
    done = _verified(data, trust, venue, previous, "--json")
    try:
        told = json.loads(done.stdout)["checks"]
        return tuple(
            Check(one["step"], one["what"], _OUTCOMES[one["outcome"]], one["detail"]) for one in told
        )
    except (ValueError, LookupError, TypeError):
        said = done.stderr.decode(errors="replace").splitlines()
        raise IntegrityError(
            said[0] if said else "the verifier said nothing", code="attest.verifier"
        ) from None


def _verified(
    data: bytes,
    trust: bytes,
    venue: str | None,
    previous: bytes | None,
    *words: str,
    below: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the verifier on a copy in a folder of this user alone, for as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="attest-", dir=below) as folder:
        written = {"bundle.zip": data, "trust.json": trust, "previous.zip": previous}
        for name, content in written.items():
            if content is not None:
                Path(folder, name).write_bytes(content)
        words = ("verify", "bundle.zip", "--trust", "trust.json", *words)
        if venue is not None:
            words += ("--recipient", venue)
        if previous is not None:
            words += ("--previous", "previous.zip")
        return subprocess.run(
            [sys.executable, "-P", "-m", "keyguard", *words],
            cwd=folder,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
