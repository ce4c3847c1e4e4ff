"""A journey is read from TOML, and all of its mistakes are reported at once."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from strict_cookies.audit.browser import actions
from strict_cookies.audit.browser.crawler import audit_site
from strict_cookies.audit.browser.journeys import Step, load_journey, parse_journey
from strict_cookies.audit.browser.options import AuditOptions
from strict_cookies.errors import JourneyError
from tests.serving import serve


def test_journey_is_read(monkeypatch, tmp_path):
    """Names, pages and fields are as written; a secret comes from the environment."""
    monkeypatch.setenv("SECRET", "correct horse")
    path = tmp_path / "journey.toml"
    (tmp_path / "state.json").write_text("{}")
    path.write_text(
        """
        [[step]]
        do = "visit"
        [[step]]
        do = "login"
        page = "/login"
        fields = { user = "clerk", password = { env = "SECRET" }, stay = false }
        expect = "text=Sign out"
        [[step]]
        do = "login"
        name = "auditor"
        storage_state = "state.json"
        [[step]]
        do = "logout"
        page = ["/", "/x"]
        click = "#out"
        """
    )
    assert load_journey(path) == (
        Step(do="visit", name="first visit", crawl=True),
        Step(
            do="login",
            name="login",
            pages=("/login",),
            fields={"user": "clerk", "password": "correct horse", "stay": False},
            expect="text=Sign out",
        ),
        Step(do="login", name="auditor", storage_state=tmp_path / "state.json"),
        Step(do="logout", name="logout", pages=("/", "/x"), click="#out"),
    )


def test_every_mistake_is_told_in_one_error(monkeypatch):
    """Each is reported with its line, its step, the value and what to do."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    text = """
    [steps]
    [[step]]
    do = "vist"
    [[step]]
    page = "/"
    [[step]]
    do = "login"
    [[step]]
    do = "visit"
    click = "#x"
    pages = "/"
    [[step]]
    do = "submit"
    name = "visit"
    page = 7
    [[step]]
    do = "login"
    name = "one more"
    fields = { password = { env = "NOT_THERE" } }
    [[step]]
    do = "logout"
    crawl = "no"
    [[step]]
    do = "login"
    name = "by state"
    storage_state = "not-there.json"
    """
    with pytest.raises(JourneyError) as caught:
        parse_journey(text)
    told = "\n".join(caught.value.mistakes)
    for part in (
        "line 2: 'steps' is not known. Did you mean 'step'?",
        "line 4: step 1: do is 'vist': write one of visit, return, login, submit, logout.",
        "line 5: step 2: do is missing: write one of visit, ",
        "step 3 ('login'): it lacks fields or storage_state.",
        "step 4: 'pages' is not known. Did you mean 'page'?",
        "step 4 ('visit'): click can't be used with do = 'visit'. Use do = 'submit'.",
        "line 16: step 5 ('visit'): page is 7: write a list of texts",
        "step 5 ('visit'): it lacks fields and click.",
        "step 6 ('one more'): fields: 'password' needs the environment variable 'NOT_THERE'",
        "step 7 ('logout'): crawl is 'no': write true or false, without quotes.",
        "step 7 ('logout'): it lacks click and page.",
        "step 8 ('by state'): storage_state is 'not-there.json': there is no such file.",
    ):
        assert part in told
    assert str(caught.value).startswith("journey.toml has 12 mistakes:")


def test_steps_have_names_of_their_own():
    """Two steps with the same name could not be distinguished in a report."""
    with pytest.raises(JourneyError, match="line 3: step 2: step 1 is called 'first visit', too"):
        parse_journey('[[step]]\ndo = "visit"\n[[step]]\ndo = "visit"')


@pytest.mark.parametrize("fields", ["{ password = 7 }", '{ password = { env = "X", or = "s3" } }'])
def test_message_never_repeats_what_is_entered(fields):
    """A wrong field is named without what was to be entered."""
    with pytest.raises(JourneyError, match="password") as caught:
        parse_journey(f'[[step]]\ndo = "submit"\nfields = {fields}')
    assert "s3" not in str(caught.value)


def test_step_shows_no_field():
    """What is typed in is in no repr either."""
    (step,) = parse_journey('[[step]]\ndo = "submit"\nfields = { password = "s3cret" }')
    assert "s3cret" not in repr(step)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(None, "can't be read: No such file", id="missing"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not UTF-8"),
        pytest.param(b"[[step", "is not valid TOML", id="not TOML"),
        pytest.param(b"", "There is no step", id="empty"),
        pytest.param(b"step = 1", r"Write \[\[step\]\]", id="not a list"),
        pytest.param(b"#" * 300_000, "larger than 262144 bytes", id="too large"),
    ],
)
def test_file_that_is_no_journey_is_reported(tmp_path, data, problem):
    """An unreadable file is reported as a mistake."""
    path = tmp_path / "journey.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(JourneyError, match=problem):
        load_journey(path)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("http://[", id="half an address"),
        pytest.param("http://x:99999/", id="no port"),
        pytest.param("https://x:0/", id="port that nothing answers on"),
        pytest.param("http://", id="no host"),
        pytest.param("https:///login", id="three slashes"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("mailto:a@b.example", id="mail"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("", id="nothing"),
        pytest.param("  ", id="spaces"),
        pytest.param("/log\nin", id="two lines"),
        pytest.param("//[::1", id="half a host"),
    ],
)
def test_nonsense_for_a_page_is_reported(page):
    """File, step, what arrived and what to do; the others of a list are no less wrong for it."""
    text = f'[[step]]\ndo = "visit"\npage = {json.dumps(["/", page, "http://["])}'
    with pytest.raises(JourneyError) as caught:
        parse_journey(text, source="day.toml")
    assert caught.value.mistakes == tuple(
        f"line 3: step 1 ('visit'): page is {wrong!r}: write a path such as '/login', or a URL."
        for wrong in (page, "http://[")
    )
    assert str(caught.value).startswith("day.toml has 2 mistakes:")


@pytest.mark.parametrize(
    "page",
    ["/", "/login?next=/a b", "login", "?page=2", "../up", "https://sso.example:8443/in", "//x/y",
     "http://[::1]:5000/", "/übersicht"],
)  # fmt: skip
def test_addresses_of_pages_are_taken(page):
    """Paths, with or without a slash, and URLs."""
    (step,) = parse_journey(f'[[step]]\ndo = "visit"\npage = {json.dumps(page)}')
    assert step.pages == (page,)


NONSENSE = ["7", "7.5", "true", "[]", "[[1]]", "{}", "{ a = 1 }", "1979-05-27", "''", "' '"]


@pytest.mark.parametrize("value", NONSENSE)
@pytest.mark.parametrize(
    "key",
    ["do", "page", "name", "crawl", "fields", "click", "expect", "storage_state", "step", "other"],
)
def test_nonsense_is_reported_or_makes_sense(key, value):
    """Whatever stands behind a key is read, or is a mistake that names the key; never a crash."""
    base = {"do": '"login"', "fields": "{ user = 'clerk' }"}
    lines = {**base, key: value} if key != "storage_state" else {"do": '"login"', key: value}
    text = "[[step]]\n" + "\n".join(f"{name} = {text}" for name, text in lines.items())
    makes_sense = {("page", "[]"), ("crawl", "true")}
    if (key, value) in makes_sense:
        assert len(parse_journey(text)) == 1
        return
    with pytest.raises(JourneyError) as caught:
        parse_journey(text)
    assert any(key in mistake and "step" in mistake for mistake in caught.value.mistakes)


def test_long_nonsense_is_cut():
    """A message stays readable for any value."""
    with pytest.raises(JourneyError) as caught:
        parse_journey(f'[[step]]\ndo = "visit"\nname = "{"n" * 9000}"\npage = "{"http://[" * 900}"')
    assert len(str(caught.value)) < 500


@pytest.mark.browser
def test_nonsense_for_the_browser_is_told_with_the_step(monkeypatch):
    """An invalid selector is a problem of that step, and the audit goes on."""
    monkeypatch.setattr(actions, "_MS", 500)
    app = Flask(__name__)

    @app.get("/")
    def index():
        return "<!doctype html><link rel='icon' href='data:,'><button id=x>Text</button>"

    nonsense = {
        "No element to click: css=(((.": {"click": "css=((("},
        "Expected element not found: ']]'": {"click": "#x", "expect": "]]"},
        "No field '\"\\n]' accepts": {"fields": {'"\n]': "x"}},
        "No field ''": {"fields": {"": "x"}},
    }
    steps = [Step(do="submit", name=problem, **step) for problem, step in nonsense.items()]
    with serve(app) as server:
        options = AuditOptions(journey=(*steps, Step(do="visit", name="after")))
        *seen, after = audit_site([server.url("localhost")], options).steps
    assert len(seen) == len(nonsense)
    for taken in seen:
        assert taken.problem.startswith(taken.name)
    assert after.problem is None


@pytest.mark.browser
def test_nonsense_for_a_storage_state_is_reported(tmp_path):
    """Any file that Playwright did not write is a problem of its step."""
    contents = ["", "{", "[]", "7", '{"cookies": 7}', '{"cookies": [{"name": 7}]}',
                '{"origins": 7}', '{"origins": [7]}', '{"origins": [{"origin": "nonsense"}]}',
                '{"origins": [{}]}', "[" * 100_000, "\udcff"]  # fmt: skip
    steps = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        steps.append(Step(do="login", name=f"login {number}", storage_state=path))
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "<!doctype html><link rel='icon' href='data:,'>Text")
    with serve(app) as server:
        visit = Step(do="visit", name="visit")
        options = AuditOptions(journey=(visit, *steps))
        seen = audit_site([server.url("localhost")], options)
    told = "The storage state could not be loaded: the file is not one that Playwright wrote."
    assert [step.problem for step in seen.steps] == [None, *[told] * len(contents)]
