"""Options by which a person declares facts about a key; shared by `key add` and `key import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session, views
from keyguard.core.errors import UsageError
from keyguard.core.keys import Scope, parse_scopes
from keyguard.workflows import authority

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.workflows.enrol import Enrolled


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--owner", default="", metavar="P", help="who answers for it: you")
    parser.add_argument("--purpose", default="", metavar="T", help="what it is for")
    parser.add_argument("--needs", default="", metavar="SCOPE,…", help="the scopes its purpose needs")
    parser.add_argument("--unchecked", action="store_true", help="store it even if the venue refuses it now")


def owner(ports: Ports, args: argparse.Namespace) -> str:
    """Who answers for the key: as named, else the person who sits here."""
    return args.owner or authority.acting(ports, session.actor()).id


def needs(text: str) -> Scope:
    """Parse `read,trade_spot`; UsageError for an unknown scope."""
    try:
        return parse_scopes(text.split(",")) if text else Scope.NONE
    except ValueError as error:
        names = ", ".join(scope.name.lower() for scope in Scope if scope.name)
        raise UsageError(str(error), code="usage.scope", hint=f"scopes are {names}") from None


def tell(out: Output, enrolled: Enrolled) -> None:
    """Say what was registered and warn of every excess."""
    seen = enrolled.report
    out.data(
        f"{enrolled.key.name}  "
        + (f"{views.scopes_text(seen)}  ips {views.ips_text(seen)}" if seen else "not asked at the venue")
    )
    tell_warnings(out, enrolled.warnings)


def tell_warnings(out: Output, found: Any) -> None:
    """One line a warning, with the code evidence uses and how the fact is known."""
    for warning in found:
        style = "red" if warning.level.value == "high" else "yellow"
        out.data(f"  {warning.level.value:<6} {warning.code} {warning.text} [{warning.origin.value}]", style)


def document(enrolled: Enrolled) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "id": enrolled.key.id,
        "name": enrolled.key.name,
        "public_id": enrolled.version.public_id,
        "checked": enrolled.report is not None,
        "warnings": warnings_document(enrolled.warnings),
    }


def warnings_document(found: Any) -> list[dict[str, str]]:
    """Warnings as JSON."""
    return [{"code": w.code, "level": w.level.value, "text": w.text, "origin": w.origin.value} for w in found]
