"""Credentials of every venue as documentation, clients and their configurations write them, made at run
time. Shapes and names come from the venues' documents, not from the rules."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.scanner.leaks import ALNUM, BASE64URL

HEX = "0123456789abcdef"
Fields = dict[str, str]


class Maker:
    """Values of real shape, always the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def of(self, alphabet: str, length: int) -> str:
        return "".join(self.random.choices(alphabet, k=length))

    def alnum(self, length: int) -> str:
        return self.of(ALNUM, length)

    def hex(self, length: int) -> str:
        return self.of(HEX, length)

    def b64(self, size: int) -> str:
        return base64.b64encode(self.random.randbytes(size)).decode()

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.random.randbytes(16), version=4))

    def phrase(self) -> str:
        word = self.random.choice(["River", "Quartz", "Harbour", "Saddle", "Pepper"])
        return word + self.random.choice("!@#%") + self.of(string.digits, 3) + self.of("bcdfgh", 3)

    def groups(self, *lengths: int) -> str:
        return "-".join(self.hex(length) for length in lengths)


@dataclass(frozen=True)
class Leak:
    """How one venue's credential looks. `section` is what configurations call the venue, `env` what its
    variables are called; `make` gives the values by field."""

    venue: str
    section: str
    env: dict[str, str]
    make: Callable[[Maker], Fields]


def _leak(venue: str, section: str, names: str, make: Callable[[Maker], tuple[str, ...]]) -> Leak:
    fields = ("key", "secret", "passphrase")
    env = dict(zip(fields, names.split(), strict=False))
    return Leak(venue, section, env, lambda m: dict(zip(fields, make(m), strict=False)))


