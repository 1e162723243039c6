"""What rules let Hyperscan look for leaves nothing out that they would take."""

from __future__ import annotations

import re
import re._parser as sre_parser
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.assignments import assignments
from keyguard.scanner.context import Region
from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.prefilter import REACH, Prefilter, spans
from keyguard.scanner.rulebook import LONG, Rule, load
from keyguard.scanner.validators import VALIDATORS
from keyguard.scanner.work import Work

BOOK = load()
HEX = "c01dbeef5eed0ddba11ad5" * 6
MIXED = "kR7wZq2LmX9vTb4NcY8sHd3JfG6pQa5EuW1oI0" * 4
NAMES = (
    *("api_key", "apiKey", "secret", "API-SECRET", "sekret_token", "private_key", "client_id", "pk"),
    *("passphrase", "okx.pass", "access_token", "walletAddress", "key_of_the_desks_own_account_id"),
    *("db_password", "smtp_pass", "auth_token", "eth_key", "secret_key_base", "credential"),
)
UUID = "0b5d7a3e-91c4-4f68-8a2d-6e1f3c9b7d50"
VALUES = (
    *(MIXED[:size] for size in (10, 18, 20, 22, 24, 36, 40, 43, 48, 64)),
    *(HEX[:size] for size in (24, 32, 40, 64, 128)),
    *(UUID, "0x" + HEX[:40], "0x" + HEX[:64], MIXED[:86] + "==", MIXED[:43] + "=", "aB3_x-9Q"),
    *("Tr4de!" + MIXED[:6], "correct horse", "abcdefghzyxwvutsrqbcdf", "q9#TJ7cH0zNs"),
)
QUOTES = st.sampled_from(["", '"', "'", "`", '\\"', "']", '")', "}"])
SPACES = st.sampled_from(["", " ", "  ", "\t", "\n", "\r\n    "])
SIGNS = st.sampled_from(
    [
        *(
            "=",
            ":",
            ":=",
            "=>",
            ",",
            ">",
            "||",
            "??",
            "or ",
            " string=",
            "value = ",
            ":-",
            "?=",
            "||=",
            ": |",
        ),
        *(": >-", ": str = ", ": Optional[str]=", ": &'a str = ", "", "==", "::"),
    ]
)
BEGINS = st.sampled_from(["", '"', "'", "`", '\\"', "b'", 'f"', 'Rb"', '("', "('"])
BETWEEN = st.tuples(QUOTES, SPACES, SIGNS, SPACES, BEGINS).map("".join)


@pytest.fixture(scope="module")
def fast() -> Engine:
    engine = Engine(BOOK)
    engine.prepare()
    return engine


@pytest.fixture(scope="module")
def slow() -> Engine:
    engine = Engine(BOOK, hyperscan=False)
    engine.prepare()
    return engine


def alike(fast: Engine, slow: Engine, text: str) -> tuple[Finding, ...]:
    data = text.encode()
    found = fast.scan(data, "bot.txt")
    assert found == slow.scan(data, "bot.txt")
    return found


CALLED = [rule for rule in BOOK.rules if rule.called]


@settings(max_examples=1_000, deadline=None)
@given(
    st.sampled_from(NAMES), BETWEEN, st.sampled_from(VALUES), st.sampled_from(["\n", '"\n', "';", " ", ""])
)
def test_what_rules_take_holds_what_they_seek(name: str, between: str, value: str, end: str) -> None:
    text = f"\n  {name}{between}{value}{end}".encode()
    for named in assignments(BOOK.names, text, [Region(0, len(text))], Work()):
        for rule in CALLED:
            shapes = (re.compile(rule.shape), re.compile(rule.wide))
            if named.called in rule.called and any(shape.match(text, named.start) for shape in shapes):
                ends = [m.end() for each in rule.sought for m in re.compile(each).finditer(text)]
                assert any(end > named.start for end in ends), rule.id


VALUED = [rule for rule in BOOK.rules if rule.sought and not rule.called]


