"""What becomes of plain http, and where nobody is led."""

from __future__ import annotations

import logging
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import Client, create_environ

from strict_cookies import ConfigurationError, CookieFirewall, CookiePolicy, StrictCookies
from strict_cookies.firewall.https_redirect import HttpsRedirect, read_host
from strict_cookies.firewall.middleware import FirewallHooks
from strict_cookies.http.presets import CLOSED_CSP, CLOSED_PERMISSIONS
from tests.wsgi import run

HOST = "erp.example.com"


def make_app(**config):
    """Make a protected application that answers any path."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=[HOST, ".shop.example"], **config)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def anything(path):
        return f"{request.method} {path}"

    StrictCookies(app)
    return app


def ask(app, path="/", host=HOST, scheme="http", **options):
    """Send one request."""
    return Client(app).open(path, base_url=f"{scheme}://{host}", **options)


def location(path, **options):
    """Where a request to a path is redirected to; None where it isn't."""
    return ask(make_app(), path, **options).headers.get("Location")


class TestRedirect:
    def test_plain_http_is_answered_with_308(self):
        """The method stays, no cache keeps it, and it carries the security headers."""
        response = ask(make_app(), "/orders?page=2", method="POST", data={"a": "b"})
        closed = dict(CLOSED_CSP)
        # Plain http, where it means nothing.
        del closed["upgrade-insecure-requests"]
        csp = "; ".join(f"{name} {sources}" for name, sources in closed.items())
        assert (response.status, response.text) == ("308 Permanent Redirect", "Use https.\n")
        assert dict(response.headers) == {
            "Location": "https://erp.example.com/orders?page=2",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": "11",
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"{csp}; report-uri /cookies/reports",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{name}=()" for name in CLOSED_PERMISSIONS),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    def test_head_has_no_body(self):
        """A HEAD request learns the same without a body."""
        response = ask(make_app(), method="HEAD")
        assert (response.status_code, response.data) == (308, b"")
        assert response.headers["Content-Length"] == "11"

    def test_https_is_served(self):
        """Over https nothing is redirected."""
        assert ask(make_app(), "/orders", scheme="https").text == "GET orders"

    @pytest.mark.parametrize(
        ("path", "there"),
        [
            pytest.param("/", "/", id="root"),
            pytest.param("/a%2Fb", "/a%2Fb", id="escaped slash"),
            pytest.param("/a%2fb/c", "/a%2fb/c", id="escape in small letters"),
            pytest.param("/caf%C3%A9", "/caf%C3%A9", id="beyond ASCII"),
            pytest.param("/a%20b;c=1,2", "/a%20b;c=1,2", id="space and parameters"),
            pytest.param("/a?", "/a", id="empty query"),
            pytest.param("/a?b=c%26d&e=%C3%A9+f", "/a?b=c%26d&e=%C3%A9+f", id="query"),
            pytest.param("/a?u=http://x/?y", "/a?u=http://x/?y", id="URL in the query"),
            pytest.param("/a%0D%0ASet-Cookie:%20x=1", "/a%0D%0ASet-Cookie:%20x=1", id="CR LF"),
            pytest.param("/a?b=%0d%0aX:y", "/a?b=%0d%0aX:y", id="CR LF in the query"),
            pytest.param("/%2F/evil.example", "/%2F/evil.example", id="slashes that begin a host"),
            pytest.param("/%5Cevil.example", "/%5Cevil.example", id="backslash"),
            pytest.param("/%00", "/%00", id="zero"),
            pytest.param("/a%3Fb", "/a%3Fb", id="escaped question mark"),
            pytest.param("/a%23b", "/a%23b", id="escaped hash"),
        ],
    )
    def test_path_and_query_go_along_to_the_letter(self, path, there):
        """What was sent is sent again, percent-encoding included."""
        assert location(path) == f"https://{HOST}{there}"

    @pytest.mark.parametrize(
        ("environ", "there"),
        [
            pytest.param({"PATH_INFO": "//evil.example/x"}, "//evil.example/x", id="two slashes"),
            pytest.param({"PATH_INFO": "@evil.example"}, "/@evil.example", id="user information"),
            pytest.param({"PATH_INFO": ".evil.example/"}, "/.evil.example/", id="longer host"),
            pytest.param({"PATH_INFO": "*"}, "/*", id="asterisk form"),
            pytest.param({"PATH_INFO": ""}, "/", id="empty"),
            pytest.param({"PATH_INFO": "/a\r\nX: y"}, "/a%0D%0AX:%20y", id="line break"),
            pytest.param({"PATH_INFO": "/caf\xc3\xa9"}, "/caf%C3%A9", id="decoded octets"),
            pytest.param({"PATH_INFO": "/a?b#c"}, "/a%3Fb%23c", id="decoded delimiters"),
            pytest.param({"PATH_INFO": "/a", "SCRIPT_NAME": "/erp"}, "/erp/a", id="mount"),
            pytest.param(
                {"PATH_INFO": "/a", "QUERY_STRING": "b\r\nX: y\xe9#z"},
                "/a?b%0D%0AX:%20y%E9%23z",
                id="query with what never stands in one",
            ),
            pytest.param({"PATH_INFO": "/a/b", "RAW_URI": "/a%2Fb?c"}, "/a%2Fb", id="raw path"),
            pytest.param(
                {"PATH_INFO": "/a/b", "REQUEST_URI": "/a%2Fb"}, "/a%2Fb", id="raw path of others"
            ),
            pytest.param(
                {"PATH_INFO": "/a", "RAW_URI": "https://evil.example/a"}, "/a", id="absolute form"
            ),
            pytest.param({"PATH_INFO": "/a", "RAW_URI": "/b"}, "/a", id="raw path of another"),
            pytest.param(
                {"PATH_INFO": "/a", "SCRIPT_NAME": "/erp", "RAW_URI": "/a"},
                "/erp/a",
                id="prefix of a proxy",
            ),
            pytest.param({"PATH_INFO": "/a", "RAW_URI": "/a\n"}, "/a", id="raw line break"),
            pytest.param({"PATH_INFO": "/a", "RAW_URI": b"/a"}, "/a", id="raw octets"),
        ],
    )
    def test_whatever_a_server_hands_over_stays_on_the_host(self, environ, there):
        """No path or query leads to another host or into another header."""
        base = {
            key: value
            for key, value in create_environ("/", f"http://{HOST}").items()
            if key not in ("RAW_URI", "REQUEST_URI")
        }
        redirect = HttpsRedirect(canonical_host=HOST)
        answer = redirect({**base, **environ})
        _, status, headers = run(answer.answer, {**base, **environ})
        assert status == "308 Permanent Redirect"
        assert headers["Location"] == f"https://{HOST}{there}"

    @given(
        path=st.binary(max_size=20).map(lambda octets: octets.decode("latin-1")),
        query=st.binary(max_size=20).map(lambda octets: octets.decode("latin-1")),
        raw=st.none() | st.text(st.characters(max_codepoint=255), max_size=20),
    )
    def test_redirect_means_the_same_page_of_the_pinned_host(self, path, query, raw):
        """For any octets: one line, that host, that path."""
        environ = {
            **create_environ("/", f"http://{HOST}"),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "RAW_URI": raw,
        }
        _, _, headers = run(HttpsRedirect(canonical_host=HOST)(environ).answer, environ)
        location = headers["Location"]
        parts = urlsplit(location)
        assert location.isascii()
        assert location.isprintable()
        assert " " not in location
        assert (parts.scheme, parts.netloc, parts.fragment) == ("https", HOST, "")
        slash = "" if path.startswith("/") else "/"
        assert unquote_to_bytes(parts.path) == f"{slash}{path}".encode("latin-1")


class TestPinnedHost:
    @pytest.mark.parametrize(
        ("host", "there"),
        [
            pytest.param("erp.example.com", "erp.example.com", id="exact"),
            pytest.param("ERP.Example.COM", "erp.example.com", id="in any case"),
            pytest.param("erp.example.com:8080", "erp.example.com", id="port of plain http"),
            pytest.param("a.b.shop.example", "a.b.shop.example", id="below a leading dot"),
            pytest.param("shop.example", "shop.example", id="the name after a leading dot"),
        ],
    )
    def test_trusted_host_is_redirected_to_itself(self, host, there):
        """Of TRUSTED_HOSTS each name leads to its own https, on the usual port."""
        redirect = HttpsRedirect(trusted_hosts=[HOST, ".shop.example"])
        environ = create_environ("/a", "http://x", headers={"Host": host})
        _, _, headers = run(redirect(environ).answer, environ)
        assert headers["Location"] == f"https://{there}/a"

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "erp.example.com.evil.example",
            "xshop.example",
            "erp.example.com@evil.example",
            "erp.example.com/evil",
            "evil.example#erp.example.com",
            "erp.example.com\r\nX: y",
            "",
            "[::ffff:192.0.2.1",
        ],
    )
    def test_other_host_is_never_a_target(self, host):
        """A Host that is not trusted is not followed; Flask answers it with 400."""
        environ = {**create_environ("/a", "http://x"), "HTTP_HOST": host}
        assert HttpsRedirect(trusted_hosts=[HOST, ".shop.example"])(environ) is None

    def test_flask_refuses_an_untrusted_host(self):
        """What is not redirected does not reach a view either."""
        assert ask(make_app(), host="evil.example").status_code == 400

    def test_canonical_host_takes_every_host(self):
        """With a canonical host all of plain http leads there, whatever Host says."""
        app = make_app(STRICT_COOKIES_CANONICAL_HOST="www.example.com:8443")
        for host in (HOST, "evil.example", "192.0.2.7"):
            assert ask(app, "/a", host=host).headers["Location"] == "https://www.example.com:8443/a"

    def test_https_of_another_trusted_host_stays(self):
        """The canonical host is where plain http leads; https is not moved."""
        app = make_app(STRICT_COOKIES_CANONICAL_HOST="www.example.com")
        assert ask(app, "/a", scheme="https").text == "GET a"

    def test_one_trusted_host_may_be_plain_text(self):
        """Werkzeug takes one name for a list of one, and so does this."""
        environ = create_environ("/a", f"http://{HOST}")
        assert HttpsRedirect(trusted_hosts=HOST)(environ) is not None

    @pytest.mark.parametrize(
        ("host", "words"),
        [
            ("https://erp.example.com", "without a scheme"),
            ("erp.example.com/", "without a scheme"),
            ("erp.example.com:", "without a scheme"),
            ("erp example", "without a scheme"),
            ("erp.example.com\n", "without a scheme"),
            ("*.example.com", "without a scheme"),
            ("", "without a scheme"),
            (5, "without a scheme"),
            ("-", "other machines can't reach"),
            ("localhost", "other machines can't reach"),
            ("localhost:5000", "other machines can't reach"),
            ("erp.localhost", "other machines can't reach"),
            ("127.0.0.1", "other machines can't reach"),
            ("[::1]:443", "other machines can't reach"),
        ],
    )
    def test_wrong_canonical_host_is_refused(self, host, words):
        """A canonical host is a host that others can reach, and nothing else."""
        with pytest.raises(ConfigurationError, match="STRICT_COOKIES_CANONICAL_HOST is") as caught:
            read_host(host)
        assert words in str(caught.value)

    @pytest.mark.parametrize("host", ["erp", "192.0.2.7:444", "[2001:db8::1]", "a.example"])
    def test_canonical_host_may_be_any_host(self, host):
        """Names with and without dots and addresses, each with a port or not, are hosts."""
        assert read_host(host) == host


