"""A venue's file, `pages/<id>.toml`: its facts, and guides in the words of its key page.

`[facts]` is read by `_facts.py`. Guides say what a person does on the page, made of its own words and what is
wanted. `[boxes]` maps a permission to what the page calls it, where that differs; `[english]` and, for the
venues of Korea, `[korean]` hold the steps of `create`, `edit` and `delete`, in which `{label}`, `{boxes}`,
`{ips}` and, but when creating, `{key}` stand for what is wanted. No steps to edit: the page cannot change a
key. `any_address` and `no_boxes` are said where there is none, `same_addresses` where nobody tells those of
the key to be replaced: "any" would widen them.
"""

from __future__ import annotations

import contextlib
import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, TypedDict

from keyguard.core.exchange import Facts, Guide, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import Origin
from keyguard_adapters._answers import text, texts
from keyguard_adapters._facts import Read, fields, read_facts, table
from keyguard_adapters._wishes import demand_addresses, demand_exact, needs_another_key, no_longer_open

Create = Callable[[KeySpec], Guide]
Edit = Callable[[KeyReport, KeySpec], Guide]
_BUNDLED = "keyguard_adapters"


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
    """What a page says."""

    boxes: Mapping[str, str]
    english: Steps
    korean: Steps | None


def facts(venue: str, package: str = _BUNDLED) -> Facts:
    """The facts of a venue, from its file in this package; raises ValueError for a field that is wrong."""
    return read_facts(venue, _file(venue, package)["facts"])


class Parts(TypedDict):
    """What a page gives an `Adapter`, by the names of its members."""

    facts: Facts
    scopes: ScopeNames
    guide_create: Create
    guide_edit: Edit
    guide_delete: Callable[[KeyReport], Guide]


@dataclass(frozen=True, slots=True)
class Page:
    """A venue's key page. `hint` says why some wishes cannot be granted exactly.

    `fixed`: it changes the addresses of a key, never the permissions. `package`: where its file stands.
    """

    facts: Facts
    scopes: ScopeNames
    hint: str = "a box of its page cannot be divided"
    fixed: bool = False
    package: str = _BUNDLED

    @property
    def words(self) -> Words:
        """The page's words."""
        return _words(self.facts.id, self.package)

    def parts(self, create: Create | None = None, edit: Edit | None = None) -> Parts:
        """Facts, permission names and guides, for the `Adapter`; `create`, `edit` where it has its own."""
        return {
            "facts": self.facts,
            "scopes": self.scopes,
            "guide_create": create or self.create,
            "guide_edit": edit or self.edit,
            "guide_delete": self.delete,
        }

    def create(self, spec: KeySpec) -> Guide:
        """How to issue this key; raises UsageError unless the page can grant exactly that.

        Raises NotOffered, as `edit` does, for a venue that closed.
        """
        self._demand_open()
        return self._guide("Create", self._exact(spec), "")

    def edit(self, current: KeyReport, wanted: KeySpec) -> Guide:
        """How to change a key to this; raises UsageError as `create`, NotOffered where the page cannot."""
        self._demand_open()
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

    def demand(self, spec: KeySpec, grants: tuple[str, ...] | None = None) -> None:
        """Raise UsageError unless the venue can grant exactly this, to exactly these addresses (promise 5).

        `grants`: the permissions to be granted, where they are not those of the wish to the letter.
        """
        given = spec.grants if grants is None else grants
        demand_exact(self.facts.name, self.scopes, given, spec.scopes, hint=self.hint)
        demand_addresses(self.facts, spec.ips)

    def _demand_open(self) -> None:
        if self.facts.closed:
            raise no_longer_open(self.facts)

    def _exact(self, spec: KeySpec) -> KeySpec:
        """The wish with its boxes named: where nobody chose them, all that make up the scopes."""
        if not spec.grants:
            with contextlib.suppress(ValueError):  # refused in the next line
                spec = replace(spec, grants=self.scopes.write(spec.scopes))
        self.demand(spec)
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


def read_words(venue: str, told: Mapping[str, Any]) -> Words:
    """Read a venue's file but for its facts; raises ValueError for a member that is not as it must be."""
    readers: Mapping[str, Read] = {"boxes": _boxes, "english": _steps, "korean": _steps}
    page = {name: value for name, value in told.items() if name != "facts"}
    found = fields(page, readers, required=("english",), where=venue)
    return Words(found.get("boxes", {}), found["english"], found.get("korean"))


@functools.cache
def _words(venue: str, package: str) -> Words:
    return read_words(venue, _file(venue, package))


@functools.cache
def _file(venue: str, package: str) -> Mapping[str, Any]:
    path = resources.files(package) / "pages" / f"{venue}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _boxes(told: Any) -> Mapping[str, str]:
    return fields(table(told), dict.fromkeys(told, text), required=(), where="boxes")


def _steps(told: Any) -> Steps:
    lists = dict.fromkeys(("create", "edit", "delete"), texts)
    phrases = dict.fromkeys(("any_address", "same_addresses", "no_boxes"), text)
    return Steps(**fields(table(told), {**lists, **phrases}, required=tuple(lists), where="steps"))
