"""
Names for an application's templates, at no cost to templates that use none of them.

Jinja copies an environment's globals one by one for each template that it renders. The names that
are registered here are looked up only if a template uses a name that is not defined otherwise, in
included and imported templates too.

Source: Jinja's API, ``Environment.context_class`` and ``Context.resolve_or_missing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.utils import missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from jinja2.runtime import Context


def register_template_names(environment: Environment, names: Mapping[str, object]) -> None:
    """
    Register names for all templates of an environment; the application's own names take precedence.

    Args:
        environment: The Jinja environment of the application.
        names: The values by name.
    """
    context_class = environment.context_class
    registered: dict[str, object] | None = getattr(context_class, "strict_cookies_names", None)
    if registered is None:
        registered = {}
        environment.context_class = _with_names(context_class, registered)
    registered |= names


def _with_names(context_class: type[Context], registered: Mapping[str, object]) -> type[Context]:
    """Derive a context class for one environment."""
    resolve = context_class.resolve_or_missing

    def resolve_or_missing(self: Context, key: str) -> Any:
        found = resolve(self, key)
        return registered.get(key, missing) if found is missing else found

    body = {"strict_cookies_names": registered, "resolve_or_missing": resolve_or_missing}
    return type(context_class.__name__, (context_class,), body)
