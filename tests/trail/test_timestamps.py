"""Timestamps of heads, by an authority that these tests start."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import timedelta

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.errors import StoreCorruptError
from strict_cookies.trail import maintenance, timestamp_authority
from strict_cookies.trail.audit_trail import AuditTrail
from strict_cookies.trail.head_stamper import ATTEMPTS, HeadStamper
from strict_cookies.trail.maintenance import TrailMaintenance
from strict_cookies.trail.review import review_trail
from strict_cookies.trail.signing import is_signed, make_key
from strict_cookies.trail.timestamp_authority import (
    AuthorityUnavailableError,
    TimestampAuthority,
    read_authorities,
    verify_timestamp,
)
from strict_cookies.trail.timestamps import SHELF, read_timestamp, read_timestamps
from strict_cookies.trail.verification import verify_trail
from tests.sessions.places import wait_until

from .authority import Authority, serve
from .trails import DAY, Clock, fill


@pytest.fixture
def trusted(authority):
    """What an auditor trusts."""
    return read_authorities(authority.ca.read_text())


def make(authority, archive=None, **options):
    """A trail with five entries, and what has its heads stamped."""
    trail = AuditTrail(MemoryArchive() if archive is None else archive, **options)
    fill(trail, 5)
    return trail, HeadStamper(trail, authority.url)


def events(trail):
    """The names of the events, without those of fill()."""
    return [entry.event for entry in trail.entries() if entry.event != "order-approved"]


def rebuild(trail, count, key=None):
    """Write another trail, as the holder of the store and all keys can."""
    other = AuditTrail(MemoryArchive(), key=key)
    for number in range(count):
        other.record("order-approved", order=number + 1000)
    trail.archive._logs["trail"] = other.archive._logs["trail"]


def test_head_is_stamped(authority, trusted):
    """The timestamp is stored, recorded and verified; nothing new is not stamped again."""
    trail, stamper = make(authority)
    head = trail.last()
    stamp = stamper.stamp()
    assert stamp.point == head
    assert trail.timestamps.read() == {5: stamp}
    assert events(trail) == ["timestamped"]
    assert stamper.stamp() is None
    fill(trail, 1)
    assert stamper.stamp().number == 7
    verification = verify_trail(trail, authorities=trusted)
    assert verification.is_intact
    assert [stamp.number for stamp in verification.stamped.stamps] == [5, 7]
    assert verification.stamped.is_verified
    assert not verify_trail(trail).stamped.is_verified


def test_empty_trail_is_not_stamped(authority):
    """There is no head yet."""
    before = authority.requests
    trail = AuditTrail(MemoryArchive())
    assert HeadStamper(trail, authority.url).stamp() is None
    assert (trail.last().number, authority.requests) == (0, before)


def test_stamped_trail_cannot_be_rewritten_with_all_keys(authority, trusted, tmp_path):
    """Chain, signatures and note are consistent; the timestamp is not."""
    path = tmp_path / "trail.pem"
    make_key(path)
    trail, stamper = make(authority, key=path)
    trail.adopt_key(trail.signer())
    stamper.stamp()
    (tmp_path / "trail.pem.head").unlink()
    rebuild(trail, 7, path)
    forged = AuditTrail(trail.archive, key=path)
    forged.adopt_key(forged.signer())
    assert is_signed(forged.make_head(), forged.signer().public_pem)
    (problem,) = verify_trail(forged, authorities=trusted).problems
    assert problem.startswith("Entry 6, stamped at ")
    assert problem.endswith(" has another hash: it or an earlier entry was rewritten.")


def test_removed_end_is_found(authority, trusted):
    """A trail that ends before a stamped head."""
    trail, stamper = make(authority)
    stamper.stamp()
    rebuild(trail, 4)
    (problem,) = verify_trail(trail, authorities=trusted).problems
    assert problem.startswith("Entry 5, stamped at ")
    assert problem.endswith(" is missing: the trail ends with entry 4.")


def test_removed_timestamp_is_found(authority):
    """The trail records each; the auditor's page finds it too."""
    trail, stamper = make(authority)
    stamper.stamp()
    trail.archive.delete(SHELF, f"{5:016}")
    expected = "The timestamp of entry 5, which entry 6 records, is missing: it was removed."
    assert verify_trail(trail).problems == (expected,)
    assert review_trail(trail).verification.problems == (expected,)


def test_timestamp_that_was_saved_elsewhere_counts(authority, trusted):
    """Also when everything in the store was rewritten, its timestamps too."""
    trail, stamper = make(authority)
    exported = stamper.stamp().to_json().decode()
    saved = read_timestamps(f'{{"event":"signed-in"}}\n{exported}\n')
    assert verify_trail(trail, timestamps=saved, authorities=trusted).is_intact
    rebuild(trail, 9)
    trail.archive.delete(SHELF, f"{5:016}")
    assert verify_trail(trail, authorities=trusted).is_intact
    (problem,) = verify_trail(trail, timestamps=saved, authorities=trusted).problems
    assert "Entry 5, stamped at" in problem


