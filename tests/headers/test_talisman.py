"""StrictTalisman: the whole set on every wire, Talisman's own values, nonces where asked for."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response, render_template_string, stream_template_string
from flask_talisman import Talisman
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from strict_cookies import (
    ConfigurationError,
    StrictCookies,
    StrictTalisman,
    WeakenedHeaderError,
    csp_nonce,
)
from strict_cookies.headers.merge import resolve
from strict_cookies.headers.nonces import NONCE
from strict_cookies.headers.options import OPTIONS, check_layer
from strict_cookies.headers.talisman import HeaderContext
from strict_cookies.http.presets import CLOSED_CSP, CLOSED_PERMISSIONS, OPT_OUT, PROFILES

CSP = "Content-Security-Policy"
TRIAL = f"{CSP}-Report-Only"
REPORTS = "content_security_policy_report_uri"
REAL = "https://erp.example.com"
CLOSED = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: What every response carries, whatever the wire.
EVERYWHERE = {
    CSP: CLOSED,
    "Permissions-Policy": ", ".join(f"{name}=()" for name in CLOSED_PERMISSIONS),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"
#: What goes out where browsers take the wire for safe.
TRUSTED = {"Cross-Origin-Opener-Policy": "same-origin", "Origin-Agent-Cluster": "?1"}
EXPECTED = {
    **EVERYWHERE,
    **TRUSTED,
    CSP: f"{CLOSED}; upgrade-insecure-requests",
    "Strict-Transport-Security": HSTS,
}


def make_app(**options):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, PROPAGATE_EXCEPTIONS=False)
    # Reports have tests of their own; without them values are short.
    app.config["STRICT_COOKIES_HEADERS"] = {REPORTS: OPT_OUT, **options}

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

    @app.get("/late")
    def late():
        return stream_template_string("begin {{ csp_nonce() }}")

    StrictCookies(app)
    return app


def headers_of(path="/", base_url=REAL, **options):
    return make_app(**options).test_client().get(path, base_url=base_url).headers


def security_headers(headers):
    return {name: value for name, value in headers if not name.startswith("Content-")
            or name.startswith(CSP)}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/missing", "/cookies/", "/static/none.css"])
def test_every_response_carries_the_closed_set(path):
    """Pages, error pages and the library's own pages carry the same headers."""
    headers = headers_of(path)
    assert {name: headers.get(name) for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        pytest.param(REAL, EXPECTED, id="https"),
        pytest.param("https://erp.example.com:8443", EXPECTED, id="another port"),
        pytest.param("https://intranet", EXPECTED, id="single label"),
        pytest.param("https://localhost:5000", {**EVERYWHERE, **TRUSTED}, id="https localhost"),
        pytest.param("https://192.0.2.1", {**EVERYWHERE, **TRUSTED}, id="address"),
        pytest.param("https://[2001:db8::1]:8443", {**EVERYWHERE, **TRUSTED}, id="IPv6 address"),
        pytest.param("http://localhost:5000", {**EVERYWHERE, **TRUSTED}, id="localhost"),
        pytest.param("http://127.0.0.1", {**EVERYWHERE, **TRUSTED}, id="loopback"),
        pytest.param("http://app.localhost", {**EVERYWHERE, **TRUSTED}, id="below localhost"),
        pytest.param("http://erp.example.com", EVERYWHERE, id="plain http"),
        pytest.param("http://192.0.2.1", EVERYWHERE, id="plain http to an address"),
    ],
)  # fmt: skip
def test_wire_gets_what_browsers_heed_on_it(base_url, expected):
    """No header goes where a browser would ignore it, complain of it, or be stuck with it."""
    assert security_headers(headers_of(base_url=base_url)) == expected


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (REAL, HSTS),
        ("http://erp.example.com", None),
        ("https://localhost:5000", None),
        ("https://127.0.0.1", None),
        ("https://192.0.2.7", None),
    ],
)
def test_hsts_goes_to_https_hosts_only(base_url, expected):
    """Never on http, where it means nothing, nor on localhost, where it sticks to every port."""
    assert headers_of(base_url=base_url).get("Strict-Transport-Security") == expected


