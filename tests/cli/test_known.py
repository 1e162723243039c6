"""`keyguard scan --known` with a real store, and `--verify` asking real simulators, in one home."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyguard.cli.main import main
from tests.cli.venue_home import VenueHome, venue_home
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, token


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueHome]:
    with venue_home(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def found(home: VenueHome, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    home.run("scan", "--format", "json", *words)
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return findings


# --known


def test_a_key_of_ours_is_named_with_desk_and_owner(
    home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = home.venues.bybit.secret
    (here / "nameless.txt").write_bytes(b"x: " + base64.b64encode(b"zz" + secret.encode()) + b"\n")
    assert found(home, capsys) == []
    (finding,) = found(home, capsys, "--known")
    assert finding["known"] == {
        "name": "bybit/mm/bot", "desk": "mm", "owner": "hana", "version": 1, "status": "live",
    }  # fmt: skip
    assert finding["venue"] == "bybit"
    assert home.run("scan", "--known") == 1
    told = capsys.readouterr()
    assert "yours: bybit/mm/bot, desk mm, owner hana, version 1 (live)" in told.out
    assert "rotate it at once" in told.out
    assert secret not in told.out + told.err
    assert home.run("scan", "--known", "--format", "sarif") == 1
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["ruleId"] == "known.key"


def test_in_history_and_in_the_index(home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = GitRepo(here)
    repo.write("a", f"see {home.venues.bybit.secret[4:28]}\n")
    repo.git("add", "-A")
    assert [f["known"]["name"] for f in found(home, capsys, "--known", "--staged")] == ["bybit/mm/bot"]
    commit = repo.commit("one")
    repo.git("rm", "-q", "a")
    repo.commit("two")
    (finding,) = found(home, capsys, "--known", "--history")
    assert finding["parts"][0]["place"]["commit"] == commit
    assert finding["title"] == "fragment of the secret of your key bybit/mm/bot"


def test_without_a_home_it_says_so(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "none"), "scan", "--known"]) == 2
    assert "no keyguard home" in capsys.readouterr().err


# --verify


def test_a_live_pair_a_dead_one_and_a_half_one(
    home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = home.venues.bybit
    (here / "live.env").write_text(env("bybit", pair.key, pair.secret))
    (here / "dead.env").write_text(env("bybit", *bybit(9)))
    (here / "half.env").write_text(f"BYBIT_API_SECRET={token(8, 36)}\n")
    verdicts = {f["parts"][0]["place"]["path"]: f["verified"] for f in found(home, capsys, "--verify")}
    live, dead = verdicts["live.env"], verdicts["dead.env"]
    assert (live["state"], live["origin"], live["scopes_origin"]) == ("alive", "reported", "reported")
    assert "trade_derivatives" in live["can"]
    assert live["ips"] == []
    assert live["simulated"] and live["at"].endswith("Z")
    assert (dead["state"], dead["can"]) == ("dead", [])
    assert "test environment" in dead["words"]
    assert verdicts["half.env"] is None
    assert home.run("scan", "--verify", "live.env") == 1
    told = capsys.readouterr()
    assert "ALIVE: Bybit answers it; can " in told.out
    assert "(a simulator, not the venue)" in told.out
    assert "simulated here, not the real venue" in told.err
    assert pair.secret not in told.out + told.err


def test_a_wrong_secret_is_not_called_dead(
    home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.env").write_text(env("bybit", home.venues.bybit.key, token(3, 36)))
    (finding,) = found(home, capsys, "--verify")
    assert finding["verified"]["state"] == "refused"
    assert finding["verified"]["origin"] == "inferred"


@pytest.mark.parametrize("venue", ["upbit", "deribit"])
def test_the_other_venues(
    home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str], venue: str
) -> None:
    pair = getattr(home.venues, venue)
    (here / "a.env").write_text(env(venue, pair.key, pair.secret))
    (finding,) = found(home, capsys, "--verify")
    assert finding["verified"]["state"] == "alive"
    assert finding["verified"]["can"] or finding["verified"]["may"]


def test_never_for_a_commit(home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    GitRepo(here)
    assert home.run("scan", "--staged", "--verify") == 2
    assert "not for commit hooks" in capsys.readouterr().err


def test_nothing_is_asked_unless_asked_for(
    home: VenueHome, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.env").write_text(env("bybit", home.venues.bybit.key, home.venues.bybit.secret))
    assert [f["verified"] for f in found(home, capsys)] == [None]
