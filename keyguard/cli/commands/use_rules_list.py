"""`keyguard use-rules list`: the desk's rules on use, as this home's configuration says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard import home as homes
from keyguard.cli import session

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from keyguard.cli.output import Output

_COMMON = ("name", "kind", "action", "keys")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: keyguard use-rules list"


def run(args: argparse.Namespace, out: Output) -> int:
    """Print them, in the order of the configuration."""
    tables = session.home_of(args).read().use_rules
    pairs = list(zip(homes.use_rules(tables), tables, strict=True))
    if out.json:
        out.document(
            [
                {
                    "name": rule.name,
                    "kind": rule.kind,
                    "action": rule.action.name.lower(),
                    "keys": list(rule.keys),
                    "settings": _settings(table),
                }
                for rule, table in pairs
            ]
        )
        return 0
    if not pairs:
        out.talk("keyguard: no rules on use; [[use_rule]] tables in config.toml make some")
        return 0
    rows = [
        (
            rule.name,
            rule.kind,
            rule.action.name.lower(),
            " ".join(rule.keys),
            ", ".join(f"{name} {_text(value)}" for name, value in _settings(table).items()),
        )
        for rule, table in pairs
    ]
    out.table(("rule", "kind", "does", "keys", "with"), rows)
    return 0


def _settings(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in _COMMON}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)
