"""The environment `keyguard run` gives to a process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.exchange import Credential, Facts
from keyguard.core.keys import Key, KeyKind
from keyguard.core.secret import Secret
from keyguard.intake.dotenv import assignments
from keyguard.intake.reading import read
from keyguard.intake.references import Reference, is_reference, parse

STYLES = ("sdk", "ccxt", "freqtrade", "hummingbot", "env")
_NEUTRAL = (
    ("API_KEY", "key"),
    ("API_SECRET", "secret"),
    ("API_PASSPHRASE", "passphrase"),
    ("PRIVATE_KEY", "private_key"),
)
"""The style `env`: for programs that know no venue's own names."""

Resolve = Callable[[Reference], Secret | str]
"""The value behind a reference: a Secret, or the public key id as text. Raises UsageError."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILLER = re.compile(r"\{([a-z]*)\}")


@dataclass(frozen=True, slots=True)
class Handed:
    """One key to be handed out."""

    key: Key
    facts: Facts
    credential: Credential


@dataclass(frozen=True, slots=True)
class Environment:
    """What a process will see. `secrets` are the values its output is masked for; `key_names` are the
    variables filled from keys, the public ids included: a rotation changes all of them."""

    variables: Mapping[str, str] = field(repr=False)
    secrets: tuple[Secret, ...]
    key_names: frozenset[str] = frozenset()


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of an --env-file, the last of a name counting.

    UsageError for a malformed line, or a value that another program would read differently.
    """
    found: dict[str, str] = {}
    for one in assignments(read(path)):
        if one.doubtful:
            raise UsageError(
                f"{path}:{one.line}: the value {one.doubtful}",
                code="run.env_file",
                hint="write the value out, in single quotes",
            )
        found[one.name] = one.value
    return found


def references(*sources: Mapping[str, str]) -> dict[str, Reference]:
    """The references in variables, by variable; a later source overrides an earlier one.

    UsageError naming the variable where one is malformed. Fetches nothing: the caller logs the
    hand-outs first.
    """
    merged: dict[str, str] = {}
    for source in sources:
        merged |= source
    found = {}
    for name, value in merged.items():
        if is_reference(value):
            try:
                found[name] = parse(value)
            except UsageError as error:
                raise _in_variable(name, error) from None
    return found


def build(
    inherited: Mapping[str, str],
    from_file: Mapping[str, str],
    handed: Iterable[Handed],
    resolve: Resolve,
    *,
    style: str = "sdk",
    prefix: str = "",
) -> Environment:
    """Put the environment together: inherited, then the file's variables, then the keys'.

    `prefix` goes before every variable of a key and may hold {venue}, {desk} and {label}. Raises
    UsageError where two keys, or a key and the file, want one variable, where the venue has no names in
    this style, where a reference cannot be resolved, or where the program would read another value.
    """
    for name, value in from_file.items():
        if "\0" in name + value:
            raise UsageError("a variable of the --env-file holds a NUL character", code="run.env_file")
    variables = {**inherited, **from_file}
    secrets: list[Secret] = []
    filled: set[str] = set()
    for name, reference in references(inherited, from_file).items():
        try:
            resolved = resolve(reference)
        except UsageError as error:
            raise _in_variable(name, error) from None
        if isinstance(resolved, Secret):
            secrets.append(resolved)
        filled.add(name)
        variables[name] = _text(resolved)
    owners: dict[str, str] = {}
    for one in handed:
        for name, part in _variables(one, style, prefix).items():
            text = _text(part)
            if name in owners:
                raise _taken_twice(name, owners[name], one.key.name)
            if from_file.get(name) and variables[name] != text:
                raise _taken_twice(name, "the --env-file", one.key.name)
            owners[name], variables[name] = one.key.name, text
            filled.add(name)
        secrets += [part for part in (one.credential.secret, one.credential.passphrase) if part]
    for name in filled:
        _refuse_what_freqtrade_changes(name, variables[name])
    return Environment(variables, tuple(secrets), frozenset(filled))


