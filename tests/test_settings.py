"""How app.config is read, checked and frozen, and which name the session cookie gets."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, session

from strict_cookies import session_texts
from strict_cookies.cookie import DeclaredCookie
from strict_cookies.errors import ConfigurationError, FrozenConfigurationError, PolicyError
from strict_cookies.extension import StrictCookies
from strict_cookies.grammar import name_prefix, parse_set_cookie
from strict_cookies.policy import CookiePolicy, Site
from strict_cookies.purposes import Purpose
from strict_cookies.settings import (
    DEFAULTS,
    Settings,
    declare_session,
    find_policy,
    find_url_prefix,
    freeze_config,
    harden_session,
    session_cookie_name,
)
from tests import policies

KNOWN = ", ".join(DEFAULTS)


def make_app(root_path=None, **config):
    """Make an application with our defaults and what a test changes."""
    app = Flask(__name__, root_path=None if root_path is None else str(root_path))
    app.config.update(DEFAULTS)
    app.config.update(STRICT_COOKIES_TALISMAN={})
    app.config.update(config)
    return app


# --- Reading ---


@pytest.mark.parametrize(
    ("testing", "mode"),
    [pytest.param(False, "enforce", id="live"), pytest.param(True, "raise", id="testing")],
)
def test_defaults(testing, mode):
    """Without a setting the firewall enforces; under testing it raises."""
    assert Settings.from_app(make_app(TESTING=testing)) == Settings(
        mode=mode,
        sweep="known",
        transport="https",
        talisman={},
        talisman_parts={},
        trusted_middleware=(),
        https="redirect",
        canonical_host=None,
        https_exempt=frozenset(),
        trusted_proxies=0,
        cross_origin="refuse",
        trusted_origins=frozenset(),
        origin_exempt=frozenset(),
    )


def test_every_setting_is_read():
    """Each setting is taken over, lists as tuples, and the object can't be changed."""
    options = {"frame_options": "DENY"}
    settings = Settings.from_app(
        make_app(
            TESTING=True,
            STRICT_COOKIES_MODE="report-only",
            STRICT_COOKIES_SWEEP="site",
            STRICT_COOKIES_TRANSPORT="plain-http",
            STRICT_COOKIES_TALISMAN=options,
            STRICT_COOKIES_TALISMAN_PARTS={"/embed": options},
            STRICT_COOKIES_TRUSTED_MIDDLEWARE=["a.B", "c.D"],
            STRICT_COOKIES_HTTPS="off",
            STRICT_COOKIES_CANONICAL_HOST="ERP.example.com:8443",
            STRICT_COOKIES_HTTPS_EXEMPT=["/healthz"],
            STRICT_COOKIES_TRUSTED_PROXIES=2,
            STRICT_COOKIES_CROSS_ORIGIN="require-proof",
            STRICT_COOKIES_TRUSTED_ORIGINS=["https://App.example.com:443", "http://localhost:80"],
            STRICT_COOKIES_ORIGIN_EXEMPT=["POST /saml/acs", "/hook"],
        )
    )
    options.clear()
    assert settings == Settings(
        mode="report-only",
        sweep="site",
        transport="plain-http",
        talisman={"frame_options": "DENY"},
        talisman_parts={"/embed": {"frame_options": "DENY"}},
        trusted_middleware=("a.B", "c.D"),
        https="off",
        canonical_host="erp.example.com:8443",
        https_exempt=frozenset({"/healthz"}),
        trusted_proxies=2,
        cross_origin="require-proof",
        trusted_origins=frozenset({"https://app.example.com", "http://localhost"}),
        origin_exempt=frozenset({"POST /saml/acs", "/hook"}),
    )
    with pytest.raises(AttributeError):
        settings.mode = "enforce"


