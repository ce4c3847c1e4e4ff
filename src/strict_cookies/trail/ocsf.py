"""
Write entries of the trail as events of the Open Cybersecurity Schema Framework (OCSF).

An entry becomes an event of a class that says no more than the entry does. What has no attribute
there is in ``unmapped``, and the entry itself, as it is in the chain, in ``raw_data``. Entries
without a class of their own, such as those of an application, are Base Events.

Source: https://github.com/ocsf/ocsf-schema, version 1.8.0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._version import __version__
from .chain import read_entry
from .events import EVENTS

if TYPE_CHECKING:
    from ..archive.base import Entry
    from .chain import TrailEntry

#: The version of the schema.
VERSION = "1.8.0"

BASE_EVENT = 0
EVENT_LOG_ACTIVITY = 1008
AUTHENTICATION = 3002
ENTITY_MANAGEMENT = 3004
WEB_RESOURCES_ACTIVITY = 6001
SCAN_ACTIVITY = 6007
APPLICATION_ERROR = 6008

#: The activity of an event that none of its class describes; ``activity_name`` says what it was.
OTHER = 99
_INFORMATIONAL, _MEDIUM = 1, 3
_SUCCESS, _FAILURE = 1, 2
_DENIED = {"action_id": 2}
_BLOCKED, _DROPPED = {"disposition_id": 2}, {"disposition_id": 6}

Details = Mapping[str, str | int]


class _Mapped(NamedTuple):
    """A class, an activity, attributes, and the details of the entry that they contain."""

    class_uid: int
    activity: int | str
    attributes: Mapping[str, object]
    used: tuple[str, ...] = ()


def to_ocsf(row: Entry, site: str) -> dict[str, Any]:
    """
    Return an entry, as it is stored, as an event.

    Args:
        row: The number and the data.
        site: The name of the application.
    """
    try:
        entry = read_entry(row.data)
    except ValueError as error:
        return _unreadable(row, site, error)
    map_details = _MAPPINGS.get(entry.event, _other)
    try:
        mapped = map_details(entry.details, site)
    except KeyError:
        # A detail is missing without which the class would be incomplete.
        mapped = _other(entry.details, site)
    return {
        **_frame(row, site, mapped, entry.event),
        "time": int(entry.timestamp.timestamp() * 1000),
        "message": EVENTS.get(entry.event, entry.event),
        **mapped.attributes,
        **_unmapped(entry, mapped),
    }


def _frame(row: Entry, site: str, mapped: _Mapped, event: str) -> dict[str, Any]:
    """Return what every event has."""
    is_other = isinstance(mapped.activity, str)
    activity = OTHER if is_other else mapped.activity
    attributes = mapped.attributes
    profiles = [
        profile
        for profile, name in (("host", "actor"), ("security_control", "action_id"))
        if name in attributes and mapped.class_uid // 1000 != 3
    ]
    return {
        "activity_id": activity,
        **({"activity_name": mapped.activity} if is_other else {}),
        "category_uid": mapped.class_uid // 1000,
        "class_uid": mapped.class_uid,
        "metadata": {
            "event_code": event,
            "log_provider": site,
            "original_event_uid": f"{row.number}",
            **({"profiles": profiles} if profiles else {}),
            "product": {
                "name": "Strict Cookies",
                "vendor_name": "Strict Cookies",
                "version": __version__,
            },
            "sequence": row.number,
            "version": VERSION,
        },
        "raw_data": row.data.decode("utf-8", "backslashreplace"),
        "severity_id": _INFORMATIONAL,
        "type_uid": mapped.class_uid * 100 + int(activity),
    }


def _unmapped(entry: TrailEntry, mapped: _Mapped) -> dict[str, Any]:
    rest = {name: value for name, value in entry.details.items() if name not in mapped.used}
    return {"unmapped": rest} if rest else {}


def _unreadable(row: Entry, site: str, error: ValueError) -> dict[str, Any]:
    """Return an entry that was changed as an error of the translation, with its data."""
    return {
        **_frame(row, site, _Mapped(APPLICATION_ERROR, 2, {}), "unreadable"),
        "time": int(time.time() * 1000),
        "message": f"An entry of the audit trail can't be read: {error}.",
        "severity_id": _MEDIUM,
    }


# The events


def _other(details: Details, site: str) -> _Mapped:
    return _Mapped(BASE_EVENT, "Recorded by the application", {})


def _signed_in(details: Details, site: str) -> _Mapped:
    activity = "Reauthentication" if details["again"] else 1
    status = {"status_id": _SUCCESS}
    return _Mapped(AUTHENTICATION, activity, {**_user(details, site), **status}, ("user",))


def _signed_out(details: Details, site: str) -> _Mapped:
    attributes = {**_user(details, site), "status_id": _SUCCESS}
    return _Mapped(AUTHENTICATION, 2, attributes, ("user",))


def _sessions_ended(details: Details, site: str) -> _Mapped:
    attributes = {**_user(details, site), "status_id": _SUCCESS}
    return _Mapped(AUTHENTICATION, "Sessions ended", attributes, ("user",))


def _user(details: Details, site: str) -> dict[str, object]:
    return {"user": {"uid": details["user"]}, "service": {"name": site}}


def _role_denied(details: Details, site: str) -> _Mapped:
    attributes = {
        "actor": {"user": {"uid": details["user"]}},
        "status_id": _FAILURE,
        "web_resources": [{"name": details["place"]}],
        **_DENIED,
        **_BLOCKED,
    }
    # The method of the request is not recorded, so the activity is unknown.
    return _Mapped(WEB_RESOURCES_ACTIVITY, 0, attributes, ("user", "place"))


def _report_opened(details: Details, site: str) -> _Mapped:
    attributes: dict[str, object] = {
        "status_id": _SUCCESS,
        "web_resources": [{"name": "report for auditors", "type": details["form"]}],
    }
    if "by" in details:
        return _Mapped(BASE_EVENT, "Report written by a command", {})
    if "user" in details:
        attributes["actor"] = {"user": {"uid": details["user"]}}
    return _Mapped(WEB_RESOURCES_ACTIVITY, 2, attributes, ("form", "user"))


def _dropped(details: Details, site: str) -> _Mapped:
    return _Mapped(BASE_EVENT, "Cookie dropped", {**_DENIED, **_DROPPED})


def _received(details: Details, site: str) -> _Mapped:
    return _Mapped(BASE_EVENT, "Undeclared cookie received", {**_DENIED, **_DROPPED})


def _refused(details: Details, site: str) -> _Mapped:
    return _Mapped(BASE_EVENT, "Cross-origin request refused", {**_DENIED, **_BLOCKED})


def _published(details: Details, site: str) -> _Mapped:
    entity = {
        "name": "cookie declaration",
        "type": "Declaration",
        "uid": details["hash"],
        "version": f"{details['version']}",
    }
    return _Mapped(ENTITY_MANAGEMENT, 1, {"entity": entity}, ("hash", "version"))


def _settings_changed(details: Details, site: str) -> _Mapped:
    entity = {"name": details["part"], "type": "Settings"}
    return _Mapped(ENTITY_MANAGEMENT, 3, {"entity": entity}, ("part",))


def _key_made(details: Details, site: str) -> _Mapped:
    entity = {"uid": details["new_key"], "type": "Public key"}
    return _Mapped(ENTITY_MANAGEMENT, 1, {"entity": entity}, ("new_key",))


def _key_rotated(details: Details, site: str) -> _Mapped:
    entity = {"uid": details["old_key"], "type": "Public key"}
    result = {"uid": details["new_key"], "type": "Public key"}
    attributes = {"entity": entity, "entity_result": result}
    return _Mapped(ENTITY_MANAGEMENT, 3, attributes, ("old_key", "new_key"))


def _user_erased(details: Details, site: str) -> _Mapped:
    entity = {"name": "key of a user's pseudonym", "type": "Pseudonym key"}
    return _Mapped(ENTITY_MANAGEMENT, 4, {"entity": entity})


def _pruned(details: Details, site: str) -> _Mapped:
    attributes = {"log_name": "audit trail", "log_type_id": 2, "status_id": _SUCCESS}
    return _Mapped(EVENT_LOG_ACTIVITY, 2, attributes)


def _audit_run(details: Details, site: str) -> _Mapped:
    code = details["exit_code"]
    attributes = {"scan": {"name": "browser audit", "type_id": 0}, "status_code": f"{code}"}
    return _Mapped(SCAN_ACTIVITY, 6 if code == 2 else 2, attributes, ("exit_code",))


def _timestamped(details: Details, site: str) -> _Mapped:
    return _Mapped(BASE_EVENT, "Head stamped", {"status_id": _SUCCESS})


def _error(details: Details, site: str) -> _Mapped:
    return _Mapped(APPLICATION_ERROR, 1, {"severity_id": _MEDIUM})


_MAPPINGS: Mapping[str, Callable[[Details, str], _Mapped]] = {
    "policy-published": _published,
    "settings-changed": _settings_changed,
    "cookie-dropped": _dropped,
    "undeclared-received": _received,
    "request-refused": _refused,
    "signed-in": _signed_in,
    "signed-out": _signed_out,
    "sessions-ended": _sessions_ended,
    "role-denied": _role_denied,
    "report-opened": _report_opened,
    "audit-run": _audit_run,
    "user-erased": _user_erased,
    "key-made": _key_made,
    "key-rotated": _key_rotated,
    "pruned": _pruned,
    "timestamped": _timestamped,
    "timestamp-missed": _error,
    "gap": _error,
}
