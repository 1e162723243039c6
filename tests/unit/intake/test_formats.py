from __future__ import annotations

import json

import pytest

from keyguard.core.errors import UsageError
from keyguard.intake import ccxt_config, csv_table, freqtrade, hummingbot, json_tree, source, yaml_tree
from keyguard.intake.candidates import Candidate
from tests.unit.intake.made import (
    KEY,
    OTHER_KEY,
    OTHER_SECRET,
    SECRET,
    fake_scan,
    parts,
    stands_at,
    text,
)


def from_ccxt_json(content: str) -> tuple[Candidate, ...]:
    read = text(content, "keys.json")
    return ccxt_config.read(read, json_tree.parse(read))


def test_freqtrade() -> None:
    config = {
        "dry_run": False,
        "exchange": {"name": "Bybit", "key": KEY, "secret": SECRET, "password": "pass word"},
    }
    read = text("// mine\n" + json.dumps(config, indent=1), "config.json")
    exchange = freqtrade.section(json_tree.parse(read))
    assert exchange
    (found,) = freqtrade.read(read, exchange)
    assert (found.venue, *parts(found)) == ("bybit", KEY, SECRET)
    assert found.credential.passphrase
    assert found.credential.passphrase.reveal() == "pass word"
    assert [stands_at(read.data, place) for place in found.places] == [
        KEY.encode(),
        SECRET.encode(),
        b"pass word",
    ]


@pytest.mark.parametrize(
    "pair", [{"key": "", "secret": ""}, {"key": "keyguard://bybit/a/b#key", "secret": ""}]
)
def test_freqtrade_without_keys_holds_nothing(pair: dict[str, str]) -> None:
    read = text(json.dumps({"exchange": {"name": "bybit", **pair}}))
    exchange = freqtrade.section(json_tree.parse(read))
    assert exchange
    assert freqtrade.read(read, exchange) == ()


def test_ccxt_mapping() -> None:
    found = from_ccxt_json(
        json.dumps(
            {
                "bybit": {"apiKey": KEY, "secret": SECRET, "enableRateLimit": True},
                "upbit": {"apiKey": OTHER_KEY, "secret": OTHER_SECRET, "password": None},
                "proxy": "x",
                "options": {"a": 1},
            }
        )
    )
    assert [(one.venue, *parts(one)) for one in found] == [
        ("bybit", KEY, SECRET),
        ("upbit", OTHER_KEY, OTHER_SECRET),
    ]


def test_ccxt_list_in_yaml() -> None:
    read = text(
        f"- exchange: bybit\n  label: bot\n  desk: arb\n  apiKey: {KEY}\n  secret: {SECRET}\n", "k.yaml"
    )
    (found,) = ccxt_config.read(read, yaml_tree.parse(read))
    assert (found.venue, found.label_hint, found.desk_hint) == ("bybit", "bot", "arb")
    assert [(place.line, stands_at(read.data, place)) for place in found.places] == [
        (4, KEY.encode()),
        (5, SECRET.encode()),
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"bybit": {"apiKey": KEY}},
        {"bybit": {"apiKey": "", "secret": SECRET}},
        {"bybit": {"apiKey": 12345, "secret": SECRET}},
        {"bybit": {"apiKey": KEY, "api_key": OTHER_KEY, "secret": SECRET}},
        {"by bit!": {"apiKey": KEY, "secret": SECRET}},
        [{"apiKey": KEY, "secret": SECRET}],
    ],
)
def test_ccxt_refuses_half_or_doubtful_credentials(config: object) -> None:
    with pytest.raises(UsageError, match=r"keys\.json:\d") as caught:
        from_ccxt_json(json.dumps(config))
    assert "FAKE" not in repr(caught.value.__dict__)


def test_yaml_block_text_is_taken_but_not_replaced() -> None:
    read = text(f"bybit:\n  apiKey: {KEY}\n  secret: >-\n    {SECRET}\n")
    (found,) = ccxt_config.read(read, yaml_tree.parse(read))
    assert parts(found) == (KEY, SECRET)
    assert [(place.span is None, place.reason) for place in found.places] == [
        (False, ""),
        (True, "it is a YAML block text"),
    ]


