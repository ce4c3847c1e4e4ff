"""What ``flask cookies check`` finds, and that it is gone once mended."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from strict_cookies import (
    CookiePolicy,
    DeclaredCookie,
    ExternalOrigin,
    Recipient,
    Site,
    StrictCookies,
)
from strict_cookies._util.text import join_words
from strict_cookies.checks.app import run_checks
from strict_cookies.checks.finding import Finding, explain_error
from strict_cookies.errors import ConfigurationError, FrozenConfigurationError, PolicyError
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.reasons import Reason
from strict_cookies.trail.signing import make_key
from tests.policies import keep, prefer

KEY = "0123456789abcdef" * 4
SITE = """
[site]
name = "ERP"
controller = "Vendor Ltd"
contact = "privacy@erp.example"
"""
ENTRY = """
[[cookie]]
name = "{name}"
title = "Choice"
purposes = ["preferences"]
description = "Keeps a choice."
without_it = "You would choose again."
lifetime = "session"
"""
SOUND = {"SECRET_KEY": KEY, "TRUSTED_HOSTS": ["erp.example"]}


@pytest.fixture
def make_app(tmp_path):
    """Build a sound application, but for what a test changes; None for toml means no file."""

    def make_app(config=(), toml=SITE, before=None, after=None):
        path = tmp_path / "cookies.toml"
        path.unlink(missing_ok=True)
        if toml is not None:
            path.write_text(toml, "utf-8")
        key = tmp_path / "trail.pem"
        if not key.exists():
            make_key(key)
        app = Flask("erp", root_path=str(tmp_path))
        app.config.update(SOUND, STRICT_COOKIES_TRAIL_KEY=key)
        app.config.update(config)
        if before:
            before(app)
        StrictCookies(app)
        if after:
            after(app)
        return app

    return make_app


def brief(findings):
    return [(found.severity, found.reason.id if found.reason else None) for found in findings]


def test_sound_application_has_no_finding(make_app):
    """Nothing is said about an application in which nothing is wrong or weak."""
    assert run_checks(make_app()) == []


WEAK = [
    pytest.param({"STRICT_COOKIES_MODE": "report-only"}, "warning", "SC402", ["logged"], id="mode"),
    pytest.param(
        {"SESSION_COOKIE_NAME": "sid"}, "warning", "SC403", ["SESSION_COOKIE_NAME is 'sid'"],
        id="session name",
    ),
    pytest.param(
        {"SESSION_COOKIE_DOMAIN": "erp.example"}, "warning", "SC403",
        ["SESSION_COOKIE_DOMAIN is 'erp.example'", "'__Http-session'"], id="session domain",
    ),
    pytest.param(
        {"SESSION_COOKIE_PATH": "/app"}, "warning", "SC403", ["SESSION_COOKIE_PATH is '/app'"],
        id="session path",
    ),
    pytest.param(
        {"APPLICATION_ROOT": "/app"}, "warning", "SC403", ["APPLICATION_ROOT is '/app'"],
        id="application root",
    ),
    pytest.param({"SECRET_KEY": None}, "error", "SC404", ["not set"], id="no key"),
    pytest.param({"SECRET_KEY": ""}, "error", "SC404", ["not set"], id="empty key"),
    pytest.param({"SECRET_KEY": 5}, "error", "SC404", ["int"], id="key that is no text"),
    pytest.param({"SECRET_KEY": "x" * 31}, "warning", "SC404", ["31 octets"], id="short key"),
    pytest.param({"SECRET_KEY": b"x" * 8}, "warning", "SC404", ["8 octets"], id="short bytes"),
    pytest.param(
        {"SECRET_KEY_FALLBACKS": [KEY, "old"]}, "warning", "SC404",
        ["SECRET_KEY_FALLBACKS[1]", "3 octets"], id="short fallback",
    ),
    pytest.param({"TRUSTED_HOSTS": None}, "warning", "SC406", ["Host header"], id="no host"),
    pytest.param({"TRUSTED_HOSTS": []}, "warning", "SC406", ["Host header"], id="empty hosts"),
    pytest.param(
        {"SERVER_NAME": "erp.example:8080"}, "error", "SC408", ["'erp.example:8080'", "sign"],
        id="http on a real host",
    ),
    pytest.param(
        {"STRICT_COOKIES_HTTPS": "off"}, "warning", "SC412", ["STRICT_COOKIES_HTTPS is 'off'"],
        id="no redirect",
    ),
    pytest.param(
        {"STRICT_COOKIES_CROSS_ORIGIN": "off"}, "warning", "SC412",
        ["STRICT_COOKIES_CROSS_ORIGIN is 'off'", "WebSockets"],
        id="other origins",
    ),
    pytest.param(
        {"TRUSTED_HOSTS": None}, "warning", "SC406", ["Plain http is not redirected"],
        id="no host to redirect to",
    ),
    pytest.param(
        {"STRICT_COOKIES_CANONICAL_HOST": "https://erp.example"}, "error", None,
        ["'https://erp.example'", "without a scheme"], id="canonical host with a scheme",
    ),
    pytest.param(
        {"STRICT_COOKIES_TRUSTED_PROXIES": True}, "error", None, ["True", "how many"],
        id="proxies as a flag",
    ),
    pytest.param(
        {"STRICT_COOKIES_ORIGIN_EXEMPT": ["/saml/*"]}, "error", None, ["'/saml/*'", "exact path"],
        id="exemption by pattern",
    ),
    pytest.param({"STRICT_COOKIES_EXPIRE_UNDECLARED": "off"}, "info", "SC410", ["'off'"], id="sweep"),
    pytest.param(
        {"STRICT_COOKIES_MODE": "enforced"}, "error", None, ["'enforced'", "'enforce'"],
        id="unknown mode",
    ),
    pytest.param(
        {"STRICT_COOKIES_EXPIRE_UNDECLARD": "off"}, "error", None, ["Did you mean STRICT_COOKIES_EXPIRE_UNDECLARED"],
        id="unknown setting",
    ),
    pytest.param(
        {"STRICT_COOKIES_HEADERS": None}, "error", None, ["NoneType", "mapping"],
        id="options that are no mapping",
    ),
    pytest.param(
        {"STRICT_COOKIES_TRUSTED_MIDDLEWARE": "a.B"}, "error", None, ["str", "list"],
        id="middleware that is no list",
    ),
    pytest.param(
        {"STRICT_COOKIES_HEADERS": {"frame_option": "DENY"}}, "error", None,
        ["Did you mean 'frame_options'"], id="unknown option",
    ),
    pytest.param(
        {"STRICT_COOKIES_HEADERS": {"content_security_policy_report_only": True}}, "error", None,
        ["STRICT_COOKIES_HEADERS: ", "is True. Write the policy to try"], id="dead option",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("config", "severity", "reason_id", "words"), WEAK)
def test_weak_setting_is_found_alone(make_app, config, severity, reason_id, words):
    """Each weakness gives one finding, of its severity and id, that names the setting."""
    findings = run_checks(make_app(config))
    assert brief(findings) == [(severity, reason_id)]
    assert all(word in findings[0].message for word in words)
    assert findings[0].remedy


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"SERVER_NAME": "localhost:5000"}, id="localhost"),
        pytest.param({"SERVER_NAME": "erp.localhost"}, id="below localhost"),
        pytest.param({"SERVER_NAME": "127.0.0.1:5000"}, id="loopback"),
        pytest.param({"SERVER_NAME": "erp.example", "PREFERRED_URL_SCHEME": "https"}, id="https"),
        pytest.param({"SESSION_COOKIE_NAME": "__Host-sid"}, id="own name with the prefix"),
        pytest.param({"SESSION_COOKIE_HTTPONLY": False}, id="__Host- alone"),
        pytest.param(
            {"SESSION_COOKIE_PATH": "/", "APPLICATION_ROOT": "/app"}, id="root with its own path"
        ),
        pytest.param({"SECRET_KEY": b"x" * 32}, id="32 octets"),
        pytest.param({"SECRET_KEY": "\xe4" * 16}, id="32 octets of UTF-8"),
        pytest.param({"TRUSTED_HOSTS": "erp.example"}, id="one host as a text"),
    ],
)
def test_sound_setting_is_not_found(make_app, config):
    """What looks like a weakness and is none gives no finding."""
    assert run_checks(make_app(config)) == []


def test_plain_http_costs_secure_and_the_prefix(make_app):
    """Plain http is told once as itself and once as what keeps the prefix away."""
    findings = run_checks(make_app({"STRICT_COOKIES_TRANSPORT": "plain-http"}))
    assert brief(findings) == [("warning", "SC403"), ("warning", "SC407")]
    assert "STRICT_COOKIES_TRANSPORT is 'plain-http'" in findings[0].message
    real = {"STRICT_COOKIES_TRANSPORT": "plain-http", "SERVER_NAME": "erp.example"}
    assert ("error", "SC408") not in brief(run_checks(make_app(real)))


def test_declaring_flasks_own_name_costs_the_prefix(make_app):
    """An entry named session is named as the cause, with the file."""
    entry = ENTRY.format(name="session").replace("preferences", "session")
    findings = run_checks(make_app(toml=SITE + entry))
    assert brief(findings) == [("warning", "SC403")]
    assert "cookies.toml declares 'session'" in findings[0].message


def test_session_declared_as_something_else_is_an_error(make_app):
    """An entry that gives the session another purpose is told before the first request fails."""
    text = SITE + ENTRY.format(name="erp")
    app = make_app(toml=text, after=lambda app: app.config.update(SESSION_COOKIE_NAME="erp"))
    finding = run_checks(app)[0]
    assert (finding.severity, finding.reason) == ("error", None)
    assert "Cookie 'erp' is Flask's session: it may serve session and authent" in finding.message


def test_name_is_judged_as_at_the_first_request(make_app):
    """A setting that changes after init_app still counts, as it does for the firewall."""
    app = make_app(after=lambda app: app.config.update(SESSION_COOKIE_DOMAIN="erp.example"))
    assert "'__Http-session'" in run_checks(app)[0].message
    firewall = app.extensions["strict_cookies"].freeze()
    assert [cookie.name for cookie in firewall.policy.cookies] == ["__Http-session"]


# --- How it is put together ---


def wrap_dispatcher(app):
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})


def wrap_proxy_fix(app):
    app.wsgi_app = ProxyFix(app.wsgi_app)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, wrap_dispatcher, ["SC301"], id="dispatcher outside"),
        pytest.param(wrap_dispatcher, None, [], id="dispatcher inside"),
        pytest.param(wrap_proxy_fix, None, ["SC302"], id="proxy fix inside"),
        pytest.param(None, wrap_proxy_fix, [], id="proxy fix outside"),
        pytest.param(wrap_proxy_fix, wrap_proxy_fix, ["SC302", "SC303"], id="two of them"),
    ],
)
@pytest.mark.parametrize("testing", [False, True])
def test_order_of_middleware_is_an_error(make_app, before, after, expected, testing):
    """What stands in the wrong place is an error with its id, and none once it is moved."""
    app = make_app({"TESTING": testing}, before=before, after=after)
    assert brief(run_checks(app)) == [("error", reason_id) for reason_id in expected]


def test_own_proxy_fix_is_one_of_two(make_app):
    """STRICT_COOKIES_TRUSTED_PROXIES brings a ProxyFix, so that another is one too many."""
    app = make_app({"STRICT_COOKIES_TRUSTED_PROXIES": 1}, after=wrap_proxy_fix)
    (finding,) = run_checks(app)
    assert (finding.severity, finding.reason) == ("error", Reason.PROXY_FIX_TWICE)
    assert "STRICT_COOKIES_TRUSTED_PROXIES" in finding.message
    assert run_checks(make_app({"STRICT_COOKIES_TRUSTED_PROXIES": 1})) == []


def test_canonical_host_is_enough_to_redirect(make_app):
    """Without TRUSTED_HOSTS any Host is believed, but http leads to the canonical host."""
    host = {"TRUSTED_HOSTS": None, "STRICT_COOKIES_CANONICAL_HOST": "erp.example"}
    (finding,) = run_checks(make_app(host))
    assert finding.reason is Reason.NO_PINNED_HOST
    assert "not redirected" not in finding.message


def test_redirect_is_not_missed_where_nothing_is_secure(make_app):
    """With plain http by choice there is nowhere to redirect to."""
    choice = {"STRICT_COOKIES_HTTPS": "off", "STRICT_COOKIES_TRANSPORT": "plain-http"}
    assert Reason.PROTECTION_OFF not in {found.reason for found in run_checks(make_app(choice))}


@pytest.mark.parametrize(
    ("config", "found", "words"),
    [
        pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, ("warning", "SC412"),
                     "STRICT_COOKIES_SESSIONS is 'flask'", id="Flask's own"),
        pytest.param({"STRICT_COOKIES_SESSION_BINDING": "off"}, ("warning", "SC412"),
                     "STRICT_COOKIES_SESSION_BINDING is 'off'", id="binding"),
        pytest.param({"STRICT_COOKIES_TRAIL": "OPT_OUT"}, ("warning", "SC412"),
                     "STRICT_COOKIES_TRAIL is 'OPT_OUT'", id="trail"),
        pytest.param({"STRICT_COOKIES_TRAIL_KEY": None}, ("info", "SC413"),
                     "STRICT_COOKIES_TRAIL_KEY is not set", id="unsigned heads"),
        pytest.param({"STRICT_COOKIES_SESSION_MIGRATION_UNTIL": "2020-01-01"}, ("info", "SC421"),
                     "STRICT_COOKIES_SESSION_MIGRATION_UNTIL is past", id="move is over"),
        pytest.param({"STRICT_COOKIES_SESSION_LIFETIME": "aal9"}, ("error", None),
                     "STRICT_COOKIES_SESSION_LIFETIME is 'aal9'", id="wrong setting"),
    ],
)  # fmt: skip
def test_weak_sessions_are_found(make_app, config, found, words):
    """What was switched off, is over, or is not understood, is told by its setting."""
    findings = run_checks(make_app(config))
    assert brief(findings) == [found]
    assert words in findings[0].message


def test_move_that_goes_on_is_no_finding(make_app):
    """While sessions are moved there is nothing to mend."""
    assert run_checks(make_app({"STRICT_COOKIES_SESSION_MIGRATION_UNTIL": "9000-01-01"})) == []


def test_trusted_middleware_is_no_error(make_app):
    """A class that the application trusts may stand outside."""
    name = f"{DispatcherMiddleware.__module__}.{DispatcherMiddleware.__qualname__}"
    trusted = {"STRICT_COOKIES_TRUSTED_MIDDLEWARE": [name]}
    assert run_checks(make_app(trusted, after=wrap_dispatcher)) == []


def test_missing_extension_says_which_lines_to_add():
    """Without Strict Cookies there is one error, with the lines that add it."""
    (finding,) = run_checks(Flask("bare"))
    assert (finding.severity, finding.reason) == ("error", None)
    assert "'bare'" in finding.message
    assert "    from strict_cookies import StrictCookies\n" in finding.remedy
    assert "    strict = StrictCookies(app)" in finding.remedy


def test_checking_freezes_nothing(make_app):
    """The application can still be configured afterwards."""
    app = make_app()
    run_checks(app)
    assert app.extensions["strict_cookies"].firewall is None
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    assert brief(run_checks(app)) == [("warning", "SC402")]


# --- The policy ---


def test_every_mistake_of_a_policy_is_listed(make_app, tmp_path):
    """A policy that no longer loads is one error that lists each mistake on its line."""
    app = make_app({"SECRET_KEY": "short"})
    broken = tmp_path / "cookies.toml"
    broken.write_text(SITE + ENTRY.format(name="a b") + ENTRY.format(name="_ga") + "x = 1\n")
    findings = run_checks(app)
    assert brief(findings) == [("error", None), ("warning", "SC404")]
    head, *mistakes = findings[0].message.split("\n")
    assert head == f"{broken} has 3 mistakes:"
    assert all(line.startswith("- line ") for line in mistakes)
    assert all(any(word in line for line in mistakes) for word in ("'a b'", "'x'", "Google"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"STRICT_COOKIES_POLICY": 5}, "int", id="of a wrong type"),
        pytest.param({"STRICT_COOKIES_POLICY": "none.toml"}, "can't be read", id="not there"),
        pytest.param({"SESSION_COOKIE_PATH": "app"}, "Begin with '/'", id="session's path"),
    ],
)
def test_policy_that_went_wrong_later_is_an_error(make_app, changed, words):
    """A setting made after init_app that stops the first request is told before it."""
    findings = run_checks(make_app(after=lambda app: app.config.update(changed)))
    assert findings[0].severity == "error"
    assert words in findings[0].message


def test_missing_file_is_for_information(make_app, tmp_path):
    """Without a cookies.toml that is said, and what visitors are not told."""
    findings = run_checks(make_app(toml=None))
    assert brief(findings) == [("warning", "SC405"), ("info", "SC401")]
    assert str(tmp_path) in findings[1].message
    assert "name, controller and contact" in findings[0].message


def test_policy_in_python_needs_no_file(make_app):
    """A policy that was handed over is complete without a file."""
    policy = CookiePolicy(site=Site(name="a", controller="b", contact="c"))
    assert run_checks(make_app({"STRICT_COOKIES_POLICY": policy}, toml=None)) == []


@pytest.mark.parametrize("key", ["name", "controller", "contact"])
def test_each_missing_detail_of_the_site_is_named(make_app, key):
    """Exactly the empty one of the three is named."""
    lines = [line for line in SITE.splitlines() if not line.startswith(f"{key} ")]
    (finding,) = run_checks(make_app(toml="\n".join([*lines, f'{key} = " "'])))
    assert finding.reason is Reason.SITE_INCOMPLETE
    assert f"lacks {key}," in finding.message


def test_missing_text_is_listed_by_cookie_and_language(make_app):
    """Each text that lacks one of the site's languages is named, and none when all are there."""
    texts = ('title = {en = "T", sv = "T"}', 'description = {en = "D"}', 'without_it = "W"')
    session = ENTRY.format(name="__Host-Http-session").replace("preferences", "session")
    for key, value in (("title", "S"), ("description", "S"), ("without_it", "S")):
        lines = [line for line in session.splitlines() if not line.startswith(key)]
        session = "\n".join([*lines, f'{key} = {{en = "{value}", sv = "{value}"}}'])
    entry = ENTRY.format(name="choice")
    entry = "\n".join(
        next((text for text in texts if line.split(" ")[0] == text.split(" ")[0]), line)
        for line in entry.splitlines()
    )
    site = f'{SITE}languages = ["en", "sv"]\n'
    findings = run_checks(make_app(toml=site + entry))
    assert brief(findings) == [("warning", "SC409")]
    _, built_in, choice = findings[0].message.split("\n")
    assert built_in == "- Cookie '__Host-Http-session': title.sv, description.sv, without_it.sv"
    assert choice == "- Cookie 'choice': description.sv, without_it.sv"
    (finding,) = run_checks(make_app(toml=site + session + "\n" + entry))
    assert finding.message.split("\n")[1:] == [choice]
    assert run_checks(make_app(toml=site + session)) == []
    assert run_checks(make_app(toml=SITE + ENTRY.format(name="choice"))) == []


