"""Guides: what a person does on a venue's key page, made of the page's own words and what is wanted.

The words stand in `pages/<id>.toml`: `[boxes]` maps a permission to what the page calls it, where that
differs; `[english]` and, for the venues of Korea, `[korean]` hold the steps of `create`, `edit` and `delete`,
in which `{label}`, `{boxes}`, `{ips}` and, but when creating, `{key}` stand for what is wanted. No steps to
edit: the page cannot change a key. `any_address` and `no_boxes` are said where there is none,
`same_addresses` where nobody tells those of the key to be replaced: "any" would widen them.
"""

from __future__ import annotations

import contextlib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from keyguard.core.exchange import Facts, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import Origin
from keyguard_adapters._checks import demand_addresses, demand_exact, needs_another_key


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps in one language."""

    create: tuple[str, ...]
    edit: tuple[str, ...]
    delete: tuple[str, ...]
    any_address: str = "none (any address)"
    same_addresses: str = "the same as the old key's"
    no_boxes: str = "none"


@dataclass(frozen=True, slots=True)
class Words:
    """What `pages/<id>.toml` says."""

    boxes: Mapping[str, str]
    english: Steps
    korean: Steps | None


@dataclass(frozen=True, slots=True)
class Page:
    """A venue's key page. `hint` says why some wishes cannot be granted exactly.

    `fixed`: it changes the addresses of a key, never the permissions.
    """

    facts: Facts
    scopes: ScopeNames
    hint: str = "a box of its page cannot be divided"
    fixed: bool = False

    @property
    def words(self) -> Words:
        """The page's words."""
        return _words(self.facts.id)

    def create(self, spec: KeySpec) -> Guide:
        """How to issue this key; raises UsageError unless the page can grant exactly that."""
        return self._guide("Create", self._exact(spec), "")

    def edit(self, current: KeyReport, wanted: KeySpec) -> Guide:
        """How to change a key to this; raises UsageError as `create`, NotOffered where the page cannot."""
        if not self.words.english.edit:
            raise needs_another_key(self.facts, "a key")
        known = current.scopes_origin in (Origin.REPORTED, Origin.DECLARED)
        if self.fixed and known and set(current.grants) != set(wanted.grants):
            raise needs_another_key(self.facts)
        return self._guide("Edit", self._exact(wanted), current.public_id)

    def delete(self, current: KeyReport) -> Guide:
        """How to delete a key."""
        spec = KeySpec(current.label, current.scopes, current.grants, current.ips or ())
        return self._guide("Delete", spec, current.public_id)

    def _exact(self, spec: KeySpec) -> KeySpec:
        """The wish with its boxes named: where nobody chose them, all that make up the scopes."""
        if not spec.grants:
            with contextlib.suppress(ValueError):  # refused in the next line
                spec = replace(spec, grants=self.scopes.write(spec.scopes))
        demand_exact(self.facts.name, self.scopes, spec.grants, spec.scopes, hint=self.hint)
        demand_addresses(self.facts, spec.ips)
        return spec

    def _guide(self, what: str, spec: KeySpec, key: str) -> Guide:
        words = self.words

        def said(steps: Steps) -> tuple[str, ...]:
            wanted = {
                "label": spec.label,
                "boxes": ", ".join(words.boxes.get(grant, grant) for grant in spec.grants) or steps.no_boxes,
                "ips": ", ".join(spec.ips) or (steps.any_address if spec.ips_told else steps.same_addresses),
                "key": key,
            }
            return tuple(step.format_map(wanted) for step in getattr(steps, what.lower()))

        korean = said(words.korean) if words.korean else ()
        return Guide(
            self.facts.key_page, f"{what} the {self.facts.name} API key", said(words.english), korean
        )


@functools.cache
def _words(venue: str) -> Words:
    text = (resources.files(__package__) / "pages" / f"{venue}.toml").read_text(encoding="utf-8")
    return parsed(text)


def parsed(text: str) -> Words:
    """Read a page's file; raises KeyError or TypeError where it lacks what every page has."""
    table = tomllib.loads(text)
    korean = _steps(table["korean"]) if "korean" in table else None
    return Words(table.get("boxes", {}), _steps(table["english"]), korean)


def _steps(table: Mapping[str, Any]) -> Steps:
    said: dict[str, Any] = {
        name: tuple(steps) if isinstance(steps, list) else steps for name, steps in table.items()
    }
    return Steps(**said)
