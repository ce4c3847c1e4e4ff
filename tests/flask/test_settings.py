"""How app.config is read, checked and frozen."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from strict_cookies.errors import ConfigurationError, FrozenConfigurationError, PolicyError
from strict_cookies.flask.config import CHECKED_EVERY, DEFAULTS, find_policy, find_url_prefix
from strict_cookies.flask.extension import StrictCookies
from strict_cookies.flask.settings import Settings
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.site import Site
from strict_cookies.trail.default_key import find_default_key
from strict_cookies.trail.options import TrailOptions

KNOWN = ", ".join(DEFAULTS)


def make_app(root_path=None, **config):
    """Make an application with our defaults and what a test changes."""
    app = Flask(__name__, root_path=None if root_path is None else str(root_path))
    app.config.update(DEFAULTS)
    app.config.update(STRICT_COOKIES_HEADERS={})
    app.config.update(config)
    return app


# --- Reading ---


@pytest.mark.parametrize(
    ("testing", "mode"),
    [pytest.param(False, "enforce", id="live"), pytest.param(True, "raise", id="testing")],
)
def test_defaults(testing, mode):
    """Without a setting the firewall enforces; under testing it raises."""
    app = make_app(TESTING=testing)
    key = None if testing else find_default_key(Path(app.instance_path, "sessions.sqlite"))
    assert Settings.from_app(app) == Settings(
        mode=mode,
        expire_undeclared="known",
        transport="https",
        headers={},
        header_scopes={},
        trusted_middleware=(),
        https="redirect",
        canonical_host=None,
        https_exempt=frozenset(),
        trusted_proxies=0,
        cross_origin="refuse",
        trusted_origins=frozenset(),
        origin_exempt=frozenset(),
        trail=TrailOptions(key=key, creates_key=not testing),
    )


def test_every_setting_is_read():
    """Each setting is taken over, lists as tuples, and the object can't be changed."""
    options = {"frame_options": "DENY"}
    settings = Settings.from_app(
        make_app(
            TESTING=True,
            STRICT_COOKIES_MODE="report-only",
            STRICT_COOKIES_EXPIRE_UNDECLARED="site",
            STRICT_COOKIES_TRANSPORT="plain-http",
            STRICT_COOKIES_HEADERS=options,
            STRICT_COOKIES_HEADERS_SCOPES={"/embed": options},
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
        expire_undeclared="site",
        transport="plain-http",
        headers={"frame_options": "DENY"},
        header_scopes={"/embed": {"frame_options": "DENY"}},
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
            STRICT_COOKIES_EXPIRE_UNDECLARED=sweep,
            STRICT_COOKIES_TRANSPORT=transport,
        )
    )
    assert (settings.mode, settings.expire_undeclared, settings.transport) == (
        mode,
        sweep,
        transport,
    )


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
            "STRICT_COOKIES_EXPIRE_UNDECLARED",
            False,
            "STRICT_COOKIES_EXPIRE_UNDECLARED is False. Use one of 'known', 'host', 'site', 'off'.",
            id="sweep",
        ),
        pytest.param(
            "STRICT_COOKIES_EXPIRE_UNDECLARED",
            None,
            "STRICT_COOKIES_EXPIRE_UNDECLARED is None. Use one of 'known', 'host', 'site', 'off'.",
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
            "STRICT_COOKIES_EXPIRE_UNDECLARD",
            "off",
            "STRICT_COOKIES_EXPIRE_UNDECLARD is not a setting of Strict Cookies. "
            "Did you mean STRICT_COOKIES_EXPIRE_UNDECLARED?",
            id="unknown, near",
        ),
        pytest.param(
            "STRICT_COOKIES_ZQXJZQXJZQXJZQXJZQXJZQXJZQXJ",
            1,
            "STRICT_COOKIES_ZQXJZQXJZQXJZQXJZQXJZQXJZQXJ is not a setting of Strict Cookies. "
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
            ("HEADERS", None, "NoneType", "a mapping of options"),
            ("HEADERS", "off", "str", "a mapping of options"),
            ("HEADERS", [], "list", "a mapping of options"),
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
    assert str(caught.value) == f"{key} is of type {kind}. Use {wanted}."


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
    assert Settings.from_app(app).mode == "enforce"


def test_applications_share_no_default():
    """What one application puts into its options does not reach another."""
    first, second = Flask("first"), Flask("second")
    StrictCookies(first)
    try:
        first.config["STRICT_COOKIES_HEADERS"]["frame_options"] = "SAMEORIGIN"
        StrictCookies(second)
        assert second.config["STRICT_COOKIES_HEADERS"] == {}
    finally:
        first.config["STRICT_COOKIES_HEADERS"].clear()


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
        "  - The file can't be read: No such file or directory. Fix its path or mode."
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


# --- Frozen ---


def make_frozen(**config):
    """Create an application that has served its first request."""
    app = make_app(**config)
    StrictCookies(app)
    app.add_url_rule("/", view_func=lambda: "page")
    assert app.test_client().get("/").status_code == 200
    return app


def _pipe(config):
    config |= {"STRICT_COOKIES_MODE": "raise"}


CHANGES = [
    pytest.param(lambda config: config.__setitem__("STRICT_COOKIES_MODE", "raise"), id="item"),
    pytest.param(lambda config: config.update(STRICT_COOKIES_MODE="raise"), id="update"),
    pytest.param(_pipe, id="|="),
    pytest.param(lambda config: config.from_mapping(STRICT_COOKIES_MODE="raise"), id="mapping"),
    pytest.param(lambda config: config.__delitem__("STRICT_COOKIES_EXPIRE_UNDECLARED"), id="del"),
    pytest.param(lambda config: config.pop("STRICT_COOKIES_EXPIRE_UNDECLARED"), id="pop"),
    pytest.param(lambda config: config.setdefault("STRICT_COOKIES_NEW", None), id="new key"),
    pytest.param(lambda config: config.clear(), id="clear"),
    pytest.param(
        lambda config: config["STRICT_COOKIES_HEADERS"].update(frame_options="SAMEORIGIN"),
        id="inside a value",
    ),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode", ["testing", "debug"])
def test_late_change_raises_at_the_next_request(change, mode):
    """Under app.testing and app.debug, any change of a key of ours stops the next request."""
    app = make_frozen(**{mode.upper(): True})
    flags = {key: app.config[key] for key in ("TESTING", "DEBUG")}
    change(app.config)
    app.config.update(flags)
    with pytest.raises(FrozenConfigurationError, match=r"^STRICT_COOKIES_\w+ was changed after"):
        app.wsgi_app(EnvironBuilder().get_environ(), None)


@pytest.mark.parametrize("change", CHANGES[:-2])
def test_late_change_is_logged_once(change, caplog):
    """In production the request is served as compiled, and the log names the key once."""
    app = make_frozen()
    change(app.config)
    for _ in range(2 * CHECKED_EVERY):
        assert app.test_client().get("/").status_code == 200
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("SC306 setting changed after the first request STRICT_")
    assert app.extensions["strict_cookies"].firewall.mode == "enforce"


def test_other_keys_stay_free(caplog):
    """Keys that are not ours can be set and removed at any time; the same value is no change."""
    app = make_frozen(A=1, B=2, TESTING=True)
    app.config.update(A=10, C=3, **DEFAULTS)
    app.config[5] = "x"
    del app.config["B"]
    assert app.test_client().get("/").status_code == 200
    assert caplog.records == []


def test_configuration_is_frozen_by_the_first_request():
    """Settings may change until the first request, and not after it."""
    app = Flask(__name__)
    StrictCookies(app)
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    app.test_client().get("/")
    assert app.extensions["strict_cookies"].firewall.mode == "report-only"
    app.config["STRICT_COOKIES_MODE"] = "enforce"
    app.test_client().get("/")
    assert app.extensions["strict_cookies"].firewall.mode == "report-only"