def test_missing_text_of_every_kind_of_entry_is_listed(tmp_path):
    """What visitors read of storage, preferences and third parties is held to the languages too."""
    policy = CookiePolicy(
        site=Site(name="ERP", controller="Vendor", contact="c", languages=("en", "de")),
        storage=(keep("draft", title={"en": "T", "de": "T"}),),
        preferences=(prefer("theme", description={"en": "D", "de": "D"}),),
        recipients=(
            Recipient(name="A", role="R", data="D", purpose="P", country="DE"),
            Recipient(
                name="B",
                role={"de": "R", "en": "R"},
                data={"de": "D"},
                purpose={"de": "P", "en": "P"},
                country="US",
                safeguard={"en": "S"},
            ),
        ),
        external_origins=(
            ExternalOrigin(origin="https://a.example", kinds="image", reason="R", recipient="A"),
        ),
    )
    app = Flask("erp", root_path=str(tmp_path))
    app.config.update(SECRET_KEY=KEY, TRUSTED_HOSTS=["a.example"], STRICT_COOKIES_POLICY=policy)
    StrictCookies(app)
    finding, unsigned = run_checks(app)
    assert unsigned.reason is Reason.UNSIGNED_TRAIL
    assert finding.reason is Reason.TEXT_MISSING
    assert finding.message.split("\n")[1:] == [
        "- Storage 'draft': description.de, without_it.de",
        "- Preference 'theme': title.de",
        "- Recipient 'A': role.de, data.de, purpose.de",
        "- Recipient 'B': data.en, safeguard.de",
        "- External origin 'https://a.example': reason.de",
    ]


