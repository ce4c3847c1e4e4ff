"""
The blinker signals that applications can connect to, as in Flask.

The sender is the Flask application, or the
:class:`~strict_cookies.firewall.middleware.CookieFirewall` in any other WSGI application. An
exception in a receiver is logged as ``SC903``; it changes no response, and the other receivers are
called all the same.

The signals about cookies have the keyword arguments ``cookie_name`` (for a received cookie a
declared or known name, otherwise ``"other"``), ``reason`` (a
:class:`~strict_cookies.reasons.Reason`) and ``place`` (the endpoint, or the path).
``browser_reported`` has ``reason`` and ``report`` instead, a
:class:`~strict_cookies.firewall.browser_reports.Report`. Anyone may have sent that report.

The signals about sessions contain no identifier and no value; ``user_id`` is the argument of
``login()``. ``signed_in``: ``user_id``, ``aal``, ``method``, ``again`` (whether the same user was
already signed in). ``signed_out``: ``user_id``. ``sessions_ended``: ``user_id`` (None if the
sessions of all users were ended), ``count``. ``role_denied``: ``user_id``, ``place`` (the
endpoint). ``session_alarm``: ``reason``, ``count`` (occurrences since the last report).

``declaration_published`` has ``version`` (a
:class:`~strict_cookies.declaration.versions.Version`, whose ``changes`` are the difference from the
previous one) and ``descriptions`` (the same in English, one string for each change). It is sent in
the process that publishes, inside an application context.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

cookie_dropped = _signals.signal(
    "cookie-dropped", "A cookie that the application set was not sent."
)
cookie_hardened = _signals.signal(
    "cookie-hardened", "A cookie was sent with a stricter attribute than the application set."
)
undeclared_cookie_received = _signals.signal(
    "undeclared-cookie-received", "A received cookie was hidden from the application."
)
request_refused = _signals.signal(
    "request-refused", "A request with a declared cookie was refused."
)
signed_in = _signals.signal("signed-in", "A user signed in or reauthenticated.")
signed_out = _signals.signal("signed-out", "A user signed out.")
sessions_ended = _signals.signal(
    "sessions-ended", "Sessions were ended from elsewhere, or because of the limit per user."
)
role_denied = _signals.signal(
    "role-denied", "A signed-in user requested a view without having its role."
)
session_alarm = _signals.signal(
    "session-alarm", "Something is wrong with sessions; sent at most once a minute."
)
browser_reported = _signals.signal(
    "browser-reported", "A browser, or the guard in a page, reported something that was blocked."
)

declaration_published = _signals.signal(
    "declaration-published", "A version of the cookie declaration was published."
)

#: The signal of each reason, by the first digits of its id.
BY_GROUP = {
    "SC10": cookie_dropped,
    "SC12": cookie_hardened,
    "SC20": undeclared_cookie_received,
    "SC60": request_refused,
    "SC80": browser_reported,
}

#: The receivers of each signal about cookies; one is truthy if it has any.
RECEIVERS = tuple(
    signal.receivers
    for signal in (cookie_dropped, cookie_hardened, undeclared_cookie_received, request_refused)
)
