"""A secret store for who only looks: it gives nothing and takes nothing."""

from __future__ import annotations

from typing import NoReturn

from keyguard.core.errors import StoreError


class ClosedStore:
    """Every operation raises StoreError `store.closed`, whatever the real store would do."""

    kind = "unknown"

    def _refuse(self, *_: object) -> NoReturn:
        raise StoreError(
            "a read-only view has no secrets", code="store.closed", still="nothing was read or changed"
        )

    put = get = delete = names = _refuse
