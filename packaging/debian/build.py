"""Builds the Debian package: `python packaging/debian/build.py [FOLDER]`, or `make deb`.

keyguard and its pinned, hash-checked dependencies go into /usr/lib/keyguard, so that the package neither
needs nor touches other Python packages of the machine. It fits the minor version of the Python that
builds it.
"""

from __future__ import annotations

import gzip
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from keyguard import __version__

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main() -> None:
    """Build it and print its path."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder, "stage")
        _libraries(stage / "usr/lib/keyguard")
        _programs(stage)
        _units(stage)
        control = _control(stage)
        package = target / f"keyguard_{__version__}_{control}.deb"
        # Level 9, its default, takes five times as long for a package one in a hundred smaller.
        pack = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z6", "--build"]
        command = [*pack, str(stage), str(package)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    sys.stdout.write(f"{package}\n")


def _libraries(folder: Path) -> None:
    # Everything is pinned and listed, so there is nothing to resolve.
    pip = [sys.executable, "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    into = [*pip, "install", *quiet, "--no-compile", "--target", str(folder)]
    subprocess.run([*into, "--require-hashes", "-r", str(ROOT / "requirements/run.txt")], check=True)
    with tempfile.TemporaryDirectory() as wheels:
        wheel = [*pip, "wheel", *quiet, "--no-build-isolation", "-w", wheels, str(ROOT)]
        subprocess.run(wheel, check=True)
        (built,) = Path(wheels).glob("keyguard-*.whl")
        subprocess.run([*into, str(built)], check=True)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    # With the paths it will have, and never checked against the sources: both come from one package.
    compiled = ["-q", "-s", str(folder.parents[2]), "-p", "/", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([sys.executable, "-m", "compileall", *compiled, str(folder)], check=True)


def _programs(stage: Path) -> None:
    _copy(HERE / "keyguard", stage / "usr/bin/keyguard", 0o755)
    share = stage / "usr/share"
    environment = {**os.environ, "PYTHONPATH": str(stage / "usr/lib/keyguard")}
    shells = {
        "bash": "bash-completion/completions/keyguard",
        "zsh": "zsh/vendor-completions/_keyguard",
        "fish": "fish/vendor_completions.d/keyguard.fish",
    }
    for shell, name in shells.items():
        command = [sys.executable, "-m", "keyguard", "completion", shell]
        script = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout
        _write(share / name, script)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(ROOT / "packaging/man.py"), folder], check=True)
        _write(share / "man/man1/keyguard.1.gz", _packed(Path(folder, "keyguard.1").read_bytes()))
    _write(share / "doc/keyguard/copyright", (ROOT / "LICENSE").read_bytes())
    _write(share / "doc/keyguard/changelog.gz", _packed((ROOT / "CHANGELOG.md").read_bytes()))


def _units(stage: Path) -> None:
    system, user = ROOT / "packaging/systemd/system", ROOT / "packaging/systemd/user"
    for unit in system.iterdir():
        if unit.suffix == ".sysusers":
            _copy(unit, stage / f"usr/lib/sysusers.d/{unit.stem}.conf", 0o644)
        else:
            _copy(unit, stage / "usr/lib/systemd/system" / unit.name, 0o644)
    for unit in user.iterdir():
        _copy(unit, stage / "usr/lib/systemd/user" / unit.name, 0o644)


def _control(stage: Path) -> str:
    """Write the control files; returns the architecture."""
    machine = platform.machine()
    architecture = _ARCHITECTURES.get(machine, machine)
    size = sum(file.stat().st_size for file in stage.rglob("*") if file.is_file()) // 1024
    major, minor = sys.version_info[:2]
    values = {
        "VERSION": __version__,
        "ARCHITECTURE": architecture,
        "PYTHON": f"{major}.{minor}",
        "PYTHON_NEXT": f"{major}.{minor + 1}",
        "SIZE": str(size),
    }
    text = (HERE / "control.in").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    _write(stage / "DEBIAN/control", text.encode())
    for script in ("postinst", "prerm"):
        _copy(HERE / script, stage / "DEBIAN" / script, 0o755)
    return architecture


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _copy(source: Path, target: Path, mode: int) -> None:
    _write(target, source.read_bytes())
    target.chmod(mode)


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    target.write_bytes(data)
    target.chmod(0o644)


if __name__ == "__main__":
    main()
