"""
Exact request paths in settings: what is exempt from a protection is named to the letter.

There are no patterns and no prefixes, because an exemption that matches more than was meant is a
hole. A path is the one that a visitor sees, with the place where the application is mounted, and
decoded.

Source: CVE-2025-47910, where patterns of Go's cross-origin check matched too much.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PATH = r"/[^\s?#%*<>\\]*"
_METHOD = r"[A-Z]+ "


def request_path(environ: WSGIEnvironment) -> str:
    """Give the path of a request as WSGI hands it over: decoded, each octet one character."""
    return f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def read_paths(setting: str, paths: Collection[str], *, methods: bool = False) -> frozenset[str]:
    """
    Check the paths of a setting.

    Args:
        setting: Its name, for messages.
        paths: For example ``["/healthz"]``.
        methods: Whether an entry may begin with a method, as in ``"POST /saml/acs"``.

    Returns:
        The entries as :func:`request_path` gives them, each with its method where it has one.

    Raises:
        ConfigurationError: An entry is no exact path.
    """
    found = set()
    for entry in paths:
        plain = re.sub(_METHOD, "", entry, count=1) if methods and isinstance(entry, str) else entry
        if not isinstance(plain, str) or not re.fullmatch(_PATH, plain):
            example = "'/saml/acs' or 'POST /saml/acs'" if methods else "'/healthz'"
            raise ConfigurationError(
                f"{setting} has {entry!r}, which is no exact path. Write one such as {example}: "
                "decoded, without a pattern, a query or a variable part."
            )
        found.add(entry.encode("utf-8").decode("latin-1"))
    return frozenset(found)


def is_listed(environ: WSGIEnvironment, paths: frozenset[str]) -> bool:
    """Tell whether a request's path, alone or after its method, is among the entries."""
    if not paths:
        return False
    path = request_path(environ)
    return path in paths or f"{environ['REQUEST_METHOD']} {path}" in paths
