"""The whole of this home's log as a file for the firm's primary home (KGA/1 §5.1)."""

from __future__ import annotations

from keyguard.kga import log_copy
from keyguard.ports.all import Ports
from keyguard.workflows.attest_evidence import whole_log
from keyguard.workflows.seal import Sealed, make_seal


def hand_over(ports: Ports) -> tuple[Sealed, bytes]:
    """Seal the log, and return it all: every stream with its private parts, and the secret of its slots.

    It is as confidential as the log, and holds no secret of a key. Raises what `make_seal` raises.
    """
    sealed = make_seal(ports)
    return sealed, log_copy.pack(whole_log(ports, sealed))
