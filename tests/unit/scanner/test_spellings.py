"""How languages, formats and clients write a name and its value, or only the value in its place."""

from __future__ import annotations

import base64
import json

import pytest

from keyguard.scanner.engine import Engine
from tests.unit.scanner.leaks import bybit, token

KEY, SECRET = bybit(71)
PHRASE = "Copper#8" + "497wfds"
OKX = ("1b9b36a8-01d1-4410-9809-" + "996ad6cff2bf", token(72, 32, "0123456789ABCDEF"))

NAMED = {
    "C array": 'constexpr char BYBIT_API_SECRET[] = "{s}";',
    "C array with its size": 'static const char bybit_secret[37] = "{s}";',
    "C++ constructor": 'const std::string kBybitSecret("{s}");',
    "wide literal": 'auto bybitSecret = L"{s}";',
    "verbatim literal": 'var bybitSecret = @"{s}";',
    "assigned where unset": "process.env.BYBIT_API_SECRET ??= '{s}';",
    "Visual Basic": 'Const BybitSecret As String = "{s}"',
    "R": 'bybit_api_secret <- "{s}"',
    "Markdown bullet": "- **BYBIT API SECRET**: `{s}`",
    "Markdown row": "| BYBIT_API_SECRET | {s} |",
    "plain text": "Bybit Secret Key: {s}",
    "dotted with the desk": "bybit.secret.key.hedge={s}",
    "bytes": "BYBIT_SECRET_KEY = bytes('{s}', 'utf-8')",
    "getBytes": 'byte[] bybitSecret = Encoding.UTF8.GetBytes("{s}");',
    "SecretStr": 'bybit_secret: SecretStr = SecretStr("{s}")',
    "Some": 'let bybit_secret = Some("{s}".to_string());',
    "option function": 'bybit.ApiSecretOption("{s}"),',
    "builder": '  .setBybitSecret("{s}")',
    "argparse": 'p.add_argument("--bybit-secret-mm1", default="{s}", help="from the page")',
    "argparse with a type": 'p.add_argument("--bybit-secret", type=str, default="{s}")',
    "Terraform": 'variable "bybit_secret" {{\n  type      = string\n  default   = "{s}"\n}}',
    "Deployment": '  - name: BYBIT_API_SECRET\n    value: "{s}"',
    "task definition": '{{"name": "BYBIT_API_SECRET", "value": "{s}"}}',
    "Postman": '{{"key": "bybitApiSecret",\n "type": "secret",\n "value": "{s}"}}',
    "plist": "<key>BYBIT_API_SECRET</key>\n<string>{s}</string>",
    "property": "<name>bybit.api.secret</name><value>{s}</value>",
    "hmac": 'URL = "https://api.bybit.com"\nhmac.new(b"{s}", payload.encode(), hashlib.sha256)',
    "createHmac": "// api.bybit.com\ncrypto.createHmac('sha256', '{s}').update(query)",
    "Go hmac": '// api.bybit.com\nmac := hmac.New(sha256.New, []byte("{s}"))',
    "SecretKeySpec": '// api.bybit.com\nnew SecretKeySpec("{s}".getBytes(), "HmacSHA256")',
    "hash_hmac": "// api.bybit.com\nhash_hmac('sha256', $payload, '{s}');",
}
LISTED = {
    "constructor": 'client = Bybit("{k}", "{s}")',
    "create": '# bybit\nclient = AsyncClient.create("{k}", "{s}")',
    "new": "const bybit = new RestClient('{k}', '{s}', true);",
    "Go": 'client := bybit.NewBybitHttpClient("{k}", "{s}", bybit.WithBaseURL(bybit.MAINNET))',
    "Rust": 'let a: Account = Bybit::new(Some("{k}".into()), Some("{s}".into()));',
    "over lines": 'session = bybit.HTTP(\n    "{k}",\n    "{s}",\n)',
    "after other values": 'bybit.public_auth_get("client_credentials", "", "", "{k}", "{s}", "")',
    "at once": "bybit_api_key, bybit_secret = '{k}', \"{s}\"",
    "Go at once": 'bybitKey, bybitSecret := "{k}", "{s}"',
    "destructured": "const [bybitKey, bybitSecret] = ['{k}', '{s}'];",
    "row": 'ACCOUNTS = [("bybit", "{k}", "{s}")]',
}


