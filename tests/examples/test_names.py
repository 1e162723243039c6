"""The variables of freqtrade and hummingbot are those their sources name (consumers.json says when read)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keyguard.cli import environment
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key
from keyguard.core.secret import Secret
from keyguard.gateway import registry
from keyguard_adapters import NAMES
from tests.examples.test_examples import FOLDER

NOTES = json.loads((Path(__file__).parent / "consumers.json").read_text())


def facts_with(style: str) -> list[str]:
    return [name for name in NAMES if style in registry.load(name).facts.env_names]


@pytest.mark.parametrize("venue", facts_with("freqtrade"))
def test_freqtrade_finds_each_part_where_it_looks_for_it(venue: str) -> None:
    note = NOTES["freqtrade"]
    for name, part in registry.load(venue).facts.env_names["freqtrade"]:
        assert name.startswith(note["prefix"])
        path = name.removeprefix(note["prefix"]).lower().split(note["separator"])
        assert path == [note["section"], note["members"][part]]


@pytest.mark.parametrize("venue", facts_with("hummingbot"))
def test_hummingbot_has_a_field_of_each_name(venue: str) -> None:
    names = registry.load(venue).facts.env_names["hummingbot"]
    assert {part: name for name, part in names} == NOTES["hummingbot"]["fields"][venue]


def test_the_env_file_gives_what_the_style_gives() -> None:
    key, credential = Key("1", "bybit", "mm", "bot"), Credential("FAKEid", Secret("FAKEsecret"))
    handed = environment.Handed(key, registry.load("bybit").facts, credential)
    styled = environment.build({}, {}, [handed], lambda _: "", style="freqtrade")
    written = environment.build(
        {},
        environment.read_env_file(FOLDER / "freqtrade.env"),
        [],
        lambda asked: credential.key if asked.field == "key" else credential.secret,
    )
    assert written.variables == styled.variables
