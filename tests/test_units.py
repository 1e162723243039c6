"""systemd's own judgement of our units, and the Debian package, built and run."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keyguard import __version__

ROOT = Path(__file__).parents[1]
SYSTEMD = ROOT / "packaging/systemd"
UNITS = sorted(unit for unit in SYSTEMD.glob("*/*") if unit.suffix != ".sysusers")
MOST_EXPOSED = 2.0


def needed(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed (Debian: {package})")
        pytest.skip(f"{program} is not installed (Debian: {package})")
    return found


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_service_is_hardly_exposed(unit: Path) -> None:
    if unit.parent.name == "user":
        pytest.skip("most of what counts needs a system manager's rights")
    command = [needed("systemd-analyze", "systemd"), "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert found, told
    assert float(found[1]) < MOST_EXPOSED


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/usr/bin/keyguard", sys.executable)
        (tmp_path / unit.name.replace("@.", "@x.")).write_text(text.replace("Documentation=", "#"))
    command = [needed("systemd-analyze", "systemd"), "verify", "--man=no", *map(str, tmp_path.iterdir())]
    told = subprocess.run(command, capture_output=True, text=True)
    ours = [line for line in told.stderr.splitlines() if "keyguard" in line]
    assert ours == []


def test_the_launch_agent_is_a_property_list() -> None:
    with (ROOT / "packaging/launchd/org.keyguard.daemon.plist").open("rb") as file:
        assert plistlib.load(file)["ProgramArguments"][1:] == ["daemon", "run"]


@pytest.mark.timeout(570)  # pip installs every dependency anew
def test_the_debian_package_runs_where_it_is_unpacked(tmp_path: Path) -> None:
    needed("dpkg-deb", "dpkg")
    build = [sys.executable, str(ROOT / "packaging/debian/build.py"), str(tmp_path)]
    built = subprocess.run(build, capture_output=True, text=True, timeout=540)
    assert built.returncode == 0, built.stderr
    package, root = built.stdout.strip(), tmp_path / "root"
    subprocess.run(["dpkg-deb", "-x", package, str(root)], check=True)
    listed = subprocess.run(["dpkg-deb", "-c", package], check=True, capture_output=True, text=True).stdout
    for path in ("usr/lib/systemd/system/keyguard.socket", "usr/share/man/man1/keyguard.1.gz"):
        assert f"./{path}" in listed
    assert all(" root/root " in line for line in listed.splitlines())
    # By the Python that built it: the one of this machine's Debian may have another minor version.
    program = [sys.executable, "-I", str(root / "usr/bin/keyguard")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KEYGUARD_HOME": str(tmp_path / "home")}
    said = subprocess.run(
        [*program, "--version"], check=True, capture_output=True, text=True, env=environment
    )
    assert said.stdout == f"keyguard {__version__}\n"
    where = "import sys; import keyguard.cli.main; print(keyguard.__file__)"
    code = (
        (root / "usr/bin/keyguard")
        .read_text()
        .partition("from keyguard")[0]
        .replace("__file__", "sys.argv[1]")
    )
    run = [sys.executable, "-I", "-c", code + where, str(root / "usr/bin/keyguard")]
    found = subprocess.run(run, check=True, capture_output=True, text=True, env=environment)
    assert Path(found.stdout.strip()).is_relative_to(root)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("FAKE passphrase of a test")
    init = [*program, "--passphrase-file", str(passphrase), "init", "--store", "file"]
    subprocess.run(init, check=True, capture_output=True, env=environment)
    verified = subprocess.run([*program, "log", "verify"], check=True, capture_output=True, env=environment)
    assert b"records match" in verified.stdout
