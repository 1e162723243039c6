from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from keyguard.intake import detect, reading
from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET, fake_scan, parts

ENV = f"BYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n"
FREQTRADE = {"exchange": {"name": "bybit", "key": KEY, "secret": SECRET}}
CCXT = {"bybit": {"apiKey": KEY, "secret": SECRET}}


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> detect.Intake:
    return detect.read(path, fake_scan, path.parent)


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        (".env", ENV, ".env file"),
        (".env.local", ENV, ".env file"),
        ("prod.env", ENV.encode("utf-16"), ".env file"),
        ("credentials", ENV, ".env file"),
        ("config.json", json.dumps(FREQTRADE), "freqtrade configuration"),
        ("keys.json", json.dumps(CCXT), "ccxt settings"),
        ("keys", json.dumps(CCXT), "ccxt settings"),
        ("keys.yml", f"bybit: {{apiKey: {KEY}, secret: {SECRET}}}\n", "ccxt settings"),
        ("keys.csv", f"venue,key,secret\nbybit,{KEY},{SECRET}\n", "table"),
        ("keys.txt", f"venue,key,secret\nbybit,{KEY},{SECRET}\n", "table"),
        ("bot.py", f"a = '{KEY}'\nb = '{SECRET}'\n", "source code"),
        ("notes", f"my keys: {KEY} and {SECRET}\n", "source code"),
        ("list.py", f"[\n'{KEY}', '{SECRET}']\n", "source code"),
        ("app.json", json.dumps({"a": [KEY, SECRET]}), "settings of another program"),
        ("compose.yml", f"x: &a {{k: '{KEY}'}}\ny: *a\nz: '{SECRET}'\n", "YAML of another program"),
    ],
)
def test_says_which_format_it_is(tmp_path: Path, name: str, content: str | bytes, format_: str) -> None:
    found = read(put(tmp_path, name, content))
    assert found.format == format_
    assert [(one.venue, *parts(one)) for one in found.candidates] == [("bybit", KEY, SECRET)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        (".env", b"A=1\nBYBIT_API_SECRET=" + SECRET.encode() + b"\0", "import.malformed"),
        (".env", ENV.encode("utf-16-le"), "import.malformed"),
        (".env", ENV.encode() + b"\xff", "import.malformed"),
        (".env", b"", "import.nothing"),
        ("big.json", b" " * (reading.MAX_BYTES + 1), "import.too_large"),
        ("deep.json", b"[" * 200_000, "import.malformed"),
        ("k.json", json.dumps(CCXT)[:-1].encode(), "import.malformed"),
        ("k.json", json.dumps({"bybit": {"apiKey": KEY}}).encode(), "import.incomplete"),
        (
            "bomb.yml",
            b"a: &a [x]\n" + b"".join(b"b%d: [*a,*a]\n" % n for n in range(99)),
            "import.yaml_unsupported",
        ),
        ("big.yml", b"a: 1\n" * 300_000, "import.too_large"),
        ("bybit.yml", b"connector: bybit\nbybit_api_key: 7b22\n", "import.encrypted"),
        ("bot.py", f"a = '{KEY}'".encode(), "import.nothing"),
        ("keys", f"{ENV}BYBIT_API_KEY={OTHER_KEY}\n".encode(), "import.ambiguous"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0", "import.malformed"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(put(tmp_path, name, content))
    assert caught.value.code == code
    assert name in caught.value.message
    assert "FAKE" not in repr(caught.value.__dict__)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe.json", tmp_path / "nul\0name"):
        with pytest.raises(UsageError) as caught:
            read(path)
        assert caught.value.code == "import.unreadable"


def test_nothing_is_taken_if_one_of_several_files_is_bad(tmp_path: Path) -> None:
    good, bad = put(tmp_path, ".env", ENV), put(tmp_path, "k.json", "{")
    with pytest.raises(UsageError, match=r"k\.json:1"):
        detect.read_all([good, bad], fake_scan, tmp_path)


def test_a_key_in_two_files_is_one_candidate(tmp_path: Path) -> None:
    first, second = put(tmp_path, ".env", ENV), put(tmp_path, "k.json", json.dumps(CCXT))
    third = put(tmp_path, "bot.py", f"a = '{OTHER_KEY}'; b = '{OTHER_SECRET}'")
    intakes, found = detect.read_all([first, second, third], fake_scan, tmp_path)
    assert [intake.format for intake in intakes] == [".env file", "ccxt settings", "source code"]
    assert [parts(one) for one in found] == [(KEY, SECRET), (OTHER_KEY, OTHER_SECRET)]
    assert {place.file for place in found[0].places} == {first, second}


def test_one_key_with_two_secrets_is_refused(tmp_path: Path) -> None:
    first = put(tmp_path, ".env", ENV)
    second = put(tmp_path, "k.json", json.dumps({"bybit": {"apiKey": KEY, "secret": OTHER_SECRET}}))
    with pytest.raises(UsageError, match="two different secrets") as caught:
        detect.read_all([first, second], fake_scan, tmp_path)
    assert "FAKE" not in repr(caught.value.__dict__)


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    intake = read(put(tmp_path, ".env", ENV))
    assert SECRET not in repr(intake)
    assert SECRET not in repr(reading.read(tmp_path / ".env"))
