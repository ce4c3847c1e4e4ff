"""
What browsers report: read without trust, reduced to a few words, counted in a bounded table.

Anyone can send a report and say anything in it. So nothing is kept but its kind, what was violated,
and an origin or a known word; of a script of the site's own also its path. No page, no query, no
path on another host, no sample of code, no client. What was sent because of a browser extension
says nothing about the site and is left out.

Two shapes are read: ``application/csp-report``, and the Reporting API's
``application/reports+json``, in which the guard reports too.

Source: CSP Level 3 section 5.3 for both shapes of a violation; Reporting API section 3.2.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._util.faults import log_fault
from .._util.forks import make_lock
from .._util.notify import notify
from .._util.rate_limit import TokenBuckets
from .._util.text import OTHER, show
from ..errors import MalformedReportError
from ..policy.catalogue import find_tracker
from ..reasons import Reason
from ..signals import browser_reported

logger = logging.getLogger("strict_cookies")

#: Most reports of one payload that are read.
MAX_REPORTS = 100
#: Most rows of the table of counts; the rest is counted as ``other``, and not logged.
MAX_ROWS = 256
#: Rows that one client may add: at once, and then in a second.
NEW_ROWS, NEW_ROWS_RATE = 16, 1 / 300
#: Seconds after which a row that was not reported again makes room for another.
ROW_SECONDS = 3600
#: The type of the guard's own reports.
GUARD = "guard"
#: Stands for a script of the site's own that has no file.
INLINE = "inline"

#: What a report names instead of a URL; data and the like are the schemes of one.
_WORDS = frozenset(
    {"blob", "data", "eval", "filesystem", "mediastream", "self", "trusted-types-policy"}
    | {"trusted-types-sink", "wasm-eval", INLINE}
)
#: Schemes of what a browser or an extension put into the page.
_EXTENSIONS = frozenset(
    {"chrome", "chrome-extension", "moz-extension", "ms-browser-extension", "resource"}
    | {"safari-extension", "safari-web-extension", "user-script", "webkit-masked-url"}
)
#: Hosts, and all below them, that security software on the visitor's machine puts into pages.
_INJECTED = (".kaspersky-labs.com",)
#: The types that are read, with the keys of a body that say what was violated.
_DIRECTIVE_KEYS: Mapping[str, tuple[str, ...]] = {
    "csp-violation": ("effectiveDirective",),
    "coep": ("destination",),
    "integrity-violation": ("destination",),
    "permissions-policy-violation": ("policyId", "featureId"),
}
_WORD = r"[a-z]{1,16}(-[a-z]{1,16}){0,4}"
#: Scheme, host, port and path; what precedes an @ is not kept.
_URL = (
    r"(?ai)(https?|wss?)://(?:[^/?#@\\]*@)?([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?"
    r"(?![^/?#])([^?#]*)"
)
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_SCRIPT_FILE = r"[!-~]+\.m?js"
#: The kinds of storage that the guard reports.
_STORAGE = frozenset({"cookie", "local", "session", "indexeddb", "cache"})


class Report(NamedTuple):
    """
    What is kept of one report.

    Attributes:
        kind: Its type, for example ``"csp-violation"``; ``"guard"`` for the guard's; ``"other"``
            for one that is not read, or that found the table full.
        directive: What was violated, for example ``"img-src"``; for the guard the kind of storage:
            ``"cookie"``, ``"local"``, ``"session"``, ``"indexeddb"`` or ``"cache"``.
        blocked: The origin that was blocked, or a word such as ``"inline"``; for the guard the
            script: a path on this host, the origin of another, or ``"inline"``.
        name: For the guard, the name that was not declared, where the catalogue knows it, as it
            stands there; otherwise ``"other"``. Empty in other reports.
    """

    kind: str
    directive: str
    blocked: str
    name: str = ""

    @property
    def reason(self) -> Reason:
        """Why it was sent."""
        return Reason.WRITE_REFUSED if self.kind == GUARD else Reason.BROWSER_REPORT


#: The row for reports that have no row of their own.
OTHER_REPORT = Report(OTHER, OTHER, OTHER)


def read_reports(payload: bytes, host: str) -> list[Report]:
    """
    Read what a browser sent.

    Args:
        payload: JSON of either shape, from anyone.
        host: Of the site itself, with its port where there is one.

    Returns:
        At most :data:`MAX_REPORTS`; without those that extensions caused.

    Raises:
        MalformedReportError: It is neither shape.
    """
    try:
        data = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        raise MalformedReportError("The payload is not JSON in UTF-8.") from None
    return list(filter(None, (_reduce(kind, body, host) for kind, body in _open(data))))


def _open(data: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return type and body of each report, in the terms of the Reporting API."""
    if isinstance(data, dict) and "csp-report" in data:
        body = _mapping(data["csp-report"])
        directive = body.get("effective-directive") or body.get("violated-directive")
        yield (
            "csp-violation",
            {
                # Older browsers name the directive with its sources behind it.
                "effectiveDirective": str(directive).partition(" ")[0],
                "blockedURL": body.get("blocked-uri"),
                "sourceFile": body.get("source-file"),
            },
        )
        return
    for item in (data if isinstance(data, list) else [data])[:MAX_REPORTS]:
        report = _mapping(item)
        kind = report.get("type")
        if not isinstance(kind, str):
            raise MalformedReportError("A report has no type.")
        yield kind, _mapping(report.get("body"))


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedReportError("The payload has no object where one is required.")
    return value


