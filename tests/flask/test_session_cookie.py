"""Which name, attributes and entry Flask's session cookie gets from an application's settings."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask, session

from strict_cookies.declaration.i18n.session_texts import session_texts
from strict_cookies.errors import PolicyError
from strict_cookies.flask.extension import StrictCookies
from strict_cookies.flask.session_cookie import declare_session, harden_session, session_cookie_name
from strict_cookies.http.cookies import name_prefix, parse_set_cookie
from strict_cookies.policy.cookie import DeclaredCookie
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.purposes import Purpose
from tests import policies


@pytest.mark.parametrize(
    ("domain", "path", "root", "httponly", "name"),
    [
        pytest.param(None, None, "/", True, "__Host-Http-session", id="Flask's own"),
        pytest.param(None, "/", "/", True, "__Host-Http-session", id="path said"),
        pytest.param(None, "/", "/erp", True, "__Host-Http-session", id="path wins over root"),
        pytest.param(None, None, "/erp", True, "__Http-session", id="root below"),
        pytest.param(None, "", "/erp", True, "__Http-session", id="empty path"),
        pytest.param(None, "/erp", "/", True, "__Http-session", id="path below"),
        pytest.param(None, "/erp", "/erp", True, "__Http-session", id="both below"),
        pytest.param("example.com", None, "/", True, "__Http-session", id="domain"),
        pytest.param("example.com", "/", "/", True, "__Http-session", id="domain, path"),
        pytest.param("example.com", "/", "/erp", True, "__Http-session", id="domain, path, root"),
        pytest.param("example.com", None, "/erp", True, "__Http-session", id="domain, root"),
        pytest.param("example.com", "/erp", "/", True, "__Http-session", id="domain, path below"),
        pytest.param("", None, "/", True, "__Host-Http-session", id="empty domain"),
        pytest.param(False, None, "/", True, "__Host-Http-session", id="domain False"),
        pytest.param(None, None, "/", False, "__Host-session", id="scripts may read"),
        pytest.param(None, "/", "/erp", False, "__Host-session", id="scripts, path wins"),
        pytest.param(None, None, "/erp", False, "__Secure-session", id="scripts, root below"),
        pytest.param(None, "/erp", "/", False, "__Secure-session", id="scripts, path below"),
        pytest.param("example.com", None, "/", False, "__Secure-session", id="scripts, domain"),
        pytest.param("example.com", "/erp", "/erp", False, "__Secure-session", id="scripts, all"),
    ],
)
def test_session_cookie_name(domain, path, root, httponly, name):
    """The session cookie gets the strictest prefix that the application's settings allow."""
    config = {
        "SESSION_COOKIE_DOMAIN": domain,
        "SESSION_COOKIE_PATH": path,
        "APPLICATION_ROOT": root,
        "SESSION_COOKIE_HTTPONLY": httponly,
    }
    assert session_cookie_name(config, "https") == name
    assert session_cookie_name(config, "plain-http") == "session"


def declare(name, purposes="session", lifetime=None):
    """Declare a cookie of a name, complete."""
    return policies.declare(name, purposes=purposes, lifetime=lifetime)


SESSION = {
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": None,
    "APPLICATION_ROOT": "/",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_SAMESITE": None,
    "SESSION_COOKIE_PARTITIONED": False,
}


@pytest.mark.parametrize(
    ("configured", "declared", "transport", "name"),
    [
        pytest.param("session", None, "https", "__Host-Http-session", id="Flask's own"),
        pytest.param("sid", None, "https", "sid", id="chosen by the developer"),
        pytest.param("__Host-sid", None, "https", "__Host-sid", id="chosen with a prefix"),
        pytest.param("session", "session", "https", "session", id="declared by the site"),
        pytest.param("session", "ses*", "https", "__Host-Http-session", id="under a pattern"),
        pytest.param("session", "sid", "https", "__Host-Http-session", id="another declared"),
        pytest.param("sid", "session", "https", "sid", id="chosen beats declared"),
        pytest.param("session", None, "plain-http", "session", id="plain http"),
    ],
)
def test_session_gets_a_prefix_unless_its_name_was_chosen(configured, declared, transport, name):
    """A name that was chosen stays; Flask's own gets a prefix unless the site declares it."""
    cookies = () if declared is None else (declare(declared),)
    policy = CookiePolicy(cookies=cookies, transport=transport)
    config = {**SESSION, "SESSION_COOKIE_NAME": configured}
    assert harden_session(config, policy)["SESSION_COOKIE_NAME"] == name
    assert config == {**SESSION, "SESSION_COOKIE_NAME": configured}


