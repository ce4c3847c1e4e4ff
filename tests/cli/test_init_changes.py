"""What ``flask cookies init`` says that Strict Cookies changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from strict_cookies import CookiePolicy, ExternalOrigin, Recipient, StrictCookies
from strict_cookies.checks.extensions import UsedCookie
from strict_cookies.cli.init_changes import list_changes
from strict_cookies.cli.init_policy import write_policy
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.scan.app import ScanResult
from strict_cookies.scan.markup import Violation, ViolationKind

EXTERNAL = ViolationKind.EXTERNAL


def make_app(tmp_path, protected=False, **config):
    app = Flask("shop", root_path=str(tmp_path))
    app.config.update(config)
    if protected:
        StrictCookies(app)
    return app


def changes(app, *found):
    return dict(list_changes(app, ScanResult(violations=list(found))))


# --- What changes ---


@pytest.mark.parametrize(
    ("config", "protected", "words"),
    [
        pytest.param({}, False, "renamed from session to __Host-Http-session", id="renamed"),
        pytest.param(
            {"SESSION_COOKIE_DOMAIN": "a.example"}, False, "to __Http-session", id="with a domain"
        ),
        pytest.param({"SESSION_COOKIE_NAME": "sid"}, False, "keeps its name, sid", id="own name"),
        pytest.param({}, True, "is named __Host-Http-session", id="protected"),
        pytest.param(
            {"STRICT_COOKIES_TRANSPORT": "plain-http"}, True, "is named session", id="plain http"
        ),
    ],
)
def test_name_of_the_session_cookie_is_predicted(tmp_path, config, protected, words):
    """The name is the one that the application's configuration leads to."""
    assert words in changes(make_app(tmp_path, protected, **config))["Session cookie"]


def test_predicted_name_is_the_real_one(tmp_path):
    """What is said of a bare application is what StrictCookies then does."""
    for number, config in enumerate(
        ({}, {"SESSION_COOKIE_PATH": "/a"}, {"SESSION_COOKIE_HTTPONLY": False})
    ):
        app = make_app(tmp_path, SECRET_KEY="x" * 32, **config)
        predicted = changes(app)["Session cookie"]
        StrictCookies(app)
        assert f" to {app.config['SESSION_COOKIE_NAME']}. " in predicted, number


@pytest.mark.parametrize(
    ("config", "protected", "expected"),
    [
        pytest.param(
            {}, False, "Secure and SameSite=Lax are added. HttpOnly is already set.", id="bare"
        ),
        pytest.param(
            {"SESSION_COOKIE_SECURE": True},
            False,
            "SameSite=Lax is added. Secure and HttpOnly are already set.",
            id="secure",
        ),
        pytest.param(
            {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"},
            False,
            "Secure, SameSite=Strict and HttpOnly are already set.",
            id="all there",
        ),
        pytest.param({}, True, "It has Secure, SameSite=Lax and HttpOnly.", id="protected"),
        pytest.param(
            {"SESSION_COOKIE_HTTPONLY": False, "STRICT_COOKIES_TRANSPORT": "plain-http"},
            False,
            "SameSite=Lax is added. Scripts can still read it, because SESSION_COOKIE_HTTPONLY is "
            "off: remove that. Secure is not added, because STRICT_COOKIES_TRANSPORT is "
            "'plain-http'.",
            id="neither",
        ),
    ],
)
def test_attributes_are_those_of_the_configuration(tmp_path, config, protected, expected):
    """Only what is missing today is said to be added."""
    assert changes(make_app(tmp_path, protected, **config))["Its attributes"] == expected


@pytest.mark.parametrize(
    ("lifetime", "said"), [(timedelta(hours=8), "8 hours"), (600, "10 minutes")]
)
def test_lifetime_of_the_session_is_the_configured_one(tmp_path, lifetime, said):
    """The current lifetime is reported next to the new one."""
    text = changes(make_app(tmp_path, PERMANENT_SESSION_LIFETIME=lifetime))["Its lifetime"]
    assert f"(without Strict Cookies: {said})" in text
    assert "when the browser closes" in text


def test_remembered_login_is_said_to_end(tmp_path, install):
    """A login that outlives the browser is reported, with its current lifetime."""
    install("flask-login")
    app = make_app(tmp_path)
    assert "Remembered" not in changes(app)
    app.login_manager = object()
    assert changes(app)["Remembered"] == (
        "remember_token of Flask-Login ends when the browser closes (without Strict Cookies: 365 "
        "days)."
    )


def test_cookie_within_its_limit_is_not_said_to_end(tmp_path, install, monkeypatch):
    """Only a lifetime longer than declared is reported, with the limit."""
    install("flask-security")
    app = make_app(tmp_path, SECURITY_TWO_FACTOR=True, SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=False)
    app.extensions["security"] = object()
    from strict_cookies.cli import init_changes

    (cookie,) = init_changes.used_cookies(app)

    def said(days):
        known = UsedCookie(name="tf", known=cookie.known, lifetime=timedelta(days=days))
        monkeypatch.setattr(init_changes, "used_cookies", lambda app: (known,))
        return changes(app).get("Remembered")

    assert said(30) is None
    assert said(31) == (
        "tf of Flask-Security ends after 30 days (without Strict Cookies: 31 days)."
    )


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({}, "is neither sent nor read", id="enforce"),
        pytest.param({"TESTING": True}, "raises an error", id="testing"),
        pytest.param({"STRICT_COOKIES_MODE": "raise"}, "raises an error", id="raise"),
        pytest.param({"STRICT_COOKIES_MODE": "report-only"}, "Nothing is blocked", id="report"),
    ],
)
def test_other_cookies_follow_the_mode(tmp_path, config, words):
    """What becomes of undeclared cookies depends on the mode."""
    assert words in changes(make_app(tmp_path, **config))["Other cookies"]


