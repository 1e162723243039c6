"""What credentials look like: one entry per venue, one per general kind."""

# ruff: noqa: E501 - tables read better with a row on a line
from __future__ import annotations

import base64
import hashlib
import json
import string
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import keyguard.scanner

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE64 = ALNUM + "+/"
URL64 = ALNUM + "-_"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
Make = Callable[[Random], str]


def some(alphabet: str, size: int, before: str = "", after: str = "") -> Make:
    """A maker of `size` characters of an alphabet between two fixed parts."""
    return lambda r: before + "".join(r.choices(alphabet, k=size)) + after


def uid(r: Random) -> str:
    return str(uuid.UUID(int=r.getrandbits(128), version=4))


def passphrase(r: Random) -> str:
    """As desks choose them: a word, digits, a sign."""
    word = "".join(r.choices(string.ascii_lowercase, k=7)).capitalize()
    return f"{word}{r.randrange(100, 9999)}{r.choice('!@#')}{r.choice(string.ascii_letters)}"


def htx_key(r: Random) -> str:
    groups = ("".join(r.choices(HEX + "ghjkmn", k=n)) for n in (8, 8, 8, 5))
    return "-".join(groups)


def htx_secret(r: Random) -> str:
    return "-".join("".join(r.choices(HEX, k=n)) for n in (8, 8, 8, 5))


def pem(kind: str, start: str, size: int) -> Make:
    """A PEM block of the outer form of a private key."""

    def make(r: Random) -> str:
        body = start + "".join(r.choices(BASE64, k=size - len(start)))
        lines = "\n".join(body[at : at + 64] for at in range(0, size, 64))
        return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"

    return make


def key_name(r: Random) -> str:
    return f"organizations/{uid(r)}/apiKeys/{uid(r)}"


@dataclass(frozen=True)
class Venue:
    """`word` is what code calls it; names are those of its variables; `host` is its API's."""

    id: str
    word: str
    names: tuple[str, ...]
    host: str
    makers: tuple[Make, ...]


def _venue(id_: str, host: str, names: str, *makers: Make, word: str = "") -> Venue:
    return Venue(id_, word or id_, tuple(names.split()), host, makers)