def _reduce(kind: str, body: Mapping[str, Any], host: str) -> Report | None:
    """Keep what may be kept; None for noise."""
    if kind == GUARD:
        return _reduce_guard(body, host)
    if kind not in _DIRECTIVE_KEYS:
        return OTHER_REPORT
    blocked = body.get("blockedURL")
    if _is_noise(blocked) or _scheme(body.get("sourceFile")) in _EXTENSIONS:
        return None
    directive = next((body[key] for key in _DIRECTIVE_KEYS[kind] if key in body), None)
    if not (isinstance(directive, str) and re.fullmatch(_WORD, directive)):
        directive = OTHER
    return Report(kind, directive, _reduce_blocked(blocked))


def _reduce_guard(body: Mapping[str, Any], host: str) -> Report | None:
    storage, name, script = body.get("kind"), body.get("name"), body.get("script")
    if not (isinstance(name, str) and isinstance(storage, str) and storage in _STORAGE):
        raise MalformedReportError("A report of the guard lacks its words.")
    if _is_noise(script):
        return None
    known = find_tracker(name)
    return Report(
        GUARD, storage, _reduce_script(script, host), OTHER if known is None else known.name
    )


def _reduce_blocked(blocked: object) -> str:
    """Reduce a URL to its origin; keep a word that browsers use instead of one."""
    if blocked == "":
        return INLINE
    scheme = _scheme(blocked)
    if scheme in _WORDS:
        return scheme
    address = _read_url(blocked)
    return OTHER if address is None else address.origin


def _reduce_script(script: object, host: str) -> str:
    """Reduce a script's URL to its path on this host, or the origin of another."""
    address = _read_url(script)
    if address is None:
        return INLINE
    if address.origin.partition("://")[2] != host.lower():
        return address.origin
    # The path of a page may hold a person's name; that of a script's file hardly does.
    return show(address.path) if re.fullmatch(_SCRIPT_FILE, address.path) else INLINE


def _is_noise(url: object) -> bool:
    scheme = _scheme(url)
    if scheme in _EXTENSIONS or scheme == "about":
        return True
    address = _read_url(url)
    return address is not None and f".{address.host}".endswith(_INJECTED)


def _scheme(url: object) -> str:
    """Return the part before the first colon, or the complete value; empty if not a string."""
    return url.partition(":")[0].lower() if isinstance(url, str) else ""


