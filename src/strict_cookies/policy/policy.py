"""
The policy: what a site declares and who answers for it, compiled for look-up.

Everything later in the flow reads this one object: the firewall enforces it, the declaration
publishes it, the audit compares with it. It is frozen; an equal policy gives equal verdicts.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import PolicyError
from ..http.cookies import is_token
from .catalogue import is_known_tracker
from .cookie import DeclaredCookie
from .entry import Entry, Text

if TYPE_CHECKING:
    import os

    from .external_origin import ExternalOrigin
    from .preference import DeclaredPreference
    from .recipient import Recipient
    from .web_storage import DeclaredStorage

Transport = Literal["https", "plain-http"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    Who answers for the site, as the declaration prints it.

    Args:
        name: The site's or product's name.
        controller: Who decides on the data: name and address.
        contact: Mail address or URL for questions about data.
        dpo: The data protection officer's contact, where there is one.
        authority: The supervisory authority for complaints.
        privacy_url: The privacy notice: a path on the site or an https URL.
        languages: Language tags of the declared texts, the default one first.
        jurisdictions: Whose law may be printed, for example ``("EU", "UK")``.
        honours_gpc: Whether the site promises to honour Global Privacy Control.

    Raises:
        PolicyError: ``privacy_url`` is no such address.
    """

    name: str = ""
    controller: str = ""
    contact: str = ""
    dpo: str = ""
    authority: str = ""
    privacy_url: str = ""
    languages: tuple[str, ...] = ("en",)
    jurisdictions: tuple[str, ...] = ("EU",)
    honours_gpc: bool = False

    def __post_init__(self) -> None:
        url = self.privacy_url
        # Browsers take a backslash for a slash.
        on_this_site = url.startswith("/") and url[1:2] not in ("/", "\\")
        if url and not (on_this_site or url.startswith("https://")):
            raise PolicyError(
                [
                    f"[site]: privacy_url is {url!r}. Write a path on this site such as "
                    "'/privacy', or an https URL."
                ]
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiePolicy:
    """
    The cookies that may cross the wire, what else is stored or told, and who declares it.

    Args:
        cookies: In the order of the declaration. Names must differ.
        site: Who answers for them.
        transport: ``"https"``, or ``"plain-http"`` for development where no HTTPS can be had:
            then Secure is not added, and nothing that a network can read is safe.
        source: Where the policy was read from, for messages; None if it was built in Python.
        recipients: Who gets data from the server. Names must differ.
        external_origins: Whom the browser itself talks to; each names one of the recipients.
        storage: What scripts keep in the browser beside cookies. Of a kind, names must differ.
        preferences: What visitors may choose for their session. Names must differ.

    Attributes:
        exact: The cookies that are no patterns, by name.
        csp_sources: The external origins that each directive of a Content-Security-Policy admits,
            for example ``{"img-src": ("https://maps.example.com",)}``; read-only.

    Raises:
        PolicyError: Two entries of a kind have the same name, or a recipient is not there.
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
        if mistakes := [*_find_twice(self), *_find_unknown_recipients(self)]:
            raise PolicyError(mistakes, source=self.source)
        exact = {cookie.name: cookie for cookie in self.cookies if not cookie.is_pattern}
        patterns = {cookie.stem: cookie for cookie in self.cookies if cookie.is_pattern}
        object.__setattr__(self, "exact", MappingProxyType(exact))
        object.__setattr__(self, "csp_sources", _sources_of(self.external_origins))
        object.__setattr__(self, "_patterns", patterns)
        object.__setattr__(
            self, "_lengths", tuple(sorted({len(stem) for stem in patterns}, reverse=True))
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CookiePolicy:
        """
        Read a ``cookies.toml``.

        Raises:
            PolicyError: The file can't be read, or all that is wrong in it.
        """
        from .loader import load_policy

        return load_policy(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, ({one.name: getattr(self, one.name) for one in fields(self) if one.init},)

    def find(self, cookie_name: str) -> DeclaredCookie | None:
        """
        Find the entry that declares a name; cost does not grow with the policy.

        An exact name beats a pattern, a longer pattern a shorter one. A pattern never covers a
        name that the catalogue knows as a tracker.

        Args:
            cookie_name: Octets as on the wire.

        Returns:
            The entry, or None for an undeclared cookie.
        """
        found = self.exact.get(cookie_name)
        if found is not None or not self._lengths:
            return found
        for length in self._lengths:
            found = self._patterns.get(cookie_name[:length])
            if found is not None and is_token(cookie_name):
                return None if is_known_tracker(cookie_name) else found
        return None

    @property
    def declares(self) -> Callable[[str], bool]:
        """The quickest callable that tells whether :meth:`find` finds a name."""
        if self._lengths:
            return lambda cookie_name: self.find(cookie_name) is not None
        return dict(self.exact).__contains__

    def with_cookie(self, cookie: DeclaredCookie) -> CookiePolicy:
        """Return a policy that declares one cookie more, first; an entry of that name stays."""
        if cookie.name in self.exact:
            return self
        return replace(self, cookies=(cookie, *self.cookies))


#: The arguments that hold entries.
_ENTRIES = ("cookies", "recipients", "external_origins", "storage", "preferences")


def _rebuild(values: dict[str, Any]) -> CookiePolicy:
    return CookiePolicy(**values)


def _sources_of(origins: tuple[ExternalOrigin, ...]) -> Mapping[str, tuple[str, ...]]:
    if not origins:
        return MappingProxyType({})
    from .external_origin import csp_sources

    return csp_sources(origins)


def _find_twice(policy: CookiePolicy) -> Iterator[str]:
    for key in _ENTRIES:
        entries: tuple[Entry, ...] = getattr(policy, key)
        counts = Counter(entry.unique_key for entry in entries)
        twice = {entry.identity for entry in entries if counts[entry.unique_key] > 1}
        for identity in sorted(twice):
            yield f"{identity} is declared twice. Keep one entry."


def _find_unknown_recipients(policy: CookiePolicy) -> Iterator[str]:
    names = [recipient.name for recipient in policy.recipients]
    for origin in policy.external_origins:
        if origin.recipient not in names:
            yield f"{origin.identity}: {unknown_recipient(origin.recipient, names)}"


def unknown_recipient(name: str, names: Collection[str]) -> str:
    """Say that an external origin names a recipient that is not there, with the one meant."""
    close = difflib.get_close_matches(name, names, n=1)
    hint = (
        f"Did you mean {close[0]!r}?" if close else "Add the entry that says who gets data there."
    )
    return f"recipient is {name!r}, but no [[recipient]] has that name. {hint}"


def text_in(text: Text, language: str, default: str = "en") -> str:
    """
    Pick the text for a language.

    Args:
        text: One text, or a mapping of language tags to texts.
        language: The wanted tag.
        default: The tag to fall back on; after that, the first text there is.

    Returns:
        The text; empty where a mapping is empty.
    """
    if isinstance(text, str):
        return text
    return text.get(language) or text.get(default) or next(iter(text.values()), "")
