"""Files as they lie around: each format `key import` promises, read, and rewritten without other changes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment
from keyguard.intake import detect, references
from keyguard.intake import replace as replacing
from keyguard.intake.candidates import Candidate
from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET, fake_scan, parts

HEX_KEYSTORE = json.dumps({"crypto": {"cipher": "aes-128-ctr"}, "version": 3}).encode().hex()


def taken(path: Path, venue: str = "") -> tuple[Candidate, ...]:
    return detect.read(path, fake_scan, path.parent, venue).candidates


def taken_again(path: Path) -> tuple[Candidate, ...]:
    """As one of several files: references are passed over."""
    return detect.read(path, fake_scan, path.parent, "upbit", among_others=True).candidates


def replaced(path: Path, candidates: tuple[Candidate, ...]) -> bytes:
    wanted = [
        (place, references.make(one.venue, "mm", one.label_hint or "bot", place.field))
        for one in candidates
        for place in one.places
    ]
    assert all(place.span for place, _ in wanted), [place.reason for place, _ in wanted]
    replacing.write(replacing.prepare(wanted))
    content = path.read_bytes()
    for secret in (SECRET, OTHER_SECRET, KEY):
        assert secret.encode() not in content
    assert [p.name for p in path.parent.iterdir() if p.is_file()] == [path.name], "no copy is left"
    return content


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "line",
    [
        "{0}={1}",
        "export {0}={1}",
        "{0} = {1}",
        "{0}='{1}'",
        '{0}="{1}"',
        "export {0}='{1}'   # rotated in May",
        "{0}={1} # rotated in May",
    ],
)
def test_dotenv_in_every_quoting(tmp_path: Path, line: str, end: str, mark: bytes) -> None:
    path = tmp_path / ".env"
    lines = ["# 봇 설정", "", "DEBUG=1", line.format("BYBIT_API_KEY", KEY), "URL=https://a.test/#x"]
    lines += [line.format("BYBIT_API_SECRET", SECRET), "export EMPTY", "LAST='a b'"]
    path.write_bytes(mark + end.join(lines).encode())
    (found,) = taken(path)
    assert (found.venue, *parts(found)) == ("bybit", KEY, SECRET)
    after = replaced(path, (found,)).decode("utf-8-sig" if mark else "utf-8").split(end)
    assert [a for a, b in zip(after, lines, strict=True) if a == b] == [
        text for text in lines if "BYBIT" not in text
    ]
    assert taken_again(path) == ()


FREQTRADE = """{
    // made by freqtrade new-config
    "max_open_trades": 3, /* kept low */
    "exchange": {
        "name": "bybit",
        "key": "%s",
        "secret": "%s", // "secret": "old"
        "ccxt_config": {"enableRateLimit": true, "apiKey": "%s", "secret": "%s"},
        "ccxt_async_config": {"rateLimit": 200},
        "pair_whitelist": ["BTC/USDT:USDT",],
    },
    "api_server": {"enabled": false, "jwt_secret_key": "x"},
}
"""


def test_freqtrade_with_comments_and_ccxt_config(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(FREQTRADE % (KEY, SECRET, KEY, SECRET))
    (found,) = taken(path)
    assert (found.venue, found.label_hint, *parts(found)) == ("bybit", "freqtrade", KEY, SECRET)
    assert [place.field for place in found.places] == ["key", "secret", "key", "secret"]
    marks = [f"keyguard://bybit/mm/freqtrade#{field}" for field in ("key", "secret", "key", "secret")]
    assert replaced(path, (found,)).decode() == FREQTRADE % tuple(marks)


def test_freqtrade_with_keys_in_ccxt_config_alone(tmp_path: Path) -> None:
    path = tmp_path / "config-private.json"
    inner = {"apiKey": KEY, "secret": SECRET, "password": "pass"}
    path.write_text(json.dumps({"exchange": {"name": "okx", "key": "", "ccxt_sync_config": inner}}))
    (found,) = taken(path)
    assert (found.venue, *parts(found)) == ("okx", KEY, SECRET)


def hummingbot_file(path: Path, connector: str, **values: str) -> Path:
    path.write_text(
        "#####################################\n###   connector config   ###\n\n"
        f"connector: {connector}\n\n" + "".join(f"{connector}_{n}: {v}\n" for n, v in values.items())
    )
    return path


def test_hummingbot_encrypted_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = hummingbot_file(
        tmp_path / "bybit_perpetual.yml", "bybit_perpetual", api_key=HEX_KEYSTORE, secret_key=HEX_KEYSTORE
    )
    with pytest.raises(UsageError, match="encrypted") as caught:
        taken(path)
    assert caught.value.code == "import.encrypted"
    assert "keyguard key add bybit " in caught.value.hint


@pytest.mark.parametrize(
    ("connector", "venue", "label", "environment"),
    [
        ("bybit", "bybit", "hummingbot", Environment.LIVE),
        ("bybit_perpetual", "bybit", "perpetual", Environment.LIVE),
        ("bybit_perpetual_testnet", "bybit", "perpetual-testnet", Environment.TEST),
    ],
)
def test_hummingbot_in_clear(
    tmp_path: Path, connector: str, venue: str, label: str, environment: Environment
) -> None:
    path = hummingbot_file(tmp_path / "c.yml", connector, api_key=KEY, secret_key=SECRET)
    (found,) = taken(path)
    assert (found.venue, found.label_hint, found.environment) == (venue, label, environment)
    assert parts(found) == (KEY, SECRET)
    after = yaml.safe_load(replaced(path, (found,)))
    assert after[f"{connector}_secret_key"] == f"keyguard://bybit/mm/{label}#secret"
    assert taken_again(path) == ()


CCXT = {
    "flat": {"exchange": "bybit", "apiKey": KEY, "secret": SECRET},
    "by exchange": {"bybit": {"apiKey": KEY, "secret": SECRET, "options": {"defaultType": "swap"}}},
    "nested": {"log": "info", "exchanges": {"bybit": {"apiKey": KEY, "secret": SECRET}}},
    "accounts": {"accounts": {"main": {"exchange": "bybit", "apiKey": KEY, "secret": SECRET}}},
    "list": {"exchanges": [{"id": "bybit", "apiKey": KEY, "secret": SECRET}]},
    "list of one exchange": {"bybit": [{"name": "bot 1", "apiKey": KEY, "secret": SECRET}]},
}


@pytest.mark.parametrize("form", CCXT)
@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml"])
def test_ccxt_settings(tmp_path: Path, form: str, suffix: str) -> None:
    path = tmp_path / f"keys{suffix}"
    content: Any = CCXT[form]
    load = json.loads if suffix == ".json" else yaml.safe_load
    path.write_text(json.dumps(content, indent=2) if suffix == ".json" else yaml.safe_dump(content))
    (found,) = taken(path)
    assert (found.venue, *parts(found)) == ("bybit", KEY, SECRET)
    before = json.dumps(content).replace(KEY, "keyguard://bybit/mm/bot#key")
    assert load(replaced(path, (found,))) == json.loads(
        before.replace(SECRET, "keyguard://bybit/mm/bot#secret")
    )


@pytest.mark.parametrize("flag", ["sandbox", "testnet"])
def test_ccxt_sandbox_is_a_test_key(tmp_path: Path, flag: str) -> None:
    path = tmp_path / "k.json"
    path.write_text(json.dumps({"bybit": {"apiKey": KEY, "secret": SECRET, flag: True}}))
    (found,) = taken(path)
    assert found.environment is Environment.TEST


HEADERS = [
    "venue,label,desk,key,secret",
    "Exchange,Name,Team,API Key,API Secret",
    "exchange;label;desk;api_key;secret_key",
    "Platform\tAPI Key Name\tDesk\tAccess Key\tSecret Key",
    '"거래소","이름","데스크","Access Key","Secret Key"',
    "거래소,별칭,팀,액세스 키,시크릿 키",
    "거래소명,키 이름,부서,API 키,비밀키",
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("venue", ["upbit", "업비트", "Upbit"])
def test_tables_by_their_usual_headers(tmp_path: Path, header: str, encoding: str, venue: str) -> None:
    path = tmp_path / "keys.csv"
    separator = next(sign for sign in "\t;," if sign in header)
    row = [venue, "호가봇", "현물", KEY, SECRET]
    text = header + "\r\n" + separator.join(row) + "\r\n"
    path.write_bytes(text.encode(encoding))
    (found,) = taken(path)
    assert (found.venue, found.label_hint, found.desk_hint, *parts(found)) == (
        "upbit", "호가봇", "현물", KEY, SECRET,
    )  # fmt: skip
    after = replaced(path, (found,)).decode(encoding)
    (head, kept) = csv.reader(io.StringIO(after), delimiter=separator)
    assert separator.join(head) == header.replace('"', "")
    assert kept[:3] == row[:3]
    assert kept[4].startswith("keyguard://upbit/mm/")
    assert after.endswith("\r\n")
    assert taken_again(path) == ()


def test_an_exchanges_own_download_has_more_columns_and_no_venue(tmp_path: Path) -> None:
    path = tmp_path / "api_keys.csv"
    path.write_text(
        "번호,Access Key,Secret Key,권한,허용 IP 주소,만료일,상태\n"
        f'1,{KEY},{SECRET},"자산조회, 주문조회, 주문하기",203.0.113.7,2027-07-01,사용중\n'
    )
    (found,) = taken(path, "upbit")
    assert (found.venue, *parts(found)) == ("upbit", KEY, SECRET)
    with pytest.raises(UsageError, match="does not say of which venue") as caught:
        taken(path)
    assert "--venue" in caught.value.hint


def test_a_table_in_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.csv"
    path.write_bytes(b"venue,key,secret\nbybit,\xff\xff," + SECRET.encode())
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        taken(path)


def test_a_repeated_import_passes_over_what_holds_references_alone(tmp_path: Path) -> None:
    done, open_ = tmp_path / "a.env", tmp_path / "b.env"
    done.write_text(
        'BYBIT_API_KEY="keyguard://bybit/mm/a#key"\nBYBIT_API_SECRET="keyguard://bybit/mm/a#secret"\n'
    )
    open_.write_text(f"UPBIT_ACCESS_KEY={OTHER_KEY}\nUPBIT_SECRET_KEY={OTHER_SECRET}\n")
    intakes, candidates = detect.read_all([done, open_], fake_scan, tmp_path)
    assert [len(one.candidates) for one in intakes] == [0, 1]
    assert [parts(one) for one in candidates] == [(OTHER_KEY, OTHER_SECRET)]


def test_foreign_sarif_is_read_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(f"# x\nK = '{KEY}'; S = '{SECRET}'\n")

    def result(uri: str, line: int) -> dict[str, Any]:
        place = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
        return {"ruleId": "generic-api-key", "locations": [{"physicalLocation": place}]}

    report = tmp_path / "gitleaks.sarif"
    results = [result("bot.py", 2), result((tmp_path / "bot.py").as_uri(), 2), result("bot.py", 1)]
    report.write_text(json.dumps({"version": "2.1.0", "runs": [{"results": results}]}))
    (found,) = detect.read(report, fake_scan, tmp_path).candidates
    assert parts(found) == (KEY, SECRET)


def scan_report(folder: Path, **place: Any) -> Path:
    (fingerprint,) = [f.fingerprint for f in fake_scan((folder / "bot.py").read_bytes(), "bot.py")]
    where = {"path": "bot.py", "line": 1, "commit": None, "blob": None, "staged": False, "inside": None}
    finding = {"venue": "bybit", "fingerprint": fingerprint, "parts": [{"place": where | place}]}
    report = folder / "scan.json"
    report.write_text(json.dumps({"format": 1, "findings": [finding], "summary": {}}))
    return report


def test_our_own_json_report(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(f"K = '{KEY}'\nS = '{SECRET}'\n")
    intake = detect.read(scan_report(tmp_path), fake_scan, tmp_path)
    assert intake.format == "report of keyguard scan"
    (found,) = intake.candidates
    assert parts(found) == (KEY, SECRET)
    assert all(place.span for place in found.places)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"path": "/etc/passwd"}, "outside the scanned folder"),
        ({"path": "../bot.py"}, "outside the scanned folder"),
        ({"path": None}, "has no place or no fingerprint"),
        ({"blob": "HEAD"}, "names no git object"),
    ],
)
def test_our_own_json_report_leads_nowhere_else(tmp_path: Path, place: dict[str, Any], says: str) -> None:
    (tmp_path / "bot.py").write_text(f"K = '{KEY}'\nS = '{SECRET}'\n")
    report = scan_report(tmp_path, **place)
    with pytest.raises(UsageError, match=says):
        detect.read(report, fake_scan, tmp_path)


def test_a_finding_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(f"K = '{KEY}'\nS = '{SECRET}'\n")
    report = scan_report(tmp_path)
    (tmp_path / "bot.py").write_text(f"K = '{OTHER_KEY}'\nS = '{OTHER_SECRET}'\n")
    with pytest.raises(UsageError, match="not found there any more"):
        detect.read(report, fake_scan, tmp_path)
