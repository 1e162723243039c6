"""Files in which a person's tools and shells keep credentials: `env_places.toml` names them."""

from __future__ import annotations

import fnmatch
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from keyguard.scanner.sources import Supply, Unread
from keyguard.scanner.sources.tree import LEFT_OUT, file_pieces, reason

_SKIPPED = LEFT_OUT - {".cache"}


@dataclass(frozen=True, slots=True)
class EnvPlace:
    """One entry of the list; see the comment at its head."""

    title: str
    why: str
    paths: tuple[str, ...]
    variable: str = ""
    belongs: frozenset[str] = frozenset()
    depth: int = 1


def load() -> tuple[EnvPlace, ...]:
    """Read the list."""
    text = resources.files("keyguard.scanner").joinpath("env_places.toml").read_text(encoding="utf-8")
    return tuple(_place(entry) for entry in tomllib.loads(text)["place"])


class HomeFiles:
    """The files of those places in one home folder, each once, under `~/…`. A link a person made of a
    dotfile is followed to a regular file; `own` (keyguard's own home) is left out."""

    def __init__(self, home: Path, own: Path, environment: dict[str, str]) -> None:
        self._home = home
        self._own = own.resolve()
        self._environment = environment
        self._read: set[tuple[int, int]] = set()
        self.belongs: dict[str, frozenset[str]] = {}
        """Path as reported -> rules whose findings are where they belong."""

    def pieces(self, places: tuple[EnvPlace, ...], max_size: int) -> Iterator[Supply]:
        """Yield the content of each file there is."""
        for place in places:
            named = filter(None, self._environment.get(place.variable, "").split(os.pathsep))
            for path in map(Path, named):
                yield from self._file(place, path.expanduser(), max_size)
            for pattern in place.paths:
                for found in self._matching(self._home, pattern.split("/"), place.depth):
                    if isinstance(found, Unread):
                        yield found
                    else:
                        yield from self._file(place, found, max_size)

    def _matching(self, folder: Path, names: list[str], depth: int) -> Iterator[Path | Unread]:
        """Paths below a folder that fit a pattern, given by its names."""
        first, *rest = names
        if not rest and not _is_pattern(first):
            yield folder / first
            return
        if first != "**" and not _is_pattern(first):
            yield from self._matching(folder / first, rest, depth)
            return
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            yield Unread(self._shown(folder), reason(error))
            return
        for entry in entries:
            if first == "**":
                is_folder = entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED
                if is_folder and depth and fnmatch.fnmatchcase(entry.name, rest[0]):
                    yield from self._matching(folder / entry.name, rest[1:], depth)
                elif is_folder and depth and not entry.name.startswith("."):
                    yield from self._matching(folder / entry.name, names, depth - 1)
            elif fnmatch.fnmatchcase(entry.name, first):
                if not rest:
                    yield folder / entry.name
                elif entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED:
                    yield from self._matching(folder / entry.name, rest, depth)

    def _file(self, place: EnvPlace, path: Path, max_size: int) -> Iterator[Supply]:
        try:
            real = path.resolve(strict=True)
            facts = real.stat()
        except (FileNotFoundError, NotADirectoryError):
            return
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            yield Unread(
                self._shown(path), reason(error) if isinstance(error, OSError) else "a circle of links"
            )
            return
        if real.is_relative_to(self._own) or (facts.st_dev, facts.st_ino) in self._read:
            return
        self._read.add((facts.st_dev, facts.st_ino))
        shown = self._shown(path)
        self.belongs[shown] = place.belongs
        yield from file_pieces(real, shown, max_size)

    def _shown(self, path: Path) -> str:
        if path.is_relative_to(self._home):
            return f"~/{path.relative_to(self._home).as_posix()}"
        return path.as_posix()


def _place(entry: dict[str, Any]) -> EnvPlace:
    return EnvPlace(
        title=entry["title"],
        why=entry["why"],
        paths=tuple(entry["paths"]),
        variable=entry.get("variable", ""),
        belongs=frozenset(entry.get("belongs", ())),
        depth=entry.get("depth", 1),
    )


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name
