"""Renderings are cached, bounded, and never if a template is the site's own."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from flask import Flask, g, render_template_string, request

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.declaration.current import MAX_CACHED, CurrentDeclaration, Rendered
from strict_cookies.declaration.i18n.language import find_language
from strict_cookies.declaration.pages.blueprint import create_blueprint
from strict_cookies.declaration.pages.renderer import PageRenderer
from strict_cookies.declaration.publication import PublicationStatus, PublishedVersion
from strict_cookies.declaration.sources import PolicySnapshot, Sources
from tests.policies import declare

EDITION = PublicationStatus(
    history=(
        PublishedVersion(
            version=1, effective_from=datetime.date(2026, 3, 1), hash=f"sha256:{'0' * 64}"
        ),
    ),
    draft=False,
)


def app_of(directory=None, **config):
    """Create an application, with its own templates in a directory."""
    app = Flask(__name__, template_folder=directory and str(directory))
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, **config)
    StrictCookies(app)
    return app


def test_document_is_rebuilt_when_it_changes():
    """A page is rendered again only if policy, enforcement or status changed."""
    snapshot = [CookiePolicy(), True, True]
    edition = [None]
    published = CurrentDeclaration(
        Sources(snapshot=lambda: PolicySnapshot(*snapshot), status=lambda content_hash: edition[0])
    )
    made = []

    def render():
        made.append(published.document()["edition"])
        return Rendered.from_text("text")

    for _ in range(2):
        published.render("key", render)
    assert len(made) == 1
    for change in (lambda: snapshot.__setitem__(0, CookiePolicy(cookies=(declare("a"),))),
                   lambda: snapshot.__setitem__(1, False),
                   lambda: edition.__setitem__(0, EDITION)):  # fmt: skip
        change()
        published.render("key", render)
        published.render("key", render)
    assert len(made) == 4
    assert published.document()["enforced"] is False
    assert published.document()["edition"]["version"] == 1


def test_cache_is_bounded():
    """The number of cached renderings has a maximum."""
    published = CurrentDeclaration(Sources(snapshot=lambda: PolicySnapshot(policy, True, True)))
    policy = CookiePolicy()
    for number in range(3 * MAX_CACHED):
        published.render(number, lambda: Rendered.from_text("text"))
        assert len(published._current().renderings) <= MAX_CACHED


def test_page_of_the_site_is_never_cached(tmp_path):
    """A template of the site may show who is signed in; no other client gets that."""
    directory = tmp_path / "strict_cookies"
    directory.mkdir()
    (directory / "declaration.html").write_text(
        '{% extends "strict_cookies/layout.html" %}'
        "{% block footer %}<p>Signed in: {{ g.name }}</p>{% endblock %}"
    )
    app = app_of(tmp_path)
    app.before_request(lambda: setattr(g, "name", request.args["name"]))
    client = app.test_client()
    for name in ("alice", "bob"):
        text = client.get(f"/cookies/?name={name}").text
        assert f"Signed in: {name}" in text
        assert "Machine-readable:" not in text
        assert "__Host-Http-session" in text


@pytest.mark.parametrize("name", ["parts", "cookie_table", "notice"])
def test_template_of_the_site_replaces_ours(tmp_path, name):
    """Each template can be replaced by one of the same name."""
    directory = tmp_path / "strict_cookies"
    directory.mkdir()
    original = Path(PageRenderer.render.__globals__["_DIRECTORY"], "strict_cookies", f"{name}.html")
    (directory / f"{name}.html").write_text(f"{original.read_text('utf-8')}<!-- the site's -->")
    if name == "parts":
        text = original.read_text("utf-8").replace("<article>", '<article class="ours">')
        (directory / "parts.html").write_text(text)
    app = app_of(tmp_path)
    page = "{{ cookie_table() }}{{ cookie_notice() }}{{ cookie_declaration() }}"
    app.add_url_rule("/privacy", view_func=lambda: render_template_string(page))
    text = app.test_client().get("/privacy").text
    assert text.count('<article class="ours">' if name == "parts" else "<!-- the site's -->") > 0


def test_mounted_application_links_itself():
    """Under a prefix that a server mounts it at, each link has the prefix."""
    client = app_of().test_client()
    plain = client.get("/cookies/").text
    mounted = client.get("/cookies/", environ_overrides={"SCRIPT_NAME": "/erp"}).text
    assert 'href="/erp/cookies/declaration.json"' in mounted
    assert plain.replace('"/cookies/', '"/erp/cookies/') == mounted
    assert client.get("/cookies/").text == plain


def test_declaration_goes_into_a_page_of_the_site():
    """All of it but the document's frame and first heading, in a language of its own."""
    app = app_of()
    page = '{{ cookie_declaration("de") }}'
    app.add_url_rule("/privacy", view_func=lambda: render_template_string(page))
    response = app.test_client().get("/privacy")
    text = response.text
    assert text.strip().startswith('<div class="cookie-declaration" lang="de">')
    assert "<h1" not in text
    assert "<html" not in text
    assert '<h2 id="sc-cookies">Cookies</h2>' in text
    assert "Vary" not in response.headers


