"""No output of a scan shows more of a value than its first and last two characters, unless it is asked to.

Every document of the corpus is scanned and written in every form; and lines on which secrets stand that
are found, accepted, or unknown to any rule, side by side.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from keyguard.cli.commands import watch
from keyguard.scanner import baseline
from keyguard.scanner.engine import Engine
from keyguard.scanner.known import DESCRIPTION, KnownKeys
from keyguard.scanner.reports import csv_report, gitleaks, json_report, sarif, text
from keyguard.scanner.scans import Scan, gather, scan_bytes
from keyguard.scanner.sources import Piece
from keyguard.scanner.work import Work
from tests.corpus.corpus import documents
from tests.unit.scanner.leaks import bybit, env, pem, token
from tests.unit.scanner.packing import b64, notebook, secret_manifest, zipped
from tests.unit.scanner.test_known import known

WINDOW = 8
TOGETHER = 20
ENGINE = Engine()
BOOK = ENGINE.rulebook._replace(rules=(*ENGINE.rulebook.rules, DESCRIPTION))
KEY, SECRET = bybit(51)
KNOWN = KnownKeys([known(value=SECRET), known("key", KEY)])


@functools.cache
def own_words() -> frozenset[str]:
    """What reports say of every rule, whatever is found."""
    return frozenset(pieces(sarif.render(Scan((), (), (), Work()), BOOK, show=False)))


def written(scan: Scan) -> dict[str, str]:
    return {
        "text": text.findings(scan, show=False, colour=True, book=BOOK),
        "json": json_report.render(scan, show=False),
        "sarif": sarif.render(scan, BOOK, show=False).partition('"results":')[2],  # before it, the rules
        "gitleaks": gitleaks.render(scan, show=False),
        "csv": csv_report.render(scan, show=False),
        "watch": "\n".join(watch._line(f) + watch._json(f) for f in scan.findings),
        "baseline": baseline.render({f.fingerprint for f in scan.findings}),
        "said": "\n".join([*text.summary(scan), *text.next_steps(scan)]),
        "repr": repr(scan),
    }


def pieces(value: str) -> Iterator[str]:
    for line in value.splitlines():
        if not line.startswith("-----"):
            yield from (line[at : at + WINDOW] for at in range(len(line) - WINDOW + 1))


def assert_hidden(scan: Scan, path: str, values: list[str]) -> None:
    """None of the values' pieces stands in any output, those aside that stand in the path or the rules."""
    wanted = {piece for value in values for piece in pieces(value)} - own_words() - set(pieces(path))
    for form, output in written(scan).items():
        assert not wanted.intersection(pieces(output)), f"{form} of {path}"


def test_no_document_of_the_corpus() -> None:
    made, engine = documents(), Engine()
    for at in range(0, len(made), TOGETHER):
        some = made[at : at + TOGETHER]
        scan = gather(engine, [Piece(document.path, document.data) for document in some]).scan(engine)
        values = [label.value for document in some for label in document.labels if len(label.value) >= 16]
        assert scan.findings or not values
        assert_hidden(scan, " ".join(document.path for document in some), values)


PASSWORD = "hunter-" + "FAKE-trustno1"
BESIDE = token(59, 18)
LINES = [
    f"BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET}",
    f"BYBIT_API_SECRET={SECRET} # keyguard:allow it was {SECRET}",
    f"/* keyguard:allow */ x='{BESIDE}a1b2c3' BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET}",
    f"BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET} passwd={PASSWORD}",
    f"BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET} mnemonic: {PASSWORD}",
    f"BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET} other_api_key={BESIDE}",
    f"BYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET} " + "x" * 60 + f" {BESIDE}{BESIDE}",
    f"bybit curl -u {KEY}:{SECRET} https://bob:{PASSWORD}@api.bybit.com/v5",
    env("bybit", KEY, SECRET) + pem(60),
    f"BYBIT_API_KEY={KEY} BYBIT_PRIVATE_KEY='{pem(60)}'".replace("\n", "\\n"),
    pem(60).replace("\n", "\r\n") + f"\r\nBYBIT_API_KEY={KEY} BYBIT_API_SECRET={SECRET}",
    secret_manifest(BYBIT_API_KEY=KEY, BYBIT_API_SECRET=SECRET),
    f"bybit base64: {b64(env('bybit', KEY, SECRET))}",
    f"BYBIT_API_SECRET={SECRET}\nfragment {SECRET[3:25]} of it",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("own", [False, True])
def test_no_neighbour_on_the_line(line: str, own: bool) -> None:
    """In a file as it is, in a notebook, and in an archive."""
    for data, path in (
        (line.encode(), "a.txt"),
        (line.encode("utf-16"), "a16.txt"),
        (notebook(line), "n.ipynb"),
        (zipped({"x.env": line.encode()}), "z.zip"),
    ):
        scan = scan_bytes(Engine(known=KNOWN) if own else Engine(), data, path, 10_000_000)
        assert scan.findings or scan.allowed
        body = pem(60).split("\n")[1:-1]
        assert_hidden(scan, path, [KEY, SECRET, PASSWORD, BESIDE, b64(SECRET), b64(KEY), *body])
