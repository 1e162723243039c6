"""Values that look like credentials and are none, in the places where they stand in real trees."""

# ruff: noqa: E501 - tables read better with a row on a line
from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from tests.corpus.values import ALNUM, BASE64, HEX, URL64, VENUES, Venue, pem, some, token_of, uid, url64

Look = tuple[str, str, list[str]]
"""A path, its content, and the values in it that are no secrets."""

PLACEHOLDERS = (
    "your_api_secret", "YOUR_SECRET_KEY_HERE", "<your-api-secret>", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "changeme", "REPLACE_ME_WITH_YOUR_SECRET", "***************", "${API_SECRET}", "{{ api_secret }}", "...",
    "paste-your-secret-here", "0000000000000000000000000000000000000000000000000000000000000000",
    "1234567890abcdef1234567890abcdef", "abcdefghijklmnopqrstuvwxyz0123456789", "$API_SECRET",
    "%(api_secret)s", "insert-secret", "mysecretapikeygoeshere", "not-a-real-secret-just-an-example",
)  # fmt: skip


def placeholders(r: Random, venue: Venue) -> Look:
    used = [r.choice(PLACEHOLDERS) for _ in venue.names]
    return (
        f"{venue.word}/.env.example",
        "".join(f"{n}={v}\n" for n, v in zip(venue.names, used, strict=True)),
        used,
    )


def references(_r: Random, venue: Venue) -> Look:
    names = venue.names
    lines = [f'{n.lower()} = os.environ["{n}"]\n' for n in names]
    lines += [f'{n.lower()} = read_secret_from_vault("{venue.word}/{n.lower()}/production")\n' for n in names]
    return f"{venue.word}_client.py", "".join(lines), [f"{venue.word}/{n.lower()}/production" for n in names]


def orders(r: Random, venue: Venue) -> Look:
    """Ids of orders: for venues whose secrets are UUIDs or hex these are of the same shape."""
    ids = [uid(r), some(HEX, 32)(r), some(HEX, 24)(r)]
    rows = [{"orderId": i, "clientOrderId": some(ALNUM, 22, "x-")(r), "symbol": "BTCUSDT"} for i in ids]
    return (
        f"fixtures/{venue.word}_orders.json",
        json.dumps({"venue": venue.word, "orders": rows}, indent=1),
        ids,
    )


def signed_request(r: Random, venue: Venue) -> Look:
    """What a client's log holds of a request: its signature is worth nothing a minute later."""
    signature = some(HEX, 64)(r) if r.random() < 0.5 else some(BASE64, 43, after="=")(r)
    text = (
        f"DEBUG {venue.word} GET https://{venue.host}/v1/account?timestamp=1772438000123&recvWindow=5000"
        f"&signature={signature}\nDEBUG {venue.word} headers {{'Signature': '{signature}', 'X-Request-Id': '{uid(r)}'}}\n"
    )
    return f"logs/{venue.word}.log", text, [signature]


def deposits(r: Random, venue: Venue) -> Look:
    transaction, address = some(HEX, 64, "0x")(r), some(HEX, 40, "0x")(r)
    row = {"exchange": venue.word, "txId": transaction, "address": address, "memo": "", "coin": "ETH"}
    return f"fixtures/{venue.word}_deposits.json", json.dumps([row], indent=2), [transaction, address]


def public_halves(r: Random, venue: Venue) -> Look:
    public = pem("PUBLIC KEY", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", 392)(r)
    body = public.split("\n")[1]
    digest = some(HEX, 64)(r)
    return (f"docs/{venue.word}.md", f"Upload this to {venue.word}:\n\n{public}\n\nsha256 of the file: {digest}\n",
            [body, digest])  # fmt: skip


VENUE_LOOKS: tuple[Callable[[Random, Venue], Look], ...] = (
    placeholders, references, orders, signed_request, deposits, public_halves,
)  # fmt: skip


def package_lock(r: Random) -> Look:
    sums = ["sha512-" + some(BASE64, 86, after="==")(r) for _ in range(6)]
    packages = {f"node_modules/dep{n}": {"version": "1.2.3", "integrity": s} for n, s in enumerate(sums)}
    return "package-lock.json", json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2), sums


