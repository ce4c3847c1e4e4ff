"""
The policy: what a site declares and who operates it, compiled for look-up.

All later stages read this one object: the firewall enforces it, the declaration publishes it, the
audit compares with it. It is frozen, and equal policies give equal verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import PolicyError
from ..http.cookies import is_token
from .catalogue import is_known_tracker
from .external_origin import ExternalOrigin, csp_sources, unknown_recipient
from .loader import parse_entries, read_policy_file
from .site import Site

if TYPE_CHECKING:
    import os

    from .cookie import DeclaredCookie
    from .entry import Entry
    from .preference import DeclaredPreference
    from .recipient import Recipient
    from .web_storage import DeclaredStorage

Transport = Literal["https", "plain-http"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiePolicy:
    """
    What a site declares: cookies, other storage, preferences, recipients and external origins.

    Args:
        cookies: In the order of the declaration. Names must differ.
        site: Who operates the site.
        transport: ``"https"``, or ``"plain-http"`` for development without HTTPS: then Secure is
            not added, and a network can read everything.
        source: The file that the policy was read from, for messages; None if built in Python.
        recipients: Who gets data from the server. Names must differ.
        external_origins: The origins that the browser contacts; each names one of the recipients.
        storage: What scripts keep in the browser in addition to cookies. Names of one kind must
            differ.
        preferences: What visitors may choose for their session. Names must differ.

    Attributes:
        exact: The cookies that are not patterns, by name.
        csp_sources: The external origins that each directive of a Content-Security-Policy admits,
            for example ``{"img-src": ("https://maps.example.com",)}``; read-only.

    Raises:
        PolicyError: Two entries of a kind have the same name, or a recipient is missing.
    """

    cookies: tuple[DeclaredCookie, ...] = ()
    site: Site = field(default_factory=Site)
    transport: Transport = "https"
    source: str | None = field(default=None, compare=False)
    recipients: tuple[Recipient, ...] = ()
    external_origins: tuple[ExternalOrigin, ...] = ()
    storage: tuple[DeclaredStorage, ...] = ()
    preferences: tuple[DeclaredPreference, ...] = ()
    exact: Mapping[str, DeclaredCookie] = field(init=False, repr=False, compare=False)
    csp_sources: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _patterns: dict[str, DeclaredCookie] = field(init=False, repr=False, compare=False)
    _lengths: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key in _ENTRIES:
            object.__setattr__(self, key, tuple(getattr(self, key)))
        if self.transport not in get_args(Transport):
            raise PolicyError(
                [f"transport is {self.transport!r}. Use 'https' or 'plain-http'."],
                source=self.source,
            )
        if mistakes := [*_find_duplicates(self), *_find_unknown_recipients(self)]:
            raise PolicyError(mistakes, source=self.source)
        exact = {cookie.name: cookie for cookie in self.cookies if not cookie.is_pattern}
        patterns = {cookie.stem: cookie for cookie in self.cookies if cookie.is_pattern}
        object.__setattr__(self, "exact", MappingProxyType(exact))
        object.__setattr__(self, "csp_sources", csp_sources(self.external_origins))
        object.__setattr__(self, "_patterns", patterns)
        object.__setattr__(
            self, "_lengths", tuple(sorted({len(stem) for stem in patterns}, reverse=True))
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CookiePolicy:
        """
        Read a ``cookies.toml``.

        Raises:
            PolicyError: The file can't be read, or has mistakes; all of them are listed.
        """
        text, source = read_policy_file(path)
        return cls.parse(text, source=source)

    @classmethod
    def parse(cls, text: str, *, source: str = "cookies.toml") -> CookiePolicy:
        """
        Parse the text of a ``cookies.toml``.

        Args:
            text: TOML 1.0; every section is optional.
            source: The path of the file, for messages.

        Raises:
            PolicyError: Every mistake in the text.
        """
        return cls(source=source, **parse_entries(text, source=source))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, ({one.name: getattr(self, one.name) for one in fields(self) if one.init},)

    def find(self, cookie_name: str) -> DeclaredCookie | None:
        """
        Return the entry that declares a name, in time that does not grow with the policy.

        An exact name beats a pattern, a longer pattern beats a shorter one. A pattern never covers
        a name that the catalogue knows as a tracker.

        Args:
            cookie_name: The name as received or sent, verbatim.

        Returns:
            The entry, or None for an undeclared cookie.
        """
        cookie = self.exact.get(cookie_name)
        if cookie is not None or not self._lengths:
            return cookie
        for length in self._lengths:
            cookie = self._patterns.get(cookie_name[:length])
            if cookie is not None and is_token(cookie_name):
                return None if is_known_tracker(cookie_name) else cookie
        return None

    @property
    def declares(self) -> Callable[[str], bool]:
        """The fastest callable that returns whether :meth:`find` returns an entry for a name."""
        if self._lengths:
            return lambda cookie_name: self.find(cookie_name) is not None
        return dict(self.exact).__contains__

    def with_cookie(self, cookie: DeclaredCookie) -> CookiePolicy:
        """Return a policy that declares one more cookie, first; an entry with its name is kept."""
        if cookie.name in self.exact:
            return self
        return replace(self, cookies=(cookie, *self.cookies))


#: The arguments that hold entries.
_ENTRIES = ("cookies", "recipients", "external_origins", "storage", "preferences")


def _rebuild(values: dict[str, Any]) -> CookiePolicy:
    return CookiePolicy(**values)


def _find_duplicates(policy: CookiePolicy) -> Iterator[str]:
    for key in _ENTRIES:
        entries: tuple[Entry, ...] = getattr(policy, key)
        counts = Counter(entry.unique_key for entry in entries)
        duplicates = {entry.identity for entry in entries if counts[entry.unique_key] > 1}
        for identity in sorted(duplicates):
            yield f"{identity} is declared more than once. Keep one entry."


def _find_unknown_recipients(policy: CookiePolicy) -> Iterator[str]:
    names = [recipient.name for recipient in policy.recipients]
    for origin in policy.external_origins:
        if origin.recipient not in names:
            yield f"{origin.identity}: {unknown_recipient(origin.recipient, names)}"
