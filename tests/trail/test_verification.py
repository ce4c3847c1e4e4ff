"""What an attacker with access to the store can do to a trail, and how it is reported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies.errors import StoreCorruptError
from strict_cookies.trail.chain import (
    Point,
    SavedHead,
    canonical,
    read_entry,
    read_saved_head,
    write_entry,
)
from strict_cookies.trail.signing import (
    CHECKPOINT_FORMAT,
    Signer,
    describe_rotation,
    load_signer,
    make_key,
)
from strict_cookies.trail.verification import verify_trail

from .trails import DAY, Clock, file_trail, fill, forge, row

UPDATE = "UPDATE archive_logs SET data = ? WHERE log = 'trail' AND number = ?"
DELETE = "DELETE FROM archive_logs WHERE log = 'trail' AND number "


@pytest.fixture
def path(tmp_path):
    """Where a trail of twenty entries is."""
    path = tmp_path / "file"
    with file_trail(path) as trail:
        fill(trail, 20)
    return path


def verify(path, since=None, **options):
    """Verify the trail of a file."""
    with file_trail(path, **options) as trail:
        return verify_trail(trail, since=since)


def point(path, number):
    """Return an entry as a saved head."""
    return Point(number, read_entry(row(path, number)).hash)


def test_intact_trail_contains_every_earlier_head(path):
    """There are no problems, whichever head was saved."""
    found = verify(path)
    assert (found.is_intact, found.checked, found.last) == (True, 20, point(path, 20))
    for number in (1, 7, 20):
        found = verify(path, point(path, number))
        assert (found.problems, found.unknown) == ((), None)
    assert verify(path, Point(0, "0" * 64)).is_intact


def test_one_changed_byte_is_named(path):
    """A changed detail is reported with its entry."""
    forge(path, UPDATE, row(path, 9).replace(b'"order":8', b'"order":9'), 9)
    assert verify(path).problems == (
        "Entry 9: its hash does not match its content: it was changed.",
    )


def test_reordering_is_named(path):
    """Swapped entries are found."""
    third, fourth = row(path, 3), row(path, 4)
    forge(path, UPDATE, fourth, 3)
    forge(path, UPDATE, third, 4)
    assert [problem[:8] for problem in verify(path).problems] == ["Entry 3:", "Entry 4:"]


def test_missing_entries_are_named(path):
    """Removed entries are reported by number."""
    forge(path, DELETE + "BETWEEN 5 AND 6")
    assert verify(path).problems == ("Entry 7: entries 5 to 6 are missing before it.",)


def test_removed_beginning_is_named(path):
    """Removing entries without a checkpoint is not pruning."""
    forge(path, DELETE + "< 4")
    assert verify(path).problems == (
        "The trail begins with entry 4, and there is no checkpoint for the entries before it: "
        "the beginning was removed.",
    )


def test_removed_end_is_named_by_a_head(path):
    """Only a saved head reveals it."""
    saved = point(path, 20)
    forge(path, DELETE + "> 15")
    assert verify(path).is_intact
    assert verify(path, saved).problems == (
        "The saved head is entry 20, but the trail ends with entry 15: its end was removed.",
    )


def test_rewritten_chain_is_named_by_a_head(path):
    """A new chain from some entry on is valid in itself, but contains no head saved before."""
    saved = point(path, 18)
    with file_trail(path) as trail:
        now = trail.now()
    last = point(path, 9)
    for number in range(10, 21):
        data = write_entry(last, now, "nothing-happened", {})
        forge(path, UPDATE, data, number)
        last = Point(number, read_entry(data).hash)
    assert verify(path).is_intact
    assert verify(path, saved).problems == (
        "Entry 18 does not match the saved head: it or an earlier entry was rewritten.",
    )


def test_head_from_before_a_removal_is_compared_with_the_checkpoint(tmp_path):
    """The checkpoint's own number is known; older heads can't be compared."""
    path, clock = tmp_path / "file", Clock()
    options = {"clock": clock, "retention": timedelta(days=1)}
    with file_trail(path, **options) as trail:
        points = fill(trail, 5)
        clock.now += 3 * DAY
        fill(trail, 5)
        trail.prune()
    assert verify(path, points[4], **options).problems == ()
    assert "rewritten" in verify(path, Point(5, "0" * 64), **options).problems[0]
    found = verify(path, points[2], **options)
    assert found.problems == ()
    assert "pruned up to entry 5" in found.unknown


def prepare_signed(tmp_path):
    """A trail with a signed checkpoint."""
    path, key, clock = tmp_path / "file", tmp_path / "trail.pem", Clock()
    make_key(key)
    options = {"clock": clock, "retention": timedelta(days=1), "key": key}
    with file_trail(path, **options) as trail:
        fill(trail, 5)
        clock.now += 3 * DAY
        trail.prune()
    return path, options


def test_forged_checkpoint_is_named(tmp_path):
    """A checkpoint that was changed, or signed by another key, is found."""
    path, options = prepare_signed(tmp_path)
    assert verify(path, **options).is_intact
    with file_trail(path, **options) as trail:
        (checkpoint,) = trail.checkpoints()
    change = (
        "UPDATE archive_shelves SET value = replace(value, ?, ?) WHERE shelf = 'trail-checkpoints'"
    )
    forge(path, change, '"time":"2027', '"time":"2026')
    assert verify(path, **options).problems == (
        "The checkpoint for entry 5 has an invalid signature.",
    )
    forge(path, change, '"time":"2026', '"time":"2027')
    foreign = make_key(tmp_path / "foreign.pem")
    forge(path, change, checkpoint["public_key"].replace("\n", "\\n"),
          foreign.public_pem.replace("\n", "\\n"))  # fmt: skip
    assert verify(path, **options).problems == (
        "The checkpoint for entry 5 is signed by a key that does not belong to this site.",
        "The checkpoint for entry 5 has an invalid signature.",
    )


def test_rotated_key_still_vouches_for_old_checkpoints(tmp_path):
    """A rotation that both keys signed is accepted, another is reported."""
    path, options = prepare_signed(tmp_path)
    old = load_signer(options["key"])
    options["key"].unlink()
    new = make_key(options["key"])
    assert "does not belong to this site" in verify(path, **options).problems[0]
    with file_trail(path, **options) as trail:
        trail.record("key-rotated", **describe_rotation(old, new))
    assert verify(path, **options).is_intact
    with file_trail(path, **options) as trail:
        forged = describe_rotation(Signer(new._key), make_key(tmp_path / "foreign.pem"))
        trail.record("key-rotated", **{**forged, "old_key": old.public_hex})
        number = trail.last().number
    assert verify(path, **options).problems == (
        f"Entry {number}: the key rotation is not signed by both keys.",
    )


def keyed(tmp_path, *steps):
    """A trail in which each step creates a key, rotates to it, or only replaces the file."""
    path, key = tmp_path / "file", tmp_path / "trail.pem"
    for step in steps:
        old = load_signer(key) if key.exists() else None
        key.unlink(missing_ok=True)
        new = make_key(key)
        with file_trail(path, key=key) as trail:
            if step == "made":
                trail.record("key-made", new_key=new.public_hex)
            elif step == "rotated":
                trail.record("key-rotated", **describe_rotation(old, new))
            trail.record("order-approved")
    return verify(path, key=key).problems


@pytest.mark.parametrize(
    ("steps", "problems"),
    [
        pytest.param(["made"], [], id="made"),
        pytest.param(["made", "rotated", "rotated"], [], id="rotated"),
        pytest.param(["placed"], ["no entry records it"], id="placed"),
        pytest.param(["made", "placed"], ["the key was replaced without"], id="replaced"),
        pytest.param(
            ["made", "rotated", "placed"], ["the key was replaced without"], id="replaced later"
        ),
        pytest.param(["made", "made"], ["Entry 3: a new key was created"], id="made again"),
        pytest.param(
            ["made", "placed", "rotated"], ["Entry 4: the key was rotated from one that was not"],
            id="rotated from another",
        ),
    ],
)  # fmt: skip
def test_key_without_a_rotation_is_named(tmp_path, steps, problems):
    """A replaced key is reported."""
    found = keyed(tmp_path, *steps)
    assert len(found) == len(problems)
    for problem, words in zip(found, problems, strict=True):
        assert words in problem


# --- What write access to the store is enough for ---

INSERT = "INSERT INTO archive_logs (log, number, data) VALUES ('trail', ?, ?)"
INSERT_POINT = "INSERT INTO archive_shelves (shelf, key, value) VALUES ('trail-checkpoints', ?, ?)"


@pytest.fixture
def signed(tmp_path):
    """A trail of ten entries with a key, and the head that was published."""
    path, key = tmp_path / "file", tmp_path / "trail.pem"
    options = {"clock": Clock(), "key": key}
    signer = make_key(key)
    with file_trail(path, **options) as trail:
        trail.adopt_key(signer)
        fill(trail, 9)
        head = trail.make_head()
    return path, options, read_saved_head(canonical(head).decode())


def replace_trail(path, options, point, *, first=11):
    """Replace all entries by two forged ones, as the first names the site's public key."""
    forge(path, DELETE + "> 0")
    last = Point(first - 1, point["hash"])
    for event in ("key-made", "nothing-happened"):
        details = {"new_key": load_signer(options["key"]).public_hex} if event == "key-made" else {}
        with file_trail(path, **options) as trail:
            data = write_entry(last, trail.now(), event, details)
        forge(path, INSERT, last.number + 1, data)
        last = Point(last.number + 1, read_entry(data).hash)
    forge(path, INSERT_POINT, f"{first - 1:016}", canonical(point))


