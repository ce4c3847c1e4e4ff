"""
The document of one application, and its pages as they were last rendered.

The document is made anew when what it depends on changes; what was rendered from it is forgotten
with it. What is kept is bounded. What makes it is imported when it is first asked for, since most
processes of a site never are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..policy.policy import CookiePolicy
    from .i18n.language import Language
    from .item import View
    from .processing import Processing
    from .publication import PublicationStatus

#: Most renderings that are kept: languages, formats and places where the application is mounted.
MAX_KEPT = 128


class PolicySnapshot(NamedTuple):
    """
    What is published of an application's protection.

    Attributes:
        policy: What is declared.
        enforced: Whether it is carried out, or only recorded.
        credentialless: Whether pages carry ``Cross-Origin-Embedder-Policy: credentialless``.
    """

    policy: CookiePolicy
    enforced: bool
    credentialless: bool


Stand = Callable[[], PolicySnapshot]


class Rendered(NamedTuple):
    """A rendering with the tag that browsers compare."""

    octets: bytes
    etag: str

    @classmethod
    def of(cls, text: str) -> Rendered:
        """Encode a text; half of a surrogate pair becomes a question mark."""
        octets = text.encode("utf-8", "replace")
        return cls(octets, hashlib.sha256(octets).hexdigest()[:32])


def no_edition(content_hash: str) -> None:
    """Say that nobody keeps versions."""
    return


def counters_only() -> tuple[Processing, ...]:
    """Say that the protection keeps nothing but its counters."""
    from .processing import COUNTERS

    return (COUNTERS,)


class Published:
    """
    What an application publishes.

    Args:
        stand: Gives what is published; asked at each request.
        edition: Gives version and history of the content with a hash; likewise.
        processing: Gives what the protection itself keeps; likewise.
    """

    def __init__(
        self,
        stand: Stand,
        *,
        edition: Callable[[str], PublicationStatus | None] = no_edition,
        processing: Callable[[], tuple[Processing, ...]] = counters_only,
    ) -> None:
        self._stand = stand
        self._edition = edition
        self._processing = processing
        self._made: _Made | None = None

    @property
    def policy(self) -> CookiePolicy:
        """The policy that is published."""
        return self._stand().policy

    def document(self) -> dict[str, Any]:
        """Give the document; not to be changed."""
        return self._current().document

    def wording(self, language: Language) -> View:
        """Give the document in words."""
        from .view import build_view

        return build_view(self.document(), language)

    def render(self, key: Hashable, make: Callable[[], Rendered]) -> Rendered:
        """
        Give a rendering, made once for as long as the document stays.

        Args:
            key: All that it depends on beside the document.
            make: Renders.
        """
        kept = self._current().kept
        found = kept.get(key)
        if found is None:
            found = make()
            if len(kept) >= MAX_KEPT:
                kept.clear()
            kept[key] = found
        return found

    def _current(self) -> _Made:
        policy, enforced, credentialless = self._stand()
        rest = (enforced, credentialless, self._processing())
        made = self._made
        if made is None or made.policy is not policy or made.rest != rest:
            from .document import build_document

            document = build_document(
                policy,
                enforced=enforced,
                credentialless=credentialless,
                processing=rest[2],
            )
            made = self._made = _Made(policy, rest, None, document, {})
        edition = self._edition(made.document["hash"])
        if edition != made.edition:
            standing = None if edition is None else edition.as_data()
            document = {**made.document, "edition": standing}
            made = self._made = _Made(policy, rest, edition, document, {})
        return made


class _Made(NamedTuple):
    policy: CookiePolicy
    rest: tuple[object, ...]
    edition: PublicationStatus | None
    document: dict[str, Any]
    kept: dict[Hashable, Rendered]