class TestExemptions:
    @pytest.mark.parametrize(
        "host", ["localhost", "localhost:5000", "erp.localhost", "127.0.0.1:5000", "[::1]:5000"]
    )
    @pytest.mark.parametrize("canonical", [None, "www.example.com"])
    def test_own_machine_is_never_redirected(self, host, canonical):
        """The developer's machine works without TLS, also where a canonical host is set."""
        redirect = HttpsRedirect(canonical_host=canonical, trusted_hosts=["localhost"])
        assert redirect(create_environ("/", "http://x", headers={"Host": host})) is None

    def test_health_check_is_answered_over_http(self):
        """An exact path is exempt, to the letter."""
        app = make_app(STRICT_COOKIES_HTTPS_EXEMPT=["/healthz"])
        assert ask(app, "/healthz").text == "GET healthz"
        assert ask(app, "/healthz?full=1").text == "GET healthz"
        for path in ("/healthz/", "/healthz/x", "/HEALTHZ", "//healthz"):
            assert ask(app, path).status_code == 308, path

    @pytest.mark.parametrize(
        "config",
        [
            pytest.param({"STRICT_COOKIES_HTTPS": "off"}, id="switched off"),
            pytest.param({"STRICT_COOKIES_TRANSPORT": "plain-http"}, id="plain http by choice"),
            pytest.param({"STRICT_COOKIES_MODE": "report-only"}, id="report-only"),
        ],
    )
    def test_redirect_can_be_done_without(self, config):
        """Where it is off by name, or nothing is to be enforced, plain http is served."""
        assert ask(make_app(**config), "/a").text == "GET a"

    def test_web_socket_over_plain_http_gets_no_further(self):
        """A handshake over ws: is answered the same, which ends it: browsers don't follow."""
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        assert ask(make_app(), "/ws", headers=headers).status_code == 308


