"""Files, NAMES and entry points agree; the folder itself is no package."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

from keyguard.core.exchange import Adapter
from keyguard_adapters import NAMES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "adapters"


def test_files_names_and_entry_points_agree() -> None:
    files = {path.stem for path in (FOLDER / "keyguard_adapters").glob("*.py") if path.stem[0] != "_"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["keyguard.adapters"]
    assert set(NAMES) == files == set(points)
    assert list(NAMES) == sorted(NAMES)
    for name, target in points.items():
        module, _, attribute = target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, Adapter)
        assert found.facts.id == name


def test_the_adapters_folder_is_no_package() -> None:
    """A package of that name would shadow a published one from the repository's root."""
    assert not (FOLDER / "__init__.py").exists()


def test_every_venue_has_a_page_of_honest_limits() -> None:
    for name in NAMES:
        text = (ROOT / "docs" / "venues" / f"{name}.md").read_text(encoding="utf-8")
        for heading in ("## What is reported", "## How death is proven", "## Unverified", "## Sources"):
            assert heading in text, f"{name}: {heading}"
