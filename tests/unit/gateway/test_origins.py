"""Only https to what an adapter pins; http only to loopback."""

from __future__ import annotations

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Facts
from keyguard.gateway.origins import Origin, chosen, pinned, simulator

MOVED = Facts(
    id="fakex",
    name="Fakex",
    base="https://api.fakex.test",
    other_bases=("https://api.fakex2.test",),
    docs="https://docs.fakex.test",
    checked="2026-11-20",
    key_page="https://fakex.test/keys",
)


@pytest.mark.parametrize("url", ["https://api.fakex.test", "https://api.fakex2.test:443/"])
def test_a_home_chooses_among_the_origins_of_a_venue(url):
    assert chosen(MOVED, url) in (pinned(MOVED.base), pinned(MOVED.other_bases[0]))


@pytest.mark.parametrize(
    "url", ["https://api.fakex3.test", "http://api.fakex2.test", "https://api.fakex2.test:8443", ""]
)
def test_any_other_origin_is_none_of_the_venue(url):
    with pytest.raises(UsageError, match="none of that venue's") as caught:
        chosen(MOVED, url)
    assert caught.value.code == "venue.host"
    assert "https://api.fakex2.test" in caught.value.hint


@pytest.mark.parametrize(
    ("base", "netloc"),
    [
        ("https://api.bybit.com", "api.bybit.com"),
        ("https://api.bybit.com/", "api.bybit.com"),
        ("https://api.bybit.com:443", "api.bybit.com"),
        ("https://127.0.0.1:8443", "127.0.0.1:8443"),
    ],
)
def test_an_https_origin_is_pinned(base, netloc):
    assert pinned(base).netloc == netloc
    assert pinned(base).scheme == "https"


@pytest.mark.parametrize(
    "base",
    [
        "http://api.bybit.com",
        "http://127.0.0.1:80",
        "https://user@api.bybit.com",
        "https://api.bybit.com@evil.test",
        "https://api.bybit.com/v5",
        "https://api.bybit.com?x=1",
        "https://api.bybit.com#x",
        "https://api.bybit.com:x",
        "https://api.bybit.com:99999",
        "https://api.bybit.com\\evil.test",
        "https://api.bybit.com\n",
        "https://api.bybit.com/\n",
        "https://аpi.bybit.com",
        "https://" + "a" * 64 + ".com",
        "https://-x.com",
        "https://",
        "https:///x",
        "ftp://api.bybit.com",
        "api.bybit.com",
        "",
    ],
)
def test_anything_else_is_no_base(base):
    with pytest.raises(UsageError) as caught:
        pinned(base)
    assert caught.value.code == "venue.base"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8123", Origin("http", "127.0.0.1", 8123, simulated=True)),
        ("http://127.9.9.9", Origin("http", "127.9.9.9", 80, simulated=True)),
        ("http://[::1]:8123/", Origin("http", "::1", 8123, simulated=True)),
    ],
)
def test_a_simulator_listens_on_loopback(url, origin):
    assert simulator("bybit", url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:80",
        "http://0.0.0.0:80",
        "http://localhost:80",  # a name means what the machine's configuration says
        "http://127.0.0.1.evil.test",
        "http://127.0.0.1@evil.test",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://[::ffff:127.0.0.1]:80",
        "http://[fe80::1]:80",
        "http://127.0.0.1:80/path",
        "https://127.0.0.1:80",
        "http://api.bybit.com",
        "",
    ],
)
def test_a_simulator_elsewhere_is_refused(url):
    with pytest.raises(UsageError) as caught:
        simulator("bybit", url)
    assert caught.value.code == "venue.simulator"


def test_the_host_header_has_brackets_around_an_ipv6_address():
    assert simulator("bybit", "http://[::1]:8123").netloc == "[::1]:8123"
