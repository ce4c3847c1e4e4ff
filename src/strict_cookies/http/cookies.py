"""
Parse and write ``Set-Cookie`` and ``Cookie`` fields: the grammar only, without any policy.

Text is WSGI's (PEP 3333): each character is one byte, decoded as latin-1. No function decodes,
unquotes, folds case or guesses; names and values are the bytes that a user agent would see.

``Set-Cookie`` is parsed as a user agent does (RFC 6265bis section 5.6) and written as a server does
(section 4.1.1). ``Cookie`` is parsed more strictly than by any framework, so that the application's
parser can't read another cookie into what passes: see :func:`is_safe_value`.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

#: Longest name plus value that a user agent keeps, in bytes. RFC 6265bis section 5.6.
MAX_PAIR_BYTES = 4096
#: Longest attribute value that a user agent accepts, in bytes. RFC 6265bis section 5.6.
MAX_ATTRIBUTE_BYTES = 1024
#: Longest lifetime that a user agent grants, in seconds: 400 days. RFC 6265bis section 5.5.
MAX_LIFETIME = 400 * 24 * 60 * 60
#: Longest ``Cookie`` field that is parsed, in bytes.
MAX_FIELD_BYTES = 16_384
#: Most pairs of one ``Cookie`` field that are parsed: as many as Chromium keeps for one site.
MAX_PAIRS = 180

#: Prefixes of cookie names that impose rules, longest first, in the case that a server must use.
#: RFC 6265bis section 4.1.3; draft-ietf-httpbis-layered-cookies section 4.1.3.
NAME_PREFIXES = ("__Host-Http-", "__Host-", "__Http-", "__Secure-")

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_TEXT = re.compile(r"[\x20-\x7e\x80-\xff]*")
_PLAIN = re.compile(r"[!#-~\x80-\xff]*")
_PLAIN_ASCII = bytes(byte for byte in range(0x21, 0x7F) if byte != ord('"'))
#: The bytes of a cookie-pair that needs no further check; see :func:`is_plain`.
PLAIN_IN_PAIR = _PLAIN_ASCII.replace(b";", b"")
_MAX_AGE = r"-?[0-9]+"
#: A quoted value that the parsers of Werkzeug and the standard library end at the end of the pair.
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
        name: Bytes as sent, stripped of SP and HTAB; empty for a nameless cookie.
        value: Bytes as sent, stripped of SP and HTAB, quotes included.
        max_age: Seconds; None if absent or invalid.
        expires: Seconds since the epoch, UTC; None if absent or invalid.
        domain: Lower case, without a leading dot; None if absent or empty (host-only).
        path: Begins with ``/``; None if absent or invalid (the default-path applies).
        secure: Whether the attribute is present, with any value or none.
        httponly: Whether the attribute is present, with any value or none.
        samesite: ``"Strict"``, ``"Lax"`` or ``"None"``; None if absent or unknown.
        partitioned: Whether the attribute is present.

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
        """Return the name and the attributes, never the value."""
        return f"<SetCookie {self.name!r}{format_attributes(self)}>"

    def lifetime(self, now: float) -> int | None:
        """
        Return how long a user agent would keep the cookie.

        Args:
            now: Seconds since the epoch.

        Returns:
            Seconds; zero or less deletes the cookie; None means until the browser closes.

        Source: RFC 6265bis section 5.7: ``Max-Age`` beats ``Expires``.
        """
        if self.max_age is not None:
            return self.max_age
        if self.expires is not None:
            return int(self.expires - now)
        return None


def parse_set_cookie(field_value: str) -> SetCookie | None:
    """
    Parse one ``Set-Cookie`` field value as a user agent would.

    Args:
        field_value: One field line, latin-1 decoded (PEP 3333), without the field's name.

    Returns:
        The name, the value and the attributes that apply: the last of duplicate ones, without
        invalid or over-long ones. None if a user agent ignores the whole line.

    Source: RFC 6265bis section 5.6.
    """
    if has_control_character(field_value):
        return None
    pair, _, tail = field_value.partition(";")
    name, value = split_pair(pair)
    if not (name or value) or len(name) + len(value) > MAX_PAIR_BYTES:
        return None
    return SetCookie(name, value, **_parse_attributes(tail))


def _parse_attributes(tail: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for attribute in tail.split(";"):
        key, _, text = attribute.partition("=")
        key, text = key.strip(" \t").lower(), text.strip(" \t")
        if len(text) > MAX_ATTRIBUTE_BYTES:
            continue
        if key in _FLAGS:
            attributes[key] = True
        elif key in _PARSERS:
            attributes[key] = _PARSERS[key](text)
        elif key in _TIME_PARSERS:
            field, parse = _TIME_PARSERS[key]
            seconds = parse(text)
            # An invalid one does not override an earlier attribute.
            if seconds is not None:
                attributes[field] = seconds
    return attributes


def split_pair(pair: str) -> tuple[str, str]:
    """
    Split a cookie-pair at its first ``=`` and strip both sides.

    Args:
        pair: The part of a ``Set-Cookie`` line in front of its first ``;``.

    Returns:
        Name and value; a pair without ``=`` has an empty name.

    Source: RFC 6265bis section 5.6.
    """
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    return name.strip(" \t"), value.strip(" \t")


def format_attributes(cookie: SetCookie) -> str:
    """
    Write the attributes of a cookie in their canonical order.

    Args:
        cookie: Any; its name and value are not written.

    Returns:
        Text to append to ``name=value``, beginning with ``"; "``; empty without attributes.

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
    Return whether every parser ends this value at the end of its pair.

    In some parsers an unclosed quotation swallows the cookies after it, or a space within a value
    begins another cookie.

    Args:
        value: The bytes of a cookie-value, stripped.

    Returns:
        False for such values, and for control characters.

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
    Return the value of one cookie in a ``Cookie`` field, as the firewall does.

    Args:
        field: The field's value; empty if the field is absent.
        name: A token, case-sensitive.

    Returns:
        The bytes of the value, stripped but not validated. None if the name is missing or
        duplicate.

    Source: RFC 6265bis sections 4.2.1 and 5.8.3.
    """
    if name not in field:
        return None
    before, equals, rest = field.partition(f"{name}=")
    if equals and not before and name not in rest:
        # Usually the wanted cookie is the first.
        return rest.partition(";")[0].strip(" \t")
    wanted = None
    for pair in field.split(";"):
        key, equals, value = pair.partition("=")
        if key.strip(" \t") == name:
            if wanted is not None or not equals:
                return None
            wanted = value.strip(" \t")
    return wanted


def has_control_character(text: str) -> bool:
    """
    Return whether a user agent would refuse this text, or a server could not send it.

    HTAB is one, too: user agents allow it, but no cookie needs it.

    Source: RFC 6265bis section 5.6, step 1; PEP 3333 for characters that are not bytes.
    """
    return _FIELD_TEXT.fullmatch(text) is None


def is_plain(text: str) -> bool:
    """
    Return whether a text has no space, DQUOTE or control character.

    This is fast, and implies :func:`is_safe_value`.
    """
    if text.isascii():
        # Takes a third of the time of the regular expression.
        return text.isprintable() and " " not in text and '"' not in text
    return _PLAIN.fullmatch(text) is not None


def is_token(name: str) -> bool:
    """Return whether a text is a valid cookie-name. Source: RFC 6265bis section 4.1.1."""
    return _TOKEN.fullmatch(name) is not None


def name_prefix(name: str) -> str | None:
    """
    Return the prefix of a cookie's name that imposes rules, in any case.

    Returns:
        One of :data:`NAME_PREFIXES`, or None.

    Source: RFC 6265bis section 5.4; draft-ietf-httpbis-layered-cookies section 5.4.3.
    """
    if not name.startswith("__"):
        return None
    lowered = name.lower()
    return next((prefix for prefix in NAME_PREFIXES if lowered.startswith(prefix.lower())), None)


def path_matches(request_path: str, cookie_path: str) -> bool:
    """Return whether a request path matches a cookie's. Source: RFC 6265bis section 5.1.4."""
    return request_path == cookie_path or (
        request_path.startswith(cookie_path)
        and (cookie_path.endswith("/") or request_path[len(cookie_path)] == "/")
    )


