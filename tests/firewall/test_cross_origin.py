"""Which requests count as another origin's, and what becomes of them."""

from __future__ import annotations

import pytest
from flask import Flask, session
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import Client, create_environ

from strict_cookies import (
    ConfigurationError,
    CookieFirewall,
    CookiePolicy,
    StrictCookies,
    is_cross_origin,
    request_refused,
)
from strict_cookies.firewall.cross_origin import OriginGuard, read_origins
from strict_cookies.firewall.middleware import FirewallHooks
from strict_cookies.http.presets import CLOSED_CSP, CLOSED_PERMISSIONS
from strict_cookies.reasons import Reason
from tests.policies import declare
from tests.wsgi import run

SITE = "https://erp.example.com"
SESSION = "__Host-Http-session"
CROSS = {"Sec-Fetch-Site": "cross-site"}


def make_app(**config):
    """Make a protected application with a form, an export and a hook."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, **config)

    @app.route("/transfer", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def transfer():
        session["done"] = True
        return "done"

    @app.post("/hook")
    def hook():
        return "heard"

    StrictCookies(app)
    return app


def ask(app, path="/transfer", method="POST", cookie=f"{SESSION}=1", base_url=SITE, **headers):
    """Send one request with a session cookie; ``_`` in a header's name stands for ``-``."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        fields["Cookie"] = cookie
    client = Client(LintMiddleware(app), use_cookies=False)
    return client.open(path, method=method, base_url=base_url, headers=fields)


#: What browsers and others send, and whether the request is this site's own.
ARRIVING = [
    pytest.param({"Sec-Fetch-Site": "same-origin"}, True, id="own page"),
    pytest.param({"Sec-Fetch-Site": "none"}, True, id="typed by the user"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, False, id="sibling host"),
    pytest.param({"Sec-Fetch-Site": "cross-site"}, False, id="other site"),
    pytest.param({"Sec-Fetch-Site": "Same-Origin"}, False, id="unknown word"),
    pytest.param({"Sec-Fetch-Site": "same-origin, cross-site"}, False, id="two words"),
    pytest.param(
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True, id="own page, no-referrer"
    ),
    pytest.param(
        {"Sec-Fetch-Site": "cross-site", "Origin": SITE}, False, id="words that contradict"
    ),
    pytest.param({"Sec-Fetch-Site": "", "Origin": SITE}, True, id="empty word"),
    pytest.param({"Origin": SITE}, True, id="own origin"),
    pytest.param({"Origin": f"{SITE}:443"}, True, id="own origin with the usual port"),
    pytest.param({"Origin": "HTTPS://ERP.example.com"}, True, id="own origin in capitals"),
    pytest.param({"Origin": "http://erp.example.com"}, False, id="other scheme"),
    pytest.param({"Origin": "http://erp.example.com:443"}, False, id="other scheme on that port"),
    pytest.param({"Origin": f"{SITE}:8443"}, False, id="other port"),
    pytest.param({"Origin": f"{SITE}:80"}, False, id="port of the other scheme"),
    pytest.param({"Origin": "https://evil.example"}, False, id="other host"),
    pytest.param({"Origin": "https://xerp.example.com"}, False, id="longer host"),
    pytest.param({"Origin": f"{SITE}.evil.example"}, False, id="host that begins alike"),
    pytest.param({"Origin": "https://user@erp.example.com"}, False, id="user information"),
    pytest.param({"Origin": f"{SITE}/"}, False, id="path"),
    pytest.param({"Origin": "null"}, False, id="null"),
    pytest.param({"Origin": f"{SITE}, https://evil.example"}, False, id="two origins"),
    pytest.param({"Origin": "erp.example.com"}, False, id="no scheme"),
    pytest.param({"Origin": "https://"}, False, id="no host"),
    pytest.param({"Origin": "chrome-extension://abcdef"}, False, id="extension"),
]


