"""Adapters are found by name, and nothing is loaded that nobody asked for."""

from __future__ import annotations

from importlib import metadata

import pytest

from keyguard.core.errors import UsageError
from keyguard.gateway import registry
from tests.unit.gateway import venue


def offer(monkeypatch: pytest.MonkeyPatch, *targets: str, name: str = "fakex") -> None:
    points = [metadata.EntryPoint(name, t, registry.GROUP) for t in targets]
    monkeypatch.setattr(
        metadata, "entry_points", lambda **wanted: [p for p in points if p.name == wanted["name"]]
    )


def test_a_bundled_adapter_is_loaded_by_its_name(bundle):
    fakex = venue.adapter()
    bundle(fakex)
    assert registry.load("fakex") is fakex


def test_an_unknown_venue_is_refused_with_the_names_and_the_nearest(bundle):
    bundle(venue.adapter())
    with pytest.raises(UsageError) as caught:
        registry.load("Bybti")
    assert caught.value.code == "venue.unknown"
    assert caught.value.hint == "did you mean bybit? known venues: bybit, deribit, fakex, upbit"


def test_no_guess_where_nothing_is_near(bundle):
    bundle(venue.adapter())
    with pytest.raises(UsageError) as caught:
        registry.load("../../etc")
    assert caught.value.hint == "known venues: bybit, deribit, fakex, upbit"


def test_an_installed_foreign_adapter_is_not_loaded_unless_allowed(monkeypatch):
    offer(monkeypatch, "tests.unit.gateway.venue:nothing_may_load_this")
    with pytest.raises(UsageError, match="no venue is called 'fakex'"):
        registry.load("fakex")


def test_an_allowed_foreign_adapter_is_loaded_from_its_entry_point(monkeypatch):
    monkeypatch.setattr(venue, "FOREIGN", venue.adapter(), raising=False)
    offer(monkeypatch, "tests.unit.gateway.venue:FOREIGN")
    assert registry.load("fakex", {"fakex"}).facts.id == "fakex"


def test_a_foreign_adapter_cannot_replace_a_bundled_one(monkeypatch, bundle):
    ours = venue.adapter()
    bundle(ours)
    monkeypatch.setattr(venue, "FOREIGN", venue.adapter("https://evil.test"), raising=False)
    offer(monkeypatch, "tests.unit.gateway.venue:FOREIGN")
    assert registry.load("fakex", {"fakex"}) is ours


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ((), "no installed package offers"),
        (("tests.unit.gateway.venue:WHO", "tests.unit.gateway.venue:WHO"), "more than one"),
        (("tests.unit.gateway.venue:missing",), r"cannot be loaded \(AttributeError\)"),
        (("no_such_package:ADAPTER",), r"cannot be loaded \(ModuleNotFoundError\)"),
        (("tests.unit.gateway.venue:WHO",), "is not the adapter of that venue"),
    ],
)
def test_a_broken_foreign_adapter_is_one_clear_error(monkeypatch, targets, says):
    offer(monkeypatch, *targets)
    with pytest.raises(UsageError, match=says) as caught:
        registry.load("fakex", ["fakex"])
    assert caught.value.code == "venue.broken"


def test_an_adapter_of_another_venue_under_this_name_is_refused(monkeypatch):
    monkeypatch.setattr(venue, "FOREIGN", venue.adapter(), raising=False)
    offer(monkeypatch, "tests.unit.gateway.venue:FOREIGN", name="otherx")
    with pytest.raises(UsageError, match="is not the adapter of that venue"):
        registry.load("otherx", ["otherx"])
