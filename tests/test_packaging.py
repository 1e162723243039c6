"""What the folders must and must not hold so that installing and importing work."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import keyguard

ROOT = Path(__file__).parents[1]


def test_no_package_shadows_a_published_one() -> None:
    # From the checkout's root, packaging/__init__.py would hide the library that pytest imports.
    for folder in ("adapters", "packaging"):
        assert not (ROOT / folder / "__init__.py").exists()


def test_wheel_holds_the_three_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [
        "keyguard",
        "adapters/keyguard_adapters",
        "adapters/keyguard_simulators",
    ]


def test_the_package_holds_a_docstring_and_the_version_only() -> None:
    lines = (ROOT / "keyguard/__init__.py").read_text().split("\n")
    assert len(lines) <= 4
    assert re.fullmatch(r"\d+\.\d+\.\d+", keyguard.__version__)


def test_every_requirement_is_pinned_with_hashes_and_names_no_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "//" not in text, path
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9._-]+==", block), block[:60]
            assert "--hash=sha256:" in block, block[:60]
