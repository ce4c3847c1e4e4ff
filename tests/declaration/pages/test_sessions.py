"""The page where users see and end their sessions: what it shows, and to whom."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.declaration.i18n.language import find_language
from strict_cookies.sessions.record import NewLogin

from ...sessions.apps import (
    CHROME,
    COOKIE,
    HOUR,
    MINUTE,
    SECRET,
    ask,
    cookie_of,
    lines,
    make_app,
    manager_of,
)

PAGE = "/cookies/sessions"
ENDINGS = ("end", "end-others", "end-all")
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def app(clock):
    """An application without a page to sign in."""
    return make_app(clock=clock)


def sign_in(app, user="alice", **options):
    return cookie_of(ask(app, f"/login/{user}", **options))


def post(app, ending, cookie, *, headers=SAME_ORIGIN, **fields):
    return ask(app, f"{PAGE}/{ending}", cookie, method="POST", data=fields, headers=headers)


def is_in(app, cookie):
    return ask(app, "/who", cookie).json != {}


def handles_on(page):
    return re.findall(r'name="session" value="([^"]+)"', page)


def text_of(page):
    """Return the text of a page, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


# --- What is shown ---


def test_own_sessions_are_listed(app, clock):
    """This one is marked and comes first; device and times are shown, of this user only."""
    other = sign_in(app, headers={"User-Agent": CHROME})
    clock.turn(3 * MINUTE)
    this = sign_in(app)
    sign_in(app, "bob")
    ask(app, "/show", other, headers={"User-Agent": CHROME})
    answer = ask(app, PAGE, this)
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert (
        "Firefox on Linux This browser Signed in just now (2027-01-15 08:03 UTC) Last "
        "used just now (2027-01-15 08:03 UTC) Chrome on Windows Signed in 3 minutes ago "
        "(2027-01-15 08:00 UTC) Last used just now (2027-01-15 08:03 UTC) End this "
        "session End all other sessions Sign out everywhere, including here"
    ) in text_of(answer.text)
    assert len(handles_on(answer.text)) == 1


def test_only_session_has_no_others_to_end(app):
    """Nothing but signing out everywhere is offered."""
    page = ask(app, PAGE, sign_in(app)).text
    assert re.findall(r'action="([^"]+)"', page) == [f"{PAGE}/end-all"]


def test_page_holds_no_identifier_and_no_key(app):
    """What stands in the page can't be used as a cookie, nor found in the store."""
    cookies = [sign_in(app), sign_in(app)]
    page = ask(app, PAGE, cookies[0]).text
    manager = manager_of(app)
    for cookie in cookies:
        assert all(part not in page for part in cookie.split("."))
        assert manager.open(cookie).visit.key.hex() not in page
    (handle,) = handles_on(page)
    assert not is_in(app, handle)


def test_label_is_escaped(app):
    """A device that is called like markup stays text."""
    manager = manager_of(app)
    manager.sign_in(NewLogin(user_id="alice", device='<b>"x"</b>&'), {})
    page = ask(app, PAGE, sign_in(app)).text
    assert "<bdi>&lt;b&gt;&#34;x&#34;&lt;/b&gt;&amp;</bdi>" in page


def test_site_is_named():
    """The page belongs to the site whose cookies are declared."""
    policy = CookiePolicy(site=Site(name="A & B"))
    page = ask(make_app(STRICT_COOKIES_POLICY=policy), PAGE).text
    assert "<bdi>A &amp; B</bdi>" in page
    assert "<title>Your sessions – A &amp; B</title>" in page


def test_page_lists_what_is_kept(app):
    """What, why and how long, by the options that are live."""
    page = text_of(ask(app, PAGE).text)
    assert "Removed 1 day after the session has ended; it lasts 1 day at most." in page
    assert "“Firefox on Windows”" in page


def test_page_holds_no_script(app):
    """It works without."""
    page = ask(app, PAGE, sign_in(app)).text
    assert "<script" not in page
    assert not re.search(r"\son\w+=|style=", page)


