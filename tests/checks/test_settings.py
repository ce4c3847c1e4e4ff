"""Weak and sound settings, as ``flask cookies check`` finds them."""

from __future__ import annotations

import pytest

from strict_cookies.checks.app import run_checks
from tests.checks.applications import ENTRY, KEY, SITE, brief


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
    pytest.param({"SECRET_KEY": "x" * 31}, "warning", "SC404", ["31 bytes"], id="short key"),
    pytest.param({"SECRET_KEY": b"x" * 8}, "warning", "SC404", ["8 bytes"], id="short bytes"),
    pytest.param(
        {"SECRET_KEY_FALLBACKS": [KEY, "old"]}, "warning", "SC404",
        ["SECRET_KEY_FALLBACKS[1]", "3 bytes"], id="short fallback",
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
    pytest.param({"STRICT_COOKIES_EXPIRE_UNDECLARED": "off"}, "info", "SC410", ["'off'"],
                 id="expiry"),
    pytest.param(
        {"STRICT_COOKIES_MODE": "enforced"}, "error", None, ["'enforced'", "'enforce'"],
        id="unknown mode",
    ),
    pytest.param(
        {"STRICT_COOKIES_EXPIRE_UNDECLARD": "off"}, "error", None,
        ["Did you mean STRICT_COOKIES_EXPIRE_UNDECLARED"],
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
        pytest.param({"SECRET_KEY": b"x" * 32}, id="32 bytes"),
        pytest.param({"SECRET_KEY": "\xe4" * 16}, id="32 bytes of UTF-8"),
        pytest.param({"TRUSTED_HOSTS": "erp.example"}, id="one host as a text"),
    ],
)
def test_sound_setting_is_not_found(make_app, config):
    """What looks like a weakness and is none gives no finding."""
    assert run_checks(make_app(config)) == []


def test_plain_http_costs_secure_and_the_prefix(make_app):
    """Plain http is reported by itself, and as the cause of the missing prefix."""
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
    """
    An entry that gives the session another purpose is reported before the first request
    fails.
    """
    text = SITE + ENTRY.format(name="erp")
    app = make_app(toml=text, after=lambda app: app.config.update(SESSION_COOKIE_NAME="erp"))
    finding = run_checks(app)[0]
    assert (finding.severity, finding.reason) == ("error", None)
    assert "Cookie 'erp' is Flask's session: it may serve session and authent" in finding.message


def test_name_is_checked_as_at_the_first_request(make_app):
    """A setting that changes after init_app still counts, as it does for the firewall."""
    app = make_app(after=lambda app: app.config.update(SESSION_COOKIE_DOMAIN="erp.example"))
    assert "'__Http-session'" in run_checks(app)[0].message
    firewall = app.extensions["strict_cookies"].freeze()
    assert [cookie.name for cookie in firewall.policy.cookies] == ["__Http-session"]
