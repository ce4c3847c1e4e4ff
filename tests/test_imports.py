"""What an import costs: modules are counted by name, since time depends on the machine."""

import subprocess
import sys

import pytest

#: The most that ``from strict_cookies import StrictCookies`` may load beyond Flask's own import.
#: What an application does not need before its first request is imported where it is first used.
FOR_THE_EXTENSION = """
catalogue configuration cookie durations entry erasure errors extension forks grammar hosts
interception ledger origin paths policy protection purposes reasons reports session_cookie
session_texts signals template_names

declaration declaration.asked declaration.blueprint declaration.change_notice declaration.language
declaration.published declaration.sessions_page declaration.this_browser declaration.version_pages
declaration.visits declaration.well_known

report report.pages

sessions sessions.access sessions.device sessions.interface sessions.preferences sessions.session
sessions.tagged

trail trail.pages
"""
#: Likewise for ``from strict_cookies import CookieFirewall, CookiePolicy``.
FOR_THE_FIREWALL = """
catalogue cookie durations entry errors firewall forks grammar hosts csp interception ledger
permissions policy profiles purposes reader reasons signals strictness sweeping verdict
"""


@pytest.mark.parametrize(
    ("before", "names", "allowed"),
    [
        pytest.param("flask", "StrictCookies", FOR_THE_EXTENSION, id="extension"),
        pytest.param("blinker", "CookieFirewall, CookiePolicy", FOR_THE_FIREWALL, id="firewall"),
    ],
)
def test_import_loads_no_more_than_it_must(before, names, allowed):
    """A module that is not listed is imported by the function that needs it."""
    code = (
        f"import sys, {before}; before = set(sys.modules); "
        f"from strict_cookies import {names}; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    ours = {name.partition(".")[2] for name in loaded if name.startswith("strict_cookies.")}
    assert ours <= set(allowed.split())
    theirs = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert theirs == {"strict_cookies"}
