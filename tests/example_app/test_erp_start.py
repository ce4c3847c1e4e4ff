"""Starting the ERP: its key, its database, the third party and the command line."""

from __future__ import annotations

import socket
import sqlite3
import stat
import urllib.request
from contextlib import closing

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.security import generate_password_hash
from werkzeug.test import Client
from werkzeug.wrappers import Response

from example_app import __main__ as command
from example_app import auth, create_app, database, demo, secret
from example_app.tracker import PIXEL, Tracker


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """Let applications keep their files in a folder of the test's own."""
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda _app: str(tmp_path / "instance"))
    return tmp_path / "instance"


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server((command.TRACKER_HOST, 0)) as listener:
        return listener.getsockname()[1]


def test_key_is_made_once_and_for_its_owner_alone(tmp_path):
    """The second start reads what the first wrote; nobody else may."""
    key = secret.load_or_create(tmp_path / "new")
    assert len(key) == 64
    assert secret.load_or_create(tmp_path / "new") == key
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert secret.load_or_create(tmp_path / "other") != key


def test_application_without_configuration_lives_in_the_instance_folder(instance):
    """Key and database are made at the first start."""
    app = create_app()
    assert app.config["SECRET_KEY"] == (instance / "secret_key").read_text()
    assert (instance / "erp.sqlite").exists()


def test_database_is_prepared_once(tmp_path):
    """A second start keeps what is there."""
    path = tmp_path / "erp.sqlite"
    database.prepare(path)
    before = path.read_bytes()
    database.prepare(path)
    assert path.read_bytes() == before


def test_passwords_are_hashed_at_full_cost(tmp_path, monkeypatch):
    """Other tests save the time; the ERP itself takes the method that Werkzeug takes by default."""
    for module in (auth, demo):
        monkeypatch.setattr(module, "generate_password_hash", generate_password_hash)
    path = tmp_path / "erp.sqlite"
    database.prepare(path)
    with closing(sqlite3.connect(path)) as connection:
        hashes = [row[0] for row in connection.execute("SELECT password_hash FROM user")]
    hashes.append(auth._unused_hash.__wrapped__())
    assert len(set(hashes)) == len(demo.ACCOUNTS) + 1
    method, _, _ = generate_password_hash("any").partition("$")
    assert {text.partition("$")[0] for text in hashes} == {method}


def test_tracker_sends_a_pixel_with_a_third_party_cookie():
    """It does what real ones do, and counts."""
    tracker = Tracker()
    answer = Client(tracker, Response).get("/pixel.gif")
    assert (answer.mimetype, answer.data) == ("image/gif", PIXEL)
    assert answer.headers.getlist("Set-Cookie") == [
        "IDE=followed; Path=/; Max-Age=34560000; Secure; SameSite=None"
    ]
    assert tracker.requests == 1


def test_command_serves_and_prints_the_accounts(instance, monkeypatch):
    """One command is all that a developer needs."""
    served = []
    monkeypatch.setattr(
        command, "run_simple", lambda *args, **kwargs: served.append((args, kwargs))
    )
    port = free_port()
    result = CliRunner().invoke(command.main, ["--port", "5555", "--tracker-port", str(port)])
    assert result.exception is None
    assert "http://localhost:5555" in result.output
    for account in ("clerk-on-track", "manager-on-track", "auditor-on-track"):
        assert account in result.output
    [((host, served_port, app), options)] = served
    assert (host, served_port, options) == ("127.0.0.1", 5555, {"threaded": True})
    with urllib.request.urlopen(app.config["TRACKER_URL"]) as answer:
        assert answer.read() == PIXEL
    assert app.config["TRACKER"].requests == 1


def test_taken_port_of_the_tracker_is_told(capsys):
    """The ERP starts without the third party; the browser blocks it anyway."""
    with socket.create_server((command.TRACKER_HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert command.start_tracker(Tracker(), port) is False
    assert f"can't listen on 127.0.0.2:{port}" in capsys.readouterr().out
