"""What is preserved of the log: whole, sealed, and every change of it tells."""

from __future__ import annotations

import json
import stat
import subprocess
from datetime import timedelta

import pytest

from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.incidents import Kind, Step
from keyguard.stores.evidence import EvidenceFolder
from keyguard.workflows import incidents, preserve
from keyguard.workflows.handout import hand_out
from keyguard.workflows.incidents import Opening
from tests.fakes.world import ACTOR, PROCESS, World


@pytest.fixture
def world():
    world = World()
    hand_out(world.ports, "bot", purpose="", mode="env", actor=ACTOR, process=PROCESS)
    return world


def packaged(world, folder, **options):
    def package(incident, name):
        return EvidenceFolder(folder / incident / name)

    opening = Opening(Kind.LEAK, "found in a repository", keys=("bot",))
    incident = incidents.open_incident(world.ports, opening, actor=ACTOR)
    options = {"since": None, **options}
    incident, made = preserve.preserve(world.ports, incident.id, package, actor=ACTOR, **options)
    return incident, made, folder / incident.id / made.name


def test_a_package_is_whole_and_its_owners_alone(world, tmp_path):
    count = len(world.audit.types())
    incident, made, folder = packaged(world, tmp_path)
    assert (made.first, made.last) == (0, count)  # the incident's own record is the last of them
    assert preserve.check(EvidenceFolder(folder), incident) == count + 1
    assert incident.first(Step.PRESERVED) is not None
    notes = [body["note"] for body in world.audit.bodies("incident.update")]
    assert any(made.sums_sha256 in note for note in notes), "the log itself seals it"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listed = subprocess.run(
        ["sha256sum", "-c", preserve.SUMS], cwd=folder, capture_output=True, text=True, check=True
    )
    assert listed.stdout.count("OK") == 3
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert any('"host-1"' in line.get("private", "") for line in lines), "private parts are preserved too"
    assert world.old.secret.reveal() not in (folder / "records.jsonl").read_text()


def test_from_a_day_on(world, tmp_path):
    world.clock.sleep(90 * 86_400)
    since = world.clock.now() - timedelta(days=1)
    incident, made, folder = packaged(world, tmp_path)
    assert made.first == made.last, "the hand-out is older than 30 days"
    assert preserve.check(EvidenceFolder(folder), incident) == 1
    early, whole, _ = packaged(world, tmp_path, since=since - timedelta(days=365))
    assert whole.first == 0
    with pytest.raises(UsageError) as caught:
        packaged(world, tmp_path, since=since + timedelta(days=9))
    assert caught.value.code == "incident.range"
    assert early.open


CHANGES = {
    "a record's text": ("records.jsonl", lambda text: text.replace("key.register", "key.registor", 1)),
    "a record left out": ("records.jsonl", lambda text: text.split("\n", 1)[1]),
    "the end left out": ("records.jsonl", lambda text: text.rsplit("\n", 2)[0] + "\n"),
    "the incident": ("incident.json", lambda text: text.replace("leak", "other")),
    "the proof": ("proof.json", lambda text: text.replace('"first": 0', '"first": 1')),
    "the list": ("SHA256SUMS", lambda text: text.replace("0", "1")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_seen(world, tmp_path, change):
    incident, _, folder = packaged(world, tmp_path)
    name, altered = CHANGES[change]
    path = folder / name
    before = path.read_text()
    path.write_text(altered(before))
    assert path.read_text() != before
    with pytest.raises(IntegrityError):
        preserve.check(EvidenceFolder(folder), incident)


@pytest.mark.parametrize(
    "alter",
    [
        lambda line: line | {"record": line["record"].replace("v", "w", 1)},
        lambda line: line | {"number": line["number"] + 1},
        lambda line: line | {"chain": "00" * 32},
        lambda line: line | ({"private": "{}"} if "private" in line else {"chain": ""}),
        lambda line: None,
    ],
)
def test_who_writes_a_new_list_is_not_believed_and_the_chain_tells_by_itself(world, tmp_path, alter):
    """Somebody who could write the incident's row, too: the chain does not fit then."""
    incident, made, folder = packaged(world, tmp_path)
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    hidden = next(number for number, line in enumerate(lines) if "private" in line)
    lines[hidden] = alter(lines[hidden])
    package = EvidenceFolder(folder)
    sums = {
        "records.jsonl": package.write(
            "records.jsonl", [json.dumps(line).encode() + b"\n" for line in lines if line is not None]
        )
    }
    listed = (folder / preserve.SUMS).read_text().splitlines()
    listed[0] = f"{sums['records.jsonl']}  records.jsonl"
    seal = package.write(preserve.SUMS, [("\n".join(listed) + "\n").encode()])
    with pytest.raises(IntegrityError, match="not the one that was recorded"):
        preserve.check(package, incident)
    event = incidents.event_of(world.ports, Step.PRESERVED, seal, by="mallory")
    with pytest.raises(IntegrityError, match=r"record \d+ does not match"):
        preserve.check(package, incident.with_event(event))
    assert made.sums_sha256 != seal


def test_a_log_that_was_altered_is_not_preserved_as_if_it_were_right(world, tmp_path):
    world.audit._entries[1] = world.audit._entries[0]
    with pytest.raises(IntegrityError):
        packaged(world, tmp_path)
    assert not list(tmp_path.glob("in_*"))


def test_a_disk_that_refuses_leaves_no_package_that_counts(world, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError):
        packaged(world, tmp_path / "taken")
    (incident,) = world.incidents.open()
    assert incident.first(Step.PRESERVED) is None
