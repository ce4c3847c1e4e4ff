"""
Inspect the chain of middleware around ``app.wsgi_app``, once, at the first request.

What stands outside the firewall sets and reads cookies unseen; a ``ProxyFix`` inside it comes too
late to say whether the wire is https.
"""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.middleware.proxy_fix import ProxyFix

from ..errors import ConfigurationError
from ..reasons import Reason

#: Where middleware commonly keeps what it wraps.
_INNER = ("wsgi_app", "app", "application", "_app", "_wsgi_app", "wrapped", "__wrapped__")
#: Middleware that neither sets nor reads cookies; by name, since an import would cost more.
_HARMLESS = (
    "werkzeug.middleware.lint.LintMiddleware",
    "werkzeug.middleware.profiler.ProfilerMiddleware",
)


def inspect_chain(
    outermost: object,
    ours: object,
    inner: object,
    trusted: Collection[str] = (),
    *,
    own_fix: bool = False,
) -> list[tuple[Reason, str]]:
    """
    Find what is wrong with the order of middleware.

    Args:
        outermost: What ``app.wsgi_app`` is now.
        ours: The callable that Strict Cookies put there.
        inner: What ours wraps.
        trusted: Dotted class names that may stand outside.
        own_fix: Whether ours brings a ProxyFix itself (``STRICT_COOKIES_TRUSTED_PROXIES``).

    Returns:
        Each problem with a sentence that names the class.
    """
    outside, reached = _walk(outermost, ours)
    inside, _ = _walk(inner, None)
    found = [
        (Reason.UNKNOWN_MIDDLEWARE, f"{_name(node)} wraps the application outside Strict Cookies")
        for node in outside
        if not isinstance(node, ProxyFix) and _name(node) not in (*_HARMLESS, *trusted)
    ]
    if not reached and not found:
        found.append((Reason.UNKNOWN_MIDDLEWARE, f"{_name(outside[-1])} hides what it wraps"))
    fixes_outside = sum(isinstance(node, ProxyFix) for node in outside)
    fixes_inside = sum(isinstance(node, ProxyFix) for node in inside)
    if fixes_inside:
        found.append((Reason.PROXY_FIX_INSIDE, "ProxyFix is wrapped by Strict Cookies"))
    count = fixes_outside + fixes_inside + own_fix
    if count > 1:
        ours_too = ", that of STRICT_COOKIES_TRUSTED_PROXIES among them" if own_fix else ""
        found.append((Reason.PROXY_FIX_TWICE, f"{count} ProxyFix wrap the application{ours_too}"))
    return found


def out_of_order(reason: Reason, problem: str) -> ConfigurationError:
    """Return a problem as an error, with what to do."""
    return ConfigurationError(f"{problem}. {reason.remedy}", reason_id=reason.id)


def _walk(node: object, end: object) -> tuple[list[object], bool]:
    """Follow what each layer wraps; tell whether ``end`` was reached."""
    layers: list[object] = []
    while node is not None and node is not end and all(node is not layer for layer in layers):
        layers.append(node)
        node = None if _is_application(node) else _inner(node)
    return layers, node is end


def _inner(layer: object) -> object:
    for name in _INNER:
        inner = _read(layer, name)
        if callable(inner):
            return inner
    return None


def _is_application(layer: object) -> bool:
    """Whether this is a bound ``wsgi_app``: the application itself, no middleware."""
    return _read(layer, "__func__") is not None


def _name(layer: object) -> str:
    kind = layer if _read(layer, "__qualname__") else type(layer)
    return f"{kind.__module__}.{kind.__qualname__}"  # type: ignore[attr-defined]


def _read(layer: object, name: str) -> object:
    """Read an attribute; a property, or a proxy without its context, may raise anything."""
    try:
        return getattr(layer, name, None)
    except Exception:  # noqa: BLE001
        return None
