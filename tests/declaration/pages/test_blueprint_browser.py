"""The declaration as people meet it: judged by axe-core, on small screens, by ear, by key."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string

from strict_cookies import CookiePolicy, Site, StrictCookies
from tests.declaration.i18n.test_language import POLICY, TRANSLATED
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "judges" / "node_modules" / "axe-core" / "axe.min.js"
LONG = "W" * 120
#: What a policy can hold that is widest.
WIDE_NAMES = CookiePolicy(
    site=Site(name=LONG, controller=LONG, contact=LONG, privacy_url=f"/{LONG}"),
    cookies=(declare(LONG, title=LONG, description=LONG, without_it=LONG),),
)


@pytest.fixture(scope="module")
def served():
    """Serve the declaration of the fullest policy, and a page of a site with all its parts."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=POLICY)
    StrictCookies(app)
    page = (
        '<!doctype html><html lang="en"><title>Privacy</title><main><h1>Privacy</h1>'
        '{{ cookie_declaration("fr") }}{{ cookie_table() }}{{ recipient_table("de") }}'
        "{{ cookie_notice() }}</main></html>"
    )
    app.add_url_rule("/privacy", "privacy", lambda: render_template_string(page))
    with serve(app) as server:
        yield server


@pytest.fixture(scope="module")
def narrow():
    """Serve the declaration of a policy with the widest names."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=WIDE_NAMES)
    StrictCookies(app)
    with serve(app) as server:
        yield server


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", ["/cookies/", "/cookies/?lang=pl", "/privacy"])
def test_axe_finds_no_violation(chromium, served, path, width, scheme):
    """The judge of accessibility has nothing to say, in either scheme, on any screen."""
    with chromium.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as context:
        page = context.new_page()
        page.goto(served.url("localhost", path))
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10


def test_axe_can_say_no(chromium, served):
    """What it is asked is what it answers: a page without a language is found."""
    with chromium.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(served.url("localhost", "/cookies/"))
        page.evaluate("document.documentElement.removeAttribute('lang')")
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
    assert "html-has-lang" in {one["id"] for one in found["violations"]}


@pytest.mark.parametrize("lang", ["en", *TRANSLATED])
def test_nothing_scrolls_sideways(chromium, served, narrow, lang):
    """At 320 px every line fits, in each language and with the widest names."""
    with chromium.new_context(viewport={"width": 320, "height": 700}) as context:
        page = context.new_page()
        for server in (served, narrow):
            page.goto(server.url("localhost", f"/cookies/?lang={lang}"))
            assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_page_by_ear(chromium, served):
    """A screen reader meets the languages, one heading for each part and item, and terms."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(served.url("localhost", "/cookies/"))
        snapshot = page.locator("body").aria_snapshot()
    lines = [line.strip() for line in snapshot.splitlines()]
    headings = [line for line in lines if line.startswith("- heading")]
    assert lines[0] == '- navigation "Language":'
    assert headings[0] == '- heading "Cookies on this site" [level=1]'
    assert [line for line in headings if "[level=2]" in line] == [
        f'- heading "{text}" [level=2]'
        for text in (
            "Cookies",
            "Other storage in your browser",
            "What you can choose",
            "Other sites that your browser contacts",
            "Who gets data from this site",
            "What the protection itself stores",
            "Why you are not asked for consent here",
            "How to delete, refuse or object",
            "Who is responsible, and your rights",
        )
    ]
    assert '- heading "A title load_balancing" [level=3]:' in headings
    assert "- term: What it is for" in lines
    assert '- region "Cookies":' in lines
    assert lines.count("- contentinfo:") == 1


def test_keyboard_alone_changes_the_language(chromium, served):
    """The first stops of the Tab key are the languages; Enter takes one, and the page keeps it."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(served.url("localhost", "/cookies/"))
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Deutsch"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url("**/cookies/?lang=de")
        assert page.evaluate("document.documentElement.lang") == "de"
        assert page.locator("[aria-current]").text_content() == "Deutsch"


def test_reading_stores_nothing(chromium, served):
    """Every form of the declaration leaves the browser without a cookie."""
    with chromium.new_context() as context:
        page = context.new_page()
        for path in ("/cookies/", "/cookies/?lang=fr", "/privacy", "/cookies/declaration.json"):
            page.goto(served.url("localhost", path))
        assert context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_page_loads_nothing_from_elsewhere(chromium, served):
    """One page, one style sheet, one icon, all from the site itself; nothing is blocked."""
    asked, said = [], []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(served.url("localhost", "/cookies/"))
        page.wait_for_load_state("networkidle")
    assert all(url.startswith(served.url("localhost", "/cookies/")) for url in asked)
    assert said == []
