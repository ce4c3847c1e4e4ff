"""
Flask-Talisman's traps: each is tried on Talisman itself, where it bites, and on ours.

Numbers are those of the list that this library was built from. A trap is a function that builds an
application with the given protection and tells whether the visitor, or the developer, is safe.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response, make_response, render_template_string, session
from flask.sessions import SecureCookieSessionInterface
from flask_talisman import Talisman
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from strict_cookies import StrictCookies
from strict_cookies.http.presets import CLOSED_CSP, OPT_OUT

REAL = "https://erp.example.com"
PLAIN = "http://erp.example.com"
CSP = "Content-Security-Policy"


class Theirs:
    """Flask-Talisman, with what its documentation shows."""

    name = "talisman"

    def __init__(self):
        self._talisman = Talisman()

    def protect(self, app, **options):
        """Protect an application; at home no certificate is at hand, so plain http may pass."""
        self._talisman.init_app(app, **{"force_https": False, **options})

    def view(self, **options):
        """Give options to a view."""
        return self._talisman(**options)


class Ours:
    """Strict Cookies, in the mode that visitors meet."""

    name = "ours"

    def __init__(self):
        self._strict = StrictCookies()

    def protect(self, app, **options):
        """Protect an application; what has no meaning here is left to the library."""
        app.config["STRICT_COOKIES_MODE"] = "enforce"
        app.config["STRICT_COOKIES_HEADERS"] = {
            name: value for name, value in options.items() if name != "force_https"
        }
        self._strict.init_app(app)

    def view(self, **options):
        """Give options to a view."""
        return self._strict.headers(**options)


def make_app(**config):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, PROPAGATE_EXCEPTIONS=False, **config)

    @app.route("/", methods=["GET", "POST"])
    def index():
        return "plain"

    @app.get("/login")
    def login():
        session["user"] = 1
        return "in"

    return app


def get(app, path="/", base_url=REAL, **options):
    return app.test_client().get(path, base_url=base_url, **options)


def refuses(build, app, **options):
    """Tell whether a wrong option is an error, at the latest at the first request."""
    try:
        build.protect(app, **options)
        app.wsgi_app.freeze() if build.name == "ours" else get(app)
    except Exception:
        return True
    return False


def cookie_that_comes_last_is_judged(build):
    """Flask saves the session after each after_request function."""

    class Interface(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            super().save_session(app, session, response)
            response.headers.add("Set-Cookie", "stray=1; Path=/")

    app = make_app()
    app.session_interface = Interface()
    build.protect(app)
    lines = get(app, "/login").headers.getlist("Set-Cookie")
    return not any(line.startswith("stray=") for line in lines)


def headers_stay_on_a_late_fault(build):
    """An after_request function that fails gives a 500."""
    app = make_app()
    build.protect(app)

    @app.after_request
    def fail(response):
        raise RuntimeError

    response = get(app)
    return response.status_code == 500 and CSP in response.headers


def headers_reach_what_is_mounted(build):
    """A WSGI application beside Flask's is part of the site."""
    app = make_app()
    mounted = Response("mounted")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mounted": mounted})
    build.protect(app)
    return CSP in get(app, "/mounted").headers


def stricter_header_of_a_view_stays(build):
    """A view closes its page altogether."""
    app = make_app()
    own = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    build.protect(app)
    app.add_url_rule("/own", view_func=lambda: ("", {CSP: own, "Referrer-Policy": "no-referrer"}))
    headers = get(app, "/own").headers
    return (headers[CSP], headers["Referrer-Policy"]) == (own, "no-referrer")


def after_request_takes_nothing_away(build):
    """What was registered before the protection runs after it."""
    app = make_app()

    @app.after_request
    def remove(response):
        response.headers.remove(CSP)
        return response

    build.protect(app)
    return CSP in get(app).headers


def options_of_a_view_follow_the_application(build):
    """One view in two applications, each with a policy of its own."""
    found = []

    @(
        build.view(frame_options="SAMEORIGIN")
        if build.name == "talisman"
        else build.view(content_security_policy={"frame-ancestors": "'self'"})
    )
    def view():
        return "shared"

    for host in ("one.example", "two.example"):
        app = make_app()
        app.add_url_rule("/view", view_func=view)
        build.protect(app, content_security_policy={"img-src": host})
        found.append(get(app, "/view").headers[CSP])
    return "one.example" in found[0] and "two.example" in found[1]


def option_of_a_view_counts(build):
    """Whatever can be set for the application can be set for a view, or is refused."""
    app = make_app()
    app.add_url_rule("/view", view_func=build.view(referrer_policy="no-referrer")(lambda: ""))
    build.protect(app)
    return get(app, "/view").headers["Referrer-Policy"] == "no-referrer"


