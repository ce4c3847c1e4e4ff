"""Changed settings are noticed by a digest, once among all workers."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.sessions.options import SessionOptions
from strict_cookies.trail.settings_changes import digest_settings, record_change


def recorder():
    """What records events, and the list of them."""
    events = []
    return (lambda event, **details: events.append((event, details))), events


def test_change_is_recorded_once():
    """The first start, then each change by the names of what changed; nothing in between."""
    archive = MemoryArchive()
    record, events = recorder()
    for mode, lifetime in (("raise", 1), ("raise", 1), ("enforce", 1), ("enforce", 2)):
        for _ in range(3):
            record_change(archive, record, "protection", {"mode": mode, "lifetime": lifetime})
    record_change(archive, record, "protection", {"mode": "enforce", "new": 1})
    assert [(event, details["names"]) for event, details in events] == [
        ("settings-changed", "first"),
        ("settings-changed", "mode"),
        ("settings-changed", "lifetime"),
        ("settings-changed", "lifetime,new"),
    ]
    assert len(archive.read("trail-settings-protection")) == 1


def test_return_to_previous_settings_is_a_change():
    """A change and its reversal are two events."""
    archive = MemoryArchive()
    record, events = recorder()
    for mode in ("enforce", "report-only", "enforce"):
        assert record_change(archive, record, "protection", {"mode": mode})
    assert len(events) == 3
    assert events[0][1]["digest"] == events[2][1]["digest"] != events[1][1]["digest"]


def test_of_two_workers_one_records():
    """The second worker finds that the first has recorded the change."""
    archive = MemoryArchive()
    record, events = recorder()
    last = archive.last

    def overtaken(log):
        # Another worker appends between the look and the append.
        archive.last = last
        record_change(archive, record, "headers", {"a": 1})

    archive.last = overtaken
    assert record_change(archive, record, "headers", {"a": 1}) is False
    assert len(events) == 1


def test_values_are_not_kept():
    """Neither log nor event contains a setting's value."""
    archive = MemoryArchive()
    record, events = recorder()
    record_change(archive, record, "sessions", {"address": "SECRET-VALUE"})
    assert "SECRET-VALUE" not in repr((archive._logs, events))


SETTINGS = (
    "{'a': frozenset('abcdefgh'), 'b': {'y': 1, 'x': {2, 3}}, 'c': object(), "
    "'d': SessionOptions(), 'e': CookiePolicy()}"
)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_digests_are_the_same_in_every_process(seed):
    """No order of a set or a mapping, and no address of an object, gets into one."""
    code = (
        "from strict_cookies.trail.settings_changes import digest_settings\n"
        "from strict_cookies.policy.policy import CookiePolicy\n"
        "from strict_cookies.sessions.options import SessionOptions\n"
        f"print(digest_settings({SETTINGS}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    names = {"SessionOptions": SessionOptions, "CookiePolicy": CookiePolicy}
    assert done.stdout.strip() == str(digest_settings(eval(SETTINGS, names)))


def test_each_kind_of_value_has_a_digest():
    """A difference of any kind changes the digest."""
    values = [None, 0, 1, "1", (1,), {1}, {"a": 1}, timedelta(seconds=1), MemoryArchive(), 1.5]
    digests = [digest_settings({"x": value})["x"] for value in values]
    assert len(set(digests)) == len(values)