EC = pem("EC PRIVATE " + "KEY", "MHcCAQEEI", 164)
VENUES = (
    _venue("backpack", "api.backpack.exchange", "BACKPACK_API_KEY BACKPACK_API_SECRET",
           some(BASE64, 43, after="="), some(BASE64, 43, after="=")),
    _venue("binance", "api.binance.com", "BINANCE_API_KEY BINANCE_API_SECRET", some(ALNUM, 64), some(ALNUM, 64)),
    _venue("bingx", "open-api.bingx.com", "BINGX_API_KEY BINGX_SECRET_KEY", some(ALNUM, 83), some(ALNUM, 83)),
    _venue("bitfinex", "api.bitfinex.com", "BFX_API_KEY BFX_API_SECRET", some(URL64, 43), some(URL64, 43)),
    _venue("bitflyer", "api.bitflyer.com", "BITFLYER_API_KEY BITFLYER_API_SECRET",
           some(ALNUM, 22), some(BASE64, 43, after="=")),
    _venue("bitget", "api.bitget.com", "BITGET_API_KEY BITGET_SECRET_KEY BITGET_PASSPHRASE",
           some(HEX, 32, "bg_"), some(HEX, 64), passphrase),
    _venue("bithumb", "api.bithumb.com", "BITHUMB_ACCESS_KEY BITHUMB_SECRET_KEY", some(ALNUM, 40), some(ALNUM, 40)),
    _venue("bitmex", "www.bitmex.com", "BITMEX_API_KEY BITMEX_API_SECRET", some(URL64, 24), some(URL64, 48)),
    _venue("bitso", "api.bitso.com", "BITSO_API_KEY BITSO_API_SECRET", some(string.ascii_letters, 10), some(HEX, 32)),
    _venue("bitstamp", "www.bitstamp.net", "BITSTAMP_API_KEY BITSTAMP_API_SECRET", some(ALNUM, 32), some(ALNUM, 32)),
    _venue("bitvavo", "api.bitvavo.com", "BITVAVO_API_KEY BITVAVO_API_SECRET", some(HEX, 64), some(HEX, 128)),
    _venue("bullish", "api.exchange.bullish.com", "BX_PUBLIC_KEY BX_SECRET_KEY",
           lambda r: "HMAC-" + uid(r), uid),
    _venue("bybit", "api.bybit.com", "BYBIT_API_KEY BYBIT_API_SECRET", some(ALNUM, 18), some(ALNUM, 36)),
    _venue("coinbase", "api.coinbase.com", "COINBASE_API_KEY COINBASE_API_SECRET", key_name, EC),
    _venue("coinbaseexchange", "api.exchange.coinbase.com",
           "CB_EXCHANGE_API_KEY CB_EXCHANGE_API_SECRET CB_EXCHANGE_API_PASSPHRASE", some(HEX, 32), some(BASE64, 86, after="=="), passphrase),
    _venue("coinone", "api.coinone.co.kr", "COINONE_ACCESS_TOKEN COINONE_SECRET_KEY", uid, uid),
    _venue("cryptocom", "api.crypto.com", "CRYPTOCOM_API_KEY CRYPTOCOM_API_SECRET",
           some(ALNUM, 22), some(ALNUM, 22, "cxakp_")),
    _venue("hashkey", "api-pro.hashkey.com", "HASHKEY_API_KEY HASHKEY_API_SECRET",
           some(ALNUM, 64), some(ALNUM, 64)),
    _venue("deribit", "www.deribit.com", "DERIBIT_CLIENT_ID DERIBIT_CLIENT_SECRET", some(URL64, 8), some(URL64, 43)),
    _venue("gate", "api.gateio.ws", "GATE_API_KEY GATE_API_SECRET", some(HEX, 32), some(HEX, 64), word="gateio"),
    _venue("gemini", "api.gemini.com", "GEMINI_API_KEY GEMINI_API_SECRET",
           some(ALNUM, 20, "account-"), some(ALNUM, 28)),
    _venue("gopax", "api.gopax.co.kr", "GOPAX_API_KEY GOPAX_SECRET_KEY", uid, some(BASE64, 86, after="==")),
    _venue("htx", "api.huobi.pro", "HTX_API_KEY HTX_SECRET_KEY", htx_key, htx_secret),
    _venue("hyperliquid", "api.hyperliquid.xyz", "HYPERLIQUID_ACCOUNT_ADDRESS HYPERLIQUID_PRIVATE_KEY",
           some(HEX, 40, "0x"), some(HEX, 64, "0x")),
    _venue("korbit", "api.korbit.co.kr", "KORBIT_API_KEY KORBIT_API_SECRET", some(URL64, 43), some(URL64, 43)),
    _venue("kraken", "api.kraken.com", "KRAKEN_API_KEY KRAKEN_API_SECRET",
           some(BASE64, 56), some(BASE64, 86, after="==")),
    _venue("kucoin", "api.kucoin.com", "KUCOIN_API_KEY KUCOIN_SECRET_KEY KUCOIN_PASSPHRASE",
           some(HEX, 24), uid, passphrase),
    _venue("mexc", "api.mexc.com", "MEXC_API_KEY MEXC_API_SECRET", some(ALNUM, 15, "mx0"), some(HEX, 32)),
    _venue("okx", "www.okx.com", "OKX_API_KEY OKX_SECRET_KEY OKX_PASSPHRASE",
           uid, some(HEX.upper(), 32), passphrase),
    _venue("upbit", "api.upbit.com", "UPBIT_ACCESS_KEY UPBIT_SECRET_KEY", some(ALNUM, 40), some(ALNUM, 40)),
    _venue("whitebit", "whitebit.com", "WHITEBIT_API_KEY WHITEBIT_API_SECRET", some(HEX, 32), some(HEX, 32)),
)  # fmt: skip


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _checked(prefix: str) -> Make:
    """GitHub's and npm's tokens end in a checksum."""

    def make(r: Random) -> str:
        body = "".join(r.choices(ALNUM, k=30))
        number, digits = zlib.crc32(body.encode()), ""
        for _ in range(6):
            number, digit = divmod(number, 62)
            digits = BASE62[digit] + digits
        return prefix + body + digits

    return make


