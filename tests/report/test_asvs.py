"""Settings against OWASP ASVS 5.0: each is broken here, and what depends on it flips."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from strict_cookies import CookiePolicy, DeclaredCookie, Purpose, StrictCookies, login
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.report.asvs import AFTER_LOGIN, REQUIREMENTS, assess, rests_on
from strict_cookies.report.asvs_checks import OBSERVED, EffectiveConfig
from strict_cookies.report.evidence import Evidence, collect_evidence
from strict_cookies.trail.counts import Count

#: All of V3 and V7 of ASVS 5.0.0: how many there are by section.
SECTIONS = {"3.1": 1, "3.2": 3, "3.3": 5, "3.4": 8, "3.5": 8, "3.6": 1, "3.7": 5,
            "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2}  # fmt: skip
#: A configuration that meets all that settings can meet.
BEST = {"STRICT_COOKIES_MODE": "enforce", "STRICT_COOKIES_SESSION_LIMIT_PER_USER": 3}


#: What was seen of an application in which users sign in.
SIGNED_IN = Evidence(last_login=date(2026, 12, 1))


def states(evidence=SIGNED_IN, **config):
    """Create an application and return the state of each requirement by id."""
    app = Flask("shop")
    app.config.update({"SECRET_KEY": "k" * 32, "TESTING": True, **BEST, **config})
    StrictCookies(app)
    return states_of(app, evidence)


def states_of(app, evidence=None):
    """Return the state of each requirement by id; without evidence, as it was seen."""
    state = app.extensions["strict_cookies"]
    return {one.id: one.state for one in assess(EffectiveConfig.of(app, state, evidence))}


def talisman(**options):
    """Return the setting for options of the headers."""
    return {"STRICT_COOKIES_HEADERS": options}


def cookie(**changes):
    """Return the setting that declares one more cookie."""
    values = {
        "name": "__Host-one",
        "title": "One",
        "purposes": (Purpose.AUTHENTICATION,),
        "description": "Does one thing.",
        "without_it": "Nothing would be done.",
        **changes,
    }
    return {"STRICT_COOKIES_POLICY": CookiePolicy(cookies=[DeclaredCookie(**values)])}


@pytest.fixture(scope="module")
def best():
    """States of the best configuration."""
    return states()


def test_no_requirement_is_left_out():
    """V3 and V7 are complete and in order."""
    wanted = [
        f"{section}.{number}"
        for section, count in SECTIONS.items()
        for number in range(1, count + 1)
    ]
    assert [one.id for one in REQUIREMENTS] == wanted


def test_best_settings_leave_preload_alone(best):
    """All that settings can meet is met, except the preload list, which is opt-in."""
    assert [one for one, state in best.items() if state == "not met"] == ["3.7.4"]


def test_default_settings_limit_no_number_of_sessions():
    """The one default that fails a requirement of level 2."""
    found = states(STRICT_COOKIES_SESSION_LIMIT_PER_USER=None)
    assert [one for one, state in found.items() if state == "not met"] == ["3.7.4", "7.1.2"]


ON_SERVER = {"7.1.1", "7.1.2", "7.2.2", "7.2.3", "7.2.4", "7.3.1", "7.3.2", "7.4.1", "7.4.3",
             "7.4.5", "7.5.2"}  # fmt: skip

BREAKS = [
    pytest.param({"STRICT_COOKIES_TRANSPORT": "plain-http"}, {"3.3.1", "3.3.3", "3.4.1"},
                 id="plain http"),
    pytest.param(cookie(name="one"), {"3.3.1", "3.3.3"}, id="name without prefix"),
    pytest.param(cookie(name="__Secure-one"), {"3.3.3"}, id="name that siblings can plant"),
    pytest.param(cookie(samesite="None"), {"3.3.2"}, id="login cookie with SameSite None"),
    pytest.param(cookie(script_readable=True), {"3.3.4"}, id="login cookie that scripts read"),
    pytest.param(talisman(strict_transport_security=OPT_OUT), {"3.4.1"}, id="no HSTS"),
    pytest.param(talisman(strict_transport_security_max_age=3600), {"3.4.1"}, id="short HSTS"),
    pytest.param(talisman(strict_transport_security_include_subdomains=False), {"3.4.1"},
                 id="HSTS without subdomains"),
    pytest.param(talisman(content_security_policy=OPT_OUT), {"3.4.3", "3.4.6", "3.4.7", "3.6.1"},
                 id="no CSP"),
    pytest.param(talisman(content_security_policy={"object-src": "'self'"}), {"3.4.3"},
                 id="plug-ins"),
    pytest.param(talisman(content_security_policy={"base-uri": OPT_OUT}), {"3.4.3"}, id="base"),
    pytest.param(talisman(content_security_policy={"script-src": "'self' 'unsafe-inline'"}),
                 {"3.4.3"}, id="inline scripts"),
    pytest.param(talisman(content_security_policy={"script-src-elem": "'self' 'unsafe-inline'"}),
                 {"3.4.3"}, id="inline script elements"),
    pytest.param(talisman(content_security_policy_add={"script-src": "https://cdn.example.com"}),
                 {"3.6.1"}, id="scripts from elsewhere"),
    pytest.param(talisman(x_content_type_options=OPT_OUT), {"3.4.4"}, id="sniffing"),
    pytest.param(talisman(referrer_policy="unsafe-url"), {"3.4.5"}, id="telling referrer"),
    pytest.param(talisman(referrer_policy=OPT_OUT), {"3.4.5"}, id="no referrer policy"),
    pytest.param(talisman(content_security_policy={"frame-ancestors": OPT_OUT},
                          frame_options=OPT_OUT), {"3.4.6"}, id="frames"),
    pytest.param(talisman(content_security_policy_report_uri=OPT_OUT), {"3.4.7"}, id="no reports"),
    pytest.param(talisman(cross_origin_opener_policy=OPT_OUT), {"3.4.8"}, id="no COOP"),
    pytest.param(talisman(cross_origin_resource_policy="cross-origin"), {"3.5.8"}, id="open CORP"),
    pytest.param({"STRICT_COOKIES_HEADERS_SCOPES": {"/part": {"x_content_type_options": OPT_OUT}}},
                 {"3.4.4"}, id="a part that sniffs"),
    pytest.param({"STRICT_COOKIES_CROSS_ORIGIN": "off"}, {"3.5.1", "3.5.2"}, id="no origin check"),
    pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, ON_SERVER, id="Flask's own session"),
    pytest.param({"SECRET_KEY": None}, {"7.2.1"}, id="no secret"),
    pytest.param({"STRICT_COOKIES_SESSION_LIFETIME": "aal1"}, {"7.1.1", "7.3.1"}, id="no idle"),
    pytest.param({"STRICT_COOKIES_SESSION_LIFETIME": {"absolute": timedelta(days=2),
                                                      "idle": timedelta(minutes=5)}},
                 {"7.1.1"}, id="long sessions"),
    pytest.param({"STRICT_COOKIES_SESSION_LIMIT_PER_USER": None}, {"7.1.2"}, id="any number"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "flipped"), BREAKS)
def test_broken_setting_flips_what_depends_on_it(best, config, flipped):
    """What depends on the setting is no longer met, and nothing else changes."""
    found = states(**config)
    assert {one for one in best if found[one] != best[one]} == flipped
    assert all(found[one] == "not met" for one in flipped)


def test_report_only_meets_nothing(best):
    """In report-only mode no requirement is met."""
    assert "met" not in states(STRICT_COOKIES_MODE="report-only").values()


def test_preload_that_is_sent_is_out_of_scope():
    """The list is maintained elsewhere, so no setting can meet the requirement."""
    found = states(**talisman(strict_transport_security_preload=True))
    assert found["3.7.4"] == "out of scope"


def test_every_requirement_can_flip():
    """Each check that can be met fails for at least one configuration."""
    flipped = {one for case in BREAKS for one in case.values[1]} | {"3.3.5", "3.7.4"}
    assert flipped == {one for one, state in states().items() if state != "out of scope"}


def test_other_session_interface_is_no_server_session():
    """A session interface of the application's own does not count as sessions on the server."""

    class Own(SecureCookieSessionInterface):
        """Another session interface."""

    app = Flask("shop")
    app.session_interface = Own()
    app.config.update(
        {"SECRET_KEY": "k" * 32, **BEST, "STRICT_COOKIES_SESSION_LIMIT_PER_USER": None}
    )
    StrictCookies(app)
    found = states_of(app, SIGNED_IN)
    assert {one for one, state in found.items() if state == "not met"} == {*ON_SERVER, "3.7.4"}


