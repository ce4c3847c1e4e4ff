"""
The host that a client addressed, and whether browsers treat it as the local machine.

Source: RFC 9110 section 7.2; RFC 6761 section 6.3 for ``localhost``.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: A name that hosts can share: two labels or more, the last with a letter, as no address has.
_SHARED_NAME = (
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?=[0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_IPV6 = r"(\[[0-9a-f:.]*:[0-9a-f:.]*\])(?::[0-9]*)?"
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def request_host(environ: WSGIEnvironment) -> str:
    """
    Read the host without its port.

    Returns:
        Lower case; an IPv6 address in brackets; empty if it is not a valid host name or address.
    """
    host = str(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")).lower()
    if len(host) > 261:  # 253 and a port
        return ""
    if host.startswith("["):
        found = re.fullmatch(_IPV6, host)
        return found[1] if found and is_address(found[1]) else ""
    host = host.partition(":")[0]
    return host if _HOST.fullmatch(host) else ""


def host_of(url: str) -> str:
    """Return the host of a URL, without port and brackets, in lower case; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_host_name(domain: str) -> bool:
    """
    Return whether a text is a domain name that several hosts can share.

    Args:
        domain: Lower case, without a leading dot.

    Source: RFC 1123 section 2.1; RFC 6265bis section 5.7 for addresses and single labels.
    """
    return re.fullmatch(_SHARED_NAME, domain) is not None


def is_address(host: str) -> bool:
    """Return whether a host is an IP address, in brackets or not."""
    if not (host[-1:].isdigit() or ":" in host):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_local(host: str) -> bool:
    """
    Return whether browsers keep Secure cookies of this host on plain http.

    Source: measured with Chromium 156: localhost, its subdomains and the loopback addresses.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback


def normalize_scheme(scheme: str) -> str:
    """
    Return the scheme of a request as WSGI writes it.

    Proxies announce a WebSocket as ``wss`` (Traefik), and some write capitals.
    """
    scheme = scheme.lower()
    return {"wss": "https", "ws": "http"}.get(scheme, scheme)
