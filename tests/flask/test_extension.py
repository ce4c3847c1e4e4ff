"""StrictCookies on Flask: when it is compiled, what it declares, how it fits."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

import pytest
from flask import (
    Flask,
    Response,
    flash,
    get_flashed_messages,
    redirect,
    render_template_string,
    request_started,
    session,
)
from flask.sessions import SecureCookieSession
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder

from strict_cookies import (
    ConfigurationError,
    CookieDroppedError,
    CookiePolicy,
    FrozenConfigurationError,
    PolicyError,
    StrictCookies,
    cookie_dropped,
    cookie_hardened,
    csp_nonce,
    undeclared_cookie_received,
)
from strict_cookies.flask.state import AppState
from tests.policies import declare
from tests.wsgi import run

SESSION_TAIL = "; Path=/; Secure; HttpOnly; SameSite=Lax"


def make_app(**config):
    """Make a small app that sets what its paths say; not protected yet."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, **config)

    @app.get("/login")
    def login():
        session["user"] = "alice"
        return redirect("/")

    @app.get("/")
    def index():
        return f"user {session.get('user')}"

    @app.get("/stray")
    def stray():
        response = Response("stray")
        response.set_cookie("_ga", "1")
        response.set_cookie("mine", "1")
        return response

    @app.get("/flash")
    def flashing():
        flash("saved")
        return redirect("/flashed")

    @app.get("/flashed")
    def flashed():
        return " ".join(get_flashed_messages())

    return app


def protect(**config):
    """Make a protected app."""
    app = make_app(**config)
    StrictCookies(app)
    return app


def protection(app) -> AppState:
    return app.extensions["strict_cookies"]


class TestSessionCookie:
    @pytest.mark.parametrize(
        ("config", "begin", "tail"),
        [
            pytest.param({}, "__Host-Http-session=", SESSION_TAIL, id="defaults"),
            pytest.param({"SESSION_COOKIE_HTTPONLY": False}, "__Host-session=",
                         "; Path=/; Secure; SameSite=Lax", id="script-readable"),
            pytest.param({"SESSION_COOKIE_DOMAIN": "example.com"}, "__Http-session=",
                         "; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
                         id="shared domain"),
            pytest.param({"SESSION_COOKIE_PATH": "/erp"}, "__Http-session=",
                         "; Path=/erp; Secure; HttpOnly; SameSite=Lax", id="path"),
            pytest.param({"SESSION_COOKIE_PATH": "/erp", "SESSION_COOKIE_HTTPONLY": False},
                         "__Secure-session=", "; Path=/erp; Secure; SameSite=Lax",
                         id="path, script-readable"),
            pytest.param({"SESSION_COOKIE_SAMESITE": "Strict"}, "__Host-Http-session=",
                         "; Path=/; Secure; HttpOnly; SameSite=Strict", id="stricter SameSite"),
            pytest.param({"SESSION_COOKIE_NAME": "erp"}, "erp=", SESSION_TAIL, id="own name"),
            pytest.param({"STRICT_COOKIES_TRANSPORT": "plain-http"}, "session=",
                         "; Path=/; HttpOnly; SameSite=Lax", id="plain http by choice"),
        ],
    )  # fmt: skip
    def test_session_cookie_is_as_strict_as_the_configuration_allows(self, config, begin, tail):
        """Flask's session cookie gets the best prefix and attributes without being declared."""
        client = protect(**config).test_client()
        line = client.get("/login").headers["Set-Cookie"]
        assert line.startswith(begin)
        assert line.endswith(tail)

    def test_session_lives_from_request_to_request(self):
        """A login stays: no loop."""
        client = protect().test_client()
        client.get("/login")
        assert client.get("/").text == "user alice"

    def test_permanent_session_ends_with_the_browser(self):
        """A persistent login needs consent, so Flask's 31 days are cut, and it says so."""
        app = protect()

        @app.get("/remember")
        def remember():
            session.permanent = True
            session["user"] = "alice"
            return ""

        seen = []
        with cookie_hardened.connected_to(lambda s, **found: seen.append(found["reason"].id), app):
            line = app.test_client().get("/remember").headers["Set-Cookie"]
        assert line.endswith(SESSION_TAIL)
        assert seen == ["SC126"]

    def test_session_transaction_before_the_first_request(self):
        """A test may plant a session before anything was served."""
        client = protect(TESTING=True).test_client()
        with client.session_transaction() as planted:
            planted["user"] = "bob"
        assert client.get("/").text == "user bob"

    def test_flash_messages_survive_a_redirect(self):
        """What aspnet's users lost is kept."""
        client = protect().test_client()
        assert client.get("/flash", follow_redirects=True).text == "saved"

    def test_report_only_leaves_the_session_as_it_is(self):
        """Report-only changes nothing, so nobody is signed out by it."""
        app = protect(STRICT_COOKIES_MODE="report-only")
        line = app.test_client().get("/login").headers["Set-Cookie"]
        assert line.startswith("session=")
        assert line.endswith("; HttpOnly; Path=/")

    @pytest.mark.parametrize("first", ["enforce", "report-only"])
    def test_mode_that_is_chosen_later_decides_about_the_session(self, first):
        """What was set for the session at init_app is taken back where it no longer counts."""
        app = protect(STRICT_COOKIES_MODE=first)
        before = protection(app).config_before()
        assert before["SESSION_COOKIE_NAME"] == "session"
        assert before["SESSION_COOKIE_SECURE"] is False
        other = {"enforce": "report-only", "report-only": "enforce"}[first]
        app.config["STRICT_COOKIES_MODE"] = other
        line = app.test_client().get("/login").headers["Set-Cookie"]
        assert line.startswith("session=" if other == "report-only" else "__Host-Http-session=")
        assert ("Secure" in line) is (other == "enforce")

    def test_name_that_is_chosen_later_stays(self):
        """A name that was set after init_app is the developer's own."""
        app = protect()
        app.config["SESSION_COOKIE_NAME"] = "erp"
        assert app.test_client().get("/login").headers["Set-Cookie"].startswith("erp=")
        assert protection(app).config_before()["SESSION_COOKIE_NAME"] == "erp"

    def test_declaring_session_oneself_keeps_the_name(self):
        """An entry for 'session' is taken at its word."""
        policy = CookiePolicy(cookies=(declare("session"),))
        client = protect(STRICT_COOKIES_POLICY=policy).test_client()
        assert client.get("/login").headers["Set-Cookie"].startswith("session=")


