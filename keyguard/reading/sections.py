"""The sections that print the derived tables (KGA/1 §12.1, numbers 4 to 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keyguard.reading import blocks, times
from keyguard.reading.blocks import Block, Line, cell, line, stack
from keyguard.reading.words import Words

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a section needs beside its rows: words, time zone, names that were disclosed."""

    words: Words
    tz: str
    names: Mapping[str, str] = field(default_factory=dict)

    def code(self, name: str | None) -> str:
        """A code in the first language."""
        return self.words.code(name)

    def codes(self, names: Iterable[str]) -> str:
        """Several codes on one line."""
        return ", ".join(self.code(one) for one in names)

    def when(self, instant: str | None) -> list[Line]:
        """Local time, UTC below it."""
        here, *there = times.both(instant, self.tz)
        return [line(here), *(line(one, "small") for one in there)]

    def heads(self, *names: str) -> list[list[blocks.Texts]]:
        """Heads by name; several names with + between them stand one below the other."""
        return [[self.words.pair("columns", one) for one in name.split("+")] for name in names]

    def person(self, id_: str | None) -> list[Line]:
        """A pseudonym, with the name where it was disclosed."""
        if id_ is None:
            return [line(None)]
        known = self.names.get(id_)
        return [line(short(id_)), *([line(known, "small")] if known else [])]


def short(id_: str) -> str:
    """A pseudonym's or id's kind and first ten digits; the files beside the PDF have it whole."""
    kind, _, digits = id_.partition("_")
    return f"{kind}_{digits[:10]}" if digits else id_[:16]


def fingerprint(key: str | None) -> str:
    """The first 16 digits of a key's fingerprint, in groups of four (KGA/1 §7)."""
    if not key:
        return blocks.NOTHING
    return " ".join(key[at : at + 4] for at in range(0, 16, 4))


def summary(derived: Row, told: Told) -> list[Block]:
    """The counts, and the findings by severity."""
    found = derived["summary"]
    items = [
        {"label": told.words.pair("summary", name), "value": f"{value:,}"}
        for name, value in found.items()
        if isinstance(value, int)
    ]
    pair = told.words.pair("summary", "findings")
    for severity, count in found["findings"].items():
        names = told.words.pair("codes", severity)
        label = [
            {**one, "text": f"{one['text']}: {name['text']}"} for one, name in zip(pair, names, strict=True)
        ]
        items.append({"label": label, "value": f"{count:,}"})
    blank = {"label": told.words.texts(" ", " "), "value": " "}
    return [{"kind": "metrics", "items": items + [blank] * (-len(items) % 3)}]


def register(derived: Row, told: Told) -> list[Block]:
    """All keys of the period, on wide pages."""
    replaced = {row["other"]: row["at"] for row in derived.get("lifecycle", ()) if row["event"] == "rotated"}
    heads = told.heads(
        "no",
        "account+fingerprint",
        "purpose+desk+owner",
        "granted",
        "needed+excess",
        "ip",
        "created+rotated+expires",
        "storage",
        "able+used+handouts",
        "first_last",
        "status+findings",
    )
    rows = [_key(at, row, replaced.get(row["key"]), told) for at, row in enumerate(derived["register"], 1)]
    widths = (7, 33, 31, 26, 22, 27, 27, 18, 27, 25, 19)
    return [blocks.table(heads, widths, rows, size=6.5)]


def _key(number: int, row: Row, rotated: str | None, told: Told) -> list[list[Line]]:
    account = f"{row['account']} / {row['sub_account']}" if row["sub_account"] else row["account"]
    source = told.code(row["scopes_proof"]["by"])
    no_list = row["ip_supported"] and not row["ip_allow"]
    return [
        cell(str(number)),
        cell(account, line(fingerprint(row["key"])), *_small(row["hint"] and f"...{row['hint']}")),
        cell(row["purpose"], row["desk"], *told.person(row["owner"])),
        cell(told.codes(row["scopes_granted"]), line(source, "small")),
        cell(
            told.codes(row["scopes_needed"]),
            line(told.codes(row["scopes_excess"]), "bad" if row["scopes_excess"] else ""),
        ),
        [line(blocks.NOTHING, "bad" if no_list else "")] if not row["ip_allow"] else stack(row["ip_allow"]),
        cell(*told.when(row["created_at"]), *told.when(rotated), *told.when(row["expires_at"])),
        cell(told.code(row["storage"])),
        cell(len(row["could_use"]), len(row["did_use"]), _denied(row, told)),
        [*told.when(row["first_use"]), *told.when(row["last_use"])],
        cell(
            line(told.code(row["status"]), "strong"),
            line(", ".join(row["findings"]), "bad" if row["findings"] else ""),
        ),
    ]


def _denied(row: Row, told: Told) -> str:
    refused = row["handouts_denied"]
    return f"{row['handouts']:,}" + (f" (−{refused:,})" if refused else "")


