"""
The current declaration of one application, with a bounded cache of its rendered pages.

The document is rebuilt when anything that it depends on changes, and its cached renderings are
discarded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..policy.policy import CookiePolicy
    from .i18n.language import Language
    from .item import View
    from .publication import PublicationStatus
    from .sources import Sources

#: The largest number of cached renderings: languages, formats and mount points.
MAX_CACHED = 128


class Rendered(NamedTuple):
    """A rendering as UTF-8, with its ETag."""

    body: bytes
    etag: str

    @classmethod
    def from_text(cls, text: str) -> Rendered:
        """Encode a text; half of a surrogate pair becomes a question mark."""
        body = text.encode("utf-8", "replace")
        return cls(body, hashlib.sha256(body).hexdigest()[:32])


class CurrentDeclaration:
    """
    The declaration as an application publishes it now.

    Args:
        sources: Where the content comes from.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._cache: _Cache | None = None

    @property
    def policy(self) -> CookiePolicy:
        """The policy that is published."""
        return self._sources.snapshot().policy

    def document(self) -> dict[str, Any]:
        """Return the document; the caller must not change it."""
        return self._current().document

    def view(self, language: Language) -> View:
        """Return the document as text in a language."""

        from .view import build_view

        return build_view(self.document(), language)

    def render(self, key: Hashable, render: Callable[[], Rendered]) -> Rendered:
        """
        Return a rendering, cached until the document changes.

        Args:
            key: Everything else that the rendering depends on.
            render: Called if the cache has no entry.
        """
        renderings = self._current().renderings
        rendered = renderings.get(key)
        if rendered is None:
            rendered = render()
            if len(renderings) >= MAX_CACHED:
                renderings.clear()
            renderings[key] = rendered
        return rendered

    def _current(self) -> _Cache:

        from .document import build_document

        policy, enforced, credentialless = self._sources.snapshot()
        inputs = (enforced, credentialless, self._sources.processing())
        cache = self._cache
        if cache is None or cache.policy is not policy or cache.inputs != inputs:
            document = build_document(
                policy,
                enforced=enforced,
                credentialless=credentialless,
                processing=inputs[2],
            )
            cache = self._cache = _Cache(policy, inputs, None, document, {})
        status = self._sources.status(cache.document["hash"])
        if status != cache.status:
            edition = None if status is None else status.to_json()
            document = {**cache.document, "edition": edition}
            cache = self._cache = _Cache(policy, inputs, status, document, {})
        return cache


class _Cache(NamedTuple):
    """A document with what it was built from, and its renderings."""

    policy: CookiePolicy
    inputs: tuple[object, ...]
    status: PublicationStatus | None
    document: dict[str, Any]
    renderings: dict[Hashable, Rendered]