class _Address(NamedTuple):
    origin: str
    host: str
    path: str


def _read_url(url: object) -> _Address | None:
    """Split a URL; None if it is not a web URL."""
    found = re.match(_URL, url) if isinstance(url, str) else None
    if found is None:
        return None
    scheme, host, port, path = found[1].lower(), found[2].lower(), found[3], found[4]
    shown = f"{scheme}://{host}"
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        shown += f":{port}"
    return _Address(shown, host, path)


class ReportTable:
    """
    Count reports, log the first of each row, and tell the signal's receivers.

    Args:
        sender: Sender of the signal ``browser_reported``.
        clock: Returns seconds, monotonic.
    """

    def __init__(self, sender: object, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sender = sender
        #: The row that was reported last is last.
        self._counts: dict[Report, int] = {}
        self._seen_at: dict[Report, float] = {}
        self._clock = clock
        self._new_rows = TokenBuckets(rate=NEW_ROWS_RATE, burst=NEW_ROWS, clock=clock)
        self._overflow_logged = TokenBuckets(rate=1 / 3600, burst=1, max_keys=1, clock=clock)
        self._lock = make_lock(self)

    @property
    def counts(self) -> dict[Report, int]:
        """How often each row was reported in this process; a copy."""
        with self._lock:
            return dict(self._counts)

    def record(self, reports: Sequence[Report], client: Hashable = None) -> None:
        """
        Count the reports of one payload, log the new ones, and send the signal for each.

        Args:
            reports: From :func:`read_reports`.
            client: Who sent them; a client may add few rows.
        """
        is_new = [self._count(report, client) for report in reports]
        faults: list[BaseException] = []

        def log_first(reason: Reason, error: BaseException) -> None:
            # A client chooses how many reports a payload has; one log line is enough for a fault.
            if not faults:
                log_fault(reason, error)
            faults.append(error)

        for report, new in zip(reports, is_new, strict=True):
            if new:
                try:
                    logger.warning("%s", explain_report(report))
                except Exception as error:  # noqa: BLE001 - observers never change a response
                    log_first(Reason.OBSERVER_FAULT, error)
            facts = {"reason": report.reason, "report": report}
            notify(browser_reported, self._sender, facts, on_fault=log_first)

    def _count(self, report: Report, client: Hashable) -> bool:
        """Count a report; return whether it is the first of its row."""
        with self._lock:
            is_new = report not in self._counts and report != OTHER_REPORT
            if is_new and (not self._make_room() or self._new_rows.take(client)):
                report = OTHER_REPORT
            count = self._counts[report] = self._counts.get(report, 0) + 1
            self._seen_at.pop(report, None)
            self._seen_at[report] = self._clock()
        return count == 1 and report is not OTHER_REPORT

    def _make_room(self) -> bool:
        """Return whether there is room for a row, if need be in the place of an old one."""
        if len(self._counts) < MAX_ROWS:
            return True
        oldest = next(report for report in self._seen_at if report != OTHER_REPORT)
        if self._clock() - self._seen_at[oldest] < ROW_SECONDS:
            if not self._overflow_logged.take():
                logger.warning("%s. %s", Reason.TABLE_FULL, Reason.TABLE_FULL.remedy)
            return False
        forgotten = self._counts.pop(oldest)
        del self._seen_at[oldest]
        self._counts[OTHER_REPORT] = self._counts.get(OTHER_REPORT, 0) + forgotten
        return True


def explain_report(report: Report) -> str:
    """Return what a browser reported, and what to do."""
    reason = report.reason
    if report.kind == GUARD:
        what = f"{show(report.name)!r} in {report.directive} storage, by {report.blocked!r}"
    else:
        what = f"{report.kind}, {report.directive}: {report.blocked!r}"
    return f"{reason}: {what}. {reason.remedy}"
