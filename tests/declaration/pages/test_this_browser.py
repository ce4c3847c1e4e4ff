"""The page that shows a browser what it sent, its button, and the copy of the session."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from flask import Flask, session, template_rendered
from flask_wtf import CSRFProtect
from werkzeug.test import Client

from strict_cookies import CookieFirewall, CookiePolicy, Site, StrictCookies, preferences
from strict_cookies.declaration.pages.received import compare_received
from strict_cookies.declaration.pages.this_browser import PATH
from strict_cookies.firewall.middleware import FirewallHooks
from strict_cookies.firewall.request_cookies import RECEIVED, CookieReader
from strict_cookies.http.cookies import MAX_FIELD_BYTES, MAX_PAIRS
from tests.policies import declare, prefer
from tests.sessions.apps import COOKIE, MINUTE, SECRET, Clock, ask, cookie_of, lines, make_app

PAGE = f"/cookies{PATH}"
COPY = f"{PAGE}/session.json"
HTTPS = {"base_url": "https://app.site.test"}
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
CANARY = "canary7f3a"
POLICY = CookiePolicy(
    site=Site(name="A & B", controller="A & B Ltd", contact="privacy@site.test",
              dpo="dpo@site.test", authority="The authority", privacy_url="/privacy"),
    cookies=(
        declare("theme", title={"en": "Colours", "de": "Farben"}, purposes=("preferences",)),
        declare("cart_*", title="Basket"),
        declare("__Host-form", title="Form"),
    ),
    preferences=(prefer("rows", choices=("10", "25"), default="25"),),
)  # fmt: skip


def build(**config):
    """Create an application with the policy."""
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": SECRET, "STRICT_COOKIES_POLICY": POLICY, **config})
    StrictCookies(app)
    return app


def visit(app, field="", path=PAGE, **headers):
    """Ask for the page with a Cookie field as it is."""
    client = app.test_client(use_cookies=False)
    return client.get(path, headers={"Cookie": field, **headers}, **HTTPS)


def push(app, field="", path=PAGE, headers=SAME_ORIGIN, **options):
    """Press the button."""
    client = app.test_client(use_cookies=False)
    return client.post(path, headers={"Cookie": field, **headers}, **{**HTTPS, **options})


def text_of(answer):
    """Return the text of a page, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def part(answer, heading):
    """Return the items below a heading; None without that heading."""
    found = re.search(rf">{re.escape(heading)}</h2>(.*?)</section>", answer.text, re.DOTALL)
    if found is None:
        return None
    items = re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]*>", "", item)).split()) for item in items]


SENT, UNDECLARED, MISSING = (
    "On the list, and sent",
    "Sent, but not on the list",
    "On the list, but not sent",
)

# --- What is shown ---


def test_what_came_is_held_against_the_list():
    """Title first, technical name after it; undeclared cookies and missing ones separately."""
    page = visit(build(), "theme=dark; _ga=GA1.2; cart_7=x; wiki=1")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "your browser sent 4 cookies." in text_of(page)
    assert part(page, SENT) == ["Colours theme", "Basket cart_7"]
    assert part(page, UNDECLARED) == [
        "_ga A name commonly associated with Google Analytics",
        "wiki",
    ]
    assert part(page, MISSING) == [f"Session {COOKIE}", "Form __Host-form"]
    assert "This site removed them before its application could read them." in text_of(page)


def test_browser_without_cookies_sees_that():
    """Nothing came; all of the list is still named."""
    page = visit(build())
    assert "your browser sent no cookie." in text_of(page)
    assert (part(page, SENT), part(page, UNDECLARED)) == (None, None)
    assert len(part(page, MISSING)) == 4