@pytest.fixture(scope="module", params=[True, False], ids=["prepared", "small"])
def engine(request: pytest.FixtureRequest) -> Engine:
    made = Engine()
    if request.param:
        made.prepare()
    return made


def found(engine: Engine, text: str) -> set[str]:
    return {part.value.reveal() for finding in engine.scan(text.encode(), "a") for part in finding.parts}


@pytest.mark.parametrize("way", NAMED)
def test_a_named_secret(engine: Engine, way: str) -> None:
    assert found(engine, NAMED[way].format(s=SECRET)) == {SECRET}


@pytest.mark.parametrize("way", LISTED)
def test_key_and_secret_in_their_places(engine: Engine, way: str) -> None:
    (finding,) = engine.scan(LISTED[way].format(k=KEY, s=SECRET).encode(), "a")
    assert {part.field: part.value.reveal() for part in finding.parts} == {"key": KEY, "secret": SECRET}


def test_three_in_their_places(engine: Engine) -> None:
    text = f'new OKXApiCredentials("{OKX[0]}", "{OKX[1]}", "{PHRASE}")'
    (finding,) = engine.scan(text.encode(), "a")
    assert [part.value.reveal() for part in finding.parts] == [OKX[1], OKX[0], PHRASE]


def test_three_at_once(engine: Engine) -> None:
    text = f"okx_key, okx_secret, okx_passphrase = '{OKX[0]}', '{OKX[1]}', '{PHRASE}'"
    (finding,) = engine.scan(text.encode(), "a")
    assert [part.value.reveal() for part in finding.parts] == [OKX[1], OKX[0], PHRASE]


@pytest.mark.parametrize(
    "text",
    [
        'bybit.cancel_order("{k}", "{s}")',
        'assert_equal("{k}", "{s}")  # bybit',
        'Client("{k}", "{s}")',
        'x = [\n  "{k}", "{s}",\n]\n' + "." * 200 + " bybit",
    ],
)
def test_other_lists_are_none(engine: Engine, text: str) -> None:
    assert not found(engine, text.format(k=KEY, s=SECRET))


def test_the_value_of_the_next_item_is_not_this_ones(engine: Engine) -> None:
    text = f"- name: BYBIT_API_SECRET\n  valueFrom: vault\n- name: REVISION\n  value: {SECRET}\n"
    assert not found(engine, text)


def test_a_dollar_within_a_passphrase(engine: Engine) -> None:
    text = f"OKX_API_KEY={OKX[0]}\nOKX_SECRET_KEY={OKX[1]}\nOKX_PASSPHRASE_MAIN=Hedge$" + "cobalt8736\n"
    assert "Hedge$" + "cobalt8736" in found(engine, text)


def test_a_configuration_in_base64_behind_its_name(engine: Engine) -> None:
    body = json.dumps({"exchange": "bybit", "apiKey": KEY, "secret": SECRET})
    assert found(engine, f"BOT_CONFIG_B64={base64.b64encode(body.encode()).decode()}\n") == {KEY, SECRET}


def test_an_acronym_before_another_word_names_its_venue(engine: Engine) -> None:
    key, secret = (
        "f0b026a9-1c2d4e5f-¦8a7b6c5d-56ee1".replace("¦", ""),
        "3e798fc9-f13ddd19-¦c7df379a-10344".replace("¦", ""),
    )
    text = f'class HTXGateway:\n    ACCESS_KEY = "{key}"\n    SECRET_KEY = "{secret}"\n'
    (finding,) = engine.scan(text.encode(), "a.py")
    assert finding.venue == "htx"


def test_columns_say_that_a_row_holds_orders(engine: Engine) -> None:
    text = (
        "INSERT INTO orders (exchange, order_id, client_oid) VALUES "
        "('kucoin','27702df9b8fa3b6ee8911761','1044cb71-1e77-4350-8cde-68a4217ccfc5');"
    )
    assert found(engine, text) == set()


def test_two_names_of_commits_are_no_credential(engine: Engine) -> None:
    ids = "b8bb2d56af49e6d471393e2a31b4c0686c77aaab", "a36288cae6852043c9ab24d66d6b07814fa2d86d"
    assert found(engine, f'RUNS = {{"bithumb": {ids}}}'.replace("'", '"')) == set()
