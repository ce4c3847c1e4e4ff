"""What is measured: the firewall over a bare callable, and whole Flask applications."""

from __future__ import annotations

import logging
from collections.abc import Callable
from io import BytesIO

from flask import Flask, Response, render_template
from flask_talisman import Talisman
from jinja2 import DictLoader
from secure import Secure
from werkzeug.http import parse_cookie

from strict_cookies import CookieFirewall, CookiePolicy, DeclaredCookie, StrictCookies
from strict_cookies.http.presets import CLOSED_CSP

#: Six cookies, of which three are undeclared.
SIX = (
    "__Host-sid=abcdefghijklmnopqrstuvwxyz0123456789; csrf=abcdef0123456; pref=dark; "
    "_ga=GA1.2.123456789.1700000000; _fbp=fb.1.1700000000000.1234567890; neighbour=1"
)
#: 180 cookies in 16 KiB, of which 177 are undeclared.
FULL = "; ".join(
    f"{name}={'v' * (86 - len(name))}"
    for name in ("__Host-sid", "csrf", "pref", *(f"other{number}" for number in range(177)))
)
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Set-Cookie", "__Host-sid=abcdefghijklmnop; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ("Set-Cookie", "csrf=abcdef0123456; Path=/"),
]

Case = Callable[[], object]


def bare_app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """Answer with two cookies, of which one needs hardening."""
    start_response("200 OK", list(_HEADERS))
    return [b"hello"]


def firewall_cases() -> dict[str, Case]:
    """
    Return the bare callable and the firewall over it, for small and large fields and policies.

    What Werkzeug takes to read the same field says how fast the machine is.
    """
    cases: dict[str, Case] = {}
    for cookies, field in (("6 cookies", SIX), ("180 cookies in 16 KiB", FULL)):
        cases[f"werkzeug.http.parse_cookie, {cookies}"] = lambda field=field: parse_cookie(field)  # type: ignore[misc]
        cases[f"bare, {cookies}"] = request(bare_app, field)
        for entries, firewall in make_firewalls().items():
            cases[f"firewall, {cookies}, policy of {entries}"] = request(firewall, field)
    return cases


def make_firewalls() -> dict[int, CookieFirewall]:
    """Create one firewall over the bare callable for each number of entries."""
    return {entries: CookieFirewall(bare_app, make_policy(entries)) for entries in (10, 1_000)}


def flask_cases() -> dict[str, Case]:
    """Return one request for each application."""
    return {name: request(app, SIX) for name, app in flask_apps().items()}


def flask_apps() -> dict[str, Flask]:
    """Return one small page by Flask alone, by Talisman with a nonce, and by the whole product."""
    apps = {
        "Flask": _page(),
        "Flask + Talisman, as it comes": _page(),
        "Flask + Talisman, nonce CSP": _page(),
        "Flask + secure": _page(),
        "Flask + the firewall alone, baseline headers": _page(),
        "Flask + Strict Cookies, session in Flask's own cookie": _page(),
        "Flask + Strict Cookies, as it comes": _page(),
    }
    Talisman(
        apps["Flask + Talisman, nonce CSP"],
        content_security_policy=dict(CLOSED_CSP),
        content_security_policy_nonce_in=["script-src", "style-src"],
        frame_options="DENY",
    )
    Talisman(apps["Flask + Talisman, as it comes"])
    secure = Secure.with_default_headers()

    @apps["Flask + secure"].after_request
    def set_headers(response: Response) -> Response:
        secure.set_headers(response)
        return response

    guarded = apps["Flask + the firewall alone, baseline headers"]
    guarded.wsgi_app = CookieFirewall(guarded.wsgi_app, make_policy(10))  # type: ignore[method-assign]
    for name, app in apps.items():
        if name != "Flask + Talisman, nonce CSP":
            # The product puts its own in its place.
            app.jinja_env.globals["csp_nonce"] = lambda: "none"
    for name, ours in apps.items():
        if "Strict Cookies" in name:
            ours.config["STRICT_COOKIES_POLICY"] = make_policy(10)
            if "own cookie" in name:
                ours.config["STRICT_COOKIES_SESSIONS"] = "flask"
            StrictCookies(ours)
    return apps


def _page() -> Flask:
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="k" * 32)
    app.jinja_loader = DictLoader({"page.html": "<p>{{ csp_nonce() }}"})
    app.add_url_rule("/", view_func=lambda: render_template("page.html"))
    return app


def make_policy(entries: int) -> CookiePolicy:
    """Create a policy of some size."""
    names = ["__Host-sid", "csrf", "pref", *(f"declared{number}" for number in range(entries - 3))]
    return CookiePolicy(
        cookies=tuple(
            DeclaredCookie(
                name=name, title="T", purposes=("session",), description="d", without_it="w"
            )
            for name in names
        )
    )


def request(app: Callable[..., object], field: str) -> Case:
    """Create a callable that serves one https request and reads the answer."""
    logging.getLogger("strict_cookies").setLevel(logging.CRITICAL)
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "erp.example.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "erp.example.com",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(),
        "wsgi.errors": None,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_COOKIE": field,
    }

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> None:
        assert status == "200 OK"

    def serve() -> None:
        body = app(dict(environ), start_response)
        for _ in body:  # type: ignore[attr-defined]
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()

    return serve
