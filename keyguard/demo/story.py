"""The story: eight steps, each real, each timed, and a summary of what is dead."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.errors import KeyguardError
from keyguard.core.secret import Secret
from keyguard.demo import repository, tampering, venues
from keyguard.demo.person import PersonAtUpbit
from keyguard.demo.shell import Shell, StoryBroken, clean_environment
from keyguard.gateway.clock import SystemClock
from keyguard.home import Home
from keyguard.kga import container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyguard.cli.output import Output

PASSPHRASE = "correct horse battery staple, for the demo only\n"  # noqa: S105 - unlocks a throw-away home
BYBIT, DERIBIT, UPBIT = "bybit/mm/bot", "deribit/mm/hedge", "upbit/mm/bot"
FINDINGS = 1
ALTERED = 6
ALONE = Path(__file__).parents[2] / "packaging" / "verify" / "kga_verify.py"
"""In a checkout; it is no part of the installed package."""
VERIFIED = (0, 1)
"""The second one with warnings: nobody independent saw the log of a demo."""


class DemoFailed(KeyguardError):
    """The story did not come out as it must; exit status 70, since that is our bug."""


@dataclass
class Story:
    """What the summary tells at the end."""

    out: Output
    shell: Shell
    venues: venues.Venues
    pause: Callable[[], None]
    seconds: list[tuple[str, float]] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One numbered, timed step."""
        number = len(self.seconds) + 1
        self.out.talk("")
        self.out.talk(f"{number}. {title}", style="cyan")
        begin = time.perf_counter()
        yield
        self.seconds.append((title, time.perf_counter() - begin))
        self.pause()


def tell(out: Output, keep: Path | None, *, pause: Callable[[], None]) -> None:
    """Tell the whole story in a throw-away folder, or in `keep`; `pause` comes after each step.

    DemoFailed says which command broke it. Without `keep` nothing is left behind, in the OS keyring either.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="keyguard-demo-"))
    shell = _shell(out, folder)
    try:
        with venues.simulated() as served:
            _tell(Story(out, shell, served, pause))
    except StoryBroken as broken:
        raise DemoFailed(
            str(broken), code="demo.broken", still="nothing outside the demo was touched"
        ) from None
    finally:
        if keep is None:
            _clean_up(folder, shell)


def _clean_up(folder: Path, shell: Shell) -> None:
    home = Home(shell.home)
    if home.exists() and (config := home.read()).store == "os-keyring":
        store = wiring.secret_store(home, config, lambda: Secret(PASSPHRASE))
        for name in store.names():
            store.delete(name)
    shutil.rmtree(folder, ignore_errors=True)


def _tell(story: Story) -> None:
    with story.step("Three simulated venues on loopback; a home of its own"):
        _begin(story)
    with story.step("A trading bot's repository leaks three keys"):
        _find(story)
    with story.step("The keys go into the store, references stay behind"):
        _adopt(story)
    with story.step("A bot runs with the key it is handed"):
        _use(story)
    with story.step("New versions; the leaked ones are revoked and proven dead"):
        _rotate(story)
    with story.step("The audit log: it matches, and one altered byte is found"):
        _verify(story)
    with story.step("Evidence for Upbit, signed, and verified as Upbit would"):
        _attest(story)
    with story.step("What was found, what is dead"):
        _sum_up(story)


def _shell(out: Output, folder: Path) -> Shell:
    repo, home = folder / "bot", folder / "home"
    repo.mkdir(parents=True, exist_ok=True)
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE)
    return Shell(home, passphrase, repo, clean_environment(home), out)


def _begin(story: Story) -> None:
    for venue, url in sorted(story.venues.urls.items()):
        story.out.talk(f"   {venue:<8} SIMULATED at {url}: the real venue is never asked")
    simulators = [
        word for venue, url in story.venues.urls.items() for word in ("--simulator", f"{venue}={url}")
    ]
    story.shell.keyguard("init", "--firm", "Demo Desk", *simulators)
    for venue, pair in (
        ("bybit", story.venues.bybit_manager),
        ("deribit", story.venues.deribit_manager),
    ):
        words = ("--desk", "ops", "--label", "manager", "--purpose", "manages the desk's keys")
        story.shell.keyguard("key", "add", venue, *words, "--stdin", sent=pair.as_json())


def _find(story: Story) -> None:
    repository.write(story.shell, story.venues)
    story.shell.keyguard("scan", expect=(FINDINGS,))
    story.shell.keyguard("scan", "--history", expect=(FINDINGS,))
    story.shell.keyguard("scan", "--format", "sarif", "-o", "../tree.sarif", expect=(FINDINGS,))
    story.shell.keyguard("scan", "--history", "--format", "sarif", "-o", "../past.sarif", expect=(FINDINGS,))
    for report in ("tree.sarif", "past.sarif"):
        document = json.loads((story.shell.folder.parent / report).read_text(encoding="utf-8"))
        for result in document["runs"][0]["results"]:
            place = result["locations"][0]["physicalLocation"]
            line = place["region"]["startLine"]
            where = f"{place['artifactLocation']['uri']}:{line}"
            past = " (history)" if result["properties"]["keyguard"]["commit"] else ""
            story.found.setdefault(result["properties"]["keyguard"]["venue"], where + past)
    if set(story.found) != {"bybit", "deribit", "upbit"}:
        raise StoryBroken(f"the scans found {sorted(story.found)} only")


def _adopt(story: Story) -> None:
    story.shell.keyguard(
        "key",
        "import",
        "bot.py",
        ".env",
        "../past.sarif",
        "--desk",
        "mm",
        "--purpose",
        "quoting",
        "--replace",
    )
    story.shell.keyguard("key", "list")
    story.shell.keyguard("scan")


def _use(story: Story) -> None:
    bot = ("--purpose", "quote BTCUSDT", "--", sys.executable, "bot.py")
    story.shell.environment["BYBIT_ENDPOINT"] = story.venues.urls["bybit"]
    story.shell.keyguard("run", BYBIT, *bot)
    story.shell.keyguard("log", "show", "--type", "handout")


def _rotate(story: Story) -> None:
    story.shell.keyguard("key", "rotate", BYBIT, "--reason", "leak")
    story.shell.keyguard("key", "rotate", DERIBIT, "--reason", "leak")
    story.out.talk(
        "   Upbit has no key management by API: keyguard guides a person, whom the demo plays here"
    )
    person = PersonAtUpbit(story.venues.upbit_page, story.venues.upbit_account)
    told = ("--needs", "read,trade_spot", "--ips", venues.TRADER_IP)
    story.shell.converse("key", "rotate", UPBIT, "--reason", "leak", *told, answer=person)
    story.shell.keyguard("run", BYBIT, "--purpose", "quote BTCUSDT", "--", sys.executable, "bot.py")


def _verify(story: Story) -> None:
    story.shell.keyguard("log", "verify")
    copy = tampering.altered_copy(story.shell.home, story.shell.folder.parent / "altered")
    story.out.talk("   one byte of one record is changed in a copy of the home:")
    story.shell.keyguard("log", "verify", home=copy, expect=(ALTERED,))


def _attest(story: Story) -> None:
    officer = ("../officer.attester", "--signer-passphrase-file", "../passphrase")
    shown = json.loads(story.shell.keyguard("attest", "key", "make", *officer, "--json"))
    story.shell.keyguard("attester", "add", "compliance officer", "--key", shown["public_key"])
    story.shell.keyguard("attest", "trust", "-o", "../trust.json", "--card", "../card.txt")
    story.out.talk("   the trust file and the key card go to Upbit by another way than the attestation")
    yesterday = (SystemClock().now() - timedelta(days=1)).date().isoformat()
    named = ("--officer", "Kim FAKE / 김가짜", "--title", "Compliance Officer / 준법감시인")
    words = ("--venue", "upbit", "--from", yesterday, *named, "--signer", *officer)
    told = story.shell.keyguard("attest", *words, "-o", "../attestations", "--json")
    file = json.loads(told)[0]["file"]
    given = ("--trust", "../trust.json", "--recipient", "upbit")
    story.shell.keyguard("verify", file, *given, expect=VERIFIED)
    if ALONE.exists():
        story.out.talk(
            "   the same by one file of Python's standard library, which shares no code with keyguard:"
        )
        story.shell.python(str(ALONE), file, *given, expect=VERIFIED)
    _lay_out_copies(story, story.shell.folder / file)


def _lay_out_copies(story: Story, file: Path) -> None:
    """Put the copies for people beside the file, for who keeps the demo's folder."""
    entries = container.unpack(file.read_bytes())
    copies = {name: data for name, data in entries.items() if name.startswith("reading/")}
    (file.parent / "reading").mkdir(exist_ok=True)
    for name, data in copies.items():
        (file.parent / name).write_bytes(data)
    listed = ", ".join(f"{Path(name).name} {len(data) / 1024:.0f} KiB" for name, data in copies.items())
    story.out.talk(f"   reading copies in it, and beside it in attestations/reading: {listed}")


def _sum_up(story: Story) -> None:
    keys = {}
    for name in (BYBIT, DERIBIT, UPBIT):
        keys[name] = json.loads(story.shell.keyguard("key", "show", name, "--json", quiet=True))
    rows = []
    for name, key in keys.items():
        first, last = key["versions"][0], key["versions"][-1]
        rows.append(
            (
                key["venue"],
                story.found[key["venue"]],
                f"v{first['number']} {first['status']}",
                f"v{last['number']} {last['status']}",
            )
        )
        if (first["status"], last["status"]) != ("dead", "live"):
            raise StoryBroken(f"{name} is {first['status']} and {last['status']}")
    story.out.talk("")
    story.out.table(("venue (simulated)", "found in", "leaked key", "new key"), rows)
    story.out.talk("")
    story.out.table(("step", "seconds"), [(title, f"{seconds:.1f}") for title, seconds in story.seconds])
