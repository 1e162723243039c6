"""Text in other encodings, and values encoded in their lines."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.content import Content
from keyguard.scanner.engine import Engine, Examined
from keyguard.scanner.findings import Finding
from tests.unit.scanner.leaks import bybit, deribit, env, pem, upbit
from tests.unit.scanner.packing import b64, secret_manifest

ENGINE = Engine()


def examine(text: str | bytes, path: str = "file") -> Examined:
    return ENGINE.examine(text.encode() if isinstance(text, str) else text, path)


def values(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [{p.field: p.value.reveal() for p in finding.parts} for finding in findings]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_wide_text_without_a_mark(encoding: str, end: str) -> None:
    key, secret = bybit(41)
    text = end.join(("settings for the desk", f"BYBIT_API_KEY={key}", f"BYBIT_API_SECRET={secret}", "업비트"))
    data = text.encode(encoding)
    (finding,) = examine(data).findings
    for part in finding.parts:
        assert data[part.place.start : part.place.end].decode(encoding) == part.value.reveal()
    assert finding.parts[0].place.line == 3


def test_binary_is_not_taken_for_wide_text() -> None:
    for data in (bytes(1000), b"\x00\x01" * 500, b"MZ\x90\x00\x03\x00\x00\x00" * 60):
        assert Content(data).text is data


@pytest.mark.parametrize("character", ["x", "é", "한", "😀"])
def test_a_line_of_megabytes_has_right_columns(character: str) -> None:
    key, secret = bybit(42)
    filler = character * 400_000
    text = f'{filler};bybit={{apiKey:"{key}",secret:"{secret}"}};{filler}'
    (finding,) = examine(text).findings
    for part in finding.parts:
        place = part.place
        assert text[place.column - 1 : place.end_column - 1] == part.value.reveal()


def test_both_values_of_a_kubernetes_secret_are_one_finding() -> None:
    key, secret = bybit(43)
    text = secret_manifest(BYBIT_API_KEY=key, BYBIT_API_SECRET=secret)
    (finding,) = examine(text, "k8s/secret.yaml").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    for part in finding.parts:
        token = b64(part.value.reveal())
        assert text[part.place.start : part.place.end] == token
        line = text.splitlines()[part.place.line - 1]
        assert line[part.place.column - 1 : part.place.end_column - 1] == token
        assert part.place.path == "k8s/secret.yaml"


def test_a_kubernetes_secret_with_a_whole_file_inside() -> None:
    key, secret = upbit(44)
    text = secret_manifest(**{"env": env("upbit", key, secret)})
    assert values(examine(text).findings) == [{"secret": secret, "key": key}]


def test_a_kubernetes_secret_as_json() -> None:
    key, secret = deribit(45)
    data = {"DERIBIT_CLIENT_ID": b64(key), "DERIBIT_CLIENT_SECRET": b64(secret)}
    text = json.dumps({"apiVersion": "v1", "kind": "Secret", "data": data}, indent=2)
    assert values(examine(text).findings) == [{"secret": secret, "key": key}]


def test_the_venue_may_stand_in_the_encoded_text_alone() -> None:
    key, secret = bybit(46)
    for shift in range(3):
        blob = b64("#" * shift + env("bybit", key, secret))
        assert values(examine(f'CONFIG = "{blob}"\n').findings) == [{"secret": secret, "key": key}]


def test_base64_over_several_lines_and_twice_and_for_urls() -> None:
    key, secret = bybit(47)
    plain = env("bybit", key, secret) + "\xff" * 0
    wrapped = base64.encodebytes(plain.encode()).decode()
    expected = [{"secret": secret, "key": key}]
    assert values(examine(f"base64 -d <<EOF > .env\n{wrapped}EOF\n").findings) == expected
    assert values(examine(f"echo {b64(b64(plain))} | base64 -d\n").findings) == expected
    safe = base64.urlsafe_b64encode((plain + "#???>>>").encode()).decode().rstrip("=")
    assert values(examine(f"x = b64decode('{safe}')").findings) == expected


def test_a_private_key_in_base64() -> None:
    block = pem(48)
    (finding,) = examine(secret_manifest(**{"tls.key": block})).findings
    assert finding.parts[0].field == "private_key"


def test_a_private_key_in_base64_without_a_hint() -> None:
    (finding,) = examine(f'tls = "{b64(pem(48))}"').findings
    assert finding.parts[0].field == "private_key"


def test_powershell_encoded_command() -> None:
    key, secret = bybit(49)
    command = f"$env:BYBIT_API_KEY='{key}'; $env:BYBIT_API_SECRET='{secret}'"
    text = f"powershell -EncodedCommand {b64(command.encode('utf-16-le'))}"
    assert values(examine(text).findings) == [{"secret": secret, "key": key}]


def test_random_base64_stays_what_it_is() -> None:
    key, secret = bybit(50)
    found = examine(f"kind: Secret\nstringData:\n  BYBIT_API_KEY: {key}\n  BYBIT_API_SECRET: {secret}\n")
    assert values(found.findings) == [{"secret": secret, "key": key}]
    assert not found.findings[0].seen


def test_base64_within_base64_is_no_hint() -> None:
    _, secret = bybit(50)
    value = b64(f'APP_SECRET="{secret}" # of the desk')
    around = base64.b64encode(bytes(range(7, 49))).decode()
    assert values(examine(f"settings_b64 = '{value}'").findings) == [{"secret": secret}]
    assert values(examine(f"settingsForTheOtherDeskInB64 = '{value}'").findings) == [{"secret": secret}]
    assert not examine(f"{around}b64{around}\n{value}\n").findings


def test_percent_encoding() -> None:
    key, secret = bybit(51)
    text = "GET /?q=" + urllib.parse.quote(
        f'{{"bybit_api_key": "{key}", "bybit_api_secret": "{secret}"}}', safe=""
    )
    (finding,) = examine(text).findings
    for part in finding.parts:
        assert text[part.place.start : part.place.end] == part.value.reveal()


def test_json_in_a_log_line_with_escaped_characters() -> None:
    client, secret = deribit(52)
    inner = json.dumps({"deribit_client_id": client, "deribit_client_secret": secret})
    line = json.dumps({"ts": 1, "msg": inner}).replace("-", "\\u002d").replace("=", "\\u003d")
    assert values(examine(line).findings) == [{"secret": secret, "key": client}]


def test_html_entities() -> None:
    key, secret = bybit(53)
    text = f"<pre>bybit_api_key = &quot;{key}&quot;\nbybit_api_secret = &quot;{secret}&quot;</pre>"
    assert values(examine(text).findings) == [{"secret": secret, "key": key}]


HISTORIES = {
    "zsh": ": 1700000000:0;export BYBIT_API_KEY={key}\n: 1700000009:0;export BYBIT_API_SECRET={secret}\n",
    "bash": "#1700000000\nexport BYBIT_API_KEY={key}\n#1700000009\nexport BYBIT_API_SECRET={secret}\n",
    "fish": "- cmd: set -x BYBIT_API_KEY {key}\n  when: 1700000000\n"
    "- cmd: set -x BYBIT_API_SECRET {secret}\n  when: 1700000009\n",
}


@pytest.mark.parametrize("shell", HISTORIES)
def test_shell_histories(shell: str) -> None:
    key, secret = bybit(54)
    text = HISTORIES[shell].format(key=key, secret=secret)
    assert values(examine(text).findings) == [{"secret": secret, "key": key}]


def test_curl_user_and_basic_authorization() -> None:
    client, secret = deribit(55)
    url = "https://www.deribit.com/api/v2/private/get_account_summary"
    expected = [{"secret": secret, "key": client}]
    assert values(examine(f"curl -u {client}:{secret} {url}").findings) == expected
    basic = b64(f"{client}:{secret}")
    assert values(examine(f"curl -H 'Authorization: Basic {basic}' {url}").findings) == expected


def test_curl_header() -> None:
    key, _ = bybit(56)
    (finding,) = examine(f"curl -H 'X-BAPI-API-KEY: {key}' https://api.bybit.com/v5/user/query-api").findings
    assert finding.part("key") is not None


def test_an_inline_allow_holds_for_encoded_values_too() -> None:
    key, _ = bybit(57)
    text = f"kind: Secret\ndata:\n  BYBIT_API_KEY: {b64(key)} # keyguard:allow\n"
    assert not examine(text).findings


PIECES = st.sampled_from(
    [
        *(
            b"kind: Secret\n",
            b"base64 ",
            b"Basic ",
            b"curl ",
            b"-u a:b ",
            b"%3D%22",
            b"\\u003d",
            b"\\/",
            b"&quot;",
        ),
        *(
            b"\xff\xfe",
            b"\x00",
            b"\n",
            b'"',
            b"===",
            b"bybit_api_secret=",
            b64(env("bybit", *bybit(58))).encode(),
        ),
        *(b64(b64(env("bybit", *bybit(59)))).encode(), b64(bybit(60)[1]).encode(), bybit(60)[1].encode()),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=25).map(b"".join))
def test_never_raises_and_places_lie_in_the_file(data: bytes) -> None:
    for finding in examine(data).findings:
        for part in finding.parts:
            assert 0 <= part.place.start < part.place.end <= len(data)


@pytest.mark.parametrize(
    "unit",
    [
        b"A",
        b"QUJD",
        b"%3D",
        b"\\/",
        b"&quot;",
        b"base64 ",
        b"kind: secret ",
        b"-u aaaaaaaa:",
        b"\\\\u003d",
        b"YnliaXQ\n    ",
    ],
)
def test_work_is_linear_in_hostile_text(unit: bytes) -> None:
    """Counted in bytes given to exact patterns and to the prefilter, not in seconds."""

    def work(times: int) -> int:
        engine = Engine()
        engine.examine(b"base64 bybit " + unit * times, "x")
        return engine.work.run_bytes

    small, large = work(2_000), work(20_000)
    assert large <= 12 * max(small, 20_000)


def test_a_large_manifest_is_decoded_to_its_end() -> None:
    made = {f"BYBIT_API_SECRET_{n}": bybit(2_000 + n)[1] for n in range(1_500)}
    assert len(examine(secret_manifest(**made)).findings) == len(made)