def test_entries_that_disappear_before_the_retention_are_found(authority, trusted):
    """Removed with a checkpoint as the retention does, but too early."""
    trail, stamper = make(authority)
    saved = [stamper.stamp()]
    fill(trail, 3)
    trail.prune(trail.now() + timedelta(days=1))
    assert trail.timestamps.read() == {}
    (problem,) = verify_trail(trail, timestamps=saved, authorities=trusted).problems
    assert problem.startswith("Entry 5, stamped at ")
    assert problem.endswith(" was removed before the retention ended.")
    # Its own text can't change the time that the authority signed.
    saved = [saved[0]._replace(time=saved[0].time - timedelta(days=999))]
    assert verify_trail(trail, timestamps=saved, authorities=trusted).problems == (problem,)


def test_retention_removes_timestamps_with_their_entries(authority):
    """What can no longer be compared is no error."""
    clock = Clock()
    trail, stamper = make(authority, clock=clock)
    saved = [stamper.stamp()._replace(time=trail.now())]
    clock.now += 400 * DAY
    fill(trail, 2)
    assert trail.prune() == 6
    assert trail.timestamps.read() == {}
    verification = verify_trail(trail, timestamps=saved)
    assert verification.is_intact


def test_forged_timestamps_are_found(authority, trusted, tmp_path):
    """Of another authority, of another head, and one that can't be read."""
    trail, stamper = make(authority)
    genuine = stamper.stamp()
    other = Authority(tmp_path / "other")
    with serve(other) as url:
        forged = TimestampAuthority(url).stamp(genuine.point)
    points = [entry for entry in trail.entries() if entry.number == 4]
    moved = genuine._replace(number=4, hash=points[0].hash)
    found = verify_trail(trail, timestamps=[forged, moved], authorities=trusted).problems
    assert found == (
        "The timestamp of entry 4 is not valid: it is for another head.",
        "The timestamp of entry 5 is not valid: none of the given authorities has signed it as a "
        "timestamp.",
    )
    trail.archive.put(SHELF, f"{5:016}", b"{}")
    found = verify_trail(trail, authorities=trusted).problems
    assert "The timestamp of entry 5 can't be read: it was changed." in found


def test_changed_signature_and_file_without_certificates_are_refused(authority):
    """A changed byte of the response, and a CA file of another kind."""
    with pytest.raises(ValueError, match="no certificate in PEM format"):
        read_authorities("nothing")
    stamp = make(authority)[1].stamp()
    changed = bytearray(stamp.response)
    changed[-1] ^= 1
    with pytest.raises(ValueError, match="none of the given authorities"):
        verify_timestamp(
            stamp._replace(response=bytes(changed)), read_authorities(authority.ca.read_text())
        )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((503, b"SECRET"), "it answered with HTTP status 503"),
        ((302, b"SECRET"), "it answered with HTTP status 302"),
        ((200, b"SECRET"), "its response is not a timestamp"),
        ((200, b"x" * 70_000), "its response is too long or too slow"),
        ((200, "earlier"), "its response belongs to another request"),
    ],
)
def test_unavailable_authority_is_a_gap(authority, caplog, answer, why):
    """Recorded and logged once while it lasts, by whichever process finds out."""
    trail, stamper = make(authority)
    if answer[1] == "earlier":
        answer = answer[0], authority_response(authority, trail)
    authority.answer = answer
    with caplog.at_level(logging.WARNING, "strict_cookies"):
        for process in (stamper, HeadStamper(trail, authority.url), stamper):
            with pytest.raises(AuthorityUnavailableError, match=why):
                process.stamp()
    assert caplog.text.count("SC906") == 1
    assert "SECRET" not in caplog.text
    assert events(trail) == ["timestamp-missed"]
    authority.answer = None
    assert stamper.stamp().number == 6
    authority.answer = (503, b"")
    fill(trail, 1)
    with pytest.raises(AuthorityUnavailableError):
        stamper.stamp()
    assert events(trail) == ["timestamp-missed", "timestamped", "timestamp-missed"]


def authority_response(authority, trail):
    """A valid response to an earlier request for the same head."""
    return TimestampAuthority(authority.url).stamp(trail.last()).response


def test_authority_that_is_down_is_a_gap(tmp_path):
    """Nothing listens there; its path is not logged."""
    trail = AuditTrail(MemoryArchive())
    fill(trail, 1)
    stamper = HeadStamper(trail, "http://127.0.0.1:9/account-key")
    with pytest.raises(AuthorityUnavailableError) as caught:
        stamper.stamp()
    assert str(caught.value) == (
        "The timestamp authority '127.0.0.1' gave no timestamp: it can't be reached "
        "(ConnectionRefusedError)."
    )
    assert "account-key" not in repr(stamper.authority)


def test_slow_authority_is_given_up(authority, monkeypatch):
    """One that sends a byte now and then."""
    monkeypatch.setattr(timestamp_authority, "TIMEOUT", -1.0)
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: Drip())
    with pytest.raises(AuthorityUnavailableError, match="too slow"):
        make(authority)[1].stamp()