@pytest.mark.parametrize("name", ["cookie_declaration", "cookie_table", "cookie_notice"])
def test_part_in_the_visitors_language_says_vary(name):
    """If the browser decides the language, the response has Vary."""
    app = app_of()
    app.add_url_rule("/p", view_func=lambda: render_template_string(f"{{{{ {name}() }}}}"))
    response = app.test_client().get("/p", headers={"Accept-Language": "nl"})
    assert 'lang="nl"' in response.text
    assert response.headers["Vary"] == "Accept-Language"


def published_app(edition):
    """Create an application that publishes versions."""
    app = Flask(__name__)
    app.register_blueprint(
        create_blueprint(
            Sources(
                snapshot=lambda: PolicySnapshot(policy, True, True),
                status=lambda content_hash: edition,
            )
        ),
        url_prefix="/cookies",
    )
    policy = CookiePolicy(site=Site(name="Shop"))
    app.add_url_rule("/p", view_func=lambda: render_template_string("{{ cookie_notice() }}"))
    return app.test_client()


def test_notice_is_one_sentence():
    """It links the declaration, and has a date only where versions are published."""
    sentence = "This site states that it stores only what it strictly needs."
    link = '<a href="/cookies/?lang=en">Cookie declaration</a>'
    for edition, rest in (
        (None, ""),
        (PublicationStatus(), ""),
        (EDITION, " (changed on 1 March 2026)"),
    ):
        assert published_app(edition).get("/p").text == (
            f'<p class="cookie-notice" lang="en">{sentence} {link}{rest}</p>'
        )


def test_status_is_shown_on_the_page():
    """A draft says that it is one; a version says its number and since when it counts."""
    assert 'class="status"' not in published_app(None).get("/cookies/").text
    draft = published_app(PublicationStatus()).get("/cookies/").text
    assert "Draft: this text has not been published as a version yet." in draft
    text = published_app(EDITION).get("/cookies/?lang=de").text
    assert "Fassung 1, gültig seit 1. März 2026" in text


def test_overrides_of_direction_stay_within_their_text():
    """What turns the writing around is isolated from the text around it."""
    evil = "\u202eevil"
    policy = CookiePolicy(site=Site(name=evil), cookies=(declare("a", title=evil),))
    text = app_of(STRICT_COOKIES_POLICY=policy).test_client().get("/cookies/").text
    title = text.index("</title>")
    assert text.count(evil, title) == text.count(f"<bdi>{evil}</bdi>", title) == 2


def test_words_of_a_document_do_not_depend_on_the_request():
    """The same document in the same language gives the same words."""
    published = CurrentDeclaration(Sources(snapshot=lambda: PolicySnapshot(policy, True, True)))
    policy = CookiePolicy(cookies=(declare("a"),))
    german = find_language("de")
    assert published.view(german) == published.view(german)
