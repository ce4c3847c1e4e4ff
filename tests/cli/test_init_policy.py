"""The first ``cookies.toml`` that ``flask cookies init`` writes."""

from __future__ import annotations

import re
import tomllib

import pytest
from flask import Flask

from strict_cookies import CookiePolicy, Recipient, Site, StrictCookies
from strict_cookies.cli.init_policy import write_policy
from strict_cookies.policy.schema import SECTIONS
from strict_cookies.scan.app import ScanResult
from strict_cookies.scan.markup import Violation, ViolationKind

EXTERNAL = ViolationKind.EXTERNAL


def make_app(tmp_path, protected=False, **config):
    app = Flask("shop", root_path=str(tmp_path))
    app.config.update(config)
    if protected:
        StrictCookies(app)
    return app


# --- The file ---


def test_file_of_a_bare_application_loads(tmp_path):
    """Without known extensions the file loads and declares nothing except the session."""
    text, declared = write_policy(make_app(tmp_path), ScanResult())
    assert declared == 0
    assert CookiePolicy.parse(text) == CookiePolicy(site=Site())


def explained(text):
    """Return the keys of each section, also commented ones, with the line above each."""
    found = {}
    table, before = "", ""
    for line in text.splitlines():
        if header := re.fullmatch(r"(?:# )?\[\[?(\w+)\]\]?", line):
            table = header[1]
            found[table] = {}
        elif key := re.match(r"(?:# )?(?:[A-Z].*: )?(\w+) = ", line):
            found[table][key[1]] = before
        before = line
    return found


def test_every_key_is_explained(tmp_path):
    """Each key of a policy file is in its section, below a comment."""
    found = explained(write_policy(make_app(tmp_path), ScanResult())[0])
    assert found.keys() == SECTIONS.keys()
    for table, section in SECTIONS.items():
        assert found[table].keys() == section.keys.keys(), table
    assert all(before.startswith("# ") for keys in found.values() for before in keys.values())


def test_example_entries_load_once_their_marks_are_taken_away(tmp_path):
    """The example entries of the file are valid without changes."""
    text, _ = write_policy(make_app(tmp_path), ScanResult())
    entries = text[text.index("# [[cookie]]") :].replace('# samesite = "Lax"', "")
    keys = {key for section in SECTIONS.values() for key in section.keys}
    lines = [
        line.removeprefix("# ")
        for line in entries.splitlines()
        if re.match(rf"# (?:{'|'.join(keys)}) = |# \[\[", line)
    ]
    policy = CookiePolicy.parse("\n".join(lines))
    assert [cookie.name for cookie in policy.cookies] == ["__Host-basket"]
    assert [storage.name for storage in policy.storage] == ["draft-*"]
    assert [preference.name for preference in policy.preferences] == ["rows"]
    assert [recipient.name for recipient in policy.recipients] == ["Maps Ltd"]
    assert policy.csp_sources == {"img-src": ("https://tiles.example.com",)}


def test_sentences_have_lines_of_their_own(tmp_path):
    """A comment holds one sentence, so that a change shows as one line."""
    text, _ = write_policy(make_app(tmp_path), ScanResult())
    comments = [line for line in text.splitlines() if line.startswith("# ") and " = " not in line]
    assert not [line for line in comments if re.search(r"[.;:] [A-Z]", line.replace("# ", ""))]


def test_extensions_cookies_are_declared_ready_to_load(tmp_path, install):
    """What used extensions set is declared under its configured name."""
    install("flask-login")
    app = make_app(tmp_path, REMEMBER_COOKIE_NAME="stay")
    app.login_manager = object()
    text, declared = write_policy(app, ScanResult())
    assert declared == 1
    (cookie,) = CookiePolicy.parse(text).cookies
    assert (cookie.name, cookie.lifetime) == ("stay", None)
    assert "# Set by Flask-Login.\n" in text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("_ga", "Google Analytics", id="tracker"),
        pytest.param('a b"\nx', "not a token", id="no token"),
        pytest.param("\x7f\x1b[2J", "not a token", id="control characters"),
        pytest.param("\ud83d", "not a token", id="half a character"),
    ],
)
def test_cookie_that_cannot_be_declared_is_left_as_a_comment(tmp_path, install, name, why):
    """A name that no policy takes is written as a comment that says why; the file still loads."""
    install("flask-login")
    app = make_app(tmp_path, REMEMBER_COOKIE_NAME=name)
    app.login_manager = object()
    text, declared = write_policy(app, ScanResult())
    assert declared == 0
    assert CookiePolicy.parse(text).cookies == ()
    assert "# It can't be declared like this:\n" in text
    assert why in text
    assert all(line.isprintable() for line in text.splitlines())
    tomllib.loads(text.encode("utf-8").decode("utf-8"))