@pytest.mark.parametrize("mode", ["enforce", "report-only", "raise"])
@pytest.mark.parametrize("sweep", ["known", "host", "site", "off"])
@pytest.mark.parametrize("transport", ["https", "plain-http"])
def test_every_choice_is_known(mode, sweep, transport):
    """Each documented choice is accepted with each other."""
    settings = Settings.from_app(
        make_app(
            STRICT_COOKIES_MODE=mode,
            STRICT_COOKIES_SWEEP=sweep,
            STRICT_COOKIES_TRANSPORT=transport,
        )
    )
    assert (settings.mode, settings.sweep, settings.transport) == (mode, sweep, transport)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        pytest.param(
            "STRICT_COOKIES_MODE",
            "off",
            "STRICT_COOKIES_MODE is 'off'. Use one of 'enforce', 'report-only', 'raise'.",
            id="mode",
        ),
        pytest.param(
            "STRICT_COOKIES_MODE",
            ["raise"],
            "STRICT_COOKIES_MODE is ['raise']. Use one of 'enforce', 'report-only', 'raise'.",
            id="mode as list",
        ),
        pytest.param(
            "STRICT_COOKIES_MODE",
            "Enforce",
            "STRICT_COOKIES_MODE is 'Enforce'. Use one of 'enforce', 'report-only', 'raise'.",
            id="mode with a capital",
        ),
        pytest.param(
            "STRICT_COOKIES_SWEEP",
            False,
            "STRICT_COOKIES_SWEEP is False. Use one of 'known', 'host', 'site', 'off'.",
            id="sweep",
        ),
        pytest.param(
            "STRICT_COOKIES_SWEEP",
            None,
            "STRICT_COOKIES_SWEEP is None. Use one of 'known', 'host', 'site', 'off'.",
            id="sweep None",
        ),
        pytest.param(
            "STRICT_COOKIES_TRANSPORT",
            "http",
            "STRICT_COOKIES_TRANSPORT is 'http'. Use one of 'https', 'plain-http'.",
            id="transport",
        ),
        pytest.param(
            "STRICT_COOKIES_HTTPS",
            "on",
            "STRICT_COOKIES_HTTPS is 'on'. Use one of 'redirect', 'off'.",
            id="https",
        ),
        pytest.param(
            "STRICT_COOKIES_CROSS_ORIGIN",
            False,
            "STRICT_COOKIES_CROSS_ORIGIN is False. Use one of 'refuse', 'require-proof', 'off'.",
            id="cross-origin",
        ),
        *(
            pytest.param(
                "STRICT_COOKIES_TRUSTED_PROXIES",
                value,
                f"STRICT_COOKIES_TRUSTED_PROXIES is {value!r}. Write how many proxies stand "
                "between visitors and the application, such as 1.",
                id=f"proxies {value!r}",
            )
            for value in (True, -1, "1", 1.0, None)
        ),
        pytest.param(
            "STRICT_COOKIES_SWEP",
            "off",
            "STRICT_COOKIES_SWEP is no setting of Strict Cookies. "
            "Did you mean STRICT_COOKIES_SWEEP?",
            id="unknown, near",
        ),
        pytest.param(
            "STRICT_COOKIES_ZQXJZQXJZQXJZQXJZQXJZQXJZQXJ",
            1,
            "STRICT_COOKIES_ZQXJZQXJZQXJZQXJZQXJZQXJZQXJ is no setting of Strict Cookies. "
            f"Known: {KNOWN}.",
            id="unknown, far",
        ),
    ],
)
def test_wrong_setting_is_refused(key, value, message):
    """An unknown setting or value is refused by name, with what is known."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_app(make_app(**{key: value}))
    assert str(caught.value) == message
    assert caught.value.reason_id is None


@pytest.mark.parametrize(
    ("key", "value", "kind", "wanted"),
    [
        pytest.param(f"STRICT_COOKIES_{key}", value, kind, wanted, id=f"{key.lower()} as {kind}")
        for key, value, kind, wanted in (
            ("TALISMAN", None, "NoneType", "a mapping of options"),
            ("TALISMAN", "off", "str", "a mapping of options"),
            ("TALISMAN", [], "list", "a mapping of options"),
            ("TRUSTED_MIDDLEWARE", None, "NoneType", "a list of dotted class names"),
            ("TRUSTED_MIDDLEWARE", 5, "int", "a list of dotted class names"),
            ("TRUSTED_MIDDLEWARE", "a.B", "str", "a list of dotted class names"),
            ("HTTPS_EXEMPT", "/healthz", "str", "a list of exact paths"),
            ("TRUSTED_ORIGINS", "https://a.example", "str", "a list of origins"),
            ("ORIGIN_EXEMPT", None, "NoneType", "a list of exact paths"),
        )
    ],
)
def test_setting_of_another_type_is_refused(key, value, kind, wanted):
    """A setting of another type is refused by its type, with what to give."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_app(make_app(**{key: value}))
    assert str(caught.value) == f"{key} is of type {kind}. Give {wanted}."


