"""Take the pictures of the docs: the example ERP's pages in Chromium (make pictures)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import sync_playwright

from example_app import create_app
from example_app.tracker import Tracker
from tests.conftest import CHROMIUM_FLAGS, find_chromium
from tests.serving import serve

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
#: File name -> path, width in pixels, colour scheme.
SHOTS = {
    "misbehave.png": ("/misbehave", 1100, "light"),
    "declaration.png": ("/cookies/", 1280, "light"),
    "declaration-dark.png": ("/cookies/?lang=de", 768, "dark"),
    "declaration-phone.png": ("/cookies/", 360, "light"),
}


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
            "TRACKER": tracker,
            "TRACKER_URL": third_party.url("tracker.test", "/pixel.gif"),
        }
        with serve(create_app(config)) as server:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
            )
            for name, (path, width, scheme) in SHOTS.items():
                page = browser.new_page(
                    viewport={"width": width, "height": 800}, color_scheme=scheme
                )
                page.goto(server.url("localhost", path))
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(1500)
                page.screenshot(path=PICTURES / name, full_page=True)
                page.close()
            browser.close()


if __name__ == "__main__":
    main()
