"""One test for each fault of the neighbours, and each CVE, that could be ours as well."""

from __future__ import annotations

import base64
import pickle
import re
import time

import pytest
from flask import Flask, session

from strict_cookies import StrictCookies
from strict_cookies.sessions.limits import PRESETS
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.signals import session_alarm

from .apps import (
    CHROME,
    COOKIE,
    DAY,
    FIREFOX,
    HOUR,
    MINUTE,
    SECRET,
    Clock,
    ask,
    cookie_of,
    lines,
    make_app,
    manager_of,
    rows_of,
)


@pytest.fixture
def app():
    return make_app(clock=time.time)


class Spy:
    """A store that notes each call with what it was given."""

    def __init__(self):
        self.store = MemoryStore()
        self.calls = []

    def __getattr__(self, name):
        found = getattr(self.store, name)
        if not callable(found):
            return found

        def call(*args, **options):
            self.calls.append((name, args))
            return found(*args, **options)

        return call


# --- Flask's own session ---


def test_copied_cookie_is_dead_after_a_logout(app):
    """Flask: a copied cookie still works after ``session.clear()``."""
    cookie = copy = cookie_of(ask(app, "/set/user/alice"))
    ask(app, "/clear", cookie)
    assert ask(app, "/show", copy).json == {}


def test_cookie_tells_nothing(app):
    """Flask: the payload is readable base64."""
    cookie = cookie_of(ask(app, "/set/user/alice"))
    parts = cookie.split(".")
    texts = [cookie.encode()]
    texts += [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts]
    assert not any(b"alice" in text or b"user" in text for text in texts)


def test_cookie_has_every_attribute(app):
    """Flask: the defaults lack Secure and SameSite."""
    (line,) = lines(ask(app, "/set/a/1"))
    assert re.fullmatch(
        rf"{COOKIE}=[\w.-]+; Path=/; Secure; HttpOnly; SameSite=Lax", line, re.ASCII
    )


def test_sessions_can_be_listed_revoked_and_limited():
    """Flask and Flask-Session: nothing to list, revoke or limit."""
    app = make_app(options={"per_user": 2}, clock=time.time)
    cookies = [cookie_of(ask(app, "/login/alice")) for _ in range(3)]
    manager = manager_of(app)
    assert len(manager.list_user("alice")) == 2
    assert manager.end_user("alice") == 2
    assert [ask(app, "/who", cookie).json for cookie in cookies] == [{}] * 3


# --- Flask-Session ---


def test_parallel_writes_of_different_keys_survive(app):
    """Flask-Session 0.8.0, lost update: two parallel requests write a key each; one survives."""

    @app.get("/nested/<key>")
    def nested(key):
        session["first"] = 1
        ask(app, f"/set/{key}/2", cookie)
        return "written"

    app._got_first_request = False
    cookie = cookie_of(ask(app, "/set/begun/1"))
    ask(app, "/nested/second", cookie)
    assert ask(app, "/show", cookie).json == {"begun": "1", "first": 1, "second": "2"}


def test_slow_request_does_not_bring_a_session_back(app):
    """
    CVE-2025-46336, Flask-Session 0.8.0 and Django ticket 21608, resurrection.

    A slow request starts, the user logs out elsewhere, the slow request ends: nothing is back.
    """

    @app.get("/slow")
    def slow():
        session["role"] = session.get("role")
        ask(app, "/logout", cookie)
        session["late"] = 1
        return "done"

    cookie = cookie_of(ask(app, "/set/role/admin"))
    assert lines(ask(app, "/slow", cookie)) == []
    assert ask(app, "/show", cookie).json == {}
    assert rows_of(manager_of(app)) == 0


@pytest.mark.parametrize("framed", [False, True])
def test_pickle_in_the_store_is_never_run(app, tmp_path, framed):
    """Flask-Session 0.8.0, Flask-KVSession 0.6.2: whoever can write to the store runs code."""

    class Run:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    cookie = cookie_of(ask(app, "/set/a/1"))
    store = manager_of(app).store
    for key, row in store._rows.items():
        head = row.payload[:19] if framed else b""
        store._rows[key] = row._replace(payload=head + pickle.dumps(Run()))
    assert ask(app, "/show", cookie).json == {}
    assert not (tmp_path / "ran").exists()


def test_store_holds_no_identifier(app):
    """Flask-Session 0.8.0: ids are stored in clear. A copy of the store signs nobody in."""
    cookie = cookie_of(ask(app, "/login/alice"))
    identifier = cookie.partition(".")[0]
    for key, row in manager_of(app).store._rows.items():
        assert identifier.encode() not in key + row.payload
        assert base64.urlsafe_b64decode(identifier + "=") not in key + row.payload


def test_static_files_cost_no_write():
    """Flask-Session 0.8.0: a write on every request to slide the expiry, static files included."""
    store, clock = Spy(), Clock()
    app = make_app(store, clock=clock)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.calls.clear()
    clock.turn(10 * MINUTE)
    assert ask(app, "/static/erp.css", cookie).status_code == 404
    assert ask(app, "/untouched", cookie).status_code == 200
    assert store.calls == []