@pytest.mark.parametrize(
    ("field", "name"),
    [
        pytest.param("theme=a; theme=b", "theme", id="twice"),
        pytest.param("theme", "theme", id="without a value"),
        pytest.param("theme=a\x01b", "theme", id="control character"),
        pytest.param("__Host-form=a; __HOST-form=b", "__Host-form", id="two spellings"),
    ],
)
def test_ignored_cookies_are_marked(field, name):
    """A declared cookie that came but is not believed is neither sent nor missing."""
    page = visit(build(), field)
    (item,) = part(page, SENT)
    assert item.endswith(f"{name} It was duplicate or malformed. This site treats it as absent.")


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(f"theme={CANARY}; _ga={CANARY}; wiki={CANARY}; cart_1={CANARY}", id="values"),
        pytest.param(f"theme=a; {CANARY}", id="without a name"),
        pytest.param(f"={CANARY}; theme=a", id="with an empty name"),
        pytest.param(f"a={CANARY}={CANARY}", id="two equal signs"),
        pytest.param(f"a={CANARY}; a={CANARY}; theme={CANARY}; theme={CANARY}", id="twice"),
        pytest.param(f"a={'x' * MAX_FIELD_BYTES}{CANARY}", id="too long"),
        pytest.param(f"{'x' * (MAX_FIELD_BYTES - 4)}; canary7f3a=1", id="cut in a name"),
        pytest.param("; ".join(f"a{n}={CANARY}" for n in range(MAX_PAIRS * 2)), id="too many"),
        pytest.param(f'a="{CANARY}; b={CANARY}"', id="quoted"),
    ],
)
@pytest.mark.parametrize("mode", ["enforce", "report-only"])
def test_no_value_is_on_the_page(field, mode):
    """For any field, in either mode, and in any language of the page."""
    app = build(STRICT_COOKIES_MODE=mode)
    assert CANARY not in visit(app, field).text
    assert CANARY not in visit(app, field, f"{PAGE}?lang=de").text


def test_cookie_without_a_name_is_counted():
    """Browsers send the value alone; the page says that there is one."""
    assert part(visit(build(), f"{CANARY}; ={CANARY}"), UNDECLARED) == ["Without a name"]


def test_hostile_names_stay_text_and_short():
    """Markup, directions and control characters are escaped; a long name is cut."""
    hostile = "<script>alert(1)</script>=1; \x9b31m=1; \xe2\x80\xae=1; " + "W" * 500 + "=1"
    page = visit(build(), hostile)
    assert "<script" not in page.text
    names = part(page, UNDECLARED)
    assert names[0] == "<script>alert(1)</script>"
    assert names[1:3] == [r"\x9b31m", r"\xe2\x80\xae"]
    assert names[3] == "W" * 61 + "..."


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("a=" + "x" * MAX_FIELD_BYTES, id="bytes"),
        pytest.param("; ".join(f"a{n}=1" for n in range(MAX_PAIRS + 1)), id="pairs"),
    ],
)
def test_field_above_its_bounds_is_named_in_part(field):
    """All of it counts as absent, and the page says so; it stays small."""
    page = visit(build(), f"theme=1; {field}")
    assert "Your browser sent more than this site reads." in text_of(page)
    assert part(page, SENT)[0].startswith("Colours theme It was duplicate or malformed.")
    assert len(part(page, UNDECLARED) or []) < MAX_PAIRS
    assert len(page.data) < 64_000


def test_report_only_does_not_claim_to_cut():
    """There the application reads undeclared cookies, and the page says so."""
    page = visit(build(STRICT_COOKIES_MODE="report-only"), "wiki=1")
    assert part(page, UNDECLARED) == ["wiki"]
    assert "its application could read them" in text_of(page)
    assert "removed them before" not in text_of(page)


def test_page_is_for_this_browser_alone():
    """No cache keeps it, no cookie is set, no script runs, no search engine lists it."""
    page = visit(build(), "theme=dark")
    assert page.headers["Cache-Control"] == "no-store"
    assert lines(page) == []
    assert "<script" not in page.text
    assert not re.search(r"\son\w+=|style=", page.text)
    assert '<meta name="robots" content="noindex">' in page.text


def test_language_is_the_readers_and_stays():
    """``?lang=`` goes along with the button, and declared titles follow."""
    page = visit(build(), "theme=dark", f"{PAGE}?lang=de")
    assert page.headers["Content-Language"] == "de"
    assert part(page, "Auf der Liste und gesendet") == ["Farben theme"]
    assert f'action="{PAGE}?lang=de"' in page.text
    assert visit(build(), **{"Accept-Language": "fr"}).headers["Vary"].startswith("Accept-Language")
    assert push(build(), path=f"{PAGE}?lang=de").location == f"{PAGE}?after=deleted&lang=de"


def test_declaration_leads_to_the_page():
    """In the reader's language."""
    page = build().test_client().get("/cookies/?lang=es", **HTTPS).text
    assert f'<a href="{PAGE}?lang=es">Ver lo que su navegador acaba de enviar</a>' in page


