"""The content of the PDF (KGA/1 §12.1) as plain JSON: cover, sections 1 to 14, annexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from keyguard.reading import blocks, controls, sections, times
from keyguard.reading.blocks import Block, cell, line, stack
from keyguard.reading.printable import printable
from keyguard.reading.sections import Told
from keyguard.reading.words import Words, words

_WIDE = frozenset(
    "register people parties grants reviews lifecycle incidents exceptions findings controls".split()
)
"""Sections on pages that lie on their side: tables with many columns."""


@dataclass(frozen=True, slots=True)
class Content:
    """What reading copies are made from.

    `derived`: the tables, by venue for an auditor. `statement_sha256`: of the statement's payload, hex.
    `roots`: checkpoint root (hex) by log id. `first`: the language that stands first; None: by recipient.
    `market_making`: print that word where data holds it.
    """

    predicate: Mapping[str, Any]
    derived: Mapping[str, Any]
    statement_sha256: str
    roots: Mapping[str, str] = field(default_factory=dict)
    first: str | None = None
    market_making: bool = False
    mapping: controls.Mapped | None = None

    def words(self) -> Words:
        """The words in the order of languages for this recipient."""
        return words(self.predicate["recipient"]["venue"], self.first)

    def venues(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The tables of each venue; one entry, without a name, where there is one recipient."""
        if "venues" in self.derived:
            return sorted(self.derived["venues"].items())
        return [("", self.derived)]

    def printable(self, text: str) -> str:
        """Text as the PDF may hold it."""
        return printable(text, market_making=self.market_making)


def build(content: Content) -> dict[str, Any]:
    """The whole document, every text of it printable."""
    book, predicate = content.words(), content.predicate
    told = Told(book, predicate["period"]["tz"], _names(predicate))
    made: list[tuple[str, str, list[Block]]] = [
        ("overview", "1", _overview(content, told)),
        ("statement", "2", _statement(content, book)),
        ("limits", "3", _limits(content, book)),
    ]
    for number, (name, write) in enumerate(sections.TABLES, 4):
        made.append((name, str(number), _table(content, told, name, write)))
    made += [
        ("integrity", "14", _integrity(content, book)),
        ("controls", "", controls.section(content.mapping or controls.shipped(), book)),
        ("glossary", "", _glossary(book)),
        ("excluded", "", _excluded(content, book)),
    ]
    titles = book.texts(*(book.book["title"][lang] for lang in ("ko", "en")))
    document = {
        "title": f"{titles[0]['text']} {predicate['attestation_id']}",
        "author": predicate["firm"]["name_latin"] or predicate["firm"]["name_local"],
        "keywords": [predicate["attestation_id"]],
        "lang": book.first,
        "region": "KR" if book.first == "ko" else "GB",
        "titles": titles,
        "mark": book.texts(*(book.book["mark"][lang] for lang in ("ko", "en"))),
        "id": predicate["attestation_id"],
        "firm": _firm(predicate, book),
        "recipient": predicate["recipient"]["name"],
        "contents": book.pair("labels", "contents"),
        "cover": _cover(content, told),
        "groups": [
            {"wide": wide, "sections": [_section(*one, book) for one in several]}
            for wide, several in groupby(made, lambda one: one[0] in _WIDE)
        ],
    }
    cleaned: dict[str, Any] = _each(document, content.printable)
    return cleaned


def _section(name: str, number: str, parts: list[Block], book: Words) -> dict[str, Any]:
    return {"title": book.pair("sections", name), "number": number, "blocks": parts}


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _each(one, change) for name, one in value.items()}
    return [_each(one, change) for one in value] if isinstance(value, list | tuple) else value


def _names(predicate: Mapping[str, Any]) -> dict[str, str]:
    return {
        one["person"]: f"{one['name_local']} {one['name_latin']}" for one in predicate["people_disclosed"]
    }


def _firm(predicate: Mapping[str, Any], book: Words) -> str:
    firm = predicate["firm"]
    return str(firm["name_local" if book.first == "ko" else "name_latin"] or firm["name_latin"])


def _cover(content: Content, told: Told) -> list[Block]:
    predicate, book = content.predicate, told.words
    firm, officer, tz = predicate["firm"], predicate["officer"], told.tz
    label = book.book["labels"]
    rows = [
        ("firm", cell(firm["name_local"], firm["name_latin"])),
        ("registration", cell(f"{firm['registration_no']} / {firm['country']}")),
        *((name, cell(firm[name])) for name in ("lei", "address") if name in firm),
        ("recipient", cell(_recipient(predicate, told))),
        ("period", cell(times.period_text(predicate["period"]))),
        ("issued", cell(times.one_line(predicate["issued_at"], tz))),
        ("valid", cell(times.one_line(predicate["valid_until"], tz))),
        ("id", cell(predicate["attestation_id"])),
        ("serial", cell(str(predicate["serial"]))),
        ("officer", cell(_person(officer, book), _person(officer, book, "title"))),
        ("preparer", cell(_person(predicate["preparer"], book))),
        *([("nonce", cell(predicate["nonce"]))] if predicate["nonce"] else []),
    ]
    hashes = [
        ("statement_sha256", cell(content.statement_sha256)),
        ("officer_key", cell(officer["key_sha256"])),
    ]
    for log in predicate["logs"]:
        root = content.roots.get(log["log_id"])
        hashes.append(("log", cell(log["origin"])))
        hashes.append(("seal", cell(f"{log['seal_no']} · {book.code(log['role'])}")))
        hashes += [("checkpoint_root", cell(root))] if root else []
    named = [(book.texts(*label[name]), value) for name, value in rows]
    printed = [(book.texts(*label[name]), value) for name, value in hashes]
    return [blocks.facts(named), blocks.text(book.pair("texts", "copy"), "note"), blocks.facts(printed)]


