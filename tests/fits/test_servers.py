"""Gunicorn and waitress, with sessions in SQLite: workers, WebSockets, streamed bodies."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
import simple_websocket
import waitress
from flask import Flask, session

from strict_cookies import StrictCookies
from tests.serving import ADDRESS

COOKIE = "__Host-Http-session"
APP = """\
import os
from flask import Flask, request, session
from flask_sock import Sock
from strict_cookies import StrictCookies

app = Flask(__name__, instance_path=os.environ["INSTANCE"])
app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=["127.0.0.1"])
sock = Sock(app)


@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"], "worker": os.getpid()}


@app.get("/stray")
def stray():
    response = app.make_response("stray")
    response.set_cookie("stray", "1")
    return response


@app.get("/hints")
def hints():
    send = request.environ["wsgi.early_hints"]
    send([("Link", "</app.css>; rel=preload; as=style"), ("Set-Cookie", "hinted=1")])
    return "hints"


@sock.route("/echo")
def echo(ws):
    ws.send(f"{session['visits']} {ws.receive()}")
    # The client is to close, since it forgets what it has not read when the server does.
    ws.receive()


StrictCookies(app)
# Opened before the workers are forked, as a preloaded application may do.
app.test_client().get("/", base_url="https://localhost")
"""


def ask(port, path="/", cookie=""):
    """Make one request on a connection of its own; give the fields and the text."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    answer = response.headers, response.read().decode()
    connection.close()
    return answer


def free_port():
    """Find a port that is free now."""
    with socket.create_server((ADDRESS, 0)) as found:
        return found.getsockname()[1]


@contextmanager
def gunicorn(folder):
    """Run Gunicorn with two workers of a preloaded application."""
    (folder / "app.py").write_text(APP, "utf-8")
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--threads", "4",
               "--bind", f"{ADDRESS}:{port}", "--no-control-socket", "app:app"]  # fmt: skip
    with (folder / "log").open("w+") as log:
        server = subprocess.Popen(
            command, cwd=folder, env={"INSTANCE": str(folder), **_environment()}, stderr=log
        )
        try:
            while not _listens(port):
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()
            server.wait()


def _environment():
    return {key: value for key, value in os.environ.items() if not key.startswith("COV")}


def _listens(port):
    with socket.socket() as tried:
        return tried.connect_ex((ADDRESS, port)) == 0


def test_gunicorn_workers_share_the_sessions(tmp_path):
    """
    Forked workers of a preloaded application see one session, lose no write, and log no fault.

    A WebSocket of Flask-Sock ends by an exception there, which is for Gunicorn to see.
    """
    with gunicorn(tmp_path) as port:
        headers, _ = ask(port)
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert cookie.partition("=")[0] == COOKIE
        for visits in range(2, 12):
            assert f'"visits":{visits},' in ask(port, cookie=cookie)[1]
        assert ask(port, "/stray")[0]["Set-Cookie"] is None
        ws = simple_websocket.Client(f"ws://{ADDRESS}:{port}/echo", headers={"Cookie": cookie})
        ws.send("hello")
        assert ws.receive(timeout=10) == "11 hello"
        ws.close()
    log = (tmp_path / "log").read_text()
    assert "SC101 undeclared cookie: 'stray'" in log
    assert "SC9" not in log
    assert "Traceback" not in log


def test_gunicorn_sends_early_hints_without_undeclared_cookies(tmp_path):
    """A 103 has its Link and no cookie that the policy does not declare."""
    with (
        gunicorn(tmp_path) as port,
        socket.create_connection((ADDRESS, port), timeout=30) as client,
    ):
        client.sendall(b"GET /hints HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as answer:
            received = answer.read()
    assert received.startswith(
        b"HTTP/1.1 103 Early Hints\r\nLink: </app.css>; rel=preload; as=style\r\n\r\nHTTP/1.1 200"
    )
    assert b"hinted" not in received
    assert "SC101 undeclared cookie: 'hinted'" in (tmp_path / "log").read_text()


@pytest.fixture
def waiting():
    """Run waitress in a thread of this process; give its port."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32)
    StrictCookies(app)

    @app.get("/")
    def index():
        session["user"] = "alice"
        return app.response_class(iter(["one ", "two"]))

    server = waitress.create_server(app, host=ADDRESS, port=0, threads=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join()
    server.task_dispatcher.shutdown()


def test_waitress_serves_session_and_stream(waiting):
    """A streamed body arrives whole, with the session's cookie and the headers."""
    headers, text = ask(waiting)
    assert text == "one two"
    assert headers["Set-Cookie"].partition("=")[0] == COOKIE
    assert headers["X-Frame-Options"] == "DENY"