def test_hummingbot_is_explained() -> None:
    read = text(
        "connector: bybit\nbybit_api_key: 7b2263727970746f223a\nbybit_api_secret: 7b2263\n", "bybit.yml"
    )
    root = yaml_tree.parse(read)
    assert hummingbot.matches(root)
    with pytest.raises(UsageError) as caught:
        hummingbot.read(read, root)
    assert (caught.value.code, caught.value.exit_status) == ("import.encrypted", 2)
    assert "key add bybit" in caught.value.hint


def test_table() -> None:
    read = text(
        f'\ufeffvenue,label,desk,key,secret,passphrase\r\nbybit,"bot, one",arb,{KEY},"{SECRET}",\r\n\r\n'
        f'upbit,b,,{OTHER_KEY},{OTHER_SECRET},"a""b"\r\nupbit,c,,keyguard://upbit/a/c#key,keyguard://upbit/a/c#secret,',
        "keys.csv",
    )
    assert csv_table.matches(read)
    first, second = csv_table.read(read)
    assert (first.venue, first.label_hint, first.desk_hint, *parts(first)) == (
        "bybit",
        "bot, one",
        "arb",
        KEY,
        SECRET,
    )
    assert [(p.line, stands_at(read.data, p)) for p in first.places] == [
        (2, KEY.encode()),
        (2, SECRET.encode()),
    ]
    assert second.credential.passphrase
    assert second.credential.passphrase.reveal() == 'a"b'
    assert [place.line for place in second.places] == [4, 4, 4]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"venue,key,secret,memo\nbybit,{KEY},{SECRET},x", 1),
        (f"venue,key,key,secret\nbybit,{KEY},{KEY},{SECRET}", 1),
        (f"venue,label\nbybit,{KEY}", 1),
        (f"venue,key,secret\nbybit,{KEY}", 2),
        (f"venue,key,secret\n\nbybit,{KEY},", 3),
        (f'venue,key,secret\nbybit,{KEY},"{SECRET}', 2),
        (f'venue,key,secret\nbybit,{KEY},{SECRET}"x"', 2),
        (f"venue,key,secret\nby/bit,{KEY},{SECRET}", 2),
    ],
)
def test_bad_tables_are_refused_with_their_line(content: str, line: int) -> None:
    with pytest.raises(UsageError, match=rf"k\.csv:{line}: ") as caught:
        csv_table.read(text(content, "k.csv"))
    assert "FAKE" not in repr(caught.value.__dict__)


def test_source_code_takes_complete_pairs() -> None:
    read = text(f"API_KEY = '{KEY}'\nAPI_SECRET = \"{SECRET}\"  # x\nUPBIT = '{OTHER_KEY}'\n", "bot.py")
    (found,) = source.read(read, fake_scan)
    assert (found.venue, *parts(found)) == ("bybit", KEY, SECRET)
    assert [stands_at(read.data, place) for place in found.places] == [KEY.encode(), SECRET.encode()]


@pytest.mark.parametrize(
    ("name", "line", "quote"),
    [
        ("bot.py", "# key {} here", None),
        ("bot.py", "A = 'k={}'", None),
        ("bot.py", "A = b'{}'", ""),
        ("start.sh", "export A={}", '"'),
        ("start.sh", "curl -H {}", None),
        ("start.sh", "A='{}'", ""),
        ("app.ini", "a={}", None),
    ],
)
def test_source_code_is_replaced_only_where_the_quoting_is_sure(
    name: str, line: str, quote: str | None
) -> None:
    read = text(line.format(KEY) + f"\n'{SECRET}'\n", name)
    (found,) = source.read(read, fake_scan)
    place = next(place for place in found.places if place.field == "key")
    assert (place.span.quote if place.span else None) == quote
    assert bool(place.reason) == (quote is None)
