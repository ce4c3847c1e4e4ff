"""What visitors choose: declared names and values only, kept in the session and gone with it."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string, request, session

import strict_cookies
from strict_cookies import (
    CookiePolicy,
    PreferenceValueError,
    StrictCookies,
    StrictCookiesError,
    UnknownPreferenceError,
    preferences,
)
from strict_cookies.sessions.preferences import SESSION_KEY, Preferences
from tests.policies import prefer

from .apps import SECRET, ask, cookie_of, lines, make_app

THEME = prefer("theme", choices=("system", "light", "dark"), default="system")
ROWS = prefer("rows", choices=("10", "25"), default="10")
POLICY = CookiePolicy(preferences=(THEME, ROWS))


def make_choosing(**config):
    """Make an application whose visitors choose."""
    app = make_app(STRICT_COOKIES_POLICY=POLICY, **config)
    add_choices(app)
    return app


def add_choices(app):
    """Add views that read and choose."""

    @app.get("/chosen")
    def chosen():
        return dict(preferences)

    @app.get("/choose")
    def choose():
        preferences.update(request.args.to_dict())
        return dict(preferences)


@pytest.fixture
def kept():
    """What stands for a session."""
    return {}


@pytest.fixture
def chosen(kept):
    """Preferences over a mapping."""
    return Preferences(lambda: POLICY.preferences, lambda: kept)


# --- The mapping ---


def test_default_counts_until_something_is_chosen(chosen, kept):
    """Reading keeps nothing; a choice is kept under one key."""
    assert dict(chosen) == {"theme": "system", "rows": "10"}
    assert (len(chosen), "theme" in chosen, kept) == (2, True, {})
    chosen["theme"] = "dark"
    assert dict(chosen) == {"theme": "dark", "rows": "10"}
    assert kept == {SESSION_KEY: {"theme": "dark"}}


def test_choice_of_the_default_of_today_is_a_choice(chosen, kept):
    """It stays where another is the default tomorrow, once anything else was chosen before."""
    chosen["theme"] = "dark"
    chosen["theme"] = "system"
    assert kept == {SESSION_KEY: {"theme": "system"}}


def test_choice_that_changes_nothing_keeps_nothing(chosen, kept):
    """A form that is saved unchanged begins no session."""
    chosen.update(theme="system", rows="10")
    assert kept == {}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("thme", "Did you mean 'theme'?", id="misspelt"),
        pytest.param("zoom", "Declared are: 'theme', 'rows'.", id="unknown"),
        pytest.param("_id", "Declared are: 'theme', 'rows'.", id="key of another"),
    ],
)
def test_unknown_name_is_refused(chosen, kept, name, hint):
    """Reading, choosing and forgetting say what is meant, or what there is."""
    for attempt in (
        lambda: chosen[name],
        lambda: chosen.update({name: "dark"}),
        lambda: chosen.__delitem__(name),
    ):
        with pytest.raises(UnknownPreferenceError) as caught:
            attempt()
        assert str(caught.value) == (
            f"Preference '{name}' is not declared in [[preference]]. {hint}"
        )
    assert (name in chosen, chosen.get(name), kept) == (False, None, {})


def test_name_of_a_client_is_escaped_and_cut(chosen):
    """Whatever a form sends as a name steers no terminal."""
    with pytest.raises(UnknownPreferenceError) as caught:
        chosen.update({"a\n\x1b[31m" + "b" * 1000: "dark"})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["blue", "", "Dark", " dark", None, 10, ["dark"], b"dark"])
def test_unknown_value_is_refused(chosen, kept, value):
    """The former choice stays, and the message does not repeat what a client sent."""
    chosen["theme"] = "light"
    with pytest.raises(PreferenceValueError) as caught:
        chosen["theme"] = value
    assert (caught.value.name, caught.value.choices) == ("theme", THEME.choices)
    assert str(caught.value) == (
        "Preference 'theme' was set to a value that is not one of its choices. Use one of "
        "'system', "
        "'light', 'dark'."
    )
    assert kept == {SESSION_KEY: {"theme": "light"}}


def test_several_are_kept_together_or_not_at_all(chosen, kept):
    """One wrong value keeps none of them."""
    with pytest.raises(ValueError, match="'rows' was set"):
        chosen.update({"theme": "dark"}, rows="11")
    assert kept == {}
    chosen.update({"theme": "dark"}, rows="25")
    assert dict(chosen) == {"theme": "dark", "rows": "25"}


def test_errors_are_those_of_the_library_and_of_python():
    """Whoever catches either finds them."""
    assert issubclass(UnknownPreferenceError, (StrictCookiesError, KeyError))
    assert issubclass(PreferenceValueError, (StrictCookiesError, ValueError))


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param({"theme": "sepia"}, id="no choice any more"),
        pytest.param({"theme": ["dark"]}, id="no text"),
        pytest.param({"zoom": "2"}, id="no preference any more"),
        pytest.param("dark", id="no mapping"),
        pytest.param(None, id="nothing"),
    ],
)
def test_stored_value_that_is_no_choice_counts_as_none(chosen, kept, stored):
    """The policy of today decides, and the next choice clears away what it does not know."""
    kept[SESSION_KEY] = stored
    assert dict(chosen) == {"theme": "system", "rows": "10"}
    chosen["rows"] = "25"
    assert chosen["rows"] == "25"
    assert set(kept[SESSION_KEY]) <= {"theme", "rows"}


def test_choice_can_be_forgotten(chosen, kept):
    """One or all; with the last one the key goes too, and a second time is harmless."""
    chosen.update(theme="dark", rows="25")
    del chosen["theme"]
    del chosen["theme"]
    assert dict(chosen) == {"theme": "system", "rows": "25"}
    del chosen["rows"]
    assert kept == {}
    chosen["rows"] = "25"
    chosen.clear()
    chosen.clear()
    assert kept == {}


def test_choices_are_offered_as_they_are_declared(chosen):
    """A form needs no list of its own."""
    assert chosen.declared == {"theme": THEME, "rows": ROWS}
    assert list(chosen.declared) == ["theme", "rows"]


def test_repr_holds_no_value(chosen):
    """What somebody chose stands in no log line."""
    chosen["theme"] = "dark"
    assert repr(chosen) == "<Preferences>"


# --- In requests ---


def test_reading_begins_no_session():
    """Neither a cookie nor a row; the answer depends on the session, and says so."""
    answer = ask(make_choosing(), "/chosen")
    assert answer.json == {"theme": "system", "rows": "10"}
    assert lines(answer) == []
    assert answer.headers["Vary"] == "Cookie"


def test_choice_lasts_as_long_as_the_session():
    """It is there with the next request, through a login, and gone after the logout."""
    app = make_choosing()
    cookie = cookie_of(ask(app, "/choose?theme=dark"))
    assert ask(app, "/chosen", cookie).json["theme"] == "dark"
    cookie = cookie_of(ask(app, "/login/alice", cookie))
    assert ask(app, "/chosen", cookie).json["theme"] == "dark"
    ask(app, "/logout", cookie)
    assert ask(app, "/chosen", cookie).json["theme"] == "system"


def test_another_user_does_not_see_it():
    """Who signs in after somebody else begins with the defaults."""
    app = make_choosing()
    cookie = cookie_of(ask(app, "/login/alice"))
    ask(app, "/choose?theme=dark", cookie)
    cookie = cookie_of(ask(app, "/login/bob", cookie))
    assert ask(app, "/chosen", cookie).json["theme"] == "system"


def test_flasks_own_session_keeps_it_too():
    """A choice is noticed there without a mark, and gone with clear()."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=SECRET,
        TESTING=True,
        STRICT_COOKIES_POLICY=POLICY,
        STRICT_COOKIES_SESSIONS="flask",
    )
    StrictCookies(app)
    add_choices(app)
    app.add_url_rule("/clear", view_func=lambda: session.clear() or "cleared", endpoint="clear")
    client = app.test_client()
    assert "Set-Cookie" not in client.get("/chosen").headers
    client.get("/choose?theme=dark")
    assert client.get("/choose?rows=25").json == {"theme": "dark", "rows": "25"}
    client.get("/clear")
    assert client.get("/chosen").json == {"theme": "system", "rows": "10"}


def test_templates_read_them():
    """By the name that the docs give, unless the application has something of that name."""
    app = make_choosing()
    template = "{{ preferences.theme }} {{ preferences['rows'] }}"
    app.add_url_rule("/page", view_func=lambda: render_template_string(template), endpoint="page")
    assert ask(app, "/page").text == "system 10"
    other = Flask(__name__)
    other.jinja_env.globals["preferences"] = {"theme": "own"}
    StrictCookies(other)
    with other.test_request_context():
        assert render_template_string("{{ preferences.theme }}") == "own"


def test_it_explains_itself():
    """``help()`` on the public name tells what it is."""
    assert "mapping of declared names" in strict_cookies.preferences.__doc__