class TestCompiling:
    def test_configuration_that_comes_later_counts(self):
        """init_app registers; app.testing, the key and the policy may be set afterwards."""
        app = Flask(__name__)
        StrictCookies(app)
        app.config.update(
            SECRET_KEY="k" * 32,
            TESTING=True,
            SESSION_COOKIE_DOMAIN="example.com",
            STRICT_COOKIES_POLICY=CookiePolicy(cookies=(declare("mine"),)),
        )
        app.add_url_rule("/", view_func=lambda: ("", {"Set-Cookie": "mine=1"}))
        response = app.test_client().get("/")
        assert response.headers["Set-Cookie"] == "mine=1; Path=/; Secure; HttpOnly; SameSite=Lax"
        assert protection(app).firewall.mode == "raise"
        assert app.config["SESSION_COOKIE_NAME"] == "__Http-session"

    def test_later_change_of_our_keys_raises(self):
        """A setting that would no longer count is refused where it is made."""
        app = protect(TESTING=True)
        app.test_client().get("/")
        app.config["OTHER"] = 1
        app.test_client().get("/")
        app.config["STRICT_COOKIES_MODE"] = "report-only"
        with pytest.raises(FrozenConfigurationError, match="STRICT_COOKIES_MODE was changed after"):
            app.test_client().get("/")

    def test_wrong_policy_stops_the_start(self, tmp_path):
        """A wrong cookies.toml is told by StrictCookies(app), all mistakes at once."""
        (tmp_path / "cookies.toml").write_text('[[cookie]]\nname = "_ga"\n[[cookies]]\n')
        app = Flask(__name__, root_path=str(tmp_path))
        with pytest.raises(PolicyError) as caught:
            StrictCookies(app)
        assert caught.value.source == str(tmp_path / "cookies.toml")
        assert len(caught.value.mistakes) == 3

    def test_policy_file_beside_the_app_is_found(self, tmp_path):
        """cookies.toml next to the app needs no setting; a relative path starts there too."""
        text = (
            '[[cookie]]\nname = "mine"\ntitle = "M"\npurposes = ["security"]\n'
            'description = "d"\nwithout_it = "w"\nlifetime = "session"\n'
        )
        (tmp_path / "cookies.toml").write_text(text)
        (tmp_path / "other.toml").write_text(text.replace("mine", "other"))
        for named, name in ((None, "mine"), ("other.toml", "other")):
            app = Flask(__name__, root_path=str(tmp_path))
            app.config["STRICT_COOKIES_POLICY"] = named
            StrictCookies(app)
            names = [cookie.name for cookie in protection(app).policy.cookies]
            assert names == ["__Host-Http-session", name]

    def test_initialising_twice_is_refused(self):
        """Two firewalls on one app are a mistake."""
        app = protect()
        with pytest.raises(ConfigurationError, match="added twice"):
            StrictCookies(app)

    def test_one_extension_serves_several_apps(self):
        """Application factories and several apps in one process are ordinary."""
        strict = StrictCookies()
        first, second = make_app(SESSION_COOKIE_NAME="one"), make_app(SESSION_COOKIE_NAME="two")
        strict.init_app(first)
        strict.init_app(second)
        assert first.test_client().get("/login").headers["Set-Cookie"].startswith("one=")
        assert second.test_client().get("/login").headers["Set-Cookie"].startswith("two=")

    def test_first_requests_of_many_threads_compile_once(self, monkeypatch):
        """However many requests come first, there is one firewall."""
        app = protect()
        made = []
        cookie = protection(app)._pending.session_cookie
        real = cookie.prepare
        monkeypatch.setattr(cookie, "prepare", lambda policy: made.append(1) or real(policy))
        barrier = threading.Barrier(8)

        def ask():
            barrier.wait()
            app.test_client().get("/")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [1]

    def test_compiling_again_gives_the_same_firewall(self):
        """Whoever asks second gets what is there."""
        app = protect()
        assert protection(app).firewall is None
        firewall = protection(app).freeze()
        assert protection(app).freeze() is protection(app).firewall is firewall

    def test_template_before_the_first_request_has_a_nonce(self):
        """A page that is rendered in a test, without a server, can ask for its nonce."""
        app = protect()
        with app.test_request_context():
            first, second = (
                app.jinja_env.from_string("{{ csp_nonce() }}").render() for _ in range(2)
            )
        assert len(first) == 32
        assert first == second

    def test_view_asks_for_the_nonce_of_its_templates(self):
        """A view that streams asks first; templates and headers then have the same nonce."""
        app = protect()
        app.add_url_rule(
            "/nonce", view_func=lambda: csp_nonce() + render_template_string("{{ csp_nonce() }}")
        )
        response = app.test_client().get("/nonce")
        nonce = response.text[:32]
        assert response.text == nonce * 2
        assert f"script-src 'self' 'nonce-{nonce}'" in response.headers["Content-Security-Policy"]

    def test_nonce_is_of_a_protected_application_only(self):
        """Where StrictCookies is missing there is no nonce, rather than one that nothing sends."""
        with (
            make_app().test_request_context(),
            pytest.raises(ConfigurationError, match="StrictCookies was not added"),
        ):
            csp_nonce()

    def test_prefix_of_the_pages_can_not_change_later(self):
        """Once the pages have their place, another one is refused at the first request."""
        app = protect()
        app.config["STRICT_COOKIES_URL_PREFIX"] = "/legal"
        with pytest.raises(ConfigurationError, match="URL_PREFIX was changed after StrictCookies"):
            app.test_client().get("/")

    def test_plain_wsgi_path_imports_no_flask(self):
        """Any WSGI app can use the firewall without paying for Flask."""
        code = (
            "import sys; from strict_cookies import CookieFirewall, CookiePolicy; "
            "CookieFirewall(lambda e, s: [], CookiePolicy()); "
            "sys.exit('flask' in sys.modules or 'flask_talisman' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestFrozenConfiguration:
    def test_log_handler_may_send_a_request(self):
        """What is said at the first request is said outside of any lock."""
        app = protect()
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})
        statuses = []

        class Asking(logging.Handler):
            def emit(self, record):
                if not statuses:
                    statuses.append(None)
                    statuses.append(app.test_client().get("/").status_code)

        handler = Asking()
        logging.getLogger("strict_cookies").addHandler(handler)
        try:
            thread = threading.Thread(target=app.test_client().get, args=("/",), daemon=True)
            thread.start()
            thread.join(10)
        finally:
            logging.getLogger("strict_cookies").removeHandler(handler)
        assert statuses == [None, 200]


