"""Simulated venues to rehearse with: served, named as what they are, and ended by a signal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.cli.main import main
from keyguard_simulators import NAMES
from tests.simulators.clients import call

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}"}


def simulate(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "keyguard", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_venues_are_served_until_a_signal(ending: signal.Signals) -> None:
    with simulate("simulate", "upbit", "bybit", "upbit") as process:
        assert process.stdout and process.stderr
        lines = [process.stdout.readline().split() for _ in range(2)]
        assert [name for name, _ in lines] == ["upbit", "bybit"]
        said = "".join(process.stderr.readline() for _ in range(4))
        for _, url in lines:
            assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", url)
            assert call(url, "POST", "/_web/accounts", {"name": "desk"}).status == 200
            assert f"--simulator {url}" in said.replace("upbit=", "").replace("bybit=", "")
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")
    assert "not the venues: nothing is traded" in said


def test_their_addresses_as_one_object() -> None:
    with simulate("--json", "simulate", "upbit") as process:
        assert process.stdout
        document = "".join(iter(process.stdout.readline, "}\n")) + "}"
        assert call(json.loads(document)["upbit"], "GET", "/_web/accounts").json == []
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_one_that_is_not_simulated_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "bybit", "ftx"]) == 2
    said = capsys.readouterr().err
    assert "no simulator is called 'ftx'" in said
    assert ", ".join(NAMES) in said
