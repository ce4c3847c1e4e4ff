"""One of each kind of store; servers are started when the first test of a process asks for them."""

from __future__ import annotations

import secrets

import pytest

from strict_cookies.signals import session_alarm, sessions_ended, signed_in, signed_out

from .apps import make_manager
from .places import Place, opened
from .redis_servers import redis_cluster, redis_server

#: What other processes can share.
SHARED = ("sqlite", "redis", "cluster")


@pytest.fixture(scope="session")
def redis_single():
    """One Redis server."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_three():
    """Three nodes of a Redis Cluster."""
    with redis_cluster() as nodes:
        yield nodes


def place_of(kind, request, tmp_path):
    """Make an empty place: a file or a prefix of its own."""
    prefix = secrets.token_hex(6)
    if kind == "redis":
        return Place(kind, request.getfixturevalue("redis_single").url, prefix)
    if kind == "cluster":
        return Place(kind, str(request.getfixturevalue("redis_three")[0].port), prefix)
    return Place(kind, str(tmp_path / "sessions.sqlite"))


@pytest.fixture(params=("memory", *SHARED))
def kind(request):
    """Each kind of store."""
    return request.param


@pytest.fixture
def place(kind, request, tmp_path):
    """An empty place for each kind of store."""
    return place_of(kind, request, tmp_path)


@pytest.fixture(params=SHARED)
def shared_place(request, tmp_path):
    """An empty place for each kind of store that other processes can open."""
    return place_of(request.param, request, tmp_path)


@pytest.fixture
def store(place):
    """An empty store of each kind."""
    with opened(place) as store:
        yield store


@pytest.fixture
def shared_store(shared_place):
    """An empty store of each kind that other processes can open."""
    with opened(shared_place) as store:
        yield store


@pytest.fixture
def manager(store, clock):
    """The life of sessions, in an empty store of each kind."""
    return make_manager(store, clock=clock)


@pytest.fixture
def told():
    """What was told by signals, in order."""
    seen = []
    receivers = []
    for signal in (signed_in, signed_out, sessions_ended, session_alarm):

        def receive(sender, name=signal.name, **facts):
            seen.append((name, facts))

        receivers.append(receive)
        signal.connect(receive)
    yield seen
    receivers.clear()
