"""
The Nu HTML checker, which the W3C runs, on every page of the example ERP: no error, no warning.

It comes from npm (``tests/judges``) and runs in a Java machine, once for all pages.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from strict_cookies.declaration.i18n.language import LANGUAGES
from tests import erp

JAR = (
    Path(__file__).parents[2] / "judges" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
)

#: It ends before the better of Java's two compilers is worth its time; the other needs more stack.
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss8m")


def check(directory):
    """Return each complaint as ``file: message``."""
    java = shutil.which("java")
    assert java, "No Java found. Install one: apt-get install default-jre-headless"
    command = [java, *QUICK, "-jar", str(JAR), "--format", "json", "--exit-zero-always", directory]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    try:
        messages = json.loads(done.stderr)["messages"]
    except ValueError:
        pytest.fail(f"The checker did not answer: {done.stderr[:500]}")
    return [f"{Path(one['url']).name}: {one['message']}" for one in messages]


def test_every_page_is_valid(tmp_path):
    """Each page that anybody may open, and the library's own in each language."""
    directory = tmp_path / "pages"
    directory.mkdir()
    app = erp.build(tmp_path)
    for username in erp.VISITORS:
        browser = erp.client(app, username)
        for path in erp.pages(app, username):
            ours = path.startswith("/cookies/")
            for lang in LANGUAGES if ours and not username else ("",):
                query = {"lang": lang} if lang else {}
                page = browser.get(path, query_string=query, base_url=f"https://{erp.HOST}")
                name = f"{username or 'visitor'}{path.replace('/', '_')}{lang}.html"
                (directory / name).write_bytes(page.data)
    assert len(list(directory.iterdir())) > 2 * len(LANGUAGES)
    assert check(directory) == []


def test_checker_can_say_no(tmp_path):
    """What it is asked is what it answers: an element that may not be there is found."""
    page = '<!doctype html><html lang="en"><title>A</title><ul><p>B</ul></html>'
    (tmp_path / "wrong.html").write_text(page)
    found = check(tmp_path)
    assert any("not allowed as child of element" in one for one in found), found
