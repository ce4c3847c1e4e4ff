"""What is measured is the default application: no figure is made by switching a protection off."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest
from flask import Flask, make_response, request, session
from werkzeug.test import Client

from benchmarks import servers
from benchmarks.cases import SIX, bare_app, flask_apps, make_firewalls
from benchmarks.pieces import DATA, pieces_cases
from benchmarks.sessions import ON_REDIS, ON_SQLITE, redis_apps, sqlite_apps
from strict_cookies import CookieFirewall, StrictCookies, csp_nonce
from strict_cookies.flask.recorded_settings import describe_settings
from strict_cookies.flask.settings import Settings
from strict_cookies.http.presets import OPT_OUT
from tests.sessions.redis_servers import redis_server

pytestmark = [
    # A peer as it ships.
    pytest.mark.filterwarnings("ignore:No valid SQLAlchemy instance:RuntimeWarning"),
    # The same, of which nobody closes the connections; Python 3.13 and later say so.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <sqlite3.Connection:pytest.PytestUnraisableExceptionWarning"
    ),
]

DOCS = Path(__file__).parents[1] / "docs"
SITE = "https://erp.example.com"
#: What a benchmarked application may have of its own; none of it makes anything less strict.
OWN_CONFIG = {
    "SECRET_KEY",
    "SESSION_COOKIE_SECURE",
    "STRICT_COOKIES_POLICY",
    "STRICT_COOKIES_SESSIONS",
}
#: What each response carries.
HEADERS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Origin-Agent-Cluster",
    "Permissions-Policy",
    "Referrer-Policy",
    "Reporting-Endpoints",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
}
#: What an ordinary response may have beside them.
OTHER_HEADERS = {"Content-Type", "Content-Length", "Set-Cookie", "Vary", "Cache-Control"}
SESSION = "__Host-Http-session"
#: What those with a policy of their own declare of the six cookies that arrive.
DECLARED = {"__Host-sid", "csrf", "pref"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the applications keep what they keep by default: below the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def default(folder):
    """An application that is given nothing but its key."""
    return default_app()


@pytest.fixture
def measured(folder, monkeypatch):
    """Every application of the benchmarks that has the product, with what of SIX it declares."""
    monkeypatch.setenv("BENCHMARK_SESSIONS", str(folder / "servers.sqlite"))
    found = {"whole servers": (servers.create_app(), set())}
    found[ON_SQLITE] = (sqlite_apps(str(folder))[ON_SQLITE], set())
    for name, app in flask_apps().items():
        if "Strict Cookies" in name:
            found[name] = (app, DECLARED)
    with redis_server() as server, server.client() as client:
        found[ON_REDIS] = (redis_apps(client, server.url)[ON_REDIS], set())
        for app, _ in found.values():
            app.add_url_rule("/misbehave", view_func=misbehave)
        yield found
        # Or the trail would write what is left to count when this server is gone.
        del app
        found.clear()
        gc.collect()


def default_app(**config):
    app = Flask("default")
    app.config.update(SECRET_KEY="k" * 32, **config)
    app.add_url_rule("/misbehave", view_func=misbehave)
    StrictCookies(app)
    return app


def misbehave():
    """Show a nonce and what arrived; set a session, a cookie without attributes and strays."""
    session["seen"] = True
    response = make_response(f"{csp_nonce()} {' '.join(sorted(request.cookies))}")
    for line in ("csrf=1; Path=/", "_ga=1; Path=/; Max-Age=63072000", "neighbour=1"):
        response.headers.add("Set-Cookie", line)
    return response


def describe(app):
    """Give what an application compiled, but for what it declares and where its sessions are."""
    protection = app.extensions["strict_cookies"]
    firewall = protection.freeze()
    settings = Settings.from_app(app)
    found = describe_settings(settings, headers=protection.talisman.resolved, policy_hash="")
    found["sessions"].pop("store")
    # By default only where they are in a file.
    found["trail"].pop("signed")
    return {
        **found,
        "firewall": describe_firewall(firewall),
        "interceptors": [type(one).__name__ for one in firewall._interceptors],
        "trail kept": protection.trail.kept,
        "exceptions": firewall._propagate,
    }


def describe_firewall(firewall):
    return {
        "mode": firewall.mode,
        "expire_undeclared": firewall.expire_undeclared,
        "enforcing": firewall._enforcing,
        "expires": firewall._expirer is not None,
        "enforced": firewall.recorder._enforced,
    }


def own_config(app):
    """Name the settings in which an application differs from one that has its key alone."""
    config, plain = (
        one.extensions["strict_cookies"].config_before() for one in (app, default_app())
    )
    return {key for key, value in config.items() if value != plain.get(key)}


def answers(app):
    """Ask twice, the second time with the session, and give both responses."""
    client = Client(app, use_cookies=False)
    first = client.get("/misbehave", base_url=SITE, headers={"Cookie": SIX})
    cookie = next(line for line in first.headers.getlist("Set-Cookie") if line.startswith(SESSION))
    field = f"{SIX}; {cookie.partition(';')[0]}"
    return first, client.get("/misbehave", base_url=SITE, headers={"Cookie": field})


def without_nonce(response):
    """Give a response's headers, with a mark in place of the nonce."""
    nonce = response.text.split()[0]
    return {name: value.replace(nonce, "NONCE") for name, value in response.headers.items()}


