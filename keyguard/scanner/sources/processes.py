"""Environments and command lines of this user's processes, as the kernel shows them under /proc.

A process's environment is what it was started with; what a shell has exported since is seen in the
processes it started afterwards, this one included.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.scanner.findings import Place
from keyguard.scanner.sources import Note, Piece, Supply, Unread
from keyguard.scanner.sources.files import TooLarge, megabytes, read_regular
from keyguard.scanner.sources.tree import reason

_PROC = Path("/proc")
_UID = re.compile(r"^Uid:\t\d+\t(\d+)", re.MULTILINE)  # the effective one


@dataclass(slots=True)
class Processes:
    """What was read of them. Contents are joined texts, so that a key and its secret are seen together;
    `place` gives each value back to its variable or argument."""

    proc: Path = _PROC
    _starts: dict[str, list[int]] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(default_factory=dict)
    _closed: list[str] = field(default_factory=list)

    def pieces(self, max_size: int) -> Iterator[Supply]:
        """Yield environment and arguments of every process of this user."""
        try:
            numbers = sorted(int(path.name) for path in self.proc.iterdir() if path.name.isdecimal())
        except OSError:
            yield Note("this system shows no processes under /proc: only this command's environment was read")
            joined = "\0".join(f"{name}={value}" for name, value in os.environ.items())
            yield self._environment("this command", os.fsencode(joined))
            return
        for number in numbers:
            yield from self._process(self.proc / str(number), number, max_size)
        if self._closed:
            yield Note(f"the system lets nobody look into: {', '.join(self._closed)}")

    def place(self, place: Place) -> Place:
        """The same place with its path narrowed to one variable or argument, and counted from there."""
        starts = self._starts.get(place.path)
        if starts is None:
            return place
        at = bisect_right(starts, place.start) - 1
        begin = starts[at]
        return Place(
            path=f"{place.path} {self._names[place.path][at]}",
            line=1,
            column=place.start - begin + 1,
            end_line=1,
            end_column=place.end - begin + 1,
            start=place.start - begin,
            end=place.end - begin,
        )

    def _process(self, folder: Path, number: int, max_size: int) -> Iterator[Supply]:
        try:
            status = (folder / "status").read_text(encoding="utf-8", errors="replace")
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # it ended
            return
        # The owner of the folder would not do: for a program that keeps others out (ssh-agent) it is root.
        uid = _UID.search(status)
        if not uid or int(uid[1]) != os.geteuid():
            return
        who = f"process {number} ({name})"
        for file, build in (("environ", self._environment), ("cmdline", self._arguments)):
            try:
                data = read_regular(folder / file, max_size)
            except (FileNotFoundError, ProcessLookupError):
                return
            except PermissionError:
                self._closed.append(who)
                return
            except TooLarge:
                yield Unread(f"{who} {file}", f"larger than {megabytes(max_size)}")
            except OSError as error:
                yield Unread(f"{who} {file}", reason(error))
            else:
                if data:
                    yield build(who, data)

    def _environment(self, who: str, data: bytes) -> Piece:
        entries = data.rstrip(b"\0").split(b"\0")
        names = [os.fsdecode(entry.partition(b"=")[0]) for entry in entries]
        # Values begin behind the name; a program may have overwritten its environment with anything.
        return self._piece(f"{who} environment", entries, names, b"\n")

    def _arguments(self, who: str, data: bytes) -> Piece:
        entries = data.rstrip(b"\0").split(b"\0")
        names = [str(number) for number in range(len(entries))]
        return self._piece(f"{who} argument", entries, names, b" ")

    def _piece(self, path: str, entries: list[bytes], names: list[str], between: bytes) -> Piece:
        start = 0
        starts = []
        for entry in entries:
            starts.append(start)
            start += len(entry) + len(between)
        self._starts[path], self._names[path] = starts, names
        return Piece(path, between.join(entries))
