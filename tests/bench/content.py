"""What the scanners are measured on: real source, and text as programs leave it behind.

`Mixed`: half is source of the running interpreter's library and of the packages installed beside it (Python,
C headers, JavaScript, JSON, Markdown and what else lies there), as it stands. The rest is generated: access
logs, logs of bots as JSON lines, tables of prices, prose, YAML, base64 of random bytes, lock files full of
hashes. Words like `secret` and names of venues stand in it as often as people write them: in many files, in
few lines. `dense`: the worst case, source in which every second line says such a word. Nothing in either is a
credential on purpose; 40 hex digits behind `secret =` in the dense one are taken for one, as they should be.
"""

from __future__ import annotations

import base64
import json
import os
import random
import sysconfig
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

_SOURCES = frozenset(
    ".py .pyi .h .c .js .ts .css .html .json .toml .md .rst .txt .cfg .sql .xml .tcss .in".split()
)
_WORDS = (
    "the a of and to in is that for it as was with be by on not he his but at are this have from or "
    "had an they which one you were all her she there would their we him been has when who will more "
    "no if out so said what up its about into than them can only other new some could time these two "
    "may then do first any my now such like our over man me even most made after also did many before "
    "must through years where much your way well down should because each just those people how too "
    "little state good very make world still own see men work long get here between order market "
    "price trade account balance position exchange deposit limit margin settle risk report open close"
).split()
_DENSE = (
    "account amount api balance bid book cancel client config connection def else error exchange fill for "
    "from import key limit logger market message name None order path position price quantity raise request "
    "response return secret self session side signature size status str symbol time token trade value "
    "password auth url"
).split()
_VENUES = "binance bybit coinbase kraken okx upbit github aws".split()
_PIECE = 50_000
_PIECES = 40
_DENSE_LINES = 20_000


