"""The browser audit: seconds a page on the example ERP, and what 200 pages take of memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from strict_cookies.audit.browser.crawler import audit_site
from strict_cookies.audit.browser.options import AuditOptions
from tests import erp
from tests.serving import serve

PAGES = 200
#: What is there to be found.
EXCLUDED = ("/misbehave",)
_FLAGS = ("--host-resolver-rules=MAP *.test 127.0.0.1", "--no-sandbox")


def audits_table() -> Iterator[str]:
    """Audit the ERP and a site of many pages, each in a process of its own."""
    yield "## The browser audit"
    yield ""
    yield (
        "Wall time, without waits for politeness and with those for late writers, the browser's "
        "start included; two visits. Memory is the peak of the process that drives the browser, "
        "which serves the site here too."
    )
    yield ""
    yield "| site | pages | tabs | s a page | at most | MiB | at most |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for site, tabs in (("erp", 1), ("erp", 3), ("many", 3)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.audits", site, str(tabs)],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)
        name = "the example ERP" if site == "erp" else f"one of {PAGES} pages"
        yield (
            f"| {name} | {found['pages']} | {tabs} | {found['seconds'] / found['pages']:.2f} | 2 "
            f"| {found['mebibytes']:.0f} | 300 |"
        )
    yield ""


def many_pages() -> Flask:
    """Create a site of pages that lead to each other, protected as it comes."""
    from strict_cookies import StrictCookies

    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=[erp.HOST])
    StrictCookies(app)

    @app.get("/")
    @app.get("/page/<int:number>")
    def page(number: int = 0) -> str:
        links = "".join(f'<p><a href="/page/{other}">{other}</a>' for other in range(1, PAGES))
        return f"<!doctype html><html lang=en><title>{number}</title><h1>{number}</h1>{links}"

    return app


def measure_audit(site: str, tabs: int) -> dict[str, float]:
    """Audit one of the sites; give pages, seconds and the peak of this process in MiB."""
    with tempfile.TemporaryDirectory() as directory:
        app = erp.build(Path(directory)) if site == "erp" else many_pages()
        app.instance_path = directory
        with serve(app, tls_hosts=(erp.HOST,)) as server:
            options = AuditOptions(
                max_pages=PAGES,
                tabs=tabs,
                exclude=EXCLUDED,
                delay_seconds=0,
                ignore_certificates=True,
                flags=_FLAGS,
            )
            begin = time.monotonic()
            seen = audit_site([server.url(erp.HOST)], options)
            seconds = time.monotonic() - begin
    outcomes = {page.outcome for page in seen.pages}
    assert outcomes == {"visited"}, outcomes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"pages": len(seen.pages), "seconds": seconds, "mebibytes": peak}


if __name__ == "__main__":
    print(json.dumps(measure_audit(sys.argv[1], int(sys.argv[2]))))