@pytest.mark.parametrize("kind", [tuple, list, set, frozenset])
def test_trusted_names_come_in_any_list(kind):
    """Names of trusted middleware may be in any kind of list, but never one text."""
    app = make_app(STRICT_COOKIES_TRUSTED_MIDDLEWARE=kind(["a.B"]))
    assert Settings.from_app(app).trusted_middleware == ("a.B",)


@pytest.mark.parametrize("mode", [False, "", 0])
def test_empty_mode_is_refused(mode):
    """A mode that was meant to switch something off is refused, not taken for the default."""
    with pytest.raises(ConfigurationError, match="STRICT_COOKIES_MODE is "):
        Settings.from_app(make_app(STRICT_COOKIES_MODE=mode))


def test_other_keys_are_not_looked_at():
    """Keys that are not ours may be anything, however near."""
    app = make_app(STRICT_COOKIE_MODE="x", strict_cookies_mode="x", XSTRICT_COOKIES_MODE="x")
    assert Settings.from_app(app).mode == "enforce"


def test_key_that_is_no_text_is_not_looked_at():
    """A key of somebody else's that is no text does not stop the application."""
    app = make_app()
    app.config[5] = "x"
    freeze_config(app)
    app.config[5] = "y"
    assert Settings.from_app(app).mode == "enforce"


def test_applications_share_no_default():
    """What one application puts into its options does not reach another."""
    first, second = Flask("first"), Flask("second")
    StrictCookies(first)
    try:
        first.config["STRICT_COOKIES_TALISMAN"]["frame_options"] = "SAMEORIGIN"
        StrictCookies(second)
        assert second.config["STRICT_COOKIES_TALISMAN"] == {}
    finally:
        first.config["STRICT_COOKIES_TALISMAN"].clear()


# --- The policy file ---

POLICY_TEXT = "[site]\nname = 'Shop'\n"


@pytest.mark.parametrize(
    ("file", "named"),
    [
        pytest.param("cookies.toml", None, id="beside the application"),
        pytest.param("other.toml", "other.toml", id="relative to the application"),
        pytest.param("other.toml", Path("other.toml"), id="path object"),
        pytest.param("etc/cookies.toml", "etc/cookies.toml", id="in a folder"),
    ],
)
def test_policy_is_found(tmp_path, file, named):
    """The policy is the file that is named, from the application's folder, or cookies.toml."""
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(POLICY_TEXT)
    policy = find_policy(make_app(tmp_path, STRICT_COOKIES_POLICY=named))
    assert policy == CookiePolicy(site=Site(name="Shop"))
    assert policy.source == str(path)


def test_absolute_path_is_taken_as_it_is(tmp_path):
    """An absolute path is not joined to the application's folder."""
    path = tmp_path / "cookies.toml"
    path.write_text(POLICY_TEXT)
    assert find_policy(make_app(STRICT_COOKIES_POLICY=str(path))).source == str(path)


def test_policy_object_is_taken_as_it_is(tmp_path):
    """A policy that was built in Python wins over the file beside the application."""
    (tmp_path / "cookies.toml").write_text(POLICY_TEXT)
    policy = CookiePolicy()
    assert find_policy(make_app(tmp_path, STRICT_COOKIES_POLICY=policy)) is policy


def test_no_file_is_an_empty_policy(tmp_path):
    """Where no file is named and none is there, nothing is declared."""
    assert find_policy(make_app(tmp_path)) == CookiePolicy()


@pytest.mark.parametrize("named", ["missing.toml", ""])
def test_named_file_must_be_there(tmp_path, named):
    """A file that was named but is not there is an error, never an empty policy."""
    with pytest.raises(PolicyError) as caught:
        find_policy(make_app(tmp_path, STRICT_COOKIES_POLICY=named))
    assert str(caught.value) == (
        f"{tmp_path / (named or 'cookies.toml')} has 1 mistake:\n"
        "  - It can't be read: No such file or directory. Mend its path or mode."
    )


def test_wrong_file_beside_the_application_is_refused(tmp_path):
    """A cookies.toml with a mistake is an error, never an empty policy."""
    (tmp_path / "cookies.toml").write_text("[sites]\n")
    with pytest.raises(PolicyError, match="Did you mean 'site'"):
        find_policy(make_app(tmp_path))