class Drip:
    """A response without an end."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read1(self, _):
        return b"x"


def test_maintenance_stamps_once_a_day_and_retries_each_hour(authority):
    """One process does it for all; after a failure it is tried again an hour later."""
    clock = Clock()
    trail, stamper = make(authority, clock=clock)
    works = [TrailMaintenance(trail, lambda: None, stamper) for stamper in
             (stamper, HeadStamper(trail, authority.url))]  # fmt: skip
    before = authority.requests
    authority.answer = (503, b"")
    for _ in range(3):
        for work in works:
            work.run()
            work.stamp()
    assert authority.requests == before + 1
    authority.answer = None
    clock.now += 3600
    for work in works:
        work.stamp()
    assert authority.requests == before + 2
    assert events(trail) == ["timestamp-missed", "timestamped"]
    # The authority's clock, not that of this test, says on which day it was.
    stamp = trail.timestamps.read()[6]
    trail.archive.put(SHELF, f"{6:016}", stamp._replace(time=trail.now()).to_json())
    fill(trail, 1)
    clock.now += 3600
    works[0].stamp()
    assert authority.requests == before + 2
    clock.now += DAY
    works[1].stamp()
    assert authority.requests == before + 3
    assert len(trail.archive.items(ATTEMPTS)) == 1


def test_no_request_and_no_fork_waits_for_the_authority(authority, tmp_path, monkeypatch):
    """It has not answered yet, and the page is there and the thread's lock is free."""
    authority.hold.clear()
    monkeypatch.setattr(maintenance, "thread", maintenance.MaintenanceThread())
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(
        SECRET_KEY="k" * 40,
        STRICT_COOKIES_TRAIL_KEY="off",
        STRICT_COOKIES_TRAIL_TIMESTAMPS=authority.url,
    )
    before = authority.requests
    StrictCookies(app)
    trail = app.extensions["strict_cookies"].trail
    fill(trail, 1)
    try:
        assert app.test_client().get("/cookies/", base_url="https://localhost").status_code == 200
        wait_until(lambda: authority.requests > before)
        assert not maintenance.thread._working.locked()
        assert trail.timestamps.read() == {}
    finally:
        authority.hold.set()
    wait_until(lambda: trail.timestamps.read() != {})
    maintenance.thread.clear()


def test_other_error_while_stamping_is_logged_once(authority, caplog, monkeypatch):
    """The thread goes on."""
    trail, stamper = make(authority)
    work = TrailMaintenance(trail, lambda: None, stamper)
    monkeypatch.setattr(stamper, "stamp_daily", lambda: {}["SECRET"])
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        work.stamp()
        work.stamp()
    assert caplog.text.count("SC905") == 1


def test_rewritten_trail_is_not_stamped(authority, tmp_path):
    """It lacks the head that was signed last, so it gets no witness."""
    path = tmp_path / "trail.pem"
    make_key(path)
    trail, stamper = make(authority, key=path)
    trail.make_head()
    rebuild(trail, 9, path)
    before = authority.requests
    with pytest.raises(StoreCorruptError, match="does not contain the head that was signed last"):
        stamper.stamp()
    assert authority.requests == before


def test_verification_resumes_after_a_timestamp(authority):
    """A timestamp that is added while a trail is verified is not missing."""
    trail, stamper = make(authority)
    assert review_trail(trail, 0.0).verification.is_intact
    stamper.stamp()
    assert review_trail(trail).verification.is_intact


def test_timestamp_of_a_file_survives_the_process(authority, tmp_path, trusted):
    """In SQLite, as another process finds it."""
    archive = SQLiteArchive(tmp_path / "file")
    stamp = make(authority, archive)[1].stamp()
    archive.close()
    again = AuditTrail(SQLiteArchive(tmp_path / "file"))
    assert again.timestamps.get(5) == stamp
    assert verify_trail(again, authorities=trusted).is_intact
    again.archive.close()


@pytest.mark.parametrize(
    "change",
    [{"number": 0}, {"number": True}, {"hash": "abc"}, {"time": "now"}, {"response": "?"}],
)
def test_malformed_timestamp_is_refused(authority, change):
    """Each member is validated."""
    content = json.loads(make(authority)[1].stamp().to_json()) | change
    with pytest.raises(ValueError, match="not a timestamp of the trail"):
        read_timestamp(json.dumps(content))


def test_missing_package_stops_the_start():
    """The setting is refused where nothing can be stamped."""
    code = (
        "import sys; sys.modules['rfc3161_client'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'rfc3161_client' else find(name, *a)\n"
        "from flask import Flask\n"
        "from strict_cookies import StrictCookies\n"
        "app = Flask('shop'); app.config.update(SECRET_KEY='k' * 40, TESTING=True)\n"
        "StrictCookies(app)\n"
        "app.test_client().get('/')\n"
        "app = Flask('shop'); app.config.update(SECRET_KEY='k' * 40, TESTING=True,\n"
        "    STRICT_COOKIES_TRAIL_TIMESTAMPS='https://tsa.example/')\n"
        "StrictCookies(app)\n"
        "app.test_client().get('/')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'strict-cookies[timestamps]'" in done.stderr
