"""How fast the scanner reads ordinary source without findings."""

from __future__ import annotations

import random
import time

from keyguard.scanner.engine import Engine

_TEXT = (
    "account amount api balance bid book cancel client config connection def else error exchange "
    "fill for from import key limit logger market message name None order path position price quantity raise "
    "request response return secret self session side signature size status str symbol time token trade value"
)
_FILES = 400
_LINES = 400


def scan_speed() -> float:
    """MB per second over 400 generated files of source-like text (about 7 MB), best of three."""
    source = random.Random(7)
    files = [_file(source) for _ in range(_FILES)]
    engine = Engine()
    size = sum(map(len, files))
    best = min(_seconds(engine, files) for _ in range(3))
    return size / 1_000_000 / best


def _seconds(engine: Engine, files: list[bytes]) -> float:
    start = time.perf_counter()
    for number, data in enumerate(files):
        engine.scan(data, f"src/module_{number}.py")
    return time.perf_counter() - start


def _file(source: random.Random) -> bytes:
    lines = []
    known = _TEXT.split()
    for _ in range(_LINES):
        words = source.choices(known, k=source.randint(2, 7))
        lines.append("    " * source.randint(0, 3) + f"{words[0]}_{words[1]} = " + " ".join(words[1:]))
    return "\n".join(lines).encode()