def unsigned_point(number=10):
    return {
        "format": CHECKPOINT_FORMAT,
        "hash": "ab" * 32,
        "number": number,
        "time": "2027-01-15T08:00:00.000Z",
    }


def test_forged_beginning_is_named(signed):
    """The forged trail is not intact, contradicts each head, and is not signed."""
    path, options, head = signed
    replace_trail(path, options, unsigned_point())
    found = verify(path, head, **options)
    assert "The checkpoint for entry 10 is not signed, although this site signs" in " ".join(
        found.problems
    )
    assert "another hash" in " ".join(found.problems) or "is missing" in " ".join(found.problems)
    assert found.unknown is None
    assert not verify(path, **options).is_intact
    missing = pytest.raises(StoreCorruptError, match="does not contain the head that was signed")
    with file_trail(path, **options) as trail, missing:
        trail.make_head()


def test_unsigned_checkpoint_is_an_error_to_an_auditor_without_the_key(signed):
    """A signed head, or an entry with a key, says that the site signs."""
    path, options, head = signed
    replace_trail(path, options, unsigned_point())
    bare = {"clock": options["clock"]}
    for since in (head, None):
        assert any("is not signed" in problem for problem in verify(path, since, **bare).problems)


def test_published_head_is_no_checkpoint(signed):
    """Its signature is genuine, but it says something else."""
    path, options, head = signed
    with file_trail(path, **options) as trail:
        published = trail.make_head()
    forge(path, DELETE + "<= 10")
    data = write_entry(Point(10, published["hash"]), options["clock"] and _now(options), "x", {})
    forge(path, INSERT, 11, data)
    forge(path, INSERT_POINT, f"{10:016}", canonical(published))
    assert (
        "The checkpoint for entry 10 has an invalid signature."
        in verify(path, head, **options).problems
    )


