"""Attest: signed, exported, signed a second time, verified and copied, by keyboard alone."""

from __future__ import annotations

import pytest

from keyguard.tui.work import Stage
from tests.tui.exports import PASSPHRASE, Office, computed, export, filled, signed
from tests.tui.working import Bench


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # where exports are proposed to go


def test_from_the_findings_to_a_file_in_a_folder(tmp_path) -> None:
    office = Office(tmp_path)

    async def flow(bench: Bench) -> None:
        assert bench.sees("Nothing was exported for this venue.")
        await bench.press("e")
        await bench.press(*["enter"] * len(bench.app.screen._fields))
        await bench.settled()
        await bench.press("right")  # while it is asked the period stays
        assert bench.sees("this quarter")
        await bench.type(PASSPHRASE)  # what it holds of spaces, digits and "!" is no key of the screen
        await bench.press("enter")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        await bench.until(lambda: bench.sees("issued 2026-"))
        (id_,) = office.kept.files
        assert (office.out / f"{id_}.zip").read_bytes() == office.kept.files[id_]
        assert bench.sees(f"issued {id_}, verified")
        assert office.firm.audit.bodies("attestation.issued")[0]["attestation_id"] == id_
        told = " ".join(view.lines)
        for step in ("sealing the log", "reading copies", "what must not leave", "process of its own"):
            assert step in told
        assert PASSPHRASE not in "".join(bench.seen()) + repr(view) + repr(bench.app.screen)
        await bench.press("u")
        await computed(bench)
        assert not bench.sees(f"issued {id_}, verified")

    office.run(flow)


def test_what_the_form_asks_looks_like_this(tmp_path, monkeypatch) -> None:
    office = Office(tmp_path, two=True)
    monkeypatch.chdir("/")
    office.exporter = replace_signer(office)

    async def flow(bench: Bench) -> None:
        await bench.sheets("what an export asks for", "e")
        assert bench.sees("Kim FAKE / 김가짜")

    office.run(flow)


def replace_signer(office: Office):
    from dataclasses import replace

    return replace(office.exporter, signer="/media/stick/kim.attester")


def test_a_file_that_holds_what_must_not_leave_is_stopped_in_words(tmp_path) -> None:
    office = Office(tmp_path)
    office.firm.finish.stop = "gate"

    async def flow(bench: Bench) -> None:
        view = await export(bench)
        assert (view.stage, view.trouble.code) == (Stage.FAILED, "attest.gate")
        assert bench.sees("The safety gate stopped it")
        assert bench.sees("a secret is in derived.json")
        assert bench.sees("no attestation was issued; no file was left")

    office.run(flow)
    assert list(office.out.iterdir()) == []
    assert office.kept.files == {}


def test_a_wrong_passphrase_is_asked_for_again_and_not_for_ever(tmp_path) -> None:
    office = Office(tmp_path)

    async def flow(bench: Bench) -> None:
        view = await export(bench, "FAKE other")
        assert view.question is not None
        assert bench.sees("That did not open officer.attester.")
        await signed(bench, "FAKE second")
        view = await signed(bench, "FAKE third")
        assert (view.stage, view.trouble.code) == (Stage.FAILED, "store.wrong_passphrase")

    office.run(flow)
    assert office.kept.files == {}


def test_two_sign_where_policy_asks_for_it(tmp_path) -> None:
    office = Office(tmp_path, two=True)

    async def flow(bench: Bench) -> None:
        view = await export(bench)
        assert view.stage is Stage.DONE, view.trouble
        assert bench.sees("waits for 2nd signature")
        assert (office.kept.files, list(office.out.iterdir())) == ({}, [])
        assert bench.sees("Second signature")
        await bench.press("s")
        await filled(bench, signer=str(office.files["second"]))
        view = await signed(bench)
        assert view.stage is Stage.DONE, view.trouble
        assert [path.stem for path in office.out.iterdir()] == list(office.kept.files)
        assert bench.sees("issued 2026-")
        assert not bench.sees("waits for 2nd signature")

    office.run(flow)


def test_what_cannot_be_is_said_in_the_form_before_a_passphrase_is_asked_for(tmp_path) -> None:
    office = Office(tmp_path, said={"title": "CCO"})

    async def flow(bench: Bench) -> None:
        await bench.press("e")
        for said, why in (
            ({"signer": "/nowhere/FAKE.attester"}, "there is no key file"),
            ({"signer": str(office.files["officer"])}, "who is the officer?"),
            ({"officer": "Kim FAKE", "folder": str(office.exporter.home)}, "the home itself is no folder"),
        ):
            await filled(bench, **said)
            assert bench.sees(why)
            assert bench.app.focused.id == "field_signer"
        assert not bench.work.jobs

    office.run(flow)


def test_a_second_one_for_the_time_is_refused_unless_it_is_to_be_said_anew(tmp_path) -> None:
    office = Office(tmp_path)
    office.issue()

    async def flow(bench: Bench) -> None:
        view = await export(bench)
        assert view.trouble.code == "attest.overlap"
        assert bench.sees("One was issued for some of this time.")
        await bench.press("e")
        while bench.app.focused.id != "field_again":
            await bench.press("enter")
        await bench.press("right")
        await bench.press("ctrl+s")
        view = await signed(bench)
        assert view.stage is Stage.DONE, view.trouble
        assert sorted(id_[-4:] for id_ in office.kept.files) == ["0001", "0002"]

    office.run(flow)


def test_compliance_looks_verifies_and_copies_but_signs_nothing(tmp_path) -> None:
    office = Office(tmp_path)
    id_, data = office.issue()

    async def looked(bench: Bench) -> None:
        await bench.press("e")
        assert bench.told("This view only reads")
        await bench.press("v")
        await bench.until(lambda: bench.sees("VERIFIED"))
        assert bench.sees("signatures: officer")
        await bench.press("escape", "d")
        await filled(bench, folder=str(tmp_path / "copy"))
        await bench.until(lambda: bench.told("file: "))
        assert (tmp_path / "copy" / f"{id_}.zip").read_bytes() == data

    office.run(looked, read_only=True)


def test_an_altered_copy_does_not_verify_and_a_lost_one_is_said(tmp_path) -> None:
    office = Office(tmp_path)
    id_, data = office.issue()

    async def flow(bench: Bench) -> None:
        office.kept.files[id_] = data.replace(b'"complete":true', b'"complete":null')
        await bench.press("v")
        await bench.until(lambda: bench.told("is not what was issued"))
        office.kept.files[id_] = data
        office.firm.wait(200)
        await bench.press("v")
        await bench.until(lambda: bench.sees("FAILED"))
        assert bench.sees("it was valid until")
        await bench.press("escape")
        office.kept.files.clear()
        await bench.press("u")
        await computed(bench)
        assert bench.sees("no copy · 2026-")
        await bench.press("v")
        await bench.until(lambda: bench.told("the home keeps no copy"))

    office.run(flow)