class TestVerdicts:
    def test_testing_raises(self):
        """Under app.testing an undeclared cookie fails the test."""
        with pytest.raises(CookieDroppedError, match=r"SC10\d"):
            protect(TESTING=True).test_client().get("/stray")

    def test_mode_can_be_named_while_testing(self):
        """STRICT_COOKIES_MODE beats the default of app.testing."""
        app = protect(TESTING=True, STRICT_COOKIES_MODE="enforce")
        assert app.test_client().get("/stray").headers.getlist("Set-Cookie") == []

    def test_signals_tell_the_app(self):
        """Each verdict is sent with name, reason and endpoint; the sender is the app."""
        app, seen = protect(), []

        def receive(sender, cookie_name, reason, place):
            seen.append((sender, cookie_name, reason.id, place))

        with (
            cookie_dropped.connected_to(receive, app),
            undeclared_cookie_received.connected_to(receive, app),
        ):
            client = app.test_client(use_cookies=False)
            client.get("/stray", headers={"Cookie": "_fbp=1; private-name=1"})
        # What arrives is judged before the app has matched a URL, so its place is the path.
        assert seen == [
            (app, "_fbp", "SC202", "/stray"),
            (app, "other", "SC201", "/stray"),
            (app, "_ga", "SC102", "stray"),
            (app, "mine", "SC101", "stray"),
        ]

    def test_log_explains_once(self, caplog):
        """One log line for each name and place, with the entry to add."""
        client = protect().test_client()
        for _ in range(3):
            client.get("/stray")
        assert [message.partition(":")[0] for message in caplog.messages] == [
            "SC102 known tracking cookie",
            "SC101 undeclared cookie",
        ]
        assert '[[cookie]]\nname = "mine"\n' in caplog.messages[1]

    def test_fault_in_teardown_is_answered(self):
        """An exception in a teardown function gives our 500 with headers, without cookies."""
        app = protect(PROPAGATE_EXCEPTIONS=False)

        @app.teardown_request
        def fail(error):
            raise RuntimeError

        body, status, headers = run(app, EnvironBuilder("/login").get_environ())
        assert (body, status) == (b"Internal Server Error\n", "500 Internal Server Error")
        assert "Set-Cookie" not in headers
        assert "Content-Security-Policy" in headers

    def test_fault_in_a_signal_receiver_changes_nothing(self):
        """A broken receiver changes no response."""

        def broken(sender, **found):
            raise RuntimeError

        app = protect()
        with cookie_dropped.connected_to(broken, app):
            response = app.test_client().get("/stray")
        assert response.text == "stray"
        assert protection(app).firewall.recorder.counts["SC903", "other"] == 2

    def test_mounted_app_is_judged_and_named_by_its_path(self):
        """A WSGI app mounted inside gets the same verdicts and headers."""

        def legacy(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
            return [b"legacy"]

        app = make_app()
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/legacy": legacy})
        StrictCookies(app)
        places = []
        with cookie_dropped.connected_to(lambda s, **found: places.append(found["place"]), app):
            response = app.test_client().get("/legacy/page")
        assert "Set-Cookie" not in response.headers
        assert "Content-Security-Policy" in response.headers
        assert places == ["/legacy/page"]


class TestMiddlewareOrder:
    def test_unknown_wrapper_outside_raises_while_testing(self):
        """A DispatcherMiddleware added later would leak; a test says so by its id."""
        app = protect(TESTING=True)
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})
        with pytest.raises(
            ConfigurationError, match=r"SC301: .*DispatcherMiddleware wraps"
        ) as caught:
            app.test_client().get("/")
        assert caught.value.reason_id == "SC301"

    def test_unknown_wrapper_is_logged_in_production(self, caplog):
        """Outside of tests the app still answers, and the log is loud."""
        app = protect()
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})
        assert app.test_client().get("/").status_code == 200
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert "SC301" in caplog.text

    def test_trusted_wrapper_is_named(self):
        """A wrapper that is known to be harmless is named, not guessed."""
        name = "werkzeug.middleware.dispatcher.DispatcherMiddleware"
        app = protect(TESTING=True, STRICT_COOKIES_TRUSTED_MIDDLEWARE=[name])
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})
        assert app.test_client().get("/").status_code == 200

    def test_proxy_fix_outside_is_right(self):
        """ProxyFix around ours tells the firewall what the wire is."""
        app = protect(TESTING=True)
        app.wsgi_app = ProxyFix(app.wsgi_app)
        headers = {"X-Forwarded-Proto": "https", "Host": "erp.example.com"}
        response = app.test_client().get("/", headers=headers)
        assert response.headers["Strict-Transport-Security"] == (
            "max-age=31536000; includeSubDomains"
        )

    def test_proxy_fix_inside_raises_while_testing(self):
        """Inside it comes too late."""
        app = make_app(TESTING=True)
        app.wsgi_app = ProxyFix(app.wsgi_app)
        StrictCookies(app)
        with pytest.raises(ConfigurationError, match="SC302"):
            app.test_client().get("/")

    @pytest.mark.parametrize("outside", [True, False])
    def test_declared_proxies_and_a_proxy_fix_are_one_too_many(self, outside):
        """STRICT_COOKIES_TRUSTED_PROXIES is a ProxyFix; a second one trusts what clients forge."""
        app = make_app(TESTING=True, STRICT_COOKIES_TRUSTED_PROXIES=1)
        if outside:
            StrictCookies(app)
        app.wsgi_app = ProxyFix(app.wsgi_app)
        if not outside:
            StrictCookies(app)
        with pytest.raises(ConfigurationError, match="SC303" if outside else "SC302"):
            app.test_client().get("/")


