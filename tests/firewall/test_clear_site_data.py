"""What erases a site's cookies and storage, and what it leaves alone."""

from __future__ import annotations

import pytest
from flask import Flask, make_response, redirect, session
from werkzeug.test import create_environ

from strict_cookies import ConfigurationError, CookiePolicy, StrictCookies, erase
from strict_cookies.firewall.clear_site_data import erasing_headers
from strict_cookies.firewall.set_cookie import decide
from tests.policies import declare

EXPIRED = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
SITE = "https://app.eu.example.com"
POLICY = CookiePolicy(
    cookies=(
        declare("__Host-sid"),
        declare("csrf", purposes=("security",), samesite="Strict", script_readable=True),
        declare("area", path="/erp"),
        declare("shared", domain="example.com"),
        declare("embed", samesite="None", partitioned=True),
        declare("draft_*"),
    )
)
LINES = [
    f"__Host-sid=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax",
    f"csrf=; {EXPIRED}; Path=/; Secure; SameSite=Strict",
    f"area=; {EXPIRED}; Path=/erp; Secure; HttpOnly; SameSite=Lax",
    f"shared=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax",
    f"shared=; {EXPIRED}; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
    f"shared=; {EXPIRED}; Domain=app.eu.example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
    f"shared=; {EXPIRED}; Domain=eu.example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
    f"embed=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
]


def headers(policy=POLICY, base_url=SITE, cookie="", **options):
    """Return the headers that erase, for one request."""
    environ = create_environ("/logout", base_url, headers={"Cookie": cookie} if cookie else {})
    return erasing_headers(policy, environ, **options)


def values(found, name):
    """List the values of a header."""
    return [value for key, value in found if key == name]


def test_every_declared_cookie_is_expired_as_it_was_set():
    """Name, domain, path and partition say which cookie is meant; the rest is for prefixes."""
    assert headers() == [
        *(("Set-Cookie", line) for line in LINES),
        ("Clear-Site-Data", '"storage"'),
        ("Cache-Control", "no-store"),
    ]


def test_firewall_lets_each_expiry_pass_as_it_is():
    """A deletion in canonical form is neither changed nor worth a word."""
    for line in LINES:
        assert decide(POLICY, line)[1:] == (line, ())


def test_pattern_is_expired_for_what_the_request_carried():
    """Only the browser knows which names a pattern stands for."""
    lines = values(headers(cookie="draft_1=a; stray=b; draft_2=c; csrf=d"), "Set-Cookie")
    assert lines == [
        *LINES,
        *(
            f"{name}=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"
            for name in ("draft_1", "draft_2")
        ),
    ]


@pytest.mark.parametrize(
    ("base_url", "domains"),
    [
        pytest.param("https://example.com", ["example.com"], id="the shared domain itself"),
        pytest.param("https://other.example", ["example.com"], id="host outside it"),
        pytest.param("https://notexample.com", ["example.com"], id="host that ends alike"),
        pytest.param("https://192.0.2.7", ["example.com"], id="address"),
        pytest.param("https://-.example.com", ["example.com"], id="no host name"),
    ],
)
def test_shared_cookie_is_expired_where_it_may_lie(base_url, domains):
    """Host-only, on the shared domain, and on each host between that one and this one."""
    policy = CookiePolicy(cookies=(declare("shared", domain="example.com"),))
    lines = values(headers(policy, base_url), "Set-Cookie")
    assert [line.partition("Domain=")[2].partition(";")[0] for line in lines] == ["", *domains]


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        pytest.param(SITE, ['"storage"'], id="https"),
        pytest.param("http://localhost:5000", ['"storage"'], id="localhost"),
        pytest.param("http://dev.test", [], id="plain http"),
    ],
)
def test_storage_is_cleared_on_secure_origins_only(base_url, expected):
    """Elsewhere browsers ignore the field and complain of it."""
    assert values(headers(base_url=base_url), "Clear-Site-Data") == expected


def test_cookies_of_siblings_go_by_choice_only():
    """Clear-Site-Data names cookies only where that was asked for."""
    assert values(headers(cookies=True), "Clear-Site-Data") == ['"storage", "cookies"']


def test_plain_http_by_choice_is_expired_without_secure():
    """Where cookies travel without Secure, a Secure expiry would be refused."""
    policy = CookiePolicy(cookies=(declare("pref"),), transport="plain-http")
    assert values(headers(policy, "http://dev.test"), "Set-Cookie") == [
        f"pref=; {EXPIRED}; Path=/; HttpOnly; SameSite=Lax"
    ]


class TestFlask:
    def make_app(self, **config):
        """Make an application that signs in, and erases in several ways."""
        app = Flask(__name__)
        app.config.update(SECRET_KEY="k" * 32, TESTING=True, STRICT_COOKIES_POLICY=POLICY, **config)

        @app.get("/login")
        def login():
            session["user"] = "alice"
            return ""

        @app.get("/user")
        def user():
            return str(session.get("user"))

        @app.post("/logout")
        def logout():
            return erase(redirect("/user"))

        @app.post("/forget")
        def forget():
            response = make_response("gone")
            response.headers["Cache-Control"] = "public, max-age=60"
            return erase(response, cookies=True)

        @app.post("/after")
        def after():
            response = erase(make_response(""))
            response.set_cookie("csrf", "new", secure=True, samesite="Strict")
            return response

        StrictCookies(app)
        return app

    def test_logout_ends_the_session_and_erases(self):
        """The session is over in the browser, and each declared cookie is expired."""
        client = self.make_app().test_client()
        client.get("/login", base_url=SITE)
        assert client.get("/user", base_url=SITE).text == "alice"
        response = client.post("/logout", base_url=SITE)
        lines = response.headers.getlist("Set-Cookie")
        session_line = f"__Host-Http-session=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"
        assert (response.status_code, response.location) == (302, "/user")
        assert [line for line in lines if not line.startswith("__Host-Http-session")] == LINES
        assert {line for line in lines if line.startswith("__Host-Http-session")} == {session_line}
        assert response.headers.getlist("Clear-Site-Data") == ['"storage"']
        assert client.get("/user", base_url=SITE).text == "None"

    def test_caching_is_forbidden(self):
        """A response that erases is in no cache, whatever the view said."""
        response = self.make_app().test_client().post("/forget", base_url=SITE)
        assert response.headers.getlist("Cache-Control") == ["no-store"]
        assert response.headers.getlist("Clear-Site-Data") == ['"storage", "cookies"']

    def test_what_is_set_afterwards_stays(self):
        """The order is the view's: browsers take the last line of a name."""
        response = self.make_app().test_client().post("/after", base_url=SITE)
        lines = response.headers.getlist("Set-Cookie")
        assert [line for line in lines if line.startswith("csrf=")] == [
            f"csrf=; {EXPIRED}; Path=/; Secure; SameSite=Strict",
            "csrf=new; Path=/; Secure; SameSite=Strict",
        ]

    def test_session_that_can_not_be_written_is_left(self):
        """Without a SECRET_KEY there is no session to clear, and no error."""
        app = self.make_app()
        app.config["SECRET_KEY"] = None
        assert app.test_client().post("/logout", base_url=SITE).status_code == 302

    def test_erasing_needs_a_protected_application(self):
        """Elsewhere nobody knows what is declared."""
        app = Flask(__name__)
        with (
            app.test_request_context(),
            pytest.raises(ConfigurationError, match="StrictCookies was not added"),
        ):
            erase(make_response(""))
