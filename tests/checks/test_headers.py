"""Weak options of the security headers, as ``flask cookies check`` finds them."""

from __future__ import annotations

import pytest

from strict_cookies import (
    CookiePolicy,
    ExternalOrigin,
    Recipient,
    Site,
)
from strict_cookies.checks.app import run_checks
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.reasons import Reason


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
        pytest.param({"referrer_policy": OPT_OUT}, "referrer_policy is 'off'", id="no referrer"),
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
        pytest.param({"frame_options": OPT_OUT}, id="frame-ancestors is enough"),
        pytest.param(
            {"content_security_policy": closed(frame_ancestors=OPT_OUT)},
            id="frame options are enough",
        ),
        pytest.param({"profile": "strict"}, id="strict profile"),
        pytest.param({"cross_origin_resource_policy": "same-site"}, id="siblings load"),
        pytest.param(
            {"content_security_policy": closed(style_src="'self' 'unsafe-inline'")},
            id="inline styles run no script",
        ),
        pytest.param(
            {"content_security_policy": closed(default_src="'unsafe-inline'")},
            id="script-src overrides default-src",
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


def test_weakness_of_a_part_is_reported_for_that_part(make_app):
    """A weakness of the application's own options is not reported again for each scope."""
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


def test_cookies_that_are_no_longer_withheld_are_reported(make_app):
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
    assert "'shop' is not a blueprint of this application" in finding.message
