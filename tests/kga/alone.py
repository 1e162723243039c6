"""The stand-alone verifier, loaded by its path, asked what `keyguard verify` is asked."""

from __future__ import annotations

import base64
import importlib.util
import json
from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any

from keyguard.kga.verdict import Exit
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.report import Report
from keyguard.kga.verify.trust import Trust

FILE = Path(__file__).parents[2] / "packaging/verify/kga_verify.py"


@cache
def module() -> Any:
    spec = importlib.util.spec_from_file_location("kga_verify", FILE)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def trust_file(trust: Trust) -> bytes:
    """What a recipient would have pinned."""
    value: dict[str, Any] = {
        "firm": trust.firm,
        "logs": [{"origin": origin, "vkey": str(key)} for origin, key in trust.logs.items()],
        "attesters": [
            {
                "name": one.name,
                "public_key": base64.b64encode(one.public).decode(),
                "from": one.since,
                "until": one.until,
            }
            for one in trust.attesters
        ],
        "witnesses": [{"vkey": str(key)} for key in trust.witnesses],
        "quorum": trust.quorum,
        "tsa_roots": list(trust.tsa_roots),
        "signatures_required": trust.signatures_required,
    }
    if trust.last is not None:
        heads = {
            origin: {name: getattr(head, name) for name in head.__slots__}
            for origin, head in trust.last.logs.items()
        }
        last = {"serial": trust.last.serial, "statement_sha256": trust.last.statement_sha256, "logs": heads}
        value["last"] = last
    return json.dumps(value).encode()


def judge(data: bytes, trust: Trust | None, wanted: Wanted, previous: bytes | None = None) -> Any:
    """Its verification of a bundle."""
    asked = Namespace(
        now=wanted.now,
        recipient=wanted.recipient,
        nonce=wanted.nonce,
        max_age_days=None if wanted.max_age is None else wanted.max_age.days,
        min_serial=wanted.min_serial,
        require_signatures=wanted.signatures,
        require_anchors=wanted.anchors,
        previous=previous,
    )
    pinned = None if trust is None else module().read_trust(trust_file(trust))
    return module().Verification(data, pinned, asked).run()


def first_bad(checks: Any) -> int | None:
    """The first step that did not hold, of (step, outcome, detail)."""
    return next((step for step, outcome, _ in checks if outcome > Exit.WARNINGS), None)


def agrees(
    report: Report, data: bytes, trust: Trust | None, wanted: Wanted, previous: bytes | None = None
) -> None:
    """Both come to the same exit, first failed step and tables."""
    done = judge(data, trust, wanted, previous)
    ours = [(one.step, int(one.outcome), one.detail) for one in report.checks]
    assert (done.exit, first_bad(done.checks)) == (report.exit, first_bad(ours)), (ours, done.checks)
    if not report.failed:
        assert done.derived == report.derived
