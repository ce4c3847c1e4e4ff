"""
What cookies and web storage held, for whoever asks for it by ``--with-values``.

An :class:`~.observation.Observation` never holds a value, so nothing that is made of one can. Where
somebody wants to know what is in an item, for example whether an identifier lasts from visit to
visit, an audit is handed :class:`Values`, and what they gather is written into one file of the
bundle. Whoever has that file can act as the visitor who was signed in.

Taken are cookies from the jar, and localStorage and sessionStorage of each frame, after each page;
an item that changed is there once for each value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..redaction import redact_url, shorten
from .observation_builder import Place

FORMAT = "strict-cookies-audit-values"
#: Version of the file's form; it grows when a field changes its meaning.
FORMAT_VERSION = 1
#: Its name in a bundle.
VALUES = "values.json"
#: How everything that goes with such a file is marked.
SENSITIVE = "holds cookie values"

#: Most values that are kept, and longest part of one, in characters.
MAX_VALUES = 2000
MAX_LENGTH = 4096


class Values:
    """Gather values; what is handed in may have been made up by a page."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        self._left_out = 0

    def __repr__(self) -> str:
        return f"<Values: {len(self._rows)}>"

    def take_cookies(self, cookies: Iterable[Mapping[str, Any]], place: Place) -> None:
        """
        Take what is in the jar, as the DevTools protocol lists it.

        Cookies of credentialless frames are left out, as :meth:`.observation_builder.ObservationBuilder.jar` does.
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
            self._take("cookie", cookie["name"], where, cookie["value"], place)

    def take_storage(self, frames: Iterable[object], place: Place) -> None:
        """Take what frames have stored, as ``values.js`` reads it."""
        for frame in frames:
            if not isinstance(frame, dict) or frame.get("credentialless"):
                continue
            where = {"origin": str(frame.get("origin", ""))}
            for kind in ("local", "session"):
                items = frame.get(kind)
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, list) and list(map(type, item)) == [str, str]:
                        self._take(kind, item[0], where, item[1], place)

    def _take(
        self, kind: str, name: str, where: Mapping[str, str], value: str, place: Place
    ) -> None:
        key = (kind, name, *where.values(), value)
        if key in self._rows:
            return
        if len(self._rows) >= MAX_VALUES:
            self._left_out += 1
            return
        self._rows[key] = {
            "kind": kind,
            "name": shorten(name),
            **{what: shorten(text) for what, text in where.items()},
            "value": value[:MAX_LENGTH],
            "is_cut": len(value) > MAX_LENGTH,
            "first_seen_on": redact_url(place.page),
            "step": shorten(place.step),
        }

    def write(self) -> bytes:
        """Write the file: JSON, in the order of first sight."""
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "sensitive": SENSITIVE,
            "left_out": self._left_out,
            "values": list(self._rows.values()),
        }
        return (json.dumps(content, indent=2) + "\n").encode()
