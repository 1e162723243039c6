"""Messenger through apprise, which knows the services people use (an extra)."""

from __future__ import annotations

import logging
from typing import Any

from keyguard.core.alerts import Urgency
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel

_OF_THIS_MACHINE = frozenset({"dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
_KINDS = {
    Urgency.LOW: "info",
    Urgency.MEDIUM: "info",
    Urgency.HIGH: "warning",
    Urgency.CRITICAL: "failure",
}


class AppriseMessenger:
    """One service instance a message; apprise writes no log and no file."""

    def check(self, url: Secret) -> str:
        """Return the service's name; UsageError for a URL that is none, or goes out in the clear."""
        return str(self._service(url).service_name)

    def send(self, channel: Channel, title: str, text: str, urgency: Urgency) -> None:
        """Deliver; StoreError `alert.undelivered` if the service did not take it."""
        service = self._service(channel.url)
        if not service.notify(body=text, title=title, notify_type=_KINDS[urgency]):
            raise StoreError(
                f"the channel {channel.name} ({service.service_name}) did not take the alert",
                code="alert.undelivered",
                still="other channels were tried too; the alert stays open",
                hint=f"keyguard alert test {channel.name}",
            )

    def _service(self, url: Secret) -> Any:
        apprise = _library()
        # Its log names what it sends where; a URL is a secret.
        logging.getLogger("apprise").disabled = True
        asset = apprise.AppriseAsset(
            app_id="keyguard",
            app_desc="keyguard",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            plugin_paths=[],
            storage_mode=apprise.PersistentStoreMode.MEMORY,
        )
        service = apprise.Apprise.instantiate(url.reveal(), asset=asset, suppress_exceptions=True)
        if service is None:
            raise UsageError(
                "no service is known for this URL, or a part of it is missing",
                code="alert.url",
                still="nothing was stored",
                hint="the URLs are those of apprise: slack://…, tgram://…, mailtos://…, pagerduty://…",
            )
        scheme = url.reveal().partition("://")[0].lower()
        if scheme in _listed(service.protocol) and scheme not in _OF_THIS_MACHINE:
            secure = " or ".join(_listed(service.secure_protocol)) or "another service"
            raise UsageError(
                f"a URL that begins with {scheme}:// sends over a network in the clear",
                code="alert.url",
                still="nothing was stored",
                hint=f"use {secure}",
            )
        return service


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise UsageError(
            "alerts need apprise", code="alert.library", hint="install keyguard with the extra `alerts`"
        ) from None
    return apprise


def _listed(protocol: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if not protocol else (protocol,) if isinstance(protocol, str) else tuple(protocol)
