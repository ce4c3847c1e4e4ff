"""
Read and write the text of ``Set-Cookie`` and ``Cookie`` fields; pure functions.

The first stage of the flow: it knows the grammar and no policy. Text is what WSGI hands over
(PEP 3333): each character stands for one octet, latin-1 decoded. Nothing here decodes,
unquotes, folds case or guesses; a name or value is the octets that a user agent would see.

``Set-Cookie`` is read as a user agent reads it (RFC 6265bis section 5.6) and written as a server
writes it (section 4.1.1). ``Cookie`` is read more strictly than any framework reads it, so that
what passes can't be taken for something else by the reader behind: see :func:`is_safe_value`.
"""

from __future__ import annotations

import calendar
import re
import time
from functools import lru_cache
from typing import NamedTuple

#: Longest name plus value that a user agent keeps, in octets. RFC 6265bis section 5.6.
MAX_PAIR_OCTETS = 4096
#: Longest attribute value that a user agent heeds, in octets. RFC 6265bis section 5.6.
MAX_ATTRIBUTE_OCTETS = 1024
#: Longest lifetime that a user agent grants, in seconds: 400 days. RFC 6265bis section 5.5.
MAX_LIFETIME = 400 * 24 * 60 * 60
#: Longest ``Cookie`` field that is read at all, in octets.
MAX_FIELD_OCTETS = 16_384
#: Most pairs of one ``Cookie`` field that are read: what Chromium keeps for one site.
MAX_PAIRS = 180

#: Prefixes of cookie names that carry rules, longest first, spelt as a server must.
#: RFC 6265bis section 4.1.3; draft-ietf-httpbis-layered-cookies section 4.1.3.
NAME_PREFIXES = ("__Host-Http-", "__Host-", "__Http-", "__Secure-")

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_TEXT = re.compile(r"[\x20-\x7e\x80-\xff]*")
_PLAIN = re.compile(r"[!#-~\x80-\xff]*")
_PLAIN_ASCII = bytes(octet for octet in range(0x21, 0x7F) if octet != ord('"'))
#: What a cookie-pair may hold where it needs no closer look; see :func:`is_plain`.
PLAIN_IN_PAIR = _PLAIN_ASCII.replace(b";", b"")
_MAX_AGE = r"-?[0-9]+"
#: A quoted value that Werkzeug's and the standard library's readers end where the pair ends.
_QUOTED = r'"(?:[^\\"]|\\.)*"'

_DATE_DELIMITER = r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+"
_DATE_TIME = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)"
_DATE_DAY = r"(\d{1,2})(?!\d)"
_DATE_YEAR = r"(\d{2,4})(?!\d)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class SetCookie(NamedTuple):
    """
    One cookie as a user agent understands its ``Set-Cookie`` line.

    Args:
        name: Octets as sent, trimmed of SP and HTAB; empty for a nameless cookie.
        value: Octets as sent, trimmed of SP and HTAB, quotes included.
        max_age: Seconds, or None where absent or unreadable.
        expires: Seconds since the epoch, UTC, or None where absent or unreadable.
        domain: Lower case, without a leading dot; None where absent or empty (host-only).
        path: Begins with ``/``; None where absent or unusable (the default-path applies).
        secure: Whether the attribute is there, whatever its value.
        httponly: Likewise.
        samesite: ``"Strict"``, ``"Lax"`` or ``"None"``; None where absent or unknown.
        partitioned: Whether the attribute is there.

    Source: RFC 6265bis section 5.6; ``partitioned``: draft-cutler-httpbis-partitioned-cookies.
    """

    name: str
    value: str
    max_age: int | None = None
    expires: int | None = None
    domain: str | None = None
    path: str | None = None
    secure: bool = False
    httponly: bool = False
    samesite: str | None = None
    partitioned: bool = False

    def __repr__(self) -> str:
        """Name and attributes; never the value."""
        return f"<SetCookie {self.name!r}{attribute_tail(self)}>"

    def lifetime(self, now: float) -> int | None:
        """
        Tell how long a user agent would keep the cookie.

        Args:
            now: Seconds since the epoch.

        Returns:
            Seconds; zero or less means that the line deletes; None means until the browser closes.

        Source: RFC 6265bis section 5.7, where ``Max-Age`` beats ``Expires``.
        """
        if self.max_age is not None:
            return self.max_age
        if self.expires is not None:
            return int(self.expires - now)
        return None


