"""What stands in the document, before it is set."""

from __future__ import annotations

import json

import pytest

from keyguard.core.errors import UsageError
from keyguard.reading import controls, document, fonts, times
from keyguard.reading.document import Content
from tests.reading.contents import content

SEOUL = "Asia/Seoul"
JULY = {"from": "2026-06-30T15:00:00.000000Z", "to": "2026-07-31T15:00:00.000000Z", "tz": SEOUL}


def said(made: Content) -> str:
    return json.dumps(document.build(made), ensure_ascii=False)


def test_a_period_ends_with_its_last_included_day():
    assert times.period_text(JULY) == "2026-07-01 – 2026-07-31 (KST)"
    shifted = JULY | {"to": "2026-07-31T15:30:00.000000Z"}
    assert times.period_text(shifted) == "2026-07-01 00:00 – 2026-08-01 00:30 (KST)"


def test_utc_has_its_own_day_where_that_differs():
    assert times.one_line("2026-07-01T03:04:05.000000Z", SEOUL) == "2026-07-01 12:04 (03:04 UTC)"
    assert times.one_line("2026-06-30T15:04:05.000000Z", SEOUL) == "2026-07-01 00:04 (06-30 15:04 UTC)"
    assert times.one_line(None, SEOUL) == "–"


def test_the_previous_attestation_and_the_anchors_are_named():
    made = content()
    previous = {"attestation_id": "KGA-x-0006", "serial": 6, "statement_sha256": "ef" * 32, "period": JULY}
    anchor = {"kind": "rfc3161", "over": "statement", "name": "FAKE TSA", "time": JULY["to"]}
    made.predicate.update(previous=previous, anchors=[anchor], nonce="FAKE-NONCE-1")
    made.predicate["withheld"] = {"records": 2, "why": {"legal_hold": 2}}
    made.derived["complete"] = False
    text = said(made)
    assert all(one in text for one in ("KGA-x-0006", "ef" * 32, "FAKE TSA", "FAKE-NONCE-1", "legal_hold 2"))
    assert "비공개 기록이 있어 표가 완전하지 않을 수 있습니다" in text


def test_inferred_and_declared_never_read_as_told_by_the_venue():
    words = content().words()
    assert len({words.code(one) for one in ("venue_api", "inferred", "declared")}) == 3
    assert "거래소 확인" not in words.code("inferred") + words.code("declared")


def test_another_control_mapping_is_printed_with_its_version():
    text = fonts.read("controls.toml").decode().replace('version = "2026-11-20"', 'version = "firm-7"')
    made = said(content(mapping=controls.parse(text)))
    assert "firm-7" in made and "2026-11-20" not in made
    assert "Evidence relevant to" in made


@pytest.mark.parametrize("change", ['soc2 = "CC', 'version = "', 'checklist = "'])
def test_a_mapping_that_lacks_something_is_refused(change):
    text = fonts.read("controls.toml").decode().replace(change, "x" + change)
    with pytest.raises(UsageError, match="control mapping"):
        controls.parse(text)


def test_a_key_without_an_ip_list_stands_out_where_the_venue_has_one():
    made = content()
    made.derived["register"][0]["ip_allow"] = []
    assert '{"t": "–", "s": "bad"}' in said(made)
