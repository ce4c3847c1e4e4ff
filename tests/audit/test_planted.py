"""A planted site under a real browser: every item is found, with who set it."""

from __future__ import annotations

import json

import pytest

from strict_cookies.audit.browser.crawler import audit_site
from strict_cookies.audit.browser.journeys import DEFAULT_JOURNEY, Step
from strict_cookies.audit.browser.options import AuditOptions
from strict_cookies.audit.formats.csv_file import write_csv
from strict_cookies.audit.formats.html import write_html
from strict_cookies.audit.formats.json_file import write_json
from strict_cookies.audit.formats.sarif import write_sarif
from strict_cookies.audit.report import build_report
from tests.audit import planted

pytestmark = pytest.mark.browser

FLAGS = ("--host-resolver-rules=MAP *.test 127.0.0.1",)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The planted site's names, and what an audit of it saw."""
    state = tmp_path_factory.mktemp("journey") / "state.json"
    with planted.planted_site() as (names, url):
        state.write_text(json.dumps(signed_in(names, url)))
        options = AuditOptions(
            journey=(
                *DEFAULT_JOURNEY,
                Step(do="login", name="signed in", storage_state=state),
            ),
            ignore_certificates=True,
            flags=FLAGS,
            delay_seconds=0,
        )
        yield names, audit_site([url], options)


def signed_in(names, url):
    """The state of a browser that has signed in, as Playwright writes it."""
    return {
        "cookies": [
            {"name": names.given, "value": "secret-value", "domain": planted.SITE, "path": "/"}
        ],
        "origins": [
            {
                "origin": url.removesuffix("/"),
                "localStorage": [{"name": names.kept, "value": "secret-value"}],
            }
        ],
    }


def test_state_of_a_signed_in_browser_is_loaded(audited):
    """Cookies and localStorage of the state are there in that step, with an unknown setter."""
    names, seen = audited
    given = next(cookie for cookie in seen.cookies if cookie.name == names.given)
    kept = next(item for item in seen.storage if item.name == names.kept)
    for item in (given, kept):
        assert (item.setter.kind, item.step, item.gone_after) == ("unknown", "signed in", None)
    assert seen.steps[-1].problem is None


def test_every_planted_item_is_found_with_its_setter(audited):
    """Whatever way an item is stored by, it is seen, and so is who stored it."""
    names, seen = audited
    found = [("cookie", item) for item in seen.cookies] + [(it.kind, it) for it in seen.storage]
    missing = [
        item
        for item in planted.items(names)
        if not any(
            kind == item.kind
            and it.name.endswith(item.name)
            and it.setter.kind == item.setter
            and it.setter.url.endswith(item.url)
            for kind, it in found
        )
    ]
    assert missing == []


def test_nothing_else_is_found(audited):
    """No item is invented; cookies of a credentialless frame, never sent, do not count."""
    names, seen = audited
    planned = {item.name for item in planted.items(names)} | {names.given, names.kept}
    assert {cookie.name for cookie in seen.cookies} <= planned
    assert {cookie.name for cookie in seen.cookies}.isdisjoint({names.fenced, names.fenced_js})
    assert {item.name.rpartition("test:")[2].lstrip("0123456789") or item.name
            for item in seen.storage} <= planned  # fmt: skip


def test_script_is_known_by_file_line_and_column(audited):
    """The stack leads to the very line, and carries no query string."""
    names, seen = audited
    cookie = next(cookie for cookie in seen.cookies if cookie.name == names.js)
    assert cookie.setter.url.endswith("/own.js")
    assert cookie.setter.stack[0].endswith("/own.js:2:17)")
    assert "personal" not in repr(seen)


def test_no_value_is_kept(audited):
    """Names are kept, values are not, wherever they came by."""
    assert "secret-value" not in repr(audited[1])


def test_declared_and_stored_lifetimes_are_told_apart(audited):
    """A browser keeps for 400 days what was set for two years."""
    names, seen = audited
    lifetimes = {it.name: (it.declared_seconds, it.stored_seconds) for it in seen.cookies}
    assert lifetimes[names.lasting] == lifetimes[names.js] == (63_072_000, 34_560_000)
    assert lifetimes[names.pixel] == (600, 600)
    assert lifetimes[names.http] == (None, None)


def test_third_parties_and_partitions_are_reported(audited):
    """A cookie of another site is known as such, and a partitioned one with its partition."""
    names, seen = audited
    cookies = {cookie.name: cookie for cookie in seen.cookies}
    third = {names.pixel, names.inner, names.partitioned, names.framed, names.waypoint}
    assert {name for name, cookie in cookies.items() if cookie.third_party} == third
    partitions = {name: it.partition_key for name, it in cookies.items() if it.partition_key}
    assert partitions == {names.partitioned: "https://planted.test"}


def test_blocked_attempt_is_told_with_the_browsers_reason(audited):
    """A third party's cookie without SameSite=None is refused, and still reported."""
    names, seen = audited
    found = [it for it in seen.blocked if it.name == names.lax]
    assert [(it.host, it.direction, it.reasons) for it in found] == [
        (planted.STRANGER, "set", ("SchemefulSameSiteUnspecifiedTreatedAsLax",))
    ]


def test_redirect_on_the_way_is_reported(audited):
    """A host that a page only leads through is known, and with it the cookie that it set."""
    _, seen = audited
    hosts = {host.host: host for host in seen.hosts}
    assert {name for name, host in hosts.items() if host.redirect_only} == {planted.WAYPOINT}
    assert {name for name, host in hosts.items() if host.third_party} == {
        planted.WAYPOINT,
        planted.STRANGER,
        planted.BARRED,
    }
    assert "image" in hosts[planted.STRANGER].kinds


def test_what_a_policy_stops_is_reported(audited):
    """A request that the page's own policy stops never leaves, and is reported as stopped."""
    barred = next(host for host in audited[1].hosts if host.host == planted.BARRED)
    assert (barred.requests, barred.blocked, barred.kinds) == (0, 1, ("image",))


def test_sign_out_links_are_not_followed(audited):
    """Pages are visited by links, but for those that change something."""
    _, seen = audited
    paths = {page.url.rpartition(":")[2].lstrip("0123456789") for page in seen.pages}
    assert paths == {"/", "/second", "/away"}
    assert {page.outcome for page in seen.pages} == {"visited"}


def test_what_ended_is_told_with_its_step(audited):
    """An item that was stored and taken away at once is reported, as gone after the first step."""
    names, seen = audited
    brief = next(it for it in seen.storage if it.name == names.brief.replace("-", "_"))
    assert brief.gone_after is not None
    assert [step.name for step in seen.steps] == [
        "first visit",
        "second visit",
        "signed in",
    ]
    left = " ".join(seen.steps[-1].storage_left)
    assert brief.name not in left
    assert names.local in left


def test_every_planted_item_is_a_finding_with_its_setter(audited):
    """On a site that declares nothing each planted item is an error, in every format, unread."""
    names, seen = audited
    report = build_report(seen, None)
    missing = [
        item
        for item in planted.items(names)
        if not any(
            item.name in finding["subject"]
            and finding["severity"] == "error"
            and finding["setter"]
            and finding["setter"]["kind"] == item.setter
            and finding["setter"]["url"].endswith(item.url)
            for finding in report["findings"]
        )
    ]
    assert missing == []
    assert report["result"] == "findings"
    for text in (write_json(report), write_csv(report), write_sarif(report), write_html(report)):
        assert all(item.name in text for item in planted.items(names))
        assert "secret-value" not in text
        assert "personal" not in text
