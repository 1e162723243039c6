from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from keyguard.core.escape import escape
from keyguard.scanner.engine import Engine
from keyguard.scanner.reports import json_report, sarif, text
from keyguard.scanner.scans import Scan, scan_bytes
from keyguard.scanner.sources import Unread
from tests.unit.scanner.leaks import bybit, env, pem

ENGINE = Engine()

# The parts of SARIF 2.1.0 that are written here, by hand from the standard, closed against misspelt names.
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": _TEXT,
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["uri"],
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~/%-]+$"},
                        "uriBaseId": {"const": "%SRCROOT%"},
                    },
                },
                "region": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["startLine", "startColumn", "endLine", "endColumn"],
                    "properties": {
                        **{n: {"type": "integer", "minimum": 1} for n in ("startLine", "startColumn")},
                        **{n: {"type": "integer", "minimum": 1} for n in ("endLine", "endColumn")},
                        **{n: {"type": "integer", "minimum": 0} for n in ("byteOffset", "byteLength")},
                        "snippet": _TEXT,
                    },
                },
            },
        },
    },
}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _TEXT,
        "locations": {"type": "array", "minItems": 1, "maxItems": 1, "items": _LOCATION},
        "relatedLocations": {"type": "array", "uniqueItems": True, "items": _LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
    },
}
_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "shortDescription"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
        "shortDescription": _TEXT,
        "fullDescription": _TEXT,
        "help": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text", "markdown"],
            "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
        },
        "helpUri": {"type": "string", "pattern": "^https://"},
        "defaultConfiguration": {"type": "object", "properties": {"level": _LEVEL}},
        "properties": {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": True}}},
    },
}
_NOTIFICATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {"level": _LEVEL, "message": _TEXT},
}
_RUN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tool", "results"],
    "properties": {
        "tool": {
            "type": "object",
            "required": ["driver"],
            "properties": {
                "driver": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name"],
                    "properties": {
                        "name": {"const": "keyguard"},
                        "version": {"type": "string"},
                        "semanticVersion": {"type": "string"},
                        "rules": {"type": "array", "uniqueItems": True, "items": _RULE},
                    },
                }
            },
        },
        "automationDetails": {"type": "object", "properties": {"id": {"type": "string"}}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "invocations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["executionSuccessful"],
                "properties": {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": {"type": "array", "items": _NOTIFICATION},
                },
            },
        },
        "results": {"type": "array", "items": _RESULT},
    },
}
SARIF = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN},
    },
}


def scanned(content: str, path: str = "a.env") -> Scan:
    return scan_bytes(ENGINE, content.encode(), path, 1_000_000)


def log(scan: Scan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sarif.render(scan, ENGINE.rulebook, show=False))
    jsonschema.validate(document, SARIF)
    return document


def test_sarif_of_a_pair() -> None:
    scan = scanned(env("bybit", *bybit()))
    (run,) = log(scan)["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "bybit.secret"
    assert result["level"] == "error"
    assert [related["message"]["text"] for related in result["relatedLocations"]] == [
        "key of the same credential"
    ]
    told = result["properties"]["keyguard"]
    assert told["venue"] == "bybit"
    assert told["fingerprint"] == result["partialFingerprints"]["keyguard/v1"]
    assert [part["field"] for part in told["parts"]] == ["secret", "key"]


def test_sarif_says_what_was_not_read() -> None:
    scan = Scan((), (Unread("x", "permission denied"),), ("a note",), ENGINE.work)
    (invocation,) = log(scan)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [n["level"] for n in invocation["toolExecutionNotifications"]] == ["warning", "note"]


@pytest.mark.parametrize("path", ["with space/업비트.env", "caf\udce9", "(commit message)", "a:b?c#d", "%41"])
def test_sarif_uris_of_any_name(path: str) -> None:
    log(scanned(env("bybit", *bybit()), path))


def test_a_private_key_shows_nothing_of_itself() -> None:
    block = pem()
    for report in (
        text.findings(scanned(block), show=False, colour=False),
        json_report.render(scanned(block), show=False),
        sarif.render(scanned(block), ENGINE.rulebook, show=False),
    ):
        assert "MII" not in report
        assert f"(private key, {len(block)} characters)" in report


def test_a_short_value_shows_nothing_of_itself() -> None:
    from tests.unit.scanner.leaks import deribit

    key, secret = deribit()
    report = text.findings(scanned(env("deribit", key, secret)), show=False, colour=False)
    assert "(8 characters)" in report
    assert key not in report


def test_reports_are_ascii_where_programs_read_them() -> None:
    scan = scanned(env("bybit", *bybit()), "업\u202e비트\x1b")
    assert json_report.render(scan, show=False).isascii()
    assert sarif.render(scan, ENGINE.rulebook, show=False).isascii()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("업비트 é", "업비트 é"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r", "a\\nb\\r"),
        ("\u202e\u2066\u200b", "\\u202e\\u2066\\u200b"),
        ("\x9b", "\\x9b"),
        ("\udce9", "\\udce9"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_escaping(raw: str, shown: str) -> None:
    assert escape(raw) == shown


def test_colour_is_ours_alone() -> None:
    scan = scanned(env("bybit", *bybit()), "\x1b[2J")
    assert "\x1b[1;31m" in text.findings(scan, show=False, colour=True)
    assert "\x1b[2J" not in text.findings(scan, show=False, colour=True)


def test_a_long_list_of_unread_files_is_cut_in_text_only() -> None:
    scan = Scan((), tuple(Unread(str(n), "too large") for n in range(50)), (), ENGINE.work)
    assert "not read: 30 more (--format json lists all)" in text.summary(scan)
    assert len(json.loads(json_report.render(scan, show=False))["unread"]) == 50
