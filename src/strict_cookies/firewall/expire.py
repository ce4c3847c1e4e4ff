"""
Expire undeclared cookies in the browser, by additional ``Set-Cookie`` lines.

It can hurt neighbours, because cookies ignore ports and paths. So by default only names that the
catalogue knows as trackers, and names that this application tried to set, are expired; only on
HTML navigations or where a visitor asks for it, only over https, never on localhost, never in a
response that a shared cache may keep.
A declared cookie that came twice is expired in each form, on parent domains too: until the
duplicate is gone it counts as absent.

A stored cookie is identified by name, domain form, path and partition; a request shows only the
name. So each name takes several lines.

Source: RFC 6265bis sections 5.7 and 8.9; draft-cutler-httpbis-partitioned-cookies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from .._util.urls import is_host_name, is_local, request_host
from ..http.cache_control import is_unshared, parse_cache_control
from ..http.cookies import is_token, name_prefix

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..policy.policy import CookiePolicy

ExpireUndeclared = Literal["known", "host", "site", "off"]

#: Set in the environ of a request by which a visitor asks for it, with any method.
ASKED_FOR = "strict_cookies.expiry_requested"
#: Most expiries that one response carries: a proxy's header buffer is often 4 KiB.
MAX_EXPIRY_LINES = 20
#: Most bytes of them.
MAX_EXPIRY_BYTES = 3072
#: Deepest directory of the request path from which a forged duplicate is expired.
MAX_DEPTH = 4


class CookieExpirer:
    """
    Write the expiries for one policy.

    Args:
        policy: What is declared.
        scope: ``"site"`` reaches each parent domain too; the others this host only.
    """

    def __init__(self, policy: CookiePolicy, scope: ExpireUndeclared) -> None:
        self._policy = policy
        self._to_parents = scope == "site"

    def expire(
        self, undeclared: list[str], environ: WSGIEnvironment, headers: list[tuple[str, str]]
    ) -> list[str]:
        """
        Add expiries to a response, if this one may bear them.

        Args:
            undeclared: Received names that may be expired.
            environ: Of the request.
            headers: Of the response; ``Cache-Control`` and ``Set-Cookie`` are added.

        Returns:
            The names that were expired.
        """
        if environ["wsgi.url_scheme"] != "https" or not (
            ASKED_FOR in environ or _is_navigation(environ)
        ):
            return []
        host = request_host(environ)
        if is_local(host):
            return []
        found = {key.lower(): value.lower() for key, value in headers}
        caching = [value for key, value in headers if key.lower() == "cache-control"]
        if not found.get("content-type", "").startswith("text/html") or not (
            not caching or is_unshared(parse_cache_control(caching))
        ):
            return []
        lines: list[str] = []
        expired: list[str] = []
        room = MAX_EXPIRY_BYTES
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        for name in dict.fromkeys(undeclared):
            forms = self._forms(name, host, path) if is_token(name) else []
            for line in forms:
                if len(line) > room or len(lines) == MAX_EXPIRY_LINES:
                    break
                room -= len(line)
                lines.append(line)
                expired.append(name)
            if room < MAX_EXPIRY_BYTES // 10 or len(lines) == MAX_EXPIRY_LINES:
                break
        if lines:
            if not caching:
                headers.append(("Cache-Control", "no-store"))
            # In front: what this very response sets comes later and lives.
            headers[:0] = [("Set-Cookie", line) for line in lines]
        return list(dict.fromkeys(expired))

    def _forms(self, name: str, host: str, path: str) -> list[str]:
        """List the expiries that reach a cookie of which only the name is known."""
        domains: list[str | None] = [None]
        paths = ["/"]
        if not (name_prefix(name) or "").startswith("__Host-"):
            # If a declared cookie is received twice, no user stays signed in until the duplicate
            # is gone, on a parent domain or on a longer path.
            is_duplicate = self._policy.find(name) is not None
            if is_host_name(host):
                labels = host.split(".")
                parents = len(labels) - 1 if self._to_parents or is_duplicate else 1
                domains += [".".join(labels[start:]) for start in range(parents)]
            if is_duplicate:
                paths += _directories(path)
        return [
            f"{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
            f"{f'; Domain={domain}' if domain else ''}; Path={path}; Secure; HttpOnly{partition}"
            for path in paths
            for domain in domains
            for partition in ("; SameSite=None", "; SameSite=None; Partitioned")
        ]


def _is_navigation(environ: WSGIEnvironment) -> bool:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    mode = environ.get("HTTP_SEC_FETCH_MODE")
    return mode == "navigate" if mode else "text/html" in environ.get("HTTP_ACCEPT", "")


def _directories(path: str) -> list[str]:
    """List the cookie-paths between ``/`` and a request path, with and without a final slash."""
    # Browsers keep a path percent-encoded; WSGI hands it over decoded.
    parts = [quote(part, encoding="latin-1") for part in path.split("/") if part][:MAX_DEPTH]
    found = []
    for end in range(1, len(parts) + 1):
        directory = "/" + "/".join(parts[:end])
        found += [directory, f"{directory}/"]
    return found
