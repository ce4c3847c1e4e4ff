"""The pages for a visitor's own browser in eight languages: nothing visible stays English."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.declaration.i18n.language import LANGUAGES, find_language
from strict_cookies.declaration.pages.sessions import format_device
from strict_cookies.sessions.device import read_device, read_label
from strict_cookies.sessions.options import SessionOptions
from strict_cookies.sessions.record import NewLogin
from strict_cookies.sessions.retention import describe_kept
from tests.declaration.i18n.test_language import ALIKE, TRANSLATED, catalogue, texts_in
from tests.sessions.apps import CHROME, MINUTE, SECRET, Clock, ask, cookie_of, make_app, manager_of

PAGE, SESSIONS = "/cookies/this-browser", "/cookies/sessions"
SITE = Site(name="X", controller="c", contact="c", dpo="d", authority="a", privacy_url="/p")
#: Texts of no language: names of languages, browsers' own words, signs, timestamps.
NAMES = {
    *LANGUAGES.values(),
    "Firefox",
    "·",
    "/p",
    "(2027-01-15 08:00 UTC)",
    "(2027-01-15 08:20 UTC)",
}
#: Everything that can be found in a field.
FIELD = "__Host-Http-session=1; __Host-Http-session=2; _ga=1; wiki=1; nameless"


def this_browser(tag, field="", query="", *, site=SITE, scheme="https", **config):
    """Return the visible texts of the page in a language."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, STRICT_COOKIES_POLICY=CookiePolicy(site=site), **config)
    StrictCookies(app)
    client = app.test_client(use_cookies=False)
    answer = client.get(
        f"{PAGE}?lang={tag}{query}", base_url=f"{scheme}://site.test", headers={"Cookie": field}
    )
    assert answer.status_code == 200, answer.status
    return texts_in(answer.text)


def sessions(tag, *, signed_in, age, **config):
    """Return the visible texts of the list of sessions in a language."""
    clock = Clock()
    app = make_app(clock=clock, **config)
    cookie = None
    if signed_in:
        for device in ("", CHROME, "Windows", "Firefox/1"):
            ask(app, "/login/alice", headers={"User-Agent": device})
        manager_of(app).sign_in(NewLogin(user_id="alice", device="What I call it"), {})
        cookie = cookie_of(ask(app, "/login/alice"))
    clock.turn(age)
    return texts_in(ask(app, f"{SESSIONS}?lang={tag}", cookie).text)


STATES = {
    "nothing": lambda tag: this_browser(tag),
    "everything": lambda tag: this_browser(tag, FIELD),
    "too much": lambda tag: this_browser(tag, FIELD + "; x=" + "y" * 20_000),
    "deleted": lambda tag: this_browser(tag, "", "&after=deleted"),
    "deleted, not all": lambda tag: this_browser(tag, FIELD, "&after=deleted"),
    "deleted, plain http": lambda tag: this_browser(
        tag, FIELD, "&after=deleted", scheme="http", STRICT_COOKIES_HTTPS="off"
    ),
    "report only, no contact": lambda tag: this_browser(
        tag, FIELD, site=Site(), STRICT_COOKIES_MODE="report-only"
    ),
    "sessions, visitor": lambda tag: sessions(tag, signed_in=False, age=0),
    "sessions, fresh": lambda tag: sessions(tag, signed_in=True, age=0),
    "sessions, stale": lambda tag: sessions(
        tag, signed_in=True, age=20 * MINUTE, STRICT_COOKIES_LOGIN_VIEW="who"
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_visible_text_stays_english(tag, state):
    """Outside names and declared text, nothing equals the English page, in any state of it."""
    english, translated = STATES[state]("en"), STATES[state](tag)
    assert len(english) == len(translated) > 15
    assert set(english) & set(translated) <= NAMES | ALIKE[tag]


def test_states_show_every_text():
    """What the templates and the library's words can say is on some page above."""
    shown = " ".join(" ".join(make("de")) for make in STATES.values())
    known = {
        message.id: message.string for message in catalogue("de") if isinstance(message.id, str)
    }
    for text in (
        "It was duplicate or malformed. This site treats it as absent.",
        "Without a name",
        "At present this site only records them: its application could read them.",
        "This site has not named a contact for them.",
        "It is in the session's cookie itself, signed by the server. The server keeps no copy of "
        "it.",
        "What scripts of this site had stored is still there: it can be deleted over an "
        "encrypted connection only.",
        "Unknown browser",
        "Sign in again",
        "End this session",
    ):
        assert known[text] in shown, text


@pytest.mark.parametrize("tag", TRANSLATED)
def test_what_is_kept_has_its_texts(tag):
    """Each is in the catalogue, with its times."""
    texts = {message.id: message.string for message in catalogue(tag)}
    for one in describe_kept(SessionOptions(move_until=1_800_000_000)):
        for text in (one.what, one.why, one.rule):
            assert texts[text] not in ("", text)


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (CHROME, "Chrome auf Windows"),
        ("Windows", "Browser auf Windows"),
        ("Firefox/140.0", "Firefox"),
        ("", "Unbekannter Browser"),
    ],
)
def test_device_is_said_in_the_readers_language(user_agent, said):
    """The label that was kept is the library's own words."""
    assert format_device(read_device(user_agent).label, find_language("de")) == said
    assert format_device(read_device(user_agent).label, find_language("en")) == (
        read_device(user_agent).label
    )


def test_users_own_name_for_a_device_stays():
    """It is not translated, and it is escaped."""
    assert read_label("Firefox on <i>") is None
    assert format_device("<b>", find_language("de")) == "<bdi>&lt;b&gt;</bdi>"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_time_ago_is_said_in_each_language(tag):
    """Numbers and plural forms are the language's."""
    language = find_language(tag)
    said = [
        language.ago(int(ago.total_seconds()))
        for ago in (
            timedelta(0), timedelta(minutes=2), timedelta(hours=1), timedelta(hours=5),
            timedelta(days=1), timedelta(days=3),
        )
    ]  # fmt: skip
    assert len(set(said)) == len(said)
    assert all(str(number) in text for number, text in zip((2, 1, 5, 1, 3), said[1:], strict=True))
