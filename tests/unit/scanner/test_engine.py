from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Severity
from tests.unit.scanner.leaks import bybit, deribit, env, pem, token, upbit

ENGINE = Engine()


def scan(text: str | bytes, path: str = "file") -> tuple[Finding, ...]:
    return ENGINE.scan(text.encode() if isinstance(text, str) else text, path)


def values(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [{p.field: p.value.reveal() for p in finding.parts} for finding in findings]


@pytest.mark.parametrize(("venue", "made"), [("bybit", bybit()), ("upbit", upbit()), ("deribit", deribit())])
def test_a_pair_is_one_critical_finding_of_its_venue(venue: str, made: tuple[str, str]) -> None:
    key, secret = made
    (finding,) = scan(env(venue, key, secret))
    assert (finding.venue, finding.severity) == (venue, Severity.CRITICAL)
    assert {p.field: p.value.reveal() for p in finding.parts} == {"key": key, "secret": secret}
    assert finding.parts[0].field == "secret"


WRITTEN = {
    "pybit": "from pybit.unified_trading import HTTP\n{gap}\n"
    "s = HTTP(api_key='{key}', api_secret='{secret}')",
    "ccxt": "x = ccxt.bybit({{'apiKey': '{key}', 'secret': '{secret}'}})",
    "freqtrade": '{{"exchange": {{"name": "bybit", "key": "{key}", "secret": "{secret}"}}}}',
    "name after": '{{"key": "{key}", "secret": "{secret}", "name": "bybit"}}',
    "hummingbot": "bybit_api_key: {key}\nbybit_api_secret: {secret}\n",
    "ini": "[bybit]\nkey = {key}\nsecret = {secret}\n",
    "yaml": "exchanges:\n  bybit:\n    apiKey: {key}\n    apiSecret: {secret}\n",
    "loose names": "from pybit.unified_trading import HTTP\n{gap}\n"
    'API_KEY = "{key}"\nAPI_SECRET = "{secret}"\n',
    "getenv default": "k = os.getenv('BYBIT_API_KEY', '{key}')\n"
    "s = os.getenv('BYBIT_API_SECRET', '{secret}')",
    "environ": "os.environ['BYBIT_API_KEY'] = '{key}'\nos.environ['BYBIT_API_SECRET'] = \"{secret}\"",
    "annotated": "BYBIT_API_KEY: Final[str] = '{key}'\nBYBIT_API_SECRET: str | None = '{secret}'",
    "go": 'bybitKey := "{key}"\nbybitSecret := "{secret}"',
    "rust": 'const BYBIT_API_KEY: &str = "{key}";\nconst BYBIT_API_SECRET: &str = "{secret}";',
    "javascript": "const bybit = new Bybit({{ apiKey: `{key}`, apiSecret: `{secret}` }})",
    "or default": "key: process.env.BYBIT_API_KEY || '{key}', "
    "secret: process.env.BYBIT_API_SECRET ?? '{secret}'",
    "shell default": "KEY=${{BYBIT_API_KEY:-{key}}}\nSECRET=${{BYBIT_API_SECRET:-{secret}}}",
    "dockerfile": "ENV BYBIT_API_KEY {key}\nENV BYBIT_API_SECRET {secret}",
    "xml": "<bybitApiKey>{key}</bybitApiKey>\n<bybitApiSecret>{secret}</bybitApiSecret>",
    "json in a string": '"{{\\"bybit_api_key\\": \\"{key}\\", \\"bybit_api_secret\\": \\"{secret}\\"}}"',
    "secret first": "BYBIT_API_SECRET={secret}\nBYBIT_API_KEY={key}\n",
    "name reversed": 'API_KEY_BYBIT = "{key}"\nAPI_SECRET_BYBIT = "{secret}"',
    "windows lines": "BYBIT_API_KEY={key}\r\nBYBIT_API_SECRET={secret}\r\n",
}


@pytest.mark.parametrize("style", WRITTEN)
def test_however_it_is_written(style: str) -> None:
    key, secret = bybit(11)
    text = WRITTEN[style].format(key=key, secret=secret, gap="# nothing here\n" * 400)
    assert values(scan(text)) == [{"secret": secret, "key": key}]


def test_pyupbit_arguments() -> None:
    access, secret = upbit(12)
    assert values(scan(f'upbit = pyupbit.Upbit("{access}", "{secret}")')) == [
        {"secret": secret, "key": access}
    ]


def test_korean_keyword_in_utf8_and_cp949() -> None:
    access, secret = upbit(13)
    text = f"# 업비트 키\nACCESS_KEY = '{access}'\nSECRET_KEY = '{secret}'\n"
    for data in (text.encode(), text.encode("cp949")):
        (finding,) = scan(data)
        assert finding.venue == "upbit"


def test_a_file_named_after_its_venue_claims_nameless_values() -> None:
    key, secret = bybit(14)
    text = f'{{"apiKey": "{key}", "secret": "{secret}"}}'
    assert [f.venue for f in scan(text, "config/bybit.json")] == ["bybit"]
    assert {f.venue for f in scan(text, "config/keys.json")} <= {""}


def test_sections_of_several_venues_keep_their_own() -> None:
    text = ""
    for venue, (key, secret) in (("bybit", bybit(15)), ("upbit", upbit(16)), ("deribit", deribit(17))):
        text += f"[{venue}]\nkey = {key}\nsecret = {secret}\n"
    found = {f.venue: {p.field: p.value.reveal() for p in f.parts} for f in scan(text)}
    assert found == {
        "bybit": dict(zip(("key", "secret"), bybit(15), strict=True)),
        "upbit": dict(zip(("key", "secret"), upbit(16), strict=True)),
        "deribit": dict(zip(("key", "secret"), deribit(17), strict=True)),
    }


@pytest.mark.parametrize("style", ["json", "yaml", "ini"])
def test_a_long_section_ends_where_the_next_begins(style: str) -> None:
    key, secret = bybit(15)
    options = [f"option_{n}" for n in range(30)]
    text = {
        "json": '{"bybit": {'
        + ", ".join(f'"{o}": 1' for o in options)
        + f', "key": "{key}", "secret": "{secret}"}}, "upbit": {{}}}}',
        "yaml": "bybit:\n"
        + "".join(f"  {o}: 1\n" for o in options)
        + f"  key: {key}\n  secret: {secret}\nupbit: {{}}\n",
        "ini": "[bybit]\n" + "".join(f"{o}=1\n" for o in options) + f"key={key}\nsecret={secret}\n[upbit]\n",
    }[style]
    assert [f.venue for f in scan(text)] == ["bybit"]


def test_a_name_at_the_end_of_its_object_beats_one_in_the_object_before() -> None:
    key, secret = bybit(15)
    text = f"""[
      {{"name": "binance", "sandbox": true}},
      {{
        "key": "{key}",
        "secret": "{secret}",
        "name": "bybit"
      }}
    ]"""
    assert [f.venue for f in scan(text)] == ["bybit"]


def test_several_accounts_are_paired_by_name_not_by_order() -> None:
    (k1, s1), (k2, s2) = bybit(18), bybit(19)
    text = f"BYBIT_A_API_KEY={k1}\nBYBIT_B_API_KEY={k2}\nBYBIT_A_API_SECRET={s1}\nBYBIT_B_API_SECRET={s2}\n"
    assert {v["secret"]: v["key"] for v in values(scan(text))} == {s1: k1, s2: k2}


def test_a_row_of_accounts_is_paired_in_order() -> None:
    made = [bybit(seed) for seed in range(30, 36)]
    rows = ", ".join(f'{{"key": "{k}", "secret": "{s}"}}' for k, s in made)
    found = values(scan(f'{{"bybit": [{rows}]}}'))
    assert {v["secret"]: v["key"] for v in found} == {s: k for k, s in made}


def test_alone_a_secret_is_high_and_a_key_low() -> None:
    key, secret = bybit(20)
    assert [f.severity for f in scan(f"BYBIT_API_SECRET={secret}")] == [Severity.HIGH]
    assert [f.severity for f in scan(f"BYBIT_API_KEY={key}")] == [Severity.LOW]


def test_far_apart_is_not_one_credential() -> None:
    key, secret = bybit(21)
    found = scan(f"BYBIT_API_KEY={key}\n" + "# filler\n" * 300 + f"BYBIT_API_SECRET={secret}\n")
    assert sorted(len(f.parts) for f in found) == [1, 1]


def test_a_private_key_beside_a_venues_access_key_belongs_to_it() -> None:
    key, _ = bybit(22)
    (finding,) = scan(f"BYBIT_API_KEY={key}\nBYBIT_PRIVATE_KEY='''{pem()}'''\n")
    assert (finding.venue, finding.severity) == ("bybit", Severity.CRITICAL)
    assert [p.field for p in finding.parts] == ["private_key", "key"]


def test_private_keys_by_themselves_belong_to_no_venue() -> None:
    (finding,) = scan(pem(5))
    assert (finding.venue, finding.severity, finding.rule) == ("", Severity.HIGH, "pem.pkcs8")


def test_an_encrypted_private_key_is_less() -> None:
    (finding,) = scan(pem(6, "ENCRYPTED PRIVATE KEY", "MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQ"))
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "comment", ["# keyguard:allow revoked", "// gitleaks:allow", "# pragma: allowlist secret"]
)
def test_an_inline_marker_holds_for_its_line_only(comment: str) -> None:
    key, secret = bybit(23)
    (finding,) = scan(f"BYBIT_API_KEY={key}\nBYBIT_API_SECRET={secret}  {comment}\n")
    assert [p.field for p in finding.parts] == ["key"]


