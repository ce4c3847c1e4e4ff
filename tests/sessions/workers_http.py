"""A process of its own that serves one Flask application's requests in a test's place."""

from __future__ import annotations

from flask import Flask, flash, session

from strict_cookies import StrictCookies

from .apps import SECRET, ask
from .places import Place, close, take_out_compare_and_set

#: Seconds within which others arrive at a barrier.
PATIENCE = 60


def make_shared_app(place: Place, name: str, barrier=None) -> tuple[Flask, object]:
    """Make an application on a shared store, whose writers wait for each other before they save."""
    store = place.open()
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, TESTING=True, STRICT_COOKIES_SESSIONS=store)
    StrictCookies(app)

    @app.get("/begin")
    def begin():
        session["begun"] = True
        return "begun"

    @app.get("/write/<key>")
    def write(key):
        session.get("begun")
        if barrier is not None:
            barrier.wait(PATIENCE)
        session[f"{name}-{key}"] = key
        return "written"

    @app.get("/flash/<message>")
    def flashing(message):
        session.get("begun")
        if barrier is not None:
            barrier.wait(PATIENCE)
        flash(f"{name}-{message}")
        return "flashed"

    @app.get("/count")
    def count():
        with session.locked():
            session["count"] = session.get("count", 0) + 1
        return "counted"

    @app.get("/show")
    def show():
        return dict(session)

    return app, store


def write_keys(place: Place, name: str, cookie: str, barrier, rounds: int, whole=True) -> None:
    """Write one key and flash one message in each round, at the same moment as others do."""
    import pytest

    with pytest.MonkeyPatch.context() as patch:
        if not whole:
            take_out_compare_and_set(patch, place.kind)
        app, store = make_shared_app(place, name, barrier)
        for number in range(rounds):
            assert ask(app, f"/write/{number}", cookie).text == "written"
            if whole:
                assert ask(app, f"/flash/{number}", cookie).text == "flashed"
        close(store)


def write_keys_without(place: Place, name: str, cookie: str, barrier, rounds: int) -> None:
    """Do the same with compare-and-set taken out."""
    write_keys(place, name, cookie, barrier, rounds, whole=False)


def count_often(place: Place, name: str, cookie: str, times: int) -> None:
    """Count under the session's lock."""
    app, store = make_shared_app(place, name)
    for _ in range(times):
        assert ask(app, "/count", cookie).text == "counted"
    close(store)
