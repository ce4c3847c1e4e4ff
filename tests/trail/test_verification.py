"""What an attacker with access to the store can do to a trail, and how it is reported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies.trail.chain import Point, read_entry, write_entry
from strict_cookies.trail.signing import Signer, describe_rotation, load_signer, make_key
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
