"""The commands ``flask cookies publish`` and ``diff``, and the PDF, as they are typed."""

from __future__ import annotations

import datetime
import io

import pypdf
import pytest
from flask import Flask, g
from flask.cli import ScriptInfo

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.checks.app import HOW_TO_ADD
from strict_cookies.cli.main import cookies
from tests.policies import declare

OLD = CookiePolicy(site=Site(name="Shop", languages=("en", "de")), cookies=(declare("a"),))
NEW = CookiePolicy(
    site=Site(name="Shop", languages=("en", "de")),
    cookies=(declare("a", samesite="Strict"), declare("b", title="Basket")),
)


@pytest.fixture
def app_of():
    """Make applications that share an archive, as the same site before and after a change."""
    archives = []

    def make(policy):
        app = Flask("shop")
        app.config.update(
            TESTING=True,
            SECRET_KEY="k" * 32,
            STRICT_COOKIES_POLICY=policy,
            STRICT_COOKIES_CANONICAL_HOST="shop.example",
        )
        StrictCookies(app)
        protection = app.extensions["strict_cookies"]
        archives.append(protection.archive)
        protection._compiled = protection.compiled._replace(archive=archives[0])
        return app

    return make


def run(app, *arguments):
    """Run a command; return its exit code and output."""
    result = app.test_cli_runner().invoke(
        cookies, [*arguments], obj=ScriptInfo(create_app=lambda: app)
    )
    return result.exit_code, result.output


def today():
    return datetime.datetime.now(datetime.UTC).date()


def test_publish_records_what_changed(app_of):
    """Once; a second time there is nothing to do, which is no failure."""
    code, output = run(app_of(OLD), "publish", "--without-pdf", "--effective", "2026-03-01")
    assert (code, output) == (
        0,
        "Published version 1, in force since 2026-03-01.\nIt is the first version.\n",
    )
    app = app_of(NEW)
    assert run(app, "publish", "--without-pdf") == (
        0,
        f"Published version 2, in force since {today()}.\n"
        "  Changed: Cookies, A title (a): Protection\n"
        "  Added: Cookies, Basket (b)\n",
    )
    assert run(app, "publish", "--without-pdf") == (
        0,
        "Nothing to publish: version 2 has the same content.\n",
    )


@pytest.mark.parametrize(
    ("day", "words"),
    [("2999-01-01", "in the future"), ("2026-01-01", "before version 1"), ("x", "x")],
)
def test_day_must_make_sense(app_of, day, words):
    """Neither one to come, nor one before the version before."""
    run(app_of(OLD), "publish", "--without-pdf", "--effective", "2026-03-01")
    app = app_of(NEW)
    code, output = run(app, "publish", "--without-pdf", "--effective", day)
    assert code == 2
    assert words in output
    assert app.extensions["strict_cookies"].versions.last().number == 1


def test_diff_answers_by_its_exit_code(app_of):
    """0 if nothing differs, 1 if something does, 2 for errors."""
    app, changed = app_of(OLD), app_of(NEW)
    difference = "  Changed: Cookies, A title (a): Protection\n  Added: Cookies, Basket (b)\n"
    assert run(app, "diff") == (1, "No version is published yet. Run 'flask cookies publish'.\n")
    app.extensions["strict_cookies"].publish()
    assert run(app, "diff") == (
        0,
        "Nothing differs between version 1 and the current declaration.\n",
    )
    assert run(changed, "diff") == (
        1,
        f"From version 1 to the current declaration:\n{difference}",
    )
    changed.extensions["strict_cookies"].publish()
    assert run(app, "diff", "1", "2") == (1, f"From version 1 to version 2:\n{difference}")
    assert run(app, "diff", "1") == (
        0,
        "Nothing differs between version 1 and the current declaration.\n",
    )
    assert run(app, "diff", "1", "3") == (
        2,
        "Error: There is no version 3. The newest is 2.\n",
    )
    assert run(Flask("bare"), "diff") == (
        2,
        f"Error: StrictCookies was not added to the application 'bare'.\n{HOW_TO_ADD}\n",
    )


