"""
Flask's own tests pass with the firewall in report-only mode around each of its applications.

Every ``Flask(...)`` that they make gets ``StrictCookies``. What fails is listed with its reason;
nothing more may fail, and nothing less.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile

from tests import shared_rules
from tests.fits.test_flaskr import find_sdist

#: Put around each application before the test sees it, as the last line of its constructor would.
PLUGIN = """\
import _pytest.monkeypatch
from flask import Flask
from shared_rules import compile_builder
from strict_cookies import StrictCookies
from werkzeug.routing import Rule

Rule._compile_builder = compile_builder
# Flask's conftest uses a name that this pytest spells otherwise.
_pytest.monkeypatch.notset = _pytest.monkeypatch.NOTSET
make = Flask.__init__


def make_protected(self, *args, **options):
    make(self, *args, **options)
    self.config["STRICT_COOKIES_MODE"] = "report-only"
    StrictCookies(self)


Flask.__init__ = make_protected
"""
#: The tests that fail, each with its reason.
EXPLAINED = {
    # It wraps app.wsgi_app afterwards: SC301, an error while testing.
    "tests/test_basic.py::test_session_using_application_root",
    # SESSION_COOKIE_PARTITIONED with SameSite=Lax, which no browser could use: refused.
    "tests/test_basic.py::test_session_using_session_settings",
    # It wants Werkzeug's message for SESSION_COOKIE_SAMESITE = "invalid"; ours comes first.
    "tests/test_basic.py::test_session_using_samesite_attribute",
    # It wants no reference cycle in an application; app.extensions holds one, as others' do.
    "tests/test_basic.py::test_app_freed_on_zero_refcount",
    # They count templates and loaders, or list routes; ours are among them.
    "tests/test_blueprints.py::test_templates_list",
    "tests/test_templating.py::test_template_loader_debugging",
    "tests/test_cli.py::TestRoutes::test_simple",
    "tests/test_cli.py::TestRoutes::test_sort",
    "tests/test_cli.py::TestRoutes::test_no_routes",
    # An extension that adds a name to templates makes Jinja's environment, which then has read
    # TEMPLATES_AUTO_RELOAD.
    "tests/test_templating.py::test_templates_auto_reload",
}
#: What fails without us as well, with the Werkzeug of today, or without Flask's extra for async.
ANYWAY = {
    "tests/test_reqctx.py::test_bad_environ_raises_bad_request",
    "tests/test_helpers.py::TestStreaming::test_async_view",
}


def test_flask_passes_its_own_tests(tmp_path):
    """Hundreds of applications behave as without us, but for the cases that are listed."""
    with tarfile.open(find_sdist()) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("flask-*")
    (folder / "around.py").write_text(PLUGIN, "utf-8")
    shutil.copy(shared_rules.__file__, folder)
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=line", "-rf",
               "-p", "around", "-p", "no:cacheprovider", "-p", "no:randomly", "tests"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE))
    assert failed - ANYWAY == EXPLAINED, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 450
