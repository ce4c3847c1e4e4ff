"""
Names that an application's templates may use, at no cost to the pages that use none of them.

Jinja copies each of an environment's globals for each template that it renders, one by one. What is
offered here is looked up when a template asks for a name that nobody else has: in included and
imported templates too, as a global is.

Source: Jinja's API, ``Environment.context_class`` and ``Context.resolve_or_missing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.utils import missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from jinja2.runtime import Context


def offer(environment: Environment, names: Mapping[str, object]) -> None:
    """
    Offer names to all templates of an environment; what the application itself gives them goes
    first.

    Args:
        environment: The application's.
        names: With what they stand for.
    """
    context_class = environment.context_class
    offered: dict[str, object] | None = getattr(context_class, "strict_cookies_offered", None)
    if offered is None:
        offered = {}
        environment.context_class = _offering(context_class, offered)
    offered |= names


def _offering(context_class: type[Context], offered: Mapping[str, object]) -> type[Context]:
    """Make a class of contexts like another, for one environment."""
    resolve = context_class.resolve_or_missing

    def resolve_or_missing(self: Context, key: str) -> Any:
        found = resolve(self, key)
        return offered.get(key, missing) if found is missing else found

    body = {"strict_cookies_offered": offered, "resolve_or_missing": resolve_or_missing}
    return type(context_class.__name__, (context_class,), body)
