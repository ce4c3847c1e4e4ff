"""Versions are recorded once each, read rarely, and never end a page."""

from __future__ import annotations

import datetime
import json
import threading

import jsonschema
import pytest
from flask import Flask

from strict_cookies import CookiePolicy, StrictCookies, declaration_published
from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.declaration.document import build_document
from strict_cookies.declaration.exports import read_schema
from strict_cookies.declaration.versions import CACHE_SECONDS, Version, Versions
from strict_cookies.errors import StoreUnavailableError, UnchangedDeclarationError
from tests.policies import declare

DAY = datetime.date(2026, 3, 1)
FIRST = build_document(CookiePolicy(cookies=(declare("a"),)))
SECOND = build_document(CookiePolicy(cookies=(declare("a"), declare("b", title="Basket"))))
THIRD = build_document(CookiePolicy(cookies=(declare("b", title="Basket"),)))


class Away(MemoryArchive):
    """An archive that can be taken away, and counts how often it is asked."""

    away = False
    asked = 0

    def last(self, log):
        self.asked += 1
        if self.away:
            raise StoreUnavailableError("The archive is unavailable.")
        return super().last(log)


@pytest.fixture
def archive():
    return Away()


@pytest.fixture
def ticks():
    return [0.0]


@pytest.fixture
def versions(archive, ticks):
    """Versions by two clocks that stand still until they are turned."""
    return Versions(lambda: archive, clock=lambda: 1_772_400_000.5, monotonic=lambda: ticks[0])


def test_version_comes_back_as_it_was_recorded(versions):
    """Number, time, day, content and difference are kept, and survive the way to the archive."""
    versions.record(FIRST, effective_from=DAY)
    recorded = versions.record(SECOND)
    assert recorded == versions.find(2) == versions.last()
    assert (recorded.number, recorded.published_at) == (2, 1_772_400_000)
    assert recorded.effective_from == datetime.date(2026, 3, 1)
    assert recorded.document == {**SECOND, "edition": None}
    assert [(change.change, change.name) for change in recorded.changes] == [("added", "b")]
    assert [versions.find(number) for number in (-1, 0, 3)] == [None, None, None]
    assert versions.find(1).changes == ()


def test_unchanged_declaration_is_not_recorded(versions):
    """The same content twice is one version, for any day."""
    versions.record(FIRST)
    with pytest.raises(UnchangedDeclarationError) as caught:
        versions.record({**FIRST, "edition": None}, effective_from=DAY)
    assert caught.value.version == 1
    assert versions.last().number == 1
    versions.record(SECOND)
    assert versions.record(FIRST).number == 3


def test_status_of_a_content(versions):
    """Only the newest published content is not a draft; the history is the same."""
    assert versions.status_of(FIRST["hash"]).to_json()["status"] == "draft"
    versions.record(FIRST, effective_from=DAY)
    versions.record(SECOND, effective_from=DAY)
    published = versions.status_of(SECOND["hash"])
    assert published.draft is False
    assert [version.version for version in published.history] == [2, 1]
    assert versions.status_of(FIRST["hash"]).draft is True
    assert versions.status_of(FIRST["hash"]).history == published.history
    assert versions.status_of(SECOND["hash"]) is published
    assert [version.version for version in versions.history_of(1)] == [1]


def test_other_process_sees_a_publication_in_time(archive, ticks, versions):
    """It is asked once in a while, not at each request."""
    other = Versions(lambda: archive)
    for _ in range(5):
        assert versions.status_of(FIRST["hash"]).draft
    other.record(FIRST)
    asked = archive.asked
    ticks[0] += CACHE_SECONDS - 1
    assert versions.status_of(FIRST["hash"]).draft
    assert archive.asked == asked
    ticks[0] += 1
    assert not versions.status_of(FIRST["hash"]).draft


def test_archive_that_is_away_ends_nothing(archive, ticks, versions, caplog):
    """Without a cache nothing is known, otherwise the cache is used; it is logged once."""
    archive.away = True
    for _ in range(3):
        assert versions.status_of(FIRST["hash"]).to_json()["status"] == "unknown"
        ticks[0] += CACHE_SECONDS
    assert [record.getMessage() for record in caplog.records] == [
        "The versions of the declaration can't be read: The archive is unavailable."
    ]
    archive.away = False
    versions.record(FIRST)
    assert not versions.status_of(FIRST["hash"]).draft
    archive.away = True
    ticks[0] += CACHE_SECONDS
    assert not versions.status_of(FIRST["hash"]).draft


def test_many_versions_are_read_in_order(archive, versions):
    """More than are read at a time, and an archive that starts again."""
    for number in range(45):
        versions.record((FIRST, SECOND)[number % 2])
    assert [version.version for version in versions.status_of("").history] == [*range(45, 0, -1)]
    archive._logs.clear()
    versions.record(THIRD)
    assert [version.version for version in versions.status_of("").history] == [1]


