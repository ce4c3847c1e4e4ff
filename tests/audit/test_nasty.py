"""Pages that hang, crash, ask, download or go in circles are reported and passed over."""

from __future__ import annotations

import asyncio
import threading

import pytest
from flask import Flask, Response, abort, redirect, request

from strict_cookies.audit.browser import tab
from strict_cookies.audit.browser.crawler import audit_site
from strict_cookies.audit.browser.journeys import Step
from strict_cookies.audit.browser.options import AuditOptions
from strict_cookies.errors import AuditError
from tests.serving import serve

#: One visit, since each nasty page costs its time limit.
VISIT = Step(do="visit", name="first visit", crawl=True)

pytestmark = pytest.mark.browser

PAGES = {
    "/hang": "<script>while (true) {}</script>",
    "/crash": "Crash",
    "/dialogs": "<script>alert(1); confirm(2); prompt(3)</script>",
    "/circle": "<script>location = '/circle?' + Math.random()</script>",
    "/windows": "<script>open('/opened')</script>",
    "/opened": "<script>document.cookie = 'opened=1'</script>",
    "/fine": "<script>document.cookie = 'fine=1'</script>",
}


def build(ended):
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    def index():
        paths = [*PAGES, "/silence", "/loop", "/refused"]
        links = "".join(f'<a href="{path}">Page</a>' for path in paths if path != "/opened")
        return f"<!doctype html>{links}<a href='/attached'>Page</a>"

    @app.get("/loop")
    def loop():
        return redirect(request.full_path + "x")

    @app.get("/silence")
    def silence():
        ended.wait(30)
        return ""

    @app.get("/attached")
    def attached():
        response = Response(b"octets", mimetype="application/octet-stream")
        response.headers["Content-Disposition"] = "attachment; filename=big.bin"
        return response

    @app.get("/refused")
    def refused():
        return Response(status=204)

    @app.get("/<name>")
    def page(name):
        if f"/{name}" not in PAGES:
            abort(404)
        return f'<!doctype html><link rel="icon" href="data:,">{PAGES[f"/{name}"]}'

    return app


@pytest.fixture(scope="module")
def pages():
    """What became of each page, by its path, and all else that was seen."""
    ended = threading.Event()
    settle = tab.Tab._settle

    async def crash(self):
        if self._page.url.endswith("/crash"):
            crashing = asyncio.ensure_future(self._session.send("Page.crash"))
            await asyncio.wait({crashing}, timeout=10)
        await settle(self)

    with pytest.MonkeyPatch.context() as patch, serve(build(ended)) as server:
        patch.setattr(tab.Tab, "_settle", crash)
        seen = audit_site([server.url()], AuditOptions(page_seconds=3, tabs=4, journey=(VISIT,)))
        ended.set()
        base = server.url(path="")
    return {page.url.removeprefix(base): page for page in seen.pages}, seen


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        pytest.param("/hang", "timed out", id="script that never ends"),
        pytest.param("/silence", "timed out", id="server that never answers"),
        pytest.param("/crash", "crashed", id="crash"),
        pytest.param("/loop", "redirect loop", id="redirects for ever"),
        pytest.param("/circle", "redirect loop", id="script that goes in circles"),
        pytest.param("/attached", "download", id="download"),
        pytest.param("/refused", "failed", id="no content"),
        pytest.param("/dialogs", "visited", id="dialogs"),
        pytest.param("/windows", "visited", id="window"),
        pytest.param("/fine", "visited", id="page after all of them"),
    ],
)
def test_outcome_is_reported(pages, path, outcome):
    """The outcome of each page is reported, and the audit went on."""
    assert pages[0][path].outcome == outcome


def test_remarks_say_what_a_page_did(pages):
    """Dialogs, windows, downloads and the network's own words are remarks on the page."""
    found, _ = pages
    assert set(found["/dialogs"].remarks) == {
        f"A dialog ({kind}) was closed." for kind in ("alert", "confirm", "prompt")
    }
    assert "A download was refused." in found["/attached"].remarks
    assert found["/windows"].remarks == ("A popup was opened, observed and closed.",)
    assert found["/refused"].remarks == ("net::ERR_ABORTED",)


def test_what_an_opened_window_stores_is_seen(pages):
    """A window that a page opens is part of what the page does."""
    assert {"opened", "fine"} <= {cookie.name for cookie in pages[1].cookies}


def test_site_that_does_not_answer_is_no_clean_site():
    """An audit that saw nothing is an error, not a report without findings."""
    with serve(build(threading.Event())) as server:
        url = server.url()
    with pytest.raises(AuditError, match=r"No page could be visited.*ERR_CONNECTION_REFUSED"):
        audit_site([url])


@pytest.mark.parametrize(
    "target", ["ftp://files.test", "https://", "javascript:alert(1)", "file:///etc/passwd"]
)
def test_only_addresses_of_sites_are_taken(target):
    """Nothing but http and https is opened."""
    with pytest.raises(AuditError, match="is not the URL of a site"):
        audit_site([target])


def test_without_a_target_there_is_nothing_to_audit():
    """An empty list is refused with a message."""
    with pytest.raises(AuditError, match="no site to audit"):
        audit_site([])