def test_absolute_limit_is_kept():
    """Flask-Session, Spring, express-session: no absolute lifetime."""
    clock = Clock()
    app = make_app(clock=clock, options={"limits": PRESETS["aal2"]})
    cookie = cookie_of(ask(app, "/login/alice"))
    for _ in range(24 * 2):
        assert ask(app, "/who", cookie).json["user_id"] == "alice"
        clock.turn(HOUR / 2)
    assert ask(app, "/who", cookie).json == {}


def test_identifier_changes_at_login_by_itself(app):
    """Flask-Session: ``regenerate()`` only by hand. Issues 27, 162 and 173, session fixation."""
    for begin, enter in (("/set/a/1", "/login/alice"), ("/set/a/1", "/renew/alice")):
        planted = cookie_of(ask(app, begin))
        assert cookie_of(ask(app, enter, planted)) != planted
        assert ask(app, "/show", planted).json == {}


# --- Flask-Login, flask-paranoid ---


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_binding_believes_no_address(header):
    """
    Flask-Login 0.6.3 and flask-paranoid: the address comes from the client's X-Forwarded-For.

    The thief chooses it, and a journey changes it: here an address is looked at nowhere.
    """
    seen = []
    app = make_app(options={"binding": "challenge"}, clock=time.time)
    cookie = cookie_of(ask(app, "/login/alice", headers={header: "192.0.2.1"}))

    def receive(sender, reason, count):
        seen.append(reason.id)

    with session_alarm.connected_to(receive):
        for address in ("192.0.2.1", "198.51.100.7"):
            for environ in ({}, {"REMOTE_ADDR": address}):
                response = ask(app, "/who", cookie, headers={header: address}, environ_base=environ)
                assert response.json["user_id"] == "alice"
        assert seen == []
        ask(app, "/who", cookie, headers={header: "192.0.2.1", "User-Agent": CHROME})
    assert seen == ["SC704"]


def test_update_of_the_browser_signs_nobody_out(app):
    """Flask-Login: the whole User-Agent is hashed, so that an update breaks the session."""
    cookie = cookie_of(ask(app, "/login/alice"))
    headers = {"User-Agent": FIREFOX.replace("140", "999")}
    assert ask(app, "/who", cookie, headers=headers).json["user_id"] == "alice"


def test_permanent_session_is_protected_like_any():
    """Flask-Login: ``strong`` is skipped for permanent sessions."""
    seen = []
    app = make_app(options={"binding": "log"}, clock=time.time)

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        return "permanent"

    cookie = cookie_of(ask(app, "/permanent"))

    def receive(sender, reason, count):
        seen.append(reason.id)

    with session_alarm.connected_to(receive):
        ask(app, "/show", cookie, headers={"User-Agent": CHROME})
    assert seen == ["SC704"]


# --- CVEs ---


def test_cve_2023_30861_response_with_a_cookie_is_shared_by_no_proxy(app):
    """CVE-2023-30861: every response with Set-Cookie carries Vary and Cache-Control."""

    @app.get("/cacheable")
    def cacheable():
        session.permanent = True
        session["a"] = 1
        return "cacheable", {"Cache-Control": "public, max-age=600"}

    response = ask(app, "/cacheable")
    assert len(lines(response)) == 1
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("look", ["'a' in session", "len(session)", "bool(session)",
                                  "list(session)", "session.get('a')"])  # fmt: skip
def test_cve_2026_27205_every_look_counts(app, look):
    """CVE-2026-27205: ``in`` and ``len`` were not counted as access, so that Vary was missing."""
    app.add_url_rule("/look", view_func=lambda: str(eval(look)))
    assert ask(app, "/look").headers["Vary"] == "Cookie"


def test_cve_2025_47278_newest_key_signs():
    """CVE-2025-47278: new tokens use the newest key only, old keys only verify."""
    store = MemoryStore()

    def app_with(secret, fallbacks=()):
        app = Flask(__name__)
        app.config.update(SECRET_KEY=secret, SECRET_KEY_FALLBACKS=list(fallbacks), TESTING=True)
        app.config["STRICT_COOKIES_SESSIONS"] = store
        StrictCookies(app)
        app.add_url_rule("/show", "show", lambda: dict(session))
        app.add_url_rule("/set", "set", lambda: session.update(a=1) or "set")
        return app

    old, new = app_with("old" * 11), app_with("new" * 11)
    both = app_with("new" * 11, ["older" * 11, "old" * 11])
    from_old, from_both = cookie_of(ask(old, "/set")), cookie_of(ask(both, "/set"))
    assert ask(both, "/show", from_old).json == {"a": 1}
    assert ask(new, "/show", from_both).json == {"a": 1}
    assert ask(old, "/show", from_both).json == {}
    assert ask(new, "/show", from_old).json == {}