PLACEHOLDERS = [
    "FAKE" + "x7" * 16,
    "x" * 36,
    "0123456789" * 3 + "abcdef",
    "abc" * 12,
    "your" + token(1, 32),
    "YOUR_API_SECRET",
    "${BYBIT_API_SECRET}",
    "keyguard://bybit/desk/main#secret",
    "<your secret>",
    "getSecretOfThisAccountFromOurFirmVault",
]


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholders_are_no_findings(value: str) -> None:
    assert scan(f'BYBIT_API_SECRET="{value}"') == ()


def test_random_secrets_are_practically_never_taken_for_placeholders() -> None:
    missed = [seed for seed in range(2000) if not scan(f"BYBIT_API_SECRET={token(seed, 36)}")]
    assert len(missed) <= 2


def test_the_fingerprint_survives_moves_and_rewrites() -> None:
    key, secret = bybit(24)
    (one,) = scan(f"BYBIT_API_KEY={key}\nBYBIT_API_SECRET={secret}\n", "a.env")
    (two,) = scan(f"\n\n# moved\nbybit:\n  key: {key}\n  secret: '{secret}'\n", "b/c.yaml")
    assert one.fingerprint == two.fingerprint
    assert secret not in one.fingerprint


def test_the_fingerprint_of_a_private_key_ignores_its_line_breaks() -> None:
    block = pem(7)
    (one,) = scan(block)
    (two,) = scan('{"k": "' + block.replace("\n", "\\n") + '"}')
    (three,) = scan("  " + block.replace("\n", "\r\n  "))
    assert one.fingerprint == two.fingerprint == three.fingerprint


