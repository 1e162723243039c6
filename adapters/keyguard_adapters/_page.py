"""Guides: what a person does on a venue's key page, made of the venue's own words and what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from keyguard.core.errors import NotOffered
from keyguard.core.exchange import Facts, Guide, KeyReport, KeySpec, ScopeNames
from keyguard_adapters._checks import demand_addresses, demand_exact


@dataclass(frozen=True, slots=True)
class Words:
    """The steps in one language. `{label}`, `{boxes}`, `{ips}` and, but when creating, `{key}` stand for what
    is wanted. No steps to edit: the venue's page cannot change a key."""

    create: tuple[str, ...]
    edit: tuple[str, ...]
    delete: tuple[str, ...]
    any_address: str = "none (any address)"
    nothing: str = "none"


@dataclass(frozen=True, slots=True)
class Page:
    """A venue's key page. `boxes`: permission -> what the page calls it, where that differs.

    `hint` says why some wishes cannot be granted exactly: "a right to transfer also manages keys".
    """

    facts: Facts
    scopes: ScopeNames
    english: Words
    korean: Words | None = None
    boxes: Mapping[str, str] = field(default_factory=dict)
    hint: str = "a box of its page cannot be divided"

    def create(self, spec: KeySpec) -> Guide:
        """How to issue this key; UsageError unless the page can grant exactly that."""
        self._demand(spec)
        return self._guide(f"Create a {self.facts.name} API key", "create", spec, "")

    def edit(self, current: KeyReport, wanted: KeySpec) -> Guide:
        """How to change a key to this; UsageError as `create`, NotOffered where the page cannot."""
        if not self.english.edit:
            raise NotOffered(
                f"{self.facts.name} cannot change a key",
                code="exchange.not_offered",
                still="the key is as it was",
                hint="issue a new key with what is wanted, then delete this one: keyguard key rotate",
            )
        self._demand(wanted)
        return self._guide(f"Change a {self.facts.name} API key", "edit", wanted, current.public_id)

    def delete(self, current: KeyReport) -> Guide:
        """How to delete a key."""
        spec = KeySpec(current.label, current.scopes, current.grants, current.ips or ())
        return self._guide(f"Delete a {self.facts.name} API key", "delete", spec, current.public_id)

    def _demand(self, spec: KeySpec) -> None:
        demand_exact(self.facts.name, self.scopes, spec.grants, spec.scopes, hint=self.hint)
        demand_addresses(self.facts, spec.ips)

    def _guide(self, title: str, what: str, spec: KeySpec, key: str) -> Guide:
        def steps(words: Words) -> tuple[str, ...]:
            said = {
                "label": spec.label,
                "boxes": ", ".join(self.boxes.get(grant, grant) for grant in spec.grants) or words.nothing,
                "ips": ", ".join(spec.ips) or words.any_address,
                "key": key,
            }
            return tuple(step.format_map(said) for step in getattr(words, what))

        korean = steps(self.korean) if self.korean else ()
        return Guide(self.facts.key_page, title, steps(self.english), korean)
