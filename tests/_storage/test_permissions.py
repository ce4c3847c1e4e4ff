"""Files that other users could read or change."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from strict_cookies._storage.permissions import restrict
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.stores.sqlite import SQLiteStore

from ..sessions.places import make_row, new_key


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize("found", [0o666, 0o644, 0o640, 0o620, 0o604])
def test_file_that_others_may_open_is_corrected(tmp_path, caplog, found):
    """It, and the files of SQLite next to it; the log says so once each."""
    path = tmp_path / "sessions.sqlite"
    store = SQLiteStore(path)
    store.create(new_key(), make_row())
    files = [path, *(tmp_path / f"sessions.sqlite-{ending}" for ending in ("wal", "shm"))]
    for file in files:
        file.chmod(found)
    other = SQLiteStore(path)
    other.create(new_key(), make_row())
    assert [mode(file) for file in files] == [0o600] * 3
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert f"'{path}' had the mode {found:04o}" in caplog.text
    other.close()
    store.close()


@pytest.mark.parametrize("exists", [True, False])
def test_directory_that_all_may_write_to_is_corrected(tmp_path, caplog, exists):
    """Otherwise any user could put another file into the place."""
    path = tmp_path / "sessions.sqlite"
    if exists:
        first = SQLiteStore(path)
        first.create(new_key(), make_row())
        first.close()
    tmp_path.chmod(0o777)
    store = SQLiteStore(path)
    store.create(new_key(), make_row())
    assert mode(tmp_path) == 0o775
    assert f"'{tmp_path}' had the mode 0777" in caplog.text
    store.close()


def test_sticky_directory_stays(tmp_path, caplog):
    """As /tmp: there, only the owner of a file may replace it."""
    tmp_path.chmod(0o1777)
    store = SQLiteStore(tmp_path / "sessions.sqlite")
    store.create(new_key(), make_row())
    assert mode(tmp_path) == 0o1777
    assert caplog.records == []
    store.close()


def test_directory_of_a_link_counts(tmp_path, caplog):
    """Both that of the link and that of the file."""
    for name in ("links", "files"):
        (tmp_path / name).mkdir()
    (tmp_path / "files" / "target").touch(mode=0o600)
    (tmp_path / "links" / "link").symlink_to(tmp_path / "files" / "target")
    for name in ("links", "files"):
        (tmp_path / name).chmod(0o777)
    assert restrict(tmp_path / "links" / "link", "file") is None
    assert [mode(tmp_path / name) for name in ("links", "files")] == [0o775] * 2


_AS_NOBODY = """
import os, sys
from pathlib import Path
from strict_cookies._storage.permissions import restrict
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(restrict(Path(sys.argv[1]), "file"))
"""


def test_what_another_user_owns_is_refused():
    """Permissions of another user's file can't be corrected; root's /dev/null is one."""
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, "/dev/null"], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "the mode 0666 of '/dev/null' lets other users in, and this user does not own it. "
        "Run as its owner: chmod 0600 '/dev/null'\n"
    )


def test_store_closes_if_permissions_can_not_be_corrected(tmp_path, monkeypatch):
    """No session is read from a file that another user could have written."""
    path = tmp_path / "sessions.sqlite"
    store = SQLiteStore(path)
    store.create(new_key(), make_row())
    store.close()
    path.chmod(0o666)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreUnavailableError, match=r"the mode 0666 of .* chmod 0600"):
        SQLiteStore(path).read(new_key())
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(
        StoreUnavailableError, match=r"0777 of .* chmod 0775 .* directory of its own"
    ):
        SQLiteStore(path).read(new_key())