def _recipient(predicate: Mapping[str, Any], told: Told) -> str:
    recipient = predicate["recipient"]
    return f"{recipient['name']} ({told.code(recipient['kind'])})"


def _person(person: Mapping[str, Any], book: Words, what: str = "name") -> str:
    order = ("local", "latin") if book.first == "ko" else ("latin", "local")
    said = [person[f"{what}_{one}"] for one in order]
    return " · ".join(dict.fromkeys(one for one in said if one))


def _overview(content: Content, told: Told) -> list[Block]:
    predicate, pair = content.predicate, told.words.pair
    rows = [row for _, derived in content.venues() for row in derived.get("register", [])]
    accounts = sorted({" / ".join(filter(None, (row["account"], row["sub_account"]))) for row in rows})
    hosts = sorted({host for row in rows for use in row["did_use"] for host in use["hosts"]})
    tool = predicate["tool"]
    found = [
        (pair("labels", "profile"), stack(one["text"] for one in pair("profiles", predicate["profile"]))),
        (pair("labels", "period"), cell(times.period_text(predicate["period"]))),
    ]
    if predicate["profile"] != "summary":  # its chosen rows are not all accounts, desks and hosts
        found += [
            (pair("labels", "accounts"), cell(", ".join(accounts))),
            (pair("labels", "desks"), cell(", ".join(sorted({row["desk"] for row in rows})))),
            (pair("labels", "hosts"), cell(", ".join(hosts))),
            (pair("labels", "logs"), stack(f"{log['origin']} ({log['role']})" for log in predicate["logs"])),
        ]
    found += [
        (pair("labels", "times"), stack(_times(predicate, told))),
        (pair("labels", "tool"), cell(f"{tool['name']} {tool['version']}")),
    ]
    if (previous := predicate["previous"]) is not None:
        text = f"{previous['attestation_id']} · {times.period_text(previous['period'])}"
        found.append((pair("labels", "previous"), cell(text, line(previous["statement_sha256"], "small"))))
    return [blocks.facts(found)]


def _times(predicate: Mapping[str, Any], told: Told) -> list[str]:
    zone = times.zone_name(predicate["period"])
    said = told.words.texts(f"{zone} 기준이며 UTC를 함께 적습니다.", f"{zone}, with UTC beside or below.")
    return [one["text"] for one in said]


def _statement(content: Content, book: Words) -> list[Block]:
    text = content.predicate["statement_text"]
    return [
        blocks.text(book.pair("texts", "signed"), "note"),
        blocks.text(book.texts(text["ko"], text["en"]), "quote"),
        blocks.facts(
            [
                (book.pair("labels", "officer"), cell(*_signer(content.predicate, book))),
                (book.pair("labels", "officer_key"), cell(content.predicate["officer"]["key_sha256"])),
            ]
        ),
    ]


def _signer(predicate: Mapping[str, Any], book: Words) -> tuple[str, str]:
    officer = predicate["officer"]
    return _person(officer, book), _person(officer, book, "title")


def _limits(content: Content, book: Words) -> list[Block]:
    said = content.predicate["reservations"]
    reserved = (
        {"kind": "lines", "lines": [line(one) for one in said]}
        if said
        else blocks.text(book.pair("texts", "no_reservations"))
    )
    declared = [
        [{**one, "text": f"{name}. {one['text']}" if at == 0 else one["text"]} for at, one in enumerate(pair)]
        for name in content.predicate["declared_limits"]
        for pair in [book.pair("limits", name)]
    ]
    return [
        {"kind": "subhead", "texts": book.pair("labels", "reservations")},
        reserved,
        {"kind": "subhead", "texts": book.pair("labels", "limits")},
        {"kind": "list", "items": declared},
    ]


