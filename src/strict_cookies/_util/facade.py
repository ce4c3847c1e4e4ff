"""
Public names of a package, imported when first used (PEP 562).

A plain WSGI application imports no Flask this way, and no application an optional dependency.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def attach(
    package: str, modules: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """
    Return ``__getattr__``, ``__dir__`` and ``__all__`` for a package.

    Type checkers do not run this: the package also imports each name as itself (``from .a import B
    as B``) under ``TYPE_CHECKING``; a test holds the two lists together.

    Args:
        package: Its ``__name__``.
        modules: The public names by the module that defines them, relative to the package.
    """
    homes = {name: module for module, names in modules.items() for name in names}
    public = sorted(homes)

    def load(name: str) -> object:
        """Import a public name and keep it in the package."""
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """List the package's own names and the public ones."""
        return sorted({*vars(sys.modules[package]), *public})

    return load, names, public
