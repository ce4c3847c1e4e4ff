"""
Check the cookies that an application sets in its tests.

Each response to a test client of Werkzeug or Flask is checked by the rules of the firewall, even if
the application has no firewall. The policy is the one that was named; else that of the
application's StrictCookies; else the ``cookies.toml`` next to the application, with its session
cookie. A cookie that a firewall dropped before the client received it is reported by a signal. In
``raise`` mode the application itself raises an error.

With pytest-xdist each worker checks its own tests, and the summary combines all workers.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from .._util.app_state import EXTENSION
from .._util.text import format_count, show
from ..firewall.set_cookie import decide
from ..flask.config import DEFAULTS, find_policy
from ..flask.session_cookie import declare_session
from ..http.cookies import parse_set_cookie
from ..policy.draft import suggest_entry
from ..policy.policy import CookiePolicy
from ..reasons import Reason
from ..signals import cookie_dropped

#: Key under which a worker of pytest-xdist sends its results.
WORKER_KEY = "strict_cookies"
#: Most cookies that are reported for one test.
MAX_REPORTED = 20
_HEADING = "strict cookies"


class ClientWatch:
    """
    Check each response of a test run, and list the declared cookies that were never set.

    Args:
        root: Directory to which displayed paths are relative.
        policy: A ``cookies.toml`` for all applications; None for each application's own policy.

    Raises:
        PolicyError: The file is wrong; the error lists every mistake.
    """

    def __init__(self, root: Path, policy: Path | None = None) -> None:
        self._root = root
        self._given_policy = None if policy is None else CookiePolicy.load(policy)
        #: The place, by reason and cookie name, for the current phase of a test.
        self._dropped: dict[tuple[Reason, str], str] = {}
        self._lock = threading.Lock()
        #: Names of cookies by the policy's label.
        self._declared: defaultdict[str, set[str]] = defaultdict(set)
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        self._responses = 0
        self._unchecked = 0
        self._lost_worker = False
        self._original = Client.run_wsgi_app
        Client.run_wsgi_app = _wrap(self._original, self.check_response)  # type: ignore[method-assign]
        cookie_dropped.connect(self._add_dropped)

    def stop(self) -> None:
        """Restore the test client."""
        Client.run_wsgi_app = self._original  # type: ignore[method-assign]
        cookie_dropped.disconnect(self._add_dropped)

    def check_response(self, application: object, place: str, lines: Iterable[str]) -> None:
        """
        Check the cookies of one response.

        Args:
            application: The application that the client called.
            place: Method and path of the request.
            lines: The values of the ``Set-Cookie`` fields.
        """
        policy = self._find_policy(application)
        with self._lock:
            self._responses += 1
            if policy is None:
                self._unchecked += 1
                return
            label = self._label(policy, application)
            self._declared[label].update(cookie.name for cookie in policy.cookies)
            for line in lines:
                self._check_line(policy, label, place, line)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Check the setup of a test."""
        return (yield from self._phase(item, "setup"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Check a test."""
        return (yield from self._phase(item, "call"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Check the teardown of a test."""
        return (yield from self._phase(item, "teardown"))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the results of this worker to the controller."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[WORKER_KEY] = {
                "declared": {key: sorted(names) for key, names in self._declared.items()},
                "seen": {key: sorted(names) for key, names in self._seen.items()},
                "responses": self._responses,
                "unchecked": self._unchecked,
            }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Add the results of a worker; a worker that crashed has none."""
        results = getattr(node, "workeroutput", {}).get(WORKER_KEY)
        if results is None:
            self._lost_worker = True
            return
        for mine, theirs in ((self._declared, results["declared"]), (self._seen, results["seen"])):
            for label, names in theirs.items():
                mine[label].update(names)
        self._responses += results["responses"]
        self._unchecked += results["unchecked"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the declared cookies that were never set."""
        terminalreporter.section(_HEADING)
        for line in self.summarise():
            terminalreporter.write_line(line)

    def summarise(self) -> list[str]:
        """Return a line for each policy and for each cookie that was never set."""
        lines = []
        width = max(map(len, self._declared), default=0)
        for label in sorted(self._declared):
            declared, seen = self._declared[label], self._seen[label]
            never = sorted(declared - seen)
            count = len(declared) - len(never)
            lines.append(f"{label.ljust(width)}  {count} of {len(declared)} declared cookies seen")
            lines += [f"  never seen: {show(name)}" for name in never]
        if self._unchecked:
            lines.append(
                f"{format_count(self._unchecked, 'response was', 'responses were')} not checked, "
                "because the application has no policy. "
                "Name one by --strict-cookies-policy=PATH."
            )
        if not self._responses:
            lines.append("No test client received a response.")
        if self._lost_worker:
            lines.append("A worker crashed, so this summary may be incomplete.")
        return lines

    def _phase(self, item: pytest.Item, when: str) -> Generator[None, Any, Any]:
        with self._lock:
            self._dropped.clear()
        try:
            result = yield
        except BaseException:
            if text := self._take_report():
                item.add_report_section(when, _HEADING, text)
            raise
        if text := self._take_report():
            pytest.fail(text, pytrace=False)
        return result

    def _check_line(self, policy: CookiePolicy, label: str, place: str, line: str) -> None:
        """Check one Set-Cookie line; the caller holds the lock."""
        now = time.time()
        verdict = decide(policy, line, now=now)
        if verdict.dropped:
            self._dropped.setdefault((verdict.reasons[0], verdict.cookie_name), place)
            return
        cookie, declared = parse_set_cookie(line), policy.find(verdict.cookie_name)
        if cookie is not None and declared is not None:
            lifetime = cookie.lifetime(now)
            if lifetime is None or lifetime > 0:
                self._seen[label].add(declared.name)

    def _add_dropped(self, sender: object, **details: Any) -> None:
        """Add a cookie that a firewall dropped."""
        state = getattr(sender, "extensions", {}).get(EXTENSION)
        firewall = sender if state is None else state.firewall
        if getattr(firewall, "mode", "") == "enforce":
            with self._lock:
                self._dropped.setdefault(
                    (details["reason"], details["cookie_name"]), details["place"]
                )

    def _take_report(self) -> str:
        """Return a text about the cookies dropped so far, and clear them."""
        with self._lock:
            dropped, self._dropped = self._dropped, {}
        texts = [_explain(*key, place) for key, place in list(dropped.items())[:MAX_REPORTED]]
        if len(dropped) > MAX_REPORTED:
            texts.append(f"And {len(dropped) - MAX_REPORTED} more.")
        return "\n\n".join(texts)

    def _find_policy(self, application: object) -> CookiePolicy | None:
        """Return the policy for an application, if there is one."""
        if isinstance(application, Flask):
            state = application.extensions.get(EXTENSION)
            if state is not None and self._given_policy is None:
                policy: CookiePolicy = state.policy
                return policy
            own = self._given_policy or _own_policy(application)
            return declare_session(application.config, own)
        return self._given_policy or getattr(application, "policy", None)

    def _label(self, policy: CookiePolicy, application: object) -> str:
        if policy.source is None:
            return str(getattr(application, "name", type(application).__name__))
        path = Path(policy.source)
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)


