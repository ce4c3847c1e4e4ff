"""The trail as events of OCSF: what each contains, and that nothing required is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.trail.audit_trail import LOG, AuditTrail
from strict_cookies.trail.events import EVENTS
from strict_cookies.trail.ocsf import to_ocsf
from strict_cookies.trail.signing import describe_rotation, make_key

from .trails import NOW, PSEUDONYM_KEYS, Clock

#: What every class requires, and what it may have here. Source: events/base_event.json and the
#: profiles host and security_control of https://github.com/ocsf/ocsf-schema at version 1.8.0.
REQUIRED = {
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
}  # fmt: skip
OPTIONAL = {"activity_name", "message", "raw_data", "status_code", "status_id", "unmapped"}
PROFILES = {"host": {"actor"}, "security_control": {"action_id", "disposition_id"}}
#: By class: its activities but 0 and 99, what it requires, and what it may have in addition.
#: Source: the files of these classes at that version.
CLASSES = {
    0: (set(), set(), set()),
    1008: (set(range(1, 11)), {"log_name"}, {"log_type_id"}),
    3002: (set(range(1, 8)), {"user", "service"}, set()),
    3004: (set(range(1, 14)), {"entity"}, {"entity_result"}),
    6001: (set(range(1, 9)), {"web_resources"}, set()),
    6007: (set(range(1, 11)), {"scan"}, set()),
    6008: ({1, 2}, set(), set()),
}
#: By attribute: what its object must have, one of these, and may have.
OBJECTS = {
    "user": ({"name", "uid"}, set()),
    "service": ({"name", "uid"}, set()),
    "entity": ({"name", "uid"}, {"type", "version"}),
    "entity_result": ({"name", "uid"}, {"type", "version"}),
    "actor": ({"user"}, set()),
    "scan": ({"type_id"}, {"name"}),
}
METADATA = {
    "event_code", "log_provider", "original_event_uid", "product", "profiles", "sequence",
    "version",
}  # fmt: skip
HASH = "a" * 64

#: One of each event: its details, its class and activity, and what becomes of the details.
CASES = {
    "policy-published": ({"version": 3, "hash": HASH}, 3004, 1, {}),
    "settings-changed": ({"part": "headers", "names": "csp", "digest": HASH}, 3004, 3,
                         {"names": "csp", "digest": HASH}),
    "cookie-dropped": ({"reason": "SC101", "name": "other"}, 0, 99,
                       {"reason": "SC101", "name": "other"}),
    "undeclared-received": ({"reason": "SC201", "name": "_ga"}, 0, 99,
                            {"reason": "SC201", "name": "_ga"}),
    "request-refused": ({"reason": "SC601", "name": "other"}, 0, 99,
                        {"reason": "SC601", "name": "other"}),
    "signed-in": ({"user": "alice", "level": 2, "again": 0, "method": "passkey"}, 3002, 1,
                  {"level": 2, "again": 0, "method": "passkey"}),
    "signed-out": ({"user": "alice"}, 3002, 2, {}),
    "sessions-ended": ({"user": "alice", "count": 2}, 3002, 99, {"count": 2}),
    "role-denied": ({"user": "alice", "place": "report"}, 6001, 0, {}),
    "report-opened": ({"form": "html", "user": "alice"}, 6001, 2, {}),
    "audit-run": ({"exit_code": 1}, 6007, 2, {}),
    "user-erased": ({}, 3004, 4, {}),
    "key-made": ({"new_key": HASH}, 3004, 1, {}),
    "key-rotated": (None, 3004, 3, {"format", "new_signature", "old_signature"}),
    "pruned": ({"upto": 7, "hash": HASH}, 1008, 2, {"upto": 7, "hash": HASH}),
    "timestamped": ({"number": 7, "hash": HASH}, 0, 99, {"number": 7, "hash": HASH}),
    "timestamp-missed": ({"number": 7, "authority": "tsa.example"}, 6008, 1,
                         {"number": 7, "authority": "tsa.example"}),
    "gap": ({"lost": 3}, 6008, 1, {"lost": 3}),
    "order-approved": ({"order": 9, "user": "alice"}, 0, 99, {"order": 9}),
}  # fmt: skip


def make_trail():
    """A trail whose clock stands."""
    return AuditTrail(MemoryArchive(), pseudonym_keys=PSEUDONYM_KEYS, clock=Clock())


def convert(event, details):
    """Record an event; return what it becomes, the pseudonym of alice and the stored line."""
    trail = make_trail()
    number = trail.record(event, **details)
    (row,) = trail.archive.read(LOG)
    assert row.number == number
    return to_ocsf(row, "shop"), trail.pseudonyms.find("alice"), row.data.decode()


def check(event):
    """Assert that an event has what its class requires, and nothing that the schema lacks."""
    activities, required, optional = CLASSES[event["class_uid"]]
    assert REQUIRED | required <= set(event)
    metadata = event["metadata"]
    allowed = REQUIRED | OPTIONAL | required | optional
    for profile in metadata.get("profiles", ()):
        allowed |= PROFILES[profile]
    assert set(event) <= allowed
    assert event["activity_id"] in activities | {0, 99}
    assert (event["activity_id"] == 99) == ("activity_name" in event)
    assert event["category_uid"] == event["class_uid"] // 1000
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["severity_id"] in (1, 3)
    assert type(event["time"]) is int
    assert set(metadata) <= METADATA
    assert (metadata["version"], metadata["product"]["name"]) == ("1.8.0", "Strict Cookies")
    for name, (one_of, others) in OBJECTS.items():
        if name in event:
            assert one_of & set(event[name])
            assert set(event[name]) <= one_of | others
    for resource in event.get("web_resources", ()):
        assert "name" in resource
        assert set(resource) <= {"name", "type"}


@pytest.mark.parametrize("event", CASES)
def test_event_is_complete(event, tmp_path):
    """What the class requires is there; what it has no place for is unmapped; nothing is lost."""
    details, class_uid, activity, unmapped = CASES[event]
    if details is None:
        old, new = make_key(tmp_path / "old"), make_key(tmp_path / "new")
        details = describe_rotation(old, new)
        unmapped = {name: details[name] for name in unmapped}
    converted, pseudonym, line = convert(event, details)
    check(converted)
    assert (converted["class_uid"], converted["activity_id"]) == (class_uid, activity)
    if event == "order-approved":
        unmapped = {**unmapped, "user": pseudonym}
    assert converted.get("unmapped", {}) == unmapped
    assert converted["raw_data"] == line
    assert converted["time"] == NOW * 1000
    text = json.dumps({**converted, "raw_data": ""})
    for value in json.loads(line)["details"].values():
        assert f"{value}" in text


def test_every_event_of_the_library_is_tried():
    """A new event needs a case above."""
    assert set(CASES) == {*EVENTS, "order-approved"}


def test_page_names_the_class_of_each_event():
    """The table of docs/trail-export.md is what happens."""
    page = (Path(__file__).parents[2] / "docs" / "trail-export.md").read_text("utf-8")
    classes = {
        event: int(re.search(r"\((\d+)\)", row.split("|")[2])[1])
        for row in re.findall(r"^\| `.*$", page, re.MULTILINE)
        for event in re.findall(r"`([a-z-]+)`", row.split("|")[1])
    }
    assert classes == {event: CASES[event][1] for event in EVENTS}


def test_user_and_reauthentication():
    """A user is the pseudonym, and proving again is not a logon."""
    converted, pseudonym, _ = convert("signed-in", {"user": "alice", "level": 2, "again": 1})
    check(converted)
    assert (converted["activity_id"], converted["activity_name"]) == (99, "Reauthentication")
    assert converted["user"] == {"uid": pseudonym}
    assert converted["service"] == {"name": "shop"}
    assert "alice" not in json.dumps(converted)


def test_denied_page_names_user_and_action():
    """With the profiles that have these attributes."""
    converted, pseudonym, _ = convert("role-denied", {"user": "alice", "place": "report"})
    assert converted["metadata"]["profiles"] == ["host", "security_control"]
    assert converted["actor"] == {"user": {"uid": pseudonym}}
    assert (converted["action_id"], converted["disposition_id"]) == (2, 2)
    assert (converted["status_id"], converted["web_resources"]) == (2, [{"name": "report"}])


@pytest.mark.parametrize(
    ("event", "details"),
    [
        ("sessions-ended", {"count": 9}),
        ("signed-in", {"level": 2}),
        ("role-denied", {"place": "report"}),
        ("report-opened", {"form": "html", "by": "command"}),
        ("policy-published", {"version": 1}),
    ],
)
def test_event_without_what_its_class_requires_is_a_base_event(event, details):
    """Rather than an incomplete one of that class."""
    converted, _, _ = convert(event, details)
    check(converted)
    assert converted["class_uid"] == 0
    assert converted["unmapped"] == details


def test_report_by_a_link_has_no_user():
    """The link is what is known."""
    converted, _, _ = convert("report-opened", {"form": "json", "link": "abc"})
    check(converted)
    assert "actor" not in converted
    assert converted["unmapped"] == {"link": "abc"}


@pytest.mark.parametrize(("code", "activity"), [(0, 2), (1, 2), (2, 6)])
def test_audit_that_failed_is_not_completed(code, activity):
    """By its exit code."""
    assert convert("audit-run", {"exit_code": code})[0]["activity_id"] == activity


@pytest.mark.parametrize("data", [b"{}", b"\xff", b'{"event":"signed-in"}'])
def test_entry_that_was_changed_is_an_error_with_its_data(data):
    """It is exported all the same."""
    trail = make_trail()
    row = trail.archive.append(LOG, lambda _: data)
    converted = to_ocsf(row, "shop")
    check(converted)
    assert (converted["class_uid"], converted["activity_id"]) == (6008, 2)
    assert converted["raw_data"] == data.decode("utf-8", "backslashreplace")
    assert converted["severity_id"] == 3