class TestScheme:
    @pytest.mark.parametrize("value", ["https", "HTTPS", "https,http", "https, https"])
    def test_header_of_a_client_is_no_https(self, value):
        """Without a declared proxy X-Forwarded-Proto changes nothing."""
        response = ask(make_app(), "/a", headers={"X-Forwarded-Proto": value})
        assert response.status_code == 308
        assert "Strict-Transport-Security" not in response.headers

    @pytest.mark.parametrize(
        ("field", "status"),
        [
            pytest.param("https", 200, id="proxy heard https"),
            pytest.param("http", 308, id="proxy heard http"),
            pytest.param("https, http", 308, id="client forged, proxy appended"),
            pytest.param("http, https", 200, id="proxy appended https"),
            pytest.param(None, 308, id="proxy says nothing"),
        ],
    )
    def test_declared_proxy_says_what_the_scheme_is(self, field, status):
        """What the nearest proxy wrote counts, and nothing before it."""
        app = make_app(STRICT_COOKIES_TRUSTED_PROXIES=1)
        headers = {} if field is None else {"X-Forwarded-Proto": field}
        response = ask(app, "/a", headers=headers)
        assert response.status_code == status
        assert ("Strict-Transport-Security" in response.headers) is (status == 200)

    @pytest.mark.parametrize(
        ("proxies", "addresses", "seen"),
        [
            pytest.param(0, "192.0.2.1", "127.0.0.1", id="none declared"),
            pytest.param(1, "192.0.2.1", "192.0.2.1", id="one"),
            pytest.param(1, "6.6.6.6, 192.0.2.1", "192.0.2.1", id="one, client forged"),
            pytest.param(2, "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1", id="two, client forged"),
            pytest.param(2, "10.0.0.1", "127.0.0.1", id="fewer than declared"),
        ],
    )
    def test_address_is_as_many_hops_away_as_declared(self, proxies, addresses, seen):
        """The visitor's address is the one that the outermost declared proxy wrote."""
        app = make_app(STRICT_COOKIES_TRUSTED_PROXIES=proxies)
        found = []
        app.before_request(lambda: found.append(request.remote_addr))
        environ = {"REMOTE_ADDR": "127.0.0.1"}
        headers = {"X-Forwarded-For": addresses, "X-Forwarded-Proto": "https"}
        ask(app, "/a", scheme="https", headers=headers, environ_overrides=environ)
        assert found == [seen]

    @pytest.mark.parametrize("field", ["Host", "Port", "Prefix"])
    def test_other_forwarded_fields_are_not_believed(self, field):
        """Host, port and prefix are what the proxy sends as such: many proxies pass these on."""
        app = make_app(STRICT_COOKIES_TRUSTED_PROXIES=1)
        found = []
        app.before_request(lambda: found.append(request.url))
        headers = {f"X-Forwarded-{field}": "666", "X-Forwarded-Proto": "https"}
        ask(app, "/a", headers=headers)
        assert found == [f"https://{HOST}/a"]