class TestVerdict:
    @pytest.mark.parametrize(("headers", "own"), ARRIVING)
    def test_what_the_browser_says_decides(self, headers, own):
        """Fetch metadata first; without it the origin, with scheme and port."""
        assert (ask(make_app(), **headers).status_code == 200) is own
        environ = create_environ("/transfer", SITE, headers=headers)
        assert is_cross_origin(environ) is not own

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_unsafe_methods_are_judged(self, method):
        """Whatever may change something is judged."""
        assert ask(make_app(), method=method, **CROSS).status_code == 403

    @pytest.mark.parametrize("method", ["PROPFIND", "get", "TRACE", "CONNECT"])
    def test_unknown_methods_are_judged(self, method):
        """A method is safe only where a standard says so, to the letter."""
        environ = {
            **create_environ("/transfer", SITE, headers={"Cookie": "sid=1", **CROSS}),
            "REQUEST_METHOD": method,
        }
        guard = OriginGuard(CookiePolicy(cookies=(declare("sid"),)))
        assert guard(environ).reason is Reason.CROSS_ORIGIN

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_safe_methods_pass(self, method):
        """A link from another site, and a preflight, reach the application."""
        assert ask(make_app(), method=method, **CROSS).status_code == 200

    @pytest.mark.parametrize(
        ("cookie", "passes"),
        [
            pytest.param("", True, id="none"),
            pytest.param("stray=1", True, id="undeclared"),
            pytest.param("stray=1; pref=2", False, id="declared behind a stray"),
            pytest.param("draft_7=1", False, id="of a pattern"),
            pytest.param("pref=1; pref=2", True, id="forged twin, which counts as absent"),
        ],
    )
    def test_only_requests_with_a_declared_cookie_are_judged(self, cookie, passes):
        """Without a cookie that the application reads nothing is done in a visitor's name."""
        policy = CookiePolicy(cookies=(declare("pref"), declare("draft_*")))
        app = make_app(STRICT_COOKIES_POLICY=policy)
        assert (ask(app, cookie=cookie, **CROSS).status_code == 200) is passes

    def test_webhook_of_a_server_passes(self):
        """A server sends neither cookie nor origin."""
        assert ask(make_app(), "/hook", cookie="").text == "heard"

    def test_request_without_origin_passes_by_default(self):
        """What tells no origin comes from no current browser."""
        assert ask(make_app()).status_code == 200

    def test_request_without_origin_can_be_refused(self):
        """By choice proof is required of whatever carries a cookie."""
        app = make_app(STRICT_COOKIES_CROSS_ORIGIN="require-proof")
        response = ask(app)
        assert response.status_code == 403
        assert response.text.startswith("SC602 request without Origin or Sec-Fetch-Site\n")
        assert ask(app, cookie="").status_code == 200
        assert ask(app, Origin=SITE).status_code == 200
        environ = create_environ("/transfer", SITE)
        assert is_cross_origin(environ, require_proof=True)
        assert not is_cross_origin(environ)

    @pytest.mark.parametrize(
        ("base_url", "origin", "own"),
        [
            pytest.param("http://localhost:5000", "http://localhost:5000", True, id="localhost"),
            pytest.param("http://localhost:5000", "http://localhost:5001", False, id="neighbour"),
            pytest.param("http://dev.test", "http://dev.test", True, id="plain http"),
            pytest.param("http://dev.test:80", "http://dev.test", True, id="usual port named"),
            pytest.param("https://dev.test:80", "https://dev.test", False, id="port of http"),
            pytest.param("https://[2001:db8::1]", "https://[2001:db8::1]", True, id="IPv6"),
            pytest.param("https://192.0.2.7:8443", "https://192.0.2.7:8443", True, id="IPv4"),
        ],
    )
    def test_origin_is_compared_with_the_address(self, base_url, origin, own):
        """Scheme, host and port are compared, where the usual port may be left out."""
        environ = create_environ("/", base_url, headers={"Origin": origin})
        assert is_cross_origin(environ) is not own

    @pytest.mark.parametrize(
        ("host", "origin", "own"),
        [
            pytest.param(None, "https://server.example:8443", True, id="server's own name"),
            pytest.param("", "https://", False, id="empty"),
            pytest.param("a b", "https://a b", False, id="no host"),
        ],
    )
    def test_request_without_host(self, host, origin, own):
        """Where no host is named, the server's own counts; what is no host is nobody's origin."""
        environ = create_environ("/", SITE, headers={"Origin": origin})
        environ.update(SERVER_NAME="server.example", SERVER_PORT="8443")
        if host is None:
            del environ["HTTP_HOST"]
        else:
            environ["HTTP_HOST"] = host
        assert is_cross_origin(environ) is not own