class Mixed:
    """Pieces of about 50 KB of every kind, drawn in an order that the seed decides."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def piece(self) -> tuple[str, bytes]:
        """A suffix, and the content that goes with it."""
        if self._random.random() < 0.5:
            return self._random.choice(self._source)
        suffix, made = self._random.choice(self._generated)
        return suffix, self._random.choice(made)

    def text(self, size: int) -> tuple[str, bytes]:
        """Pieces of one kind up to a size."""
        suffix, first = self.piece()
        made, length = [first], len(first)
        while length < size:
            made.append(self.like(suffix))
            length += len(made[-1]) + 1
        return suffix, b"\n".join(made)[:size]

    def like(self, suffix: str) -> bytes:
        """One more piece of the same kind."""
        return self._random.choice(self._of_kind[suffix])

    @cached_property
    def _of_kind(self) -> dict[str, list[bytes]]:
        kinds: dict[str, list[bytes]] = {suffix: list(made) for suffix, made in self._generated}
        for suffix, data in self._source:
            kinds.setdefault(suffix, []).append(data)
        return kinds

    @cached_property
    def _source(self) -> list[tuple[str, bytes]]:
        """Real files, cut into pieces where they are longer."""
        places = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "include")]
        found = sorted({file for place in places for file in _files(Path(place))})
        self._random.shuffle(found)
        pieces: list[tuple[str, bytes]] = []
        for file in found[:8_000]:
            data = file.read_bytes()
            pieces += (
                (file.suffix, data[at : at + _PIECE]) for at in range(0, min(len(data), 1_000_000), _PIECE)
            )
        return [piece for piece in pieces if len(piece[1]) > 2_000]

    @cached_property
    def _generated(self) -> list[tuple[str, list[bytes]]]:
        kinds: dict[str, Callable[[random.Random], str]] = {
            ".log": _access,
            ".jsonl": _bot,
            ".csv": _prices,
            ".md": _prose,
            ".yaml": _settings,
            ".b64": _base64,
            ".lock": _locked,
        }
        return [
            (suffix, [_fill(kind, self._random) for _ in range(_PIECES)]) for suffix, kind in kinds.items()
        ]


def dense(seed: int) -> Callable[[int], bytes]:
    """The worst case, of any size."""
    source = random.Random(5)
    lines = []
    for _ in range(_DENSE_LINES):
        words = source.choices(_DENSE, k=source.randint(2, 7))
        if source.random() < 0.01:
            words.append(source.choice(_VENUES))
        if source.random() < 0.01:
            words.append(f"{source.getrandbits(160):040x}")
        lines.append("    " * source.randint(0, 3) + f"{words[0]}_{words[1]} = " + " ".join(words[1:]))
    drawn = random.Random(seed)

    def text(size: int) -> bytes:
        made: list[str] = []
        length = 0
        while length < size:
            at = drawn.randrange(len(lines) - 50)
            made += lines[at : at + 50]
            length += sum(map(len, made[-50:])) + 50
        return "\n".join(made).encode()

    return text


def changed(data: bytes, source: random.Random, other: bytes) -> bytes:
    """The same after a commit: twenty lines of another text in the place of twenty."""
    lines, new = data.split(b"\n"), other.split(b"\n")
    at, there = source.randrange(len(lines)), source.randrange(len(new))
    lines[at : at + 20] = new[there : there + 20]
    return b"\n".join(lines)


def _files(place: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            file = Path(folder, name)
            # Our own rules and tests would be found.
            if file.suffix in _SOURCES and "keyguard" not in str(file.relative_to(place)):
                yield file


def _fill(kind: Callable[[random.Random], str], source: random.Random) -> bytes:
    made, length = [], 0
    while length < _PIECE:
        made.append(kind(source))
        length += len(made[-1]) + 1
    return "\n".join(made).encode()


def _when(source: random.Random) -> str:
    day = f"2026-{source.randint(1, 12):02}-{source.randint(1, 28):02}"
    return f"{day}T{source.randint(0, 23):02}:{source.randint(0, 59):02}:{source.random() * 60:06.3f}Z"


def _access(source: random.Random) -> str:
    host = ".".join(str(source.randrange(256)) for _ in range(4))
    page = "/".join(source.choices(_WORDS, k=source.randint(1, 4)))
    asked = f"/{page}?token=…" if source.random() < 0.005 else f"/{page}"
    answer = f"{source.choice((200, 200, 304, 404))} {source.randrange(90_000)}"
    agent = "Mozilla/5.0 (X11; Linux x86_64)"
    return f'{host} - - [{_when(source)}] "GET {asked} HTTP/1.1" {answer} "https://desk.test/" "{agent}"'


def _bot(source: random.Random) -> str:
    row = {
        "at": _when(source),
        "level": source.choice(("info", "info", "debug", "warning")),
        "msg": " ".join(source.choices(_WORDS, k=source.randint(4, 12))),
        "order_id": f"{source.getrandbits(128):032x}",
        "symbol": source.choice(("BTC-USDT", "ETH-USDT", "KRW-BTC")),
        "price": round(source.random() * 90_000, 2),
    }
    if source.random() < 0.03:
        row["exchange"] = source.choice(_VENUES)
    return json.dumps(row)


def _prices(source: random.Random) -> str:
    numbers = ",".join(f"{source.random() * 90_000:.2f}" for _ in range(5))
    return f"{_when(source)},{source.choice(('BTC', 'ETH', 'XRP'))},{numbers}"


def _prose(source: random.Random) -> str:
    words = source.choices(_WORDS, k=source.randint(40, 120))
    if source.random() < 0.05:
        words.insert(7, source.choice(("secret", "password", "token", *_VENUES)))
    return " ".join(words).capitalize() + ".\n"


def _settings(source: random.Random) -> str:
    lines = [
        f"  {source.choice(_WORDS)}_{source.choice(_WORDS)}: {source.randrange(10_000)}" for _ in range(8)
    ]
    if source.random() < 0.1:
        lines.append("  api_secret: ${API_SECRET}")
    return f"{source.choice(_WORDS)}:\n" + "\n".join(lines)


def _base64(source: random.Random) -> str:
    return base64.b64encode(source.randbytes(57)).decode()


def _locked(source: random.Random) -> str:
    name = "-".join(source.choices(_WORDS, k=2))
    hashes = " \\\n".join(f"    --hash=sha256:{source.getrandbits(256):064x}" for _ in range(3))
    return f"{name}=={source.randint(0, 9)}.{source.randint(0, 30)} \\\n{hashes}"