def _wrap(
    original: Callable[..., Any], check: Callable[[object, str, Iterable[str]], None]
) -> Callable[..., Any]:
    """Wrap the method that handles each request of a test client, including redirects."""

    @functools.wraps(original)
    def run_wsgi_app(self: Client, environ: dict[str, Any], buffered: bool = False) -> Any:
        response = original(self, environ, buffered=buffered)
        place = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO') or '/'}"
        check(self.application, place, response[2].getlist("Set-Cookie"))
        return response

    return run_wsgi_app


def _own_policy(app: Flask) -> CookiePolicy:
    """Return an application's policy as StrictCookies would read it."""
    if "STRICT_COOKIES_POLICY" in app.config:
        return find_policy(app)
    app.config.setdefault("STRICT_COOKIES_POLICY", DEFAULTS["STRICT_COOKIES_POLICY"])
    try:
        return find_policy(app)
    finally:
        del app.config["STRICT_COOKIES_POLICY"]


def _explain(reason: Reason, cookie_name: str, place: str) -> str:
    what = f"{reason}: {show(cookie_name)!r} at {show(place)!r}."
    if reason is not Reason.UNDECLARED:
        return f"{what} {reason.remedy}"
    return (
        f"{what} Stop setting it, or, if the site strictly needs it, add to cookies.toml:\n\n"
        f"{suggest_entry(cookie_name)}"
    )
