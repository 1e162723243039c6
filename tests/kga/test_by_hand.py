"""What a recipient has without keyguard: the stand-alone file as a program, and the shell (KGA/1 §14.3)."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.kga import alone
from tests.kga.making import Making, firm_log, instant, private, trust

ROOT = Path(__file__).parents[2]
LOG = "0f1e2d3c4b5a6978"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle as it is received, and the keys as they were pinned."""
    place = tmp_path_factory.mktemp("received")
    (place / "b").mkdir()
    log = firm_log()
    making = Making(log, change=lambda predicate: predicate.update(valid_until=instant(36_500)))
    (place / "KGA.zip").write_bytes(making.bundle())
    (place / "trust.json").write_bytes(alone.trust_file(trust(log)))
    for name, seed in (("attester", 2), ("log", 1)):
        pem = (
            private(seed)
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        (place / "b" / f"{name}.pem").write_bytes(pem)
    return place


def program(folder, *words):
    """The file alone: no site-packages, no environment."""
    command = [sys.executable, "-I", "-S", str(alone.FILE), *words]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, check=False)


def test_as_a_program(folder):
    done = program(folder, "KGA.zip", "--trust", "trust.json", "--recipient", "upbit", "--remember")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.splitlines()[-1] == b"VERIFIED WITH WARNINGS"
    last = json.loads((folder / "trust.json").read_bytes())["last"]
    assert (last["serial"], last["logs"][f"keyguard/{LOG}"]["to"]) == (1, 14)
    again = program(folder, "KGA.zip", "--trust", "trust.json", "--json")
    assert json.loads(again.stdout)["exit"] == 1
    other = program(folder, "KGA.zip", "--tofu", "--recipient", "binance")
    assert other.returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("KGA.zip",),
        ("KGA.zip", "--trust", "trust.json", "--tofu"),
        ("KGA.zip", "--tofu", "--remember"),
        ("none.zip", "--tofu"),
        ("KGA.zip", "--trust", "b/attester.pem"),
        ("KGA.zip", "--tofu", "--more"),
    ],
)
def test_wrong_use(folder, words, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert alone.module().main([*words]) == 4
    assert "kga_verify: " in capsys.readouterr().err


def test_nothing_reaches_the_terminal_unescaped():
    assert alone.module().visible("a\x1b[2Jb\u202ec") == "a<U+001B>[2Jb<U+202E>c"


def test_it_needs_the_standard_library_only():
    names = re.findall(r"^\s*(?:import|from) (\w+)", alone.FILE.read_text(), re.MULTILINE)
    assert set(names) <= sys.stdlib_module_names
    assert not {"socket", "ssl", "http", "urllib", "subprocess", "ctypes"} & set(names)


def test_its_checksum_is_the_one_that_is_told():
    told = (alone.FILE.parent / "SHA256SUMS").read_text().split()
    assert told == [hashlib.sha256(alone.FILE.read_bytes()).hexdigest(), alone.FILE.name]


SHELL = re.compile(r"^### 14\.3.*?^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(
    any(shutil.which(one) is None for one in ("bash", "unzip", "jq", "openssl", "sha256sum")),
    reason="needs what the document names",
)
def test_the_shell_only_check(folder):
    """The commands as the document has them; what is optional there needs an authority."""
    found = SHELL.search((ROOT / "docs/kga-1.md").read_text())
    assert found is not None
    lines = [line for line in found[1].splitlines() if "openssl ts" not in line]
    script = "\n".join(lines).replace("<log_id>", LOG).replace("KGA-….zip", "KGA.zip")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, check=False
    )
    said = done.stdout.decode()
    assert done.returncode == 0, (said, done.stderr)
    assert said.count("Signature Verified Successfully") == 2
    assert "derived.json: OK" in said and f"logs/{LOG}/venue/records.jsonl: OK" in said
    leaf = firm_log().leaves[-1].hex()
    assert leaf in said
    assert re.search(r"^[0-9a-f]{64}  -$", said, re.MULTILINE)
