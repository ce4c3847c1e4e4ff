"""Options for the security headers: each checked by itself, then all of them together."""

from __future__ import annotations

import re

import pytest

from strict_cookies import ConfigurationError
from strict_cookies.headers.merge import Hsts, resolve
from strict_cookies.headers.options import NOT_OURS, OPTIONS, check_layer
from strict_cookies.http.presets import CLOSED_PERMISSIONS, OPT_OUT, PROFILES, YEAR


def come_to(*layers, **surroundings):
    """Lay options over each other: the application's own first."""
    checked = [
        check_layer(f"layer {number}", options, host_wide=number == 0)
        for number, options in enumerate(layers)
    ]
    return resolve(checked, **surroundings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"frame_option": "DENY"},
            "'frame_option' is not known. Did you mean 'frame_options'?",
            id="misspelt",
        ),
        pytest.param({"zzz": 1}, "'zzz' is not known. Known: profile, ", id="unknown"),
        pytest.param({"app": 1}, "'app' is not known.", id="an argument is no option"),
        *(
            pytest.param(
                {name: True}, f"{name!r} has no effect here; {work} does its work.", id=name
            )
            for name, work in NOT_OURS.items()
        ),
        pytest.param(
            {"profile": "stict"}, "profile is 'stict'. Did you mean 'strict'?", id="profile"
        ),
        pytest.param({"frame_options": "deny"}, "Did you mean 'DENY'?", id="small letters"),
        pytest.param(
            {"frame_options": "ALLOW-FROM"}, "Use one of DENY, SAMEORIGIN.", id="dead value"
        ),
        pytest.param({"frame_options": ["DENY"]}, "frame_options is a list.", id="list for a text"),
        pytest.param(
            {"referrer_policy": None},
            "referrer_policy is None. To switch it off write 'off'",
            id="None",
        ),
        pytest.param(
            {"referrer_policy": "no-referer"}, "Did you mean 'no-referrer'?", id="referer"
        ),
        pytest.param({"referrer_policy": "no-referrer\r\nX: 1"}, "Did you mean", id="CR LF"),
        pytest.param(
            {"referrer_policy": "no-referrer, origin"},
            "referrer_policy is 'no-ref",
            id="two policies",
        ),
        pytest.param(
            {"x_content_type_options": False},
            "is False. To switch it off write 'off'",
            id="False",
        ),
        pytest.param({"origin_agent_cluster": "?1"}, "Write True or 'off'.", id="no switch"),
        pytest.param(
            {"cross_origin_opener_policy": "unsafe-none"},
            "Use one of same-origin, ",
            id="the browser's own default",
        ),
        pytest.param(
            {"cross_origin_embedder_policy": "credentialles"}, "'credentialless'?", id="coep"
        ),
        pytest.param(
            {"strict_transport_security_max_age": "31536000"},
            "Write whole seconds",
            id="age as text",
        ),
        pytest.param(
            {"strict_transport_security_max_age": True}, "Write whole seconds", id="age True"
        ),
        pytest.param(
            {"strict_transport_security_max_age": -1}, "Write whole seconds", id="age < 0"
        ),
        pytest.param({"strict_transport_security_preload": 1}, "Write True or False.", id="flag"),
        pytest.param(
            {"strict_transport_security": OPT_OUT, "strict_transport_security_max_age": 1},
            "_max_age does nothing, because strict_transport_security is 'off'.",
            id="dead age",
        ),
        pytest.param(
            {"content_security_policy": None}, "To switch it off write 'off'", id="no csp"
        ),
        pytest.param(
            {"content_security_policy": "default-src 'self'"}, "is not a mapping", id="csp text"
        ),
        pytest.param(
            {"content_security_policy_add": {"base-uri": "'none'"}},
            "which adds nothing",
            id="add none",
        ),
        pytest.param(
            {"content_security_policy_add": {"img-src": OPT_OUT}},
            "which adds nothing",
            id="add OPT_OUT",
        ),
        pytest.param(
            {"content_security_policy_add": {"sandbox": ""}}, "takes no sources", id="flags"
        ),
        pytest.param(
            {"content_security_policy_report_only": True},
            "Write the policy to try as a mapping",
            id="Talisman's switch",
        ),
        pytest.param(
            {"content_security_policy_report_only": {"sandbox": ""}},
            "which browsers ignore where they only report",
            id="dead in a trial",
        ),
        pytest.param(
            {"content_security_policy_nonce_in": "script-src"},
            "is a str. Write a list",
            id="text for a list",
        ),
        pytest.param(
            {"content_security_policy_nonce_in": ["img-src"]},
            "where a nonce does nothing",
            id="nonce of images",
        ),
        pytest.param(
            {"content_security_policy_report_uri": "https://other.test/r"},
            "Reports go to this site only",
            id="reports to others",
        ),
        pytest.param(
            {"content_security_policy_report_uri": "//other.test/r"},
            "Reports go to this site only",
            id="reports to others, no scheme",
        ),
        pytest.param(
            {"content_security_policy_report_uri": "/r; script-src *"},
            "Reports go to this site only",
            id="injection",
        ),
        pytest.param(
            {"content_security_policy_report_uri": '/r" x="/'},
            "Reports go to this site only",
            id="injection of an endpoint",
        ),
        pytest.param(
            {"permissions_policy": "camera=()"}, "is not a mapping", id="permissions text"
        ),
        pytest.param(
            {"permissions_policy": {"camera": None}}, "camera is None", id="permission None"
        ),
    ],
)
def test_option_that_would_not_do_what_it_seems_is_refused(options, message):
    """A misspelt, dead or dangerous option says where, what, and how to mend it."""
    with pytest.raises(ConfigurationError, match=re.escape(message)) as caught:
        come_to(options)
    assert str(caught.value).startswith("layer 0: ")


