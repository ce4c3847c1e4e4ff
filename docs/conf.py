"""How Sphinx makes a site of these pages: ``make docs``."""

project = "Strict Cookies"
extensions = ["myst_parser"]
html_theme = "furo"
myst_heading_anchors = 4
# What the library says is shown as it says it.
smartquotes = False
# Pages begin a key's section where its chapter is; tests/test_docs.py follows each link, also
# those that lead out of this folder.
suppress_warnings = ["myst.header", "myst.xref_missing"]
exclude_patterns = ["_build"]
