"""The HTML report in a real browser: both colour schemes, narrow and wide."""

from __future__ import annotations

from pathlib import Path

import pytest

from strict_cookies.audit.formats.html import write_html
from tests.audit.test_formats import REPORTS

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "judges" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def files(chromium, tmp_path_factory):
    """Write each report with a screenshot to a file; return their URLs."""
    folder = tmp_path_factory.mktemp("reports")
    with chromium.new_context(viewport={"width": 640, "height": 400}) as context:
        screenshot = context.new_page().screenshot()
    addresses = {}
    for name, report in REPORTS.items():
        path = folder / f"{name}.html"
        path.write_text(write_html(report, {"page-001.png": screenshot}), "utf-8")
        addresses[name] = path.as_uri()
    return addresses


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("misbehaving", 1280, "light"),
        ("misbehaving", 320, "dark"),
        ("hostile", 320, "light"),
        ("clean", 1280, "dark"),
    ],
)
def test_axe_finds_no_violation(chromium, files, name, width, scheme):
    """The accessibility checker finds nothing, and no line is wider than the screen."""
    with chromium.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as context:
        page = context.new_page()
        page.goto(files[name])
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
        widest = page.evaluate("document.documentElement.scrollWidth")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10
    assert widest <= width


@pytest.mark.parametrize("name", REPORTS)
def test_page_asks_for_nothing_and_runs_nothing(chromium, files, name):
    """A report opens without further requests and without console messages."""
    asked, said = [], []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(files[name])
        is_styled = page.evaluate("getComputedStyle(document.querySelector('h1')).marginTop")
    assert [url for url in asked if not url.startswith("data:")] == [files[name]]
    assert said == []
    assert is_styled == "0px"


def test_policy_of_the_page_stops_what_escapes(chromium, files):
    """Should the escaping ever fail, the page's own policy still runs and loads nothing."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(files["clean"])
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "document.title = 'ran'";
                document.body.append(script);
            }"""
        )
        assert page.title() == "Audit of https://shop.example/"


def test_picture_is_in_the_page(chromium, files):
    """The screenshot is shown from the file itself."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(files["misbehaving"])
        image = page.locator("figure img")
        assert image.evaluate("one => one.naturalWidth") == 640
        assert image.get_attribute("alt") == "Screenshot of Page /"


def test_report_prints_on_paper(chromium, files):
    """In print, no table is cut off at the edge of the page."""
    with chromium.new_context(viewport={"width": 718, "height": 1000}) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto(files["misbehaving"])
        cut = page.evaluate(
            "[...document.querySelectorAll('.wide, article')]"
            ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML)"
        )
        assert page.pdf().startswith(b"%PDF")
    assert cut == []
