"""Which files of an application are scanned, and how they are listed."""

from __future__ import annotations

import os

import pytest
from flask import Blueprint, Flask
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, FunctionLoader

from strict_cookies import StrictCookies
from strict_cookies.scan import app as scanning
from strict_cookies.scan import sources
from strict_cookies.scan.app import scan_app


@pytest.fixture
def app(tmp_path):
    return Flask("shop", root_path=str(tmp_path))


def write(app, path, text="<i style=x>"):
    file = os.path.join(app.root_path, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as opened:
        opened.write(text if isinstance(text, bytes) else text.encode())


def places(scan):
    return [f"{place.file}:{place.line}" for place in scan.violations]


def test_bare_application_has_nothing_to_look_through(app):
    """Without templates and static files the scan is empty."""
    scan = scan_app(app)
    assert (scan.files, scan.violations, scan.too_large, scan.unreadable, scan.truncated) == (
        0, [], [], [], False,
    )  # fmt: skip


def test_application_without_folders_has_nothing_to_look_through(tmp_path):
    """An application may do without templates and static files altogether."""
    app = Flask("api", root_path=str(tmp_path), template_folder=None, static_folder=None)
    assert scan_app(app).files == 0


def test_templates_and_static_files_are_looked_through(app):
    """Pages, style sheets and scripts are; mails in plain text, data and pictures are not."""
    write(app, "templates/a.html")
    write(app, "templates/sub/b.html.j2")
    write(app, "templates/site.css.jinja", "a{background:url(//x.example/a)}")
    write(app, "templates/mail.txt")
    write(app, "templates/feed.xml.j2")
    write(app, "static/a.htm")
    write(app, "static/b.js", "fetch('//x.example')")
    write(app, "static/c.css", "@import '//x.example'")
    write(app, "static/d.png")
    scan = scan_app(app)
    assert scan.files == 6
    assert places(scan) == [
        "templates/a.html:1",
        "templates/site.css.jinja:1",
        "templates/sub/b.html.j2:1",
        "static/a.htm:1",
        "static/b.js:1",
        "static/c.css:1",
    ]


def test_marks_of_jinja_count_in_templates_only(app):
    """A static file is read as it is sent."""
    text = '{# <i style="x"> #}'
    write(app, "templates/a.html", text)
    write(app, "static/a.html", text)
    assert places(scan_app(app)) == ["static/a.html:1"]


def test_blueprints_are_looked_through_but_not_our_own(app, tmp_path):
    """A blueprint's directories are scanned once; those of Strict Cookies are not."""
    write(app, "templates/a.html")
    write(app, "room/pages/b.html")
    write(app, "room/files/c.html")
    room = Blueprint(
        "room", "shop.room", root_path=str(tmp_path / "room"), template_folder="pages",
        static_folder="files",
    )  # fmt: skip
    shared = Blueprint("shared", "shop", root_path=str(tmp_path), template_folder="templates")
    app.register_blueprint(room)
    app.register_blueprint(shared)
    before = scan_app(app)
    assert places(before) == ["templates/a.html:1", "room/pages/b.html:1", "room/files/c.html:1"]
    StrictCookies(app)
    assert places(scan_app(app)) == places(before)


def test_other_loaders_are_asked_for_what_they_have(app, tmp_path):
    """Loaders without directories are asked for their templates, if they can list them."""
    write(app, "more/a.html")
    pages = {"b.html": "<i style=x>", "c.txt": "<i style=x>", "d.html": "<i style=x>" + " " * 2**20}
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(tmp_path / "more"),
            DictLoader(pages),
            FunctionLoader(lambda name: "<i style=x>"),
        ]
    )
    scan = scan_app(app)
    assert places(scan) == ["more/a.html:1", "b.html:1"]
    assert scan.too_large == ["d.html"]


def test_folder_elsewhere_is_shown_in_full(app, tmp_path_factory):
    """A file outside the application's directory is listed with its absolute path."""
    directory = tmp_path_factory.mktemp("elsewhere")
    (directory / "a.html").write_text("<i style=x>")
    app.jinja_loader = FileSystemLoader(directory)
    assert places(scan_app(app)) == [f"{(directory / 'a.html').as_posix()}:1"]


def test_large_and_broken_files_are_named(app, tmp_path):
    """Files that are too large or can't be read are named, invalid UTF-8 is read all the same."""
    write(app, "templates/a.html", b"\xff\xfe\x00<i style=x>\xc3")
    write(app, "templates/exact.html", b" " * sources.MAX_FILE_BYTES)
    write(app, "templates/large.html", b" " * (sources.MAX_FILE_BYTES + 1))
    os.symlink(tmp_path / "nowhere.html", tmp_path / "templates" / "link.html")
    os.mkfifo(tmp_path / "templates" / "pipe.html")
    scan = scan_app(app)
    assert places(scan) == ["templates/a.html:1"]
    assert scan.files == 2
    assert scan.too_large == ["templates/large.html"]


def test_unreadable_file_is_named(app, monkeypatch):
    """An unreadable file is listed, and the rest is still scanned."""
    write(app, "templates/a.html")
    write(app, "templates/b.html")

    def refuse(path, mode):
        if path.endswith("a.html"):
            raise PermissionError(13, "Permission denied")
        return open(path, mode)

    monkeypatch.setattr(sources, "open", refuse, raising=False)
    scan = scan_app(app)
    assert scan.unreadable == ["templates/a.html"]
    assert places(scan) == ["templates/b.html:1"]


def test_number_of_files_is_bounded(app, monkeypatch):
    """Files above the limit are skipped, and this is reported."""
    monkeypatch.setattr(scanning, "MAX_FILES", 3)
    for number in range(3):
        write(app, f"templates/{number}.html")
    assert not scan_app(app).truncated
    write(app, "templates/3.html")
    scan = scan_app(app)
    assert scan.truncated
    assert scan.files == 3
