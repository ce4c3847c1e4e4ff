"""One of each kind of archive; a server is started when the first test asks for it."""

from __future__ import annotations

import secrets

import pytest

from tests.sessions.redis_servers import redis_server

from .places import Place, opened

#: What other processes can share.
SHARED = ("sqlite", "redis")


@pytest.fixture(scope="session")
def archive_server():
    """One Redis server."""
    with redis_server() as server:
        yield server


def place_of(kind, request, tmp_path):
    """Make an empty place: a file or a prefix of its own."""
    if kind == "redis":
        return Place(kind, request.getfixturevalue("archive_server").url, secrets.token_hex(6))
    return Place(kind, str(tmp_path / "sessions.sqlite"))


@pytest.fixture(params=("memory", *SHARED))
def archive(request, tmp_path):
    """An empty archive of each kind."""
    with opened(place_of(request.param, request, tmp_path)) as archive:
        yield archive


@pytest.fixture(params=SHARED)
def shared_place(request, tmp_path):
    """An empty place for each kind of archive that other processes can open."""
    return place_of(request.param, request, tmp_path)
