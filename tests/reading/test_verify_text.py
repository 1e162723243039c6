"""`verify.txt`: its commands, run as they stand there, accept a genuine file and refuse a changed one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keyguard.reading import copies
from tests.kga.making import Making, firm_log, private
from tests.reading.contents import content

TOOLS = ("bash", "unzip", "jq", "sha256sum", "openssl")


def run(folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    script = "set -e\n" + commands.replace("cd b\n", "cp *.pem b; cd b\n")
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="a tool is not installed")
def test_its_commands_accept_the_file_and_refuse_a_changed_one(tmp_path):
    data = Making(firm_log()).bundle()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        payload = base64.b64decode(json.loads(archive.read("statement.dsse.json"))["payload"])
    digest = hashlib.sha256(payload).hexdigest()
    text = copies.verify_text(content(statement_sha256=digest)).decode()
    commands = text[text.index("unzip -q") :].split("\n\n")[0]
    for name, seed in (("attester", 2), ("log", 1)):
        key = private(seed).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pem").write_bytes(key)
    (tmp_path / "KGA-0f1e2d3c-upbit-0001.zip").write_bytes(data)
    told = run(tmp_path, commands)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("Signature Verified Successfully") == 2
    assert digest in text and content().predicate["officer"]["key_sha256"] in told.stdout
    (tmp_path / "b" / "derived.json").write_bytes(b"{}")
    again = commands[commands.index("jq -r .payload ") :]
    assert run(tmp_path / "b", again).returncode != 0


def test_a_summary_has_no_logs_to_check():
    made = content()
    assert b"seal.tlog-proof" in copies.verify_text(made)
    made.predicate["profile"] = "summary"
    assert b"seal.tlog-proof" not in copies.verify_text(made)
