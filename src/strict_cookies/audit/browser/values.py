"""
The values of cookies and web storage, for an audit ``--with-values``.

An :class:`~.observation.Observation` never has a value, so no report can have one. To find out what
an item contains, for example whether an identifier stays the same between visits, pass
:class:`Values` to an audit; they are written to one file of the bundle. Anyone with that file can
act as the signed-in visitor.

Recorded after each page: the cookies in the jar, and localStorage and sessionStorage of each frame.
An item that changed appears once for each value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..redaction import redact_url, shorten
from .observation_builder import Place

FORMAT = "strict-cookies-audit-values"
#: Version of the file's format; incremented when a field changes its meaning.
FORMAT_VERSION = 1
#: The name of the file in a bundle.
VALUES = "values.json"
#: The mark of a bundle and a report with such a file.
SENSITIVE = "holds cookie values"

#: Most values that are recorded, and the longest part of each, in characters.
MAX_VALUES = 2000
MAX_LENGTH = 4096


class Values:
    """Collects values; a page may have made them up."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        self._omitted = 0

    def __repr__(self) -> str:
        return f"<Values: {len(self._rows)}>"

    def record_cookies(self, cookies: Iterable[Mapping[str, Any]], place: Place) -> None:
        """
        Record the cookies in the jar, as the DevTools protocol lists them.

        Cookies of credentialless frames are ignored, as in
        :meth:`.observation_builder.ObservationBuilder.record_jar`.
        """
        for cookie in cookies:
            partition = cookie.get("partitionKey")
            if partition is None and "partitionKeyOpaque" in cookie:
                continue
            site = partition.get("topLevelSite") if isinstance(partition, dict) else partition
            where = {
                "domain": cookie["domain"].lstrip("."),
                "path": cookie["path"],
                "partition_key": site or "",
            }
            self._record("cookie", cookie["name"], where, cookie["value"], place)

    def record_storage(self, frames: Iterable[object], place: Place) -> None:
        """Record the web storage of frames, from ``values.js``."""
        for frame in frames:
            if not isinstance(frame, dict) or frame.get("credentialless"):
                continue
            where = {"origin": str(frame.get("origin", ""))}
            for kind in ("local", "session"):
                items = frame.get(kind)
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, list) and list(map(type, item)) == [str, str]:
                        self._record(kind, item[0], where, item[1], place)

    def _record(
        self, kind: str, name: str, where: Mapping[str, str], value: str, place: Place
    ) -> None:
        key = (kind, name, *where.values(), value)
        if key in self._rows:
            return
        if len(self._rows) >= MAX_VALUES:
            self._omitted += 1
            return
        self._rows[key] = {
            "kind": kind,
            "name": shorten(name),
            **{what: shorten(text) for what, text in where.items()},
            "value": value[:MAX_LENGTH],
            "is_truncated": len(value) > MAX_LENGTH,
            "first_seen_on": redact_url(place.page),
            "step": shorten(place.step),
        }

    def write(self) -> bytes:
        """Return the content of the file: JSON, in the order of first appearance."""
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "sensitive": SENSITIVE,
            "omitted": self._omitted,
            "values": list(self._rows.values()),
        }
        return (json.dumps(content, indent=2) + "\n").encode()