def mnemonic(words: int) -> Make:
    """A recovery phrase of the English list."""

    def make(r: Random) -> str:
        folder = Path(keyguard.scanner.__file__).parent / "data"
        listed = (folder / "bip39-english.txt").read_text().split()
        entropy = r.randbytes(words * 4 // 3)
        bits = "".join(f"{byte:08b}" for byte in entropy)
        bits += f"{hashlib.sha256(entropy).digest()[0]:08b}"[: words // 3]
        return " ".join(listed[int(bits[at : at + 11], 2)] for at in range(0, len(bits), 11))

    return make


def token_of(claims: dict[str, object]) -> Make:
    """A signed JWT."""

    def make(r: Random) -> str:
        head = url64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = url64(json.dumps({**claims, "sub": uid(r)}).encode())
        return f"{head}.{body}." + "".join(r.choices(URL64, k=43))

    return make


def discord(r: Random) -> str:
    number = str(r.randrange(10**17, 2 * 10**17))
    return f"{url64(number.encode())}.{some(URL64, 6)(r)}.{some(URL64, 38)(r)}"


def basic(r: Random) -> str:
    return base64.b64encode(f"deploy:{some(ALNUM, 18)(r)}".encode()).decode()


@dataclass(frozen=True)
class General:
    """A kind that no venue issues. `names`: its variable, the secret one last; `{0}`, `{1}` in `lines` are
    the made values, where the vendor has a layout of its own."""

    id: str
    names: tuple[str, ...]
    makers: tuple[Make, ...]
    lines: tuple[str, ...] = ()


def _general(id_: str, names: str, *makers: Make, lines: tuple[str, ...] = ()) -> General:
    return General(id_, tuple(names.split()), makers, lines)


GENERAL = (
    _general("pem", "TLS_PRIVATE_KEY", pem("PRIVATE " + "KEY", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", 1600)),
    _general("openssh", "DEPLOY_KEY", pem("OPENSSH PRIVATE " + "KEY", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU", 420)),
    _general("ethereum", "PRIVATE_KEY", some(HEX, 64, "0x")),
    _general("mnemonic-12", "MNEMONIC", mnemonic(12)),
    _general("mnemonic-24", "WALLET_SEED_PHRASE", mnemonic(24)),
    _general("aws", "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
             some(string.ascii_uppercase + "234567", 16, "AKIA"), some(BASE64, 40)),
    _general("azure-storage", "AZURE_STORAGE_CONNECTION_STRING", some(BASE64, 86, after="=="), lines=(
        "DefaultEndpointsProtocol=https;AccountName=deskdata;AccountKey={0};EndpointSuffix=core.windows.net",)),
    _general("azure-client", "AZURE_CLIENT_SECRET", lambda r: some(ALNUM, 3)(r) + "8Q~" + some(URL64, 34)(r)),
    _general("github", "GITHUB_TOKEN", _checked("ghp_")),
    _general("github-fine", "GH_TOKEN", lambda r: f"github_pat_{some(ALNUM, 22)(r)}_{some(ALNUM, 59)(r)}"),
    _general("gitlab", "GITLAB_TOKEN", some(ALNUM, 20, "glpat-")),
    _general("slack", "SLACK_BOT_TOKEN", lambda r: "-".join(
        ("xoxb", some("123456789", 12)(r), some("123456789", 13)(r), some(ALNUM, 24)(r)))),
    _general("slack-webhook", "SLACK_WEBHOOK", lambda r: "hooks.slack.com/services/" + "/".join(
        ("T" + some(BASE62[:36], 10)(r), "B" + some(BASE62[:36], 10)(r), some(ALNUM, 24)(r))),
        lines=("https://{0}",)),
    _general("telegram", "TELEGRAM_TOKEN", lambda r: some("123456789", 10)(r) + ":AA" + some(URL64, 33)(r)),
    _general("discord", "DISCORD_TOKEN", discord),
    _general("pagerduty", "PAGERDUTY_API_KEY", some(ALNUM, 18, "u+")),
    _general("datadog", "DD_API_KEY", some(HEX, 32)),
    _general("infura", "RPC_URL", some(HEX, 32), lines=("https://mainnet.infura.io/v3/{0}",)),
    _general("alchemy", "RPC_URL", some(URL64, 32), lines=("https://eth-mainnet.g.alchemy.com/v2/{0}",)),
    _general("quicknode", "RPC_URL", some(HEX, 40), lines=("https://old-blue-hill.quiknode.pro/{0}/",)),
    _general("stripe", "STRIPE_SECRET_KEY", some(ALNUM, 24, "sk_live_")),
    _general("openai", "OPENAI_API_KEY", some(URL64, 124, "sk-proj-")),
    _general("anthropic", "ANTHROPIC_API_KEY", some(URL64, 93, "sk-ant-api03-", "AA")),
    _general("npm", "NPM_TOKEN", _checked("npm_")),
    _general("pypi", "TWINE_PASSWORD", some(URL64, 150, "pypi-AgEIcHlwaS5vcmc")),
    _general("jwt", "ACCESS_TOKEN", token_of({"iss": "desk", "exp": 1_990_000_000})),
    _general("postgres", "DATABASE_URL", some(ALNUM, 16), lines=(
        "postgresql://trader:{0}@db.prod.internal:5432/orders",)),
    _general("mongodb", "MONGO_URI", some(ALNUM, 18), lines=(
        "mongodb+srv://bot:{0}@cluster0.x7k2p.mongodb.net/md?retryWrites=true",)),
    _general("redis", "REDIS_URL", some(ALNUM, 24), lines=("rediss://default:{0}@cache.prod.internal:6380/0",)),
    _general("basic-url", "PROXY_URL", some(ALNUM, 14), lines=("http://desk:{0}@proxy.prod.internal:3128",)),
    _general("generic", "WEBHOOK_SIGNING_SECRET", some(ALNUM, 40)),
)  # fmt: skip
"""Kinds written as a name and a value; those with files of their own are in `layouts.py`."""
