"""An adapter of another package works where, and only where, the home's configuration names it."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from keyguard import wiring
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.gateway import registry
from keyguard.home import Config, Home
from tests.fakes.person import FakePerson
from tests.unit.gateway import venue

CONFIG = Config(id="00ff", store="file")
FOREIGN = venue.adapter()


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("fakex", "tests.unit.test_foreign_adapter:FOREIGN", registry.GROUP)
    installed = metadata.entry_points

    def with_it(**wanted: str) -> object:
        return [point] if wanted.get("name") == "fakex" else installed(**wanted)

    monkeypatch.setattr(metadata, "entry_points", with_it)


def a_home(folder: Path, config: Config) -> Home:
    home = Home(folder / "home")
    wiring.create(home, config, lambda: Secret("a FAKE passphrase, long enough"))
    return home


@pytest.mark.parametrize("named", [True, False])
def test_it_is_used_where_the_configuration_names_it(tmp_path: Path, named: bool) -> None:
    home = a_home(tmp_path, replace(CONFIG, adapters=("fakex",)) if named else CONFIG)
    assert home.read().adapters == (("fakex",) if named else ())
    with wiring.opened(home, lambda: Secret("a FAKE passphrase, long enough"), FakePerson()) as ports:
        if named:
            assert ports.gateway.adapter("fakex").facts == FOREIGN.facts
            return
        with pytest.raises(UsageError, match="no venue is called 'fakex'"):
            ports.gateway.adapter("fakex")


def test_a_list_of_names_is_wanted(tmp_path: Path) -> None:
    home = a_home(tmp_path, CONFIG)
    text = home.config_file.read_text()
    home.config_file.write_text('adapters = "fakex"\n' + text)
    with pytest.raises(UsageError, match="adapters is a list of venues"):
        home.read()
