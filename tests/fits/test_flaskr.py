"""Flask's own tutorial application, unmodified but for the three lines, passes its own tests."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

IMPORT_LINE = "from strict_cookies import StrictCookies\n"
USE_LINE = "    StrictCookies(app)\n"


def find_sdist() -> Path:
    """Give Flask's sdist of the installed version, fetched once for each environment."""
    version = importlib.metadata.version("flask")
    folder = Path(sys.prefix, "flask-sdist")
    sdist = folder / f"flask-{version}.tar.gz"
    if not sdist.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest",
                   str(folder), "--no-binary", "flask", f"flask=={version}"]  # fmt: skip
        subprocess.run(command, check=True)
    return sdist


@pytest.fixture
def flaskr(tmp_path):
    """Unpack the tutorial, with the three lines added."""
    with tarfile.open(find_sdist()) as archive:
        archive.extractall(tmp_path, filter="data")
    tutorial = next(tmp_path.glob("flask-*/examples/tutorial"))
    factory = tutorial / "flaskr" / "__init__.py"
    source = factory.read_text()
    begin, end = source.rsplit("    return app\n", 1)
    factory.write_text(IMPORT_LINE + begin + USE_LINE + "    return app\n" + end)
    return tutorial


def run_tests(tutorial, *arguments):
    """Run the tutorial's own tests; return how they closed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header",
               *arguments]  # fmt: skip
    done = subprocess.run(command, cwd=tutorial, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_tutorial_passes_its_own_tests(flaskr):
    """All of Flaskr's tests pass in raise mode, sessions and redirects included."""
    code, output = run_tests(flaskr)
    assert code == 0, output
    assert int(re.search(r"(\d+) passed", output)[1]) >= 20


def test_tutorial_tests_a_session_transaction(flaskr):
    """session_transaction() works in Flaskr, before and between requests."""
    (flaskr / "tests" / "test_transaction.py").write_text(
        "def test_planted_session_is_a_login(client):\n"
        "    with client.session_transaction() as session:\n"
        "        session['user_id'] = 1\n"
        "    assert b'Log Out' in client.get('/').data\n"
        "    with client.session_transaction() as session:\n"
        "        assert session.pop('user_id') == 1\n"
        "    assert b'Log In' in client.get('/').data\n"
    )
    code, output = run_tests(flaskr, "tests/test_transaction.py")
    assert code == 0, output


def test_tutorial_fails_where_it_sets_a_tracker(flaskr):
    """The tests above can fail: one undeclared cookie and Flaskr's tests tell its line."""
    blog = flaskr / "flaskr" / "blog.py"
    blog.write_text(
        blog.read_text().replace(
            'return render_template("blog/index.html", posts=posts)',
            'return render_template("blog/index.html", posts=posts), {"Set-Cookie": "_ga=1"}',
        )
    )
    code, output = run_tests(flaskr)
    assert code == 1
    assert "SC102 known tracking cookie: '_ga'" in output
