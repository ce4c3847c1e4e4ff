"""A journey is read from TOML, and every mistake in it is told at once."""

from __future__ import annotations

import pytest

from strict_cookies.audit.journeys import Step, load_journey, parse_journey
from strict_cookies.errors import JourneyError


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
    """Each is told with its step, what arrived and what to do."""
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
        "'steps' is not known. Did you mean 'step'?",
        "step 1: do is 'vist'. Use one of visit, return, login, submit, logout.",
        "step 2: do is missing.",
        "step 3 ('login'): it lacks fields or storage_state.",
        "step 4: 'pages' is not known. Did you mean 'page'?",
        "step 4 ('visit'): click can't be used with do = 'visit'. Use do = 'submit'.",
        "step 5 ('visit'): page is 7. Use a path, or a list of paths.",
        "step 5 ('visit'): it lacks fields and click.",
        "step 6 ('one more'): fields wants 'NOT_THERE' for 'password', which is not in the",
        "step 7 ('logout'): crawl is 'no': use true or false.",
        "step 7 ('logout'): it lacks click and page.",
        "step 8 ('by state'): storage_state is 'not-there.json': there is no file.",
    ):
        assert part in told
    assert str(caught.value).startswith("journey.toml has 12 mistakes:")


def test_steps_have_names_of_their_own():
    """Two steps of one name could not be told apart in a report."""
    with pytest.raises(JourneyError, match="step 2: it is called 'first visit' like step 1"):
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
    ("octets", "problem"),
    [
        pytest.param(None, "can't be read: No such file", id="missing"),
        pytest.param(b"\xff\xfe", "can't be read", id="no UTF-8"),
        pytest.param(b"[[step", "is not TOML", id="no TOML"),
        pytest.param(b"", "There is no step", id="empty"),
        pytest.param(b"step = 1", r"Write \[\[step\]\]", id="no list"),
        pytest.param(b"#" * 300_000, "more than 262144 octets", id="too large"),
    ],
)
def test_file_that_is_no_journey_is_told(tmp_path, octets, problem):
    """What can't be read is told in words."""
    path = tmp_path / "journey.toml"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(JourneyError, match=problem):
        load_journey(path)