def _table(
    content: Content, told: Told, name: str, write: Callable[[Mapping[str, Any], Told], list[Block]]
) -> list[Block]:
    pair = told.words.pair
    notes = {
        "register": ("register_note", "observed"),
        "people": ("people_note",),
        "findings": ("findings_note",),
    }
    if content.predicate["profile"] == "summary":
        notes = {"register": ("register_chosen", "observed") if name in content.derived else ()}
    found: list[Block] = [blocks.text(pair("texts", one), "note") for one in notes.get(name, ())]
    for venue, derived in content.venues():
        if venue:
            found.append({"kind": "subhead", "texts": told.words.texts(venue, venue)})
        if name not in derived:
            found.append(blocks.text(pair("texts", "not_shown")))
        elif not derived[name] and not (name == "grants" and derived["approvals"]):
            found.append(blocks.text(pair("texts", "none")))
        else:
            found += [one for one in write(derived, told) if one["kind"] != "table" or one["rows"]]
    return found


def _integrity(content: Content, book: Words) -> list[Block]:
    predicate, pair = content.predicate, book.pair
    found: list[Block] = [blocks.text(pair("texts", "verify_note"))]
    venue = predicate["recipient"]["venue"]
    asked = f" --recipient {venue}" if venue else ""
    command = f"keyguard verify {predicate['attestation_id']}.zip --trust trust.json{asked}"
    found.append(blocks.facts([(pair("texts", "verify_command"), cell(command))]))
    found.append(blocks.text(pair("texts", "verify_pin")))
    general = [
        (pair("labels", "statement_sha256"), cell(content.statement_sha256)),
        (pair("labels", "officer_key"), cell(predicate["officer"]["key_sha256"])),
        (pair("labels", "register_root"), cell(predicate["register"]["root"])),
    ]
    found.append(blocks.facts(general))
    for log in predicate["logs"]:
        found.append({"kind": "subhead", "texts": book.texts(log["origin"], log["origin"])})
        found.append(blocks.facts(_log(log, content.roots.get(log["log_id"]), book)))
    if predicate["anchors"]:
        zone = predicate["period"]["tz"]
        lines = [
            f"{one['kind']} · {one['name']} · {times.one_line(one['time'], zone)}"
            for one in predicate["anchors"]
        ]
        found.append(blocks.facts([(pair("labels", "anchors"), stack(lines))]))
    return found


def _log(
    log: Mapping[str, Any], root: str | None, book: Words
) -> list[tuple[blocks.Texts, list[blocks.Line]]]:
    values = (
        ("vkey", log["vkey"]),
        ("seal", f"{log['seal_no']:,}"),
        ("checkpoint", f"{log['checkpoint_size']:,}"),
        ("checkpoint_root", root),
        ("records", f"{log['from']:,} – {log['to']:,}"),
        ("root", log["root"]),
        ("firm_records", f"{log['firm_size']:,}"),
        ("firm_root", log["firm_root"]),
    )
    return [(book.pair("labels", name), cell(value)) for name, value in values if value is not None]


def _glossary(book: Words) -> list[Block]:
    rows = []
    for ko, en, ko_means, en_means in book.book["glossary"].values():
        terms, meanings = book.texts(ko, en), book.texts(ko_means, en_means)
        rows.append([_two(terms, "strong"), _two(meanings, "")])
    heads = [[book.pair("columns", name)] for name in ("term", "meaning")]
    codes = [f"{name} · {ko} · {en}" for name, (ko, en) in book.book["codes"].items()]
    half = -(-len(codes) // 2)
    pairs = [
        [cell(codes[at]), cell(codes[at + half] if at + half < len(codes) else " ")] for at in range(half)
    ]
    code_heads = [[book.pair("labels", "codes")], [book.pair("labels", "codes")]]
    return [
        blocks.table(heads, (40, 136), rows, size=8),
        blocks.table(code_heads, (1, 1), pairs, size=7),
    ]


def _two(texts: blocks.Texts, style: str) -> list[blocks.Line]:
    return [line(texts[0]["text"], style), line(texts[1]["text"], "small")]


def _excluded(content: Content, book: Words) -> list[Block]:
    predicate, pair = content.predicate, book.pair
    withheld = predicate["withheld"]
    whys = ", ".join(f"{why} {count:,}" for why, count in sorted(withheld["why"].items()))
    parts = [derived for _, derived in content.venues()]
    complete = "is_complete" if all(one.get("complete") for one in parts) else "incomplete"
    unknown = {kind: count for one in parts for kind, count in one.get("unknown_types", {}).items()}
    rows = [
        (pair("labels", "withheld"), cell(f"{withheld['records']:,}" + (f" ({whys})" if whys else ""))),
        (pair("labels", "complete"), stack(one["text"] for one in pair("texts", complete))),
        (
            pair("labels", "unknown_types"),
            stack(f"{kind}: {count:,}" for kind, count in sorted(unknown.items())),
        ),
        (pair("labels", "names"), cell(f"{len(predicate['people_disclosed']):,}")),
    ]
    excluded = "excluded_note_auditor" if predicate["profile"] == "auditor" else "excluded_note"
    return [
        blocks.text(pair("texts", excluded)),
        blocks.facts(rows),
        blocks.text(pair("texts", "withheld_word"), "note"),
    ]
