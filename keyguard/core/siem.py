"""Audit records as lines for a SIEM: one JSON object, or one RFC 5424 message, a record.

Only the record's public part: what is kept beside the log stays there.
"""

from __future__ import annotations

import json
import re

from keyguard.core.record import Record

_ESCAPED = re.compile(r'(["\\\]])')
_NOT_PRINTED = re.compile(r"[^!-~]")
_AUDIT = 13  # facility "log audit", RFC 5424 §6.2.1
_NOTICE, _WARNING = 5, 4
_WORSE = re.compile(r"denied|incident|invalidated|clock\.step|exception\.open|log\.gap")
# RFC 5424 §7.2.2 wants an enterprise number; 32473 is the one reserved for examples (RFC 5612).
_ID = "keyguard@32473"


def json_line(number: int, record: bytes) -> str:
    """{"number": …, "record": …} on one line; `record` are the stored bytes, so a hash can be checked."""
    return f'{{"number":{number},"record":{json.dumps(json.loads(record), separators=(",", ":"))}}}'


def rfc5424(number: int, record: Record, host: str) -> str:
    """A syslog message: the record's members as structured data, its body as JSON text."""
    priority = _AUDIT * 8 + (_WARNING if _WORSE.search(record.type) else _NOTICE)
    at = f"{record.t:%Y-%m-%dT%H:%M:%S.%f}Z"
    body = json.dumps(dict(record.body), separators=(",", ":"), sort_keys=True)
    data = {"number": str(number), "stream": record.stream, "n": str(record.n)}
    for name in ("key", "person", "process", "reason"):
        if isinstance(value := record.body.get(name), str):
            data[name] = value
    told = " ".join(
        f'{name}="{_ESCAPED.sub(_BACKSLASHED, _one_line(value))}"' for name, value in data.items()
    )
    named = _NOT_PRINTED.sub("_", host)[:255] or "-"
    return f"<{priority}>1 {at} {named} keyguard - {record.type[:32]} [{_ID} {told}] {body}"


_BACKSLASHED = r"\\\1"


def _one_line(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
