"""Recording, heads and removing, over an archive in memory or in a file."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.reasons import Reason
from strict_cookies.trail.audit_trail import CHECKPOINTS, HEAD_SECONDS, AuditTrail, NoTrail
from strict_cookies.trail.pseudonyms import KEYS, SEEN
from strict_cookies.trail.signing import is_signed, make_key
from strict_cookies.trail.verification import verify_trail

from .trails import DAY, PSEUDONYM_KEYS, Clock, fill


class FailingArchive(MemoryArchive):
    """An archive that can be made unavailable."""

    down = False

    def append(self, log, make):
        if self.down:
            raise StoreUnavailableError("The disk is full.")
        return super().append(log, make)


def make_trail(archive=None, **options):
    """Create a trail in memory with a clock that a test can move."""
    clock = Clock()
    options = {"pseudonym_keys": PSEUDONYM_KEYS, "clock": clock, **options}
    return AuditTrail(archive or MemoryArchive(), **options), clock


# --- Recording ---


def test_event_is_recorded_with_what_it_is_about():
    """The number is returned; details that are None are omitted."""
    trail, _ = make_trail()
    assert trail.record("order-approved", order=7, user=None) == 1
    assert trail.record("signed-in", user="alice", level=2) == 2
    first, second = trail.entries()
    assert first[:4] == (1, "2027-01-15T08:00:00Z", "order-approved", {"order": 7})
    assert second.details == {"level": 2, "user": trail.pseudonyms.find("alice")}
    assert second.previous == first.hash


@pytest.mark.parametrize("event", ["", "Signed-in", "a b", "-a", "a--b", "x" * 49, "a\n"])
def test_name_of_an_event_is_checked(event):
    """A mistake in a program is reported to its author, with or without a trail."""
    trail, _ = make_trail()
    for each in (trail, NoTrail()):
        with pytest.raises(ValueError, match="The event name"):
            each.record(event)
    assert trail.last().number == 0


def test_trail_that_is_off_records_nothing():
    """Callers can record without checking whether there is a trail."""
    assert NoTrail().record("signed-in", user="alice") is None
    assert NoTrail().flush() is None


def test_lost_events_are_a_gap(caplog):
    """An unavailable store raises nothing; later the trail records how many are missing."""
    archive = FailingArchive()
    trail, _ = make_trail(archive)
    trail.record("signed-in")
    archive.down = True
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        assert [trail.record("signed-out") for _ in range(3)] == [None] * 3
    message = f"SC905 audit trail could not be written. The disk is full. {Reason.TRAIL_GAP.remedy}"
    assert [line.getMessage() for line in caplog.records] == [message] * 3
    archive.down = False
    assert trail.record("signed-in") == 3
    trail.record("signed-in")
    assert [(entry.event, dict(entry.details)) for entry in trail.entries()] == [
        ("signed-in", {}),
        ("gap", {"lost": 3}),
        ("signed-in", {}),
        ("signed-in", {}),
    ]
    assert verify_trail(trail).is_intact


def test_trail_continues_after_a_damaged_entry():
    """An unreadable last entry does not stop recording; the verification reports it."""
    archive = MemoryArchive()
    trail, _ = make_trail(archive)
    archive.append("trail", lambda last: b"rubbish")
    assert trail.record("signed-in") == 2
    assert verify_trail(trail).problems == ("Entry 1: it is not valid JSON: it was changed.",)


# --- Pseudonyms ---


def test_user_has_the_same_pseudonym_until_erased():
    """A pseudonym links the entries of one user until the key is deleted."""
    trail, _ = make_trail()
    codes = [trail.pseudonyms.pseudonym("alice", trail.now().date()) for _ in range(2)]
    assert codes[0] == codes[1] != trail.pseudonyms.pseudonym("bob", trail.now().date())
    assert trail.erase_user("alice") is True
    assert trail.pseudonyms.find("alice") is None
    assert trail.erase_user("alice") is False
    assert trail.pseudonyms.pseudonym("alice", trail.now().date()) != codes[0]
    assert [(entry.event, dict(entry.details)) for entry in trail.entries()] == [
        ("user-erased", {})
    ]


def test_nothing_in_the_archive_names_a_user():
    """
    Neither log nor shelves contain the id, nor a digest that can be computed without the
    secret.
    """
    import hashlib

    archive = MemoryArchive()
    trail, _ = make_trail(archive)
    trail.record("signed-in", user="alice@example.com")
    everything = repr((archive._logs, archive._shelves, archive._tallies))
    assert "alice" not in everything
    for kind in ("md5", "sha1", "sha256", "blake2b"):
        assert hashlib.new(kind, b"alice@example.com").hexdigest() not in everything


def test_pseudonym_stays_when_the_secret_changes():
    """A key is moved to the new secret, and erased there."""
    archive = MemoryArchive()
    trail, _ = make_trail(archive)
    code = trail.pseudonyms.pseudonym("alice", trail.now().date())
    rotated, _ = make_trail(archive, pseudonym_keys=(b"n" * 32, *PSEUDONYM_KEYS))
    assert rotated.pseudonyms.pseudonym("alice", trail.now().date()) == code
    assert len(archive.items(KEYS)) == 1
    later, _ = make_trail(archive, pseudonym_keys=(b"n" * 32,))
    assert later.pseudonyms.pseudonym("alice", trail.now().date()) == code
    assert later.erase_user("alice")
    assert archive.items(KEYS) == archive.items(SEEN) == {}


def test_without_a_secret_no_user_has_a_pseudonym():
    """An application without SECRET_KEY can still record."""
    trail, _ = make_trail(pseudonym_keys=())
    trail.record("signed-in", user="alice")
    assert [dict(entry.details) for entry in trail.entries()] == [{"user": "unknown"}]
    assert trail.erase_user("alice") is False


# --- Heads ---


def test_head_is_the_end_of_the_trail():
    """Unsigned without a key, and the same for some seconds."""
    trail, clock = make_trail()
    assert trail.head() == {
        "format": "strict-cookies-trail-head-1",
        "hash": "0" * 64,
        "number": 0,
        "time": "2027-01-15T08:00:00Z",
    }
    trail.record("signed-in")
    assert trail.head()["number"] == 0
    clock.now += HEAD_SECONDS
    assert trail.head()["number"] == 1
    assert trail.head()["hash"] == trail.last().hash


def test_head_is_signed_and_follows_a_new_key(tmp_path):
    """A key that was changed in the file signs the next head."""
    path = tmp_path / "trail.pem"
    first = make_key(path)
    trail, clock = make_trail(key=path)
    assert trail.head()["public_key"] == first.public_pem
    assert is_signed(trail.head(), first.public_pem)
    path.unlink()
    second = make_key(path)
    clock.now += HEAD_SECONDS
    assert is_signed(trail.head(), second.public_pem)
    assert not is_signed(trail.head(), first.public_pem)
    assert not is_signed({**trail.head(), "number": 1})


# --- Removing ---


def test_expired_entries_are_removed(tmp_path):
    """Entries, counters and keys are removed; the chain is intact from a signed checkpoint on."""
    key = tmp_path / "trail.pem"
    signer = make_key(key)
    archive = MemoryArchive()
    trail, clock = make_trail(archive, key=key, retention=timedelta(days=30))
    trail.counts.follow(lambda: {("SC101", "x"): 0})
    points = fill(trail, 5)
    clock.now += 20 * DAY
    trail.record("signed-in", user="user 1")
    clock.now += 11 * DAY
    assert trail.prune() == 5
    assert [entry.event for entry in trail.entries()] == ["signed-in", "pruned"]
    (checkpoint,) = trail.checkpoints()
    assert (checkpoint["number"], checkpoint["hash"]) == points[4]
    assert is_signed(checkpoint, signer.public_pem)
    assert len(archive.items(KEYS)) == len(archive.items(SEEN)) == 1
    found = verify_trail(trail)
    assert (found.problems, found.checked, found.first) == ((), 2, points[4])
    assert trail.prune() == 0


def test_last_entry_stays_however_old():
    """The last entry is never removed."""
    trail, clock = make_trail(retention=timedelta(days=1))
    fill(trail, 3)
    clock.now += 400 * DAY
    assert trail.prune() == 3
    assert [entry.event for entry in trail.entries()] == ["pruned"]
    clock.now += 400 * DAY
    assert trail.prune() == 1
    assert verify_trail(trail).is_intact
    assert len(trail.checkpoints()) == 2


def test_crash_while_removing_harms_nothing():
    """Between checkpoint, event and removal the chain can be verified."""
    archive = MemoryArchive()
    trail, clock = make_trail(archive, retention=timedelta(days=1))
    fill(trail, 3)
    clock.now += 3 * DAY
    archive.cut = lambda log, before: 1 // 0
    with pytest.raises(ZeroDivisionError):
        trail.prune()
    assert verify_trail(trail).is_intact
    assert len(archive.items(CHECKPOINTS)) == 1
