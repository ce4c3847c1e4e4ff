"""What somebody with access to the store can do to a trail, and how it is named."""

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
    """Note an entry as a head."""
    return Point(number, read_entry(row(path, number)).hash)


def test_whole_trail_fits_every_head_of_its_past(path):
    """Nothing is wrong, whichever head was noted."""
    found = verify(path)
    assert (found.is_whole, found.checked, found.last) == (True, 20, point(path, 20))
    for number in (1, 7, 20):
        found = verify(path, point(path, number))
        assert (found.problems, found.unknown) == ((), None)
    assert verify(path, Point(0, "0" * 64)).is_whole


def test_one_changed_byte_is_named(path):
    """Whoever changes a detail is found where he did it."""
    forge(path, UPDATE, row(path, 9).replace(b'"order":8', b'"order":9'), 9)
    assert verify(path).problems == (
        "Entry 9: its hash is not that of what it holds: it was changed.",
    )


def test_reordering_is_named(path):
    """Entries that changed places are found."""
    third, fourth = row(path, 3), row(path, 4)
    forge(path, UPDATE, fourth, 3)
    forge(path, UPDATE, third, 4)
    assert [problem[:8] for problem in verify(path).problems] == ["Entry 3:", "Entry 4:"]


def test_missing_entries_are_named(path):
    """So are such as were taken out."""
    forge(path, DELETE + "BETWEEN 5 AND 6")
    assert verify(path).problems == ("Entry 7: entries 5 to 6 are missing before it.",)


def test_cut_beginning_is_named(path):
    """Removing without a checkpoint is no pruning."""
    forge(path, DELETE + "< 4")
    assert verify(path).problems == (
        "The trail begins with entry 4, and there is no checkpoint for what was before: its "
        "beginning was cut off.",
    )


def test_cut_tail_is_named_by_a_head(path):
    """Without a head that was noted nobody can tell; with one it is plain."""
    noted = point(path, 20)
    forge(path, DELETE + "> 15")
    assert verify(path).is_whole
    assert verify(path, noted).problems == (
        "The head that was noted is entry 20, and the trail ends with entry 15: its tail was cut "
        "off.",
    )


def test_rewritten_chain_is_named_by_a_head(path):
    """A whole new chain from some entry on is valid in itself, and fits no head that was noted."""
    noted = point(path, 18)
    with file_trail(path) as trail:
        now = trail.now()
    last = point(path, 9)
    for number in range(10, 21):
        data = write_entry(last, now, "nothing-happened", {})
        forge(path, UPDATE, data, number)
        last = Point(number, read_entry(data).hash)
    assert verify(path).is_whole
    assert verify(path, noted).problems == (
        "Entry 18 is not the one that was noted as a head: it, or one before it, was rewritten.",
    )


def test_head_from_before_a_removal_is_compared_with_the_checkpoint(tmp_path):
    """The checkpoint's own number is known; what is older can't be told."""
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
    """A checkpoint that was changed, or signed by a stranger, is found."""
    path, options = prepare_signed(tmp_path)
    assert verify(path, **options).is_whole
    with file_trail(path, **options) as trail:
        (checkpoint,) = trail.checkpoints()
    change = (
        "UPDATE archive_shelves SET value = replace(value, ?, ?) WHERE shelf = 'trail-checkpoints'"
    )
    forge(path, change, '"time":"2027', '"time":"2026')
    assert verify(path, **options).problems == (
        "The checkpoint for entry 5 has a wrong signature.",
    )
    forge(path, change, '"time":"2026', '"time":"2027')
    stranger = make_key(tmp_path / "stranger.pem")
    forge(path, change, checkpoint["public_key"].replace("\n", "\\n"),
          stranger.public_pem.replace("\n", "\\n"))  # fmt: skip
    assert verify(path, **options).problems == (
        "The checkpoint for entry 5 was signed by a key that is not this site's.",
        "The checkpoint for entry 5 has a wrong signature.",
    )


def test_rotated_key_still_vouches_for_old_checkpoints(tmp_path):
    """A change of the key that both signed is believed, another is named."""
    path, options = prepare_signed(tmp_path)
    old = load_signer(options["key"])
    options["key"].unlink()
    new = make_key(options["key"])
    assert "not this site's" in verify(path, **options).problems[0]
    with file_trail(path, **options) as trail:
        trail.record("key-rotated", **describe_rotation(old, new))
    assert verify(path, **options).is_whole
    with file_trail(path, **options) as trail:
        forged = describe_rotation(Signer(new._key), make_key(tmp_path / "stranger.pem"))
        trail.record("key-rotated", **{**forged, "old_key": old.public_hex})
        number = trail.last().number
    assert verify(path, **options).problems == (
        f"Entry {number}: the change of the key is not signed by both keys.",
    )


def keyed(tmp_path, *steps):
    """A trail in which each step makes a key, hands over to it, or only puts it in place."""
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
        pytest.param(["made", "rotated", "rotated"], [], id="handed over"),
        pytest.param(["placed"], ["no entry says where it came from"], id="placed"),
        pytest.param(["made", "placed"], ["the key was replaced without"], id="replaced"),
        pytest.param(
            ["made", "rotated", "placed"], ["the key was replaced without"], id="replaced later"
        ),
        pytest.param(["made", "made"], ["Entry 3: a new key was made"], id="made anew"),
        pytest.param(
            ["made", "placed", "rotated"], ["Entry 4: the key was handed over by one that was not"],
            id="handed over by another",
        ),
    ],
)  # fmt: skip
def test_key_without_a_handover_is_named(tmp_path, steps, problems):
    """Whoever puts a key of his own in place can't do so unseen."""
    found = keyed(tmp_path, *steps)
    assert len(found) == len(problems)
    for problem, words in zip(found, problems, strict=True):
        assert words in problem
