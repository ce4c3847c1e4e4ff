"""How app.config is read, checked and frozen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from strict_cookies.errors import ConfigurationError, FrozenConfigurationError, PolicyError
from strict_cookies.flask.config import DEFAULTS, find_policy, find_url_prefix, freeze_config
from strict_cookies.flask.extension import StrictCookies
from strict_cookies.flask.settings import Settings
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.site import Site

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
            STRICT_COOKIES_EXPIRE_UNDECLARED=sweep,
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
            "STRICT_COOKIES_EXPIRE_UNDECLARD is no setting of Strict Cookies. "
            "Did you mean STRICT_COOKIES_EXPIRE_UNDECLARED?",
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
    app.config["STRICT_COOKIES_EXPIRE_UNDECLARED"] = "known"
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