def test_out_of_scope_says_who_is_responsible(best):
    """Each one leads on."""
    app = Flask("shop")
    app.config.update({"SECRET_KEY": "k" * 32, "TESTING": True, **BEST})
    StrictCookies(app)
    for one in assess(EffectiveConfig.of(app, app.extensions["strict_cookies"])):
        assert one.text.endswith(".")
        if one.state == "out of scope":
            assert one.text.startswith(("Responsible: the site", "Responsible: the operator"))
            assert "ook" in one.text


# --- What falsifies a requirement from outside the configuration ---

#: A response header of a view, and the requirements that fail once it was seen.
WEAK = [
    ("Strict-Transport-Security", "max-age=0", {"3.4.1"}),
    ("Content-Security-Policy", "default-src * 'unsafe-inline'",
     {"3.4.3", "3.4.6", "3.4.7", "3.6.1"}),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'", {"3.4.6", "3.4.7"}),
    ("X-Content-Type-Options", "none", {"3.4.4"}),
    ("Referrer-Policy", "unsafe-url", {"3.4.5"}),
    ("Cross-Origin-Opener-Policy", "unsafe-none", {"3.4.8"}),
    ("Cross-Origin-Resource-Policy", "cross-origin", {"3.5.8"}),
]  # fmt: skip