def test_versions_of_two_who_publish_at_once_differ(archive):
    """Each gets a number of its own, and one of two with the same content is refused."""
    results = []

    def publish(document):
        try:
            results.append(Versions(lambda: archive).record(document).number)
        except UnchangedDeclarationError:
            results.append(None)

    threads = [threading.Thread(target=publish, args=(FIRST,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [1, *[None] * 7]


# --- Pages ---


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    StrictCookies(app)
    return app


def republish(app, document=THIRD):
    """Publish what stands, as if another text had been published before."""
    protection = app.extensions["strict_cookies"]
    protection.versions.record(document)
    return protection.publish()


def test_page_carries_draft_until_published(app):
    """The page says so, and then which version it is and what came before."""
    client = app.test_client()
    assert "Draft: this text has not been published" in client.get("/cookies/").text
    republish(app)
    text = client.get("/cookies/").text
    assert "Draft" not in text
    assert '<a href="/cookies/versions/1?lang=en">Version 1, in force since' in text
    assert "Removed: Cookies, Basket (b)" in text
    document = client.get("/cookies/declaration.json").get_json()
    assert document["edition"]["version"] == 2
    jsonschema.validate(document, json.loads(read_schema()))


def test_page_is_there_without_the_archive(app):
    """
    It says that the history is not available, in the reader's language, and the JSON is
    valid.
    """
    state = app.extensions["strict_cookies"]
    archive = Away()
    state._compiled = state.compiled._replace(archive=archive)
    archive.away = True
    client = app.test_client()
    assert "is not available at the moment" in client.get("/cookies/").text.replace("&#39;", "'")
    assert "gerade nicht feststellen" in client.get("/cookies/?lang=de").text
    document = client.get("/cookies/declaration.json").get_json()
    assert document["edition"]["status"] == "unknown"
    jsonschema.validate(document, json.loads(read_schema()))


def test_old_version_can_be_read(app):
    """As a page in each language and as JSON, both cached forever; other numbers are 404."""
    republish(app)
    client = app.test_client()
    page = client.get("/cookies/versions/1?lang=de")
    assert page.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Vary" not in page.headers
    assert "Fassung 1, gültig seit" in page.text
    assert "Basket" in page.text
    assert "__Host-Http-session" not in page.text
    assert '<a href="/cookies/?lang=de">Die Erklärung, wie sie jetzt ist</a>' in page.text
    assert "declaration.csv" not in page.text
    assert client.get("/cookies/versions/1").headers["Vary"] == "Accept-Language"
    as_json = client.get("/cookies/versions/1.json")
    assert as_json.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    document = as_json.get_json()
    assert document["hash"] == THIRD["hash"]
    assert [past["version"] for past in document["edition"]["history"]] == [1]
    jsonschema.validate(document, json.loads(read_schema()))
    for number in ("0", "3", "999999", "1000000", "9" * 30, "x"):
        assert client.get(f"/cookies/versions/{number}").status_code == 404
        assert client.get(f"/cookies/versions/{number}.json").status_code == 404


def test_pdf_is_the_one_that_was_kept(app):
    """Where there is none, that is said; where there is one, the page links it."""
    client = app.test_client()
    missing = client.get("/cookies/declaration.pdf")
    assert (missing.status_code, missing.content_type) == (404, "text/plain; charset=utf-8")
    assert missing.text.startswith("There is no PDF")
    versions = app.extensions["strict_cookies"].versions
    republish(app)
    assert "declaration.pdf" not in client.get("/cookies/").text
    versions.store_pdfs(2, {"en": b"%PDF-en", "de": b"%PDF-de"})
    assert 'href="/cookies/declaration.pdf?lang=en"' in client.get("/cookies/?lang=en").text
    found = client.get("/cookies/declaration.pdf?lang=de")
    assert (found.data, found.content_type) == (b"%PDF-de", "application/pdf")
    assert found.headers["Cache-Control"] == "max-age=300"
    assert client.get("/cookies/declaration.pdf?lang=fr").data == b"%PDF-en"
    assert "Set-Cookie" not in found.headers


def test_publication_is_announced(app):
    """The signal has the version and its difference in words; the trail has its number."""
    heard = []

    def listen(sender, *, version, descriptions):
        heard.append((sender, version.number, descriptions))

    def fail(sender, **_):
        raise RuntimeError

    with (
        declaration_published.connected_to(fail, app),
        declaration_published.connected_to(listen, app),
    ):
        version = republish(app)
    assert isinstance(version, Version)
    assert heard[0][:2] == (app, 2)
    assert "Removed: Cookies, Basket (b)" in heard[0][2]
    trail = app.extensions["strict_cookies"].trail
    assert [entry.event for entry in trail.entries()][-1] == "policy-published"
