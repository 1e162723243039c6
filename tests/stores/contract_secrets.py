"""What every secret store does. A subclass gives `store`, and `reopened` to see it as the next process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core.errors import NotStored, StoreError
from keyguard.core.secret import Secret
from keyguard.stores.items import MAX_VALUE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyguard.ports.secrets import SecretStore

names = st.from_regex(re.compile(r"[a-z0-9/_.-]{1,120}", re.ASCII), fullmatch=True)
values = st.one_of(
    st.text(max_size=200),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=20), st.integers(1, 250)),
)
FAKE_SECRET = Secret("FAKE" + "s" * 60)
OTHER_SECRET = Secret("FAKE" + "t" * 60)


class SecretStoreContract:
    """Run by a subclass named Test… for each store."""

    @pytest.fixture
    def store(self) -> SecretStore:
        """An empty store."""
        raise NotImplementedError

    @pytest.fixture
    def reopened(self, store: SecretStore) -> Callable[[], SecretStore]:
        """Gives the same items through a new object."""
        raise NotImplementedError

    def test_an_item_comes_back_in_the_next_process(
        self, store: SecretStore, reopened: Callable[[], SecretStore]
    ) -> None:
        store.put("version/1", FAKE_SECRET)

        assert store.get("version/1") == FAKE_SECRET
        assert reopened().get("version/1") == FAKE_SECRET

    def test_a_missing_item_is_said_to_be_missing(self, store: SecretStore) -> None:
        store.put("version/1", FAKE_SECRET)

        with pytest.raises(NotStored) as caught:
            store.get("version/2")

        assert caught.value.code == "store.not_stored"
        assert "version/2" in caught.value.message

    def test_the_same_value_may_be_put_again(self, store: SecretStore) -> None:
        store.put("version/1", FAKE_SECRET)
        store.put("version/1", Secret(FAKE_SECRET.reveal()))

        assert store.names() == ("version/1",)

    def test_another_value_is_refused_and_the_first_kept(
        self, store: SecretStore, reopened: Callable[[], SecretStore]
    ) -> None:
        store.put("version/1", FAKE_SECRET)

        with pytest.raises(StoreError) as caught:
            store.put("version/1", OTHER_SECRET)

        assert caught.value.code == "store.exists"
        assert reopened().get("version/1") == FAKE_SECRET

    def test_a_deleted_item_is_gone_and_its_name_free(self, store: SecretStore) -> None:
        store.put("version/1", FAKE_SECRET)
        store.put("version/10", OTHER_SECRET)

        store.delete("version/1")

        assert store.names() == ("version/10",)
        with pytest.raises(NotStored):
            store.get("version/1")
        store.put("version/1", OTHER_SECRET)
        assert store.get("version/1") == OTHER_SECRET

    def test_deleting_what_is_not_there_is_fine(self, store: SecretStore) -> None:
        store.delete("version/1")
        store.put("version/1", FAKE_SECRET)
        store.delete("version/2")

        assert store.names() == ("version/1",)

    def test_names_are_sorted(self, store: SecretStore, reopened: Callable[[], SecretStore]) -> None:
        assert store.names() == ()
        for name in ("version/b", "journal.key", "version/a", "a-_./0"):
            store.put(name, FAKE_SECRET)

        assert reopened().names() == ("a-_./0", "journal.key", "version/a", "version/b")

    @pytest.mark.parametrize("name", ["", "Version/1", "version 1", "é", "a#1", "a\n", "x" * 121])
    def test_a_name_the_port_does_not_allow_is_refused(self, store: SecretStore, name: str) -> None:
        for act in (
            lambda: store.put(name, FAKE_SECRET),
            lambda: store.get(name),
            lambda: store.delete(name),
        ):
            with pytest.raises(StoreError) as caught:
                act()
            assert caught.value.code == "store.name"
        assert store.names() == ()

    def test_the_largest_value_comes_back_and_one_byte_more_is_refused(
        self, store: SecretStore, reopened: Callable[[], SecretStore]
    ) -> None:
        largest = Secret("k" * MAX_VALUE_BYTES)
        store.put("largest", largest)

        with pytest.raises(StoreError) as caught:
            store.put("larger", Secret(largest.reveal() + "k"))

        assert caught.value.code == "store.too_large"
        assert reopened().get("largest") == largest
        assert reopened().names() == ("largest",)

    def test_a_value_that_is_no_text_is_refused_and_not_shown(self, store: SecretStore) -> None:
        with pytest.raises(StoreError) as caught:
            store.put("broken", Secret("FAKE\ud800" + "x" * 20))

        assert caught.value.code == "store.not_text"
        assert caught.value.__cause__ is None and caught.value.__suppress_context__
        assert store.names() == ()

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "\0",
            " \n\t",
            "\ufeffFAKE",
            "FAKE\r\n",
            "한국어 \U0001f511" * 900,
            "kg1:FAKE",
            "kg1-parts:2:00",
        ],
        ids=["empty", "nul", "blank", "bom", "crlf", "wide", "prefix", "parts"],
    )
    def test_awkward_values_come_back_as_they_were(
        self, store: SecretStore, reopened: Callable[[], SecretStore], value: str
    ) -> None:
        store.put("awkward", Secret(value))

        assert reopened().get("awkward").reveal() == value

    def test_any_name_and_text_come_back(self, store: SecretStore) -> None:
        # Inside, because Hypothesis wants a test of its own for each subclass.
        @settings(max_examples=25, deadline=None)
        @given(name=names, value=values)
        def round_trip(name: str, value: str) -> None:
            store.put(name, Secret(value))
            assert store.get(name).reveal() == value
            assert store.names() == (name,)
            store.delete(name)
            assert store.names() == ()

        round_trip()
