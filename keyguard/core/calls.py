"""What travels between an adapter, whoever sends its calls, and a venue: requests, answers, refusals."""

from __future__ import annotations

import enum
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens


class Effect(enum.Enum):
    """What a request may have changed at the venue once it has left."""

    NONE = "none"
    KEY_CREATED = "key_created"
    KEY_EDITED = "key_edited"
    SECRET_RESET = "secret_reset"  # noqa: S105 - names an effect
    KEY_DISABLED = "key_disabled"
    KEY_ENABLED = "key_enabled"
    KEY_DELETED = "key_deleted"
    ORDERS_CANCELLED = "orders_cancelled"


class Fault(enum.Enum):
    """Why a venue refused, normalised.

    `AMBIGUOUS`: its code cannot tell unknown, disabled, wrong secret, foreign IP and the like apart.
    """

    KEY_UNKNOWN = "key_unknown"
    KEY_EXPIRED = "key_expired"
    KEY_DISABLED = "key_disabled"
    SIGNATURE = "signature"
    SCOPE = "scope"
    IP = "ip"
    CLOCK = "clock"
    NONCE = "nonce"
    RATE = "rate"
    SECOND_FACTOR = "second_factor"
    LIMIT = "limit"  # too many keys or addresses
    NOT_FOUND = "not_found"  # the thing acted on, not the calling key
    REGION = "region"
    BUSY = "busy"  # maintenance, 5xx
    AMBIGUOUS = "ambiguous"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Credential:
    """What signs: the public id and its secret parts; parts a venue does not have are None.

    `tokens`: of kind OAUTH alone, whose `secret` is the access token.
    """

    key: str
    secret: Secret
    passphrase: Secret | None = None
    kind: KeyKind = (
        KeyKind.HMAC
    )  # RSA, ED25519, ES256: a PEM private key, or the form of the adapter's example
    tokens: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and where a request is signed: `ms` unix milliseconds on the venue's clock, a fresh `nonce`,
    and the `host` (with port, where not the default) it will be sent to."""

    ms: int
    nonce: str
    host: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a venue's API, unsigned. `path` starts with "/"; a query value may be a list, or a Secret
    (so may a member of the body): signing reveals it, a repr does not.

    `signed=False` is for public calls (server time). `effect` is noted in the journal before it leaves.
    `base`: the origin of the venue's OAuth where that is not the API's, "" for the API. `form`: the body
    leaves as a form instead of JSON; `basic`: an app's id, sent as a user without password (RFC 6749 §2.3.1).
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    effect: Effect = Effect.NONE
    signed: bool = True
    base: str = ""
    form: bool = False
    basic: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """The exact bytes to send: `target` is path and query as signed, without scheme and host."""

    method: str
    target: str = field(repr=False)  # some venues want a passphrase in it
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A venue's answer. `body` may hold a secret, so it is not in the repr. Header names lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The parsed body; raises ValueError where it is not JSON, or nested deeper than we can read."""
        try:
            return json.loads(self.body)
        except RecursionError:
            pass
        raise ValueError("nested too deeply")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that an operation cannot go on without, for whoever runs it to answer.

    "totp": a one-time code, which only a person has. "new_passphrase": the passphrase of the key about to be
    made, fresh and the same whenever the operation is run again. "passphrase": that of the key `key` (public
    id) as it exists. Workflows know or draw passphrases; a person is asked for those nobody here knows.
    """

    kind: str
    prompt: str
    key: str = ""


T = TypeVar("T")
Step = Generator[Request | Ask, Any, T]
"""An operation: yields Request (is sent a Reply, or Refused is thrown in) or Ask (is sent a str)."""
