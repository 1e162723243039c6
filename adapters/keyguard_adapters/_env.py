"""Names of environment variables for `run --as`: what programs of others read a credential from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_FIELDS = ("key", "secret", "passphrase")
Names = tuple[tuple[str, str], ...]


def env_names(*, sdk: Sequence[str], ccxt: str, hummingbot: Sequence[str] = ()) -> Mapping[str, Names]:
    """The names by style: of key, secret and, where a venue's keys have one, passphrase, in this order.

    `sdk` and `hummingbot` as the programs name them; `ccxt`: its id in capitals. ccxt's and freqtrade's
    names follow a rule, the same for every venue.
    """
    parts = len(sdk)
    styles: dict[str, Sequence[str]] = {
        "sdk": sdk,
        "ccxt": [f"{ccxt}_{part}" for part in ("APIKEY", "SECRET", "PASSWORD")[:parts]],
        "freqtrade": [f"FREQTRADE__EXCHANGE__{part}" for part in ("KEY", "SECRET", "PASSWORD")[:parts]],
    }
    if hummingbot:
        styles["hummingbot"] = hummingbot
    return {style: tuple(zip(names, _FIELDS, strict=False)) for style, names in styles.items()}
