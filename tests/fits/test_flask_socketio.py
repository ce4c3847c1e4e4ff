"""Flask-SocketIO over real connections: polling and WebSockets, with our session."""

from __future__ import annotations

import json
import logging
import queue
from http.client import HTTPConnection

import pytest
import simple_websocket
from flask import Flask, session
from flask_socketio import SocketIO, emit

from strict_cookies import ConfigurationError, StrictCookies
from tests.serving import ADDRESS, serve
from tests.sessions.places import wait_until

PATH = "/socket.io/?EIO=4&transport="


def make_app(*, is_last=True, **config):
    """Make an application with Flask-SocketIO; ours is last, as it should be, or first."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=[ADDRESS], **config)
    if not is_last:
        StrictCookies(app)
    # With False the session is that of the pages; with True Flask-SocketIO copies it.
    sockets = SocketIO(app, async_mode="threading", manage_session=False)
    if is_last:
        StrictCookies(app)

    @app.get("/")
    def index():
        session["user"] = "alice"
        return "welcome"

    @app.get("/said")
    def said():
        return [session.get("said")]

    @sockets.on("say")
    def say(text):
        session["said"] = text
        emit("heard", f"{session.get('user')}: {text}")

    return app


class Visitor:
    """A browser's side: its session, and who caused its requests."""

    def __init__(self, server):
        self._server = server
        self._connection = HTTPConnection(ADDRESS, server.port, timeout=60)
        self.cookie = ""
        self.ask("GET", "/")

    def ask(self, method, path, body=None, **headers):
        """Make one request; give status, fields and text."""
        own = {"Cookie": self.cookie, "Origin": f"http://{ADDRESS}:{self._server.port}"}
        self._connection.request(method, path, body, {**own, **headers})
        response = self._connection.getresponse()
        if response.headers["Set-Cookie"]:
            self.cookie = response.headers["Set-Cookie"].partition(";")[0]
        return response.status, response.headers, response.read().decode()

    def said(self):
        """Ask what the session has of it; Flask-SocketIO writes it once the event is answered."""
        return json.loads(self.ask("GET", "/said")[2])

    def open(self):
        """Open a WebSocket."""
        address = f"ws://{ADDRESS}:{self._server.port}{PATH}websocket"
        return simple_websocket.Client(address, headers={"Cookie": self.cookie})

    def close(self):
        """Leave."""
        self._connection.close()


@pytest.fixture(scope="module")
def app():
    """The application that all tests of this file talk to; it tells how its WebSockets ended."""
    app = make_app()
    app.ended = queue.SimpleQueue()
    return app


@pytest.fixture(scope="module")
def server(app):
    """Its server."""

    def watched(environ, start_response):
        try:
            body = app(environ, start_response)
        except Exception as error:
            app.ended.put(type(error))
            raise
        if environ.get("HTTP_UPGRADE") == "websocket":
            app.ended.put(None)
        return body

    with serve(watched) as server:
        yield server


@pytest.fixture
def visitor(server):
    """Somebody with a session."""
    visitor = Visitor(server)
    yield visitor
    visitor.close()


def test_polling_knows_the_session_and_writes_it(visitor):
    """What an event writes into the session is there for the pages."""
    _, headers, opened = visitor.ask("GET", f"{PATH}polling")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Set-Cookie"] is None
    path = f"{PATH}polling&sid={json.loads(opened[1:])['sid']}"
    visitor.ask("POST", path, "40")
    visitor.ask("GET", path)
    visitor.ask("POST", path, '42["say","by polling"]')
    assert visitor.ask("GET", path)[2] == '42["heard","alice: by polling"]'
    wait_until(lambda: visitor.said() == ["by polling"])


def test_websocket_knows_the_session_and_ends_in_silence(app, visitor, caplog):
    """
    A WebSocket takes the server's socket, so the way in which it ends is no fault.

    Flask-SocketIO lets a ``ConnectionError`` out then, which is for the server to see.
    """
    caplog.set_level(logging.WARNING, "strict_cookies")
    socket = visitor.open()
    assert socket.receive(timeout=60).startswith("0")
    socket.send("40")
    assert socket.receive(timeout=60).startswith("40")
    socket.send('42["say","by socket"]')
    assert socket.receive(timeout=60) == '42["heard","alice: by socket"]'
    wait_until(lambda: visitor.said() == ["by socket"])
    socket.close()
    assert app.ended.get(timeout=60) is ConnectionError
    assert [record.message for record in caplog.records if "SC902" in record.message] == []


def test_websocket_of_another_origin_is_refused(app, visitor):
    """Nobody else's page speaks in a visitor's name."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Origin": "https://evil.test",
    }
    status, _, text = visitor.ask("GET", f"{PATH}websocket", **handshake)
    assert (status, text.split()[0]) == (403, "SC601")
    assert app.ended.get(timeout=60) is None


def test_added_after_ours_it_is_told():
    """Flask-SocketIO wraps the application, so it comes before Strict Cookies."""
    app = make_app(is_last=False, TESTING=True)
    with pytest.raises(ConfigurationError, match=r"SC301.*flask_socketio\._SocketIOMiddleware"):
        app.test_client().get("/")
