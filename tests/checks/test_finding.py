"""How findings are worded and sorted."""

from __future__ import annotations

import pytest

from strict_cookies.checks.app import run_checks
from strict_cookies.checks.finding import Finding, explain_error
from strict_cookies.errors import ConfigurationError, FrozenConfigurationError, PolicyError
from strict_cookies.reasons import Reason
from tests.checks.applications import brief


def test_no_key_is_ever_shown(make_app):
    """No finding contains a secret key."""
    secrets = {"SECRET_KEY": "hunter2hunter2", "SECRET_KEY_FALLBACKS": ["swordfish", b"opensesame"]}
    findings = run_checks(make_app(secrets))
    assert brief(findings) == [("warning", "SC404")] * 3
    text = repr(findings)
    assert not any(word in text for word in ("hunter2", "swordfish", "opensesame"))


def test_findings_come_in_order_of_severity(make_app):
    """Errors are first, then warnings, then infos."""
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
    assert without.title == "Invalid configuration"
