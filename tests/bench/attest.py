"""`make bench-attest`: an attestation over 50,000 records and 1,000 keys, by the command; the same again.

BENCH_ARGS: --records N (50000), --keys N (1000). Exit status 1 where an export takes 30 s
(its verifier's included) or more, or two exports of one seal differ.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.kga import bundle, container
from keyguard.ports.audit import Draft
from keyguard.stores import signer_file
from keyguard.stores.attestations import AttestationFolder
from keyguard.stores.vault_file import create_vault
from keyguard.workflows import attesters
from keyguard.workflows.attest import Key, Run, attest, stopped
from keyguard.workflows.attest_config import attest_config
from keyguard.workflows.attest_period import period_of, spoken
from keyguard.workflows.attest_predicate import Asked, Recipient
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.identity import Actor
from keyguard.workflows.trust_file import key_json
from tests.fakes.attesting import REGISTER
from tests.fakes.person import FakePerson
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.attestations import Finishing
    from keyguard.ports.all import Ports

MOST_SECONDS = 30
PASSPHRASE = "FAKE passphrase of a benchmark"
PEOPLE, AT_ONCE = 200, 5000
APPROVAL = "ap_" + "11" * 8
UPBIT = Recipient("upbit", "exchange", "Upbit", "upbit")
OFFICER = {"officer": "Kim FAKE / 김가짜", "title": "CCO / 준법감시인"}


def main() -> None:
    """Build, export by the command, export twice more from that seal, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--keys", type=int, default=1_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = _home(Path(folder))
        with wiring.opened(home, lambda: Secret(PASSPHRASE), FakePerson()) as ports:
            begin(ports, Firm("가짜 주식회사", "FAKE Trading"), tool_version="0")
            _fill(ports, args.records, args.keys)
            signer = _officer(ports, home)
            same = _twice(ports, home, signer)
        seconds, busy, size = _command(home)
    sys.stdout.write(
        f"{args.records} records, {args.keys} keys\n"
        f"export by the command  {busy:.1f} s of the processor, {seconds:.1f} s by the wall\n"
        f"file                   {size / 1e6:.1f} MB\n"
        f"twice from one seal    {'the same bytes' if same else 'DIFFERENT'}\n"
    )
    sys.exit(0 if same and seconds < MOST_SECONDS else 1)


def _home(folder: Path) -> Home:
    home = Home(folder / "home")
    home.path.mkdir(mode=0o700)
    create_vault(home.vault_file, Secret(PASSPHRASE), SystemClock(), cost=CHEAP)
    wiring.create(home, Config(id="00ff", store="file", attest=OFFICER), lambda: Secret(PASSPHRASE))
    for name in ("passphrase", "officer.passphrase"):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(PASSPHRASE)
    return home


def _fill(ports: Ports, records: int, keys: int) -> None:
    drafts: list[Draft] = []
    for draft in _drafts(records, keys):
        drafts.append(draft)
        if len(drafts) == AT_ONCE:
            ports.audit.append_all(drafts)
            drafts = []
    ports.audit.append_all(drafts)


def _drafts(records: int, keys: int) -> Iterator[Draft]:
    names = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(keys)]
    asked = {"approval": APPROVAL, "action": "grant", "subject": {}, "by": _person(0), "reason": "new"}
    yield Draft("upbit", "approval.request", asked)
    yield Draft("upbit", "approval.decide", {"approval": APPROVAL, "by": _person(1), "decision": "approve"})
    for number, name in enumerate(names):
        grant = {
            "grant": f"gr_{number:016x}",
            "key": name,
            "person": _person(number),
            "capacity": "employee",
            "from": "2026-01-01T00:00:00.000000Z",
            "basis": "quoting",
            "approval": APPROVAL,
        }
        yield Draft("upbit", "key.register", REGISTER | {"key": name, "desk": "현물 시장조성"})
        yield Draft("upbit", "access.grant", grant)
    for number in range(records - 2 * keys - 2):
        used = number * 7919 % keys
        body = {
            "key": names[used],
            "grant": f"gr_{used:016x}",
            "person": _person(used),
            "host": f"h_{number % 12:020x}",
            "process": "quoter",
            "mode": "socket",
            "lease_s": 600,
            "purpose": "quoting",
        }
        yield Draft("upbit", "handout", body, {"pid": number})


def _person(number: int) -> str:
    return f"p_{number % PEOPLE:020x}"


def _officer(ports: Ports, home: Home) -> Key:
    file = home.path.parent / "officer.attester"
    holds = signer_file.ATTESTATIONS
    signer = signer_file.make(file, Secret(PASSPHRASE), SystemClock().token, holds=holds)
    public = bytes.fromhex(signer.public)
    text = str(key_json(public)["public_key"])
    attesters.add(ports, "attester", text, "officer", actor=Actor("lee", "here"))
    return Key(public, lambda message: bytes.fromhex(signer.sign(message)))


def _twice(ports: Ports, home: Home, key: Key) -> bool:
    """Two exports of one seal, each stopped before it is recorded; what is not a signature is compared."""
    from keyguard.workflows.seal import make_seal

    period = period_of("2026-01-01", "now", "Asia/Seoul", ports.clock.now())
    make_seal(ports)
    who = attest_config({}, OFFICER, {})
    run = Run(Asked(period, spoken(period)), who, (UPBIT,), (key,), last_seal=True)
    kept = AttestationFolder(home.attestations)
    seen: list[dict[str, bytes]] = []
    finish = _stopping(home, ports, seen)
    for _ in range(2):
        try:
            attest(ports, run, kept, kept, finish, actor=Actor("lee", "here"))
        except Exception as error:
            if "for the benchmark" not in str(error):
                raise
    signed = (bundle.STATEMENT, bundle.RENDERINGS)
    first, second = ({n: d for n, d in one.items() if n not in signed} for one in seen)
    return first == second


def _stopping(home: Home, ports: Ports, seen: list[dict[str, bytes]]) -> Finishing:
    from keyguard.attestations import Finishing

    class Stopping(Finishing):
        def verify(self, data: bytes, *rest: object) -> None:
            seen.append(container.unpack(data))
            raise stopped("stopped for the benchmark", "attest.benchmark")

    return Stopping(home, ports)


def _command(home: Home) -> tuple[float, float, int]:
    folder = home.path.parent
    words = ["attest", "--venue", "upbit", "--from", "2026-01-01", "-o", str(folder / "out")]
    words += ["--signer", str(folder / "officer.attester")]
    words += ["--signer-passphrase-file", str(folder / "officer.passphrase")]
    home_words = ["--home", str(home.path), "--passphrase-file", str(folder / "passphrase")]
    begun, before = time.perf_counter(), _children()
    subprocess.run(
        [sys.executable, "-m", "keyguard", *home_words, *words], check=True, env=dict(os.environ), timeout=600
    )
    seconds = time.perf_counter() - begun
    (made,) = (folder / "out").iterdir()
    return seconds, _children() - before, made.stat().st_size


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
