"""The key that an application creates by itself."""

from __future__ import annotations

import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.flask.config import DEFAULTS
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore
from strict_cookies.trail.default_key import find_default_key
from strict_cookies.trail.options import TrailOptions
from strict_cookies.trail.signing import is_signed
from strict_cookies.trail.verification import verify_trail

#: The settings of the trail, as they are by default.
UNSIGNED = {key: value for key, value in DEFAULTS.items() if "_TRAIL" in key}


@pytest.fixture
def state(tmp_path, monkeypatch):
    """This user's state directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def make_app(tmp_path, **config):
    """Build an application that keeps its sessions in a file, as one in production."""
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config.update(SECRET_KEY="k" * 40, TRUSTED_HOSTS=["localhost"], **config)
    StrictCookies(app)
    return app


def head_of(app):
    return json.loads(
        app.test_client().get("/cookies/trail-head", base_url="https://localhost").text
    )


def wait_for(caplog, text):
    """Wait for a log line: the maintenance thread may be the one that writes it."""
    until = time.monotonic() + 30
    while text not in caplog.text:
        assert time.monotonic() < until, caplog.text
        time.sleep(0.01)


def test_key_is_created_outside_the_store(tmp_path, state):
    """It is for its owner only, recorded, and signs the first head."""
    app = make_app(tmp_path)
    head = head_of(app)
    assert is_signed(head)
    (key,) = state.rglob("trail.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert not key.is_relative_to(tmp_path / "instance")
    trail = app.extensions["strict_cookies"].trail
    assert [entry.event for entry in trail.entries() if entry.event == "key-made"] == ["key-made"]
    assert verify_trail(trail).is_intact
    again = make_app(tmp_path)
    assert head_of(again)["public_key"] == head["public_key"]
    assert verify_trail(again.extensions["strict_cookies"].trail).is_intact


def test_each_store_has_a_key_of_its_own(tmp_path, state):
    """Two applications in one instance directory do not mistake each other's trail."""
    for store in (None, "other.sqlite", SQLiteStore(tmp_path / "third.sqlite"), None):
        app = make_app(tmp_path, STRICT_COOKIES_SESSIONS=store)
        assert is_signed(head_of(app))
        assert verify_trail(app.extensions["strict_cookies"].trail).is_intact
    assert len(list(state.rglob("trail.pem"))) == 3


def test_no_key_for_a_store_that_machines_share(tmp_path, state):
    """Each would have another key; the address of Redis, a store and a client are known as such."""
    url = "redis://localhost:1"
    for store in (url, RedisStore(url), redis.Redis.from_url(url)):
        config = {"STRICT_COOKIES_SESSIONS": store, **UNSIGNED}
        assert TrailOptions.from_config(config, tmp_path).key is None


def test_workers_that_start_at_once_share_one_key(tmp_path, state):
    """Only one of them creates it, and it is recorded once."""
    apps = [make_app(tmp_path) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        heads = list(pool.map(head_of, apps))
    assert len({head["public_key"] for head in heads}) == 1
    trail = apps[0].extensions["strict_cookies"].trail
    assert sum(entry.event == "key-made" for entry in trail.entries()) == 1
    assert verify_trail(trail).is_intact


def test_former_checkpoints_are_signed_with_it(tmp_path, state):
    """A site that pruned before it had a key is intact afterwards."""
    app = make_app(tmp_path, STRICT_COOKIES_TRAIL_KEY="off")
    trail = app.extensions["strict_cookies"].trail
    trail.record("order-approved")
    trail.prune(before=trail.now().replace(year=2100))
    assert "signature" not in trail.checkpoints()[0]
    signed = make_app(tmp_path)
    assert is_signed(head_of(signed))
    trail = signed.extensions["strict_cookies"].trail
    assert is_signed(trail.checkpoints()[0])
    assert verify_trail(trail).is_intact


def test_key_is_created_only_once(tmp_path, monkeypatch, caplog):
    """Another user's command, or a deploy that lost the key, creates no second one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    head_of(make_app(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    app = make_app(tmp_path)
    for _ in range(2):
        assert "signature" not in head_of(app)
    assert list((tmp_path / "elsewhere").rglob("*")) == []
    wait_for(caplog, "their key is not at")
    assert caplog.text.count("their key is not at") == 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    again = make_app(tmp_path)
    assert is_signed(head_of(again))
    assert verify_trail(again.extensions["strict_cookies"].trail).is_intact


def test_key_that_can_not_be_created_is_logged(tmp_path, monkeypatch, caplog):
    """The site works on, and says that its heads are not signed."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    app = make_app(tmp_path)
    for _ in range(2):
        assert "signature" not in head_of(app)
    wait_for(caplog, "Heads of the audit trail are not signed: the key can't be created")
    assert caplog.text.count("are not signed") == 1


@pytest.mark.parametrize(
    "config",
    [{"TESTING": True}, {"STRICT_COOKIES_TRAIL_KEY": "off"}, {"STRICT_COOKIES_TRAIL": "off"}],
)
def test_no_key_is_created_unasked(tmp_path, state, config):
    """Neither by a test of an application, nor where it was switched off."""
    app = make_app(tmp_path, **config)
    app.test_client().get("/cookies/trail-head", base_url="https://localhost")
    assert list(state.rglob("*")) == []


def test_no_key_without_what_it_needs(monkeypatch, tmp_path):
    """Without cryptography, or a home, there is no path."""
    assert find_default_key(tmp_path).name == "trail.pem"
    monkeypatch.setattr("strict_cookies.trail.default_key.find_spec", lambda name: None)
    assert find_default_key(tmp_path) is None
    monkeypatch.undo()

    def fail():
        raise RuntimeError("no home")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", fail)
    assert find_default_key(tmp_path) is None
