"""An archive is where the sessions are."""

from __future__ import annotations

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.archive.open import DEFAULT_FILE, open_archive
from strict_cookies.archive.redis import RedisArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.sessions.stores.open import SQLITE_FILE
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore


def test_archive_is_beside_the_sessions(tmp_path):
    """The same file, or the same server; nothing is opened or made yet."""
    file = open_archive(SQLiteStore(tmp_path / "own.sqlite"), tmp_path, testing=True)
    assert repr(file) == f"SQLiteArchive('{tmp_path / 'own.sqlite'}')"
    server = open_archive(RedisStore("redis://127.0.0.1:1/0"), tmp_path, testing=True)
    assert isinstance(server, RedisArchive)
    assert list(tmp_path.iterdir()) == []


def test_archive_without_a_store_is_the_default_file(tmp_path):
    """Flask's own sessions, or a store of the site's own, leave the archive in a file."""
    assert DEFAULT_FILE == SQLITE_FILE
    for store in (None, object(), MemoryStore()):
        archive = open_archive(store, tmp_path)
        assert isinstance(archive, SQLiteArchive)
        assert repr(archive) == f"SQLiteArchive('{tmp_path / DEFAULT_FILE}')"


def test_archive_of_a_test_is_in_memory(tmp_path):
    """A test leaves nothing behind, unless it names a place itself."""
    for store in (None, object(), MemoryStore()):
        assert isinstance(open_archive(store, tmp_path, testing=True), MemoryArchive)
