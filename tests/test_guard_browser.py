"""The guard in Chromium: each way of storing something, both ways, and what the site hears of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response, render_template_string

from strict_cookies import CookiePolicy, DeclaredStorage, StrictCookies
from strict_cookies.reports import Report
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser


def store(kind, name):
    """Declare web storage with texts that no test looks at."""
    return DeclaredStorage(
        name=name,
        kind=kind,
        title="A title",
        purposes=("user_input",),
        description="What it does.",
        without_it="What fails.",
        lifetime=None if kind == "session" else timedelta(hours=1),
    )
