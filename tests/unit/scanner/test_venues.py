"""Every venue in every format, alone and in one file with all others: each credential whole, and its own."""

from __future__ import annotations

import random

import pytest

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Severity
from tests.unit.scanner.leaks import pem
from tests.unit.scanner.venue_leaks import FORMATS, LEAKS, ONE_ONLY, Fields, Maker, values, write

ENGINE = Engine()
BY_VENUE = {leak.venue: leak for leak in LEAKS}
SEEDS = range(3)


def scan(text: str, path: str = "file") -> list[Finding]:
    return list(ENGINE.scan(text.encode(), path))


def found(text: str, path: str = "file") -> list[tuple[str, Fields]]:
    return [(f.venue, {p.field: p.value.reveal() for p in f.parts}) for f in scan(text, path)]


def test_every_venue_with_rules_is_here() -> None:
    exchanges = {venue.id for venue in ENGINE.rulebook.venues} - {"aws"}  # pairs like one, and is none
    assert exchanges == set(BY_VENUE)


@pytest.mark.parametrize("style", [*FORMATS, *ONE_ONLY])
@pytest.mark.parametrize("venue", BY_VENUE)
def test_one_venue_is_one_whole_finding(venue: str, style: str) -> None:
    form = {**FORMATS, **ONE_ONLY}[style]
    for seed in SEEDS:
        leak = BY_VENUE[venue]
        assert found(write(form, [leak], seed), form.path) == [(venue, values(leak, seed))]


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("seed", SEEDS)
def test_all_venues_in_one_file_keep_their_own(style: str, seed: int) -> None:
    leaks = LEAKS.copy()
    random.Random(seed).shuffle(leaks)
    got = dict(found(write(FORMATS[style], leaks, seed), FORMATS[style].path))
    assert got == {leak.venue: values(leak, seed) for leak in leaks}


def test_whole_credentials_are_critical_but_those_of_a_closed_venue() -> None:
    for leak in LEAKS:
        (finding,) = scan(write(FORMATS["env"], [leak], 7))
        closed = leak.venue == "bitmex"
        assert finding.severity is (Severity.MEDIUM if closed else Severity.CRITICAL)


def test_titles_name_all_parts() -> None:
    (finding,) = scan(write(FORMATS["env"], [BY_VENUE["okx"]], 7))
    assert finding.title == "OKX API key, secret and passphrase"
    assert [part.field for part in finding.parts] == ["secret", "key", "passphrase"]


def test_two_accounts_of_one_venue_are_paired_by_name() -> None:
    leak = BY_VENUE["kucoin"]
    one, two = values(leak, 1), values(leak, 2)
    lines = [
        f"KUCOIN_{account}_API_{name}={made[field]}"
        for field, name in (("key", "KEY"), ("secret", "SECRET"), ("passphrase", "PASSPHRASE"))
        for account, made in (("MAIN", one), ("HEDGE", two))
    ]
    assert sorted(v["secret"] for _, v in found("\n".join(lines))) == sorted([one["secret"], two["secret"]])
    assert all(made in (one, two) for _, made in found("\n".join(lines)))


def test_a_lone_passphrase_counts_only_under_its_venues_name() -> None:
    phrase = values(BY_VENUE["okx"], 3)["passphrase"]
    (finding,) = scan(f"OKX_PASSPHRASE='{phrase}'")
    assert (finding.venue, finding.severity) == ("okx", Severity.MEDIUM)
    assert scan(f"# okx\ndatabase_password: '{phrase}'") == []


@pytest.mark.parametrize("label", ["EC PRIVATE KEY", "PRIVATE KEY"])
def test_a_coinbase_key_name_and_its_pem(label: str) -> None:
    name = values(BY_VENUE["coinbase"], 4)["key"]
    block = pem(8, label).replace("\n", "\\n")
    for text in (
        f'{{"name": "{name}", "privateKey": "{block}\\n"}}',
        f'CB_ADV_API_KEY_NAME={name}\nCB_ADV_API_PRIVATE_KEY="{block}"\n',
        f"ccxt.coinbase({{'apiKey': '{name}', 'secret': '{block}'}})",
    ):
        assert found(text) == [("coinbase", {"private_key": block, "key": name})]