LEAKS = [
    _leak("backpack", "backpack", "BACKPACK_API_KEY BACKPACK_API_SECRET", lambda m: (m.b64(32), m.b64(32))),
    _leak("binance", "binance", "BINANCE_API_KEY BINANCE_API_SECRET", lambda m: (m.alnum(64), m.alnum(64))),
    _leak("bingx", "bingx", "BINGX_API_KEY BINGX_SECRET_KEY", lambda m: (m.alnum(83), m.alnum(83))),
    _leak(
        "bitfinex",
        "bitfinex",
        "BFX_API_KEY BFX_API_SECRET",
        lambda m: (m.of(BASE64URL, 42) + "Z", m.of(BASE64URL, 42) + "Q"),
    ),
    _leak("bitflyer", "bitflyer", "BITFLYER_API_KEY BITFLYER_API_SECRET", lambda m: (m.alnum(22), m.b64(32))),
    _leak(
        "bitget",
        "bitget",
        "BITGET_API_KEY BITGET_SECRET_KEY BITGET_PASSPHRASE",
        lambda m: ("bg_" + m.hex(32), m.hex(64), m.alnum(10) + "4"),
    ),
    _leak(
        "bithumb", "bithumb", "BITHUMB_ACCESS_KEY BITHUMB_SECRET_KEY", lambda m: (m.alnum(40), m.alnum(40))
    ),
    _leak(
        "bitmex",
        "bitmex",
        "BITMEX_API_KEY BITMEX_API_SECRET",
        lambda m: (m.of(BASE64URL, 23) + "Z", m.of(BASE64URL, 47) + "Q"),
    ),
    _leak(
        "bitso",
        "bitso",
        "BITSO_API_KEY BITSO_API_SECRET",
        lambda m: (m.of(string.ascii_letters, 10), m.hex(32)),
    ),
    _leak(
        "bitstamp", "bitstamp", "BITSTAMP_API_KEY BITSTAMP_API_SECRET", lambda m: (m.alnum(32), m.alnum(32))
    ),
    _leak("bitvavo", "bitvavo", "BITVAVO_API_KEY BITVAVO_API_SECRET", lambda m: (m.hex(64), m.hex(128))),
    _leak("bullish", "bullish", "BX_PUBLIC_KEY BX_SECRET_KEY", lambda m: ("HMAC-" + m.uuid(), m.uuid())),
    _leak("bybit", "bybit", "BYBIT_API_KEY BYBIT_API_SECRET", lambda m: (m.alnum(18), m.alnum(36))),
    _leak(
        "coinbase",
        "coinbase",
        "COINBASE_API_KEY COINBASE_API_SECRET",
        lambda m: (f"organizations/{m.uuid()}/apiKeys/{m.uuid()}", m.b64(64)),
    ),
    _leak(
        "coinbaseexchange",
        "coinbaseexchange",
        "CB_EXCHANGE_API_KEY CB_EXCHANGE_API_SECRET CB_EXCHANGE_API_PASSPHRASE",
        lambda m: (m.hex(32), m.b64(64), m.of(string.ascii_lowercase + string.digits, 10) + "7"),
    ),
    _leak("coinone", "coinone", "COINONE_ACCESS_TOKEN COINONE_SECRET_KEY", lambda m: (m.uuid(), m.uuid())),
    _leak(
        "cryptocom",
        "cryptocom",
        "CRYPTOCOM_API_KEY CRYPTOCOM_API_SECRET",
        lambda m: (m.alnum(22), "cxakp_" + m.alnum(22)),
    ),
    _leak(
        "deribit",
        "deribit",
        "DERIBIT_CLIENT_ID DERIBIT_CLIENT_SECRET",
        lambda m: (m.of(BASE64URL, 7) + "4", m.of(BASE64URL, 42) + "Q"),
    ),
    _leak("gate", "gateio", "GATEIO_API_KEY GATEIO_API_SECRET", lambda m: (m.hex(32), m.hex(64))),
    _leak(
        "gemini",
        "gemini",
        "GEMINI_API_KEY GEMINI_API_SECRET",
        lambda m: ("account-" + m.alnum(18) + "Q4", m.alnum(28)),
    ),
    _leak("gopax", "gopax", "GOPAX_API_KEY GOPAX_SECRET_KEY", lambda m: (m.alnum(64), m.b64(64))),
    _leak("hashkey", "hashkey", "HASHKEY_API_KEY HASHKEY_API_SECRET", lambda m: (m.alnum(64), m.alnum(64))),
    _leak(
        "htx",
        "htx",
        "HTX_ACCESS_KEY HTX_SECRET_KEY",
        lambda m: (m.groups(8, 10, 8, 5), m.groups(8, 8, 8, 5)),
    ),
    Leak(
        "hyperliquid",
        "hyperliquid",
        {"key": "HYPERLIQUID_ACCOUNT_ADDRESS", "private_key": "HYPERLIQUID_PRIVATE_KEY"},
        lambda m: {"key": "0x" + m.hex(40), "private_key": "0x" + m.hex(64)},
    ),
    _leak(
        "korbit",
        "korbit",
        "KORBIT_API_KEY KORBIT_API_SECRET",
        lambda m: (m.of(BASE64URL, 42) + "Z", m.of(BASE64URL, 42) + "Q"),
    ),
    _leak("kraken", "kraken", "KRAKEN_API_KEY KRAKEN_SECRET_KEY", lambda m: (m.b64(42), m.b64(64))),
    _leak(
        "kucoin",
        "kucoin",
        "KUCOIN_API_KEY KUCOIN_API_SECRET KUCOIN_API_PASSPHRASE",
        lambda m: (m.hex(24), m.uuid(), m.phrase()),
    ),
    _leak("mexc", "mexc", "MEXC_API_KEY MEXC_API_SECRET", lambda m: ("mx0" + m.alnum(15), m.hex(32))),
    _leak(
        "okx",
        "okx",
        "OKX_API_KEY OKX_SECRET_KEY OKX_PASSPHRASE",
        lambda m: (m.uuid(), m.hex(32).upper(), m.phrase()),
    ),
    _leak("upbit", "upbit", "UPBIT_ACCESS_KEY UPBIT_SECRET_KEY", lambda m: (m.alnum(40), m.alnum(40))),
    _leak("whitebit", "whitebit", "WHITEBIT_API_KEY WHITEBIT_API_SECRET", lambda m: (m.hex(32), m.hex(32))),
]

