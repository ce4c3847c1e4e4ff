"""
All reasons for which the library acts, each with a stable id, a title and a remedy.

Logs, signals, tests and the docs refer to the ids; an id is never reused for something else.
``docs/reasons.md`` has a paragraph for each.

SC1xx: cookies set by the application. SC2xx: cookies received from a browser. SC3xx: the setup of
the application. SC4xx: findings of ``flask cookies check``. SC5xx: security headers. SC6xx: refused
requests. SC7xx: sessions. SC8xx: browser reports. SC9xx: exceptions.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """
    Why the library acted.

    Attributes:
        id: For example ``"SC101"``.
        title: What happened, in a few words.
        remedy: What to do, in one sentence.
        group: The first digits of the id: SC10 dropped, SC12 hardened, SC20 received, SC60 refused,
            SC80 reported.
        is_received: Whether the reason is about a cookie that a browser sent.
    """

    UNDECLARED = "SC101", "undeclared cookie", "Declare it in cookies.toml, or stop setting it."
    TRACKER = "SC102", "known tracking cookie", "Remove what sets it; it is not strictly necessary."
    CONTROL_CHARACTER = (
        "SC103",
        "control character in Set-Cookie",
        "Encode the value; browsers ignore such a cookie entirely.",
    )
    TOO_LARGE = (
        "SC104",
        "name and value above 4096 bytes",
        "Keep the data on the server; browsers ignore such a cookie entirely.",
    )
    NAMELESS = "SC105", "cookie without a name", "Give the cookie a name."
    MALFORMED_NAME = (
        "SC106",
        "invalid cookie name",
        "Use only letters, digits and !#$%&'*+-.^_`|~; never build a name from user input.",
    )
    LONG_ATTRIBUTE = (
        "SC107",
        "attribute value above 1024 bytes",
        "Shorten it; browsers ignore such an attribute, which widens the cookie's scope.",
    )
    UNSAFE_VALUE = (
        "SC108",
        "cookie value that does not round-trip",
        "Close its quotes or encode its spaces; some parsers would read two cookies in it.",
    )
    SECURE_ADDED = "SC121", "Secure added", "Set secure=True where the cookie is set."
    HTTPONLY_ADDED = (
        "SC122",
        "HttpOnly added",
        "Set httponly=True, or declare script_readable = true.",
    )
    SAMESITE_SET = "SC123", "SameSite set as declared", "Set samesite where the cookie is set."
    PATH_SET = "SC124", "Path set as declared", "Set the declared path where the cookie is set."
    DOMAIN_SET = "SC125", "Domain set as declared", "Declare domain only where siblings share it."
    LIFETIME_SHORTENED = (
        "SC126",
        "lifetime shortened to what was declared",
        "Set max_age to no more than the declared lifetime; a 'remember me' needs consent.",
    )
    PARTITIONED_SET = (
        "SC127",
        "Partitioned set as declared",
        "Declare partitioned, or leave it out.",
    )
    UNDECLARED_RECEIVED = (
        "SC201",
        "undeclared cookie received",
        "No action needed: it was removed before the application read it.",
    )
    TRACKER_RECEIVED = (
        "SC202",
        "known tracking cookie received",
        "Find the script or sibling host that sets it; it was removed from the request.",
    )
    AMBIGUOUS = (
        "SC203",
        "duplicate of a declared cookie received",
        "Give it a __Host- name, which no sibling host or path can forge; it is treated as absent.",
    )
    MALFORMED_PAIR = (
        "SC204",
        "malformed declared cookie received",
        "No action needed: it is treated as absent.",
    )
    FIELD_TOO_LARGE = (
        "SC205",
        "Cookie header above its limits",
        "Find what fills the cookie jar; all cookies of the request are treated as absent.",
    )
    SECURE_OVER_HTTP = (
        "SC210",
        "Secure cookie over plain http",
        "Serve HTTPS, or open http://localhost; behind a proxy that terminates TLS set "
        "STRICT_COOKIES_TRUSTED_PROXIES, or use ProxyFix.",
    )
    UNDECLARED_EXPIRED = (
        "SC211",
        "undeclared cookie expired in the browser",
        "No action needed: the browser was asked to delete it.",
    )
    UNKNOWN_MIDDLEWARE = (
        "SC301",
        "unknown middleware outside Strict Cookies",
        "Call StrictCookies(app) after adding it, so that its cookies are checked too.",
    )
    PROXY_FIX_INSIDE = (
        "SC302",
        "ProxyFix inside Strict Cookies",
        "Remove it and set STRICT_COOKIES_TRUSTED_PROXIES, so that the firewall recognizes https.",
    )
    PROXY_FIX_TWICE = (
        "SC303",
        "more than one ProxyFix around the application",
        "Keep one, or STRICT_COOKIES_TRUSTED_PROXIES; two trust a header that a client can forge.",
    )
    BYPASSED = (
        "SC304",
        "requests bypass Strict Cookies",
        "Wrap app.wsgi_app instead of replacing it; until then nothing is enforced.",
    )
    UNDECLARED_PROXY = (
        "SC305",
        "X-Forwarded-Proto received, but no trusted proxy is configured",
        "If the proxy is yours, set STRICT_COOKIES_TRUSTED_PROXIES; until then its visitors are "
        "in a redirect loop.",
    )
    FROZEN_SETTING = (
        "SC306",
        "setting changed after the first request",
        "Set it before, where you create the application.",
    )
    NO_POLICY_FILE = (
        "SC401",
        "no cookies.toml",
        "Run 'flask cookies init' and review the file that it writes.",
    )
    REPORT_ONLY = (
        "SC402",
        "report-only mode",
        "Remove STRICT_COOKIES_MODE when the log is quiet; until then nothing is enforced.",
    )
    SESSION_WITHOUT_PREFIX = (
        "SC403",
        "session cookie without a __Host- prefix",
        "Remove SESSION_COOKIE_NAME, _DOMAIN and _PATH unless the application needs them.",
    )
    WEAK_SECRET_KEY = (
        "SC404",
        "SECRET_KEY missing or short",
        "Set at least 32 random bytes, for example from secrets.token_hex().",
    )
    SITE_INCOMPLETE = (
        "SC405",
        "[site] is incomplete",
        "Fill in name, controller and contact in cookies.toml.",
    )
    NO_PINNED_HOST = (
        "SC406",
        "no pinned host",
        "Set TRUSTED_HOSTS or STRICT_COOKIES_CANONICAL_HOST, so that http can be redirected to "
        "https.",
    )
    PLAIN_HTTP = (
        "SC407",
        "cookies may be sent without Secure",
        "Remove STRICT_COOKIES_TRANSPORT before deployment.",
    )
    HTTP_ADDRESS = (
        "SC408",
        "plain http configured for a public host",
        "Serve HTTPS and set PREFERRED_URL_SCHEME = 'https'; browsers reject the session cookie.",
    )
    TEXT_MISSING = (
        "SC409",
        "text missing in a declared language",
        "Add it to cookies.toml for each language in [site] languages.",
    )
    EXPIRY_OFF = (
        "SC410",
        "expiry of undeclared cookies is off",
        "Remove STRICT_COOKIES_EXPIRE_UNDECLARED unless another application needs these cookies.",
    )
    KNOWN_EXTENSION = (
        "SC411",
        "undeclared cookie of an installed extension",
        "Declare it, unless the application does not use that part.",
    )
    PROTECTION_OFF = (
        "SC412",
        "protection switched off",
        "Switch it on again, or document why it must stay off.",
    )
    UNSIGNED_TRAIL = (
        "SC413",
        "heads of the audit trail not signed",
        "Install 'strict-cookies[audit]', or set STRICT_COOKIES_TRAIL_KEY to a path and run 'flask "
        "cookies trail key'.",
    )
    UNPUBLISHED = (
        "SC414",
        "declaration not published",
        "Run 'flask cookies publish' when you deploy.",
    )
    MIGRATION_OVER = (
        "SC421",
        "session migration has ended",
        "Remove STRICT_COOKIES_SESSION_MIGRATION_UNTIL.",
    )
    AUDIT_OVERDUE = (
        "SC422",
        "audit overdue",
        "Audit the site in a browser, or set a longer STRICT_COOKIES_AUDIT_INTERVAL.",
    )
    DEFAULT_TRAIL_KEY = (
        "SC423",
        "default key of the audit trail",
        "Keep a copy of it separate from the store. If that path does not survive a deploy, set "
        "STRICT_COOKIES_TRAIL_KEY to one that does.",
    )
    WEAKER_HEADER = (
        "SC501",
        "security header weaker than configured",
        "Don't set it in code; give the view its own options with @strict.headers(...).",
    )
    CACHED_NONCE = (
        "SC502",
        "CSP nonce in cached content",
        "Move the inline code out of it, or don't cache it: later visitors get another nonce.",
    )
    CROSS_ORIGIN = (
        "SC601",
        "cross-origin request",
        "If it is legitimate, add the origin to STRICT_COOKIES_TRUSTED_ORIGINS, or the exact path "
        "to STRICT_COOKIES_ORIGIN_EXEMPT; behind a proxy set STRICT_COOKIES_TRUSTED_PROXIES.",
    )
    UNKNOWN_ORIGIN = (
        "SC602",
        "request without Origin or Sec-Fetch-Site",
        "If clients other than browsers send cookies, add the exact path to "
        "STRICT_COOKIES_ORIGIN_EXEMPT, or set STRICT_COOKIES_CROSS_ORIGIN to 'refuse'.",
    )
    FOREIGN_STORE = (
        "SC701",
        "session id issued by another store",
        "Use one store for all servers, such as Redis; set a different SESSION_COOKIE_NAME for "
        "each application on one host.",
    )
    SESSION_UNREADABLE = (
        "SC702",
        "unreadable stored session",
        "Deploy one version and one SECRET_KEY everywhere; otherwise find what else writes to the "
        "store.",
    )
    UNKNOWN_SESSIONS = (
        "SC703",
        "many unknown session ids",
        "No action needed if sessions were just ended or the SECRET_KEY was changed; otherwise a "
        "client is guessing ids.",
    )
    OTHER_BROWSER = (
        "SC704",
        "session used by another browser",
        "Set STRICT_COOKIES_SESSION_BINDING to 'challenge' to require a fresh login.",
    )
    STORE_UNAVAILABLE = (
        "SC705",
        "session store unavailable",
        "Restore the store; until then visitors get a 503, and no session is lost.",
    )
    LATE_CHANGE = (
        "SC706",
        "session used after the headers were sent",
        "Read it before the first byte is sent, and don't change it in a streamed body.",
    )
    OTHER_USER = (
        "SC707",
        "reauthentication by another user",
        "Pass reauthenticate() the user whose password or other factor was checked; otherwise "
        "a user tries to confirm another user's session.",
    )
    OTHER_SECRET = (
        "SC708",
        "session store used with another SECRET_KEY",
        "If SECRET_KEY is made at each start, as by os.urandom(), set it to one fixed text for all "
        "processes; if it was changed, move the previous one to SECRET_KEY_FALLBACKS; if another "
        "application uses this store, separate them.",
    )
    BROWSER_REPORT = (
        "SC801",
        "content blocked by a browser",
        "Remove it from the page; if the site needs it, allow it in the policy or the header.",
    )
    WRITE_REFUSED = (
        "SC802",
        "script wrote an undeclared name",
        "Find the name in the browser's console; declare it in cookies.toml, or remove the script.",
    )
    VERDICT_FAULT = (
        "SC901",
        "internal error while checking cookies",
        "Report a bug with the log line; the response was a 500.",
    )
    APP_FAULT = (
        "SC902",
        "exception outside Flask's error handling",
        "Fix the cause; the response was a 500.",
    )
    OBSERVER_FAULT = (
        "SC903",
        "exception in a log handler, receiver or callback",
        "Fix the handler or receiver; the response was not changed.",
    )
    UNSAFE_HEADER = (
        "SC904",
        "unsafe character in a response header",
        "Remove line breaks from status and headers, and spaces from names; the response was a "
        "500.",
    )
    TRAIL_GAP = (
        "SC905",
        "audit trail could not be written",
        "Fix what the log line names; no response was changed, and the trail records what it lost.",
    )
    TIMESTAMP_MISSED = (
        "SC906",
        "no timestamp for the audit trail",
        "It is requested again every hour; check STRICT_COOKIES_TRAIL_TIMESTAMPS if that persists.",
    )
    TABLE_FULL = (
        "SC907",
        "too many kinds of cookies or reports",
        "Give cookies names that do not vary, such as 'draft' in place of 'draft_17'; until the "
        "process restarts, further kinds are counted as 'other', and at most one a minute is "
        "logged.",
    )

    id: str
    title: str
    remedy: str
    group: str
    is_received: bool

    def __init__(self, id: str, title: str, remedy: str) -> None:
        self.id = id
        self.title = title
        self.remedy = remedy
        self.group = id[:4]
        self.is_received = id.startswith("SC20")

    #: Members are compared by identity; Enum's own hash is written in Python and slow.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        """Return the id and the title, as they begin a log line."""
        return f"{self.id} {self.title}"
