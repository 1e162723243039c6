"""`make venues`: venue × capability, taken from the adapters, their vectors and their simulators' tests.

Nothing in it is typed by hand: a key of each simulated venue is asked about and rotated, every vector is
signed, every guide is asked for.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from keyguard.core.errors import NotOffered
from keyguard.core.exchange import Adapter, IpForm, KeyReport
from keyguard.core.keys import Origin
from keyguard.workflows import inferred_death
from keyguard_adapters import NAMES
from keyguard_simulators import NAMES as SIMULATED
from tests.adapters.scripts import adapter, told
from tests.adapters.test_vectors import test_the_wire_is_that_of_the_other_client, vectors
from tests.venues.test_rotation import begin
from tests.venues.world import VenueWorld

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
MARKS = ("<!-- venues: made by `make venues` -->", "<!-- end of venues -->")
COLUMNS = (
    *("venue", "whoami", "list", "create", "edit", "IPs", "delete", "disable", "guided"),
    *("scopes", "expiry", "proof of death", "vectors", "simulator accepted by"),
)
FORMS = {IpForm.IPV4: "v4", IpForm.IPV6: "v6", IpForm.NETWORK4: "v4/n", IpForm.NETWORK6: "v6/n"}
CLIENTS = {"ccxt": r"ccxt\.[a-z]+\(|ccxt_client\(|\.ccxt\(|getattr\(ccxt", "pybit": r"pybit_session\("}


def made() -> str:
    """The whole table, in Markdown."""
    with asyncio.Runner() as runner:
        rows = [_row(name, runner) for name in NAMES]
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(name: str, runner: asyncio.Runner) -> tuple[str, ...]:
    found = adapter(name)
    asked = any(scenario.operation == "whoami" for scenario in told(name).SCENARIOS)
    return (
        f"[{found.facts.name}](docs/venues/{name}.md)",
        _has(found.whoami if asked else None),
        _has(found.list_keys),
        _has(found.create_key),
        _has(found.edit_key),
        _addresses(found),
        _has(found.delete_key),
        _has(found.disable_key),
        _guided(name, found),
        *(_seen(VenueWorld(name, runner)) if name in SIMULATED else ("–",) * 3),
        _vectors(name),
        _accepted(name) if name in SIMULATED else "–",
    )


def _seen(world: VenueWorld) -> tuple[str, str, str]:
    """What the simulated venue tells a desk's key of itself, and how the end of that key is proven."""
    report = world.asked(world.credential(world.old))
    scopes = report.scopes_origin.value + (", in part" if report.scopes_unknown else "")
    return scopes, _expiry(world.adapter, report), _death(world)


def _has(operation: object) -> str:
    return "–" if operation is None else "yes"


def _addresses(found: Adapter) -> str:
    facts = found.facts
    if facts.max_ips == 0:
        return "none"
    most = "?" if facts.max_ips is None else str(facts.max_ips)
    forms = " ".join(FORMS[form] for form in IpForm if form in facts.ip_forms)
    return f"{'1–' if facts.ip_mandatory else '≤ '}{most}: {forms}"


def _guided(name: str, found: Adapter) -> str:
    """Which steps a person is told, and whether in Korean too."""
    facts = told(name)
    guides = {"create": lambda: found.guide_create(facts.SPEC)}
    guides["edit"] = lambda: found.guide_edit(facts.CURRENT, facts.SPEC)
    guides["delete"] = lambda: found.guide_delete(facts.CURRENT)
    offered, korean = [], False
    for word, guide in guides.items():
        try:
            korean = bool(guide().korean) or korean
        except NotOffered:
            continue
        offered.append(word)
    return (", ".join(offered) or "–") + (" (en, ko)" if korean else "")


def _expiry(found: Adapter, report: KeyReport) -> str:
    """By the venue's word, else by its rules: days since issue, or without use."""
    if report.expiry_origin is Origin.REPORTED:
        return "reported"
    if not found.facts.lives:
        return "–"
    rules = (
        f"{life.span.days} d" + (" unused" if life.since.value == "use" else "") for life in found.facts.lives
    )
    return "rule: " + ", ".join(rules)


def _death(world: VenueWorld) -> str:
    """How the end of the key was proven when it was rotated just now."""
    begin(world)
    (proof,) = world.audit.bodies("key.revoke_confirmed")
    if proof["method"] == inferred_death.METHOD:
        return "ambiguous"
    return "two-step" if proof["meaning"] == "list_absent" else "certain"


def _vectors(name: str) -> str:
    every, passed = [parameters.values[0] for parameters in vectors(name)], 0
    for vector in every:
        with pytest.MonkeyPatch.context() as patch:
            try:
                test_the_wire_is_that_of_the_other_client(vector, patch)
            except AssertionError:
                continue
            passed += 1
    return f"{passed}/{len(every)}"


def _accepted(name: str) -> str:
    """The clients that the simulator's own tests call."""
    text = (ROOT / f"tests/simulators/test_{name}.py").read_text(encoding="utf-8")
    called = (client for client, calls in CLIENTS.items() if re.search(calls, text))
    return ", ".join(called) or "the vectors"


def written(text: str, table: str) -> str:
    """The README with this table between its marks."""
    before, _, rest = text.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        README.write_text(written(README.read_text(encoding="utf-8"), made()), encoding="utf-8")
    else:
        sys.stdout.write(re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", made()) + "\n")