class TestWebSocket:
    @pytest.mark.parametrize(
        ("upgrade", "headers", "status"),
        [
            pytest.param("websocket", {"Origin": "https://evil.example"}, 403, id="other site"),
            pytest.param("WebSocket", {"Origin": "https://a.example.com"}, 403, id="in capitals"),
            pytest.param("h2c, websocket", {"Origin": "null"}, 403, id="one of several"),
            pytest.param("websocket", {"Sec-Fetch-Site": "same-site"}, 403, id="sibling"),
            pytest.param("websocket", {"Origin": SITE}, 200, id="own page"),
            pytest.param("websocket", {}, 200, id="no browser"),
            pytest.param("h2c", {"Origin": "https://evil.example"}, 200, id="another upgrade"),
        ],
    )
    def test_handshake_is_judged_like_an_unsafe_request(self, upgrade, headers, status):
        """A WebSocket is opened by a GET, and acts in the visitor's name from then on."""
        response = ask(make_app(), method="GET", Upgrade=upgrade, **headers)
        assert response.status_code == status


class TestExemptions:
    @pytest.mark.parametrize(
        ("entry", "method", "path", "status"),
        [
            pytest.param("/hook", "POST", "/hook", 200, id="path"),
            pytest.param("POST /hook", "POST", "/hook", 200, id="method and path"),
            pytest.param("PUT /hook", "POST", "/hook", 403, id="another method"),
            pytest.param("/transfer", "POST", "/hook", 403, id="another path"),
            pytest.param("/", "POST", "/hook", 403, id="path above"),
            pytest.param("/hook", "POST", "/hook/", 403, id="slash at the end"),
            pytest.param("/hook", "POST", "//hook", 403, id="two slashes"),
            pytest.param("/hook", "POST", "/./hook", 403, id="dot"),
        ],
    )
    def test_exemption_is_an_exact_path(self, entry, method, path, status):
        """Nothing near an exempt path is exempt (CVE-2025-47910)."""
        app = make_app(STRICT_COOKIES_ORIGIN_EXEMPT=[entry])
        assert ask(app, path, method, **CROSS).status_code == status

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("https://app.example.com", 200),
            ("https://app.example.com:443", 200),
            ("https://app.example.com:8443", 403),
            ("http://app.example.com", 403),
            ("https://x.app.example.com", 403),
            ("null", 403),
        ],
    )
    def test_trusted_origin_may_act(self, origin, status):
        """An origin that was named passes, with or without fetch metadata."""
        app = make_app(STRICT_COOKIES_TRUSTED_ORIGINS=["https://App.example.com:443"])
        assert ask(app, Origin=origin).status_code == status
        assert ask(app, Origin=origin, Sec_Fetch_Site="same-site").status_code == status

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "*",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "app.example.com",
            "https://",
            "https://user@app.example.com",
            "https://app.example.com:",
            "ws://app.example.com",
            "https://app.example.com\n",
            5,
            "http://app.example.com",
        ],
    )
    def test_wrong_trusted_origin_is_refused(self, origin):
        """A pattern, a path, or a scheme that a network can forge is no trusted origin."""
        with pytest.raises(ConfigurationError, match=r"^S has ") as caught:
            read_origins("S", ["https://fine.example", origin])
        assert repr(origin) in str(caught.value)

    def test_own_machine_may_be_trusted_over_http(self):
        """A front end that is developed on another port can be trusted."""
        assert read_origins("S", ["http://localhost:3000"]) == {"http://localhost:3000"}

    def test_check_can_be_switched_off(self):
        """By name, and no other way."""
        app = make_app(STRICT_COOKIES_CROSS_ORIGIN="off")
        assert ask(app, **CROSS).status_code == 200
        assert app.extensions["strict_cookies"].origin_guard is None

    def test_objection_is_asked_without_a_cookie(self):
        """A login is judged before there is a session, and an exempt path stays exempt."""
        app = make_app(STRICT_COOKIES_ORIGIN_EXEMPT=["/acs"])
        app.test_client().get("/transfer")
        guard = app.extensions["strict_cookies"].origin_guard
        assert guard.objection(create_environ("/login", SITE, headers=CROSS)) is Reason.CROSS_ORIGIN
        assert guard.objection(create_environ("/acs", SITE, headers=CROSS)) is None
        assert guard.objection(create_environ("/login", SITE)) is None


