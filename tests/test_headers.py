"""StrictTalisman: closed by default, else Talisman's own values, nonces only where asked for."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response, render_template_string, stream_template_string
from flask_talisman import Talisman

from strict_cookies import ConfigurationError, StrictCookies, StrictTalisman
from strict_cookies.headers import DEFAULT_OPTIONS

CLOSED = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EXPECTED = {
    "Content-Security-Policy": CLOSED,
    "Permissions-Policy": "browsing-topics=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"


def make_app(**options):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, PROPAGATE_EXCEPTIONS=False)
    app.config["STRICT_COOKIES_TALISMAN"] = options

    @app.get("/")
    def index():
        return "plain"

    @app.get("/nonce")
    def nonce():
        return render_template_string("{{ csp_nonce() }} {{ csp_nonce() }}")

    @app.get("/cached")
    def cached():
        response = Response(render_template_string("{{ csp_nonce() }}"), status=304)
        return response

    @app.get("/unchanged")
    def unchanged():
        return Response(status=304)

    @app.get("/own")
    def own():
        return "", {"Content-Security-Policy": "default-src 'none'"}

    @app.get("/late")
    def late():
        return stream_template_string("begin {{ csp_nonce() }}")

    StrictCookies(app)
    return app


def headers_of(path="/", base_url="https://erp.example.com", **options):
    return make_app(**options).test_client().get(path, base_url=base_url).headers


@pytest.mark.parametrize("path", ["/", "/missing", "/cookies/", "/static/none.css"])
def test_every_response_carries_the_closed_set(path):
    """Pages, error pages and the library's own pages carry the same headers."""
    headers = headers_of(path)
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://erp.example.com", HSTS),
        ("http://erp.example.com", None),
        ("https://localhost:5000", None),
        ("https://127.0.0.1", None),
    ],
)
def test_hsts_goes_to_https_hosts_only(base_url, expected):
    """Never on http, where it means nothing, nor on localhost, where it sticks to every port."""
    assert headers_of(base_url=base_url).get("Strict-Transport-Security") == expected


def test_forwarded_proto_from_anyone_is_not_believed():
    """Only wsgi.url_scheme says https; Talisman believes the header (a known trap)."""
    client = make_app().test_client()
    response = client.get("/", base_url="http://erp.example.com",
                          headers={"X-Forwarded-Proto": "https"})  # fmt: skip
    assert "Strict-Transport-Security" not in response.headers


def test_nonce_is_one_for_a_request_and_new_for_the_next():
    """A template may ask twice; the policy names what it got; nobody else can guess it."""
    client = make_app().test_client()
    seen = set()
    for _ in range(3):
        response = client.get("/nonce")
        first, second = response.text.split()
        assert first == second
        assert len(first) >= 22
        directives = re.findall(r"(\S+-src) 'self' 'nonce-([^']+)'", response.headers[
            "Content-Security-Policy"])  # fmt: skip
        assert directives == [("script-src", first), ("style-src", first)]
        seen.add(first)
    assert len(seen) == 3


def test_unused_nonce_is_not_sent():
    """Where no template asked, the policy is the constant one."""
    assert headers_of("/")["Content-Security-Policy"] == CLOSED


@pytest.mark.parametrize("path", ["/cached", "/unchanged"])
def test_304_does_not_replace_the_cached_nonce(path):
    """A 304 with a new nonce, or with none, would stop the cached page's scripts."""
    headers = headers_of(path)
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_policy_of_a_view_stays():
    """What a view set itself is not replaced; plain Talisman overwrites it (a known trap)."""
    assert headers_of("/own").getlist("Content-Security-Policy") == ["default-src 'none'"]


def test_nonce_after_the_headers_have_gone_raises(caplog):
    """A streamed template that asks too late is told, instead of a page that stays dead."""
    client = make_app().test_client()
    response = client.get("/late", buffered=False)
    with pytest.raises(RuntimeError, match="csp_nonce\\(\\) was called for the first time after"):
        response.get_data()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"referrer_policy": "no-referrer"},
        {"frame_options": "SAMEORIGIN"},
        {"strict_transport_security_preload": True, "strict_transport_security_max_age": 63072000},
        {"strict_transport_security": False},
        {"content_security_policy": {"default-src": ["'self'", "https://cdn.example"]}},
        {"permissions_policy": {"geolocation": "()", "camera": "()"}},
        {"x_content_type_options": False},
    ],
)
def test_values_equal_plain_talisman(options):
    """For the same options our compiled pairs are what Talisman sends, request by request."""
    plain = Flask(__name__)
    plain.add_url_rule("/", view_func=lambda: "plain")
    merged = {**DEFAULT_OPTIONS, **options, "content_security_policy_nonce_in": []}
    Talisman(plain, force_https=False, session_cookie_secure=False, **merged)
    names = {*EXPECTED, "Strict-Transport-Security"}
    for base_url in ("http://erp.example.com", "https://erp.example.com"):
        theirs = plain.test_client().get("/", base_url=base_url).headers
        ours = headers_of(base_url=base_url, **options)
        assert {n: ours.get(n) for n in names} == {n: theirs.get(n) for n in names}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"frame_option": "DENY"}, "'frame_option' is not known. Did you mean "
                     "'frame_options'?", id="misspelt"),
        pytest.param({"zzz": 1}, "'zzz' is not known. Known: ", id="unknown"),
        pytest.param({"force_https": True}, "'force_https' has no effect here; the server or proxy "
                     "in front does its work.", id="not ours"),
        pytest.param({"referrer_policy": "a\r\nb"}, "referrer_policy has a control character",
                     id="CR LF"),
        pytest.param({"content_security_policy": "default-src 'self'"}, "is no mapping", id="text"),
        pytest.param({"content_security_policy": {"script-src": "self"}},
                     "script-src: 'self' is a keyword without its quotes. Write \"'self'\".",
                     id="unquoted keyword"),
        pytest.param({"content_security_policy": {"script-src": ["'self'; report-uri /x"]}},
                     "would begin another directive", id="injection"),
    ],
)  # fmt: skip
def test_option_that_would_not_do_what_it_seems_is_refused(options, message):
    """A misspelt, dead or dangerous option is an error that says where, what and how to mend it."""
    with pytest.raises(ConfigurationError) as caught:
        StrictTalisman(**options)
    assert str(caught.value).startswith("STRICT_COOKIES_TALISMAN: ")
    assert message in str(caught.value)


def test_view_functions_are_not_written_to():
    """Talisman bakes its defaults into views (a known trap); ours leaves them alone."""
    app = make_app()
    app.test_client().get("/")
    assert not hasattr(app.view_functions["index"], "talisman_view_options")
    assert app.before_request_funcs == {}
    assert app.after_request_funcs == {}
