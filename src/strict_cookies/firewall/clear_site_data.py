"""
Erase what a site has stored in a browser: at logout, or when a visitor asks for it.

Each declared cookie is expired with the attributes that it was set with, and ``Clear-Site-Data``
empties what scripts keep. Its ``"storage"`` reaches this origin only. ``"cookies"`` would also
empty sibling hosts up to the registrable domain, and everything else on the host, so it must be
asked for. Browsers heed the field from secure origins only, and act upon it after ``Set-Cookie``.

A request contains names only. So a cookie that was set on a narrower path than its entry says is
not reached without ``"cookies"``, nor is one of a pattern that this request did not carry, nor one
that is partitioned under another site.

Source: W3C Clear Site Data; RFC 6265bis sections 4.1.2 and 5.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._util.urls import is_host_name, is_local, request_host
from ..http.cookies import SetCookie, format_attributes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..policy.cookie import DeclaredCookie
    from ..policy.policy import CookiePolicy


def erasing_headers(
    policy: CookiePolicy, environ: WSGIEnvironment, *, cookies: bool = False
) -> list[tuple[str, str]]:
    """
    Write the headers of a response that erases.

    Args:
        policy: What is declared.
        environ: Of the request; says which cookies a pattern stands for, and the host.
        cookies: Whether ``Clear-Site-Data`` names ``"cookies"`` too, which empties sibling hosts.

    Returns:
        Header pairs to add first: what the response sets after them stays set, unless
        ``cookies`` is asked for.
    """
    host = request_host(environ)
    found = [("Set-Cookie", line) for line in _expiries(policy, environ, host)]
    if environ["wsgi.url_scheme"] == "https" or is_local(host):
        found.append(("Clear-Site-Data", '"storage", "cookies"' if cookies else '"storage"'))
    return [*found, ("Cache-Control", "no-store")]


def _expiries(policy: CookiePolicy, environ: WSGIEnvironment, host: str) -> Iterator[str]:
    names = {cookie.name: cookie for cookie in policy.cookies if not cookie.is_pattern}
    for pair in environ.get("HTTP_COOKIE", "").split(";"):
        name = pair.partition("=")[0].strip(" \t")
        declared = policy.find(name)
        if declared is not None:
            names[name] = declared
    for name, declared in names.items():
        for domain in _domains(declared, host):
            expired = SetCookie(
                name=name,
                value="",
                max_age=0,
                expires=0,
                domain=domain,
                path=declared.path,
                secure=policy.transport == "https",
                httponly=not declared.script_readable,
                samesite=declared.samesite,
                partitioned=declared.partitioned,
            )
            yield f"{name}={format_attributes(expired)}"


def _domains(declared: DeclaredCookie, host: str) -> list[str | None]:
    """List the domains on which a cookie may lie: a shared one, this host, and those between."""
    shared = declared.domain
    if shared is None:
        return [None]
    found: list[str | None] = [None, shared]
    while is_host_name(host) and host.endswith(f".{shared}"):
        found.append(host)
        host = host.partition(".")[2]
    return found