def parse_set_cookie(field_value: str) -> SetCookie | None:
    """
    Read one ``Set-Cookie`` field value as a user agent would.

    Args:
        field_value: One field line, latin-1 decoded (PEP 3333), without the field's name.

    Returns:
        Name, value and the attributes that count: of repeated ones the last, of unreadable or
        over-long ones none. None where a user agent ignores the whole line.

    Source: RFC 6265bis section 5.6.
    """
    if has_control_character(field_value):
        return None
    pair, _, tail = field_value.partition(";")
    name, value = split_pair(pair)
    if not (name or value) or len(name) + len(value) > MAX_PAIR_OCTETS:
        return None
    max_age: int | None = None
    expires: int | None = None
    domain: str | None = None
    path: str | None = None
    samesite: str | None = None
    secure = httponly = partitioned = False
    for attribute in tail.split(";"):
        key, _, text = attribute.partition("=")
        key, text = key.strip(" \t").lower(), text.strip(" \t")
        if len(text) > MAX_ATTRIBUTE_OCTETS:
            continue
        if key == "max-age":
            max_age = _parse_max_age(text, max_age)
        elif key == "expires":
            parsed = parse_cookie_date(text)
            expires = expires if parsed is None else parsed
        elif key == "domain":
            domain = text.removeprefix(".").lower() or None
        elif key == "path":
            path = text if text.startswith("/") else None
        elif key == "samesite":
            samesite = text.title() if text.lower() in {"strict", "lax", "none"} else None
        elif key == "secure":
            secure = True
        elif key == "httponly":
            httponly = True
        elif key == "partitioned":
            partitioned = True
    return SetCookie(
        name=name,
        value=value,
        max_age=max_age,
        expires=expires,
        domain=domain,
        path=path,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        partitioned=partitioned,
    )


def split_pair(pair: str) -> tuple[str, str]:
    """
    Split a cookie-pair at its first ``=`` and trim both sides.

    Args:
        pair: What stands before the first ``;`` of a ``Set-Cookie`` line.

    Returns:
        Name and value; a pair without ``=`` has an empty name.

    Source: RFC 6265bis section 5.6.
    """
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    return name.strip(" \t"), value.strip(" \t")


def attribute_tail(cookie: SetCookie) -> str:
    """
    Write the attributes of a cookie, each once and in one order.

    Args:
        cookie: Any; name and value are left out.

    Returns:
        Text that begins with ``"; "`` and goes behind ``name=value``; empty where there is none.

    Source: RFC 6265bis section 4.1.1.
    """
    parts = [""]
    if cookie.expires is not None:
        parts.append(f"Expires={format_date(cookie.expires)}")
    if cookie.max_age is not None:
        parts.append(f"Max-Age={cookie.max_age}")
    if cookie.domain is not None:
        parts.append(f"Domain={cookie.domain}")
    if cookie.path is not None:
        parts.append(f"Path={cookie.path}")
    if cookie.secure:
        parts.append("Secure")
    if cookie.httponly:
        parts.append("HttpOnly")
    if cookie.samesite is not None:
        parts.append(f"SameSite={cookie.samesite}")
    if cookie.partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def is_safe_value(value: str) -> bool:
    """
    Tell whether every reader ends this value where the pair ends.

    Some readers let a quotation that does not close swallow the cookies behind it, or find another
    cookie behind a space within a value.

    Args:
        value: A cookie-value as octets, trimmed.

    Returns:
        False for these, and for control characters.

    Source: measured with Werkzeug 3.1.9 and ``http.cookies`` of Python 3.11.
    """
    if has_control_character(value):
        return False
    if value.startswith('"'):
        return re.fullmatch(_QUOTED, value) is not None
    _, space, rest = value.partition(" ")
    return not space or "=" not in rest