def test_private_keys_of_several_venues_go_to_their_own_keys() -> None:
    blocks = {venue: pem(seed) for seed, venue in enumerate(("binance", "bybit", "bitget"), start=40)}
    text = "".join(
        f"{v.upper()}_API_KEY={values(BY_VENUE[v], 5)['key']}\n{v.upper()}_PRIVATE_KEY='''{block}'''\n\n"
        for v, block in blocks.items()
    )
    got = {venue: (made["private_key"], made["key"]) for venue, made in found(text)}
    assert got == {v: (block, values(BY_VENUE[v], 5)["key"]) for v, block in blocks.items()}


def test_a_bitget_private_key_has_a_passphrase_too() -> None:
    made = values(BY_VENUE["bitget"], 6)
    text = f"bitget:\n  api_key: {made['key']}\n  passphrase: '{made['passphrase']}'\n  key: '{pem(9)}'\n"
    ((venue, parts),) = found(text)
    assert (venue, set(parts)) == ("bitget", {"private_key", "key", "passphrase"})


def test_coinbase_exchange_is_told_from_coinbase_by_its_key() -> None:
    made = values(BY_VENUE["coinbaseexchange"], 5)
    text = (
        f"coinbase:\n  key: {made['key']}\n  secret: {made['secret']}\n  passphrase: {made['passphrase']}\n"
    )
    assert found(text) == [("coinbaseexchange", made)]
    other = values(BY_VENUE["coinbase"], 5)
    assert found(f"coinbase:\n  key: {other['key']}\n  secret: {other['secret']}\n") == [("coinbase", other)]


EXPRESSIONS = [
    "okx.connect(passphrase=self.okx_passphrase,\n    time_provider=self._time_synchronizer2)",
    "okx_passphrase = config.okx.passphrase",
    "OKX_PASSPHRASE=$(cat passphrase1.txt)",
    "okx_passphrase: getpass.getpass('OKX: ')",
    'okx_passphrase = os.environ["OKX_PASSPHRASE_2"]',
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_are_no_passphrases(text: str) -> None:
    assert scan(text) == []


WORDS = {
    "a gateway": "gateway: eu-1\nkey: {key}\nsecret: {secret}\n",
    "aggregation": "def aggregate():\n    return dict(key='{key}', secret='{secret}')\n",
    "inside a random value": "blob = 'Zx/gate/Q7mK2vN8pL4tR6wY1bH'\nkey = '{key}'\nsecret = '{secret}'\n",
}


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_ordinary_words_are_no_venues(text: str) -> None:
    made = values(BY_VENUE["gate"], 1)
    assert [finding.venue for finding in scan(text.format(**made)) if finding.venue] == []


def test_a_longer_name_is_not_the_shorter_in_it() -> None:
    made = values(BY_VENUE["bitmex"], 2)
    text = f'BitmexClient("wss", api_key="{made["key"]}", api_secret="{made["secret"]}")'
    assert found(text) == [("bitmex", made)]


def test_the_value_of_one_name_may_hold_anothers() -> None:
    """Three letters occur in random values by chance: they claim nothing."""
    key, secret = Maker(1).alnum(20) + "+okx+" + Maker(2).alnum(31), values(BY_VENUE["kraken"], 1)["secret"]
    assert found(f"kraken:\n  key: {key}\n  secret: {secret}\n") == [
        ("kraken", {"key": key, "secret": secret})
    ]


def test_many_venues_cost_no_more_runs_than_one() -> None:
    engine = Engine()
    engine.scan(write(FORMATS["yaml"], LEAKS, 1).encode(), "venues.yaml")
    prefixes = sum(1 for rule in engine.rulebook.rules if not rule.called)
    assert engine.work.runs <= 1 + 3 * prefixes