def test_host_headers_that_are_remembered_are_bounded():
    """A client that invents hosts can't grow the memory without end, and still gets its set."""
    talisman = StrictTalisman()
    for number in range(1000):
        environ = {"wsgi.url_scheme": "https", "HTTP_HOST": f"h{number}.example.com"}
        assert "strict-transport-security" in talisman.headers_for(environ, "200 OK").names
    assert len(talisman._wires["https"]) <= 256


def test_server_name_counts_without_a_host_header():
    """An HTTP/1.0 client sends no Host."""
    environ = {"wsgi.url_scheme": "https", "SERVER_NAME": "localhost", "SERVER_PORT": "443"}
    headers = dict(StrictTalisman().headers_for(environ, "200 OK"))
    assert "Strict-Transport-Security" not in headers


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
    assert headers_of("/")[CSP] == EXPECTED[CSP]


@pytest.mark.parametrize("path", ["/cached", "/unchanged"])
def test_304_does_not_replace_the_cached_nonce(path):
    """A 304 with a new nonce, or with none, would stop the cached page's scripts."""
    headers = headers_of(path)
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_nonce_after_the_headers_have_gone_raises(caplog):
    """A streamed template that asks too late is told, instead of a page that stays dead."""
    client = make_app().test_client()
    response = client.get("/late", buffered=False)
    with pytest.raises(RuntimeError, match="csp_nonce\\(\\) was called for the first time after"):
        response.get_data()


# --- Values ---


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"referrer_policy": "no-referrer"},
        {"content_security_policy": {"frame-ancestors": "'self'"}},
        {"strict_transport_security_preload": True, "strict_transport_security_max_age": 63072000},
        {"strict_transport_security_include_subdomains": False},
        {"strict_transport_security": OPT_OUT},
        {"content_security_policy": {"img-src": ["'self'", "https://cdn.example"]}},
        {"content_security_policy": {"sandbox": "allow-forms allow-scripts"}},
        {"content_security_policy": OPT_OUT},
        {"permissions_policy": {"geolocation": "(self)", "usb": OPT_OUT}},
        {"permissions_policy": OPT_OUT},
        {"x_content_type_options": OPT_OUT},
        {"frame_options": OPT_OUT},
        {"content_security_policy_nonce_in": ["script-src"]},
        {"content_security_policy_report_uri": "/cookies/reports"},
        *({"profile": name} for name in PROFILES),
    ],
)
@pytest.mark.parametrize("path", ["/", "/nonce"])
@pytest.mark.parametrize("base_url", ["http://erp.example.com", REAL])
def test_values_equal_plain_talisman(options, path, base_url):
    """For the same options our compiled pairs are what Talisman sends, request by request."""
    found = resolve([check_layer("x", options)])
    plain = Flask(__name__)
    plain.add_url_rule("/", "index", lambda: "plain")
    plain.add_url_rule(
        "/nonce", "nonce", view_func=lambda: render_template_string("{{ csp_nonce() }}")
    )
    csp = {name: list(said) for name, said in (found.csp or {}).items()
           if base_url == REAL or name != "upgrade-insecure-requests"}  # fmt: skip
    Talisman(
        plain,
        force_https=False,
        session_cookie_secure=False,
        content_security_policy=csp,
        content_security_policy_nonce_in=list(found.nonce_in) if path == "/nonce" else [],
        content_security_policy_report_uri=found.report_uri,
        frame_options=found.frame_options,
        strict_transport_security=found.hsts is not None,
        **({} if found.hsts is None else {
            "strict_transport_security_max_age": found.hsts.max_age,
            "strict_transport_security_include_subdomains": found.hsts.include_subdomains,
            "strict_transport_security_preload": found.hsts.preload,
        }),
        referrer_policy=found.referrer_policy,
        permissions_policy=found.permissions or {},
        x_content_type_options=found.nosniff,
    )  # fmt: skip
    theirs = plain.test_client().get(path, base_url=base_url)
    ours = make_app(**options).test_client().get(path, base_url=base_url)
    for name in (CSP, "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options",
                 "X-Frame-Options", "Strict-Transport-Security"):  # fmt: skip
        assert neutral(ours, name) == neutral(theirs, name)