@pytest.mark.parametrize(
    ("secure", "samesite", "transport", "expected"),
    [
        pytest.param(False, None, "https", (True, "Lax"), id="nothing said"),
        pytest.param(True, "Strict", "https", (True, "Strict"), id="strict already"),
        pytest.param(False, "None", "https", (True, "None"), id="weaker by choice"),
        pytest.param(False, None, "plain-http", (False, "Lax"), id="plain http"),
        pytest.param(True, None, "plain-http", (True, "Lax"), id="plain http, Secure by choice"),
    ],
)
def test_session_attributes_are_hardened(secure, samesite, transport, expected):
    """Secure and SameSite are set as strictly as the application's own settings allow."""
    config = {**SESSION, "SESSION_COOKIE_SECURE": secure, "SESSION_COOKIE_SAMESITE": samesite}
    given = harden_session(config, CookiePolicy(transport=transport))
    assert (given["SESSION_COOKIE_SECURE"], given["SESSION_COOKIE_SAMESITE"]) == expected


@pytest.mark.parametrize(
    ("domain", "path", "root", "httponly", "samesite", "partitioned"),
    list(
        itertools.product(
            [None, "example.com"],
            [None, "/", "/erp"],
            ["/", "/erp"],
            [True, False],
            [None, "Strict", "Lax", "None"],
            [False, True],
        )
    ),
)
def test_session_cookie_keeps_the_rules_of_its_name(
    domain, path, root, httponly, samesite, partitioned
):
    """Whatever the settings, Flask's session cookie leaves as its prefix demands, or never starts.

    What Flask emits is read back as a browser reads it and held to the rules of section 5.4.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="x" * 32,
        SESSION_COOKIE_DOMAIN=domain,
        SESSION_COOKIE_PATH=path,
        APPLICATION_ROOT=root,
        SESSION_COOKIE_HTTPONLY=httponly,
        SESSION_COOKIE_SAMESITE=samesite,
        SESSION_COOKIE_PARTITIONED=partitioned,
    )

    @app.get("/")
    def index():
        session["user"] = 1
        return "hello"

    if partitioned and samesite != "None":
        with pytest.raises(PolicyError, match="no embedding site could use it"):
            StrictCookies(app)
        return
    StrictCookies(app)
    response = app.test_client().get("/", base_url=f"https://example.com{root}")
    (line,) = [line for line in response.headers.getlist("Set-Cookie") if "session=" in line]
    cookie = parse_set_cookie(line)
    assert cookie is not None
    prefix = name_prefix(cookie.name)
    assert cookie.name == f"{prefix}session"
    assert cookie.secure
    assert cookie.httponly is httponly
    assert ("Http-" in prefix) is httponly
    assert cookie.domain == domain
    assert cookie.path == (path or root)
    assert prefix.startswith("__Host-") is (domain is None and cookie.path == "/")
    assert cookie.samesite == (samesite or "Lax")
    assert cookie.partitioned is partitioned
    assert cookie.max_age is None


def test_session_cookie_is_declared_as_configured():
    """The entry for the session cookie says what the application's settings say."""
    config = {
        "SESSION_COOKIE_NAME": "__Secure-session",
        "SESSION_COOKIE_DOMAIN": "example.com",
        "SESSION_COOKIE_PATH": "/erp",
        "APPLICATION_ROOT": "/",
        "SESSION_COOKIE_HTTPONLY": False,
        "SESSION_COOKIE_SAMESITE": "None",
        "SESSION_COOKIE_PARTITIONED": True,
    }
    (declared,) = declare_session(config, CookiePolicy()).cookies
    bare = DeclaredCookie(
        name="__Secure-session",
        **session_texts()._asdict(),
        purposes=(Purpose.SESSION, Purpose.AUTHENTICATION),
    )
    assert declared == replace(
        bare,
        path="/erp",
        domain="example.com",
        samesite="None",
        script_readable=True,
        partitioned=True,
    )
    plain = {**config, "SESSION_COOKIE_DOMAIN": "", "SESSION_COOKIE_PATH": None}
    plain |= {"SESSION_COOKIE_SAMESITE": None, "SESSION_COOKIE_PARTITIONED": False}
    plain["SESSION_COOKIE_HTTPONLY"] = True
    (declared,) = declare_session(plain, CookiePolicy()).cookies
    assert declared == bare


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        pytest.param(
            {"SESSION_COOKIE_NAME": "__Host-sid", "SESSION_COOKIE_DOMAIN": "example.com"},
            "domain is 'example.com', but __Host- allows none (RFC 6265bis section 4.1.3). "
            "Remove domain or rename the cookie.",
            id="prefix with domain",
        ),
        pytest.param(
            {"SESSION_COOKIE_NAME": "a b"},
            "the name is not a token. Use letters, digits and !#$%&'+-.^_`|~ only, and more than a "
            "prefix (RFC 6265bis section 4.1.1).",
            id="name",
        ),
        pytest.param(
            {"SESSION_COOKIE_SAMESITE": "Never"},
            "samesite is 'Never'. Use 'Strict', 'Lax' or 'None'.",
            id="samesite",
        ),
        pytest.param(
            {"SESSION_COOKIE_PATH": "erp"},
            "path is 'erp'. Begin with '/', and write it as browsers send it: percent-encoded, "
            "without ';', '?', '#' and spaces.",
            id="path",
        ),
        pytest.param(
            {"SESSION_COOKIE_DOMAIN": "localhost"},
            "domain is 'localhost', which no browser accepts as one that hosts can share. Use a "
            "name with a dot such as 'example.com', or remove domain for a host-only cookie.",
            id="domain",
        ),
    ],
)
def test_unkeepable_session_cookie_stops_the_start(changes, mistake):
    """Session settings that no browser would keep are refused when the extension is added."""
    app = Flask(__name__)
    app.config.update(changes)
    with pytest.raises(PolicyError) as caught:
        StrictCookies(app)
    assert len(caught.value.mistakes) == 1
    assert caught.value.mistakes[0].startswith("Cookie ")
    assert caught.value.mistakes[0].endswith(f": {mistake}")