def test_whom_to_ask_is_named():
    """Contact, officer, authority and notice of the policy; without them the page says so."""
    text = text_of(visit(build()))
    assert "What is not deleted The data of your account" in text
    for asked in ("privacy@site.test", "dpo@site.test", "The authority", "/privacy"):
        assert asked in text
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET)
    StrictCookies(app)
    assert "This site has not named a contact" in text_of(visit(app))


def test_prefix_moves_the_page():
    """It is below the other pages, and still finds what was cut."""
    app = build(STRICT_COOKIES_URL_PREFIX="/about/cookies")
    page = visit(app, "wiki=1", f"/about/cookies{PATH}")
    assert part(page, UNDECLARED) == ["wiki"]
    assert visit(app).status_code == 404


def test_block_of_the_page_is_replaced(tmp_path):
    """A template of the site extends the layout; the declaration is kept all the same."""
    directory = tmp_path / "strict_cookies"
    directory.mkdir()
    (directory / "this_browser.html").write_text(
        '{% extends "strict_cookies/this_browser_layout.html" %}'
        "{% block copy %}<p>Ours</p>{% endblock %}"
    )
    app = Flask(__name__, template_folder=str(tmp_path))
    app.config.update(SECRET_KEY=SECRET, STRICT_COOKIES_POLICY=POLICY)
    StrictCookies(app)
    page = visit(app)
    assert "<p>Ours</p>" in page.text
    assert "Copy of my session" not in page.text
    assert "What is not deleted" in page.text
    rendered = []
    with template_rendered.connected_to(lambda *_, **found: rendered.append(found), app):
        for _ in range(2):
            app.test_client().get("/cookies/", **HTTPS)
    assert len(rendered) == 1


# --- What the firewall hands over ---


def test_names_are_handed_over_on_this_path_only():
    """Other paths get no names of stripped cookies, nor does a request without any."""
    seen = []

    def app(environ, start_response):
        seen.append(environ.get(RECEIVED))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    client = Client(
        CookieFirewall(app, POLICY, hooks=FirewallHooks(inspector_paths=["/here"])),
        use_cookies=False,
    )
    for path in ("/here", "/", "/here/"):
        client.get(path, headers={"Cookie": "theme=1; wiki=2"})
    client.get("/here", headers={"Cookie": "theme=1"})
    client.get("/here")
    assert seen[1:] == [None, None, None, None]
    assert seen[0].names == ("theme", "wiki")
    assert seen[0].kept == {"theme"}


@pytest.mark.parametrize(
    ("field", "names", "kept", "whole"),
    [
        pytest.param("", (), set(), True, id="nothing"),
        pytest.param("a=1;b=2;;", ("a", "b"), set(), True, id="no spaces"),
        pytest.param(" \ttheme = 1 ", ("theme",), {"theme"}, True, id="spaces"),
        pytest.param("a=1; a=2", ("a",), set(), True, id="twice"),
        pytest.param("x; =y; z", ("",), set(), True, id="nameless"),
        pytest.param("a=1; b" + "b" * MAX_FIELD_BYTES, ("a",), set(), False, id="too long"),
    ],
)
def test_names_of_a_field(field, names, kept, whole):
    """Each once, in order; a pair without a name, or one that may be truncated, has none."""
    found = CookieReader(POLICY).name_received(field)
    assert found == (names, frozenset(kept), whole)


def test_pattern_stands_for_each_name_that_came():
    """All of them are named; without any the pattern is what did not come."""
    reader = CookieReader(POLICY)
    found = compare_received(POLICY, reader.name_received("cart_1=a; cart_2=b")).declared
    assert [(one.name, one.status) for one in found] == [
        ("theme", "missing"),
        ("cart_1", "received"),
        ("cart_2", "received"),
        ("__Host-form", "missing"),
    ]


# --- The button ---


def test_button_expires_every_declared_cookie():
    """With the attributes that each was set with; a pattern by the names that came."""
    answer = push(build(), f"theme=1; cart_7=2; {COOKIE}=forged")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?after=deleted")
    gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
    rest = "Path=/; Secure; HttpOnly; SameSite=Lax"
    assert sorted(lines(answer)) == sorted(
        f"{name}=; {gone}; {rest}" for name in ("theme", "cart_7", "__Host-form", COOKIE)
    )
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_button_ends_the_session_in_the_store():
    """The identifier is worth nothing afterwards, wherever it is shown."""
    app = make_app()
    cookie = cookie_of(ask(app, "/login/alice"))
    other = cookie_of(ask(app, "/login/alice"))
    answer = ask(app, PAGE, cookie, method="POST", headers=SAME_ORIGIN, **HTTPS)
    assert answer.status_code == 303
    assert ask(app, "/who", cookie).json == {}
    assert ask(app, "/who", other).json != {}


