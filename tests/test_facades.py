"""Public names: those that type checkers see are those that Python imports, and each is there."""

from __future__ import annotations

import ast
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import strict_cookies


def facades():
    """List the packages that hand names on."""
    yield "strict_cookies"
    for module in pkgutil.walk_packages(strict_cookies.__path__, "strict_cookies."):
        if module.ispkg and "attach(" in source_of(module.name):
            yield module.name


def source_of(package):
    return (
        Path(strict_cookies.__path__[0])
        .joinpath(*package.split(".")[1:], "__init__.py")
        .read_text()
    )


@pytest.mark.parametrize("package", list(facades()))
def test_type_checkers_and_python_see_the_same_names(package):
    """Each name is imported as itself from the module that the table names."""
    tree = ast.parse(source_of(package))
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
        if alias.asname == alias.name and not alias.name.startswith("__")
    }
    (table,) = (node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    homes = {name: home for home, names in ast.literal_eval(table).items() for name in names}
    assert seen == homes
    assert import_module(package).__all__ == sorted(homes)
    for name in homes:
        assert getattr(import_module(package), name) is not None


def test_unknown_name_is_an_attribute_error():
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Cookies'"):
        strict_cookies.Cookies  # noqa: B018


def test_names_are_listed():
    """``dir()`` shows names that were not imported yet."""
    assert {"StrictCookies", "__version__"} <= set(dir(strict_cookies))