def test_the_same_credential_twice_is_one_finding_seen_twice() -> None:
    pair = env("bybit", *bybit(25))
    (finding,) = scan(pair + "#\n" * 600 + pair)
    assert len(finding.seen) == 1


def test_a_long_token_is_not_cut_to_fit_a_rule() -> None:
    assert {f.venue for f in scan(f"import pybit\nsecret = '{token(26, 37)}'\n")} <= {""}
    assert scan(f"BYBIT_API_SECRET={token(26, 500)}\n") == ()


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_offsets_point_into_the_original_bytes(mark: bytes, encoding: str) -> None:
    key, secret = bybit(27)
    data = mark + f"# 업비트 😀\nx = 'é'; BYBIT_API_SECRET={secret}\nBYBIT_API_KEY={key}\n".encode(encoding)
    (finding,) = scan(data)
    for part in finding.parts:
        assert data[part.place.start : part.place.end].decode(encoding) == part.value.reveal()
    first = finding.parts[0].place
    assert (first.line, first.column) == (2, len("x = 'é'; BYBIT_API_SECRET=") + 1)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=30))
def test_never_raises(data: bytes, path: str) -> None:
    scan(data, path)


WORDS = st.sampled_from(
    [b"bybit", b"upbit", b"import pybit\n", b"secret", b"key", b"=", b'"', b": ", b"\n", b"\xff\xfe", b"\x00"]
    + [token(n, 18).encode() for n in range(3)]
    + [token(n, 36).encode() for n in range(3)]
    + [token(n, 40).encode() for n in range(3)]
    + [b"-----BEGIN PRIVATE " + b"KEY-----", pem().encode(), b"keyguard:allow", "업비트".encode()]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=30).map(b"".join))
def test_every_place_points_at_its_value(data: bytes) -> None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = b" " + data
    for finding in scan(data):
        for part in finding.parts:
            place = part.place
            assert data[place.start : place.end] == part.value.reveal().encode()
            assert data[: place.start].count(b"\n") == place.line - 1