@pytest.mark.parametrize("signed_in", [True, False])
def test_no_cache_keeps_the_page_and_it_sets_no_cookie(app, signed_in):
    """Looking at it leaves nothing behind."""
    answer = ask(app, PAGE, sign_in(app) if signed_in else None)
    assert lines(answer) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Accept-Language, Cookie"


def test_style_sheet_is_served_without_a_session(app):
    """It may be cached, and says nothing of cookies."""
    with ask(app, "/cookies/static/visitor.css", sign_in(app)) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/css")
        assert "no-store" not in answer.headers["Cache-Control"]
        assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (119, "just now"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (7200, "2 hours ago"),
        (86_400, "1 day ago"),
        (10 * 86_400, "10 days ago"),
    ],
)
def test_time_is_said_in_the_largest_unit(seconds, words):
    """A reader needs no time zone for it."""
    assert find_language("en").ago(seconds) == words


# --- To whom ---


def test_visitor_gets_a_plain_page(app):
    """Without a page to sign in, it says that there is nothing to show."""
    answer = ask(app, PAGE)
    assert answer.status_code == 200
    assert "There is nothing to show: you are not signed in." in text_of(answer.text)
    assert "<form" not in answer.text


def test_visitor_is_sent_to_sign_in():
    """Where there is a page for it, with the way back."""
    app = make_app(STRICT_COOKIES_LOGIN_VIEW="who")
    answer = ask(app, PAGE)
    assert (answer.status_code, answer.location) == (302, f"/who?next={PAGE}")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("ending", ENDINGS)
def test_visitor_ends_nothing(app, ending):
    """Without a login there is a 401, or the way to sign in."""
    assert post(app, ending, None).status_code == 401
    sent = post(make_app(STRICT_COOKIES_LOGIN_VIEW="who"), ending, None)
    assert (sent.status_code, sent.location) == (303, f"/who?next={PAGE}")


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, id="Flask's own session"),
        pytest.param({"STRICT_COOKIES_MODE": "report-only"}, id="report only"),
        pytest.param({"SECRET_KEY": None}, id="no key"),
    ],
)
def test_there_is_no_page_without_sessions_on_the_server(config):
    """It has nothing to list there."""
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": SECRET, **config})
    StrictCookies(app)
    client = app.test_client()
    assert client.get(PAGE).status_code == 404
    assert [client.post(f"{PAGE}/{ending}").status_code for ending in ENDINGS] == [404] * 3


def test_prefix_moves_the_page():
    """It is below the other pages of the library."""
    app = make_app(STRICT_COOKIES_URL_PREFIX="/about/cookies")
    assert ask(app, "/about/cookies/sessions").status_code == 200
    assert ask(app, PAGE).status_code == 404


# --- Ending ---


def test_one_session_is_ended(app):
    """The other browser is signed out at once; this one stays, and is led back to the page."""
    other = sign_in(app, headers={"User-Agent": CHROME})
    this = sign_in(app)
    (handle,) = handles_on(ask(app, PAGE, this).text)
    answer = post(app, "end", this, session=handle)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert lines(answer) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert [is_in(app, other), is_in(app, this)] == [False, True]
    assert handles_on(ask(app, PAGE, this).text) == []


@pytest.mark.parametrize("fields", [{}, {"session": ""}, {"session": "\u00e9" * 5000}])
def test_handle_that_names_nothing_ends_nothing(app, fields):
    """A stale or forged form leads back to the list."""
    this = sign_in(app)
    assert post(app, "end", this, **fields).status_code == 303
    assert is_in(app, this)


def test_handle_of_another_user_ends_nothing(app):
    """A handle that another user has seen is worth nothing to them."""
    alices = [sign_in(app), sign_in(app)]
    (handle,) = handles_on(ask(app, PAGE, alices[0]).text)
    post(app, "end", sign_in(app, "mallory"), session=handle)
    assert [is_in(app, cookie) for cookie in alices] == [True, True]


