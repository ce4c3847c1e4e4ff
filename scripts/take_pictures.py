"""Take the pictures of the docs: the example ERP's pages in Chromium (make pictures)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Page, sync_playwright

from example_app import create_app
from example_app.demo import ACCOUNTS
from example_app.tracker import Tracker
from strict_cookies.audit.browser.chromium import find_chromium
from tests.conftest import CHROMIUM_FLAGS
from tests.serving import serve

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
#: File name -> path, width in pixels, colour scheme.
SHOTS = {
    "misbehave.png": ("/misbehave", 1100, "light"),
    "declaration.png": ("/cookies/", 1280, "light"),
    "declaration-dark.png": ("/cookies/?lang=de", 768, "dark"),
    "declaration-phone.png": ("/cookies/", 360, "light"),
    "sessions.png": ("/cookies/sessions", 1100, "light"),
    "this-browser.png": ("/cookies/this-browser", 1100, "light"),
}
#: Those of somebody who has signed in.
SIGNED_IN = {"sessions.png", "this-browser.png"}
#: Where he is signed in besides.
ELSEWHERE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
)


def sign_in(page: Page, url: str) -> None:
    """Sign the first demo account in."""
    username, _name, _role, password = ACCOUNTS[0]
    page.goto(url)
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("main button")


def main() -> None:
    """Write every picture."""
    tracker = Tracker()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(tracker) as third_party,
        sync_playwright() as playwright,
    ):
        config = {
            "DATABASE": Path(folder, "erp.sqlite"),
            "SECRET_KEY": "k" * 32,
            "STRICT_COOKIES_SESSIONS": Path(folder, "sessions.sqlite"),
            "TRACKER": tracker,
            "TRACKER_URL": third_party.url("tracker.test", "/pixel.gif"),
        }
        app = create_app(config)
        app.extensions["strict_cookies"].publish()
        for user_agent in ELSEWHERE:
            app.extensions["strict_cookies"].sessions.sign_in(1, {}, user_agent)
        with serve(app) as server:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
            )
            for name, (path, width, scheme) in SHOTS.items():
                page = browser.new_page(
                    viewport={"width": width, "height": 800}, color_scheme=scheme
                )
                if name in SIGNED_IN:
                    sign_in(page, server.url("localhost", "/login"))
                page.goto(server.url("localhost", path))
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(1500)
                page.screenshot(path=PICTURES / name, full_page=True)
                page.close()
            browser.close()


if __name__ == "__main__":
    main()
