"""
What users write against the public names type-checks under mypy strict; nothing here runs.

``make check`` reads it. ``assert_type`` holds what comes back to what is written here, so that a
type which becomes vaguer is an error too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

from flask import Flask, Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from strict_cookies import (
    CookieDroppedError,
    CookieFirewall,
    CookiePolicy,
    DeclaredCookie,
    DeclaredStorage,
    ExternalOrigin,
    Login,
    PolicyError,
    Purpose,
    Reason,
    Recipient,
    Site,
    StrictCookies,
    StrictCookiesError,
    background_request,
    cookie_dropped,
    csp_nonce,
    current_login,
    erase,
    is_cross_origin,
    login,
    logout,
    preferences,
    reauthenticate,
    requires_fresh_login,
    requires_login,
    requires_role,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

policy = CookiePolicy(
    site=Site(name="Shop", controller="Shop Ltd", contact="privacy@shop.example.com"),
    cookies=(
        DeclaredCookie(
            name="__Host-csrf",
            title="Form protection",
            purposes=(Purpose.SECURITY,),
            description="Stops other sites from sending forms in your name.",
            without_it="You could not send any form.",
        ),
    ),
)
assert_type(CookiePolicy.load("cookies.toml"), CookiePolicy)
assert_type(CookiePolicy.load(Path("cookies.toml")), CookiePolicy)
assert_type(policy.find("__Host-csrf"), DeclaredCookie | None)

strict = StrictCookies()


def create_app() -> Flask:
    """Put an application together."""
    app = Flask(__name__)
    app.config["STRICT_COOKIES_POLICY"] = policy
    strict.init_app(app)
    return app


app = create_app()


@app.get("/map")
@strict.headers(content_security_policy_add={"img-src": "https://tiles.example.com"})
def show_map() -> str:
    """Decorators keep what a view is."""
    return csp_nonce()


@app.get("/orders")
@requires_role("clerk", "manager")
def orders() -> str:
    """Roles are texts."""
    return "orders"


@app.post("/password")
@requires_fresh_login()
def change_password() -> str:
    """By default the login is as fresh as the library says."""
    return "changed"


@app.get("/unread")
@requires_login
@background_request
def unread() -> dict[str, int]:
    """What a view returns stays known, beside the answer to who may not see it."""
    return {"unread": 3}


assert_type(show_map, Callable[[], str])
assert_type(orders(), str | WerkzeugResponse)
assert_type(unread(), dict[str, int] | WerkzeugResponse)


@app.post("/sign-in")
def sign_in() -> str:
    """Sign in, look who it is, and prove it again."""
    login(7, roles=["clerk"], aal=2)
    reauthenticate("7", aal=2, method="otp")
    found = current_login()
    assert_type(found, Login | None)
    if found is None:
        return "nobody"
    assert_type(found.roles, tuple[str, ...])
    assert_type(found.authenticated_at, datetime | None)
    assert_type(found.is_fresh(timedelta(minutes=5)), bool)
    return str(found.user_id)


@app.post("/sign-out")
def sign_out() -> Response:
    """``erase`` gives back the kind of response that it was given."""
    logout()
    assert_type(is_cross_origin(request.environ), bool)
    return assert_type(erase(app.make_response("")), Response)


@app.post("/theme")
def choose_theme() -> str:
    """Preferences are a mapping."""
    preferences["theme"] = "dark"
    return str(preferences["theme"])


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Any WSGI application."""
    start_response("204 No Content", [])
    return []


application = CookieFirewall(bare, policy, mode="report-only")
# A misspelt mode is an error; if it were none, mypy would refuse the comment as needless.
CookieFirewall(bare, policy, mode="reportonly")  # type: ignore[arg-type]


def note(sender: object, *, cookie_name: str, reason: Reason, place: str, **_: Any) -> None:
    """Hear of a cookie that was dropped."""
    assert_type(reason.id, str)


cookie_dropped.connect(note)


def explain(error: StrictCookiesError) -> str:
    """Errors tell themselves apart."""
    if isinstance(error, PolicyError):
        return str(error)
    if isinstance(error, CookieDroppedError):
        return "dropped"
    return ""


storage: type[DeclaredStorage] = DeclaredStorage
recipient: type[Recipient] = Recipient
origin: type[ExternalOrigin] = ExternalOrigin
