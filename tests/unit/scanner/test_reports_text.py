"""The report a person reads: source lines without the secrets in them, one screen, no tricks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keyguard.scanner.engine import Engine
from keyguard.scanner.reports import json_report, text
from keyguard.scanner.scans import Scan, scan_bytes
from tests.unit.scanner.leaks import bybit, deribit, env, pem, upbit

ENGINE = Engine()
KEY, SECRET = bybit()


def scanned(content: str | bytes, path: str = "bot/.env") -> Scan:
    data = content.encode() if isinstance(content, str) else content
    return scan_bytes(Engine(ENGINE.rulebook), data, path, 10_000_000)


def report(scan: Scan, *, show: bool = False) -> str:
    return text.findings(scan, show=show, colour=False, book=ENGINE.rulebook)


def test_a_finding_shows_its_lines_why_it_matters_and_what_to_do() -> None:
    scan = scanned("# bybit\n" + env("bybit", KEY, SECRET))
    told = report(scan).splitlines()
    assert told[0] == "bot/.env"
    assert told[1] == "  critical  Bybit API key and secret  bot/.env:3:18"
    assert f"       2 | BYBIT_API_KEY={KEY[:2]}…{KEY[-2:]}" in told
    assert f"       3 | BYBIT_API_SECRET={SECRET[:2]}…{SECRET[-2:]}" in told
    assert any("Signs every call" in line for line in told)
    assert len(told) <= 10
    steps = text.next_steps(scan)
    assert steps[0] == "next: keyguard key import bot/.env --desk DESK --replace"
    assert "keyguard key rotate KEY" in steps[1]


def test_the_file_with_the_worst_comes_first_and_each_file_once() -> None:
    low, high = scanned(pem(), "a.pem"), scanned(env("bybit", KEY, SECRET), "z.env")
    both = Scan((*high.findings, *low.findings), (), (), high.work)
    heads = [line for line in report(both).splitlines() if line and not line.startswith(" ")]
    assert heads == ["z.env", "a.pem"]


def test_other_values_on_the_line_are_masked_too() -> None:
    line = f'login("bybit", api_key="{KEY}", api_secret="{SECRET}", passphrase="hunter2x", t="{upbit()[0]}")'
    told = report(scanned(line, "bot.py"))
    for value in (KEY, SECRET, "hunter2x", upbit()[0]):
        assert value[1:-1] not in told
    assert 'login("bybit"' in told


def test_a_minified_line_is_windowed() -> None:
    told = report(scanned("a(); " * 200_000 + f'bybit_api_secret="{SECRET}";' + "b(); " * 200_000, "x.js"))
    assert max(map(len, told.splitlines())) < 240
    assert f'bybit_api_secret="{SECRET[:2]}…{SECRET[-2:]}"' in told
    assert "| … " in told


def test_a_secret_the_window_cuts_shows_nothing() -> None:
    other = upbit(9)[1]
    for gap in range(60):
        line = f'{other}{" " * (90 - gap)}bybit_api_secret="{SECRET}"{" " * gap}{other}'
        told = report(scanned(line, "x.js"))
        assert not any(other[i : i + 5] in told for i in range(len(other) - 4)), gap


def test_a_private_key_shows_no_line_of_itself() -> None:
    told = report(scanned("KEY = '''" + pem() + "'''", "k.py"))
    assert "MII" not in told
    assert "KEY = '''…" in told


def test_with_show_secrets_the_line_is_whole() -> None:
    assert f"BYBIT_API_SECRET={SECRET}" in report(scanned(env("bybit", KEY, SECRET)), show=True)


def test_escape_codes_in_source_lines_steer_nothing() -> None:
    content = f"bybit \x1b[2J\u202e api_secret = '{SECRET}' \x9b31m\x07\n"
    for told in (report(scanned(content)), json_report.render(scanned(content), show=False)):
        assert not any(char in told for char in "\x1b\u202e\x9b\x07")


def test_crlf_and_utf16_lines() -> None:
    assert "…\r" not in report(scanned(env("bybit", KEY, SECRET).replace("\n", "\r\n")))
    told = report(scanned(b"\xff\xfe" + env("bybit", KEY, SECRET).encode("utf-16-le")))
    assert f"BYBIT_API_KEY={KEY[:2]}…{KEY[-2:]}" in told


@given(
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.sampled_from([bybit(31), deribit(32), upbit(33)]),
)
def test_no_report_gives_a_secret_away(before: bytes, after: bytes, pair: tuple[str, str]) -> None:
    key, secret = pair
    data = before + f' bybit upbit deribit api_key="{key}" secret="{secret}" '.encode() + after
    scan = scanned(data)
    told = report(scan) + json_report.render(scan, show=False)
    assert secret[3:-3] not in told


def test_what_was_allowed_inline_is_listed_with_its_reason() -> None:
    scan = scanned(f"BYBIT_API_SECRET={SECRET} # keyguard:allow revoked in May */\n")
    (allowed,) = scan.allowed
    assert (allowed.by, allowed.reason, allowed.line) == ("inline", "revoked in May", 1)
    assert '"reason": "revoked in May"' in json_report.render(scan, show=False)


def test_a_reason_gives_no_value_away() -> None:
    for line in (
        f"BYBIT_API_SECRET={SECRET} # keyguard:allow {SECRET}\n",
        f"/* keyguard:allow */ BYBIT_API_SECRET={SECRET}\n",
    ):
        assert SECRET not in json_report.render(scanned(line), show=False)