def test_measured_apps_are_compiled_as_the_default_one(measured, default):
    """Every setting, header option and part of the protection is what it is by default."""
    assert len(measured) == 5
    for name, (app, _) in measured.items():
        assert own_config(app) <= OWN_CONFIG, name
        assert describe(app) == describe(default), name


def test_measured_responses_carry_every_header(measured, default):
    """The header set is the default one, to the letter, with a nonce of its own each time."""
    expected = without_nonce(answers(default)[0])
    assert expected.keys() - OTHER_HEADERS == HEADERS
    assert "'nonce-NONCE'" in expected["Content-Security-Policy"]
    for name, (app, _) in measured.items():
        responses = answers(app)
        assert responses[0].text.split()[0] != responses[1].text.split()[0]
        for response in responses:
            found = without_nonce(response)
            assert found.keys() - OTHER_HEADERS == HEADERS, name
            assert {key: found[key] for key in HEADERS} == {key: expected[key] for key in HEADERS}


def test_measured_responses_carry_every_verdict(measured):
    """Strays go neither in nor out, and what is declared leaves hardened."""
    for name, (app, declared) in measured.items():
        first, second = answers(app)
        assert set(first.text.split()[1:]) == declared, name
        assert set(second.text.split()[1:]) == {*declared, SESSION}, name
        lines = first.headers.getlist("Set-Cookie")
        own = next(line for line in lines if line.startswith(SESSION))
        assert re.fullmatch(
            rf"{SESSION}=[\w.~-]+; Path=/; Secure; HttpOnly; SameSite=Lax", own, re.ASCII
        ), name
        hardened = ["csrf=1; Path=/; Secure; HttpOnly; SameSite=Lax"] if declared else []
        assert sorted(line for line in lines if line != own) == hardened, name


def test_measured_page_shows_its_nonce():
    """The page that is timed asks for a nonce and gets the one in its policy."""
    for name, app in flask_apps().items():
        if "Strict Cookies" in name:
            response = Client(app).get("/", base_url=SITE)
            nonce = response.text.removeprefix("<p>")
            assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]


def test_measured_firewalls_are_default():
    """The firewall alone cuts, hardens and brings its headers, as one that is given no option."""
    for entries, firewall in make_firewalls().items():
        plain = CookieFirewall(bare_app, firewall.policy)
        assert describe_firewall(firewall) == describe_firewall(plain)
        assert firewall._headers is plain._headers
        assert firewall._interceptors == plain._interceptors
        assert len(firewall.policy.cookies) == entries
        seen = {}

        def look(environ, start_response, seen=seen):
            seen.update(environ)
            return bare_app(environ, start_response)

        firewall.app = look
        client = Client(firewall, use_cookies=False)
        response = client.get("/", base_url=SITE, headers={"Cookie": SIX})
        names = [pair.partition("=")[0] for pair in seen["HTTP_COOKIE"].split("; ")]
        assert set(names) == DECLARED
        assert response.headers.getlist("Set-Cookie") == [
            "__Host-sid=abcdefghijklmnop; Path=/; Secure; HttpOnly; SameSite=Lax",
            "csrf=abcdef0123456; Path=/; Secure; HttpOnly; SameSite=Lax",
        ]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Referrer-Policy" in response.headers


