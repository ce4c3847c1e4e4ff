"""
Exact request paths in settings, for exemptions from a protection.

There are no patterns and no prefixes, because an exemption that matches more than intended is a
vulnerability. A path is decoded and includes the path that the application is mounted at.

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
    """Return the path of a request as WSGI has it: decoded, each byte one character."""
    return f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def validate_paths(
    setting: str, paths: Collection[str], *, methods: bool = False
) -> frozenset[str]:
    """
    Validate the paths of a setting.

    Args:
        setting: Its name, for messages.
        paths: For example ``["/healthz"]``.
        methods: Whether an entry may begin with a method, as in ``"POST /saml/acs"``.

    Returns:
        The entries as :func:`request_path` returns them, with their methods.

    Raises:
        ConfigurationError: An entry is not an exact path.
    """
    exact = set()
    for entry in paths:
        plain = re.sub(_METHOD, "", entry, count=1) if methods and isinstance(entry, str) else entry
        if not isinstance(plain, str) or not re.fullmatch(_PATH, plain):
            example = "'/saml/acs' or 'POST /saml/acs'" if methods else "'/healthz'"
            raise ConfigurationError(
                f"{setting} has {entry!r}, which is not an exact path. Write one such as "
                f"{example}: decoded, without a pattern, a query or a variable part."
            )
        exact.add(entry.encode("utf-8").decode("latin-1"))
    return frozenset(exact)


def is_listed(environ: WSGIEnvironment, paths: frozenset[str]) -> bool:
    """Return whether the entries contain a request's path, alone or after its method."""
    if not paths:
        return False
    path = request_path(environ)
    return path in paths or f"{environ['REQUEST_METHOD']} {path}" in paths