def find_cookie(field: str, name: str) -> str | None:
    """
    Find one cookie of a ``Cookie`` field, as the firewall does.

    Args:
        field: The field's value; empty where there is none.
        name: A token, exact in case.

    Returns:
        The value as octets, trimmed; whoever uses it checks its alphabet first. None where the
        name is missing or occurs twice.

    Source: RFC 6265bis sections 4.2.1 and 5.8.3.
    """
    if name not in field:
        return None
    before, equals, rest = field.partition(f"{name}=")
    if equals and not before and name not in rest:
        # The one cookie that is asked for mostly stands first.
        return rest.partition(";")[0].strip(" \t")
    found = None
    for pair in field.split(";"):
        key, equals, value = pair.partition("=")
        if key.strip(" \t") == name:
            if found is not None or not equals:
                return None
            found = value.strip(" \t")
    return found


def has_control_character(text: str) -> bool:
    """
    Tell whether a user agent would refuse this text, or a server could not send it.

    HTAB counts too: user agents allow it, nobody needs it.

    Source: RFC 6265bis section 5.6, step 1; PEP 3333 for what is no octet at all.
    """
    return _FIELD_TEXT.fullmatch(text) is None


def is_plain(text: str) -> bool:
    """
    Tell quickly of a text that it needs no closer look: no space, DQUOTE or control character.

    Source: :func:`is_safe_value`, which such a value always meets.
    """
    if text.isascii():
        # A third of what the pattern takes.
        return text.isprintable() and " " not in text and '"' not in text
    return _PLAIN.fullmatch(text) is not None


def is_token(name: str) -> bool:
    """Tell whether a text may be a cookie-name. Source: RFC 6265bis section 4.1.1."""
    return _TOKEN.fullmatch(name) is not None


def name_prefix(name: str) -> str | None:
    """
    Find the prefix that puts rules on a cookie's name, in whatever case it is spelt.

    Returns:
        One of :data:`NAME_PREFIXES`, or None.

    Source: RFC 6265bis section 5.4; draft-ietf-httpbis-layered-cookies section 5.4.3.
    """
    if not name.startswith("__"):
        return None
    lowered = name.lower()
    return next((prefix for prefix in NAME_PREFIXES if lowered.startswith(prefix.lower())), None)


def path_matches(request_path: str, cookie_path: str) -> bool:
    """Tell whether one path lies within another. Source: RFC 6265bis section 5.1.4."""
    return request_path == cookie_path or (
        request_path.startswith(cookie_path)
        and (cookie_path.endswith("/") or request_path[len(cookie_path)] == "/")
    )


@lru_cache(maxsize=64)
def format_date(seconds: int) -> str:
    """
    Write a moment as an IMF-fixdate.

    Args:
        seconds: Since the epoch, UTC.

    Source: RFC 9110 section 5.6.7.
    """
    moment = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.tm_wday]
    month = _MONTHS[moment.tm_mon - 1].title()
    return f"{day}, {moment.tm_mday:02} {month} {moment.tm_year:04} " + time.strftime(
        "%H:%M:%S GMT", moment
    )


@lru_cache(maxsize=64)
def parse_cookie_date(text: str) -> int | None:
    """
    Read an ``Expires`` date as leniently as a user agent does.

    Args:
        text: The attribute's value.

    Returns:
        Seconds since the epoch, or None where no date can be made out.

    Source: RFC 6265bis section 5.1.1.
    """
    clock: tuple[int, ...] | None = None
    day = month = year = None
    for token in re.split(_DATE_DELIMITER, text):
        if clock is None and (found := re.match(_DATE_TIME, token)):
            clock = tuple(int(part) for part in found.groups())
        elif day is None and (found := re.match(_DATE_DAY, token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := re.match(_DATE_YEAR, token)):
            year = int(found[1])
    if clock is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    hour, minute, second = clock
    if year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _parse_max_age(text: str, before: int | None) -> int | None:
    """Read a Max-Age; an unreadable one leaves what an earlier attribute said."""
    if re.fullmatch(_MAX_AGE, text) is None:
        return before
    digits = text.removeprefix("-").lstrip("0")
    # int() refuses thousands of digits; so many mean "as long as you can" anyway.
    seconds = int(digits[:19] or "0")
    return -seconds if text.startswith("-") else seconds
