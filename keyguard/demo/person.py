"""Plays the person at Upbit's key page, following the guide that keyguard shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyguard.demo.venues import Pair

if TYPE_CHECKING:
    from keyguard.demo.venues import Website

_PERMISSION = re.compile(r"\((view_account|view_orders|make_orders|withdraw|transfer|deposit)\)")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


@dataclass
class PersonAtUpbit:
    """Reads the guide line by line, ticks what it says and answers when it waits."""

    page: Website
    account: str
    tick: set[str] = field(default_factory=set)
    allow: set[str] = field(default_factory=set)
    old_key: str = ""

    def __call__(self, line: str) -> str | None:
        """Answer a prompt; None for lines that want no answer."""
        if "Tick exactly" in line:
            self.tick |= set(_PERMISSION.findall(line))
        if "IP 주소" in line:
            self.allow |= set(_ADDRESS.findall(line))
        if found := re.search(r"삭제 \(delete\) beside the key (\w+)", line):
            self.old_key = found[1]
        if "Copy Access key" in line:
            return self.issue()
        return self.delete() if "type done" in line else None

    def issue(self) -> str:
        """Press 발급받기: the page shows access key and secret once."""
        shown = self.page.do(
            "POST", "keys", account=self.account, permissions=sorted(self.tick), ips=sorted(self.allow)
        )
        return Pair(shown["key"], shown["secret"]).as_json()

    def delete(self) -> str:
        """Press 삭제 beside the old key."""
        self.page.do("DELETE", f"keys/{self.old_key}")
        return "done"