def neutral(response, name):
    """Give a header without what differs on purpose: the nonce, the report group, a last space."""
    value = response.headers.get(name, "")
    for nonce in response.text.split()[:1]:
        value = value.replace(f"'nonce-{nonce}'", "'nonce-'")
    return value.replace("; report-to strict-cookies", "").replace(" ;", ";").strip()


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"cross_origin_opener_policy": "same-origin-allow-popups"}, "Cross-Origin-Opener-Policy",
         "same-origin-allow-popups"),
        ({"cross_origin_opener_policy": OPT_OUT}, "Cross-Origin-Opener-Policy", None),
        ({"cross_origin_resource_policy": "same-site"}, "Cross-Origin-Resource-Policy",
         "same-site"),
        ({"cross_origin_resource_policy": OPT_OUT}, "Cross-Origin-Resource-Policy", None),
        ({"cross_origin_embedder_policy": "require-corp"}, "Cross-Origin-Embedder-Policy",
         "require-corp"),
        ({}, "Cross-Origin-Embedder-Policy", None),
        ({"origin_agent_cluster": OPT_OUT}, "Origin-Agent-Cluster", None),
        ({"referrer_policy": OPT_OUT}, "Referrer-Policy", None),
        ({}, "X-XSS-Protection", None),
        ({}, "Feature-Policy", None),
        ({}, "Report-To", None),
    ],
)  # fmt: skip
def test_headers_that_talisman_lacks(options, name, value):
    """Each new header has its value, or is not there where it was switched off by name."""
    assert headers_of(**options).get(name) == value


def test_declared_origins_open_the_policy_and_keep_cookies_back():
    """[[external_origin]] opens the CSP, and COEP withholds cookies where a browser can."""
    context = HeaderContext(extra_sources={"img-src": ("https://tiles.example",)})
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "erp.example.com"}
    headers = dict(StrictTalisman(context).headers_for(environ, "200 OK"))
    assert "; img-src 'self' https://tiles.example" in headers[CSP]
    assert headers["Cross-Origin-Embedder-Policy"] == "credentialless"


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=12),
    st.sampled_from(["'self'", "'none'", "*", "()", "DENY", "no-referrer", OPT_OUT, "same-origin",
                     "strict", "/r", "credentialless"]),
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=8), st.sampled_from(
    ["img-src", "script-src", "default-src", "frame-ancestors", "sandbox", "camera", "usb"]
))  # fmt: skip
VALUES = st.one_of(ANYTHING, st.lists(ANYTHING, max_size=2),
                   st.dictionaries(KEYS, st.one_of(ANYTHING, st.lists(ANYTHING, max_size=2)),
                                   max_size=3))  # fmt: skip
SENT = {*EXPECTED, TRIAL, "Cross-Origin-Embedder-Policy", "Reporting-Endpoints"}


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(OPTIONS), VALUES, min_size=1, max_size=3))
def test_no_option_injects_a_header(options):
    """Whatever is given is refused, or only known headers leave, each on a line of its own."""
    try:
        talisman = StrictTalisman(**options)
    except ConfigurationError:
        return
    for scheme in ("http", "https"):
        environ = {"wsgi.url_scheme": scheme, "HTTP_HOST": "erp.example.com", NONCE: "0" * 32}
        pairs = talisman.headers_for(environ, "200 OK").pairs
        assert {name for name, _ in pairs} <= SENT
        assert len({name for name, _ in pairs}) == len(pairs)
        assert all(value and value.isascii() and value.isprintable() for _, value in pairs)


# --- Trials and reports ---


def test_trial_stands_beside_the_policy():
    """Enforced and tried policies are two headers, each with the nonce where it takes one."""
    tried = {"script-src": "'strict-dynamic'", "require-trusted-types-for": "'script'"}
    response = make_app(content_security_policy_report_only=tried).test_client().get(
        "/nonce", base_url=REAL)  # fmt: skip
    nonce = response.text.split()[0]
    assert response.headers.getlist(TRIAL) == [
        f"script-src 'strict-dynamic' 'nonce-{nonce}'; require-trusted-types-for 'script'"
    ]
    assert f"script-src 'self' 'nonce-{nonce}'; style-src" in response.headers[CSP]


