"""A venue whose API is a table of calls, as most are. What is this venue's own is given as functions.

VENUE = partial(Table, Rules(name="examplex", private={("GET", "/v2/me"): Endpoint(me, "view")}, …))
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from keyguard_simulators.accounts import DAY_MS, Account, Key
from keyguard_simulators.shapes import alnum, digits
from keyguard_simulators.state import State
from keyguard_simulators.venue import KeyForm, Unacceptable
from keyguard_simulators.wire import Answer, Call


class Refusal(Exception):
    """A call that is not served: the venue's code and words, and the HTTP status they go out with."""

    def __init__(self, code: str | int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Caller:
    """The admitted key, the call, and what it sent. `ids`: what stood for the `{…}` of the path."""

    state: State
    key: Key
    call: Call
    params: Mapping[str, Any]
    ids: Mapping[str, str]

    @property
    def account(self) -> Account:
        """The account the calling key belongs to."""
        return self.state.book.accounts[self.key.account]

    def text(self, name: str, default: str = "") -> str:
        """A parameter; the default where it is missing or no text."""
        value = self.params.get(name, default)
        return value if isinstance(value, str) else default


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A signed call. `needs`: permissions any one of which is enough; none: every key may."""

    serve: Callable[[Caller], Any]
    needs: Collection[str] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class Form:
    """What the key page takes. `permissions`: all there are; `max_keys` for one account, those that have
    expired among them where `expired_count`."""

    permissions: Collection[str]
    max_ips: int
    ip_mandatory: bool = False
    networks: bool = False
    max_keys: int = 50
    expired_count: bool = False
    life_days: int | None = None


Routes = Mapping[tuple[str, str], Callable[[Call], Any]]


@dataclass(frozen=True)
class Rules:
    """A venue's own ways.

    `claimed`: the public id a call names, for the log, before anything is checked; raises nothing.
    `admit`: the calling key, all checks of key, clock, nonce, signature, life and address behind it, in the
    venue's order; raises Refusal. `answered`: the body around a result; `refused`: body for a refusal.
    `denied`: the refusal of a key without the permission; `limited`: of too many calls (True: harder);
    `missing`: of a path that is not there. `make`: public id, secret and more of a new key, as fields of Key.
    """

    name: str
    form: Form
    claimed: Callable[[Call], str]
    admit: Callable[[State, Call], Key]
    refused: Callable[[Refusal], Any]
    denied: Callable[[Endpoint], Refusal]
    limited: Callable[[bool], Refusal]
    private: Mapping[tuple[str, str], Endpoint]
    public: Routes = field(default_factory=dict)
    answered: Callable[[Call, Any], Any] = lambda _call, result: result
    missing: Refusal = field(default_factory=lambda: Refusal(404, "not found", 404))
    make: Callable[[State, KeyForm], Mapping[str, Any]] = lambda _state, _form: {
        "public_id": alnum(32),
        "secret": alnum(64),
    }
    account_id: Callable[[], str] = lambda: digits(9)
    operation: Callable[[Call], str] = lambda call: call.path
    calls_per_second: int = 20
    balances: Mapping[str, str] = field(default_factory=lambda: {"USDT": "25000", "BTC": "0.75"})


@dataclass
class Table:
    """A simulated venue by its rules; see `Venue`."""

    rules: Rules
    state: State = field(default_factory=State)

    @property
    def name(self) -> str:
        """The venue's id."""
        return self.rules.name

    def operation(self, call: Call) -> str:
        """The path, or what the venue calls it."""
        return self.rules.operation(call)

    def answer(self, call: Call) -> Answer:
        """Serve one call."""
        rules, claimed = self.rules, self.rules.claimed(call)
        try:
            if public := rules.public.get((call.method, call.path)):
                return Answer(rules.answered(call, public(call)))
            key = rules.admit(self.state, call)
            if self._exceeds(call, key):
                raise rules.limited(False)
            endpoint, ids = self._endpoint(call)
            if endpoint.needs and not key.grants & frozenset(endpoint.needs):
                raise rules.denied(endpoint)
            result = endpoint.serve(Caller(self.state, key, call, params_of(call), ids))
        except Refusal as refusal:
            return self._refused(refusal, claimed)
        return Answer(rules.answered(call, result), endpoint.status, key=claimed)

    def limited(self, call: Call, blocked: bool) -> Answer:
        """The venue's refusal of a client that calls too often."""
        return self._refused(self.rules.limited(blocked), self.rules.claimed(call))

    def demand_code(self, call: Call) -> None:
        """No venue of this kind asks for one-time codes by API."""

    def open_account(self, name: str, parent: str) -> Account:
        """Open an account, or a sub-account of `parent`."""
        accounts = self.state.book.accounts
        if parent and (parent not in accounts or accounts[parent].parent):
            raise Unacceptable("no such master account")
        account = Account(self.rules.account_id(), name, parent, dict(self.rules.balances))
        accounts[account.id] = account
        return account

    def issue(self, form: KeyForm) -> Key:
        """Issue a key as the website does."""
        rules, now_ms = self.rules.form, self.state.clock.now_ms()
        sent = form.permissions
        if not isinstance(sent, list) or set(map(str, sent)) - set(rules.permissions):
            raise Unacceptable("permissions: of " + ", ".join(rules.permissions))
        self._check_ips(form.ips)
        listed = self.state.book.listed(form.account)
        if sum(rules.expired_count or not key.expired_at(now_ms) for key in listed) >= rules.max_keys:
            raise Unacceptable(f"at most {rules.max_keys} keys an account")
        return enter(self.state, form, frozenset(sent), self.rules)

    def set_ips(self, key: Key, ips: tuple[str, ...]) -> None:
        """Change a key's IP list as the website does."""
        self._check_ips(ips)
        key.ips = ips

    def permissions(self, key: Key) -> Any:
        """The permission names, in the order of the page."""
        return [name for name in self.rules.form.permissions if name in key.grants]

    def _check_ips(self, ips: tuple[str, ...]) -> None:
        form = self.rules.form
        if len(ips) > form.max_ips or (form.ip_mandatory and not ips):
            raise Unacceptable(f"{int(form.ip_mandatory)} to {form.max_ips} addresses")
        if not form.networks and any("/" in ip for ip in ips):
            raise Unacceptable("single addresses only")

    def _exceeds(self, call: Call, key: Key) -> bool:
        rate = self.rules.calls_per_second
        left = self.state.limits.take(key.account, rate, rate, call.now_ms)
        return left < 0 and self.state.switches.enforce_rate_limits

    def _endpoint(self, call: Call) -> tuple[Endpoint, dict[str, str]]:
        for (method, path), endpoint in self.rules.private.items():
            if method == call.method and (ids := _match(path, call.path)) is not None:
                return endpoint, ids
        raise self.rules.missing

    def _refused(self, refusal: Refusal, claimed: str) -> Answer:
        return Answer(self.rules.refused(refusal), refusal.status, key=claimed, code=str(refusal.code))


def enter(state: State, form: KeyForm, grants: frozenset[str], rules: Rules) -> Key:
    """Make a key and put it into the book, old already by what the form says."""
    now_ms = state.clock.now_ms()
    created_ms = now_ms - int(form.age_days * DAY_MS)
    life = rules.form.life_days
    facts = {
        "number": state.book.next_number,
        "account": form.account,
        "grants": grants,
        "ips": form.ips,
        "label": form.label,
        "created_ms": created_ms,
        "live_ms": state.live_from(now_ms),
        "public_key": form.public_key,
        "read_only": form.read_only,
        "expires_ms": None if life is None else created_ms + life * DAY_MS,
    }
    key = Key(**{**facts, **rules.make(state, form)})
    state.book.add_key(key)
    return key


def params_of(call: Call) -> dict[str, Any]:
    """Query parameters and the members of a JSON or form body, the latter first."""
    return {**call.params, **body_of(call)}


def body_of(call: Call) -> dict[str, Any]:
    """The body of a call by its content type; {} for one that is no object."""
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        sent = json.loads(call.body or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def are_entries(texts: Collection[str]) -> bool:
    """Whether each is an address or a network."""
    try:
        return all(ipaddress.ip_network(text) for text in texts)
    except ValueError:
        return False


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """What stands for the `{…}` of a pattern; None where the path is another."""
    parts, given = pattern.split("/"), path.split("/")
    if len(parts) != len(given):
        return None
    ids = {part[1:-1]: value for part, value in zip(parts, given, strict=True) if part[:1] == "{"}
    same = all(part[:1] == "{" or part == value for part, value in zip(parts, given, strict=True))
    return ids if same else None


def subordinate(caller: Caller, wanted: object) -> Account | None:
    """The sub-account of the calling key's account that goes by this id or name; None where there is none."""
    accounts = list(caller.state.book.accounts.values())
    own = [account for account in accounts if account.parent and account.parent == caller.key.account]
    return next((account for account in own if str(wanted) in (account.id, account.name)), None)


def key_of(caller: Caller, account: Account, public_id: object) -> Key | None:
    """The key of this account that was not deleted; None where there is none."""
    return next((key for key in caller.state.book.listed(account.id) if key.public_id == public_id), None)


def split(text: object) -> tuple[str, ...]:
    """The entries of a comma-separated text; () for anything else."""
    return tuple(part.strip() for part in text.split(",")) if isinstance(text, str) and text else ()


def same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing; any text will do."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def within(ips: Collection[str], ip: str) -> bool:
    """Whether a list of addresses and networks, () for any, has this address in it."""
    return not ips or any(ipaddress.ip_address(ip) in ipaddress.ip_network(entry) for entry in ips)