def test_all_others_are_ended(app):
    """This session stays, and another user's."""
    others = [sign_in(app), sign_in(app)]
    this, bobs = sign_in(app), sign_in(app, "bob")
    assert post(app, "end-others", this).location == PAGE
    assert [is_in(app, cookie) for cookie in (*others, this, bobs)] == [False, False, True, True]


def test_all_are_ended(app):
    """Here too: the cookie is expired."""
    other, this = sign_in(app), sign_in(app)
    answer = post(app, "end-all", this)
    assert lines(answer) == [
        f"{COOKIE}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; HttpOnly; "
        "SameSite=Lax"
    ]
    assert answer.headers["Cache-Control"] == "no-store"
    assert [is_in(app, other), is_in(app, this)] == [False, False]


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_is_no_get(app, ending):
    """A link or a picture ends nothing."""
    this = sign_in(app)
    assert ask(app, f"{PAGE}/{ending}", this).status_code == 405
    assert is_in(app, this)


# --- Fresh authentication ---


def test_stale_login_sees_but_ends_nothing(clock):
    """The list has the way to sign in again in place of buttons, and so has an old form."""
    app = make_app(clock=clock, STRICT_COOKIES_LOGIN_VIEW="who")
    other, this = sign_in(app), sign_in(app)
    (handle,) = handles_on(ask(app, PAGE, this).text)
    clock.turn(16 * MINUTE)
    page = ask(app, PAGE, this).text
    assert "<form" not in page
    assert f'<a href="/who?next={PAGE}">Sign in again</a>' in page
    assert "your last sign-in here was more than 15 minutes ago" in text_of(page)
    for ending in ENDINGS:
        answer = post(app, ending, this, session=handle)
        assert (answer.status_code, answer.location) == (303, f"/who?next={PAGE}")
    assert [is_in(app, other), is_in(app, this)] == [True, True]
    this = cookie_of(ask(app, "/reauthenticate", this))
    post(app, "end", this, session=handle)
    assert [is_in(app, other), is_in(app, this)] == [False, True]


def test_stale_login_without_a_page_to_sign_in_gets_a_401(app, clock):
    """The page says what to do all the same."""
    this = sign_in(app)
    clock.turn(16 * MINUTE)
    assert "To end a session, sign in again first" in text_of(ask(app, PAGE, this).text)
    assert post(app, "end-all", this).status_code == 401
    assert is_in(app, this)


# --- Other origins ---


@pytest.mark.parametrize("guard", ["refuse", "off"])
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="sibling"),
        pytest.param({"Origin": "https://evil.example"}, id="old browser"),
    ],
)
def test_another_origin_ends_nothing(guard, ending, headers):
    """Neither with the defence of the whole application nor where that is switched off."""
    app = make_app(STRICT_COOKIES_CROSS_ORIGIN=guard)
    other, this = sign_in(app), sign_in(app)
    (handle,) = handles_on(ask(app, PAGE, this).text)
    answer = post(app, ending, this, headers=headers, session=handle)
    assert answer.status_code == 403
    assert [is_in(app, other), is_in(app, this)] == [True, True]


def test_application_with_form_tokens_finds_its_own(clock):
    """The forms bring what Flask-WTF wants of every form, and without it nothing ends."""
    app = make_app(clock=clock)
    CSRFProtect(app)
    client = app.test_client()
    client.get("/login/alice")
    other = sign_in(app)
    page = client.get(PAGE).text
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    assert client.post(f"{PAGE}/end-others").status_code == 400
    assert is_in(app, other)
    answer = client.post(f"{PAGE}/end-others", data={"csrf_token": token})
    assert answer.status_code == 303
    assert not is_in(app, other)


def test_session_past_its_limit_is_a_visitor(app, clock):
    """A page that has been open since yesterday changes nothing."""
    this = sign_in(app)
    clock.turn(HOUR)
    assert "you are not signed in" in ask(app, PAGE, this).text
