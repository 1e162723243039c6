"""Annex A: what the attestation is evidence for, in a versioned file that compliance may replace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.reading import blocks, fonts
from keyguard.reading.blocks import Block, cell, line
from keyguard.reading.words import Words

_MEMBERS = ("id", "ko", "en", "layer", "area", "checklist")


@dataclass(frozen=True, slots=True)
class Mapped:
    """The mapping: its version, the frameworks by short name, and rows with a text for each of them."""

    version: str
    frameworks: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]


def shipped() -> Mapped:
    """The mapping that comes with keyguard."""
    return parse(fonts.read("controls.toml").decode())


def parse(text: str) -> Mapped:
    """Read a mapping; UsageError names what is missing."""
    try:
        value: dict[str, Any] = tomllib.loads(text)
        mapped = Mapped(str(value["version"]), dict(value["frameworks"]), tuple(value["row"]))
        for row in mapped.rows:
            for name in (*_MEMBERS, *mapped.frameworks):
                if not isinstance(row[name], str):
                    raise TypeError(name)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UsageError(
            f"the control mapping cannot be read: {error}",
            code="attest.controls",
            hint="compare it with the file keyguard/reading/data/controls.toml",
        ) from None
    return mapped


def section(mapped: Mapped, words: Words) -> list[Block]:
    """The annex: what it is and is not, then a row for each item."""
    rows = [
        [
            cell(line(row["id"], "strong")),
            [line(row[lang], "" if at == 0 else "small") for at, lang in enumerate(words.order)],
            cell(row["layer"], row["area"], row["checklist"]),
            *(cell(row[name]) for name in mapped.frameworks),
        ]
        for row in mapped.rows
    ]
    heads = [[words.pair("columns", name)] for name in ("row", "content", "guidance")]
    heads += [[words.texts(name, name)] for name in mapped.frameworks.values()]
    widths = (9, 44, 28, *(30 for _ in mapped.frameworks))
    return [
        blocks.text(words.pair("texts", "controls_note")),
        blocks.text(words.pair("texts", "controls_guidance"), "note"),
        blocks.text(words.pair("texts", "controls_unchecked"), "note"),
        blocks.facts([(words.pair("labels", "mapping_version"), cell(mapped.version))]),
        blocks.table(heads, widths, rows, size=7),
    ]