CCXT = {"key": "apiKey", "secret": "secret", "passphrase": "password", "private_key": "privateKey"}
SNAKE = {"key": "api_key", "secret": "api_secret", "passphrase": "passphrase", "private_key": "private_key"}
SHORT = {"key": "key", "secret": "secret", "passphrase": "passphrase", "private_key": "secret_key"}
GO = {"key": "APIKey", "secret": "APISecret", "passphrase": "Passphrase", "private_key": "PrivateKey"}
CAMEL = {"key": "apiKey", "secret": "apiSecret", "passphrase": "passphrase", "private_key": "privateKey"}


def named(names: dict[str, str], made: Fields, address: str) -> list[tuple[str, str]]:
    """Names and values; an account address is never called a key."""
    own = "private_key" in made
    return [(address if own and field == "key" else names[field], value) for field, value in made.items()]


def _env(leak: Leak, made: Fields) -> str:
    return "".join(f"{leak.env[field]}={value}\n" for field, value in made.items()) + "\n"


def _shell(leak: Leak, made: Fields) -> str:
    return "".join(f"export {leak.env[field]}='{value}'\n" for field, value in made.items())


def _compose(leak: Leak, made: Fields) -> str:
    lines = "".join(f"      - {leak.env[field]}={value}\n" for field, value in made.items())
    return f"  bot-{leak.section}:\n    image: desk/bot:1.4\n    environment:\n{lines}"


def _compose_map(leak: Leak, made: Fields) -> str:
    lines = "".join(f'      {leak.env[field]}: "{value}"\n' for field, value in made.items())
    return f"  {leak.section}-maker:\n    image: desk/maker\n    environment:\n{lines}"


def _ccxt(leak: Leak, made: Fields) -> str:
    lines = "".join(f"    '{n}': '{v}',\n" for n, v in named(CCXT, made, "walletAddress"))
    return f"{leak.section} = ccxt.{leak.section}({{\n{lines}    'enableRateLimit': True,\n}})\n\n"


def _arguments(leak: Leak, made: Fields) -> str:
    words = ", ".join(f'{n}="{v}"' for n, v in named(SNAKE, made, "account_address"))
    return f"clients['{leak.section}'] = {leak.section.title()}Client({words}, testnet=False)\n"


def _constants(leak: Leak, made: Fields) -> str:
    return "".join(f'{leak.env[field]} = "{value}"\n' for field, value in made.items()) + "\n"


def _dict(leak: Leak, made: Fields) -> str:
    words = ", ".join(f"'{n}': '{v}'" for n, v in named(SNAKE, made, "wallet_address"))
    return f"    '{leak.section}': {{{words}}},\n"


def _json(leak: Leak, made: Fields) -> str:
    lines = ",\n".join(f'      "{n}": "{v}"' for n, v in named(CCXT, made, "walletAddress"))
    return f'    "{leak.section}": {{\n{lines}\n    }},\n'


def _json_list(leak: Leak, made: Fields) -> str:
    lines = ", ".join(f'"{n}": "{v}"' for n, v in named(SHORT, made, "account_address"))
    return f'    {{"exchange": "{leak.section}", "enabled": true, {lines}}},\n'


def _freqtrade(leak: Leak, made: Fields) -> str:
    lines = ",\n".join(f'    "{n}": "{v}"' for n, v in named({**CCXT, "key": "key"}, made, "walletAddress"))
    head = '{\n  "stake_currency": "USDT",\n  "exchange": {\n'
    return f'{head}    "name": "{leak.section}",\n{lines}\n  }}\n}}\n'


def _hummingbot(leak: Leak, made: Fields) -> str:
    names = {**SNAKE, "secret": "secret_key", "private_key": "secret_key"}
    return "".join(f"{leak.section}_{n}: {v}\n" for n, v in named(names, made, "address"))


