"""The search for leaks finds what is planted: without this, its silence would mean nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.exposures import Exposures, Processes, forms

SECRET = "FAKE+/q7Zr" + "x1y2z3" * 4


@pytest.mark.parametrize(("how", "form"), dict(forms(SECRET)).items())
def test_every_form_is_found_wherever_it_stands(how: str, form: bytes, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file-wal").write_bytes(b"\0\xff" * 500 + form + b"\0")
    exposures = Exposures()
    exposures.add_files(tmp_path)
    assert exposures.leaks([SECRET]), how
    assert exposures.leaks(["FAKE" + "another" * 4]) == []


@pytest.mark.parametrize("around", ["", "a", "ab", "abc"])
def test_base64_of_something_around_it(around: str) -> None:
    import base64

    exposures = Exposures()
    exposures.add("there", base64.b64encode(f"{around}{SECRET}{around}".encode()))
    assert exposures.leaks([SECRET])


def test_a_changed_file_is_seen_in_both_states(tmp_path: Path) -> None:
    exposures = Exposures()
    for content in (SECRET, "harmless now"):
        (tmp_path / "file").write_text(content)
        exposures.add_files(tmp_path)
    assert exposures.leaks([SECRET])


@pytest.mark.parametrize("place", ["arguments", "environment"])
def test_arguments_and_environments_of_processes_are_seen(place: str) -> None:
    exposures = Exposures()
    hidden = {"SOME_VARIABLE": SECRET} if place == "environment" else {}
    words = [SECRET] if place == "arguments" else []
    waiting = [sys.executable, "-c", "print(flush=True); input()", *words]
    with subprocess.Popen(waiting, env=hidden, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        Processes(exposures).sample()
        process.kill()
    assert any(place in leak for leak in exposures.leaks([SECRET]))


def test_what_a_leak_is_told_with_does_not_leak_it() -> None:
    exposures = Exposures()
    exposures.add("there", SECRET)
    assert SECRET not in str(exposures.leaks([SECRET])) + repr(exposures)