@pytest.mark.parametrize(
    ("layers", "surroundings", "message"),
    [
        pytest.param(
            [
                {
                    "strict_transport_security_preload": True,
                    "strict_transport_security_include_subdomains": False,
                }
            ],
            {},
            "_preload needs strict_transport_security_include_subdomains",
            id="preload alone",
        ),
        pytest.param(
            [
                {
                    "strict_transport_security_preload": True,
                    "strict_transport_security_max_age": YEAR - 1,
                }
            ],
            {},
            "31536000 or more",
            id="preload for a short time",
        ),
        pytest.param(
            [{"frame_options": "SAMEORIGIN"}],
            {},
            "frame_options is 'SAMEORIGIN', but content_security_policy frame-ancestors is "
            "\"'none'\"",
            id="framing",
        ),
        pytest.param(
            [
                {"frame_options": "DENY"},
                {"content_security_policy": {"frame-ancestors": "'self' https://a.test"}},
            ],
            {},
            "browsers follow that",
            id="framing in another layer",
        ),
        pytest.param(
            [
                {
                    "content_security_policy": OPT_OUT,
                    "content_security_policy_add": {"img-src": "data:"},
                }
            ],
            {},
            "adds to nothing",
            id="added to nothing",
        ),
        pytest.param(
            [{"content_security_policy": OPT_OUT, "content_security_policy_report_uri": "/r"}],
            {},
            "no policy to report on",
            id="nothing to report on",
        ),
        pytest.param(
            [
                {
                    "content_security_policy": {"script-src": OPT_OUT},
                    "content_security_policy_nonce_in": ["script-src"],
                }
            ],
            {},
            "which content_security_policy has not",
            id="nonce for nothing",
        ),
        pytest.param(
            [
                {
                    "content_security_policy": {"script-src": "'none'"},
                    "content_security_policy_nonce_in": ["script-src"],
                }
            ],
            {},
            "which content_security_policy closes",
            id="nonce beside none",
        ),
        pytest.param(
            [
                {
                    "content_security_policy": {"style-src": "'unsafe-inline'"},
                    "content_security_policy_nonce_in": ["style-src"],
                }
            ],
            {},
            "has no effect together with a nonce",
            id="nonce voids inline",
        ),
        pytest.param(
            [{"content_security_policy": {"script-src": "'strict-dynamic'"}}],
            {"extra_sources": {"script-src": ("https://cdn.test",)}},
            "cancels https://cdn.test",
            id="an external origin is void",
        ),
        pytest.param(
            [{"cross_origin_embedder_policy": "require-corp"}],
            {"extra_sources": {"img-src": ("https://a.test",)}},
            "lets cookies move to https://a.test",
            id="cookies move",
        ),
        pytest.param(
            [{}, {"strict_transport_security_max_age": 1}],
            {},
            "holds for the whole host. Set it in STRICT_COOKIES_HEADERS.",
            id="host-wide",
        ),
        pytest.param(
            [{}, {"origin_agent_cluster": OPT_OUT}],
            {},
            "holds for the whole host",
            id="origin-wide",
        ),
        pytest.param(
            [{"content_security_policy_report_only": {"script-src": "'strict-dynamic'"}}],
            {},
            "",
            id="trial is fine",
        ),
        pytest.param(
            [{"content_security_policy_report_only": {"script-src": "'self' 'strict-dynamic'"}}],
            {},
            "content_security_policy_report_only script-src: 'strict-dynamic' cancels",
            id="trial is checked too",
        ),
    ],
)
def test_contradiction_is_refused(layers, surroundings, message):
    """Options that void each other are told, wherever they come together."""
    if not message:
        assert come_to(*layers, **surroundings).csp_report_only is not None
        return
    with pytest.raises(ConfigurationError, match=re.escape(message)) as caught:
        come_to(*layers, **surroundings)
    assert str(caught.value).startswith(f"layer {len(layers) - 1}: ")