def people(derived: Row, told: Told) -> list[Block]:
    """Persons with access; below, what each handed-out key went to."""
    rows = [
        [
            told.person(row["person"]),
            cell(told.code(row["capacity"]), *_small(row["party"] and short(row["party"]))),
            cell(", ".join(row["desks"])),
            cell(len(row["keys"])),
            told.when(row["granted_from"]) + told.when(row["granted_until"]),
            cell(f"{row['handouts']:,}"),
            told.when(row["first"]) + told.when(row["last"]),
            cell(*told.when(row["offboarded_at"]), *_small(_days(row["days_to_revoke"]))),
        ]
        for row in derived["people"]
    ]
    heads = told.heads(
        "person", "capacity", "desks", "keys", "from_until", "handouts", "first_last", "offboarded"
    )
    found = [blocks.table(heads, (25, 20, 20, 10, 25, 13, 25, 22), rows, numbers=(3, 5))]
    uses = [
        [
            cell(fingerprint(row["key"])),
            told.person(use["person"]),
            cell(told.code(use["capacity"])),
            cell(f"{use['handouts']:,}"),
            told.when(use["first"]),
            told.when(use["last"]),
            stack(map(short, use["hosts"])),
        ]
        for row in derived["register"]
        for use in row["did_use"]
    ]
    if uses:
        heads = told.heads("fingerprint", "person", "capacity", "handouts", "first", "last", "hosts")
        found += [
            {"kind": "subhead", "texts": told.words.pair("labels", "did_use")},
            blocks.table(heads, (31, 24, 19, 14, 24, 24, 24), uses, numbers=(3,)),
        ]
    return found


def _days(days: int | None) -> str:
    return "" if days is None else f"{days} d"


def _small(text: str | None) -> list[Line]:
    """A small line, where there is something to say."""
    return [line(text, "small")] if text else []


def parties(derived: Row, told: Told) -> list[Block]:
    """Companies that external persons belong to."""
    rows = [
        [
            cell(short(row["party"]), *_small(row["name"])),
            cell(told.code(row["kind"]), *_small(row["relation"])),
            cell(row["country"]),
            told.when(row["contract_from"]) + told.when(row["contract_until"]),
            told.when(row["diligence_at"]) + told.when(row["diligence_until"]),
            cell(row["persons"]),
            cell(row["keys"]),
            cell(f"{row['handouts']:,}"),
            [
                line(
                    told.code("yes" if row["contract_valid_in_period"] else "no"),
                    "" if row["contract_valid_in_period"] else "bad",
                )
            ],
        ]
        for row in derived["parties"]
    ]
    heads = told.heads(
        "party",
        "relation",
        "country",
        "contract",
        "diligence",
        "persons",
        "keys",
        "handouts",
        "contract_valid",
    )
    return [blocks.table(heads, (24, 22, 11, 25, 25, 13, 10, 14, 18), rows, numbers=(5, 6, 7))]


def grants(derived: Row, told: Told) -> list[Block]:
    """Grants, then the approvals they rest on."""
    rows = [
        [
            cell(short(row["grant"])),
            cell(fingerprint(row["key"])),
            [*told.person(row["person"]), line(told.code(row["capacity"]), "small")],
            told.when(row["from"]),
            told.when(row["until"]),
            [*told.when(row["ended"]["at"]), line(told.code(row["ended"]["reason"]), "small")]
            if row["ended"]
            else cell(None),
            cell(row["basis"]),
            cell(short(row["approval"])),
        ]
        for row in derived["grants"]
    ]
    heads = told.heads("grant", "fingerprint", "person", "from", "until", "ended", "basis", "approval")
    found = [blocks.table(heads, (23, 31, 23, 21, 21, 21, 22, 23), rows, size=7)]
    decided = [
        [
            cell(short(row["approval"])),
            cell(told.code(row["action"])),
            told.person(row["requested_by"]),
            told.when(row["requested_at"]),
            told.person(row["decided_by"]),
            told.when(row["decided_at"]),
            cell(told.code(row["decision"])),
            [line(told.code("yes" if row["self_approved"] else "no"), "bad" if row["self_approved"] else "")],
        ]
        for row in derived["approvals"]
    ]
    heads = told.heads(
        "approval",
        "action",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
        "decision",
        "self_approved",
    )
    return [
        *found,
        {"kind": "subhead", "texts": told.words.pair("labels", "approvals")},
        blocks.table(heads, (23, 22, 24, 22, 24, 22, 15, 17), decided),
    ]


def reviews(derived: Row, told: Told) -> list[Block]:
    """Campaigns of recertification."""
    rows = [
        [
            cell(short(row["review"])),
            told.when(row["opened"]),
            told.when(row["due"]),
            told.when(row["closed"]),
            *(cell(row[name]) for name in ("items", "keep", "reduce", "remove", "undecided")),
            [line(told.code("yes" if row["late"] else "no"), "bad" if row["late"] else "")],
        ]
        for row in derived["reviews"]
    ]
    heads = told.heads(
        "review", "opened", "due", "closed", "items", "keep", "reduce", "remove", "undecided", "late"
    )
    return [blocks.table(heads, (25, 22, 22, 22, 12, 12, 12, 13, 14, 12), rows, numbers=(4, 5, 6, 7, 8))]