# --- Extensions ---


@pytest.fixture
def flask_login(tmp_path, monkeypatch):
    """Make Flask-Login look installed."""
    info = tmp_path / "site-packages" / "Flask_Login-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Flask-Login\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(info.parent)


@pytest.mark.usefixtures("flask_login")
def test_cookie_of_a_used_extension_comes_with_its_entry(make_app):
    """The entry that is suggested, once added, ends the finding; unused extensions give none."""

    def use(app):
        app.login_manager = object()

    assert run_checks(make_app()) == []
    (finding,) = run_checks(make_app(after=use))
    assert (finding.severity, finding.reason) == ("warning", Reason.KNOWN_EXTENSION)
    assert "'remember_token'" in finding.message
    code = [line[4:] for line in finding.remedy.splitlines() if line.startswith("    ")]
    entry = "\n".join(code)
    assert CookiePolicy.parse(entry).find("remember_token") is not None
    assert run_checks(make_app(toml=f"{SITE}\n{entry}\n", after=use)) == []


# --- Talisman's options ---


def closed(**directives):
    return {name.replace("_", "-"): sources for name, sources in directives.items()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"strict_transport_security": OPT_OUT}, "plain http", id="hsts off"),
        pytest.param({"strict_transport_security_max_age": 0}, "_max_age is 0", id="hsts for 0 s"),
        pytest.param(
            {"strict_transport_security_max_age": 86_400}, "_max_age is 86400", id="hsts for a day"
        ),
        pytest.param({"x_content_type_options": OPT_OUT}, "upload", id="sniffing"),
        pytest.param({"referrer_policy": "unsafe-url"}, "'unsafe-url'", id="referrer"),
        pytest.param({"referrer_policy": OPT_OUT}, "referrer_policy is OPT_OUT", id="no referrer"),
        pytest.param({"permissions_policy": OPT_OUT}, "camera", id="no permissions"),
        pytest.param({"permissions_policy": {"camera": "*"}}, "camera as '*'", id="any camera"),
        pytest.param({"cross_origin_opener_policy": OPT_OUT}, "window", id="opener"),
        pytest.param({"cross_origin_resource_policy": OPT_OUT}, "other sites", id="resources"),
        pytest.param(
            {"cross_origin_resource_policy": "cross-origin"}, "'cross-origin'", id="for all"
        ),
        pytest.param({"origin_agent_cluster": OPT_OUT}, "process", id="agent cluster"),
        pytest.param({"content_security_policy": OPT_OUT}, "scripts out.", id="no csp"),
        pytest.param(
            {
                "content_security_policy": OPT_OUT,
                "content_security_policy_report_only": {"default-src": "'self'"},
            },
            "only reported",
            id="csp reports only",
        ),
        pytest.param(
            {"content_security_policy": closed(script_src="'self' 'unsafe-inline'")},
            "script-src has 'unsafe-inline'",
            id="inline scripts",
        ),
        pytest.param(
            {"content_security_policy": closed(script_src=["'UNSAFE-EVAL'", "data:"])},
            "script-src has 'unsafe-eval' and data:",
            id="eval and data",
        ),
        pytest.param(
            {"content_security_policy": closed(script_src=OPT_OUT, default_src="'unsafe-inline'")},
            "default-src has 'unsafe-inline'",
            id="inline by default",
        ),
        pytest.param(
            {"content_security_policy": closed(img_src="*")}, "img-src has *", id="any image"
        ),
        pytest.param(
            {"content_security_policy_add": closed(connect_src="https: wss:")},
            "connect-src has https: and wss:",
            id="any https host",
        ),
        pytest.param(
            {"content_security_policy": closed(default_src=OPT_OUT, script_src=OPT_OUT)},
            "neither default-src nor script-src",
            id="no scripts' source",
        ),
        pytest.param(
            {
                "content_security_policy": closed(frame_ancestors=OPT_OUT),
                "frame_options": OPT_OUT,
            },
            "frame-ancestors",
            id="framing",
        ),
        pytest.param({"content_security_policy": closed(base_uri=OPT_OUT)}, "base-uri", id="base"),
        pytest.param(
            {"content_security_policy": closed(form_action=OPT_OUT)}, "form-action", id="forms"
        ),
    ],
)
def test_protection_that_is_switched_off_is_named(make_app, options, words):
    """Each option that takes a protection away gives one warning that names it."""
    (finding,) = run_checks(make_app({"STRICT_COOKIES_HEADERS": options}))
    assert (finding.severity, finding.reason) == ("warning", Reason.PROTECTION_OFF)
    assert words in finding.message
    assert finding.remedy


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"referrer_policy": "no-referrer"}, id="stricter referrer"),
        pytest.param({"frame_options": OPT_OUT}, id="frame-ancestors holds alone"),
        pytest.param(
            {"content_security_policy": closed(frame_ancestors=OPT_OUT)},
            id="frame options hold alone",
        ),
        pytest.param({"profile": "strict"}, id="strict profile"),
        pytest.param({"cross_origin_resource_policy": "same-site"}, id="siblings load"),
        pytest.param(
            {"content_security_policy": closed(style_src="'self' 'unsafe-inline'")},
            id="inline styles run no script",
        ),
        pytest.param(
            {"content_security_policy": closed(default_src="'unsafe-inline'")},
            id="script-src stands before default-src",
        ),
        pytest.param(
            {"content_security_policy": closed(img_src="'self' data: https://img.example")},
            id="one named origin",
        ),
    ],
)
def test_option_that_keeps_protection_is_not_found(make_app, options):
    """An option that opens nothing for scripts or strangers gives no finding."""
    assert run_checks(make_app({"STRICT_COOKIES_HEADERS": options})) == []