def misspelt_option_of_a_view_is_told(build):
    """Nobody notices that 'frame_option' does nothing."""
    try:
        build.view(frame_option="DENY")(lambda: "")
    except Exception:
        return True
    return False


def hidden_option_of_a_view_is_told(build):
    """A decorator without functools.wraps stands above."""

    def careless(view):
        return lambda: view()

    app = make_app()
    view = careless(build.view(content_security_policy={"img-src": "a.example"})(lambda: ""))
    app.add_url_rule("/view", endpoint="view", view_func=view)
    build.protect(app)
    response = get(app, "/view")
    return response.status_code == 500 or "a.example" in response.headers[CSP]


def forwarded_proto_is_not_believed(build):
    """Anybody can send X-Forwarded-Proto."""
    app = make_app()
    build.protect(app)
    headers = get(app, base_url=PLAIN, headers={"X-Forwarded-Proto": "https"}).headers
    return "Strict-Transport-Security" not in headers


def redirect_keeps_away_from_the_host_header(build):
    """Nobody's Host header says where visitors go."""
    app = make_app()
    build.protect(app, force_https=True)
    response = get(app, base_url="http://evil.example:8080")
    return "evil.example" not in response.headers.get("Location", "")


def session_is_secure_whoever_answers(build):
    """A before_request function that came first answers, and the session leaves with it."""
    app = make_app()

    @app.before_request
    def answer():
        session["seen"] = 1
        return "early"

    build.protect(app, force_https=True)
    return "; Secure" in get(app, base_url=PLAIN).headers["Set-Cookie"]


def stricter_session_setting_stays(build):
    """SESSION_COOKIE_SAMESITE = "Strict" was chosen by somebody."""
    app = make_app(SESSION_COOKIE_SAMESITE="Strict")
    build.protect(app)
    return "SameSite=Strict" in get(app, "/login").headers["Set-Cookie"]


def cookie_that_no_browser_keeps_is_told(build, caplog):
    """A Secure cookie over plain http is a login loop."""
    app = make_app()
    build.protect(app)
    caplog.clear()
    get(app, "/login", base_url=PLAIN)
    return "https" in caplog.text.lower()


def each_application_keeps_its_options(build):
    """One protection object for two applications."""
    first, second = make_app(), make_app()
    build.protect(first, referrer_policy="no-referrer")
    build.protect(second, referrer_policy="same-origin")
    found = [get(app).headers["Referrer-Policy"] for app in (first, second)]
    return found == ["no-referrer", "same-origin"]


def redirect_keeps_the_method(build):
    """A POST that is redirected stays a POST."""
    app = make_app()
    build.protect(app, force_https=True)
    return app.test_client().post("/", base_url=PLAIN).status_code not in (301, 302, 303)


def value_is_checked(build, **options):
    """A value that a browser would ignore, or take for more, is refused."""
    return refuses(build, make_app(), **options)


def empty_directive_is_not_sent(build):
    """A final semicolon leaves no empty directive."""
    app = make_app()
    if refuses(build, app, content_security_policy={"default-src": "'self';"}):
        return True
    return not re.search(r";\s*(;|$)", get(app).headers[CSP])


def report_uri_is_sent_whatever_it_is_called(build):
    """A source has "report-uri" in its path."""
    app = make_app()
    build.protect(
        app,
        content_security_policy={"img-src": "https://a.example/report-uri/"},
        content_security_policy_report_uri="/reports",
    )
    return "; report-uri /reports" in get(app).headers[CSP]


def nonce_that_is_made_is_sent(build):
    """A nonce for a directive that the policy has not would never work."""
    app = make_app()
    options = {
        "content_security_policy": {"default-src": "'self'", "style-src": OPT_OUT},
        "content_security_policy_nonce_in": ["style-src"],
    }
    if build.name == "talisman":
        del options["content_security_policy"]["style-src"]
    app.add_url_rule("/nonce", view_func=lambda: render_template_string("{{ csp_nonce() }}"))
    if refuses(build, app, **options):
        return True
    response = get(app, "/nonce")
    return f"'nonce-{response.text}'" in response.headers[CSP]


def default_policy_closes_what_has_no_fallback(build):
    """Forms, <base> and frames have no fallback."""
    app = make_app()
    build.protect(app)
    policy = get(app).headers[CSP]
    return all(name in policy for name in ("form-action", "base-uri", "frame-ancestors"))


def trial_stands_beside_the_policy(build):
    """A policy that is only tried leaves the enforced one where it is."""
    app = make_app()
    tried = {"default-src": "'none'"}
    if build.name == "talisman":
        build.protect(
            app,
            content_security_policy=tried,
            content_security_policy_report_only=True,
            content_security_policy_report_uri="/reports",
        )
    else:
        build.protect(app, content_security_policy_report_only=tried)
    headers = get(app).headers
    return CSP in headers and f"{CSP}-Report-Only" in headers


