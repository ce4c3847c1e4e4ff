"""What a setting may name as the session store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from strict_cookies.errors import ConfigurationError
from strict_cookies.sessions.stores import base as contract
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.sessions.stores.open import open_store
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore


class Named(redis.Redis):
    """A client of an application's own."""


@pytest.mark.parametrize(
    ("named", "file"),
    [
        (None, "sessions.sqlite"),
        ("sqlite", "sessions.sqlite"),
        ("mine.db", "mine.db"),
        ("folder/mine", "folder/mine"),
        (Path("mine"), "mine"),
        ("../mine.db", "../mine.db"),
    ],
)
def test_path_is_in_the_instance_folder(tmp_path, named, file):
    """The default, and any relative path, is in the instance folder; nothing is made yet."""
    store = open_store(named, tmp_path, "shop")
    assert repr(store) == f"SQLiteStore({str((tmp_path / file).resolve())!r})"
    assert list(tmp_path.iterdir()) == []


def test_absolute_path_is_itself(tmp_path):
    """An absolute path has nothing to do with the instance folder."""
    store = open_store(str(tmp_path / "x.sqlite"), "/nowhere", "shop")
    assert isinstance(store, SQLiteStore)
    assert repr(store) == f"SQLiteStore({str(tmp_path / 'x.sqlite')!r})"


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://shop.test:7000/2", "Redis at shop.test:7000/2"),
        ("rediss://:secret@shop.test", "Redis at shop.test:6379/0"),
        ("unix:///run/redis.sock", "Redis at /run/redis.sock"),
    ],
)
def test_url_is_redis(tmp_path, url, where):
    """A URL of Redis makes a store there, without connecting."""
    assert (
        repr(open_store(url, tmp_path, "shop"))
        == f"<RedisStore {{strict_cookies:shop}} in {where}>"
    )


@pytest.mark.parametrize("kind", [redis.Redis, Named])
def test_client_is_redis(tmp_path, kind):
    """A client of redis-py, or of a class made from it, is used as it is."""
    client = kind(host="shop.test")
    store = open_store(client, tmp_path, "shop")
    assert isinstance(store, RedisStore)
    assert store._client is client


def test_store_is_itself(tmp_path):
    """A store that is ready is the store, of whatever class."""

    class Mine(MemoryStore):
        pass

    for store in (MemoryStore(), SQLiteStore(tmp_path / "x"), Mine()):
        assert open_store(store, tmp_path, "shop") is store


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ("redis", "The session store is 'redis'. Give 'sqlite', a path such as"),
        ("memory", "The session store is 'memory'. Give"),
        (":memory:", "The session store is ':memory:'. Give"),
        ("", "The session store is ''. Give"),
        ("postgres://me:canary@shop.test/x", "The session store is 'postgres:...'. Give"),
        ("redis+sentinel://:canary@shop.test/x", "The session store is 'redis+sentinel:...'. Give"),
        ("file:canary.db", "The session store is 'file:...'. Give"),
        (7, "is of type int, which has no close, create, end, end_all, end_user, list_user"),
        ({}, "is of type dict, which has no close, create"),
        (MemoryStore, "is of type type, which has no close"),
    ],
)
def test_anything_else_is_refused(tmp_path, named, text):
    """It says what came and what may, but nothing of what follows a scheme."""
    with pytest.raises(ConfigurationError) as told:
        open_store(named, tmp_path, "shop")
    assert text in str(told.value)
    assert "canary" not in str(told.value)


def test_store_that_lacks_a_method_is_refused(tmp_path):
    """What is missing is named."""

    class Half(MemoryStore):
        purge = None

    with pytest.raises(ConfigurationError, match="is of type Half, which has no purge"):
        open_store(Half(), tmp_path, "shop")


#: What the archive uses of a store.
FOR_THE_ARCHIVE = {SQLiteStore: {"file", "path"}, RedisStore: {"call", "describe", "run"}}


@pytest.mark.parametrize("kind", [MemoryStore, SQLiteStore, RedisStore])
def test_stores_have_what_the_contract_has(kind):
    """Each public name of the contract is there, and none but those that the archive uses."""

    def names(of):
        return {
            name
            for base in of.__mro__
            if base.__module__.startswith("strict_cookies")
            for name in vars(base)
            if not name.startswith("_")
        }

    assert names(kind) == names(contract.SessionStore) | FOR_THE_ARCHIVE.get(kind, set())


def test_missing_redis_package_is_told(tmp_path, monkeypatch):
    """Without redis-py the message says what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "strict_cookies.sessions.stores.redis")
    with pytest.raises(ConfigurationError, match=r"Run: pip install 'strict-cookies\[redis\]'"):
        open_store("redis://localhost", tmp_path, "shop")


def test_redis_is_imported_only_when_asked_for(tmp_path):
    """A site on SQLite does not even load redis-py, nor Flask for a store."""
    code = (
        "import sys\n"
        "from strict_cookies.sessions.stores.open import open_store\n"
        f"open_store(None, {str(tmp_path)!r}, 'shop').tag\n"
        "print([name for name in ('redis', 'flask') if name in sys.modules])\n"
        "open_store('redis://localhost', '/', 'shop')\n"
        "print('redis' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout == "[]\nTrue\n"
