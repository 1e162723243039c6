"""Log lines a SIEM can read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.record import Record, encode
from keyguard.core.siem import json_line, rfc5424

# RFC 5424 §6, as far as our messages use it.
MESSAGE = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<at>[0-9T:.Z-]+) (?P<host>[!-~]{1,255}) keyguard - (?P<id>[!-~]{1,32}) "
    r'\[keyguard@32473(?P<data>(?: [!-~]+?="(?:[^"\\\]]|\\["\\\]])*")*)\] (?P<body>\{.*\})',
    re.DOTALL,
)


def record(type_: str = "handout", **body: str) -> Record:
    return Record("bybit", 3, datetime(2026, 11, 21, 1, 2, 3, 4, tzinfo=UTC), type_, body, "0" * 32)


def test_a_record_as_a_syslog_message() -> None:
    line = rfc5424(17, record(process="bot.py", mode="env"), "desk-1")
    assert line == (
        "<109>1 2026-11-21T01:02:03.000004Z desk-1 keyguard - handout "
        '[keyguard@32473 number="17" stream="bybit" n="3" process="bot.py"] '
        '{"mode":"env","process":"bot.py"}'
    )


def test_what_went_wrong_is_a_warning() -> None:
    assert rfc5424(1, record("handout.denied"), "h").startswith("<108>1 ")


@given(st.text(), st.text())
def test_no_text_breaks_out_of_its_message(process: str, host: str) -> None:
    line = rfc5424(1, record(process=process), host)
    assert "\n" not in line
    found = MESSAGE.fullmatch(line)
    assert found
    assert json.loads(found["body"]) == {"process": process}


def test_a_json_line_holds_the_record() -> None:
    stored = encode(record(process="bot.py"))
    assert json.loads(json_line(17, stored)) == {"number": 17, "record": json.loads(stored)}
