"""How Sphinx makes a site of these pages: ``make docs``."""

from __future__ import annotations

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
# tests/docs/test_docs.py follows each link, also those that lead out of this folder.
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


def resolve_home(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Lead a reference to where a public name is defined to where the page explains it."""
    target = node.get("reftarget", "")
    home, _, rest = target.removeprefix("strict_cookies.").rpartition(".")
    public = getattr(strict_cookies, rest, None) if rest in strict_cookies.__all__ else None
    if (
        node.get("refdomain") != "py"
        or getattr(public, "__module__", "") != f"strict_cookies.{home}"
    ):
        return None
    domain = env.get_domain("py")
    for kind in (node["reftype"], "obj"):
        found = domain.resolve_xref(
            env, node["refdoc"], app.builder, kind, f"strict_cookies.{rest}", node, contnode
        )
        if found is not None:
            return found
    return None


def name_factories(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: Any
) -> tuple[str | None, Any] | None:
    """Write a default that is made anew so that the signature stays Python, and is laid out."""
    return signature and (signature.replace("<factory>", "..."), returns)


def setup(app: Any) -> None:
    """Register what is above."""
    app.connect("missing-reference", resolve_home)
    app.connect("autodoc-process-signature", name_factories)
