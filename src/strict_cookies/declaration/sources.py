"""What the pages need from the application whose declaration they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .processing import COUNTERS, Processing

if TYPE_CHECKING:
    from flask import Response

    from ..policy.policy import CookiePolicy
    from .publication import PublicationStatus
    from .versions import Versions


class PolicySnapshot(NamedTuple):
    """
    The policy of an application at one time, and how far it is enforced.

    Attributes:
        policy: The policy, with the session cookie in it.
        enforced: Whether the firewall enforces it; False if it only records.
        credentialless: Whether pages are sent with ``Cross-Origin-Embedder-Policy:
            credentialless``.
    """

    policy: CookiePolicy
    enforced: bool
    credentialless: bool


def no_versions(content_hash: str) -> None:
    """Return None: the application keeps no versions."""
    return


def counters_only() -> tuple[Processing, ...]:
    """Return the counters: the protection stores nothing else."""
    return (COUNTERS,)


class Sources(NamedTuple):
    """
    Where the pages get what they show. Each function is called once per request or more often.

    Args:
        snapshot: Return the policy to publish.
        status: Return the publication status of the content with a hash; None if no versions are
            kept.
        processing: Return what the protection itself stores.
        versions: Return the published versions; without it, old versions have no pages.
        erase: Make a response end the session and delete what the browser stores; without it,
            there is no page ``/this-browser``.
    """

    snapshot: Callable[[], PolicySnapshot]
    status: Callable[[str], PublicationStatus | None] = no_versions
    processing: Callable[[], tuple[Processing, ...]] = counters_only
    versions: Callable[[], Versions] | None = None
    erase: Callable[[Response], Response] | None = None