def _now(options):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(options["clock"](), UTC)


def test_young_head_that_disappeared_is_an_error(tmp_path):
    """Entries that were recorded since it was saved can't have expired."""
    path, clock = tmp_path / "file", Clock()
    options = {"clock": clock, "retention": timedelta(days=30)}
    with file_trail(path, **options) as trail:
        points = fill(trail, 5)
        clock.now += 10 * DAY
        trail.prune(before=trail.now())
    saved = SavedHead(*points[1], _now({"clock": lambda: clock.now - 5 * DAY}))
    found = verify(path, saved, **options)
    assert found.unknown is None
    assert "entries were removed before the retention of 30 days" in found.problems[0]
    old = saved._replace(time=_now({"clock": lambda: clock.now - 31 * DAY}))
    assert "pruned up to entry 5" in verify(path, old, **options).unknown


def test_truncated_trail_is_not_signed(signed):
    """Nor is one whose end was removed, or that was emptied: the note is outside the store."""
    path, options, _ = signed
    for statement in (DELETE + "> 8", DELETE + "> 0"):
        forge(path, statement)
        with file_trail(path, **options) as trail:
            with pytest.raises(StoreCorruptError, match="entry 10 is missing"):
                trail.make_head()
            with pytest.raises(StoreCorruptError, match="entry 10 is missing"):
                trail._prepare_signing()


def test_pruned_trail_is_signed(tmp_path):
    """A genuine removal of the noted entry is known by its checkpoint."""
    path, key, clock = tmp_path / "file", tmp_path / "trail.pem", Clock()
    make_key(key)
    options = {"clock": clock, "retention": timedelta(days=1), "key": key}
    with file_trail(path, **options) as trail:
        fill(trail, 5)
        trail.make_head()
        note = key.with_name("trail.pem.head").read_text()
        clock.now += 3 * DAY
        trail.prune()
        key.with_name("trail.pem.head").write_text(note)
    with file_trail(path, **options) as trail:
        assert trail.make_head()["number"] == 6


def test_note_that_can_not_be_written_is_kept_in_memory(signed, monkeypatch, caplog):
    """A read-only directory of the key is logged once."""
    path, options, _ = signed

    def fail(*args):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("strict_cookies.trail.noted_head.os.open", fail)
    with file_trail(path, **options) as trail:
        for _ in range(2):
            fill(trail, 1)
            trail.make_head()
        forge(path, DELETE + "> 11")
        with pytest.raises(StoreCorruptError, match="entry 12 is missing"):
            trail.make_head()
    assert [record.message[:42] for record in caplog.records] == [
        "The head of the audit trail can't be noted"
    ]
