from __future__ import annotations

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment, KeyKind
from keyguard.intake import dotenv
from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET, parts, stands_at, text


@pytest.mark.parametrize(
    ("key", "secret", "venue", "label", "environment"),
    [
        ("BYBIT_API_KEY", "BYBIT_API_SECRET", "bybit", "", Environment.LIVE),
        ("bybit_api_key", "bybit_api_secret", "bybit", "", Environment.LIVE),
        ("BYBIT_TESTNET_API_KEY", "BYBIT_TESTNET_API_SECRET", "bybit", "testnet", Environment.TEST),
        ("UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY", "upbit", "", Environment.LIVE),
        ("UPBIT_OPEN_API_ACCESS_KEY", "UPBIT_OPEN_API_SECRET_KEY", "upbit", "", Environment.LIVE),
        ("DERIBIT_CLIENT_ID", "DERIBIT_CLIENT_SECRET", "deribit", "", Environment.LIVE),
        ("BOT_1_BYBIT_API_KEY", "BOT_1_BYBIT_API_SECRET", "bybit", "bot-1", Environment.LIVE),
        ("BYBIT_API_KEY_2", "BYBIT_API_SECRET_2", "bybit", "2", Environment.LIVE),
    ],
)
def test_pairs_by_name(key: str, secret: str, venue: str, label: str, environment: Environment) -> None:
    (found,) = dotenv.read(text(f"{key}={KEY}\n{secret}={SECRET}\n"))
    assert (found.venue, found.label_hint, found.environment) == (venue, label, environment)
    assert parts(found) == (KEY, SECRET)


@pytest.mark.parametrize(
    "line",
    [
        "NAME={}",
        "export NAME={}",
        "  NAME = {}  ",
        'NAME="{}"',
        "NAME='{}'",
        "NAME={} # the old one",
        'NAME="{}"   # the old one',
        "NAME={}\r",
        "NAME='{}'\r",
    ],
)
def test_reads_every_way_to_write_a_line(line: str) -> None:
    content = "# head\r\n\n" + line.format(SECRET) + "\nOTHER=1"
    found = list(dotenv.assignments(text(content)))
    assert [(one.name, one.value) for one in found] == [("NAME", SECRET), ("OTHER", "1")]
    assert found[0].line == 3
    assert content[found[0].start : found[0].end] == SECRET


def test_places_are_byte_offsets_also_after_other_characters() -> None:
    source = text(f"# 열쇠 é\r\nUPBIT_ACCESS_KEY={KEY}\r\nUPBIT_SECRET_KEY='{SECRET}'\r\n")
    (found,) = dotenv.read(source)
    assert {place.field: stands_at(source.data, place) for place in found.places} == {
        "key": KEY.encode(),
        "secret": SECRET.encode(),
    }
    assert [place.line for place in found.places] == [2, 3]
    assert [place.span.quote for place in found.places if place.span] == ['"', ""]


def test_places_in_utf16_with_mark() -> None:
    source = text(f"BYBIT_API_KEY={KEY}\r\nBYBIT_API_SECRET={SECRET}\r\n".encode("utf-16"))
    (found,) = dotenv.read(source)
    assert stands_at(source.data, found.places[1]) == SECRET.encode("utf-16-le")


def test_places_after_a_utf8_mark() -> None:
    source = text(f"\ufeffBYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n")
    (found,) = dotenv.read(source)
    assert stands_at(source.data, found.places[0]) == KEY.encode()


def test_a_private_key_over_many_lines() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    escaped = pem.decode().replace("\n", "\\n")
    for written in (pem.decode(), escaped):
        (found,) = dotenv.read(text(f'BYBIT_API_KEY={KEY}\nBYBIT_PRIVATE_KEY="{written}"\n'))
        assert found.credential.kind is KeyKind.ED25519
        assert found.credential.secret.reveal() == pem.decode()


def test_empty_values_references_and_values_about_keys_are_passed_over() -> None:
    content = (
        "BYBIT_API_KEY=\nBYBIT_API_SECRET=''\nexport BYBIT_API_KEY\n"
        "UPBIT_ACCESS_KEY=keyguard://upbit/arb/bot#key\n"
        "DERIBIT_CLIENT_SECRET_FILE=/run/secret\n"
    )
    assert dotenv.read(text(content)) == ()


def test_the_same_value_twice_has_two_places() -> None:
    (found,) = dotenv.read(text(f"BYBIT_API_KEY={KEY}\nBYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n"))
    assert [(place.field, place.line) for place in found.places] == [("key", 1), ("key", 2), ("secret", 3)]


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\nBYBIT_API_KEY={OTHER_KEY}", 3, "import.ambiguous"),
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET=ab#{SECRET}", 2, "import.ambiguous"),
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET=${{OTHER}}{SECRET}", 2, "import.ambiguous"),
        (f"BYBIT_API_KEY={KEY}\n\nBYBIT_API_SECRET='{SECRET}", 3, "import.malformed"),
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET='{SECRET}' x", 2, "import.malformed"),
        (f"A=1\n{SECRET}", 2, "import.malformed"),
        (f"A=1\nB: {SECRET}", 2, "import.malformed"),
        (f"A=1\nBYBIT_API_SECRET={SECRET}", 2, "import.incomplete"),
        (f"A=1\nBYBIT_API_KEY={KEY}", 2, "import.incomplete"),
        (f"BYBIT_API_KEY={KEY}\nUPBIT_SECRET_KEY={SECRET}", 1, "import.incomplete"),
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET=a\x07{SECRET}", 1, "import.malformed"),
        (f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={'s' * 20_000}", 1, "import.malformed"),
    ],
)
def test_refuses_naming_file_and_line_and_no_value(content: str, line: int, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        dotenv.read(text(content, ".env"))
    assert caught.value.code == code
    assert f"/.env:{line}" in caught.value.message
    shown = caught.value.message + caught.value.hint + caught.value.still
    assert not any(value in shown for value in (KEY, SECRET, OTHER_KEY, OTHER_SECRET, "sss"))


def test_two_sets_do_not_mix() -> None:
    found = dotenv.read(
        text(
            f"BYBIT_API_KEY={KEY}\nBYBIT_TESTNET_API_SECRET={OTHER_SECRET}\n"
            f"BYBIT_TESTNET_API_KEY={OTHER_KEY}\nBYBIT_API_SECRET={SECRET}\n"
        )
    )
    assert [parts(one) for one in found] == [(KEY, SECRET), (OTHER_KEY, OTHER_SECRET)]


def test_huge_lines_are_read_in_one_pass() -> None:
    content = "A=" + "x" * 2_000_000 + '\nB="' + "\\\\" * 500_000 + '"\n' + "C=1\n" * 100_000
    assert len(list(dotenv.assignments(text(content)))) == 100_002
