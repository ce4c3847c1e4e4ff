"""
Every reason id: what was found, and in one sentence what to do about it.

Ids are stable: logs, signals, tests and the docs name them, and an id is never used again for
something else. ``docs/reasons.md`` has a paragraph for each.

SC1xx: a cookie that the application emitted. SC2xx: a cookie that arrived. SC3xx: how the
application is put together. SC4xx: what ``flask cookies check`` finds. SC5xx: security headers.
SC6xx: a request that was refused. SC7xx: sessions. SC8xx: what browsers report. SC9xx: faults.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """
    Why the library acted.

    Attributes:
        id: For example ``"SC101"``.
        title: What was found, in a few words.
        remedy: What to do, in a sentence.
        group: The id's first digits: SC10 dropped, SC12 hardened, SC20 arrived, SC60 refused,
            SC80 reported.
        arrived: Whether it came from the browser.
    """

    UNDECLARED = "SC101", "undeclared cookie", "Declare it in cookies.toml, or stop setting it."
    TRACKER = "SC102", "known tracking cookie", "Remove what sets it; it is not strictly necessary."
    CONTROL_CHARACTER = (
        "SC103",
        "control character in Set-Cookie",
        "Encode the value; browsers ignore such a cookie whole.",
    )
    TOO_LARGE = (
        "SC104",
        "name and value above 4096 octets",
        "Keep the data on the server; browsers ignore such a cookie whole.",
    )
    NAMELESS = "SC105", "cookie without a name", "Give the cookie a name."
    MALFORMED_NAME = (
        "SC106",
        "cookie name that is no token",
        "Use letters, digits and !#$%&'*+-.^_`|~ only; mind attributes smuggled in by the name.",
    )
    LONG_ATTRIBUTE = (
        "SC107",
        "attribute value above 1024 octets",
        "Shorten it; browsers ignore such an attribute and widen the cookie's scope.",
    )
    UNSAFE_VALUE = (
        "SC108",
        "value that does not come back",
        "Close its quotes, or encode its spaces; readers would see two cookies in it.",
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
        "Set no longer max_age than declared; a 'remember me' needs consent.",
    )
    PARTITIONED_SET = (
        "SC127",
        "Partitioned set as declared",
        "Declare partitioned, or leave it out.",
    )
    UNDECLARED_RECEIVED = (
        "SC201",
        "undeclared cookie arrived",
        "Nothing: it was cut before the app read it.",
    )
    TRACKER_RECEIVED = (
        "SC202",
        "known tracking cookie arrived",
        "Find the script or sibling host that sets it; it was cut.",
    )
    AMBIGUOUS = (
        "SC203",
        "declared cookie arrived twice or in a second spelling",
        "Give it a __Host- name, which no sibling host or path can forge; it counts as absent.",
    )
    MALFORMED_PAIR = (
        "SC204",
        "declared cookie arrived malformed",
        "Nothing: it counts as absent.",
    )
    FIELD_TOO_LARGE = (
        "SC205",
        "Cookie field above its bounds",
        "Find what fills the jar; all cookies of the request count as absent.",
    )
    SECURE_OVER_HTTP = (
        "SC210",
        "Secure cookie over plain http",
        "Serve HTTPS, or open http://localhost; behind a proxy that ends TLS set "
        "STRICT_COOKIES_TRUSTED_PROXIES, or use ProxyFix.",
    )
    UNDECLARED_EXPIRED = (
        "SC211",
        "stray cookie expired in the browser",
        "Nothing: the browser was told.",
    )
    UNKNOWN_MIDDLEWARE = (
        "SC301",
        "unknown middleware outside Strict Cookies",
        "Call StrictCookies(app) after it was added, so that its cookies are judged too.",
    )
    PROXY_FIX_INSIDE = (
        "SC302",
        "ProxyFix inside Strict Cookies",
        "Remove it and set STRICT_COOKIES_TRUSTED_PROXIES, so that https is known at the wire.",
    )
    PROXY_FIX_TWICE = (
        "SC303",
        "two ProxyFix around the application",
        "Keep one, or STRICT_COOKIES_TRUSTED_PROXIES; two trust a hop that a client can forge.",
    )
    BYPASSED = (
        "SC304",
        "requests go past Strict Cookies",
        "Wrap app.wsgi_app, don't replace it; nothing is enforced until then.",
    )
    UNDECLARED_PROXY = (
        "SC305",
        "somebody says https, but no proxy is declared",
        "Set STRICT_COOKIES_TRUSTED_PROXIES if it is your proxy; its visitors go in circles.",
    )
    NO_POLICY_FILE = (
        "SC401",
        "no cookies.toml",
        "Run 'flask cookies init' and read what it writes.",
    )
    REPORT_ONLY = (
        "SC402",
        "report-only mode",
        "Remove STRICT_COOKIES_MODE when the log is quiet; nothing is enforced until then.",
    )
    SESSION_WITHOUT_PREFIX = (
        "SC403",
        "session cookie without a __Host- prefix",
        "Remove SESSION_COOKIE_NAME, _DOMAIN and _PATH where nothing needs them.",
    )
    WEAK_SECRET_KEY = (
        "SC404",
        "SECRET_KEY missing or short",
        "Set 32 random octets or more, for example from secrets.token_hex().",
    )
    SITE_INCOMPLETE = (
        "SC405",
        "[site] lacks what visitors must be told",
        "Fill in name, controller and contact in cookies.toml.",
    )
    NO_PINNED_HOST = (
        "SC406",
        "no pinned host",
        "Set TRUSTED_HOSTS or STRICT_COOKIES_CANONICAL_HOST, so that http can lead to https.",
    )
    PLAIN_HTTP = (
        "SC407",
        "cookies may travel without Secure",
        "Remove STRICT_COOKIES_TRANSPORT before going live.",
    )
    HTTP_ADDRESS = (
        "SC408",
        "the application expects plain http on a real host",
        "Serve HTTPS and set PREFERRED_URL_SCHEME = 'https'; browsers refuse the session cookie.",
    )
    TEXT_MISSING = (
        "SC409",
        "text missing in a declared language",
        "Write it in cookies.toml for each of [site] languages.",
    )
    EXPIRY_OFF = (
        "SC410",
        "sweeping is off",
        "Remove STRICT_COOKIES_EXPIRE_UNDECLARED unless siblings suffer.",
    )
    KNOWN_EXTENSION = (
        "SC411",
        "an installed extension's cookie is not declared",
        "Declare it, or nothing if the application does not use that part.",
    )
    PROTECTION_OFF = "SC412", "a protection is switched off", "Switch it on unless you know why."
    UNSIGNED_TRAIL = (
        "SC413",
        "heads of the audit trail are not signed",
        "Set STRICT_COOKIES_TRAIL_KEY to a path and run 'flask cookies trail key'.",
    )
    UNPUBLISHED = (
        "SC414",
        "the declaration is a draft",
        "Run 'flask cookies publish' when this is deployed.",
    )
    MIGRATION_OVER = (
        "SC421",
        "time to move sessions is over",
        "Remove STRICT_COOKIES_SESSION_MIGRATION_UNTIL.",
    )
    AUDIT_OVERDUE = (
        "SC422",
        "an audit is due",
        "Audit the site in a browser, or say a longer STRICT_COOKIES_AUDIT_INTERVAL.",
    )
    WEAKER_HEADER = (
        "SC501",
        "security header weaker than the options",
        "Don't write it in code; give the view options by @strict.talisman(...).",
    )
    CACHED_NONCE = (
        "SC502",
        "nonce in what the server caches",
        "Take the inline code out of it, or don't cache it: later visitors get another nonce.",
    )
    CROSS_ORIGIN = (
        "SC601",
        "request of another origin",
        "Name the origin in STRICT_COOKIES_TRUSTED_ORIGINS, or the exact path in "
        "STRICT_COOKIES_ORIGIN_EXEMPT, if others may do this; behind a proxy set "
        "STRICT_COOKIES_TRUSTED_PROXIES.",
    )
    UNKNOWN_ORIGIN = (
        "SC602",
        "request that tells no origin",
        "Name the exact path in STRICT_COOKIES_ORIGIN_EXEMPT, or set STRICT_COOKIES_CROSS_ORIGIN "
        "to 'refuse', if others than browsers send cookies.",
    )
    FOREIGN_STORE = (
        "SC701",
        "session of another store",
        "Give all servers one store, such as a Redis; give two applications on one host different "
        "names in SESSION_COOKIE_NAME.",
    )
    SESSION_UNREADABLE = (
        "SC702",
        "stored session that can't be read",
        "Deploy one version and one SECRET_KEY everywhere; else find who writes to the store.",
    )
    UNKNOWN_SESSIONS = (
        "SC703",
        "many unknown session ids",
        "Nothing if sessions were just ended or the SECRET_KEY was changed; else somebody guesses.",
    )
    OTHER_BROWSER = (
        "SC704",
        "session shown by another browser",
        "Set STRICT_COOKIES_SESSION_BINDING to 'challenge' if a fresh login is to be asked for.",
    )
    STORE_UNAVAILABLE = (
        "SC705",
        "session store does not answer",
        "Mend it; visitors get a 503, and nothing is lost.",
    )
    LATE_CHANGE = (
        "SC706",
        "session used after the headers had gone",
        "Read it before the first octet is sent, and change it nowhere in a streamed body.",
    )
    BROWSER_REPORT = (
        "SC801",
        "browser blocked what a page asked for",
        "Take it out of the page; if the site needs it, let the policy or the header allow it.",
    )
    WRITE_REFUSED = (
        "SC802",
        "script wrote an undeclared name",
        "Find the name in the browser's console; declare it in cookies.toml, or stop the script.",
    )
    VERDICT_FAULT = "SC901", "fault while judging", "Report it with the log line; a 500 was sent."
    APP_FAULT = "SC902", "exception outside Flask's error handling", "Mend it; a 500 was sent."
    OBSERVER_FAULT = (
        "SC903",
        "fault in a log, signal or counter",
        "Mend the receiver; the response was not changed, but the record has a gap.",
    )
    UNSAFE_HEADER = (
        "SC904",
        "header that a server would write as another",
        "Take line breaks out of the status and headers, and spaces out of names; a 500 was sent.",
    )
    TRAIL_GAP = (
        "SC905",
        "the audit trail could not be written",
        "Mend what the line names; responses are not changed, and the trail says what it lost.",
    )

    id: str
    title: str
    remedy: str
    group: str
    arrived: bool

    def __init__(self, id: str, title: str, remedy: str) -> None:
        self.id = id
        self.title = title
        self.remedy = remedy
        self.group = id[:4]
        self.arrived = id.startswith("SC20")

    #: Members are compared by identity; Enum's own hash is Python code, slow in every count.
    __hash__ = object.__hash__

    def __str__(self) -> str:
        """The id and the title, as a log line begins."""
        return f"{self.id} {self.title}"