def test_weakness_of_a_part_is_told_for_that_part(make_app):
    """What the application's own options have anyway is not told again for each part."""
    config = {
        "STRICT_COOKIES_HEADERS": {"referrer_policy": "unsafe-url"},
        "STRICT_COOKIES_HEADERS_SCOPES": {
            "/assets": {"cross_origin_resource_policy": "cross-origin"},
            "/embed": {"content_security_policy": {"frame-ancestors": "*"}},
        },
    }
    assert [finding.message.partition(":")[0] for finding in run_checks(make_app(config))] == [
        "STRICT_COOKIES_HEADERS",
        "STRICT_COOKIES_HEADERS_SCOPES '/embed'",
    ]


def test_cookies_that_are_no_longer_kept_back_are_told(make_app):
    """The declaration says that browsers send no cookies; without the header they do."""
    tiles = ExternalOrigin(
        origin="https://tiles.example", kinds=("image",), reason="Maps", recipient="A"
    )
    maps = Recipient(name="A", role="R", data="D", purpose="P", country="DE")
    site = Site(name="S", controller="C", contact="c@example.com")
    policy = CookiePolicy(site=site, recipients=(maps,), external_origins=(tiles,))
    config = {"STRICT_COOKIES_POLICY": policy}
    assert run_checks(make_app(config)) == []
    config["STRICT_COOKIES_HEADERS"] = {"cross_origin_embedder_policy": OPT_OUT}
    (finding,) = run_checks(make_app(config))
    assert "send https://tiles.example the cookies" in finding.message