def test_hostile_names_steer_no_terminal(app_of):
    """What could steer a terminal does not."""
    app_of(OLD).extensions["strict_cookies"].publish()
    hostile = CookiePolicy(cookies=(declare("a", title="\x1b[31mred"),))
    assert "\x1b" not in run(app_of(hostile), "diff")[1]


def test_publishing_without_a_browser_is_a_choice(app_of, monkeypatch):
    """Without one nothing is published, and the message says what to install, and the way out."""
    monkeypatch.setenv("STRICT_COOKIES_CHROMIUM", "no-such-browser")
    app = app_of(OLD)
    code, output = run(app, "publish")
    assert code == 1
    assert "Nothing was published" in output
    assert "apt-get install chromium" in output
    assert "--without-pdf" in output
    assert app.extensions["strict_cookies"].versions.last() is None
    assert run(app, "publish", "--without-pdf")[0] == 0


def test_page_is_rendered_after_the_hooks_of_a_request(app_of, monkeypatch):
    """A context processor that needs what a before_request function sets, such as g.user, works."""
    app = app_of(OLD)
    app.before_request(lambda: setattr(g, "user", None))
    app.context_processor(lambda: {"navigation": g.user or []})
    printed = []
    monkeypatch.setattr(
        "strict_cookies.audit.browser.printing.print_to_pdf",
        lambda pages, fetch: printed.extend(pages) or [b"%PDF"] * len(pages),
    )
    assert run(app, "publish")[0] == 0
    assert len(printed) == 2


def test_code_that_fails_there_is_named_without_a_traceback(app_of, caplog):
    """Nothing is published, and the log says where it failed, without the message."""
    app = app_of(OLD)
    app.context_processor(lambda: {"navigation": g.user})
    code, output = run(app, "publish")
    assert code == 1
    assert "code failed while the page was rendered (AttributeError)" in " ".join(output.split())
    assert "Traceback" not in output
    assert "SC902" in caplog.text
    assert app.extensions["strict_cookies"].versions.last() is None


@pytest.mark.browser
def test_pdf_is_tagged_and_numbered(app_of, tmp_path):
    """In each of the site's languages; a title, a tree of tags, an outline, numbered sheets."""
    app = app_of(OLD)
    assert run(app, "publish", "--without-pdf")[0] == 0
    code, output = run(app, "publish")
    assert (code, output) == (
        0,
        "Nothing to publish: version 1 has the same content.\nPDF: en, de.\n",
    )
    client = app.test_client()
    for language, title, status in (
        ("en", "Cookies on this site – Shop", "Version 1, in force since"),
        ("de", "Cookies auf dieser Website – Shop", "Fassung 1, gültig seit"),
    ):
        pdf = client.get(
            f"/cookies/declaration.pdf?lang={language}", base_url="https://shop.example"
        ).data
        read = pypdf.PdfReader(io.BytesIO(pdf))
        root = read.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"].value is True
        assert "/StructTreeRoot" in root
        assert root["/Lang"] == language
        assert read.metadata.title == title
        assert read.outline[0].title == title.partition(" –")[0]
        assert status in read.pages[0].extract_text()
        count = len(read.pages)
        assert count > 1
        for number, page in enumerate(read.pages, 1):
            assert page.extract_text().endswith(f"{number} / {count}")
        links = [
            link.get_object()["/A"]["/URI"]
            for page in read.pages
            for link in page.get("/Annots", [])
        ]
        assert links
        assert all(link.startswith("https://shop.example/cookies/") for link in links)
    code, output = run(app_of(NEW), "export", "pdf", "--output", str(tmp_path / "a.pdf"))
    assert (code, output) == (0, "")
    text = pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
    assert "Draft: this text has not been published" in text


def test_pdf_is_not_for_a_terminal(app_of):
    """It says where to write instead."""
    code, output = run(app_of(OLD), "export", "pdf")
    assert (code, output) == (
        1,
        "Error: A PDF can't be printed to the terminal. Use --output PATH.\n",
    )