@pytest.mark.parametrize(
    ("setting", "expired"),
    [("off", set()), ("known", {"_ga"}), ("host", {"_ga", "wiki"}), ("site", {"_ga", "wiki"})],
)
def test_button_expires_undeclared_cookies_as_the_setting_allows(setting, expired):
    """The setting decides, although the request is not a navigation by GET."""
    answer = push(build(STRICT_COOKIES_EXPIRE_UNDECLARED=setting), "_ga=1; wiki=2")
    found = {line.partition("=")[0] for line in lines(answer) if "Max-Age=0" in line}
    assert found - {"theme", "__Host-form", COOKIE} == expired


def test_undeclared_cookies_on_a_users_own_machine_stay():
    """There other programs share the host."""
    answer = push(build(), "_ga=1", base_url="http://localhost:5000")
    assert all(not line.startswith("_ga=") for line in lines(answer))


def test_other_posts_expire_nothing():
    """Only the button asks for it."""
    app = build()
    app.add_url_rule("/post", "post", lambda: "<p>ok</p>", methods=["POST"])
    assert lines(push(app, "_ga=1", "/post")) == []


@pytest.mark.parametrize("guard", ["refuse", "off"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="sibling"),
        pytest.param({"Origin": "https://evil.example"}, id="old browser"),
        pytest.param({"Origin": "null"}, id="no origin"),
    ],
)
@pytest.mark.parametrize("field", ["", f"{COOKIE}=x"])
def test_another_origin_deletes_nothing(guard, headers, field):
    """With or without cookies, under any setting."""
    answer = push(build(STRICT_COOKIES_CROSS_ORIGIN=guard), field, headers=headers)
    assert answer.status_code == 403
    assert lines(answer) == []
    assert "Clear-Site-Data" not in answer.headers


def test_link_deletes_nothing():
    """A GET with any query only shows the page."""
    app = make_app()
    cookie = cookie_of(ask(app, "/login/alice"))
    answer = ask(app, f"{PAGE}?after=deleted", cookie, **HTTPS)
    assert lines(answer) == []
    assert ask(app, "/who", cookie).json != {}


def test_page_after_the_button_shows_what_was_received_then():
    """It says what was done, and names what the browser sent with that very request."""
    app = build()
    after = f"{PAGE}?after=deleted"
    gone = visit(app, "", after, **SAME_ORIGIN)
    assert "This site has ended your session, if you had one" in text_of(gone)
    assert "no cookie at all." in text_of(gone)
    still = visit(app, "theme=1; wiki=2", after, **SAME_ORIGIN)
    assert "What your browser sent after that is listed below." in text_of(still)
    assert (part(still, SENT), part(still, UNDECLARED)) == (["Colours theme"], ["wiki"])


def test_link_from_elsewhere_claims_no_deletion():
    """Another site's page can't make this one say that something was deleted."""
    page = visit(build(), "", f"{PAGE}?after=deleted", **{"Sec-Fetch-Site": "cross-site"})
    assert "has ended your session" not in text_of(page)
    assert "your browser sent no cookie." in text_of(page)


def test_storage_is_claimed_to_be_emptied_where_it_is():
    """Browsers heed the header from secure origins only."""
    app = build(STRICT_COOKIES_HTTPS="off")
    client = app.test_client()
    plain = client.get(f"{PAGE}?after=deleted", base_url="http://app.site.test")
    assert "over an encrypted connection only" in text_of(plain)
    assert "It has also asked it to delete" in text_of(visit(app, "", f"{PAGE}?after=deleted"))


def test_button_needs_no_token_and_no_cookie():
    """Flask-WTF lets it through; other forms still need theirs."""
    app = build()
    CSRFProtect(app)
    app.add_url_rule("/post", "post", lambda: "ok", methods=["POST"])
    page = visit(app)
    assert "csrf_token" not in page.text
    assert lines(page) == []
    assert push(app).status_code == 303
    assert push(app, path="/post").status_code == 400


# --- The copy ---


def copy_of(app, cookie):
    answer = ask(app, COPY, cookie)
    assert answer.status_code == 200, answer.status
    return json.loads(answer.data)