def make_app(**config):
    """Create an application that enforces, with a view that signs in and one that does not."""
    app = Flask("shop")
    app.config.update({"SECRET_KEY": "k" * 32, "TESTING": True, **BEST, **config})
    StrictCookies(app)
    app.add_url_rule("/usual", "usual", lambda: session.update(user_id=7) or "in")
    app.add_url_rule("/login", "login", lambda: login(7) or "in")
    return app


def ask(app, path):
    """Open a page as a browser over https."""
    return app.test_client().get(path, base_url="https://shop.example")


@pytest.mark.parametrize(("name", "value", "failed"), WEAK)
def test_weakened_header_that_was_seen_fails_its_requirements(name, value, failed):
    """Whatever the settings say: what a view sends counts, and the text says where."""
    app = make_app()

    @app.get("/weak")
    def weak():
        return "weak", {name: value}

    ask(app, "/login")
    before = states_of(app)
    ask(app, "/weak")
    after = states_of(app)
    assert {one for one in before if before[one] != after[one]} == failed
    assert all(after[one] == "not met" for one in failed)
    state = app.extensions["strict_cookies"]
    texts = {one.id: one.text for one in assess(EffectiveConfig.of(app, state))}
    assert all(f"Weaker than configured: {name}" in texts[one] for one in failed)
    assert all("seen at 'weak' on 20" in texts[one] for one in failed)


def test_usual_flask_login_is_not_seen():
    """A user who is only noted in the session gets no new identifier, and is not listed."""
    app = make_app()
    ask(app, "/usual")
    found = states_of(app)
    assert {one for one, state in found.items() if state == "not seen"} == AFTER_LOGIN
    ask(app, "/login")
    found = states_of(app)
    assert "not seen" not in found.values()
    assert all(found[one] == "met" for one in AFTER_LOGIN)


def test_sign_ins_that_are_not_recorded_are_not_seen():
    """Without the trail nobody knows."""
    app = make_app(STRICT_COOKIES_TRAIL="off")
    ask(app, "/login")
    state = app.extensions["strict_cookies"]
    found = {one.id: one for one in assess(EffectiveConfig.of(app, state))}
    assert {one.state for one in found.values() if one.id in AFTER_LOGIN} == {"not seen"}
    assert "STRICT_COOKIES_TRAIL is 'off'" in found["7.2.4"].text


def test_bypass_meets_nothing():
    """Middleware outside the firewall can send and read what it likes."""
    app = make_app(TESTING=False)

    class Outside:
        def __init__(self, wsgi_app):
            self.wsgi_app = wsgi_app

        def __call__(self, environ, start_response):
            return self.wsgi_app(environ, start_response)

    ask(app, "/login")
    assert "met" in states_of(app).values()
    app.wsgi_app = Outside(app.wsgi_app)
    found = states_of(app)
    assert "met" not in found.values()


def test_weakening_of_long_ago_is_over():
    """Only the last thirty days count."""
    today = date(2026, 12, 1)
    for days, seen in ((0, True), (30, True), (31, False)):
        day = today - timedelta(days=days)
        evidence = collect_evidence(
            [Count(day, "SC501", "X-Content-Type-Options", 3)], {}, (), today, is_recorded=True
        )
        assert bool(evidence.find_weakened(OBSERVED["3.4.4"])) is seen


def test_each_requirement_says_on_what_it_rests():
    """Each that can be met is falsified by one of the tests above."""
    falsified = {
        "the headers of responses": {one for _, _, failed in WEAK for one in failed},
        "recorded sign-ins": AFTER_LOGIN,
    }
    for how, expected in falsified.items():
        assert {one.id for one in REQUIREMENTS if how in rests_on(one.id)} == set(expected)
    assert all("the order of middleware" in rests_on(one.id) for one in REQUIREMENTS)
