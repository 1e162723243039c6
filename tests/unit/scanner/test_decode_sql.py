"""Rows of SQL dumps."""

from __future__ import annotations

import pytest

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from tests.unit.scanner.leaks import bybit, upbit

ENGINE = Engine()
KEY, SECRET = bybit(81)
OTHER, HIDDEN = upbit(82)
COLUMNS = "id, exchange, api_key, api_secret, note"


def scan(text: str) -> list[tuple[str, int, dict[str, str]]]:
    findings: tuple[Finding, ...] = ENGINE.scan(text.encode(), "dump.sql")
    return sorted(
        (f.venue, f.parts[0].place.line, {p.field: p.value.reveal() for p in f.parts}) for f in findings
    )


BOTH = [("bybit", 2, {"secret": SECRET, "key": KEY}), ("upbit", 3, {"secret": HIDDEN, "key": OTHER})]
ROWS = f"(1, 'bybit', '{KEY}', '{SECRET}', NULL),\n(2, 'upbit', '{OTHER}', '{HIDDEN}', 'it''s; (old)');\n"


@pytest.mark.parametrize(
    "head",
    [
        f"INSERT INTO keys ({COLUMNS}) VALUES\n",
        f"insert into public.keys({COLUMNS}) values\n",
        "INSERT IGNORE INTO `keys` (`id`, `exchange`, `api_key`, `api_secret`, `note`) VALUES\n",
        'REPLACE INTO "keys" ("id", "exchange", "api_key", "api_secret", "note") VALUES\n',
        "INSERT INTO [dbo].[keys] ([id], [exchange], [api_key], [api_secret], [note]) VALUES\n",
    ],
)
def test_columns_name_the_values_of_every_row(head: str) -> None:
    assert scan(head + ROWS) == BOTH


def test_columns_of_the_tables_definition() -> None:
    define = (
        "CREATE TABLE IF NOT EXISTS `keys` (`id` int NOT NULL, `exchange` enum('a','b'), "
        "`api_key` varchar(80) DEFAULT NULL, `api_secret` decimal(10,2), `note` text, "
        "PRIMARY KEY (`id`)); INSERT INTO `keys` VALUES\n"
    )
    assert scan(define + ROWS) == BOTH


def test_copy() -> None:
    rows = f"1\tbybit\t{KEY}\t{SECRET}\t\\N\n2\tupbit\t{OTHER}\t{HIDDEN}\tit\\tis\n\\.\n"
    assert scan(f"COPY public.keys ({COLUMNS}) FROM stdin;\n{rows}SELECT 1;\n") == BOTH


def test_escapes_are_undone() -> None:
    phrase = "Cop''per\\'8" + "497wfds"
    key, secret = "aeb779f94eb788e5" + "e2611818", "1b9b36a8-01d1-4410-9809-" + "996ad6cff2bf"
    values = f"('kucoin', '{key}', '{secret}', '{phrase}')"
    (row,) = scan(f"INSERT INTO k (venue, api_key, secret, passphrase) VALUES {values};")
    assert row[2]["secret"] == secret
    assert "Cop'" not in row[2].get("passphrase", "")  # no passphrase has a quote: it is left out, not cut


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO bybit_keys (api_secret) VALUES ('",
        "INSERT INTO bybit_keys VALUES (((((",
        "COPY bybit_keys (secret) FROM stdin;",
        "INSERT INTO " * 1_000 + "bybit",
        "bybit INSERT INTO t (a) VALUES (" + "'x'," * 5_000,
        "bybit " + "CREATE TABLE t (" * 500 + "INSERT INTO t VALUES (1)",
    ],
)
def test_damage_never_raises(text: str) -> None:
    assert ENGINE.scan(text.encode(), "dump.sql") == ()