def test_wrong_part_is_found(make_app):
    """A part that does not exist is an error before the first request."""
    (finding,) = run_checks(make_app({"STRICT_COOKIES_HEADERS_SCOPES": {"shop": {}}}))
    assert (finding.severity, finding.reason) == ("error", None)
    assert "'shop' is no blueprint of this application" in finding.message


# --- What a finding says ---


def test_no_key_is_ever_told(make_app):
    """No finding holds a secret key, whatever is wrong with it."""
    secrets = {"SECRET_KEY": "hunter2hunter2", "SECRET_KEY_FALLBACKS": ["swordfish", b"opensesame"]}
    findings = run_checks(make_app(secrets))
    assert brief(findings) == [("warning", "SC404")] * 3
    told = repr(findings)
    assert not any(word in told for word in ("hunter2", "swordfish", "opensesame"))


def test_findings_come_in_order_of_severity(make_app):
    """Errors stand before warnings, those before what is for information."""
    app = make_app(
        {"SECRET_KEY": None, "STRICT_COOKIES_EXPIRE_UNDECLARED": "off", "TRUSTED_HOSTS": None}
    )
    assert brief(run_checks(app)) == [("error", "SC404"), ("warning", "SC406"), ("info", "SC410")]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            ConfigurationError("Wrapped. Move it.", reason_id="SC301"),
            (Reason.UNKNOWN_MIDDLEWARE, "Wrapped. Move it."),
            id="with an id",
        ),
        pytest.param(FrozenConfigurationError("Late."), (None, "Late."), id="without"),
        pytest.param(
            PolicyError(["One."], source="p.toml"),
            (None, "p.toml has 1 mistake:\n- One."),
            id="one",
        ),
        pytest.param(PolicyError(["One."]), (None, "The policy has 1 mistake:\n- One."), id="py"),
    ],
)
def test_error_that_stops_an_application_becomes_a_finding(error, expected):
    """The finding keeps the id and the words, each mistake on a line."""
    finding = explain_error(error)
    assert (finding.reason, finding.message) == expected
    assert finding.severity == "error"


def test_title_is_the_reason_or_says_that_nothing_works():
    """A finding without an id still has a title."""
    with_id = Finding(reason=Reason.EXPIRY_OFF, severity="info", message="", remedy="")
    without = Finding(reason=None, severity="error", message="", remedy="")
    assert with_id.title == "SC410 expiry of undeclared cookies is off"
    assert without.title == "Strict Cookies can't work like this"


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words, expected):
    """Commas stand between words, and 'and' before the last."""
    assert join_words(words) == expected


def test_declared_cookie_of_python_is_checked_like_one_of_a_file(make_app):
    """The causes name the policy where it has no file."""
    policy = CookiePolicy(
        site=Site(name="a", controller="b", contact="c"),
        cookies=(
            DeclaredCookie(
                name="session", title="T", purposes=("session",), description="D", without_it="W"
            ),
        ),
    )
    (finding,) = run_checks(make_app({"STRICT_COOKIES_POLICY": policy}, toml=None))
    assert "the policy declares 'session'" in finding.message
