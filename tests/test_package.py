"""What is published builds, installs where nothing else is, and works there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "strict_cookies"
#: What a file of the package is that a build left behind, or an editor.
NO_SOURCE = ("__pycache__", ".pyc", "~")


def run(*command, **options):
    """Run a command without what this environment says of Python; return what it prints."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "FLASK", "PYTEST", "COV"))
    }
    done = subprocess.run(
        [os.fspath(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the sdist, and the wheel from the sdist, so that nothing is missing in either."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def elsewhere(built, tmp_path_factory):
    """An environment in which the wheel and what it needs are installed, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--constraint", ROOT / "constraints.txt", built[1])
    return python


def metadata(wheel):
    """Read what the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_wheel_has_every_file_of_the_package(built):
    """Templates, catalogues and scripts are in the wheel, and the mark that it is typed."""
    expected = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and not path.as_posix().endswith(NO_SOURCE)
    }
    with zipfile.ZipFile(built[1]) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert "strict_cookies/py.typed" in packed


def test_sdist_has_what_a_reader_wants(built):
    """Whoever unpacks the sdist finds the licence, the changes and the documentation."""
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/quickstart.md"} <= names


def test_extra_all_is_every_other_extra(built):
    """``strict-cookies[all]`` leaves none out."""
    found = metadata(built[1])
    extras = found.get_all("Provides-Extra")
    (everything,) = (line for line in found.get_all("Requires-Dist") if '"all"' in line)
    named = re.split(r",\s*", re.search(r"\[(.+?)\]", everything)[1])
    assert sorted([*named, "all"]) == sorted(extras)


def test_it_works_where_nothing_else_is(elsewhere, tmp_path):
    """The commands, the firewall, the session and the pages need nothing that is not named."""
    (tmp_path / "app.py").write_text(
        "from flask import Flask, session\n"
        "from strict_cookies import StrictCookies\n"
        "app = Flask(__name__)\n"
        "app.secret_key = 'k' * 32\n"
        "StrictCookies(app)\n"
        "@app.get('/')\n"
        "def index():\n"
        "    session['user'] = 7\n"
        "    return 'done'\n",
        "utf-8",
    )
    code = (
        "import app, strict_cookies\n"
        "client = app.app.test_client()\n"
        "print(strict_cookies.__file__)\n"
        "print(client.get('/').headers['Set-Cookie'].partition('=')[0])\n"
        "print(client.get('/cookies/?lang=de').status)\n"
        "[getattr(strict_cookies, name) for name in strict_cookies.__all__]\n"
    )
    file, *printed = run(elsewhere, "-c", code, cwd=tmp_path).splitlines()
    assert Path(file).is_relative_to(elsewhere.parents[1])
    assert printed == ["__Host-Http-session", "200 OK"]
    flask = elsewhere.with_name("flask")
    helped = run(flask, "cookies", "--help", cwd=tmp_path)
    assert "Show, check and set up the cookies that this site declares." in helped
    assert "__Host-Http-session" in run(flask, "cookies", "show", cwd=tmp_path)


def test_pre_commit_has_the_version_that_was_tried():
    """A commit is linted by the same ruff as ``make check``."""
    tried = re.search(r"^ruff==(.+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert re.findall(r"rev: v(.+)", hooks) == [tried[1]]