NAMED = {**SESSION, "SESSION_COOKIE_NAME": "sid"}


@pytest.mark.parametrize(
    "purposes",
    [
        pytest.param("session", id="session"),
        pytest.param("authentication", id="authentication"),
        pytest.param(("session", "authentication"), id="both"),
    ],
)
def test_own_entry_of_the_session_stays(purposes):
    """An entry of that very name, for the session's purposes, is taken in place of ours."""
    policy = CookiePolicy(cookies=[declare("a"), declare("sid", purposes)])
    assert declare_session(NAMED, policy) is policy


@pytest.mark.parametrize(
    ("purposes", "lifetime"),
    [
        pytest.param("security", timedelta(days=30), id="longer"),
        pytest.param("security", None, id="another purpose"),
        pytest.param(("session", "security"), None, id="a further purpose"),
        pytest.param("user_input", timedelta(hours=4), id="four hours"),
    ],
)
def test_own_entry_of_the_session_for_more_is_refused(purposes, lifetime):
    """An entry that would let a login serve or last for more is refused, with its file."""
    policy = CookiePolicy(cookies=[declare("sid", purposes, lifetime)], source="here.toml")
    with pytest.raises(PolicyError) as caught:
        declare_session(NAMED, policy)
    assert caught.value.mistakes == (
        "Cookie 'sid' is Flask's session: it may serve session and authentication only, and live "
        "only until the browser closes. Fix its entry, or remove it: the session is declared "
        "without one.",
    )
    assert caught.value.source == "here.toml"


def test_pattern_is_no_entry_of_the_session():
    """A pattern that covers the session's name does not decide about it."""
    policy = CookiePolicy(cookies=[declare("sid*", "security", timedelta(days=30))])
    found = declare_session(NAMED, policy).find("sid")
    assert found.purposes == (Purpose.SESSION, Purpose.AUTHENTICATION)
    assert found.lifetime is None


def test_contradicting_session_settings_name_their_source():
    """What contradicts itself in the configuration is told as such, not as the policy's."""
    config = {**SESSION, "SESSION_COOKIE_NAME": "__Host-sid", "SESSION_COOKIE_PATH": "/erp"}
    with pytest.raises(PolicyError) as caught:
        declare_session(config, CookiePolicy(source="here.toml"))
    assert caught.value.source == "Flask's SESSION_COOKIE_ settings"
    assert caught.value.mistakes == (
        "Cookie '__Host-sid': path is '/erp', but __Host- allows / (RFC 6265bis section 4.1.3). "
        "Remove path or rename the cookie.",
    )


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        pytest.param("session", False, id="by its name"),
        pytest.param("ses*", True, id="by a pattern"),
        pytest.param("__Host-Http-ses*", True, id="by a pattern with its prefix"),
    ],
)
def test_session_is_never_declared_as_something_longer(tmp_path, name, starts):
    """Declaring Flask's session for another purpose does not let a login outlive the browser."""
    (tmp_path / "cookies.toml").write_text(
        f"[[cookie]]\nname = '{name}'\ntitle = 'T'\npurposes = ['security']\n"
        "description = 'D'\nwithout_it = 'W'\nlifetime = '30 days'\n"
    )
    app = Flask(__name__, root_path=str(tmp_path))
    app.config["SECRET_KEY"] = "x" * 32

    @app.get("/")
    def index():
        session.permanent = True
        session["user"] = 1
        return "hello"

    if not starts:
        with pytest.raises(PolicyError, match="is Flask's session"):
            StrictCookies(app)
        return
    StrictCookies(app)
    response = app.test_client().get("/", base_url="https://example.com")
    line = response.headers["Set-Cookie"]
    assert line.startswith("__Host-Http-session=")
    assert line.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax")
    assert "Max-Age" not in line
    assert "Expires" not in line