def test_cve_2023_23934_nameless_cookie_is_no_session(app):
    """CVE-2023-23934: ``=__Host-x=bad`` was read as ``__Host-x``."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    client = app.test_client(use_cookies=False)
    for field in (f"={COOKIE}={cookie}", f"={COOKIE}={cookie}; a=b", f"a; ={COOKIE}={cookie}"):
        assert client.get("/show", headers={"Cookie": field}).json == {}


def test_cve_2019_16782_store_is_asked_by_hash_only():
    """CVE-2019-16782: the timing of a look-up by the raw id tells of it."""
    store = Spy()
    app = make_app(store)
    cookie = cookie_of(ask(app, "/login/alice"))
    for path in ("/show", "/set/a/1", "/count", "/reauthenticate", "/logout"):
        ask(app, path, cookie)
    identifier = cookie.partition(".")[0]
    assert {name for name, _ in store.calls} >= {"create", "read", "update", "replace"}
    assert identifier not in repr(store.calls)
    assert all(len(args[0]) == 32 for name, args in store.calls if name == "read")


def test_cve_2026_39324_there_is_one_decoder(app):
    """CVE-2026-39324: failed decryption fell back to a plain decoder."""
    cookie = cookie_of(ask(app, "/set/role/clerk"))
    store = manager_of(app).store
    for key, row in store._rows.items():
        store._rows[key] = row._replace(payload=b'{"role":"admin"}')
    assert ask(app, "/show", cookie).json == {}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/login/sso", 200), ("/login/sso2", 403), ("/login/alice", 403), ("/login/sso/x", 404)],
)
def test_cve_2025_47910_exemption_is_an_exact_path(path, status):
    """CVE-2025-47910: bypass patterns of the cross-origin check matched too much."""
    app = make_app(STRICT_COOKIES_ORIGIN_EXEMPT=["/login/sso"])
    response = ask(app, path, method="POST", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == status


@pytest.mark.parametrize("path", ["/show", "/who", "/flashed", "/pop/x", "/clear", "/logout"])
@pytest.mark.parametrize("cookie", [None, "", "x", "a" * 5000, f"{'a' * 43}.abcdef.1.{'a' * 43}"])
def test_cve_2015_5143_reading_fills_no_store(app, path, cookie):
    """CVE-2015-5143, CVE-2015-5963, CVE-2015-5964: empty sessions fill the store."""
    for _ in range(3):
        assert lines(ask(app, path, cookie)) == []
    assert manager_of(app).store._rows == {}


# --- Faults of design ---


def test_nested_change_is_not_lost(app):
    """``session["l"].append(1)`` was unseen by every peer without a flag."""
    app.add_url_rule("/append", view_func=lambda: session.setdefault("l", []).append(1) or "x")
    cookie = cookie_of(ask(app, "/append"))
    ask(app, "/append", cookie)
    assert ask(app, "/show", cookie).json == {"l": [1, 1]}


def test_polling_does_not_keep_a_session_alive():
    """Background polling kept idle sessions alive for ever."""
    clock = Clock()
    app = make_app(clock=clock)
    cookie = cookie_of(ask(app, "/login/alice"))
    for _ in range(60):
        ask(app, "/background/a/nothing", cookie)
        clock.turn(MINUTE)
    assert ask(app, "/who", cookie).json == {}


def test_nobody_is_signed_out_by_time_alone():
    """Timed renewal under parallel requests signed people out: here there is none."""
    clock = Clock()
    app = make_app(clock=clock, options={"limits": PRESETS["aal1"]})
    cookie = cookie_of(ask(app, "/login/alice"))
    for _ in range(29):
        clock.turn(DAY)
        response = ask(app, "/who", cookie)
        assert response.json["user_id"] == "alice"
        assert lines(response) == []


def test_late_answer_does_not_overwrite_a_fresh_login(app):
    """A request that came with an ended id emitted a cookie, new or expiring, after the login's."""
    old = cookie_of(ask(app, "/set/a/1"))
    new = cookie_of(ask(app, "/login/alice", old))
    for path in ("/show", "/set/b/2", "/flash/x", "/clear", "/logout"):
        assert lines(ask(app, path, old)) == []
    assert ask(app, "/who", new).json["user_id"] == "alice"


def test_authority_is_looked_up_at_every_request(app):
    """better-auth 6893: a revoked session lived up to five minutes in a cookie's cache."""
    cookie = cookie_of(ask(app, "/login/alice"))
    assert ask(app, "/who", cookie).json["user_id"] == "alice"
    manager_of(app).end_user("alice")
    assert ask(app, "/who", cookie).json == {}


def test_only_one_secret_is_needed(app):
    """The derived keys of two applications differ, so that none reads what the other signed."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    other = make_app(manager_of(app).store, options={"secret": SECRET + "x"})
    assert ask(other, "/show", cookie).json == {}
