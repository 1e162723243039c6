"""What a recipient pins (KGA/1 §14.1): the trust file to start from, and the key card to compare by voice."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.kga import dsse, notes
from keyguard.ports.all import Ports
from keyguard.workflows.agents import agents
from keyguard.workflows.attesters import attesters
from keyguard.workflows.seal import Sealed, sealed


def trust_file(ports: Ports, firm: str, required: int) -> bytes:
    """`trust.json` with the keys that sign for the firm: the log's, attesters', witnesses'; no quorum is set.

    Attesters who sign no more stand there with the time in which they did: they signed what went before.
    UsageError `log.unsealed` before the log's first seal: until then its key has signed nothing.
    """
    value = {
        "firm": firm,
        **pinned(ports),
        "quorum": 0,
        "tsa_roots": [],
        "signatures_required": required,
    }
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def pinned(ports: Ports) -> dict[str, Any]:
    """The keys of a trust file: this log's and agents' logs', attesters, each for its time, and witnesses.

    Reads the log alone, no secret. UsageError `log.unsealed` before the first seal.
    """
    last = ports.seals.last()
    if last is None:
        raise UsageError("this log has no seal yet", code="log.unsealed", hint="keyguard log checkpoint")
    signing = attesters(ports, past=True)
    return {
        "logs": [
            {"origin": notes.verifier_key(last.vkey).name, "vkey": last.vkey},
            *({"origin": one.origin, "vkey": one.vkey} for one in agents(ports, past=True)),
        ],
        "attesters": [
            {"name": one.label, "public_key": one.public_key, "from": one.since, "until": one.until or None}
            for one in signing
            if one.role == "attester"
        ],
        "witnesses": [{"vkey": one.public_key} for one in signing if one.role == "witness" and not one.until],
    }


def key_card(ports: Ports, firm: dict[str, str], trust: bytes) -> str:
    """One page for a letterhead: every key in full, with the digest that is read out on the telephone."""
    log = sealed(ports)
    lines = [
        "KEY CARD · 공개키 확인서",
        f"{firm['name_latin']} · {firm['name_local']}",
        f"registration no. · 사업자등록번호  {firm['registration_no']} ({firm['country']})",
        "",
        "Log key · 기록 봉인 키 (signs the checkpoints of the audit log)",
        *_log_lines(log),
    ]
    for agent in agents(ports, past=True):
        key = notes.verifier_key(agent.vkey)
        lines += ["", "Log key of another host · 다른 호스트의 기록 봉인 키", f"  vkey      {agent.vkey}"]
        lines += [f"  SHA-256   {grouped(dsse.keyid(key.public))}"]
    for one in attesters(ports):
        if one.role == "attester":
            raw = base64.b64decode(one.public_key)
            lines += ["", f"Attester · 확인서 서명자: {one.label} (since · 등록 {one.since})"]
            lines += _key_lines(one.public_key, raw)
        elif one.role == "witness":
            lines += ["", f"Witness · 증인: {one.label}", f"  vkey      {one.public_key}"]
    lines += [
        "",
        "trust.json (SHA-256 of the file as it was sent · 보내 드린 파일의 해시값)",
        f"  {grouped(hashlib.sha256(trust).hexdigest())}",
        "",
        "Compare the digests by telephone, over a number you knew before, and keep this card.",
        "이미 알고 있던 전화번호로 해시값을 대조하신 후 보관하여 주시기 바랍니다.",
    ]
    return "\n".join(lines) + "\n"


def grouped(digest: str) -> str:
    """Hex in groups of four, as it is read out."""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _log_lines(log: Sealed) -> list[str]:
    head = log.checkpoint
    return [
        f"  vkey      {log.vkey}",
        f"  SHA-256   {grouped(dsse.keyid(log.vkey.public))}",
        f"  newest checkpoint: {head.size} seals, root {grouped(head.root.hex())}",
    ]


def _key_lines(text: str, raw: bytes) -> list[str]:
    return [f"  Ed25519   {text}", f"  SHA-256   {grouped(dsse.keyid(raw))}"]


def key_json(public: bytes) -> dict[str, Any]:
    """A public key as commands tell it."""
    return {"public_key": base64.b64encode(public).decode(), "key_sha256": dsse.keyid(public)}