class TestTelling:
    def test_missing_pinned_host_is_told_once(self, caplog):
        """Without a pinned host plain http is served, and one line says what to do."""
        app = make_app()
        app.config["TRUSTED_HOSTS"] = None
        for path in ("/a", "/b"):
            assert ask(app, path).status_code == 200
        assert caplog.messages == [
            "SC406 no pinned host: a page was asked for over plain http. Set TRUSTED_HOSTS or "
            "STRICT_COOKIES_CANONICAL_HOST, so that http can be redirected to https."
        ]

    def test_undeclared_proxy_is_told_once(self, caplog):
        """A loop of redirects behind a forgotten proxy is explained in the log."""
        app = make_app()
        for _ in range(2):
            assert ask(app, headers={"X-Forwarded-Proto": "https"}).status_code == 308
        assert caplog.messages == [
            "SC305 X-Forwarded-Proto received, but no trusted proxy is configured: a page was "
            "asked "
            "for over plain http. If the proxy is yours, set STRICT_COOKIES_TRUSTED_PROXIES; until "
            "then its visitors are in a redirect loop."
        ]

    @pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "https"}])
    def test_nothing_is_told_on_localhost(self, caplog, headers):
        """A developer's log stays quiet."""
        app = make_app()
        app.config["TRUSTED_HOSTS"] = None
        assert ask(app, host="localhost:5000", headers=headers).status_code == 200
        assert caplog.messages == []

    def test_fault_of_a_log_handler_changes_nothing(self):
        """The page is served though the log fails."""

        class Broken(logging.Handler):
            def emit(self, record):
                raise ValueError("full")

        handler = Broken()
        logging.getLogger("strict_cookies").addHandler(handler)
        try:
            app = make_app()
            app.config["TRUSTED_HOSTS"] = None
            assert ask(app).status_code == 200
        finally:
            logging.getLogger("strict_cookies").removeHandler(handler)


def test_any_wsgi_application_can_redirect():
    """The firewall takes the redirect without Flask, and fills in its own headers."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"served"]

    firewall = CookieFirewall(
        app,
        CookiePolicy(),
        hooks=FirewallHooks(interceptors=[HttpsRedirect(canonical_host=HOST)]),
    )
    response = Client(LintMiddleware(firewall)).get("/a", base_url="http://x.example")
    assert response.headers["Location"] == f"https://{HOST}/a"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert Client(firewall).get("/a", base_url=f"https://{HOST}").data == b"served"
