"""From loose fields to a `Credential` of the right kind."""

from __future__ import annotations

from collections.abc import Mapping

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret

MAX_LENGTH = 16 * 1024
"""Characters of one field; a 16,384-bit RSA key as PEM has 12,500."""

_PEM = "-----BEGIN "


def assemble(fields: Mapping[str, str], where: str) -> Credential:
    """Make a credential of `key`, `secret` or `private_key`, and perhaps `passphrase`.

    A PEM key in `secret` is taken for what it is, also in one line with its line ends written as `\\n`.
    `where` begins the message of the UsageError raised for missing or impossible parts; empty parts count
    as missing.
    """
    given = {name: _unfolded(value) for name, value in fields.items() if value}
    for name, value in given.items():
        _check(name, value, where)
    if "key" not in given:
        raise _incomplete(where, "there is a secret but no key")
    if ("secret" in given) == ("private_key" in given):
        both = "secret" in given
        raise _incomplete(where, "a secret and a private key" if both else "there is a key but no secret")
    secret = given.get("private_key") or given["secret"]
    kind = _kind(secret, where) if secret.startswith(_PEM) or "private_key" in given else KeyKind.HMAC
    passphrase = Secret(given["passphrase"]) if "passphrase" in given else None
    return Credential(given["key"], Secret(secret), passphrase, kind)


def _unfolded(value: str) -> str:
    """A PEM key as variables and JSON files hold it, and as it can be pasted: Coinbase hands it out so."""
    return value.replace("\\n", "\n") if value.startswith(_PEM) and "\n" not in value else value


def _incomplete(where: str, what: str) -> UsageError:
    return UsageError(
        f"{where}: {what}",
        code="import.incomplete",
        still="nothing was taken",
        hint="give the key with exactly one of secret and private_key",
    )


def _check(name: str, value: str, where: str) -> None:
    wrong = ""
    if len(value) > MAX_LENGTH:
        wrong = f"is longer than {MAX_LENGTH} characters"
    elif value.startswith(_PEM):
        wrong = "" if value.isascii() else "holds characters a PEM file cannot have"
    elif value != value.strip():
        wrong = "begins or ends with a space"
    elif not value.isprintable():
        wrong = "holds control characters"
    elif name == "key" and not value.isascii():
        wrong = "holds characters no venue uses"
    if wrong:
        raise UsageError(
            f"{where}: the {name} {wrong}",
            code="import.malformed",
            still="nothing was taken",
            hint="copy it again from the venue's page",
        )


def _kind(pem: str, where: str) -> KeyKind:
    """What a PEM private key is; UsageError if it is none, or locked by a password."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem.encode(), None)
    except TypeError:
        reason, hint = "is locked by a password", "remove it first: openssl pkey -in key.pem -out plain.pem"
    except (ValueError, UnsupportedAlgorithm) as error:
        reason, hint = f"cannot be read ({type(error).__name__})", "give the PEM file as it was made"
    else:
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return KeyKind.ED25519
        if isinstance(private, rsa.RSAPrivateKey):
            return KeyKind.RSA
        if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp256r1":
            return KeyKind.ES256
        reason, hint = "is of a kind no venue uses", "RSA, Ed25519 and P-256 keys are known"
    raise UsageError(
        f"{where}: the private key {reason}", code="import.malformed", still="nothing was taken", hint=hint
    )
