"""The home's configuration: written whole or not at all, malformed said by name, nothing lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from keyguard import wiring
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.rights import FourEyes, Mode, RightsPolicy, SelfApproval
from keyguard.core.secret import Secret
from keyguard.home import Config, Home, locate, opens_reviews, rotation_policy, use_rules
from tests.fakes.person import FakePerson

CONFIG = Config(
    id="00ff",
    store="file",
    firm={"name_latin": "Desk"},
    simulators={"bybit": "http://127.0.0.1:1"},
    hosts={"korbit": "https://api.digitalx.miraeasset.com"},
    attest={"officer": "Kim FAKE / 김가짜", "valid_days": 30},
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.write(CONFIG)
    assert home.read() == CONFIG
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600
    assert [path.name for path in home.path.iterdir()] == ["config.toml"]


def test_the_rights_policy_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write(CONFIG)
    assert "rights" not in home.config_file.read_text()
    chosen = RightsPolicy(Mode.OPEN, FourEyes.ALWAYS, SelfApproval.EXCEPTION)
    home.write(replace(CONFIG, rights=chosen))
    assert home.read().rights == chosen


def test_rules_on_use_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    tables = (
        {"kind": "off_hours", "action": "alert", "from": "08:00", "until": "20:00", "zone": "Asia/Seoul"},
        {"kind": "new_host", "action": "block", "keys": ["bybit/*"], "known": ["host-1"], "learn": "7d"},
    )
    home.write(replace(CONFIG, use_rules=tables))
    assert home.read().use_rules == tables
    assert [rule.kind for rule in use_rules(home.read().use_rules)] == ["off_hours", "new_host"]


def test_declared_addresses_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    tables = ({"host": "host-1", "addresses": ["203.0.113.7"], "organisation": "kgtrading"},)
    home.write(replace(CONFIG, egress=tables))
    assert home.read().egress == tables


def test_the_policy_of_rotations_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert rotation_policy(CONFIG.rotation) is None
    table = {
        "auto": True,
        "window": [{"from": "22:00", "until": "04:00", "zone": "Asia/Seoul"}],
        "for": [{"desks": ["arb"], "max_age": "never"}],
    }
    home.write(replace(CONFIG, rotation=table))
    assert home.read().rotation == table
    policy = rotation_policy(home.read().rotation)
    assert policy is not None
    assert policy.automatic


def test_whether_reviews_open_by_themselves_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not opens_reviews(CONFIG.reviews)
    home.write(replace(CONFIG, reviews={"auto": True}))
    assert opens_reviews(home.read().reviews)


def test_zones_are_known_where_the_system_has_none() -> None:
    """As in a slim container and on Windows: the package that we depend on has them."""
    pytest.importorskip("tzdata")
    code = (
        "from keyguard.home import use_rules; from zoneinfo import TZPATH; "
        "table = dict(kind='off_hours', action='alert', zone='Asia/Seoul', until='20:00'); "
        "(rule,) = use_rules([table | {'from': '08:00'}]); print(TZPATH, rule.check.zone)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "() Asia/Seoul\n"


@pytest.mark.parametrize("zone", ["Asia", "../Seoul", "Mars/Base", "Asia/Seoul\0"])
def test_a_zone_that_is_none(zone: str) -> None:
    table = {"kind": "off_hours", "action": "alert", "from": "08:00", "until": "20:00", "zone": zone}
    with pytest.raises(ValueError, match="zone is a name such as"):
        use_rules([table])


def test_the_option_comes_before_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYGUARD_HOME", str(tmp_path / "variable"))
    assert locate(str(tmp_path / "option")).path == tmp_path / "option"
    assert locate(None).path == tmp_path / "variable"


def test_without_either_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYGUARD_HOME", raising=False)
    assert locate(None).path == Path(os.environ["XDG_DATA_HOME"], "keyguard")


def test_no_home(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        Home(tmp_path / "none").read()
    assert told.value.code == "home.missing"
    assert "init" in told.value.hint


@pytest.mark.parametrize(
    "text",
    ["id = ", 'id = "1"\nstore = "paper"', 'store = "file"', 'id = "1"\nstore = "file"\nsurprise = 1',
     'id = 1\nstore = "file"', 'id = "1"\nstore = "file"\nfirm = 3',
     'id = "1"\nstore = "file"\n[firm]\nx = 1', 'id = "1"\nstore = "file"\nrights = "loose"',
     'id = "1"\nstore = "file"\nuse_rule = 3', 'id = "1"\nstore = "file"\nuse_rule = [3]',
     'id = "1"\nstore = "file"\n[[use_rule]]\nkind = "new_host"',
     'id = "1"\nstore = "file"\n[[egress]]\nhost = "h"', 'id = "1"\nstore = "file"\negress = "h"',
     'id = "1"\nstore = "file"\nreviews = 3', 'id = "1"\nstore = "file"\n[reviews]\nauto = "yes"',
     'id = "1"\nstore = "file"\nrotation = 3', 'id = "1"\nstore = "file"\n[rotation]\nauto = 1',
     'id = "1"\nstore = "file"\nfour_eyes = 4', 'id = "1"\nstore = "file"\nself_approval = "yes"'],
)  # fmt: skip
def test_a_malformed_file_is_left_alone(text: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config_file.write_text(text)
    with pytest.raises(UsageError) as told:
        home.read()
    assert told.value.code == "home.malformed"
    assert home.config_file.read_text() == text


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config_file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError):
        home.read()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError) as told:
        Home(blocked / "home").write(CONFIG)
    assert told.value.code == "home.read_only"
    assert blocked.read_text() == "in the way"


def test_an_unreadable_file(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config_file.mkdir()
    with pytest.raises(StoreError):
        home.read()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX modes")
@pytest.mark.parametrize("which", ["path", "config_file", "database_file"])
@pytest.mark.parametrize("mode", [0o702, 0o720])
def test_a_home_that_others_can_change_is_not_trusted(tmp_path: Path, which: str, mode: int) -> None:
    home = Home(tmp_path / "home")
    home.write(CONFIG)
    home.database_file.touch(mode=0o600)
    home.demand_private()
    getattr(home, which).chmod(mode)
    with pytest.raises(StoreError) as told:
        home.demand_private()
    assert told.value.code == "home.exposed"
    assert "chmod go-w" in told.value.hint


def test_a_home_of_another_user_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    home.write(CONFIG)
    owner = home.path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(StoreError, match="belongs to another user"):
        home.demand_private()


def test_every_command_with_ports_looks_at_the_home_first(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.write(CONFIG)
    home.path.chmod(0o777)
    with pytest.raises(StoreError) as told, wiring.opened(home, lambda: Secret("FAKE"), FakePerson()):
        pass
    assert told.value.code == "home.exposed"
    with pytest.raises(StoreError):
        wiring.create(home, CONFIG, lambda: Secret("FAKE"))
    assert not home.vault_file.exists()
