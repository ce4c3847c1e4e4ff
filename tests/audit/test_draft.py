"""A draft lists what was seen, and loads once it is filled in."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies.audit.analysis.compare import compare
from strict_cookies.audit.draft import draft_policy, write_draft
from strict_cookies.cli.audit import program
from strict_cookies.errors import AuditError, PolicyError
from strict_cookies.policy.policy import CookiePolicy
from tests.audit.observations import (
    MISBEHAVING,
    SITE,
    make_basket,
    make_cookie,
    make_draft,
    observe,
)
from tests.audit.test_formats import HOSTILE, HOSTILE_OBSERVATION
from tests.serving import serve


def fill(draft, *, purpose="user_input"):
    """Fill in the gaps of a draft, and keep all of it."""
    draft = re.sub(r'^(title|description|without_it) = ""', r'\1 = "Some text."', draft, flags=re.M)
    return re.sub(r"^purposes = \[\]", f'purposes = ["{purpose}"]', draft, flags=re.M)


def test_draft_is_refused_until_it_is_filled_in():
    """Nobody gets a declaration by running an audit: each gap is named."""
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.parse(draft_policy(observe()))
    assert any("'basket'" in mistake and "title is empty" in mistake
               for mistake in caught.value.mistakes)  # fmt: skip


def test_filled_in_draft_loads_and_covers_what_was_seen():
    """Once filled in, the draft declares each item of the site's own as it was seen."""
    seen = observe(
        cookies=(
            make_cookie("sid"),
            make_basket(path="/cart", declared_seconds=None, stored_seconds=None),
            make_cookie("shared", domain="shop.example", host_only=False, samesite="Strict"),
        ),
        storage=(make_draft(), make_draft(kind="local", name="cart")),
        steps=(),
    )
    policy = CookiePolicy.parse(fill(draft_policy(seen)))
    assert [cookie.name for cookie in policy.cookies] == ["basket", "shared", "sid"]
    assert policy.exact["basket"].path == "/cart"
    assert (policy.exact["shared"].domain, policy.exact["shared"].samesite) == (
        "shop.example",
        "Strict",
    )
    assert {(item.kind, item.name) for item in policy.storage} == {
        ("session", "draft-7"),
        ("local", "cart"),
    }
    assert [one.kind.id for one in compare(seen, policy)] == ["AU104"]


def test_script_readable_is_suggested_where_a_script_set_it():
    """Only a cookie that a script wrote is drafted as readable by scripts."""
    script = make_draft().setter
    policy = CookiePolicy.parse(
        fill(
            draft_policy(
                observe(
                    cookies=(
                        make_cookie("by-script", httponly=False, setter=script),
                        make_cookie("by-response", httponly=False),
                    )
                )
            )
        )
    )
    assert policy.exact["by-script"].script_readable
    assert not policy.exact["by-response"].script_readable


def test_long_lifetime_is_reported_and_not_declared():
    """What lives for two years is drafted for the session, with a word on what was seen."""
    draft = draft_policy(observe(cookies=(make_basket(declared_seconds=63_072_000),)))
    assert "# Its lifetime is 730 days; declare the shortest that works.\n" in draft
    assert CookiePolicy.parse(fill(draft)).exact["basket"].lifetime is None


def test_trackers_and_third_parties_are_comments():
    """An item that needs consent is a comment: it says to remove the item, and why."""
    draft = draft_policy(MISBEHAVING)
    policy = CookiePolicy.parse(fill(draft))
    assert {cookie.name for cookie in policy.cookies} == {
        "__Host-Http-session",
        "basket",
        "theme",
    }
    assert {item.name for item in policy.storage} == {"draft-7", "profile"}
    assert policy.external_origins == ()
    for line in (
        "# Remove this: cookie _ga of shop.example.",
        "# Remove this: cookie uid of pixel.example.",
        "# Remove this: indexeddb ads of https://frame.example.",
        "# The name is commonly associated with Google Analytics (analytics).",
        f"# Service worker {SITE}/sw.js.",
        '# origin = "https://pixel.example"',
        "# A page redirects through go.example. Link to the destination itself.",
    ):
        assert f"{line}\n" in draft


def test_hostile_text_stays_in_strings_and_comments():
    """Whatever a site wrote, the draft has the tables that it would have without it."""
    draft = draft_policy(HOSTILE_OBSERVATION)
    assert HOSTILE[:8] in draft
    tables = re.findall(r"^\[.*\]$", draft, flags=re.M)
    assert set(tables) <= {"[site]", "[[cookie]]", "[[storage]]"}
    CookiePolicy.parse(fill(draft))


@settings(max_examples=60)
@given(
    name=st.text(min_size=1, max_size=30), path=st.text(max_size=20), domain=st.text(max_size=20)
)
def test_every_draft_loads_once_filled_in(name, path, domain):
    """No name, path or host makes a draft that can't be mended by filling it in."""
    seen = observe(
        cookies=(make_cookie(name, path=path, domain=domain, host_only=False),),
        storage=(make_draft(name=name), make_draft(name=path or "x", kind="cache")),
    )
    CookiePolicy.parse(fill(draft_policy(seen)))


def test_draft_is_written_once(tmp_path):
    """A draft never overwrites an existing file; the error says what to do."""
    path = tmp_path / "cookies.toml"
    write_draft(path, MISBEHAVING)
    assert path.read_text("utf-8") == draft_policy(MISBEHAVING)
    path.write_text("mine")
    with pytest.raises(AuditError, match="exists already"):
        write_draft(path, MISBEHAVING)
    assert path.read_text() == "mine"
    with pytest.raises(AuditError, match="Can't write"):
        write_draft(tmp_path / "nowhere" / "cookies.toml", MISBEHAVING)


def run_audit(url, draft):
    """Run the command with a draft; return its exit code and output."""
    arguments = ["audit", url, "--max-pages", "1", "--draft", str(draft)]
    done = CliRunner().invoke(program, arguments)
    return done.exit_code, done.output


@pytest.mark.browser
def test_command_drafts_what_the_browser_saw(tmp_path):
    """The draft of a real site that declares nothing has its cookie to fill in."""
    app = Flask("bare")

    @app.get("/")
    def index():
        return "<!doctype html><title>Bare</title>", {"Set-Cookie": "cart=1; Max-Age=3600"}

    with serve(app) as server:
        code, said = run_audit(server.url("localhost"), tmp_path / "cookies.toml")
    assert code == 1, said
    assert "Fill in what is left open." in said
    policy = CookiePolicy.parse(fill((tmp_path / "cookies.toml").read_text("utf-8")))
    assert [cookie.name for cookie in policy.cookies] == ["cart"]


def test_command_keeps_a_draft_that_is_there(tmp_path):
    """An existing file is reported before the browser starts, and is not changed."""
    (tmp_path / "cookies.toml").write_text("mine")
    code, said = run_audit("http://site.test", tmp_path / "cookies.toml")
    assert (code, "exists already" in said) == (2, True)
    assert (tmp_path / "cookies.toml").read_text() == "mine"
