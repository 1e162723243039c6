"""Layouts in which values have no name of their own: clients' constructors, bots' and tools' files."""

# ruff: noqa: E501 - tables read better with a row on a line
from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from tests.corpus.values import ALNUM, BASE64, HEX, Venue, basic, pem, some, uid

Laid = tuple[str, str]
"""A path and its content."""


def _parts(values: tuple[str, ...], *names: str) -> dict[str, str]:
    return dict(zip(names, values, strict=False))


def ccxt(venue: Venue, values: tuple[str, ...]) -> Laid:
    options = "".join(
        f"    '{n}': {v!r},\n" for n, v in _parts(values, "apiKey", "secret", "password").items()
    )
    return (
        "bot.py",
        f"import ccxt\n\nexchange = ccxt.{venue.word}({{\n{options}    'enableRateLimit': True,\n}})\n",
    )


def ccxt_js(venue: Venue, values: tuple[str, ...]) -> Laid:
    options = ", ".join(
        f"{n}: {json.dumps(v)}" for n, v in _parts(values, "apiKey", "secret", "password").items()
    )
    return "bot.mjs", f"import ccxt from 'ccxt';\nconst ex = new ccxt.pro.{venue.word}({{ {options} }});\n"


def freqtrade(venue: Venue, values: tuple[str, ...]) -> Laid:
    exchange = {
        "name": venue.word,
        **_parts(values, "key", "secret", "password"),
        "pair_whitelist": ["BTC/USDT"],
    }
    config = {"max_open_trades": 3, "stake_currency": "USDT", "exchange": exchange}
    return "user_data/config.json", json.dumps(config, indent=4)


def hummingbot(venue: Venue, values: tuple[str, ...]) -> Laid:
    names = (f"{venue.word}_api_key", f"{venue.word}_api_secret", f"{venue.word}_passphrase")
    lines = "".join(f"{n}: {json.dumps(v)}\n" for n, v in _parts(values, *names).items())
    return f"conf/connectors/{venue.word}.yml", f"connector: {venue.word}\n\n{lines}"


def ini_section(venue: Venue, values: tuple[str, ...]) -> Laid:
    lines = "".join(
        f"{n} = {v}\n".replace("\n-", "\\n-")
        if "\n" not in v
        else f"{n} = {v.replace(chr(10), chr(92) + 'n')}\n"
        for n, v in _parts(values, "key", "secret", "passphrase").items()
    )
    return "exchanges.ini", f"[general]\nlog = info\n\n[{venue.word}]\n{lines}"


def yaml_section(venue: Venue, values: tuple[str, ...]) -> Laid:
    lines = "".join(
        f"    {n}: {json.dumps(v)}\n"
        for n, v in _parts(values, "api_key", "api_secret", "passphrase").items()
    )
    return "accounts.yaml", f"exchanges:\n  {venue.word}:\n    account: main\n{lines}    testnet: false\n"


def toml_profile(venue: Venue, values: tuple[str, ...]) -> Laid:
    names = ("api_key", "secret_key", "passphrase")
    lines = "".join(f"{n} = {json.dumps(v)}\n" for n, v in _parts(values, *names).items())
    return f".config/{venue.word}/config.toml", f'default = "main"\n\n[profiles.main]\n{lines}'


def mcp(venue: Venue, values: tuple[str, ...]) -> Laid:
    env = dict(zip(venue.names, values, strict=True))
    server = {"command": "npx", "args": ["-y", f"{venue.word}-mcp"], "env": env}
    return ".mcp.json", json.dumps({"mcpServers": {venue.word: server}}, indent=2)


def created(venue: Venue, values: tuple[str, ...]) -> Laid:
    """The answer of the venue that made the key, as a browser recorded it."""
    body = json.dumps({"code": 0, "data": _parts(values, "apiKey", "secretKey", "passphrase")})
    entry = {
        "request": {"method": "POST", "url": f"https://{venue.host}/v1/apiKeys", "headers": []},
        "response": {"status": 200, "content": {"mimeType": "application/json", "text": body}},
    }
    return "recording.har", json.dumps({"log": {"version": "1.2", "entries": [entry]}}, indent=2)


