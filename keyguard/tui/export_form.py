"""The form of an export: what is proposed, and what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core import canonical
from keyguard.tui import attesting
from keyguard.tui.exporting import NO_COPIES, Wanted
from keyguard.tui.widgets.form import Field

if TYPE_CHECKING:
    from keyguard.tui.attesting import Preview
    from keyguard.tui.exporting import Exporter
    from keyguard.tui.words import Words

_LONGEST = 4096
_NONCE = 128
_KEPT = ("signer", "folder", "copies", "officer", "title", "preparer")
"""What one person says of one export is proposed for the next; the days and words of one are its own."""


def fields_of(exporter: Exporter, preview: Preview, given: Mapping[str, str], say: Words) -> Sequence[Field]:
    """What is asked, with what was `given` before or stands in the home's configuration. Raises what
    `Home.read` raises."""
    proposed = {
        "since": str(preview.days.first),
        "until": attesting.until(preview),
        "signer": exporter.signer,
        "folder": folder(),
        **{name: exporter.proposed(name) for name in ("officer", "title", "preparer")},
    }
    proposed |= {name: given[name] for name in given if given[name]}
    lengths = {"signer": _LONGEST, "folder": _LONGEST, "nonce": _NONCE, "reservation": canonical.LONGEST_FREE}

    def field(name: str, choices: Sequence[str] = ()) -> Field:
        offered = tuple((value, say(f"attest.{name}_{value or 'usual'}")) for value in choices)
        longest = lengths.get(name, canonical.LONGEST)
        return Field(name, say(f"attest.field_{name}"), proposed.get(name, ""), offered, longest=longest)

    names = ["signer", "since", "until", "officer", "title"]
    if exporter.proposed("second_signature") == "required":
        names.append("preparer")
    fields = [*map(field, names), field("copies", ("", "ko", "en", NO_COPIES))]
    if _met(preview):
        fields.append(field("again", ("", "again")))
    return (*fields, field("nonce"), field("reservation"), field("folder"))


def folder() -> str:
    """Where a file is proposed to go."""
    try:
        return str(Path.cwd() / "attestations")
    except OSError:  # the folder this was started in is gone
        return str(Path.home() / "attestations")


def wanted_of(venue: str, given: Mapping[str, str]) -> Wanted:
    """What was said."""
    return Wanted(
        venue,
        given["since"],
        given["until"],
        Path(given["signer"]).expanduser(),
        Path(given["folder"]).expanduser(),
        {name: given.get(name, "") for name in ("officer", "title", "preparer")},
        given["copies"],
        given["nonce"],
        given["reservation"],
        bool(given.get("again")),
    )


def _met(preview: Preview) -> bool:
    """Whether one was issued for some of this time."""
    days = preview.days
    return any(one.first <= days.last and days.first <= one.last for one in preview.exports)