def poetry_lock(r: Random) -> Look:
    sums = [some(HEX, 64)(r) for _ in range(6)]
    files = "".join(
        f'    {{file = "secretstorage-{n}.whl", hash = "sha256:{s}"}},\n' for n, s in enumerate(sums)
    )
    return "poetry.lock", f'[[package]]\nname = "secretstorage"\nversion = "3.3"\nfiles = [\n{files}]\n', sums


def cargo_lock(r: Random) -> Look:
    sums = [some(HEX, 64)(r) for _ in range(5)]
    text = "".join(
        f'[[package]]\nname = "secrecy{n}"\nversion = "0.8.0"\nchecksum = "{s}"\n\n'
        for n, s in enumerate(sums)
    )
    return "Cargo.lock", text, sums


def go_sum(r: Random) -> Look:
    sums = [some(BASE64, 43, after="=")(r) for _ in range(5)]
    return "go.sum", "".join(f"github.com/desk/secret v1.0.{n} h1:{s}\n" for n, s in enumerate(sums)), sums


def uv_lock(r: Random) -> Look:
    sums = [some(HEX, 64)(r) for _ in range(5)]
    lines = "".join(
        f'    {{ url = "https://files.example/ccxt-{n}.whl", hash = "sha256:{s}" }},\n'
        for n, s in enumerate(sums)
    )
    return "uv.lock", f'[[package]]\nname = "ccxt"\nwheels = [\n{lines}]\n', sums


def git_ids(r: Random) -> Look:
    ids = [some(HEX, 40)(r) for _ in range(4)]
    uses = "".join(f"      - uses: actions/checkout-secret@{i}\n" for i in ids)
    return ".github/workflows/ci.yml", f"jobs:\n  secret-scan:\n    steps:\n{uses}", ids


def minified(r: Random) -> Look:
    names = [some(ALNUM, 9)(r) for _ in range(400)]
    text = "".join(f"function a{n}(e,t){{e.token=t.password||a{n};secret={n}}}" for n in names)
    return "dist/vendor.min.js", text, names[:3]


def image(r: Random) -> Look:
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + r.randbytes(9_000)).decode()
    cell = {"cell_type": "code", "metadata": {}, "source": ["plot(api_key_usage)"], "execution_count": 1,
            "outputs": [{"output_type": "display_data", "data": {"image/png": data}, "metadata": {}}]}  # fmt: skip
    return (
        "usage.ipynb",
        json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}),
        [data],
    )


def css_image(r: Random) -> Look:
    data = base64.b64encode(b"GIF89a" + r.randbytes(900)).decode()
    return (
        "app.css",
        f".secret-key{{background:url(data:image/gif;base64,{data})}}\n.sk-circle{{color:#a1b2c3}}\n",
        [data],
    )


def integrity(r: Random) -> Look:
    sums = ["sha384-" + some(BASE64, 64)(r) for _ in range(3)]
    tags = "".join(
        f'<script src="/t{n}.js" integrity="{s}" crossorigin></script>\n' for n, s in enumerate(sums)
    )
    return "index.html", tags, sums


def translations(r: Random) -> Look:
    ids = [some(HEX, 32)(r) for _ in range(4)]
    texts = {f"settings.apiSecret.{i}": "Your API secret is shown once" for i in ids}
    return "locales/en.json", json.dumps(texts, indent=1), ids


def digests(r: Random) -> Look:
    ids = [some(HEX, 64)(r) for _ in range(2)]
    return (
        "docker-compose.prod.yml",
        f"services:\n  vault:\n    image: vault@sha256:{ids[0]}\n  bot:\n    image: bot@sha256:{ids[1]}\n",
        ids,
    )


def blocks(r: Random) -> Look:
    ids = [some(HEX, 64, "0x")(r) for _ in range(4)]
    names = ("blockHash", "parentHash", "stateRoot", "transactionHash")
    return "fixtures/block.json", json.dumps(dict(zip(names, ids, strict=True)), indent=1), ids


def contracts(r: Random) -> Look:
    ids = [some(HEX, 40, "0x")(r) for _ in range(3)]
    return (
        "tokens.py",
        "".join(f'{n}_TOKEN = "{i}"\n' for n, i in zip(("USDC", "WETH", "ACCESS"), ids, strict=True)),
        ids,
    )