def bypass(app):
    """Put back what stood at app.wsgi_app before Strict Cookies, as a wrong order would."""
    app.wsgi_app = DispatcherMiddleware(Flask.wsgi_app.__get__(app), {})


class TestBypass:
    MESSAGE = (
        "app.wsgi_app was replaced after StrictCookies(app). Wrap app.wsgi_app instead of "
        "replacing it; until then nothing is enforced."
    )

    def test_replaced_wsgi_app_raises_while_testing(self):
        """A wsgi_app that goes past the firewall fails the first test that sends a request."""
        app = protect(TESTING=True)
        bypass(app)
        with pytest.raises(ConfigurationError) as caught:
            app.test_client().get("/")
        assert str(caught.value) == f"SC304: {self.MESSAGE}"
        assert caught.value.reason_id == "SC304"

    def test_replaced_wsgi_app_is_logged_in_production(self, caplog):
        """Outside of tests the app still answers, and the log is loud, once."""
        app = protect()
        bypass(app)
        client = app.test_client()
        assert [client.get("/").status_code for _ in range(3)] == [200] * 3
        assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
            (logging.ERROR, f"SC304: {self.MESSAGE}")
        ]

    def test_handler_of_every_exception_does_not_hide_it(self, caplog):
        """Where the application answers every exception itself, a test still gets to know."""
        app = protect(TESTING=True)
        app.register_error_handler(Exception, lambda error: ("sorry", 500))
        bypass(app)
        raised = False
        try:
            app.test_client().get("/")
        except ConfigurationError:
            raised = True
        assert raised or "SC304" in caplog.text

    def test_request_through_the_firewall_is_silent(self, caplog):
        """In the ordinary case nothing is said, while testing or not."""
        for testing in (True, False):
            assert protect(TESTING=testing).test_client().get("/").status_code == 200
        assert caplog.records == []

    @pytest.mark.parametrize("bypassed", [True, False])
    def test_it_is_looked_at_once(self, bypassed):
        """After Flask's first request nothing is left that looks, so that none pays for it."""
        app = protect()
        if bypassed:
            bypass(app)
        assert protection(app).report_bypass in request_started.receivers_for(app)
        app.test_client().get("/")
        assert protection(app).report_bypass not in request_started.receivers_for(app)

    def test_each_application_is_looked_at_for_itself(self, caplog):
        """The first request of one application says nothing about another."""
        sound, passed = protect(), protect()
        bypass(passed)
        sound.test_client().get("/")
        assert caplog.records == []
        passed.test_client().get("/")
        assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_archive_is_beside_the_sessions(tmp_path):
    """What outlives sessions is in their file; one object for each application."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_SESSIONS=str(tmp_path / "s.sqlite"))
    StrictCookies(app)
    archive = app.extensions["strict_cookies"].archive
    archive.put("shelf", "key", b"value")
    assert archive is app.extensions["strict_cookies"].archive
    assert (tmp_path / "s.sqlite").exists()
    assert archive.get("shelf", "key") == b"value"
    archive.close()


@pytest.mark.parametrize(
    "config",
    [{"STRICT_COOKIES_MODE": "report-only"}, {"STRICT_COOKIES_SESSIONS": "flask"}],
    ids=str,
)
def test_session_before_the_first_request_is_flasks_where_it_stays(config):
    """A test that plants a session, or opens a context, needs no request to have come before."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TESTING=True, **config)
    StrictCookies(app)
    app.add_url_rule("/", "index", lambda: dict(session))
    with app.test_request_context("/"):
        session["user"] = "alice"
        assert isinstance(session._get_current_object(), SecureCookieSession)
    client = app.test_client()
    with client.session_transaction(base_url="https://localhost") as planted:
        planted["user"] = "bob"
    assert client.get("/", base_url="https://localhost").json == {"user": "bob"}