def client_log(venue: Venue, values: tuple[str, ...]) -> Laid:
    shown = ", ".join(f"{n}={v!r}" for n, v in _parts(values, "api_key", "api_secret", "passphrase").items())
    return (
        "bot.log",
        f"2026-03-02 08:11:40,182 DEBUG [{venue.word}] connecting to https://{venue.host} with {shown}\n",
    )


VENUE_LAYOUTS: dict[str, Callable[[Venue, tuple[str, ...]], Laid]] = {
    "ccxt.py": ccxt,
    "ccxt.js": ccxt_js,
    "freqtrade": freqtrade,
    "hummingbot": hummingbot,
    "ini-section": ini_section,
    "yaml-section": yaml_section,
    "toml-profile": toml_profile,
    "mcp.json": mcp,
    "har-created": created,
    "client-log": client_log,
}


def netrc(r: Random) -> tuple[Laid, str]:
    word = some(ALNUM, 18)(r)
    return (".netrc", f"machine git.prod.internal\n  login ci\n  password {word}\n"), word


def docker(r: Random) -> tuple[Laid, str]:
    auth = basic(r)
    return (
        ".docker/config.json",
        json.dumps({"auths": {"registry.prod.internal": {"auth": auth}}}, indent=8),
    ), auth


def kube_token(r: Random) -> tuple[Laid, str]:
    word = some(ALNUM, 40)(r)
    text = f"apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: ci\n  user:\n    token: {word}\n"
    return (".kube/config", text), word


def kube_key(r: Random) -> tuple[Laid, str]:
    block = pem("RSA PRIVATE " + "KEY", "MIIEowIBAAKCAQEA", 1590)(r)
    data = base64.b64encode(block.encode()).decode()
    return (".kube/prod.yaml", f"users:\n- name: admin\n  user:\n    client-key-data: {data}\n"), data


def service_account(r: Random) -> tuple[Laid, str]:
    block = pem("PRIVATE " + "KEY", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", 1600)(r)
    account = {
        "type": "service_account",
        "project_id": "desk-prod",
        "private_key_id": some(HEX, 40)(r),
        "private_key": block + "\n",
        "client_email": "bot@desk-prod.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return ("gcp.json", json.dumps(account, indent=2)), block


def npmrc(r: Random) -> tuple[Laid, str]:
    word = uid(r)
    return (
        ".npmrc",
        f"@desk:registry=https://npm.prod.internal/\n//npm.prod.internal/:_authToken={word}\n",
    ), word


def pypirc(r: Random) -> tuple[Laid, str]:
    word = "pypi-AgEIcHlwaS5vcmc" + some(ALNUM, 150)(r)
    return (".pypirc", f"[pypi]\nusername = __token__\npassword = {word}\n"), word


def aws_profile(r: Random) -> tuple[Laid, str]:
    word = some(BASE64, 40)(r)
    name = "AKIA" + some("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)(r)
    return (".aws/credentials", f"[prod]\naws_access_key_id = {name}\naws_secret_access_key = {word}\n"), word


def curl_user(r: Random) -> tuple[Laid, str]:
    word = some(ALNUM, 16)(r)
    return ("check.sh", f"curl -fsS -u monitor:{word} https://grafana.prod.internal/api/health\n"), word


def bearer(r: Random) -> tuple[Laid, str]:
    word = some(ALNUM, 48)(r)
    return ("call.sh", f"curl -H 'Authorization: Bearer {word}' https://risk.prod.internal/v1/limits\n"), word


def discord_webhook(r: Random) -> tuple[Laid, str]:
    word = some(ALNUM, 68)(r)
    return (
        "alerts.yaml",
        f"discord: https://discord.com/api/webhooks/{r.randrange(10**17, 10**18)}/{word}\n",
    ), word


def web3(r: Random) -> tuple[Laid, str]:
    word = some(HEX, 64)(r)
    return ("signer.py", f'from eth_account import Account\n\nsigner = Account.from_key("{word}")\n'), word


TOOL_LAYOUTS: dict[str, Callable[[Random], tuple[Laid, str]]] = {
    f.__name__: f
    for f in (netrc, docker, kube_token, kube_key, service_account, npmrc, pypirc, aws_profile, curl_user, bearer,
              discord_webhook, web3)
}  # fmt: skip
