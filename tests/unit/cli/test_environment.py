from __future__ import annotations

from pathlib import Path

import pytest

from keyguard.cli.environment import Environment, Handed, build, read_env_file, references
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential, Facts
from keyguard.core.keys import Key, KeyKind
from keyguard.core.secret import Secret
from keyguard.intake.references import Reference

SECRET = "FAKE" + "s" * 32
NAMES = {
    "sdk": (("V_KEY", "key"), ("V_SECRET", "secret"), ("V_PASS", "passphrase")),
    "ccxt": (("V_APIKEY", "key"), ("V_PEM", "private_key"), ("V_SECRET", "secret")),
}


def handed(
    label: str = "bot", *, secret: str = SECRET, kind: KeyKind = KeyKind.HMAC, passphrase: str = ""
) -> Handed:
    facts = Facts("v", "V", "https://v.test", "d", "2026-11-20", "p", env_names=NAMES)
    credential = Credential(f"id-{label}", Secret(secret), Secret(passphrase) if passphrase else None, kind)
    return Handed(Key("1", "v", "arb", label), facts, credential)


def resolve(reference: Reference) -> Secret | str:
    if reference.label != "bot":
        raise UsageError("no key of that name", code="key.unknown")
    return "id-bot" if reference.field == "key" else Secret(SECRET)


def made(*keys: Handed, style: str = "sdk", prefix: str = "", inherited: dict[str, str] | None = None,
         from_file: dict[str, str] | None = None) -> Environment:  # fmt: skip
    return build(inherited or {}, from_file or {}, keys, resolve, style=style, prefix=prefix)


def revealed(environment: Environment) -> list[str]:
    return [secret.reveal() for secret in environment.secrets]


def test_a_token_goes_under_no_name_of_a_keys() -> None:
    token = handed(kind=KeyKind.OAUTH)
    assert made(token).variables == {"V_ACCESS_TOKEN": SECRET}
    assert made(token, style="env", prefix="{label}_").variables == {"BOT_ACCESS_TOKEN": SECRET}
    with pytest.raises(UsageError) as caught:
        made(token, style="ccxt")
    assert caught.value.code == "run.no_names"


def test_names_as_the_style_wants_them() -> None:
    environment = made(handed(), inherited={"PATH": "/bin", "V_KEY": "old"})
    assert environment.variables == {"PATH": "/bin", "V_KEY": "id-bot", "V_SECRET": SECRET}
    assert revealed(environment) == [SECRET]
    assert SECRET not in repr(environment)


def test_a_passphrase_where_there_is_one() -> None:
    environment = made(handed(passphrase="FAKEpass"))
    assert environment.variables["V_PASS"] == "FAKEpass"
    assert revealed(environment) == [SECRET, "FAKEpass"]


def test_a_private_key_goes_where_the_style_wants_it() -> None:
    assert made(handed(kind=KeyKind.RSA), style="ccxt").variables == {"V_APIKEY": "id-bot", "V_PEM": SECRET}
    assert made(handed(kind=KeyKind.RSA)).variables == {"V_KEY": "id-bot", "V_SECRET": SECRET}


def test_a_style_without_names_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        made(handed(), style="freqtrade")
    assert caught.value.hint == "use --as with one of: ccxt, env, sdk"


def test_two_keys_on_one_variable_are_refused_until_a_prefix_tells_them_apart() -> None:
    with pytest.raises(UsageError) as caught:
        made(handed("a"), handed("b"))
    assert caught.value.code == "run.collision"
    assert "--prefix '{label}_'" in caught.value.hint
    environment = made(handed("a-1"), handed("b"), prefix="{label}_")
    assert {"A_1_V_KEY": "id-a-1", "B_V_KEY": "id-b"}.items() <= environment.variables.items()
    assert "X_V_KEY" in made(handed(), prefix="X_").variables


@pytest.mark.parametrize("prefix", ["1", "a b", "a=", "{secret}_", "{", "é"])
def test_a_prefix_must_make_a_variable_name(prefix: str) -> None:
    with pytest.raises(UsageError, match="prefix"):
        made(handed(), prefix=prefix)


def test_the_file_may_not_contradict_a_key() -> None:
    with pytest.raises(UsageError, match="the --env-file and v/arb/bot both want the variable V_KEY"):
        made(handed(), from_file={"V_KEY": "other"})
    assert made(handed(), from_file={"V_KEY": "", "V_SECRET": "keyguard://v/arb/bot#secret"}).variables == {
        "V_KEY": "id-bot",
        "V_SECRET": SECRET,
    }


def test_references_are_resolved_the_file_before_what_is_inherited() -> None:
    environment = made(
        inherited={"A": "keyguard://v/arb/gone#key", "B": "keyguard://v/arb/bot#secret", "C": "x"},
        from_file={"A": "keyguard://v/arb/bot#key"},
    )
    assert environment.variables == {"A": "id-bot", "B": SECRET, "C": "x"}
    assert revealed(environment) == [SECRET]


@pytest.mark.parametrize("value", ["keyguard://v/arb/gone#key", "keyguard://FAKE"])
def test_an_unresolvable_reference_is_refused_naming_its_variable(value: str) -> None:
    with pytest.raises(UsageError, match="the variable BOT_KEY: ") as caught:
        made(inherited={"BOT_KEY": value})
    assert "FAKE" not in repr(caught.value.__dict__)


def test_references_tells_what_will_be_handed_out_before_anything_is_fetched() -> None:
    found = references({"A": "keyguard://v/arb/bot#key", "B": "1"}, {"C": "keyguard://v/arb/bot#secret"})
    assert {name: one.key_name for name, one in found.items()} == {"A": "v/arb/bot", "C": "v/arb/bot"}


def test_env_file(tmp_path: Path) -> None:
    path = tmp_path / "bot.env"
    path.write_text("# x\nA=1\nexport B='two words'\nA=3\nD=pa$$\n")
    assert read_env_file(path) == {"A": "3", "B": "two words", "D": "pa$$"}
    path.write_text(f"A=1\nB={SECRET}${{A}}\n")
    with pytest.raises(UsageError, match=r"bot\.env:2: ") as caught:
        read_env_file(path)
    assert "FAKE" not in repr(caught.value.__dict__)


@pytest.mark.parametrize("text", ["12345678", "1234e567", "12_34", "inf", "True", "f", '["a"]'])
def test_what_freqtrade_would_read_as_something_else_is_refused(text: str) -> None:
    """Its loader makes a number of a key that looks like one, and signs with that."""
    with pytest.raises(UsageError) as refused:
        made(handed(secret=text), prefix="FREQTRADE__EXCHANGE__")
    assert refused.value.code == "run.freqtrade"
    made(handed(secret=text), prefix="OTHER__")
