"""What a kept attestation is checked with: keys that signed for the firm, each for its time (KGA/1 §14.1).

Reads log and copies alone, no secret: who may only look can check, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.workflows import attest_past as past
from keyguard.workflows.attest_past import Kept


@dataclass(frozen=True, slots=True)
class Question:
    """What a verifier is given. `venue` None: it is for no venue."""

    data: bytes = field(repr=False)
    trust: bytes
    venue: str | None
    previous: bytes | None = field(repr=False)


def question(kept: Kept, id_: str, keys: Mapping[str, Any]) -> Question:
    """What to ask a verifier about a kept copy; raises what `copy_of` raises, and IntegrityError
    `attest.altered`. The one before goes along where it is kept."""
    data = copy_of(kept, id_)
    _, said = past.read(data, id_)
    before = said["previous"]
    previous = kept.get(before["attestation_id"]) if before else None
    trust = json.dumps({"firm": said["firm"]["name_latin"], **keys}).encode()
    return Question(data, trust, said["recipient"]["venue"], previous)


def copy_of(kept: Kept, id_: str) -> bytes:
    """The home's copy of one that was issued; UsageError `attest.copy` without one."""
    data = kept.get(id_)
    if data is None:
        raise UsageError(
            f"the home keeps no copy of {id_}",
            code="attest.copy",
            hint="put the file that was sent back into the folder attestations of the home",
        )
    return data