@settings(max_examples=1_000, deadline=None)
@given(
    st.sampled_from(NAMES), BETWEEN, st.sampled_from(VALUES), st.sampled_from(["\n", '"\n', "';", " ", ""])
)
def test_what_patterns_take_begins_with_what_they_seek(name: str, between: str, value: str, end: str) -> None:
    text = f"\n  {name}{between}{value}{end}".encode()
    for rule in VALUED:
        anchors = [m.start() for word in rule.anchors for m in re.finditer(re.escape(word), text.lower())]
        for start in anchors:
            match = rule.pattern.match(text, start)
            if match and VALIDATORS.get(rule.validate, len)(match["secret"].decode()):
                assert any(re.compile(each).match(text, start) for each in rule.sought), rule.id


@pytest.mark.parametrize(
    "text",
    [
        f"OKX_PASSPHRASE='Tr4de!{MIXED[:6]}'",
        f"kraken\n{MIXED[:56]}\n{MIXED[:86]}==\n",
        f"upbit\r\n{MIXED[:40]}\r\n{MIXED[40:80]}\r\n",
        f"APP_SECRET: str = '{MIXED[:30]}'",
        f"https://trader:{MIXED[:12]}@desk.internal/",
        f"deribit: client_id: aB3_x-9Q\n  client_secret: {MIXED[:43]}",
    ],
)
def test_each_way_of_looking_finds(fast: Engine, slow: Engine, text: str) -> None:
    assert alike(fast, slow, text)


def test_names_alone_run_no_pattern() -> None:
    engine = Engine(BOOK)
    engine.prepare()
    engine.scan(b"bybit okx upbit kraken: secret, api_key = password or get_key(private_key)\n" * 200, "a.py")
    assert engine.work.runs == 0


def test_what_is_nothing_by_itself_is_sought_beside_others() -> None:
    engine = Engine(BOOK)
    engine.prepare()
    lone = "deribit: client_id: aB3_x-9Q\n" * 500
    assert not engine.scan(lone.encode(), "a.yaml")
    assert engine.work.runs == 0
    pair = f"deribit:\n  client_id: aB3_x-9Q\n{' ' * 900}\n  client_secret: {MIXED[:43]}\n"
    (finding,) = engine.scan((lone + pair + lone).encode(), "a.yaml")
    assert [part.field for part in finding.parts] == ["secret", "key"]
    assert engine.work.run_bytes < len(lone)


def _width(expression: bytes) -> int:
    widest: int = sre_parser.parse(expression).getwidth()[1]
    return widest


@pytest.mark.parametrize("rule", [rule for rule in BOOK.rules if rule.sought], ids=lambda rule: rule.id)
def test_a_match_ends_within_reach(rule: Rule) -> None:
    """From the beginning of what the rule takes: of a named value, of what tells in its name."""
    if not rule.called:
        assert max(map(_width, rule.sought)) <= REACH
        return
    longest_beginning = max(3 * LONG + 1, 64)
    assert _width(BOOK.names.opening) + longest_beginning <= REACH


# Words that count only before values


EXPRESSION = rb"(?xi) secret \s? = \s? [a-z0-9]{4}"


def test_a_word_counts_where_a_value_follows_and_is_told_where_none_does() -> None:
    sought = Prefilter(frozenset({b"bybit"}), valued={EXPRESSION: (b"secret",)})
    sought.prepare()
    far = b"." * REACH
    assert sought.hits(b"a Secret of bybit" + far) == {b"secret": array("q"), b"bybit": array("q", [17])}
    text = b"secret" + far + b"SECRET = ab12" + far + b"secret"
    assert sought.hits(text) == {b"secret": array("q", [len(far) + 12])}


def test_a_word_that_something_else_needs_counts_everywhere() -> None:
    sought = Prefilter(frozenset({b"secret"}), valued={EXPRESSION: (b"secret",)})
    sought.prepare()
    assert sought.hits(b"a secret") == {b"secret": array("q", [8])}


def test_spans_are_joined() -> None:
    assert spans([5, 30, 35, 90], 10) == [(0, 5), (20, 35), (80, 90)]