@lru_cache(maxsize=64)
def format_date(seconds: int) -> str:
    """
    Format a timestamp as an IMF-fixdate.

    Args:
        seconds: Since the epoch, UTC.

    Source: RFC 9110 section 5.6.7.
    """
    utc = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.tm_wday]
    month = _MONTHS[utc.tm_mon - 1].title()
    return f"{day}, {utc.tm_mday:02} {month} {utc.tm_year:04} " + time.strftime("%H:%M:%S GMT", utc)


@lru_cache(maxsize=64)
def parse_cookie_date(text: str) -> int | None:
    """
    Parse an ``Expires`` date as leniently as a user agent does.

    Args:
        text: The attribute's value.

    Returns:
        Seconds since the epoch, or None if the text contains no date.

    Source: RFC 6265bis section 5.1.1.
    """
    clock: tuple[int, ...] | None = None
    day = month = year = None
    for token in re.split(_DATE_DELIMITER, text):
        if clock is None and (match := re.match(_DATE_TIME, token)):
            clock = tuple(int(part) for part in match.groups())
        elif day is None and (match := re.match(_DATE_DAY, token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := re.match(_DATE_YEAR, token)):
            year = int(match[1])
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


def _parse_max_age(text: str) -> int | None:
    if re.fullmatch(_MAX_AGE, text) is None:
        return None
    digits = text.removeprefix("-").lstrip("0")
    # int() refuses thousands of digits; so many mean "as long as you can" anyway.
    seconds = int(digits[:19] or "0")
    return -seconds if text.startswith("-") else seconds


def _parse_domain(text: str) -> str | None:
    return text.removeprefix(".").lower() or None


def _parse_path(text: str) -> str | None:
    return text if text.startswith("/") else None


def _parse_samesite(text: str) -> str | None:
    return text.title() if text.lower() in {"strict", "lax", "none"} else None


_FLAGS = frozenset({"secure", "httponly", "partitioned"})
_PARSERS: Mapping[str, Callable[[str], str | None]] = {
    "domain": _parse_domain,
    "path": _parse_path,
    "samesite": _parse_samesite,
}
_TIME_PARSERS: Mapping[str, tuple[str, Callable[[str], int | None]]] = {
    "max-age": ("max_age", _parse_max_age),
    "expires": ("expires", parse_cookie_date),
}