def test_reports_go_to_old_and_new_address():
    """Over https both report-uri and report-to name the site's own path."""
    app = make_app()
    del app.config["STRICT_COOKIES_HEADERS"][REPORTS]
    headers = app.test_client().get("/", base_url=REAL).headers
    assert headers[CSP].endswith("; report-uri /cookies/reports; report-to strict-cookies")
    assert headers["Reporting-Endpoints"] == 'strict-cookies="/cookies/reports"'
    local = app.test_client().get("/", base_url="http://localhost").headers
    assert local[CSP].endswith("; report-uri /cookies/reports")
    assert "Reporting-Endpoints" not in local


def test_reports_are_switched_off_by_name():
    """With OPT_OUT no browser is told to report."""
    headers = headers_of()
    assert "report-" not in headers[CSP]
    assert "Reporting-Endpoints" not in headers


def test_library_reports_to_itself_below_the_application_root():
    """The address is below the library's pages, wherever the application is mounted."""
    app = make_app()
    del app.config["STRICT_COOKIES_HEADERS"][REPORTS]
    app.config.update(APPLICATION_ROOT="/shop", SESSION_COOKIE_PATH="/")
    headers = app.test_client().get("/", base_url=REAL).headers
    assert headers["Reporting-Endpoints"] == 'strict-cookies="/shop/cookies/reports"'


@pytest.mark.parametrize("path", ["/", "/nonce"])
def test_trial_of_the_whole_library_sends_policies_only(path):
    """In report-only mode only what a browser reports on is sent, without what it would ignore."""
    app = make_app(content_security_policy_report_only={"img-src": "'self'"},
                   content_security_policy_report_uri="/r")  # fmt: skip
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    headers = app.test_client().get(path, base_url=REAL).headers
    names = sorted(name for name, _ in headers if "Policy" in name or "-" not in name)
    assert [*names, headers["Reporting-Endpoints"]] == [TRIAL, TRIAL, 'strict-cookies="/r"']
    policies = " + ".join(sorted(headers.getlist(TRIAL)))
    assert policies.startswith("default-src 'self'; script-src 'self'")
    assert " + img-src 'self'; report-uri /r" in policies
    assert "upgrade-insecure-requests" not in policies


# --- What a view writes itself ---


def own_header(name, value, mode="enforce", **options):
    app = make_app(**options)
    app.config["STRICT_COOKIES_MODE"] = mode
    app.add_url_rule("/own", view_func=lambda: ("", {name: value}))
    response = app.test_client().get("/own", base_url=REAL)
    return response.headers.getlist(name), app.wsgi_app.firewall.recorder.counts