def test_nothing_given_is_the_default_profile():
    """Without an option everything is as the profile says."""
    found = come_to()
    assert found == come_to({}) == come_to({"profile": "default"})
    assert found.hsts == Hsts(max_age=YEAR, include_subdomains=True, preload=False)
    assert found.nonce_in == ("script-src", "style-src")
    assert found.permissions == CLOSED_PERMISSIONS
    assert found.embedder_policy is None
    assert found.report_uri is None


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_can_be_used(name):
    """Each profile is free of contradictions, names its source, and never opens framing."""
    found = come_to({"profile": name})
    assert found.csp["frame-ancestors"] == ("'none'",)
    assert found.frame_options == "DENY"
    assert PROFILES[name].source
    assert PROFILES[name].about.endswith(".")


def test_layers_win_by_directive_and_by_name():
    """A later layer changes what it names, and leaves the rest."""
    found = come_to(
        {
            "content_security_policy": {"img-src": "'self' data:"},
            "referrer_policy": "origin",
            "permissions_policy": {"camera": "(self)"},
        },
        {
            "content_security_policy": {"img-src": "'none'", "base-uri": OPT_OUT},
            "permissions_policy": {"usb": OPT_OUT},
        },
    )
    assert found.csp["img-src"] == ("'none'",)
    assert "base-uri" not in found.csp
    assert found.csp["object-src"] == ("'none'",)
    assert found.referrer_policy == "origin"
    assert found.permissions == {
        **{name: said for name, said in CLOSED_PERMISSIONS.items() if name != "usb"},
        "camera": "(self)",
    }


def test_a_profile_for_a_part_starts_again_but_for_the_host():
    """JSON of an ERP gets the policy for JSON, and the host's HSTS stays what it was."""
    found = come_to(
        {
            "content_security_policy": {"img-src": "data:"},
            "strict_transport_security_max_age": 2 * YEAR,
        },
        {"profile": "api"},
    )
    assert found.csp == {
        "default-src": ("'none'",),
        "base-uri": ("'none'",),
        "form-action": ("'none'",),
        "frame-ancestors": ("'none'",),
    }
    assert found.nonce_in == ()
    assert found.hsts.max_age == 2 * YEAR
    assert come_to({}, {"profile": "strict"}).hsts.max_age == YEAR
    assert come_to({"profile": "strict"}).hsts.max_age == 2 * YEAR