def _yaml(leak: Leak, made: Fields) -> str:
    lines = "".join(f"    {n}: {_plain(v)}\n" for n, v in named(SNAKE, made, "account_address"))
    return f"  {leak.section}:\n    enabled: true\n{lines}"


def _plain(value: str) -> str:
    """YAML takes # after a space only for a comment, but people quote what looks odd."""
    return f'"{value}"' if any(c in value for c in "#@%!:") else value


def _toml(leak: Leak, made: Fields) -> str:
    lines = "".join(f'{n} = "{v}"\n' for n, v in named(SNAKE, made, "account_address"))
    return f"[exchanges.{leak.section}]\nenabled = true\n{lines}\n"


def _ini(leak: Leak, made: Fields) -> str:
    return f"[{leak.section}]\n" + "".join(f"{n} = {v}\n" for n, v in named(SHORT, made, "account_address"))


def _typescript(leak: Leak, made: Fields) -> str:
    lines = "".join(f"    {n}: '{v}',\n" for n, v in named(CAMEL, made, "accountAddress"))
    return f"  {leak.section}: {{\n{lines}    sandbox: false,\n  }},\n"


def _javascript(leak: Leak, made: Fields) -> str:
    words = ", ".join(f"{n}: `{v}`" for n, v in named(CCXT, made, "walletAddress"))
    return f"const {leak.section} = new ccxt.{leak.section}({{ {words} }});\n"


def _go(leak: Leak, made: Fields) -> str:
    lines = "".join(f'\t\t{n}: "{v}",\n' for n, v in named(GO, made, "AccountAddress"))
    return f'\t"{leak.section}": {{\n{lines}\t}},\n'


def _go_constants(leak: Leak, made: Fields) -> str:
    names = named(GO, made, "AccountAddress")
    return "".join(f'\t{leak.section}{n} = "{v}"\n' for n, v in names) + "\n"


def _properties(leak: Leak, made: Fields) -> str:
    names = {**SNAKE, "key": "api.key", "secret": "api.secret", "private_key": "private.key"}
    return "".join(f"exchange.{leak.section}.{n}={v}\n" for n, v in named(names, made, "address"))


def _terraform(leak: Leak, made: Fields) -> str:
    return "".join(f'{leak.env[field].lower()} = "{value}"\n' for field, value in made.items())


def _kubernetes(leak: Leak, made: Fields) -> str:
    lines = "".join(f"  {leak.env[field]}: {_plain(value)}\n" for field, value in made.items())
    return f"---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\nstringData:\n{lines}"


def _getenv(leak: Leak, made: Fields) -> str:
    return "".join(
        f'{field} = os.environ.get("{leak.env[field]}", "{value}")\n' for field, value in made.items()
    )


def _csharp(leak: Leak, made: Fields) -> str:
    words = ", ".join(f'{n} = "{v}"' for n, v in named(GO, made, "Address"))
    return f"var {leak.section} = new {leak.section.title()}Options {{ {words} }};\n"


def _rust(leak: Leak, made: Fields) -> str:
    return "".join(f'pub const {leak.env[field]}: &str = "{value}";\n' for field, value in made.items())


def _php(leak: Leak, made: Fields) -> str:
    words = ", ".join(f"'{n}' => '{v}'" for n, v in named(CCXT, made, "walletAddress"))
    return f"$exchange = new \\ccxt\\{leak.section}([{words}]);\n"


def _name_last(leak: Leak, made: Fields) -> str:
    lines = "".join(f'    "{n}": "{v}",\n' for n, v in named(SHORT, made, "account_address"))
    return f'  {{\n{lines}    "name": "{leak.section}"\n  }},\n'


def _commented(leak: Leak, made: Fields) -> str:
    names = named(SNAKE, made, "account_address")
    return f"# {leak.section}\n" + "".join(f"{n.upper()}={v}\n" for n, v in names) + "\n"


def _class(leak: Leak, made: Fields) -> str:
    lines = "".join(f"    {n.upper()} = '{v}'\n" for n, v in named(SNAKE, made, "account_address"))
    return f"class {leak.section.title()}Settings:\n{lines}\n\n"