def place(kind, subject="x"):
    return Violation(kind, "a.html", 1, subject)


@pytest.mark.parametrize(
    ("found", "third", "inline"),
    [
        pytest.param([], "in a frame.", "with a nonce.", id="nothing"),
        pytest.param(
            [place(EXTERNAL)],
            "The external origin above is blocked.",
            "nonce.",
            id="origin",
        ),
        pytest.param(
            [
                place(EXTERNAL),
                place(EXTERNAL),
                place(EXTERNAL, "y"),
            ],
            "The 2 external origins above are blocked.",
            "nonce.",
            id="origins",
        ),
        pytest.param(
            [place(ViolationKind.DATA), place(ViolationKind.SCRIPT)],
            "frame.",
            "The 1 place above does not work until fixed.",
            id="script",
        ),
        pytest.param(
            [place(ViolationKind.HANDLER), place(ViolationKind.STYLE)],
            "frame.",
            "The 2 places above do not work until fixed.",
            id="two",
        ),
    ],
)
def test_what_is_blocked_is_counted(tmp_path, found, third, inline):
    """Origins are counted once each, places of inline code by line."""
    said = changes(make_app(tmp_path), *found)
    assert said["Third parties"].endswith(third)
    assert said["Inline code"].endswith(inline)


def test_headers_are_those_that_will_be_sent(tmp_path):
    """The headers are compiled from the application's own options."""
    options = {
        "content_security_policy": {"img-src": "'self' data:"},
        "strict_transport_security_max_age": 31_556_926,
        "strict_transport_security_include_subdomains": False,
    }
    said = changes(make_app(tmp_path, STRICT_COOKIES_HEADERS=options))
    assert "; img-src 'self' data:\n" in said["Headers"]
    assert said["HSTS"].endswith("plain http to this host for 365 days.")
    assert said["Third parties"].startswith("The application's own content_security_policy")
    assert said["Inline code"].startswith("The application's own content_security_policy")