def token_ids(r: Random) -> Look:
    ids = [str(r.randrange(10**75, 10**76)) for _ in range(3)]
    return "markets.json", json.dumps({"tokens": [{"token_id": i, "outcome": "Yes"} for i in ids]}), ids


def known_test_keys(_r: Random) -> Look:
    words = "test " * 11 + "junk"
    first = "ac0974bec39a17e36ba4a6b4d238ff94" + "4bacb478cbed5efcae784d7bf4f2ff80"
    text = f'module.exports = {{ mnemonic: "{words}", accounts: ["0x{first}"], privateKey: "0x{first}" }}\n'
    return "hardhat.config.js", text, [words, "0x" + first]


def not_a_phrase(r: Random) -> Look:
    words = "about able above absent abuse access account acid across act action actor".split()
    r.shuffle(words)
    wrong = " ".join(sorted(words))
    return "mnemonic_test.py", f'INVALID_MNEMONIC = "{wrong}"\n', [wrong]


def documented_aws(_r: Random) -> Look:
    key, secret = "AKIAIOSFODNN7" + "EXAMPLE", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    return "README.md", f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n", [key, secret]


def sample_jwt(r: Random) -> Look:
    head, body = (
        url64(b'{"alg":"HS256","typ":"JWT"}'),
        url64(b'{"sub":"1234567890","name":"John Doe","iat":1516239022}'),
    )
    known = f"{head}.{body}." + some(URL64, 43)(r)
    ended = token_of({"exp": 1_400_000_000})(r)
    return "docs/auth.md", f"Authorization: Bearer {known}\nanother: {ended}\n", [known, ended]


def development_urls(_r: Random) -> Look:
    urls = ("postgresql://postgres:postgres@localhost:5432/test", "mysql://root:root@127.0.0.1/db",
            "redis://:password@redis:6379/0", "mongodb://user:pass@localhost:27017", "amqp://guest:guest@rabbit//",
            "https://user:password@example.com/x", "postgres://$USER:$PASS@db/x")  # fmt: skip
    return "docker-compose.dev.yml", "".join(f"      URL: {u}\n" for u in urls), list(urls)


def names_in_code(_r: Random) -> Look:
    names = ["privatePostApiV1SubAccountApiKeyDelete", "getSecretKeyForSubAccount2FromKeychain",
             "api-secret-input-field-wrapper-v2", "com.desk.bot.secrets.SecretManagerV2Factory"]  # fmt: skip
    return "api.ts", "".join(f'const secretKey{n} = "{v}";\n' for n, v in enumerate(names)), names


def vectors(r: Random) -> Look:
    digest, key = some(HEX, 64)(r), "0b" * 20
    return (
        "test_hmac.py",
        f'# RFC 4231, case 1\nassert hmac_sha256(bytes.fromhex("{key}"), b"Hi There") == "{digest}"\n',
        [key, digest],
    )


def certificate(r: Random) -> Look:
    block = pem("CERTIFICATE", "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq", 1200)(r)
    ssh = "AAAAC3NzaC1lZDI1NTE5AAAAI" + some(BASE64, 43)(r)
    return "ca.pem", f"{block}\nssh-ed25519 {ssh} deploy@desk\n", [block, ssh]


def infrastructure(r: Random) -> Look:
    ids = [
        uid(r),
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/bot-" + some(ALNUM, 6)(r),
        some(HEX, 32)(r),
    ]
    text = json.dumps(
        {"version": 4, "lineage": ids[0], "secret_arn": ids[1], "secret_etag": ids[2]}, indent=1
    )
    return "terraform.tfstate", text, ids


GENERAL_LOOKS: tuple[Callable[[Random], Look], ...] = (
    package_lock, poetry_lock, cargo_lock, go_sum, uv_lock, git_ids, minified, image, css_image, integrity,
    translations, digests, blocks, contracts, token_ids, known_test_keys, not_a_phrase, documented_aws, sample_jwt,
    development_urls, names_in_code, vectors, certificate, infrastructure,
)  # fmt: skip


def looks(r: Random) -> Iterator[Look]:
    """All of them, some twice with other values."""
    for venue in VENUES:
        for make in VENUE_LOOKS:
            yield make(r, venue)
    for general in GENERAL_LOOKS * 2:
        yield general(r)