class TestRefusal:
    def test_refusal_helps_the_developer(self):
        """It is plain text with the reason and what to do, without cookies, for no cache."""
        response = ask(make_app(), **CROSS)
        csp = "; ".join(f"{name} {sources}".strip() for name, sources in CLOSED_CSP.items())
        assert response.text == (
            "SC601 cross-origin request\n\n"
            "The request carried a cookie of this site, but did not come from a page of it. It was "
            "not carried out.\n\n"
            f"If this is your site: {Reason.CROSS_ORIGIN.remedy}\n"
        )
        assert response.status == "403 Forbidden"
        assert dict(response.headers) == {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(response.data)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"{csp}; report-uri /cookies/reports; report-to strict-cookies"
            ),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Origin-Agent-Cluster": "?1",
            "Permissions-Policy": ", ".join(f"{name}=()" for name in CLOSED_PERMISSIONS),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Reporting-Endpoints": 'strict-cookies="/cookies/reports"',
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def test_refusal_is_logged_counted_and_signalled(self, caplog):
        """The endpoint that was aimed at and the entry of the cookie are told, nothing else."""
        app = make_app()
        found = []

        def receive(sender, **told):
            found.append(told)

        with request_refused.connected_to(receive, app):
            for path in ("/transfer", "/transfer?x=1", "/nobody/knows/this", "/transfer/extra"):
                assert ask(app, path, **CROSS).status_code == 403
        remedy = Reason.CROSS_ORIGIN.remedy
        assert caplog.messages == [
            f"SC601 cross-origin request: '{SESSION}' at 'transfer'. {remedy}",
            f"SC601 cross-origin request: '{SESSION}' at 'other'. {remedy}",
        ]
        assert [told["place"] for told in found] == ["transfer", "transfer", "other", "other"]
        assert {told["cookie_name"] for told in found} == {SESSION}
        counts = app.extensions["strict_cookies"].firewall.recorder.counts
        assert counts == {("SC601", SESSION): 4}

    def test_name_of_a_pattern_is_the_entrys(self, caplog):
        """What stands for the star is the client's, and stays out of the log."""
        policy = CookiePolicy(cookies=(declare("draft_*"),))
        ask(make_app(STRICT_COOKIES_POLICY=policy), cookie="draft_private=1", **CROSS)
        assert "'draft_*'" in caplog.text
        assert "private" not in caplog.text

    def test_report_only_tells_and_lets_pass(self, caplog):
        """A trial changes nothing; undeclared cookies are there still, and count for nothing."""
        app = make_app(STRICT_COOKIES_MODE="report-only")
        assert ask(app, cookie="stray=1; session=x", **CROSS).text == "done"
        assert any(
            message.startswith("[report-only] SC601 cross-origin request: 'session' at")
            for message in caplog.messages
        )

    def test_raise_mode_answers_all_the_same(self):
        """What a client does is no fault of the program under test."""
        assert ask(make_app(TESTING=True), **CROSS).status_code == 403

    def test_fault_in_the_guard_closes_the_door(self, monkeypatch):
        """Where the guard itself fails, nothing passes."""
        app = make_app()

        def broken(self, environ):
            raise ValueError

        monkeypatch.setattr(OriginGuard, "_judge", broken)
        environ = create_environ(
            "/transfer", SITE, method="POST", headers={"Cookie": f"{SESSION}=1", **CROSS}
        )
        _, status, headers = run(app, environ)
        assert status == "500 Internal Server Error"
        assert "Set-Cookie" not in headers

    def test_any_wsgi_application_can_be_guarded(self):
        """The firewall takes the guard without Flask."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"done"]

        policy = CookiePolicy(cookies=(declare("sid"),))
        firewall = CookieFirewall(
            app, policy, hooks=FirewallHooks(interceptors=[OriginGuard(policy)])
        )
        assert ask(firewall, cookie="sid=1", **CROSS).status_code == 403
        assert ask(firewall, cookie="sid=1", Origin=SITE).text == "done"
        assert firewall.recorder.counts == {("SC601", "sid"): 1}
