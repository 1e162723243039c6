"""Deribit's second factor: a challenge, and the same call again with it and a one-time code."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

from keyguard_simulators import totp
from keyguard_simulators.accounts import Account
from keyguard_simulators.deribit.rpc import Rpc, RpcError

CHALLENGE_LIFE_MS = 60_000
MAX_FAILURES = 5
WAIT_S = 60
MARKED = frozenset(
    f"private/{name}"
    for name in (
        "list_api_keys",
        "create_api_key",
        "edit_api_key",
        "change_scope_in_api_key",
        "disable_api_key",
    )
)


@dataclass
class SecondFactor:
    """Challenges given out, codes used, failures counted."""

    challenges: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # account, method, given at
    used: set[tuple[str, str]] = field(default_factory=set)
    failures: dict[str, list[int]] = field(default_factory=dict)
    demanded: set[str] = field(default_factory=set)  # methods whose next call needs a code come what may

    def question(self, account: Account, rpc: Rpc, needed: bool, now_ms: int) -> dict[str, Any] | None:
        """Return the challenge to answer with, or None when the call may go ahead; raises RpcError."""
        self._refuse_guessers(account, now_ms)
        if "challenge" in rpc.params:
            self._check(account, rpc, now_ms)
            self.demanded.discard(rpc.method)
            return None
        if rpc.method in self.demanded:
            self.demanded.discard(rpc.method)
        elif not (account.second_factor and needed):
            return None
        challenge = base64.b64encode(secrets.token_bytes(32)).decode()
        self.challenges[challenge] = (account.id, rpc.method, now_ms)
        return {
            "security_key_authorization_required": True,
            "challenge": challenge,
            "rp_id": "deribit.com",
            "security_keys": [{"type": "tfa", "name": "tfa"}],
        }

    def _check(self, account: Account, rpc: Rpc, now_ms: int) -> None:
        """Accept challenge and code, or raise RpcError; a challenge serves for one try."""
        given = self.challenges.pop(str(rpc.params["challenge"]), None)
        if given is None or given[:2] != (account.id, rpc.method) or now_ms - given[2] > CHALLENGE_LIFE_MS:
            raise self._failed(account, "challenge_timeout", now_ms)
        code = str(rpc.params.get("authorization_data", ""))
        if not code:
            raise self._failed(account, "tfa_code_is_required", now_ms)
        if not totp.matches(account.totp_secret, code, now_ms):
            raise self._failed(account, "tfa_code_not_matched", now_ms)
        if (account.id, code) in self.used:
            raise self._failed(account, "used_tfa_code", now_ms)
        self.used.add((account.id, code))
        self.failures.pop(account.id, None)

    def _failed(self, account: Account, reason: str, now_ms: int) -> RpcError:
        self.failures.setdefault(account.id, []).append(now_ms)
        return RpcError(13668, "security_key_authorization_error", reason=reason)

    def _refuse_guessers(self, account: Account, now_ms: int) -> None:
        recent = [at for at in self.failures.get(account.id, []) if now_ms - at < WAIT_S * 1000]
        if len(recent) >= MAX_FAILURES:
            wait_s = WAIT_S - (now_ms - recent[-1]) // 1000
            raise RpcError(12998, "security_key_authorization_over_limit", wait=wait_s)
