"""The notice of a change in the ERP, as people meet it: judged by axe-core, put away by key."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from example_app import create_app
from strict_cookies import CookiePolicy
from strict_cookies.declaration.document import build_document
from tests import erp
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "judges" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def served(tmp_path):
    """Serve the ERP, of which a second version will have been published in a minute."""
    app = create_app({"DATABASE": tmp_path / "erp.sqlite", "SECRET_KEY": "k" * 32, "TESTING": True})
    protection = app.extensions["strict_cookies"]
    protection.versions._clock = lambda: time.time() + 60
    protection.versions.record(build_document(CookiePolicy(cookies=(declare("a"),))))
    protection.publish()
    with serve(app) as server:
        yield server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_notice_is_read_and_put_away_by_key(chromium, served, scheme):
    """Axe has nothing to say; Tab finds the link and the button, Enter puts it away for good."""
    with chromium.new_context(bypass_csp=True, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(served.url("localhost", "/login"))
        page.fill("[name=username]", "clerk")
        page.fill("[name=password]", erp.PASSWORDS["clerk"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(served.url("localhost", "/"))
        notice = page.get_by_role("region", name="Change of the cookie declaration")
        assert "The cookie declaration changed on" in notice.inner_text()
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        button = notice.get_by_role("button", name="Dismiss")
        for _ in range(40):
            page.keyboard.press("Tab")
            if button.evaluate("element => element === document.activeElement"):
                break
        page.keyboard.press("Enter")
        notice.wait_for(state="detached")
        assert page.url == served.url("localhost", "/")
        page.reload()
        assert notice.count() == 0
        assert "changed on" in page.get_by_role("link", name="Cookie declaration").inner_text()
