"""Facts are read strictly from a venue's file: what is not as it must be is an error, never left out."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keyguard.core.exchange import Facts, Fault, IpForm, Life, Limit, NonceKind, ScopeNames, Since
from keyguard.core.keys import KeyKind, Scope
from keyguard_adapters import NAMES, _page
from keyguard_adapters._facts import read_facts
from tests.adapters.scripts import adapter

LEAST: dict[str, Any] = {
    "name": "Examplex",
    "base": "https://api.examplex.test",
    "docs": "https://docs.examplex.test",
    "checked": "2026-11-20",
    "key_page": "https://examplex.test/keys",
    "dead": ["key_unknown"],
    "env_names": {"sdk": ["EXAMPLEX_KEY", "EXAMPLEX_SECRET"]},
    "unverified": ["everything"],
}
ALL: dict[str, Any] = {
    **LEAST,
    "closed": "2026-12-31",
    "kinds": ["rsa", "ed25519"],
    "nonce": "uuid",
    "clock_window": "1500ms",
    "max_ips": 4,
    "ip_forms": ["IPv4 address", "IPv6 network"],
    "ip_mandatory": True,
    "lives": [
        {"span": "90d", "source": "https://docs.examplex.test (read 2026-11-20)"},
        {
            "span": "14d",
            "source": "https://x.test",
            "since": "use",
            "open_only": True,
            "scopes": ["withdraw"],
        },
    ],
    "limit": {"calls": 5, "span": "2s", "shared": True},
    "disturbs": "moves its nonce on",
    "label_pattern": "[a-z_]+",
    "propagation": "5m",
    "cancels": {
        "scopes": ["trade_spot"],
        "source": "https://docs.examplex.test/cancel",
        "checked": "2026-11-21",
        "leaves": "stop orders",
    },
    "other_bases": ["https://api2.examplex.test"],
}
PAGE: dict[str, Any] = {"english": {"create": ["Name: {label}"], "edit": [], "delete": ["Press Delete."]}}


def test_every_field_of_facts_can_be_told() -> None:
    least, told = read_facts("examplex", LEAST), read_facts("examplex", ALL)
    for field in fields(Facts):
        assert field.name == "id" or field.name in ALL
        assert field.name in {"id", *LEAST} or getattr(least, field.name) != getattr(told, field.name)


def test_words_become_what_they_mean() -> None:
    told = read_facts("examplex", ALL)
    assert (told.id, told.checked, told.closed) == ("examplex", "2026-11-20", "2026-12-31")
    assert told.kinds == (KeyKind.RSA, KeyKind.ED25519)
    assert told.nonce is NonceKind.UUID
    assert told.clock_window == timedelta(seconds=1.5)
    assert told.propagation == timedelta(minutes=5)
    assert told.ip_forms == {IpForm.IPV4, IpForm.NETWORK6}
    assert told.dead == {Fault.KEY_UNKNOWN}
    assert told.limit == Limit(5, timedelta(seconds=2), shared=True)
    assert told.lives == (
        Life(timedelta(days=90), "https://docs.examplex.test (read 2026-11-20)"),
        Life(timedelta(days=14), "https://x.test", Since.USE, open_only=True, scopes=Scope.WITHDRAW),
    )


def test_names_for_programs_follow_from_what_a_key_has() -> None:
    env = {"sdk": ["K", "S", "P"], "ccxt": "EXAMPLEX", "hummingbot": ["k", "s", "p"]}
    parts = ("key", "secret", "passphrase")
    names = {
        "sdk": ("K", "S", "P"),
        "ccxt": ("EXAMPLEX_APIKEY", "EXAMPLEX_SECRET", "EXAMPLEX_PASSWORD"),
        "freqtrade": tuple(f"FREQTRADE__EXCHANGE__{part}" for part in ("KEY", "SECRET", "PASSWORD")),
        "hummingbot": ("k", "s", "p"),
    }
    told = read_facts("examplex", {**LEAST, "env_names": env}).env_names
    assert told == {style: tuple(zip(words, parts, strict=True)) for style, words in names.items()}
    assert set(read_facts("examplex", LEAST).env_names) == {"sdk"}


@pytest.mark.parametrize("name", LEAST)
def test_a_field_that_is_missing_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=f"examplex: facts.{name} is missing"):
        read_facts("examplex", {other: value for other, value in LEAST.items() if other != name})


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "value", [None, "", "FILL IN(", 1.5, -1, [""], ["no such word"], {"x": 1}, [{"x": 1}]]
)
def test_a_field_of_another_type_is_an_error(name: str, value: object) -> None:
    if isinstance(ALL[name], str) and value == "FILL IN(" and name in {"name", "disturbs"}:
        return  # any text will do
    if name == "unverified" and value == ["no such word"]:
        return
    with pytest.raises(ValueError, match=rf"examplex: facts\.{name}: "):
        read_facts("examplex", {**ALL, name: value})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("max_ip", 10, "facts.max_ip is no field"),
        ("id", "examplex", "facts.id is no field"),  # the file's name is
        ("max_ips", True, "a whole number was expected"),
        ("ip_mandatory", 1, "true or false was expected"),
        ("propagation", "5 minutes", "a span of time"),
        ("base", "http://api.examplex.test", "an https address"),
        ("limit", {"calls": 5}, "limit.span is missing"),
        ("limit", {"calls": 5, "span": "1s", "each": True}, "limit.each is no field"),
        ("lives", [{"span": "90d"}], "life.source is missing"),
        (
            "lives",
            [{"span": "90d", "source": "https://x.test", "scopes": ["trade"]}],
            "unknown scope 'trade'",
        ),
        ("env_names", {"ccxt": "EXAMPLEX"}, "env.sdk is missing"),
        ("env_names", {"sdk": ["K"]}, "names of key and secret"),
        ("env_names", {"sdk": ["K", "S"], "hummingbot": ["k", "s", "p"]}, "names of key and secret"),
    ],
)
def test_a_slip_is_named(name: str, value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_facts("examplex", {**ALL, name: value})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"germann": PAGE["english"]}, "examplex.germann is no field"),
        ({"english": {"create": ["a"], "delete": ["b"]}}, "steps.edit is missing"),
        ({"english": {**PAGE["english"], "edit": "Open the page."}}, "steps.edit: a list was expected"),
        ({"english": {**PAGE["english"], "no_boxs": "none"}}, "steps.no_boxs is no field"),
        ({"korean": "수정"}, "a table was expected"),
        ({"boxes": {"read": 1}}, "boxes.read: a text was expected"),
    ],
)
def test_a_slip_in_the_words_of_a_page_is_named(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _page.read_words("examplex", {**PAGE, **change})


@pytest.mark.parametrize("venue", NAMES)
def test_a_venues_file_is_read_whole(venue: str) -> None:
    path = Path(_page.__file__).parent / "pages" / f"{venue}.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    assert adapter(venue).facts == read_facts(venue, told["facts"])
    words, names = _page.read_words(venue, told), adapter(venue).scopes.names
    assert set(words.boxes) <= set(names)


def test_a_file_is_read_once_and_its_words_not_before_a_guide_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    loads, read_words = tomllib.loads, _page.read_words
    monkeypatch.setattr(_page.tomllib, "loads", lambda text: calls.append("file") or loads(text))
    monkeypatch.setattr(_page, "read_words", lambda *told: calls.append("words") or read_words(*told))
    for cache in (_page._file, _page._words):
        cache.cache_clear()
    page = _page.Page(_page.facts("okx"), adapter("okx").scopes)
    assert calls == ["file"]
    _page.facts("okx")
    assert page.words == page.words
    assert calls == ["file", "words"]


def test_a_venue_of_another_package_brings_its_own_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pages = tmp_path / "examplex_adapter/pages"
    pages.mkdir(parents=True)
    (pages.parent / "__init__.py").write_text("")
    words = '[english]\ncreate = ["Name: {label}"]\nedit = []\ndelete = ["Delete {key}."]\n'
    template = Path(__file__).parents[2] / "adapters/template/examplex.toml"
    text = template.read_text(encoding="utf-8").replace("FILL IN", "2026-11-20")
    (pages / "examplex.toml").write_text(text.partition("[boxes]")[0] + words)
    monkeypatch.syspath_prepend(tmp_path)
    found = _page.facts("examplex", "examplex_adapter")
    page = _page.Page(found, ScopeNames({"read": Scope.READ}), package="examplex_adapter")
    assert page.words.english.delete == ("Delete {key}.",)
    monkeypatch.delitem(sys.modules, "examplex_adapter")