def test_session_cookie_is_not_declared_a_second_time(tmp_path, install):
    """A cookie that bears the session's name is left to the library."""
    install("flask-login")
    app = make_app(tmp_path, REMEMBER_COOKIE_NAME="session")
    app.login_manager = object()
    assert write_policy(app, ScanResult())[1] == 0


# --- External origins in the file ---


def suggest(tmp_path, *places):
    """Return what is written for external origins: (origin, loaded, file) each."""
    found = [
        Violation(ViolationKind.EXTERNAL, file, 1, origin, loaded)
        for origin, loaded, file in places
    ]
    text, declared = write_policy(make_app(tmp_path), ScanResult(violations=found))
    assert declared == 0
    assert CookiePolicy.parse(text).external_origins == ()
    bare, _ = write_policy(make_app(tmp_path), ScanResult())
    assert text.startswith(bare)
    return text.removeprefix(bare).split("\n\n")


def test_external_origins_are_written_ready_to_fill_in(tmp_path):
    """Each origin has one commented entry with its kinds; filled in, it loads."""
    _, *entries = suggest(
        tmp_path,
        ("https://cdn.example.com", "script", "a.html"),
        ("https://cdn.example.com", "style", "b.html"),
        ("//img.example.com:8080", "image or font", "site.css"),
        ("http://old.example.com", "form", "a.html"),
        ("ws://live.example.com", "connection", "site.js"),
        ("http://localhost:5173", "script", "a.html"),
    )
    assert [entry.rstrip("\n") for entry in entries] == [
        "\n".join(
            (
                f"# {about}",
                "# [[external_origin]]",
                f'# origin = "{origin}"',
                f"# kinds = {kinds}",
                '# reason = ""',
                '# recipient = ""',
            )
        )
        for about, origin, kinds in (
            ("//img.example.com:8080, found in site.css (image or font).",
             "https://img.example.com:8080", '["image", "font"]'),
            ("http://localhost:5173, found in a.html (script).",
             "http://localhost:5173", '["script"]'),
            ("http://old.example.com, found in a.html (form).",
             "https://old.example.com", '["form"]'),
            ("https://cdn.example.com, found in a.html and b.html (script and style).",
             "https://cdn.example.com", '["script", "style"]'),
            ("ws://live.example.com, found in site.js (connection).",
             "wss://live.example.com", '["connect"]'),
        )
    ]  # fmt: skip
    recipient = Recipient(name="X", role="R", data="D", purpose="P", country="DE")
    for entry in entries:
        lines = [line.removeprefix("# ") for line in entry.splitlines()[1:]]
        filled = "\n".join(lines).replace('reason = ""', 'reason = "R"').replace(
            'recipient = ""', 'recipient = "X"'
        )  # fmt: skip
        table = "[[recipient]]\nname='X'\nrole='R'\ndata='D'\npurpose='P'\ncountry='DE'\n"
        assert CookiePolicy.parse(table + filled).recipients == (recipient,)


@pytest.mark.parametrize(
    ("origin", "loaded", "said"),
    [
        pytest.param(
            "https://www.googletagmanager.com", "script",
            ["# It is commonly associated with Google Analytics (analytics).", "# Remove it."],
            id="tracker",
        ),
        pytest.param(
            "//connect.facebook.net:443", "script",
            ["# It is commonly associated with Meta (marketing).", "# Remove it."],
            id="tracker without a scheme",
        ),
        pytest.param(
            "https://{{ cdn }}", "image",
            ["# It can't be declared like this: it is not an origin. Write scheme and host alone, "
             "for example 'https://cdn.example.com'."],
            id="expression",
        ),
        pytest.param(
            "https://192.0.2.1", "image",
            ["# It can't be declared like this: a Content-Security-Policy can't name an address. "
             "Use the host's name."],
            id="address",
        ),
        pytest.param(
            "https://cdn.example.com", "media",
            ["# No kind is for media; check whether one fits.", "# [[external_origin]]",
             '# origin = "https://cdn.example.com"', "# kinds = []", '# reason = ""',
             '# recipient = ""'],
            id="no kind",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_admitted_is_reported(tmp_path, origin, loaded, said):
    """A tracker is to be removed, and an origin that can't be declared is named with the reason."""
    _, entry = suggest(tmp_path, (origin, loaded, "a.html"))
    assert entry.rstrip("\n").splitlines() == [
        f"# {origin}, found in a.html ({loaded}).",
        *said,
    ]


def test_many_files_are_counted(tmp_path):
    """Of many places three are named."""
    places = [("https://cdn.example.com", "image", f"{number}.html") for number in range(9)]
    _, entry = suggest(tmp_path, *places)
    assert "found in 0.html, 1.html, 2.html and 6 more (image)." in entry