def test_measured_firewall_over_flask_is_default():
    """The step with cookies alone has the firewall as it comes."""
    firewall = flask_apps()["Flask + the firewall alone, baseline headers"].wsgi_app
    plain = CookieFirewall(bare_app, firewall.policy)
    assert describe_firewall(firewall) == describe_firewall(plain)


def test_measured_pieces_do_their_work():
    """The reader cuts three of six; the judge passes, hardens and drops; a session opens."""
    cases = pieces_cases()
    assert cases["open a session: identifier and payload"]()[1] == DATA
    assert cases["open a session: Flask's cookie"]() == DATA
    left, _, _ = cases["read six cookies: CookieReader"]()
    assert {pair.partition("=")[0] for pair in left.split("; ")} == DECLARED
    for way in ("VerdictCache, seen before", "decide, uncached"):
        for _ in range(2):
            passed, hardened, dropped = (
                cases[f"a line {what}: {way}"]()[1:]
                for what in ("that passes", "to harden", "to drop")
            )
            assert passed[0] is not None
            assert passed[1] == ()
            assert hardened[0] == "csrf=abcdef0123456; Path=/; Secure; HttpOnly; SameSite=Lax"
            assert dropped[0] is None


@pytest.mark.parametrize(
    "weaker",
    [
        {"STRICT_COOKIES_MODE": "report-only"},
        {"STRICT_COOKIES_EXPIRE_UNDECLARED": "off"},
        {"STRICT_COOKIES_TRANSPORT": "plain-http"},
        {"STRICT_COOKIES_HTTPS": "off"},
        {"STRICT_COOKIES_CROSS_ORIGIN": "off"},
        {"STRICT_COOKIES_HEADERS": {"permissions_policy": OPT_OUT}},
        {"STRICT_COOKIES_SESSION_BINDING": "off"},
        {"STRICT_COOKIES_SESSION_LIFETIME": "aal1"},
        {"STRICT_COOKIES_TRAIL": OPT_OUT},
        {"SESSION_COOKIE_HTTPONLY": False},
    ],
    ids=lambda weaker: next(iter(weaker)),
)
def test_what_is_switched_off_would_be_seen(default, weaker):
    """An application that is less than the default one differs from it in what was compiled."""
    app = default_app(**weaker)
    assert not own_config(app) <= OWN_CONFIG
    if "SESSION_COOKIE_HTTPONLY" not in weaker:
        assert describe(app) != describe(default)


def test_readme_claims_what_was_measured():
    """What it says of the costs are the figures of docs/benchmarks.md, in words."""
    text = (DOCS / "benchmarks.md").read_text("utf-8")
    added = {
        name: (float(us), float(share))
        for name, us, share in re.findall(
            r"^\| Flask \+ Strict Cookies, (.+?) \|.*\| (-?[\d.]+) \| (-?[\d.]+) \|$", text, re.M
        )
    }
    assert added["as it comes"][0] < 0
    assert 0.25 < added["session in Flask's own cookie"][1] <= 0.35
    (over,) = re.findall(
        r"^\| Strict Cookies on SQLite: read and write \|[^|]*\|[^|]*\| ([\d.]+) \|", text, re.M
    )
    assert float(over) < 0.8


def test_scaling_is_reckoned_from_what_was_measured():
    """docs/scaling.md quotes docs/benchmarks.md, and its arithmetic is right."""
    benchmarks, scaling = (
        (DOCS / name).read_text("utf-8") for name in ("benchmarks.md", "scaling.md")
    )
    row = re.search(r"\| Strict Cookies on SQLite \| read \| (.*) \| (.*) \| (.*) \|", benchmarks)
    one, two, four = (int(figure.replace(",", "")) for figure in row.groups())
    each = round(two / 2)
    more = ", ".join(
        f"{cores} cores {cores} × {each:,} = about {round(cores * each, -2):,}" for cores in (4, 16)
    )
    for sentence in (
        f"one worker answers {one:,} requests a second, two answer {two:,}, four answer {four:,}.",
        f"two cores give {two:,} / 2 = {each:,} for each",
        f"Computed further, with {each:,} for each core: {more} requests a second",
    ):
        assert sentence in scaling
    assert "; 2 cores," in benchmarks
    assert four < 1.1 * two, "workers beyond the cores add something"