def test_dangling_link_is_refused(tmp_path):
    """A cookies.toml that leads nowhere is an error, never an empty policy."""
    (tmp_path / "cookies.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(PolicyError):
        find_policy(make_app(tmp_path))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(5, "int", id="number"),
        pytest.param(b"cookies.toml", "bytes", id="octets"),
        pytest.param({"cookie": []}, "dict", id="mapping"),
        pytest.param(False, "bool", id="False"),
    ],
)
def test_policy_of_another_type_is_refused(value, kind):
    """A value that is neither path nor policy is refused by its type."""
    with pytest.raises(ConfigurationError) as caught:
        find_policy(make_app(STRICT_COOKIES_POLICY=value))
    assert str(caught.value) == (
        f"STRICT_COOKIES_POLICY is of type {kind}. Give a path or a CookiePolicy."
    )


# --- Where the pages are ---


@pytest.mark.parametrize("prefix", ["/cookies", "/legal/cookies", "/a.b~c-d_e"])
def test_url_prefix_is_a_path(prefix):
    """The pages go where the setting says."""
    assert find_url_prefix(make_app(STRICT_COOKIES_URL_PREFIX=prefix)) == prefix


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("", id="empty"),
        pytest.param("/", id="root"),
        pytest.param("cookies", id="relative"),
        pytest.param("/cookies/", id="trailing slash"),
        pytest.param("//cookies", id="two slashes"),
        pytest.param("/<name>", id="rule"),
        pytest.param("/cookies\n", id="line break"),
        pytest.param("/k\xe4se", id="beyond ASCII"),
        pytest.param("https://example.com", id="URL"),
        pytest.param(None, id="None"),
        pytest.param(5, id="number"),
    ],
)
def test_other_url_prefix_is_refused(prefix):
    """What is no path below the root is refused when the extension is added."""
    with pytest.raises(ConfigurationError) as caught:
        StrictCookies(make_app(STRICT_COOKIES_URL_PREFIX=prefix))
    assert str(caught.value) == (
        f"STRICT_COOKIES_URL_PREFIX is {prefix!r}. Write a path such as '/cookies'."
    )


# --- The session cookie ---


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
    assert declared == DeclaredCookie(
        name="__Secure-session",
        title=session_texts.TITLE,
        purposes=(Purpose.SESSION, Purpose.AUTHENTICATION),
        description=session_texts.DESCRIPTION,
        without_it=session_texts.WITHOUT_IT,
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
    assert declared == DeclaredCookie(
        name="__Secure-session",
        title=session_texts.TITLE,
        purposes=(Purpose.SESSION, Purpose.AUTHENTICATION),
        description=session_texts.DESCRIPTION,
        without_it=session_texts.WITHOUT_IT,
    )


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
            "domain is 'localhost', which no browser takes as one that hosts can share. Use a name "
            "with a dot such as 'example.com', or remove domain for a host-only cookie.",
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
        "only until the browser closes. Mend its entry, or remove it: the session is declared "
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
    app = make_app(tmp_path, SECRET_KEY="x" * 32)

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


# --- Frozen ---


def _pipe(config):
    config |= {"STRICT_COOKIES_MODE": "raise"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda config: config.__setitem__("STRICT_COOKIES_MODE", "raise"), id="item"),
        pytest.param(lambda config: config.update(STRICT_COOKIES_MODE="raise"), id="update"),
        pytest.param(
            lambda config: config.update({"STRICT_COOKIES_MODE": "raise"}), id="update mapping"
        ),
        pytest.param(
            lambda config: config.update([("STRICT_COOKIES_MODE", "raise")]), id="update pairs"
        ),
        pytest.param(_pipe, id="|="),
        pytest.param(lambda config: config.setdefault("STRICT_COOKIES_NEW", 1), id="setdefault"),
        pytest.param(
            lambda config: config.from_mapping(STRICT_COOKIES_MODE="raise"), id="from_mapping"
        ),
        pytest.param(
            lambda config: config.from_object(SimpleNamespace(STRICT_COOKIES_MODE="raise")),
            id="from_object",
        ),
        pytest.param(lambda config: config.__setitem__("STRICT_COOKIES_NEW", None), id="new key"),
    ],
)
def test_change_of_a_frozen_key_raises(change):
    """After the first request a key of ours can't be changed or added in any way."""
    app = make_app()
    freeze_config(app)
    before = dict(app.config)
    with pytest.raises(FrozenConfigurationError) as caught:
        change(app.config)
    key = "STRICT_COOKIES_NEW" if "NEW" in str(caught.value) else "STRICT_COOKIES_MODE"
    assert str(caught.value) == (
        f"{key} was changed after the first request, when it no longer counts. "
        "Set it before, where the application is put together."
    )
    assert dict(app.config) == before