def test_what_is_switched_off_can_be_switched_on_again():
    """A later layer begins with the profile again, not with nothing."""
    off = {"content_security_policy": OPT_OUT, "permissions_policy": OPT_OUT}
    assert (come_to(off).csp, come_to(off).permissions) == (None, None)
    on = {"content_security_policy": {"img-src": "data:"}, "permissions_policy": {"usb": "(self)"}}
    found = come_to(off, on)
    assert found.csp["default-src"] == ("'self'",)
    assert found.permissions["camera"] == "()"


def test_sources_are_added_layer_by_layer():
    """What is added is added to what there is, and begins with the fallback."""
    added = {"content_security_policy_add": {"img-src": "https://b.test"}}
    found = come_to({"content_security_policy_add": {"img-src": "https://a.test"}}, added)
    assert found.csp["img-src"] == ("'self'", "https://a.test", "https://b.test")


def test_origins_of_the_policy_open_the_application_and_a_layer_can_close_again():
    """What [[external_origin]] declares holds everywhere but where a part says otherwise."""
    extra = {"img-src": ("https://a.test",), "form-action": ("https://pay.test",)}
    app = {"content_security_policy": {"img-src": "'self' data:"}}
    found = come_to(app, extra_sources=extra)
    assert found.csp["img-src"] == ("'self'", "data:", "https://a.test")
    assert found.csp["form-action"] == ("'self'", "https://pay.test")
    closed = come_to(app, {"content_security_policy": {"img-src": "'none'"}}, extra_sources=extra)
    assert closed.csp["img-src"] == ("'none'",)


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("script-src", "credentialless"),
        ("style-src", "credentialless"),
        ("img-src", "credentialless"),
        ("font-src", "credentialless"),
        ("frame-src", None),
        ("connect-src", None),
        ("form-action", None),
    ],
)
def test_embedder_policy_follows_the_kinds(kind, policy):
    """Cookies are kept back where a browser can: from what it fetches without CORS."""
    extra = {kind: ("https://a.test",)}
    assert come_to(extra_sources=extra).embedder_policy == policy
    chosen = {"cross_origin_embedder_policy": "credentialless"}
    assert come_to(chosen, extra_sources=extra).embedder_policy == "credentialless"
    off = {"cross_origin_embedder_policy": OPT_OUT}
    assert come_to(off, extra_sources=extra).embedder_policy is None


@pytest.mark.parametrize(
    ("ancestors", "said"),
    [
        ("'none'", "DENY"),
        ("'self'", "SAMEORIGIN"),
        ("'self' https://partner.test", None),
        ("*", None),
        (OPT_OUT, "DENY"),
    ],
)
def test_frame_options_say_what_frame_ancestors_say(ancestors, said):
    """Old browsers and new ones are told the same; who may frame is never told two ways."""
    options = {"content_security_policy": {"frame-ancestors": ancestors}}
    assert come_to(options).frame_options == said
    assert come_to({**options, "frame_options": OPT_OUT}).frame_options is None


def test_nonces_go_where_they_can_do_something():
    """By default a directive that a nonce would void, or that is closed, gets none."""
    policy = {"style-src": "'self' 'unsafe-inline'", "script-src": "'self'"}
    assert come_to({"content_security_policy": policy}).nonce_in == ("script-src",)
    assert come_to({"content_security_policy": {"script-src": "'none'"}}).nonce_in == ("style-src",)
    assert come_to({"content_security_policy_nonce_in": []}).nonce_in == ()


def test_reports_go_where_they_are_told():
    """The library's own address holds unless a path is given; without a policy there is none."""
    assert come_to(reports="/cookies/reports").report_uri == "/cookies/reports"
    own = {"content_security_policy_report_uri": "/mine"}
    assert come_to(own, reports="/cookies/reports").report_uri == "/mine"
    off = {"content_security_policy_report_uri": OPT_OUT}
    assert come_to(off, reports="/cookies/reports").report_uri is None
    none = {"content_security_policy": OPT_OUT}
    assert come_to(none, reports="/cookies/reports").report_uri is None


def test_options_are_listed_once():
    """No option is both taken and refused."""
    assert len(set(OPTIONS)) == len(OPTIONS)
    assert not set(OPTIONS) & set(NOT_OURS)
