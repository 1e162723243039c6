"""What is gathered to be searched for: every secret, and of other venues everything that names them."""

from __future__ import annotations

from datetime import UTC, datetime

from keyguard.core.alerts import Urgency
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyKind, KeyVersion, VersionStatus
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard.ports.channels import Channel
from keyguard.workflows import channels, credentials
from keyguard.workflows.attest_guard import known
from keyguard.workflows.identity import names
from keyguard.workflows.seal import make_seal
from tests.fakes.attesting import AUDITOR, REGISTER, UPBIT, Firm
from tests.fakes.sealing import HANDOUT, KEY

AT = datetime(2026, 11, 1, tzinfo=UTC)
OTHER_KEY = "6b" * 32


def held(firm, venue, number, credential):
    """A key with this credential in the store."""
    key = Key(f"k{number}", venue, "mm", "bot")
    status = VersionStatus.LIVE if credential else VersionStatus.DEAD
    version = KeyVersion(f"v{number}", key.id, 1, f"ACCESS-FAKE-{number}", f"{number:064x}", status, AT)
    firm.ports.inventory.add_key(key, version)
    if credential:
        credentials.store(firm.ports, version, credential)


def ready():
    firm = Firm()
    secret = Credential("ACCESS-FAKE-1", Secret("SECRET-FAKE-1"), Secret("PHRASE-FAKE-1"))
    tokens = Tokens("app", Secret("REFRESH-FAKE"), None, (), Secret("CLIENT-FAKE"))
    held(firm, "upbit", 1, secret)
    held(
        firm,
        "bithumb",
        2,
        Credential("ACCESS-FAKE-2", Secret("TOKEN-FAKE-2"), kind=KeyKind.OAUTH, tokens=tokens),
    )
    held(firm, "korbit", 3, None)
    firm.audit.append("bithumb", "key.register", REGISTER | {"key": OTHER_KEY, "account": "MM-99"})
    firm.audit.append("bithumb", "handout", HANDOUT | {"host": "h_" + "9" * 20})
    channels.add(firm.ports.secrets, Channel("desk", Secret("slack://FAKE/token/path"), Urgency.LOW, False))
    for venue in ("upbit", "bithumb"):
        names(firm.ports, venue)
    return firm, make_seal(firm.ports)


def test_all_secrets_but_the_salt_that_the_recipient_is_told():
    firm, _ = ready()
    found = known(firm.ports, UPBIT)
    values = {name: value.reveal() for name, value in found.secrets}
    assert values["upbit/mm/bot version 1 secret"] == "SECRET-FAKE-1"
    assert values["upbit/mm/bot version 1 passphrase"] == "PHRASE-FAKE-1"
    assert {"TOKEN-FAKE-2", "REFRESH-FAKE", "CLIENT-FAKE", "FAKE/token/path"} <= set(values.values())
    assert {"system/log-key", "system/fp-salt/bithumb", "system/person-salt/upbit"} <= values.keys()
    assert "system/fp-salt/upbit" not in values
    assert not any(name.startswith("system/log-signed") for name in values)
    assert [value.reveal() for _, value in found.key_ids] == [f"ACCESS-FAKE-{n}" for n in (2, 3, 1)]


def test_what_names_other_venues():
    firm, sealed = ready()
    found = known(firm.ports, UPBIT)
    assert {OTHER_KEY, "h_" + "9" * 20, "MM-99"} <= found.other_ids
    assert {KEY, "MM-01"} <= found.own_ids
    slots = {one.stream: one for one in sealed.table.slots}
    assert slots["bithumb"].salt.hex() in found.other_ids
    assert slots["upbit"].salt.hex() not in found.other_ids
    assert {"bithumb", "korbit"} <= found.other_names
    assert "upbit" in found.own_names - found.other_names


def test_an_auditor_may_read_of_all():
    firm, _ = ready()
    found = known(firm.ports, AUDITOR)
    assert found.secrets
    assert found.other_ids | found.own_ids | found.other_names | found.own_names == frozenset()
