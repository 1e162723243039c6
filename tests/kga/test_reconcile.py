"""An exchange's own list of keys against the register."""

import pytest

from keyguard.core.fingerprints import key_fingerprint
from keyguard.kga.derive.lines import Period
from keyguard.kga.reconcile import Kind, reconcile, venue_key

SALT = bytes(32)
PERIOD = Period("2026-07-01T00:00:00.000000Z", "2026-10-01T00:00:00.000000Z")
ID = "FAKE-ACCESS-KEY-0001"
ROW = {
    "key": key_fingerprint(SALT, "upbit", ID),
    "status": "active",
    "scopes_granted": ["read", "trade_spot"],
    "ip_allow": ["203.0.113.10"],
    "created_at": "2026-07-05T00:00:00.000000Z",
    "ended_at": None,
    "first_use": "2026-07-06T00:00:00.000000Z",
}
SAME = {
    "access_key": ID,
    "account": "ignored",
    "created_at": "2026-07-05T09:00:00+09:00",
    "scopes": "trade_spot; read",
    "ip_allow": "203.0.113.10",
    "revoked_at": "",
    "last_used_at": "2026-08-01T00:00:00Z",
    "source_ips": "203.0.113.10",
}


def kinds(row, **told):
    register = [] if row is None else [ROW | row]
    found = reconcile(register, [venue_key(SAME | told)], venue="upbit", salt=SALT, period=PERIOD)
    return [one.kind for one in found]


def test_the_same():
    assert kinds({}) == []


@pytest.mark.parametrize(
    ("row", "told", "expected"),
    [
        (None, {}, [Kind.NOT_REGISTERED]),
        ({"key": "00" * 32}, {}, [Kind.NOT_REGISTERED, Kind.NOT_AT_VENUE]),
        ({"key": "00" * 32, "status": "revoked"}, {}, [Kind.NOT_REGISTERED]),
        ({}, {"scopes": "read"}, [Kind.SCOPES]),
        ({}, {"ip_allow": "203.0.113.10,198.51.100.1"}, [Kind.IP_LIST]),
        ({}, {"created_at": "2026-07-05T00:04:00Z"}, []),
        ({}, {"created_at": "2026-07-05T00:06:00Z"}, [Kind.CREATED_AT]),
        ({}, {"revoked_at": "2026-09-01T00:00:00Z"}, [Kind.REVOKED_AT]),
        (
            {"ended_at": "2026-07-20T00:00:00.000000Z"},
            {"revoked_at": "2026-07-20T00:01:00Z"},
            [Kind.USED_AFTER_END],
        ),
        ({"first_use": None}, {}, [Kind.USED_WITHOUT_HANDOUT]),
        ({}, {"last_used_at": "2026-07-05T12:00:00Z"}, [Kind.USED_WITHOUT_HANDOUT]),
        ({}, {"last_used_at": "2026-06-05T12:00:00Z"}, []),
        ({}, {"source_ips": "203.0.113.10 198.51.100.1"}, [Kind.OUTSIDE_IP_LIST]),
    ],
)
def test_differences(row, told, expected):
    assert kinds(row, **told) == expected


@pytest.mark.parametrize("row", [{}, {"access_key": ID, "created_at": "2026-07-05T00:00:00"}])
def test_rows_that_cannot_be_read(row):
    with pytest.raises(ValueError):
        venue_key(row)