def lifecycle(derived: Row, told: Told) -> list[Block]:
    """Keys made, replaced and revoked, with the proof that they are dead."""
    how = {row["key"]: row["revocation"] for row in derived["register"]}
    rows = [
        [
            told.when(row["at"]),
            cell(told.code(f"event_{row['event']}")),
            cell(fingerprint(row["key"])),
            cell(fingerprint(row["other"]) if row["other"] else None),
            cell(told.code(row["reason"])),
            told.person(row["by"]),
            [
                *told.when(row["confirmed_at"]),
                *_proof(how.get(row["key"]) if row["confirmed_at"] else None, told),
            ],
            cell(None if row["lag_s"] is None else f"{row['lag_s']:,}"),
        ]
        for row in derived["lifecycle"]
    ]
    heads = told.heads("at", "event", "fingerprint", "successor", "reason", "by", "confirmed", "lag_s")
    return [blocks.table(heads, (22, 17, 30, 30, 16, 22, 25, 14), rows, numbers=(7,))]


def _proof(revocation: Row | None, told: Told) -> list[Line]:
    return [line(told.code(revocation["meaning"]), "small")] if revocation else []


def incidents(derived: Row, told: Told) -> list[Block]:
    """Incidents with what was noted of them."""
    rows = [
        [
            cell(short(row["incident"]), line(told.code(row["class"]), "small")),
            stack(map(fingerprint, row["keys"])),
            told.when(row["detected_at"]),
            told.when(row["opened_at"]),
            told.when(row["closed"] and row["closed"]["at"]),
            cell(row["how"], *(note["note"] for note in row["notes"])),
            cell(*_closing(row["closed"])),
        ]
        for row in derived["incidents"]
    ]
    heads = told.heads("incident", "fingerprint", "detected_at", "opened", "closed", "how", "root_cause")
    return [blocks.table(heads, (24, 29, 21, 21, 21, 33, 33), rows, size=7)]


def _closing(closed: Row | None) -> list[object]:
    return (
        [None]
        if closed is None
        else [closed["root_cause"], *(line(one, "small") for one in closed["actions"])]
    )


def exceptions(derived: Row, told: Told) -> list[Block]:
    """Accepted deviations, and what stands in for the control."""
    rows = [
        [
            cell(short(row["exception"])),
            cell(row["control"]),
            cell(fingerprint(row["key"])),
            cell(row["reason"]),
            cell(row["compensating"]),
            told.when(row["opened_at"]),
            told.when(row["until"]),
            told.when(row["closed"] and row["closed"]["at"]),
            cell(short(row["approval"])),
        ]
        for row in derived["exceptions"]
    ]
    heads = told.heads(
        "exception",
        "control",
        "fingerprint",
        "reason",
        "compensating",
        "opened",
        "until",
        "closed",
        "approval",
    )
    return [blocks.table(heads, (22, 11, 30, 24, 26, 20, 20, 20, 22), rows, size=7)]


def findings(derived: Row, told: Told) -> list[Block]:
    """Broken rules, each with its name, and the exception that covers it."""
    rows = [
        [
            cell(line(row["code"], "strong")),
            [
                line(one["text"], "" if at == 0 else "small")
                for at, one in enumerate(told.words.pair("findings", row["code"]))
            ],
            [line(told.code(row["severity"]), "bad" if row["severity"] == "high" else "")],
            stack(_concerned(row["rows"])),
            told.when(row["since"]),
            cell(row["exception"] and short(row["exception"])),
        ]
        for row in derived["findings"]
    ]
    heads = told.heads("code", "finding", "severity", "rows", "since", "exception")
    return [blocks.table(heads, (11, 55, 16, 38, 24, 26), rows)]


_MOST = 12


def _concerned(ids: Sequence[str]) -> list[str]:
    """The rows a finding concerns: keys by fingerprint, others by id; the rest is in the workbook."""
    shown = [fingerprint(one) if "_" not in one else short(one) for one in ids[:_MOST]]
    return shown + ([f"+ {len(ids) - _MOST:,}"] if len(ids) > _MOST else [])


TABLES: tuple[tuple[str, Callable[[Row, Told], list[Block]]], ...] = (
    ("summary", summary),
    ("register", register),
    ("people", people),
    ("parties", parties),
    ("grants", grants),
    ("reviews", reviews),
    ("lifecycle", lifecycle),
    ("incidents", incidents),
    ("exceptions", exceptions),
    ("findings", findings),
)
"""Sections by the name of their table, in the order of the outline, from number 4 on."""
