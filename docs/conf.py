"""How Sphinx makes a site of these pages: ``make docs``."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import strict_cookies

project = "Strict Cookies"
version = release = strict_cookies.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "Strict Cookies"
html_static_path = ["static"]
html_css_files = ["site.css"]
exclude_patterns = ["_build"]

myst_heading_anchors = 4
# What the library says is shown as it says it: dashes alone are made.
smartquotes_action = "D"
# tests/docs/test_docs.py follows each link, also those that lead out of this directory.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_use_rtype = False
napoleon_use_ivar = True
# A docstring that names something of ours which no page explains is a mistake; what Python, Flask
# and others explain is not followed.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!strict_cookies\b).*"), ("py:class", r".*\.R")]


#: The packages whose names are public.
FACADES = [
    "strict_cookies",
    *(
        f"strict_cookies.{module.name}"
        for module in pkgutil.iter_modules(strict_cookies.__path__)
        if hasattr(importlib.import_module(f"strict_cookies.{module.name}"), "__all__")
    ),
]


def resolve_home(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link a reference to a definition to the page of its public name; show others unlinked."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("strict_cookies."):
        return None
    name = target.rpartition(".")[2]
    domain = env.get_domain("py")
    for facade in FACADES:
        for public in (f"{facade}.{name}", f"{facade}.{'.'.join(target.split('.')[-2:])}"):
            for kind in (node["reftype"], "obj"):
                found = domain.resolve_xref(
                    env, node["refdoc"], app.builder, kind, public, node, contnode
                )
                if found is not None:
                    return found
    return contnode


def name_factories(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: Any
) -> tuple[str | None, Any] | None:
    """Write a default that is made again so that the signature stays Python, and is laid out."""
    return signature and (signature.replace("<factory>", "..."), returns)


def setup(app: Any) -> None:
    """Register what is above."""
    app.connect("missing-reference", resolve_home)
    app.connect("autodoc-process-signature", name_factories)