def trial_needs_no_address(build):
    """The console alone tells what a policy would block."""
    return not refuses(
        build,
        make_app(),
        content_security_policy_report_only=True
        if build.name == "talisman"
        else {"default-src": "'none'"},
    )


def other_cookies_are_hardened(build):
    """A cookie besides the session leaves as strict as it can be."""
    app = make_app(SESSION_COOKIE_NAME="pref")
    build.protect(app)

    @app.get("/pref")
    def pref():
        response = make_response("")
        response.headers["Set-Cookie"] = "pref=1; Path=/"
        return response

    line = get(app, "/pref").headers["Set-Cookie"]
    return all(word in line for word in ("Secure", "HttpOnly", "SameSite"))


class Trap(NamedTuple):
    """One way in which Talisman fails those who trust it."""

    number: int
    holds: Callable[..., bool]


def wrong(**options: Any) -> Callable[..., bool]:
    return functools.partial(value_is_checked, **options)


TRAPS = {
    "1 the session comes last": Trap(1, cookie_that_comes_last_is_judged),
    "2 late fault": Trap(2, headers_stay_on_a_late_fault),
    "2 mounted": Trap(2, headers_reach_what_is_mounted),
    "3 overwrites a stricter header": Trap(3, stricter_header_of_a_view_stays),
    "3 is taken away again": Trap(3, after_request_takes_nothing_away),
    "4 a view keeps the first application's": Trap(4, options_of_a_view_follow_the_application),
    "5 option of a view is ignored": Trap(5, option_of_a_view_counts),
    "5 misspelt": Trap(5, misspelt_option_of_a_view_is_told),
    "5 hidden": Trap(5, hidden_option_of_a_view_is_told),
    "6 X-Forwarded-Proto": Trap(6, forwarded_proto_is_not_believed),
    "7 Host": Trap(7, redirect_keeps_away_from_the_host_header),
    "8 an early answer": Trap(8, session_is_secure_whoever_answers),
    "8 SameSite=Strict": Trap(8, stricter_session_setting_stays),
    "9 login loop": Trap(9, cookie_that_no_browser_keeps_is_told),
    "10 two applications": Trap(10, each_application_keeps_its_options),
    "11 POST": Trap(11, redirect_keeps_the_method),
    "12 unquoted self": Trap(12, wrong(content_security_policy={"default-src": "self"})),
    "12 semicolon": Trap(12, wrong(content_security_policy={"img-src": "'self'; script-src *"})),
    "12 empty directive": Trap(12, empty_directive_is_not_sent),
    "12 list": Trap(12, wrong(permissions_policy={"camera": ["self"]})),
    "12 Referrer-Policy: None": Trap(12, wrong(referrer_policy=None)),
    "12 report-uri in an address": Trap(12, report_uri_is_sent_whatever_it_is_called),
    "12 nonce for nothing": Trap(12, nonce_that_is_made_is_sent),
    "13 open by default": Trap(13, default_policy_closes_what_has_no_fallback),
    "14 trial instead of policy": Trap(14, trial_stands_beside_the_policy),
    "14 trial without an address": Trap(14, trial_needs_no_address),
    "15 other cookies": Trap(15, other_cookies_are_hardened),
}


def try_trap(trap, build, caplog):
    """Run a trap; Talisman's own warnings are not what is tried."""
    with warnings.catch_warnings():
        if build.name == "talisman":
            warnings.simplefilter("ignore")
        extra = {"caplog": caplog} if trap.number == 9 else {}
        return trap.holds(build, **extra)


@pytest.mark.parametrize("name", TRAPS)
def test_talisman_is_trapped(name, caplog):
    """The trap is real: the newest Flask-Talisman fails."""
    assert not try_trap(TRAPS[name], Theirs(), caplog)


@pytest.mark.parametrize("name", TRAPS)
def test_ours_is_not(name, caplog):
    """The same application is safe with Strict Cookies."""
    assert try_trap(TRAPS[name], Ours(), caplog)


def test_every_trap_of_the_list_is_here():
    """No number is left out."""
    assert {trap.number for trap in TRAPS.values()} == set(range(1, 16))


def test_default_policy_is_ours():
    """What closes the traps is the documented default."""
    app = make_app()
    Ours().protect(app)
    assert get(app).headers[CSP] == "; ".join(
        [
            *(f"{name} {sources}".strip() for name, sources in CLOSED_CSP.items()),
            "report-uri /cookies/reports",
            "report-to strict-cookies",
        ]
    )
