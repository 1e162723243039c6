"""The venue's website as JSON (`/_web`: what a person does there) and the simulator's switches (`/_sim`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keyguard_simulators import totp
from keyguard_simulators.accounts import Account, Key, are_addresses
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.state import Switches
from keyguard_simulators.venue import KeyForm, Unacceptable, Venue

if TYPE_CHECKING:
    from starlette.requests import Request

Handler = Callable[["Visit"], Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to the web side: the venue, the ids in the path, the JSON sent."""

    venue: Venue
    ids: dict[str, str]
    sent: dict[str, Any]


def web_routes(venue: Venue) -> list[Route]:
    """All routes of one venue's web side."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/_web/accounts", _list_accounts),
        ("POST", "/_web/accounts", _open_account),
        ("POST", "/_web/accounts/{account}/second_factor", _set_second_factor),
        ("GET", "/_web/accounts/{account}/code", _code),
        ("GET", "/_web/keys", _list_keys),
        ("POST", "/_web/keys", _issue_key),
        ("PATCH", "/_web/keys/{key}", _edit_key),
        ("DELETE", "/_web/keys/{key}", _delete_key),
        ("GET", "/_sim/clock", _clock),
        ("POST", "/_sim/clock", _set_clock),
        ("GET", "/_sim/switches", _switches),
        ("POST", "/_sim/switches", _set_switches),
        ("GET", "/_sim/faults", _list_faults),
        ("POST", "/_sim/faults", _add_fault),
        ("DELETE", "/_sim/faults", _clear_faults),
        ("GET", "/_sim/requests", _requests),
        ("DELETE", "/_sim/requests", _forget_requests),
    ]
    return [Route(path, _endpoint(venue, handler), methods=[method]) for method, path, handler in table]


def _endpoint(venue: Venue, handler: Handler) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        try:
            sent = await request.json() if await request.body() else {}
            visit = Visit(venue, dict(request.path_params), {**request.query_params, **sent})
            return JSONResponse(handler(visit))
        except (Unacceptable, ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return serve


def _account(visit: Visit, account_id: str) -> Account:
    account = visit.venue.state.book.accounts.get(account_id)
    if account is None:
        raise Unacceptable("no such account")
    return account


def _key(visit: Visit) -> Key:
    key = visit.venue.state.book.keys.get(visit.ids["key"])
    if key is None or key.deleted:
        raise Unacceptable("no such key")
    return key


def _account_facts(account: Account) -> dict[str, Any]:
    return {
        "account": account.id,
        "name": account.name,
        "parent": account.parent,
        "balances": account.balances,
        "second_factor": account.second_factor,
    }


def _list_accounts(visit: Visit) -> Any:
    return [_account_facts(account) for account in visit.venue.state.book.accounts.values()]


def _open_account(visit: Visit) -> Any:
    name, parent = str(visit.sent.get("name", "")), str(visit.sent.get("parent", ""))
    return _account_facts(visit.venue.open_account(name, parent))


def _set_second_factor(visit: Visit) -> Any:
    account = _account(visit, visit.ids["account"])
    account.second_factor = bool(visit.sent.get("on", True))
    return {"second_factor": account.second_factor, "totp_secret": account.totp_secret}


def _code(visit: Visit) -> Any:
    account = _account(visit, visit.ids["account"])
    return {"code": totp.code(account.totp_secret, visit.venue.state.clock.now_ms())}


def _key_facts(venue: Venue, key: Key) -> dict[str, Any]:
    return {
        "key": key.public_id,
        "id": key.number,
        "account": key.account,
        "label": key.label,
        "permissions": venue.permissions(key),
        "read_only": key.read_only,
        "ips": list(key.ips),
        "created_ms": key.created_ms,
        "expires_ms": key.expires_ms,
        "enabled": key.enabled,
    }


def _list_keys(visit: Visit) -> Any:
    book = visit.venue.state.book
    chosen = [visit.sent["account"]] if "account" in visit.sent else list(book.accounts)
    return [_key_facts(visit.venue, key) for account in chosen for key in book.listed(account)]


def _issue_key(visit: Visit) -> Any:
    """The one answer that shows the secret, as the page does once."""
    sent = visit.sent
    form = KeyForm(
        account=_account(visit, str(sent.get("account", ""))).id,
        permissions=sent.get("permissions"),
        ips=_ips(sent.get("ips", [])),
        label=str(sent.get("label", "")),
        read_only=bool(sent.get("read_only", False)),
        age_days=float(sent.get("age_days", 0)),
        public_key=str(sent.get("public_key", "")),
        passphrase=str(sent.get("passphrase", "")),
    )
    key = visit.venue.issue(form)
    passphrase = {"passphrase": key.passphrase} if key.passphrase else {}
    return {**_key_facts(visit.venue, key), "secret": key.secret, **passphrase}


def _ips(sent: Any) -> tuple[str, ...]:
    if not isinstance(sent, list) or not are_addresses(sent):
        raise Unacceptable("ips: a list of addresses")
    return tuple(sent)


def _edit_key(visit: Visit) -> Any:
    key = _key(visit)
    visit.venue.set_ips(key, _ips(visit.sent["ips"]) if "ips" in visit.sent else key.ips)
    key.enabled = bool(visit.sent.get("enabled", key.enabled))
    return _key_facts(visit.venue, key)


def _delete_key(visit: Visit) -> Any:
    visit.venue.state.delete(_key(visit), visit.venue.state.clock.now_ms())
    return {}


def _clock(visit: Visit) -> Any:
    clock = visit.venue.state.clock
    return {"now_ms": clock.now_ms(), "offset_ms": clock.offset_ms, "frozen_ms": clock.frozen_ms}


def _set_clock(visit: Visit) -> Any:
    clock = visit.venue.state.clock
    if "offset_ms" in visit.sent:
        clock.offset_ms = int(visit.sent["offset_ms"])
    if "frozen_ms" in visit.sent:
        frozen = visit.sent["frozen_ms"]
        clock.frozen_ms = None if frozen is None else int(frozen)
    clock.advance(int(visit.sent.get("advance_ms", 0)))
    return _clock(visit)


def _switches(visit: Visit) -> Any:
    return asdict(visit.venue.state.switches)


def _set_switches(visit: Visit) -> Any:
    types = {field.name: type(getattr(visit.venue.state.switches, field.name)) for field in fields(Switches)}
    for name, value in visit.sent.items():
        if name not in types or type(value) is not types[name]:
            raise Unacceptable(f"no such switch, or the wrong kind of value: {name}")
        setattr(visit.venue.state.switches, name, value)
    return _switches(visit)


def _list_faults(visit: Visit) -> Any:
    return [{**asdict(rule), "kind": rule.kind.value} for rule in visit.venue.state.faults.rules]


def _add_fault(visit: Visit) -> Any:
    sent = dict(visit.sent)
    rule = FaultRule(FaultKind(sent.pop("kind", "")), **sent)
    visit.venue.state.faults.add(rule)
    return _list_faults(visit)


def _clear_faults(visit: Visit) -> Any:
    visit.venue.state.faults.clear()
    return []


def _requests(visit: Visit) -> Any:
    return [asdict(seen) for seen in visit.venue.state.seen]


def _forget_requests(visit: Visit) -> Any:
    visit.venue.state.seen.clear()
    return []
