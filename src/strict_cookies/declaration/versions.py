"""
The published versions of a declaration, in a log of the archive that is never truncated.

Commands write it and pages read it. A process caches the versions and reads the archive again after
:data:`CACHE_SECONDS`, so that all workers show a new version within that time. If the archive is
unavailable, a process uses its cache; without one, the page says that the history is not available.
No page fails because of it.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import StoreUnavailableError, UnchangedDeclarationError
from .changes import Change, compare_documents
from .publication import PublicationStatus, PublishedVersion

if TYPE_CHECKING:
    from ..archive.base import Archive, Entry

#: The log of the archive.
LOG = "declaration-versions"
#: The shelf of the PDFs: ``3.de`` is the German PDF of version 3, ``3`` its list of languages.
SHELF = "declaration-pdf"
#: How long a process uses what it has read, in seconds.
CACHE_SECONDS = 10.0
#: The number of entries that are read at a time.
_BATCH = 20

#: The status while a process has never been able to read the archive.
UNKNOWN = PublicationStatus(known=False)

logger = logging.getLogger("strict_cookies")


class Version(NamedTuple):
    """
    One version that was published.

    Args:
        number: Counted from 1.
        published_at: Seconds since the epoch.
        effective_from: The day from which it is in force.
        changes: The changes from the version before it; empty for the first.
        document: As :func:`~strict_cookies.declaration.document.build_document` returned it,
            without its edition.
    """

    number: int
    published_at: int
    effective_from: datetime.date
    changes: tuple[Change, ...]
    document: Mapping[str, Any]

    @property
    def summary(self) -> PublishedVersion:
        """The version as an entry of the history."""
        return PublishedVersion(
            version=self.number,
            effective_from=self.effective_from,
            hash=self.document["hash"],
            changes=self.changes,
        )

    def to_bytes(self) -> bytes:
        """Return it as the archive stores it."""
        data = {
            "published_at": self.published_at,
            "effective_from": self.effective_from.isoformat(),
            "changes": [change.to_json() for change in self.changes],
            "document": {**self.document, "edition": None},
        }
        return json.dumps(data, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_entry(cls, entry: Entry) -> Version:
        """Parse an entry of the archive."""
        data = json.loads(entry.data)
        return cls(
            number=entry.number,
            published_at=data["published_at"],
            effective_from=datetime.date.fromisoformat(data["effective_from"]),
            changes=tuple(
                Change(**{**change, "fields": tuple(change["fields"])})
                for change in data["changes"]
            ),
            document=data["document"],
        )


class VersionCache(NamedTuple):
    """
    The versions as a process last read them.

    Attributes:
        history: The newest first.
        published_at: When the newest was published, in seconds since the epoch.
        pdf_languages: The languages of the newest version's PDFs.
        last: The newest entry of the archive.
        published: The status of the newest version's content.
        draft: The status of any other content.
    """

    history: tuple[PublishedVersion, ...]
    published_at: int
    pdf_languages: tuple[str, ...]
    last: Entry | None
    published: PublicationStatus
    draft: PublicationStatus


class Versions:
    """
    Record and read versions.

    Args:
        archive: Return the archive that has them; called when it is needed.
        clock: Return seconds since the epoch, UTC.
        monotonic: Return seconds that never go back.
    """

    def __init__(
        self,
        archive: Callable[[], Archive],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cache: VersionCache | None = None
        self._read_at: float | None = None
        self._is_unavailable = False

    # For pages

    def status_of(self, content_hash: str) -> PublicationStatus:
        """
        Return the publication status of a content.

        Args:
            content_hash: As :func:`~strict_cookies.declaration.document.hash_content` returns it.
        """
        cached = self.cached()
        if cached is None:
            return UNKNOWN
        is_newest = bool(cached.history) and cached.history[0].hash == content_hash
        return cached.published if is_newest else cached.draft

    def cached(self) -> VersionCache | None:
        """
        Return the versions, at most :data:`CACHE_SECONDS` old while the archive is available.

        Returns:
            None if the archive has never been available.
        """
        read_at = self._read_at
        if read_at is not None and self._monotonic() - read_at < CACHE_SECONDS:
            return self._cache
        # One thread reads, and the others use the cache; without a cache they wait.
        if self._lock.acquire(blocking=read_at is None):
            try:
                if self._read_at == read_at:
                    self._refresh()
            finally:
                self._lock.release()
        return self._cache

    def history_of(self, number: int) -> tuple[PublishedVersion, ...]:
        """Return a version and all before it, the newest first; empty if there is none."""
        cached = self.cached()
        if cached is None or number < 1:
            return ()
        return tuple(version for version in cached.history if version.version <= number)

    # For commands

    def find(self, number: int) -> Version | None:
        """
        Read one version.

        Raises:
            StoreUnavailableError: The archive is unavailable.
        """
        entries = self._archive().read(LOG, after=number - 1, limit=1) if number > 0 else []
        if not entries or entries[0].number != number:
            return None
        return Version.from_entry(entries[0])

    def last(self) -> Version | None:
        """
        Read the newest version.

        Raises:
            StoreUnavailableError: The archive is unavailable.
        """
        entry = self._archive().last(LOG)
        return None if entry is None else Version.from_entry(entry)

    def prepare(
        self,
        document: Mapping[str, Any],
        last: Version | None,
        effective_from: datetime.date | None,
    ) -> Version:
        """
        Create the next version, without recording it.

        Args:
            document: The content.
            last: The newest version; None if there is none.
            effective_from: The day from which it is in force; None for today, UTC.

        Raises:
            UnchangedDeclarationError: The newest version has the same content.
        """
        if last is not None and last.document["hash"] == document["hash"]:
            raise UnchangedDeclarationError(last.number)
        now = int(self._clock())
        return Version(
            number=last.number + 1 if last else 1,
            published_at=now,
            effective_from=effective_from
            or datetime.datetime.fromtimestamp(now, datetime.UTC).date(),
            changes=compare_documents(last.document, document) if last else (),
            document={**document, "edition": None},
        )

    def record(
        self, document: Mapping[str, Any], *, effective_from: datetime.date | None = None
    ) -> Version:
        """
        Record a version.

        Args:
            document: The content.
            effective_from: As for :meth:`prepare`.

        Raises:
            UnchangedDeclarationError: The newest version has the same content.
            StoreUnavailableError: The archive is unavailable; most likely nothing was recorded.
        """

        def create(last: Entry | None) -> bytes:
            newest = None if last is None else Version.from_entry(last)
            return self.prepare(document, newest, effective_from).to_bytes()

        version = Version.from_entry(self._archive().append(LOG, create))
        self._read_at = None
        return version

    def store_pdfs(self, number: int, pdfs: Mapping[str, bytes]) -> None:
        """
        Store the PDFs of a version, by language.

        Raises:
            StoreUnavailableError: The archive is unavailable.
        """
        archive = self._archive()
        for language, pdf in pdfs.items():
            archive.put(SHELF, f"{number}.{language}", pdf)
        archive.put(SHELF, str(number), " ".join(pdfs).encode())
        self._read_at = None

    def read_pdf(self, number: int, language: str) -> bytes | None:
        """
        Read a PDF; None if there is none.

        Raises:
            StoreUnavailableError: The archive is unavailable.
        """
        return self._archive().get(SHELF, f"{number}.{language}")

    def pdf_languages(self, number: int) -> tuple[str, ...]:
        """
        Return the languages in which a version has a PDF.

        Raises:
            StoreUnavailableError: The archive is unavailable.
        """
        return tuple((self._archive().get(SHELF, str(number)) or b"").decode().split())

    # Reading

    def _refresh(self) -> None:
        try:
            self._cache = self._read()
        except StoreUnavailableError as error:
            if not self._is_unavailable:
                logger.warning("The versions of the declaration can't be read: %s", error)
            self._is_unavailable = True
        else:
            self._is_unavailable = False
        self._read_at = self._monotonic()

    def _read(self) -> VersionCache:
        cache, last = self._cache, self._archive().last(LOG)
        languages = () if last is None else self.pdf_languages(last.number)
        if cache is not None and cache.last == last:
            return cache._replace(pdf_languages=languages)
        versions = [] if last is None else list(self._all())
        history = tuple(version.summary for version in reversed(versions))
        return VersionCache(
            history=history,
            published_at=versions[-1].published_at if versions else 0,
            pdf_languages=languages,
            last=last,
            published=PublicationStatus(history=history, draft=False),
            draft=PublicationStatus(history=history, draft=True),
        )

    def _all(self) -> Iterator[Version]:
        """Read every version, the oldest first."""
        after = 0
        while entries := self._archive().read(LOG, after=after, limit=_BATCH):
            yield from map(Version.from_entry, entries)
            after = entries[-1].number
