"""Only sessions older than a change see its notice, until they dismiss it."""

from __future__ import annotations

import datetime
import time

import pytest
from flask import Flask, render_template_string, session

from strict_cookies import StrictCookies
from strict_cookies.declaration.document import build_document
from strict_cookies.policy.policy import CookiePolicy
from tests.policies import declare

OTHER = build_document(CookiePolicy(cookies=(declare("a"),)))


def make_app(**config):
    app = Flask(__name__)
    app.config.update(
        {"TESTING": True, "SECRET_KEY": "k" * 32, "STRICT_COOKIES_MODE": "enforce", **config}
    )
    StrictCookies(app)
    app.add_url_rule(
        "/page", "page", lambda: render_template_string("<p>{{ cookie_change_notice('en') }}</p>")
    )
    app.add_url_rule("/begin", "begin", lambda: session.update(begun=True) or "begun")
    app.add_url_rule("/show", "show", lambda: dict(session))
    return app


@pytest.fixture
def app():
    return make_app()


def publish(app, *, later=60, **options):
    """Publish two versions, so many seconds from now."""
    protection = app.extensions["strict_cookies"]
    protection.versions._clock = lambda: time.time() + later
    protection.versions.record(OTHER)
    return protection.publish(**options)


def begin(app):
    """Return a client that has a session."""
    client = app.test_client()
    client.get("/begin", base_url="https://localhost")
    return client


def look(client, path="/page?a=1"):
    return client.get(path, base_url="https://localhost")


def put_away(client, headers=None, **form):
    return client.post(
        "/cookies/notice",
        base_url="https://localhost",
        data={"version": "2", "back": "/page?a=1", **form},
        headers={"Sec-Fetch-Site": "same-origin"} if headers is None else headers,
    )


def test_session_sees_the_notice_until_it_is_dismissed(app):
    """Text, a link and a button; back on the same page it is gone, for this session."""
    client, other = begin(app), begin(app)
    assert look(client).text == "<p></p>"
    publish(app)
    shown = look(client).text
    assert "The cookie declaration changed on " in shown
    assert 'href="/cookies/?lang=en#sc-versions"' in shown
    assert '<input type="hidden" name="back" value="/page?a=1">' in shown
    answer = put_away(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/page?a=1")
    assert look(client).text == "<p></p>"
    assert "changed on" in look(other).text


def test_next_change_has_a_new_notice(app):
    """What was put away was one version."""
    client = begin(app)
    publish(app)
    put_away(client, version="999999")
    put_away(client)
    assert look(client).text == "<p></p>"
    app.extensions["strict_cookies"].versions.record(OTHER)
    assert 'name="version" value="3"' in look(client).text


def test_visitor_without_a_session_sees_no_notice(app):
    """No session is opened: no cookie and no Vary, and the button changes nothing."""
    publish(app)
    client = app.test_client()
    answer = look(client)
    assert answer.text == "<p></p>"
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    answer = put_away(client)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers


def test_young_session_sees_no_notice(app):
    """One that began after the publication, or after the day from which it counts."""
    publish(app, later=-60)
    assert look(begin(app)).text == "<p></p>"
    other = make_app()
    client = begin(other)
    publish(other, effective_from=datetime.date(2026, 1, 1))
    assert look(client).text == "<p></p>"


def test_first_version_is_no_change(app):
    """Nothing changed with it."""
    client = begin(app)
    app.extensions["strict_cookies"].versions._clock = lambda: time.time() + 60
    app.extensions["strict_cookies"].publish()
    assert look(client).text == "<p></p>"


def test_old_change_opens_no_session(app):
    """Where no session can be that old, none is looked at."""
    client = begin(app)
    publish(app, later=-400 * 86_400)
    answer = look(client)
    assert answer.text == "<p></p>"
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "page",
        "",
        "/a\r\nSet-Cookie: a=b",
    ],
)
def test_button_leads_to_no_other_site(app, back):
    """Anything but a path of this site redirects to the declaration."""
    client = begin(app)
    publish(app)
    assert put_away(client, back=back).headers["Location"] == "/cookies/"


def test_other_sites_put_nothing_away(app):
    """A page of another origin can't press the button, and a link can't."""
    client = begin(app)
    publish(app)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert put_away(client, headers).status_code == 403
    assert look(client, "/cookies/notice").status_code == 405
    assert "changed on" in look(client).text


def test_flasks_own_session_sees_no_notice():
    """It does not say when it began; the footer link has the date."""
    app = make_app(STRICT_COOKIES_SESSIONS="flask")
    client = begin(app)
    publish(app)
    assert look(client).text == "<p></p>"
    assert put_away(client).status_code == 303
    assert look(client, "/show").get_json() == {"begun": True}


def test_notice_speaks_the_page_s_language(app):
    """The one that is asked for, or the browser's."""
    app.add_url_rule(
        "/free", "free", lambda: render_template_string("{{ cookie_change_notice() }}")
    )
    client = begin(app)
    publish(app)
    answer = client.get(
        "/free", base_url="https://localhost", headers={"Accept-Language": "pl, en;q=0.5"}
    )
    assert '<section class="cookie-change-notice" lang="pl"' in answer.text
    assert "Ukryj tę informację" in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_footer_link_has_the_date_for_everybody(app):
    """Without a session, without a cookie; before a publication it has none."""
    app.add_url_rule(
        "/foot", "foot", lambda: render_template_string("{{ cookie_footer_link('en') }}")
    )
    client = app.test_client()
    link = '<a class="cookie-footer-link" lang="en" href="/cookies/?lang=en">Cookie declaration'
    assert client.get("/foot").text == f"{link}</a>"
    app.extensions["strict_cookies"].publish(effective_from=datetime.date(2026, 3, 1))
    answer = client.get("/foot")
    assert answer.text == f"{link} (changed on 1 March 2026)</a>"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers
