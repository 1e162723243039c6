"""Collects what programs write or show, and looks for secrets in it in any common encoding."""

from __future__ import annotations

import base64
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import hyperscan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

WINDOW = 10
"""So many characters in a row of a secret are a leak too: far more than a redaction may leave."""


def forms(secret: str) -> Iterator[tuple[str, bytes]]:
    """The secret in every encoding that is looked for, by name."""
    raw = secret.encode()
    yield "plain", raw
    yield "reversed", raw[::-1]
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "url", quote(secret, safe="").encode()
    yield "every byte url", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "every character json", "".join(f"\\u{ord(char):04x}" for char in secret).encode()
    yield "utf-16-le", secret.encode("utf-16-le")
    yield "utf-16-be", secret.encode("utf-16-be")
    for shift in range(3):
        yield f"base64 at {shift}", _base64(raw, shift)
        yield f"base64url at {shift}", _base64(raw, shift).translate(bytes.maketrans(b"+/", b"-_"))
    for start in range(len(raw) - WINDOW + 1):
        yield "a part", raw[start : start + WINDOW]


def _base64(raw: bytes, shift: int) -> bytes:
    """Those characters of the encoding that stay the same whatever stands around, `shift` bytes in."""
    whole = len(raw) + shift
    encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
    return encoded[(0, 2, 3)[shift] : len(encoded) - (whole % 3 != 0)]


@dataclass
class Exposures:
    """What was seen, by place. A place that was seen before with the same content is kept once."""

    seen: dict[bytes, str] = field(default_factory=dict, repr=False)
    _stamps: dict[Path, tuple[int, int]] = field(default_factory=dict, repr=False)

    def add(self, place: str, content: bytes | str) -> None:
        """Keep what was found at a place."""
        data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        if data:
            self.seen.setdefault(data, place)

    def add_files(self, folder: Path, leaving_out: Collection[Path] = ()) -> None:
        """Keep every file below a folder as it is now, names included."""
        for path in folder.rglob("*"):
            if any(path.is_relative_to(other) for other in leaving_out) or not path.is_file():
                continue
            stat = path.stat()
            if self._stamps.get(path) != (stamp := (stat.st_mtime_ns, stat.st_size)):
                self._stamps[path] = stamp
                self.add(str(path), str(path).encode() + b"\0" + path.read_bytes())

    def leaks(self, secrets: Iterable[str]) -> list[str]:
        """Where which form of a secret was found; says nothing of the secret itself."""
        wanted = [
            (form, f"secret {number} ({how})") for number, s in enumerate(secrets) for how, form in forms(s)
        ]
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        database.compile(
            expressions=["".join(f"\\x{byte:02x}" for byte in form).encode() for form, _ in wanted],
            ids=list(range(len(wanted))),
            elements=len(wanted),
            flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(wanted),
        )
        found: set[str] = set()
        for data, place in list(self.seen.items()):
            database.scan(
                data,
                match_event_handler=lambda number, *_, place=place: found.add(
                    f"{wanted[number][1]} in {place}"
                ),
            )
        return sorted(found)


class Processes(threading.Thread):
    """Samples every process's arguments, and the environment of those this process starts itself."""

    def __init__(self, exposures: Exposures) -> None:
        super().__init__(name="process sampler", daemon=True)
        self._exposures = exposures
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.1):
            self.sample()

    def sample(self) -> None:
        """Look once."""
        us = os.getpid()
        for entry in os.scandir("/proc"):
            if not entry.name.isdecimal() or int(entry.name) == us:
                continue
            try:
                arguments = Path(entry.path, "cmdline").read_bytes()
                self._exposures.add(f"arguments of {arguments.split(bytes(1))[:5]}", arguments)
                parent = Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == us:
                    environment = Path(entry.path, "environ").read_bytes()
                    self._exposures.add(f"environment of {arguments.split(bytes(1))[:5]}", environment)
            except OSError:
                continue  # it ended, or is not for us to see