def _variables(one: Handed, style: str, prefix: str) -> dict[str, Secret | str]:
    names = _NEUTRAL if style == "env" else one.facts.env_names.get(style)
    if one.credential.kind is KeyKind.OAUTH:
        names = _of_token(one.facts, style)
    if not names:
        known = ", ".join(sorted({*one.facts.env_names, "env"}))
        raise UsageError(
            f"{one.facts.name} keys have no variable names in the style {style}",
            code="run.no_names",
            hint=f"use --as with one of: {known}",
        )
    start = _prefix(prefix, one.key)
    values = _parts(one.credential, has_own_name="private_key" in {part for _, part in names})
    return {start + name: values[part] for name, part in names if part in values}


def _of_token(facts: Facts, style: str) -> tuple[tuple[str, str], ...]:
    """Where a token goes: under no name of a key's, for a program would sign with what it finds there."""
    named = {"env": "ACCESS_TOKEN", "sdk": f"{_as_variable(facts.id)}_ACCESS_TOKEN"}
    if style not in named:
        raise UsageError(
            f"programs of the style {style} sign with keys; a token of {facts.name} has no name there",
            code="run.no_names",
            hint="use --as with one of: env, sdk",
        )
    return ((named[style], "secret"),)


def _parts(credential: Credential, *, has_own_name: bool) -> dict[str, Secret | str]:
    """The parts by field. A PEM goes where this style wants it: ccxt, say, takes it as the secret."""
    asymmetric = credential.kind in (KeyKind.RSA, KeyKind.ED25519, KeyKind.ES256)
    name = "private_key" if asymmetric and has_own_name else "secret"
    parts: dict[str, Secret | str] = {"key": credential.key, name: credential.secret}
    if credential.passphrase is not None:
        parts["passphrase"] = credential.passphrase
    return parts


def _text(part: Secret | str) -> str:
    return part.reveal() if isinstance(part, Secret) else part


def _refuse_what_freqtrade_changes(name: str, value: str) -> None:
    """freqtrade reads what looks like a number, a truth value or a list as one, and then signs with that;
    passwords excepted (configuration/environment_vars.py of 2026.9, read and run 2026-11-21)."""
    if not name.startswith("FREQTRADE__") or name.endswith("__PASSWORD"):
        return
    try:
        float(value)
    except ValueError:
        if value.lower() not in ("t", "true", "f", "false") and not value.lstrip().startswith("["):
            return
    raise UsageError(
        f"freqtrade would not read {name} as text, for it looks like a number, a truth value or a list",
        code="run.freqtrade",
        still="the process did not get the keys",
        hint="rotate to a key that does not: keyguard key rotate",
    )


def _prefix(prefix: str, key: Key) -> str:
    fillers = {"venue": key.venue, "desk": key.desk, "label": key.label}
    known = all(filler in fillers for filler in _FILLER.findall(prefix))
    made = _FILLER.sub(lambda found: _as_variable(fillers.get(found[1], "")), prefix)
    if not known or (made and not _VARIABLE.fullmatch(made)):
        raise UsageError(
            "the prefix does not make a variable name",
            code="run.prefix",
            hint="letters, digits and _ are allowed, and {venue}, {desk} and {label}",
        )
    return made


def _as_variable(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", text.upper())


def _taken_twice(name: str, first: str, second: str) -> UsageError:
    return UsageError(
        f"{first} and {second} both want the variable {name}",
        code="run.collision",
        still="nothing was handed out",
        hint="tell them apart: --prefix '{label}_'",
    )


def _in_variable(name: str, error: KeyguardError) -> UsageError:
    """The error of a reference, saying which variable holds it."""
    return UsageError(
        f"the variable {name}: {error.message}",
        code=error.code,
        still=error.still or "nothing was handed out",
        hint=error.hint,
    )
