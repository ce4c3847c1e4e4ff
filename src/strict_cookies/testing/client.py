"""
Watch what an application's tests set as cookies; a plugin of pytest.

Each response to a test client of Werkzeug's, and so of Flask's, is judged as the firewall judges
it, whether or not the application has one. By which policy: the one that was named; else that of
the application's StrictCookies; else the ``cookies.toml`` beside the application, with Flask's
session cookie as the application has it. What a firewall held back before the client saw it is told
by its signal. In ``raise`` mode the application itself has told the test.

Under pytest-xdist each worker watches its own tests, and the summary is made of all.
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

from .._util.text import show
from ..firewall.set_cookie import judge
from ..flask.config import DEFAULTS, find_policy
from ..flask.session_cookie import declare_session
from ..http.cookies import parse_set_cookie
from ..policy.draft import suggest_entry
from ..policy.policy import CookiePolicy
from ..reasons import Reason
from ..signals import cookie_dropped

#: Under which a worker of pytest-xdist hands over what it saw.
WORKER_KEY = "strict_cookies"
#: Most cookies that one test is told of.
MAX_TOLD = 20
_HEADING = "strict cookies"


class ClientWatch:
    """
    Judge each response of a test run, and tell what was never seen.

    Args:
        root: Folder from which paths are shown.
        policy: A ``cookies.toml`` for every application; None for each one's own.

    Raises:
        PolicyError: All that is wrong with that file.
    """

    def __init__(self, root: Path, policy: Path | None = None) -> None:
        self._root = root
        self._named = None if policy is None else CookiePolicy.load(policy)
        #: Why and where, by reason and cookie name, of the phase of a test that runs.
        self._found: dict[tuple[Reason, str], str] = {}
        self._lock = threading.Lock()
        #: Names by policy.
        self._declared: defaultdict[str, set[str]] = defaultdict(set)
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        self._responses = 0
        self._unjudged = 0
        self._lost = False
        self._original = Client.run_wsgi_app
        Client.run_wsgi_app = _watching(self._original, self.look_at)  # type: ignore[method-assign]
        cookie_dropped.connect(self._take_dropped)

    def stop(self) -> None:
        """Give the test client back as it was."""
        Client.run_wsgi_app = self._original  # type: ignore[method-assign]
        cookie_dropped.disconnect(self._take_dropped)

    def look_at(self, application: object, place: str, lines: Iterable[str]) -> None:
        """
        Judge what one response sets.

        Args:
            application: What the client called.
            place: Method and path, as the test wrote them.
            lines: Its ``Set-Cookie`` field values.
        """
        policy = self._policy_of(application)
        with self._lock:
            self._responses += 1
            if policy is None:
                self._unjudged += 1
                return
            label = self._label(policy, application)
            self._declared[label].update(cookie.name for cookie in policy.cookies)
            for line in lines:
                self._judge(policy, label, place, line)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Watch the fixtures of a test."""
        return (yield from self._phase(item, "setup"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Watch a test."""
        return (yield from self._phase(item, "call"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Watch what a test's fixtures do at its end."""
        return (yield from self._phase(item, "teardown"))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over what this worker saw."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[WORKER_KEY] = {
                "declared": {key: sorted(names) for key, names in self._declared.items()},
                "seen": {key: sorted(names) for key, names in self._seen.items()},
                "responses": self._responses,
                "unjudged": self._unjudged,
            }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker saw; one that crashed hands over nothing."""
        found = getattr(node, "workeroutput", {}).get(WORKER_KEY)
        if found is None:
            self._lost = True
            return
        for mine, theirs in ((self._declared, found["declared"]), (self._seen, found["seen"])):
            for label, names in theirs.items():
                mine[label].update(names)
        self._responses += found["responses"]
        self._unjudged += found["unjudged"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the declared cookies that no test saw."""
        terminalreporter.section(_HEADING)
        for line in self.summarise():
            terminalreporter.write_line(line)

    def summarise(self) -> list[str]:
        """Say what was seen, a line for each policy and each cookie that is missing."""
        lines = []
        width = max(map(len, self._declared), default=0)
        for label in sorted(self._declared):
            declared, seen = self._declared[label], self._seen[label]
            never = sorted(declared - seen)
            count = len(declared) - len(never)
            lines.append(f"{label.ljust(width)}  {count} of {len(declared)} declared cookies seen")
            lines += [f"  never seen: {show(name)}" for name in never]
        if self._unjudged:
            lines.append(
                f"{_count(self._unjudged)} of applications without a policy: not judged. Name one "
                "by --strict-cookies-policy=PATH."
            )
        if not self._responses:
            lines.append("No response of a test client was seen.")
        if self._lost:
            lines.append("A worker did not say what it saw, so cookies may be missing here.")
        return lines

    def _phase(self, item: pytest.Item, when: str) -> Generator[None, Any, Any]:
        with self._lock:
            self._found.clear()
        try:
            result = yield
        except BaseException:
            if text := self._tell():
                item.add_report_section(when, _HEADING, text)
            raise
        if text := self._tell():
            pytest.fail(text, pytrace=False)
        return result

    def _judge(self, policy: CookiePolicy, label: str, place: str, line: str) -> None:
        """Judge one line; the lock is held."""
        now = time.time()
        verdict = judge(policy, line, now=now)
        if verdict.dropped:
            self._found.setdefault((verdict.reasons[0], verdict.cookie_name), place)
            return
        cookie, declared = parse_set_cookie(line), policy.find(verdict.cookie_name)
        if cookie is not None and declared is not None:
            lifetime = cookie.lifetime(now)
            if lifetime is None or lifetime > 0:
                self._seen[label].add(declared.name)

    def _take_dropped(self, sender: object, **told: Any) -> None:
        """Take what a firewall held back."""
        protection = getattr(sender, "extensions", {}).get("strict_cookies")
        firewall = sender if protection is None else protection.firewall
        if getattr(firewall, "mode", "") == "enforce":
            with self._lock:
                self._found.setdefault((told["reason"], told["cookie_name"]), told["place"])

    def _tell(self) -> str:
        """Put what was found into words, and forget it."""
        with self._lock:
            found, self._found = self._found, {}
        texts = [_explain(*key, place) for key, place in list(found.items())[:MAX_TOLD]]
        if len(found) > MAX_TOLD:
            texts.append(f"And {len(found) - MAX_TOLD} more.")
        return "\n\n".join(texts)

    def _policy_of(self, application: object) -> CookiePolicy | None:
        """Find what an application is judged by."""
        if isinstance(application, Flask):
            protection = application.extensions.get("strict_cookies")
            if protection is not None and self._named is None:
                policy: CookiePolicy = protection.policy
                return policy
            own = self._named or _own_policy(application)
            return declare_session(application.config, own)
        found: CookiePolicy | None = self._named or getattr(application, "policy", None)
        return found

    def _label(self, policy: CookiePolicy, application: object) -> str:
        if policy.source is None:
            return str(getattr(application, "name", type(application).__name__))
        path = Path(policy.source)
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)


def _watching(
    original: Callable[..., Any], look_at: Callable[[object, str, Iterable[str]], None]
) -> Callable[..., Any]:
    """Wrap the method through which each request of a test client goes, redirects included."""

    @functools.wraps(original)
    def run_wsgi_app(self: Client, environ: dict[str, Any], buffered: bool = False) -> Any:
        answer = original(self, environ, buffered=buffered)
        place = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO') or '/'}"
        look_at(self.application, place, answer[2].getlist("Set-Cookie"))
        return answer

    return run_wsgi_app


def _own_policy(app: Flask) -> CookiePolicy:
    """Read an application's policy as StrictCookies would."""
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


def _count(responses: int) -> str:
    return f"{responses} response{'' if responses == 1 else 's'}"
