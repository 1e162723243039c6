"""A home on simulated venues, opened once for the tests of a file: real processes, real store."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from keyguard.cli.main import main
from keyguard.demo.venues import Venues, simulated

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class VenueHome:
    """`words` stand before every command."""

    path: Path
    words: tuple[str, ...]
    venues: Venues

    def run(self, *words: str) -> int:
        return main([*self.words, *words])


@contextmanager
def venue_home(folder: Path) -> Iterator[VenueHome]:
    """Simulators as one process, a home with a file store, one Bybit key in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'adapters'}")
        with simulated() as venues:
            passphrase = folder / "passphrase"
            passphrase.write_text("FAKE passphrase of a test\n")
            passphrase.chmod(0o600)
            words = ("--home", str(folder / "home"), "--passphrase-file", str(passphrase))
            home = VenueHome(folder / "home", words, venues)
            simulators = [f"--simulator={venue}={url}" for venue, url in venues.urls.items()]
            assert home.run("init", "--store", "file", *simulators) == 0
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(venues.bybit.as_json().encode())))
            added = home.run("key", "add", "bybit", "--label=bot", "--desk=mm", "--owner=hana", "--stdin")
            assert added == 0
            yield home