def test_copy_holds_what_is_held():
    """Login, times, device, choices and contents, and every other session of the user."""
    app = make_app(
        STRICT_COOKIES_POLICY=POLICY, STRICT_COOKIES_SESSION_COPY_INCLUDE=["cart", "seen", "raw"]
    )

    @app.get("/fill")
    def fill():
        preferences["rows"] = "10"
        session.update(cart=[{"id": 7, "note": "é"}], seen=(1, 2), raw=b"\x00\xff")
        return ""

    ask(app, "/login/alice")
    ask(app, "/login/bob")
    cookie = cookie_of(ask(app, "/login/alice?role=clerk&aal=2"))
    ask(app, "/fill", cookie)
    found = copy_of(app, cookie)
    kept = found.pop("kept")
    assert kept[0].keys() == {"what", "why", "how_long"}
    session_row = {
        "device": "Firefox on Linux",
        "signed_in_at": "2027-01-15T08:00:00+00:00",
        "last_used_at": "2027-01-15T08:00:00+00:00",
    }
    assert sorted(found.pop("sessions"), key=lambda one: one["this_one"]) == [
        {**session_row, "this_one": False},
        {**session_row, "this_one": True},
    ]
    assert found == {
        "format": "strict-cookies-session-copy",
        "format_version": 1,
        "site": "A & B",
        "made_at": "2027-01-15T08:00:00+00:00",
        "user": "alice",
        "roles": ["clerk"],
        "level": 2,
        "preferences": {"rows": "10"},
        "contents": {"cart": [{"id": 7, "note": "é"}], "seen": [1, 2], "raw": "AP8="},
        "left_out": [],
        "ends_at": "2027-01-16T08:00:00+00:00",
    }


def test_copy_is_a_download_that_no_cache_keeps():
    """It is handed over whole, and changes nothing."""
    app = make_app()
    answer = ask(app, COPY, cookie_of(ask(app, "/login/alice")))
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="session.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert lines(answer) == []


def test_copy_has_what_the_application_names():
    """Neither the identifier nor its key, nor what the site keeps to itself; names are listed."""
    app = make_app(STRICT_COOKIES_SESSION_COPY_INCLUDE=["cart", "absent"])
    secrets = ["jwt", "apikey", "bearer", "mfa", "pwd", "csrf_token", "_private", "risk", "oauth"]

    @app.get("/fill")
    def fill():
        session.update(dict.fromkeys(secrets, CANARY), cart={"id": [7]})
        return ""

    cookie = cookie_of(ask(app, "/login/alice"))
    ask(app, "/fill", cookie)
    found = copy_of(app, cookie)
    assert CANARY not in json.dumps(found)
    assert found["contents"] == {"cart": {"id": [7]}}
    assert found["left_out"] == sorted(secrets)
    manager = app.extensions["strict_cookies"].sessions
    text = json.dumps(found)
    assert all(part not in text for part in cookie.split("."))
    assert manager.open(cookie).visit.key.hex() not in text


def test_copy_wants_a_fresh_login():
    """A login of long ago is led to sign in and back; so is a visitor."""
    clock = Clock()
    app = make_app(clock=clock, STRICT_COOKIES_LOGIN_VIEW="who")
    cookie = cookie_of(ask(app, "/login/alice"))
    clock.turn(16 * MINUTE)
    for one in (cookie, None):
        answer = ask(app, COPY, one)
        assert (answer.status_code, answer.location) == (302, f"/who?next={COPY}")
        assert answer.headers["Cache-Control"] == "no-store"
    assert ask(make_app(), COPY).status_code == 401


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, "The server keeps no copy of it.",
                     id="Flask's own session"),
        pytest.param({"SECRET_KEY": None}, None, id="no session at all"),
    ],
)  # fmt: skip
def test_without_sessions_of_ours_there_is_no_copy(config, words):
    """The page says where the session is, and the address that there is none."""
    app = build(**config)
    page = visit(app)
    assert "Copy of my session" not in page.text
    if words is None:
        assert "What your session holds about you" not in page.text
    else:
        assert words in text_of(page)
    answer = visit(app, path=COPY)
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert push(app).status_code == 303


def test_session_of_another_extension_is_called_so():
    """The page knows nothing of it, and says that."""

    class Elsewhere(dict):
        accessed = modified = permanent = False

    class Interface(Flask.session_interface.__class__):
        def open_session(self, app, request):
            return Elsewhere()

        def save_session(self, app, session, response):
            return None

    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET)
    app.session_interface = Interface()
    StrictCookies(app)
    assert "Another part of this site keeps it" in text_of(visit(app))