@pytest.mark.parametrize(
    "remove",
    [
        pytest.param(lambda config: config.__delitem__("STRICT_COOKIES_MODE"), id="del"),
        pytest.param(lambda config: config.pop("STRICT_COOKIES_MODE"), id="pop"),
        pytest.param(lambda config: config.pop("STRICT_COOKIES_MODE", None), id="pop with default"),
    ],
)
def test_removal_of_a_frozen_key_raises(remove):
    """After the first request a key of ours can't be removed."""
    app = make_app()
    freeze_config(app)
    before = dict(app.config)
    with pytest.raises(FrozenConfigurationError) as caught:
        remove(app.config)
    assert str(caught.value) == (
        "STRICT_COOKIES_MODE was removed after the first request. Leave it."
    )
    assert dict(app.config) == before


@pytest.mark.parametrize(
    "remove",
    [
        pytest.param(lambda config: config.clear(), id="clear"),
        pytest.param(lambda config: config.popitem(), id="popitem"),
    ],
)
def test_removal_with_others_raises(remove):
    """Nor can a key of ours be removed with all others or as the last one; nothing goes then."""
    app = make_app()
    freeze_config(app)
    before = dict(app.config)
    with pytest.raises(FrozenConfigurationError, match=r"^STRICT_COOKIES_\w+ was removed after"):
        remove(app.config)
    assert dict(app.config) == before


def test_configuration_without_our_keys_can_be_emptied():
    """Where no key of ours is in the way, items go as from any dict."""
    app = Flask(__name__)
    freeze_config(app)
    app.config["LAST"] = 1
    assert app.config.popitem() == ("LAST", 1)
    app.config.clear()
    assert dict(app.config) == {}
    with pytest.raises(KeyError):
        app.config.popitem()


def test_frozen_from_environment(monkeypatch):
    """Variables read from the environment after the first request are refused too."""
    app = make_app()
    freeze_config(app)
    monkeypatch.setenv("FLASK_STRICT_COOKIES_MODE", "raise")
    with pytest.raises(FrozenConfigurationError, match="STRICT_COOKIES_MODE was changed"):
        app.config.from_prefixed_env()


def test_other_keys_stay_free():
    """Keys that are not ours can be set, read and removed as before."""
    app = make_app(A=1, B=2, C=3)
    freeze_config(app)
    config = app.config
    config["A"] = 10
    config.update({"D": 4}, E=5)
    config |= {"F": 6}
    assert config.setdefault("A", 0) == 10
    assert config.setdefault("G", 7) == 7
    assert config.pop("B") == 2
    assert config.pop("B", "gone") == "gone"
    del config["C"]
    config.from_mapping(H=8)
    config.from_object(SimpleNamespace(I=9))
    with pytest.raises(KeyError):
        config.pop("C")
    with pytest.raises(KeyError):
        del config["C"]
    names = "ABCDEFGHI"
    assert {name: config[name] for name in names if name in config} == {
        "A": 10,
        "D": 4,
        "E": 5,
        "F": 6,
        "G": 7,
        "H": 8,
        "I": 9,
    }


def test_same_value_again_is_no_change():
    """Setting a key of ours to the value it has is allowed, as factories do it."""
    app = make_app()
    freeze_config(app)
    app.config["STRICT_COOKIES_SWEEP"] = "known"
    app.config.update(DEFAULTS)
    assert app.config.setdefault("STRICT_COOKIES_MODE", "raise") is None


def test_freezing_keeps_the_class_and_can_be_repeated():
    """A frozen configuration is still of the application's own class, under its name."""
    app = make_app()
    before = type(app.config)
    freeze_config(app)
    frozen = type(app.config)
    freeze_config(app)
    assert type(app.config) is frozen
    assert issubclass(frozen, before)
    assert frozen.__name__ == before.__name__
    assert type(make_app().config) is before


def test_configuration_is_frozen_by_the_first_request():
    """Settings may change until the first request, and not after it."""
    app = Flask(__name__)
    StrictCookies(app)
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    app.test_client().get("/")
    assert app.extensions["strict_cookies"].firewall.mode == "report-only"
    with pytest.raises(FrozenConfigurationError):
        app.config["STRICT_COOKIES_MODE"] = "enforce"
