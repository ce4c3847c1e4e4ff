"""
Signals for applications that want to know: blinker, as in Flask.

The sender is the Flask application, or the :class:`~strict_cookies.firewall.middleware.CookieFirewall` under
any other WSGI app. Keyword arguments: ``cookie_name`` (for what arrived: a known name, else
``"other"``), ``reason`` (a :class:`~strict_cookies.reasons.Reason`) and ``place`` (the endpoint, or
the path). ``browser_reported`` has ``reason`` and ``report`` instead: a
:class:`~strict_cookies.firewall.browser_reports.Report`, which anyone may have sent. A receiver's exception changes
no response; it is recorded.

Those of sessions carry no identifier and no value; ``user_id`` is what the application gave to
``login()``. ``signed_in``: ``user_id``, ``aal``, ``again`` (whether the same user was signed in
already). ``signed_out``: ``user_id``. ``sessions_ended``: ``user_id`` (None where all users'
sessions were ended), ``count``. ``role_denied``: ``user_id``, ``place`` (the endpoint).
``session_alarm``: ``reason``, ``count`` (since it was told last).

``declaration_published`` has ``version`` (a
:class:`~strict_cookies.declaration.versions.Version`, whose ``changes`` are the difference to the
one before) and ``words`` (the same in English, one text each). It is sent in the process that
publishes, inside an application context.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

cookie_dropped = _signals.signal(
    "cookie-dropped", "A cookie that the application emitted did not leave."
)
cookie_hardened = _signals.signal(
    "cookie-hardened", "A cookie left with a stricter attribute than the application gave it."
)
undeclared_cookie_received = _signals.signal(
    "undeclared-cookie-received", "A cookie arrived that the application will not see."
)
request_refused = _signals.signal(
    "request-refused", "A request that carried a declared cookie did not reach the application."
)
signed_in = _signals.signal("signed-in", "A user has signed in, or proved again who he is.")
signed_out = _signals.signal("signed-out", "A user has signed out.")
sessions_ended = _signals.signal(
    "sessions-ended", "Sessions were ended from elsewhere, or to make room for another."
)
role_denied = _signals.signal(
    "role-denied", "A user who is signed in asked for a view without having its role."
)
session_alarm = _signals.signal(
    "session-alarm", "Something about sessions is not as it should be; at most once a minute."
)
browser_reported = _signals.signal(
    "browser-reported", "A browser told of something that it blocked, or the guard of a write."
)

declaration_published = _signals.signal(
    "declaration-published", "A version of the cookie declaration was published."
)

#: Which signal tells of a reason, by the first digits of its id.
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