def _variables(leak: Leak, made: Fields) -> str:
    """The variables first, then the client that takes them."""
    lines = "".join(f'{n} = "{v}"\n' for n, v in named(SNAKE, made, "account_address"))
    return f"import ccxt\n\n{lines}\nexchange = ccxt.{leak.section}({{'apiKey': api_key}})\n"


def _escaped(leak: Leak, made: Fields) -> str:
    words = ", ".join(f'\\"{n}\\": \\"{v}\\"' for n, v in named(CCXT, made, "walletAddress"))
    return f'{{"level":"info","msg":"config {{\\"exchange\\": \\"{leak.section}\\", {words}}}"}}\n'


def _flags(leak: Leak, made: Fields) -> str:
    words = " ".join(f"--{n.replace('_', '-')} '{v}'" for n, v in named(SNAKE, made, "account_address"))
    return f"desk-bot --exchange {leak.section} {words}\n"


@dataclass(frozen=True)
class Format:
    """How a file is written: head, one block for each venue, foot."""

    path: str
    block: Callable[[Leak, Fields], str]
    head: str = ""
    foot: str = ""


FORMATS = {
    "env": Format(".env", _env, "# desk\nLOG_LEVEL=info\n"),
    "shell": Format("start.sh", _shell, "#!/bin/sh\n"),
    "compose": Format("docker-compose.yml", _compose, "services:\n"),
    "compose map": Format("docker-compose.yml", _compose_map, "services:\n"),
    "python ccxt": Format("bot.py", _ccxt, "import ccxt\n\n"),
    "python arguments": Format("clients.py", _arguments, "clients = {}\n"),
    "python constants": Format("settings.py", _constants, '"""Settings."""\n\n'),
    "python dict": Format("config.py", _dict, "EXCHANGES = {\n", "}\n"),
    "json": Format("config.json", _json, '{\n  "exchanges": {\n', '    "end": {}\n  }\n}\n'),
    "json list": Format("accounts.json", _json_list, "[\n", '    {"exchange": ""}\n]\n'),
    "freqtrade": Format("config.json", _freqtrade),
    "hummingbot": Format("conf_global.yml", _hummingbot, "instance_id: 1\n"),
    "yaml": Format("config.yaml", _yaml, "exchanges:\n"),
    "toml": Format("config.toml", _toml),
    "ini": Format("desk.ini", _ini),
    "typescript": Format("config.ts", _typescript, "export const venues = {\n", "};\n"),
    "javascript": Format("bot.js", _javascript, "const ccxt = require('ccxt');\n"),
    "go map": Format("config.go", _go, "var venues = map[string]Venue{\n", "}\n"),
    "go constants": Format("keys.go", _go_constants, "const (\n", ")\n"),
    "properties": Format("application.properties", _properties),
    "terraform": Format("desk.tfvars", _terraform),
    "kubernetes": Format("secret.yaml", _kubernetes),
    "getenv default": Format("env.py", _getenv, "import os\n"),
    "c sharp": Format("Keys.cs", _csharp),
    "rust": Format("keys.rs", _rust),
    "php": Format("bot.php", _php, "<?php\n"),
    "json, name last": Format("accounts.json", _name_last, "[\n", "  {}\n]\n"),
    "commented": Format(".env.keys", _commented),
    "python class": Format("settings.py", _class),
    "log": Format("bot.log", _escaped),
    "flags": Format("run.sh", _flags),
}
ONE_ONLY = {"variables, then client": Format("bot.py", _variables)}
"""Of several venues in one such file nobody could tell which is whose."""


def values(leak: Leak, seed: int) -> Fields:
    """A credential of a venue."""
    return leak.make(Maker(seed * 1000 + LEAKS.index(leak)))


def write(style: Format, leaks: list[Leak], seed: int) -> str:
    """A file with a credential of each."""
    return style.head + "".join(style.block(leak, values(leak, seed)) for leak in leaks) + style.foot
