"""
Whatever is done to a store, in whatever order, by whichever of two that share a place, it answers
as a dict and a few lines of Python would.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from strict_cookies.sessions.stores.base import StoredSession, Update

from ..conftest import SHARED, place_of
from ..places import close, make_key

KEYS = st.integers(0, 5).map(make_key)
USERS = st.sampled_from(["alice", "bob", None])
TIMES = st.integers(0, 30)
ROWS = st.builds(
    StoredSession,
    version=st.integers(1, 4),
    user=USERS,
    created_at=TIMES,
    seen_at=TIMES,
    ends_at=TIMES,
    payload=st.binary(max_size=4),
)
STORES = st.integers(0, 1)


class Model(RuleBasedStateMachine):
    """The same calls go to a store and to two dicts; every answer is compared."""

    place = None
    fresh = 0

    def __init__(self):
        super().__init__()
        Model.fresh += 1
        number = Model.fresh
        address = f"{self.place.address}{number}" if self.place.kind == "sqlite" else None
        place = self.place._replace(
            address=address or self.place.address, prefix=f"{self.place.prefix}-{number}"
        )
        first = place.open()
        self.stores = [first, first if place.kind == "memory" else place.open()]
        self.live: dict[bytes, StoredSession] = {}
        self.ended: dict[bytes, int] = {}

    def teardown(self):
        for store in self.stores:
            close(store)

    def end_these(self, keys):
        live = {key for key in keys if key in self.live}
        for key in live:
            self.ended[key] = self.live.pop(key).ends_at
        return len(live)

    def listed(self, user):
        rows = [(key, row) for key, row in self.live.items() if row.user == user]
        return sorted(rows, key=lambda row: (row[1].created_at, row[0]))

    @rule(which=STORES, key=KEYS, row=ROWS)
    def create(self, which, key, row):
        if key in self.live or key in self.ended:
            with pytest.raises(ValueError, match="the key exists"):
                self.stores[which].create(key, row)
        else:
            self.stores[which].create(key, row)
            self.live[key] = row

    @rule(which=STORES, key=KEYS, row=ROWS, right=st.booleans())
    def update(self, which, key, row, right):
        current = self.live.get(key)
        if right and current is not None:
            row = row._replace(version=current.version + 1)
        answer = self.stores[which].update(key, row)
        if current is not None and current.version == row.version - 1:
            assert answer == Update(True)
            self.live[key] = row._replace(created_at=current.created_at)
        else:
            assert answer == Update(False, current)

    @rule(which=STORES, key=KEYS, row=ROWS)
    def transact(self, which, key, row):
        current = self.live.get(key)
        answer = self.stores[which].transact(key, lambda _: row)
        if current is None:
            assert answer is None
        else:
            expected = row._replace(version=current.version + 1, created_at=current.created_at)
            assert answer == expected
            self.live[key] = expected

    @rule(which=STORES, key=KEYS, seen_at=TIMES, ends_at=TIMES)
    def touch(self, which, key, seen_at, ends_at):
        row = self.live.get(key)
        assert self.stores[which].touch(key, seen_at, ends_at) is (row is not None)
        if row is not None:
            self.live[key] = row._replace(
                seen_at=max(row.seen_at, seen_at), ends_at=max(row.ends_at, ends_at)
            )

    @rule(which=STORES, old=st.none() | KEYS, new=KEYS, row=ROWS)
    def replace(self, which, old, new, row):
        if old is not None and old not in self.live:
            assert self.stores[which].replace(old, new, row) is False
        elif new in self.live or new in self.ended:
            with pytest.raises(ValueError, match="the key exists"):
                self.stores[which].replace(old, new, row)
        else:
            assert self.stores[which].replace(old, new, row) is True
            self.live[new] = row
            self.end_these([old])

    @rule(which=STORES, keys=st.lists(KEYS, max_size=3))
    def end(self, which, keys):
        assert self.stores[which].end(keys) == self.end_these(keys)

    @rule(which=STORES, user=st.sampled_from(["alice", "bob"]), but=st.none() | KEYS)
    def end_user(self, which, user, but):
        mine = [key for key, _ in self.listed(user) if key != but]
        assert self.stores[which].end_user(user, but=but) == self.end_these(mine)

    @rule(which=STORES)
    def end_all(self, which):
        assert self.stores[which].end_all() == self.end_these(list(self.live))

    @rule(which=STORES, before=st.integers(0, 32), limit=st.integers(0, 3))
    def purge(self, which, before, limit):
        past = sum(row.ends_at < before for row in self.live.values())
        past += sum(ends_at < before for ends_at in self.ended.values())
        removed = self.stores[which].purge(before, limit)
        assert removed == min(limit, past)
        # Which of them went is not said; the rest go now.
        assert self.stores[1 - which].purge(before, 100) == past - removed
        self.live = {key: row for key, row in self.live.items() if row.ends_at >= before}
        self.ended = {key: end for key, end in self.ended.items() if end >= before}

    @invariant()
    def answers_are_the_same(self):
        for store in self.stores:
            for number in range(6):
                key = make_key(number)
                assert store.read(key) == self.live.get(key)
            for user in ("alice", "bob"):
                assert store.list_user(user) == self.listed(user)


@pytest.mark.parametrize("kind", ["memory", *SHARED])
def test_store_answers_as_the_model(kind, request, tmp_path):
    """No sequence of calls makes a store give another answer than the model."""

    class Machine(Model):
        place = place_of(kind, request, tmp_path)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