ALL_CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("mode", ["enforce", "raise"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        (CSP, ALL_CLOSED),
        ("Referrer-Policy", "no-referrer"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
        ("X-Frame-Options", "DENY"),
        ("X-Own", "anything"),
    ],
)
def test_stricter_header_of_a_view_stands(mode, name, value):
    """What a view wrote is neither replaced nor complained of where it is as strict."""
    assert own_header(name, value, mode) == ([value], {})


@pytest.mark.parametrize(
    ("name", "value", "weaker"),
    [
        (CSP, "default-src 'none'", [f"{CSP} base-uri", f"{CSP} form-action",
                                     f"{CSP} frame-ancestors"]),
        (CSP, ALL_CLOSED.replace("'none'", "*", 1), [f"{CSP} default-src", f"{CSP} object-src",
                                                     f"{CSP} script-src", f"{CSP} style-src"]),
        ("Referrer-Policy", "unsafe-url", ["Referrer-Policy"]),
        ("X-Frame-Options", "SAMEORIGIN", ["X-Frame-Options"]),
        ("Strict-Transport-Security", "max-age=60", ["Strict-Transport-Security"]),
        ("x-content-type-options", "", ["X-Content-Type-Options"]),
        ("Permissions-Policy", "camera=()", ["Permissions-Policy"]),
        ("Cross-Origin-Opener-Policy", "unsafe-none", ["Cross-Origin-Opener-Policy"]),
        ("Cross-Origin-Resource-Policy", "cross-origin", ["Cross-Origin-Resource-Policy"]),
    ],
)  # fmt: skip
def test_weaker_header_of_a_view_is_reported_and_refused_in_tests(name, value, weaker):
    """It is left, but never silently; where errors are raised it does not leave."""
    left, counts = own_header(name, value)
    assert left == [value]
    assert counts == {("SC501", header): 1 for header in weaker}
    with pytest.raises(WeakenedHeaderError, match="SC501 security header weaker") as caught:
        own_header(name, value, "raise")
    assert caught.value.header_name == weaker[0].partition(" ")[0]
    assert caught.value.reason_id == "SC501"
    for header in weaker:
        assert header.rpartition(" ")[2] in str(caught.value)


def test_view_may_write_a_policy_with_the_nonce_of_the_request():
    """csp_nonce() in a view's own header is this request's; a fixed one is weaker."""
    app = make_app()
    app.config["STRICT_COOKIES_MODE"] = "enforce"

    @app.get("/own/<made>")
    def own(made):
        nonce = csp_nonce() if made == "fresh" else "0123456789abcdef"
        return "", {CSP: f"{ALL_CLOSED}; script-src 'nonce-{nonce}'"}

    client = app.test_client()
    client.get("/own/fresh")
    client.get("/own/fresh")
    assert app.wsgi_app.firewall.recorder.counts == {}
    client.get("/own/fixed")
    assert app.wsgi_app.firewall.recorder.counts == {("SC501", f"{CSP} script-src"): 1}


def test_trial_that_a_view_writes_is_left_alone():
    """A policy that only reports protects nothing, so nothing is compared."""
    headers, counts = own_header(TRIAL, "img-src *", content_security_policy_report_only={
        "img-src": "'self'"})  # fmt: skip
    assert (headers, counts) == (["img-src *"], {})


@pytest.mark.parametrize("name", ["Content-Security-Policy", "X-Frame-Options"])
def test_mounted_application_is_compared_too(name):
    """What Flask never saw gets the same set, and a weaker header there is reported."""
    app = make_app()
    app.config["STRICT_COOKIES_MODE"] = "enforce"
    inner = app.wsgi_app.inner
    app.wsgi_app.inner = DispatcherMiddleware(inner, {"/mounted": Response("", headers={
        name: "ALLOWALL"})})  # fmt: skip
    headers = app.test_client().get("/mounted/", base_url=REAL).headers
    assert headers[name] == "ALLOWALL"
    assert headers["Referrer-Policy"] == EXPECTED["Referrer-Policy"]
    assert any(id == "SC501" for id, _ in app.wsgi_app.firewall.recorder.counts)


# --- The object ---


def test_view_functions_are_not_written_to():
    """Talisman bakes its defaults into views (a known trap); ours leaves them alone."""
    app = make_app()
    app.test_client().get("/")
    assert not hasattr(app.view_functions["index"], "talisman_view_options")
    assert not app.before_request_funcs.get(None)
    assert not app.after_request_funcs.get(None)


def test_wrong_option_stops_the_first_request():
    """The message says which setting, what and how to mend it."""
    app = make_app(frame_option="DENY")
    with pytest.raises(ConfigurationError, match="STRICT_COOKIES_HEADERS: 'frame_option' is not"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda: StrictTalisman(Flask(__name__)), id="as Talisman(app)"),
        pytest.param(lambda: StrictTalisman().init_app(Flask(__name__)), id="init_app"),
        pytest.param(lambda: StrictTalisman()(frame_options="DENY"), id="as a decorator"),
    ],
)
def test_old_ways_of_use_are_refused(use):
    """What would silently do Talisman's work, or nothing, says what to use instead."""
    with pytest.raises(ConfigurationError, match="Use "):
        use()


def test_it_still_is_a_talisman():
    """Code that reads Talisman's attributes finds what is sent over https."""
    talisman = StrictTalisman(strict_transport_security_max_age=63_072_000)
    assert isinstance(talisman, Talisman)
    assert talisman.strict_transport_security_max_age == 63_072_000
    assert dict(CLOSED_CSP).keys() == talisman.content_security_policy.keys()