def test_origins_that_the_policy_admits_are_not_told_as_blocked(tmp_path):
    """What cookies.toml lets in is in the header, and is no longer counted."""
    tiles = ExternalOrigin(origin="https://tiles.example", kinds=("image",), reason="Maps",
                           recipient="Maps Ltd")  # fmt: skip
    maps = Recipient(name="Maps Ltd", role="processor", data="address", purpose="maps",
                     country="FR")  # fmt: skip
    policy = CookiePolicy(recipients=(maps,), external_origins=(tiles,))
    app = make_app(tmp_path, protected=True, STRICT_COOKIES_POLICY=policy)
    said = changes(app, place(EXTERNAL, "https://tiles.example"))
    assert said["Third parties"] == (
        "Pages load from this host and the external origins in cookies.toml, and no other site can "
        "show them in a frame."
    )
    assert "; img-src 'self' https://tiles.example\n" in said["Headers"]
    assert (
        "- Permissions-Policy: accelerometer=(), browsing-topics=(), camera=() and 24 more\n"
        in (said["Headers"])
    )


def test_headers_that_are_off_are_not_promised(tmp_path):
    """Without a policy for content nothing is said to be blocked."""
    options = {"content_security_policy": OPT_OUT, "strict_transport_security": OPT_OUT}
    said = changes(make_app(tmp_path, STRICT_COOKIES_HEADERS=options))
    assert not {"Third parties", "Inline code", "HSTS"} & said.keys()
    assert "X-Content-Type-Options" in said["Headers"]


@pytest.mark.parametrize(
    "options", [None, {"nonsense": 1}, {"content_security_policy_report_only": True}]
)
def test_options_that_cannot_be_used_are_reported(tmp_path, options):
    """Wrong options are left to the check."""
    said = changes(make_app(tmp_path, STRICT_COOKIES_HEADERS=options))
    assert "flask cookies check" in said["Headers"]


def test_plain_http_promises_no_https(tmp_path):
    """With plain http there is no row about HTTPS."""
    assert "HTTPS" in changes(make_app(tmp_path))
    assert "HTTPS" not in changes(make_app(tmp_path, STRICT_COOKIES_TRANSPORT="plain-http"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({}, "Once TRUSTED_HOSTS is set", id="no pinned host"),
        pytest.param({"TRUSTED_HOSTS": ["erp.example"]}, "is redirected to https: ", id="pinned"),
        pytest.param(
            {"STRICT_COOKIES_CANONICAL_HOST": "erp.example"}, "is redirected", id="canonical"
        ),
        pytest.param({"STRICT_COOKIES_HTTPS": "off"}, "is not redirected", id="switched off"),
    ],
)
def test_redirect_is_reported_before_it_comes(tmp_path, config, words):
    """Who is behind a proxy learns of the redirect before it goes in circles."""
    assert words in changes(make_app(tmp_path, **config))["HTTPS"]


def test_refusal_of_other_origins_is_reported(tmp_path):
    """Who lets others post, as a SAML sign-in does, learns what to name; not where it is off."""
    assert "STRICT_COOKIES_ORIGIN_EXEMPT" in changes(make_app(tmp_path))["Other sites"]
    switched_off = make_app(tmp_path, STRICT_COOKIES_CROSS_ORIGIN="off")
    assert "Other sites" not in changes(switched_off)


def test_page_that_is_taken_is_reported(tmp_path):
    """A route where the declaration will be is named before it is in the way."""
    app = make_app(tmp_path)
    assert "already" not in changes(app)["New pages"]
    app.add_url_rule("/cookies/", view_func=lambda: "")
    assert "already has /cookies/: set STRICT_COOKIES_URL_PREFIX" in changes(app)["New pages"]
    app.config["STRICT_COOKIES_URL_PREFIX"] = "/privacy/cookies"
    assert changes(app)["New pages"].startswith("/privacy/cookies/ shows visitors")


def test_broken_policy_does_not_stop_the_list(tmp_path):
    """What is wrong with the policy is left to the check."""
    app = make_app(tmp_path, protected=True)
    (tmp_path / "cookies.toml").write_text("[[")
    assert "is named __Host-Http-session" in changes(app)["Session cookie"]


def test_nothing_in_the_application_is_changed(tmp_path):
    """A bare application is bare afterwards, and its configuration is untouched."""
    app = make_app(tmp_path)
    before = dict(app.config)
    write_policy(app, ScanResult())
    changes(app)
    assert app.config == before
    assert app.extensions == {}
