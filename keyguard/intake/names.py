"""Which variable names mean which part of which venue's key.

Sources: exchanges' SDKs and samples, ccxt, freqtrade and hummingbot conventions (read 2026-11-20).
"""

from __future__ import annotations

from dataclasses import dataclass

from keyguard.core.keys import Environment

_TEST = Environment.TEST


@dataclass(frozen=True, slots=True)
class Family:
    """Names that belong together: a key is only paired with a secret of its own family.

    `parts` is ((field, names), …) in capitals. `label` is the hint the names give, "" for none.
    """

    venue: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    label: str = ""
    environment: Environment = Environment.LIVE


FAMILIES = (
    Family(
        "bybit",
        (
            ("key", ("BYBIT_API_KEY", "BYBIT_APIKEY", "BYBIT_KEY")),
            ("secret", ("BYBIT_API_SECRET", "BYBIT_API_SECRET_KEY", "BYBIT_SECRET_KEY", "BYBIT_SECRET")),
            ("private_key", ("BYBIT_API_PRIVATE_KEY", "BYBIT_PRIVATE_KEY", "BYBIT_RSA_PRIVATE_KEY")),
        ),
    ),
    Family(
        "bybit",
        (
            ("key", ("BYBIT_TESTNET_API_KEY", "BYBIT_TESTNET_KEY")),
            ("secret", ("BYBIT_TESTNET_API_SECRET", "BYBIT_TESTNET_SECRET")),
        ),
        label="testnet",
        environment=_TEST,
    ),
    Family(
        "bybit",
        (
            ("key", ("BYBIT_DEMO_API_KEY", "BYBIT_DEMO_KEY")),
            ("secret", ("BYBIT_DEMO_API_SECRET", "BYBIT_DEMO_SECRET")),
        ),
        label="demo",
        environment=_TEST,
    ),
    Family(
        "upbit",
        (
            ("key", ("UPBIT_ACCESS_KEY", "UPBIT_ACCESS")),
            ("secret", ("UPBIT_SECRET_KEY", "UPBIT_SECRET")),
        ),
    ),
    Family(
        "upbit",
        (("key", ("UPBIT_OPEN_API_ACCESS_KEY",)), ("secret", ("UPBIT_OPEN_API_SECRET_KEY",))),
    ),
    Family("upbit", (("key", ("UPBIT_API_KEY",)), ("secret", ("UPBIT_API_SECRET",)))),
    Family(
        "deribit",
        (
            ("key", ("DERIBIT_CLIENT_ID", "DERIBIT_ID")),
            ("secret", ("DERIBIT_CLIENT_SECRET", "DERIBIT_SECRET")),
            ("private_key", ("DERIBIT_PRIVATE_KEY",)),
        ),
    ),
    Family(
        "deribit",
        (("key", ("DERIBIT_API_KEY", "DERIBIT_KEY")), ("secret", ("DERIBIT_API_SECRET",))),
    ),
    Family(
        "deribit",
        (
            ("key", ("DERIBIT_TESTNET_CLIENT_ID", "DERIBIT_TEST_CLIENT_ID", "DERIBIT_TESTNET_API_KEY")),
            (
                "secret",
                ("DERIBIT_TESTNET_CLIENT_SECRET", "DERIBIT_TEST_CLIENT_SECRET", "DERIBIT_TESTNET_API_SECRET"),
            ),
        ),
        label="testnet",
        environment=_TEST,
    ),
)

_NOT_THE_VALUE = frozenset(
    {"FILE", "PATH", "NAME", "ARN", "URL", "LABEL", "EXPIRY", "EXPIRES", "TTL", "IP", "IPS"}
)
"""After a name these mean something about the credential, not the credential itself."""

_BY_NAME = {
    name: (number, field)
    for number, family in enumerate(FAMILIES)
    for field, names in family.parts
    for name in names
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a variable name says. `before` and `after` are what surrounds the known name, lower case:
    two sets of one family in a file differ by them (`BOT1_BYBIT_API_KEY`, `BYBIT_API_KEY_2`)."""

    family: int
    field: str
    before: str
    after: str

    @property
    def group(self) -> tuple[int, str, str]:
        """Equal for the parts of one credential."""
        return (self.family, self.before, self.after)

    @property
    def label(self) -> str:
        """The label these names suggest."""
        words = (self.before, FAMILIES[self.family].label, self.after)
        return "-".join(word.replace("_", "-") for word in words if word)


def meaning(variable: str) -> Meaning | None:
    """Look a variable name up, in any case; None for a name of something else."""
    words = variable.upper().split("_")
    if len(words) > 16 or words[-1] in _NOT_THE_VALUE:
        return None
    # The longest known name within wins: BYBIT_SECRET_KEY is not BYBIT_SECRET with "key" after it.
    for length in range(min(len(words), 6), 0, -1):
        for start in range(len(words) - length + 1):
            known = _BY_NAME.get("_".join(words[start : start + length]))
            if known:
                before, after = "_".join(words[:start]), "_".join(words[start + length :])
                return Meaning(*known, before.lower(), after.lower())
    return None
