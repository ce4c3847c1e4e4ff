"""
The versions of a declaration that were published, in a log of the archive that is never cut.

Whoever publishes writes here; pages read. They read rarely: what a process knows is asked for again
after :data:`FRESH_SECONDS`, so that a publication appears in all workers within that time. Where
the archive is away, a process goes on with what it knows; if it knows nothing yet, the page says
that the history can't be had now. Nothing here ends a page.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import StoreUnavailableError, UnchangedDeclarationError
from .diff import Change, diff
from .publication import PublicationStatus, PublishedVersion

if TYPE_CHECKING:
    from ..archive.base import Archive, Entry

#: The log of the archive.
LOG = "declaration-versions"
#: The shelf of the PDFs: ``3.de`` for one, ``3`` for the languages that there are.
SHELF = "declaration-pdf"
#: Seconds after which a process asks the archive again.
FRESH_SECONDS = 10.0
#: Entries that are read at a time.
_BATCH = 20

#: Of a process that could not read the archive yet.
UNKNOWN = PublicationStatus(known=False)

logger = logging.getLogger("strict_cookies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """
    One version that was published.

    Args:
        number: Counted from 1.
        published_at: When, in seconds since the epoch.
        effective_from: The day from which it counts.
        changes: What it changed; empty for the first.
        document: As :func:`~strict_cookies.declaration.document.build_document` made it, without
            its edition.
    """

    number: int
    published_at: int
    effective_from: datetime.date
    changes: tuple[Change, ...]
    document: Mapping[str, Any]

    @property
    def past(self) -> PublishedVersion:
        """How it stands in a history."""
        return PublishedVersion(
            version=self.number,
            effective_from=self.effective_from,
            hash=self.document["hash"],
            changes=self.changes,
        )

    def as_octets(self) -> bytes:
        """Give it as it is kept."""
        data = {
            "published_at": self.published_at,
            "effective_from": self.effective_from.isoformat(),
            "changes": [change.as_data() for change in self.changes],
            "document": {**self.document, "edition": None},
        }
        return json.dumps(data, separators=(",", ":")).encode("ascii")

    @classmethod
    def of(cls, entry: Entry) -> Version:
        """Read it as it is kept."""
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
    What a process knows of the versions.

    Attributes:
        history: The newest first.
        published_at: When the newest was published, in seconds since the epoch.
        pdf_languages: In which the newest can be had as PDF.
        last: The entry that this was made from.
        published: The edition of the newest.
        draft: The edition of any other content.
    """

    history: tuple[PublishedVersion, ...]
    published_at: int
    pdf_languages: tuple[str, ...]
    last: Entry | None
    published: PublicationStatus
    draft: PublicationStatus


class Versions:
    """
    Record versions, and tell what was recorded.

    Args:
        archive: Gives where they are; asked when they are needed.
        clock: Seconds since the epoch, UTC.
        ticks: Seconds that never go back.
    """

    def __init__(
        self,
        archive: Callable[[], Archive],
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._ticks = ticks
        self._lock = threading.Lock()
        self._known: VersionCache | None = None
        self._asked_at: float | None = None
        self._away = False

    # For pages

    def edition(self, content_hash: str) -> PublicationStatus:
        """
        Tell the standing of a content.

        Args:
            content_hash: As :func:`~strict_cookies.declaration.document.hash_content` gives it.
        """
        known = self.known()
        if known is None:
            return UNKNOWN
        is_newest = bool(known.history) and known.history[0].hash == content_hash
        return known.published if is_newest else known.draft

    def known(self) -> VersionCache | None:
        """Give what is known, at most :data:`FRESH_SECONDS` old where the archive answers."""
        asked_at = self._asked_at
        if asked_at is not None and self._ticks() - asked_at < FRESH_SECONDS:
            return self._known
        # One asks, and the others go on with what there is; at the beginning they wait.
        if self._lock.acquire(blocking=asked_at is None):
            try:
                if self._asked_at == asked_at:
                    self._ask()
            finally:
                self._lock.release()
        return self._known

    def history_of(self, number: int) -> tuple[PublishedVersion, ...]:
        """Give a version and what came before it, the newest first; empty where it is unknown."""
        known = self.known()
        history = () if known is None else known.history
        return tuple(past for past in history if past.version <= number) if number > 0 else ()

    # For those who publish

    def find(self, number: int) -> Version | None:
        """
        Read one version.

        Raises:
            StoreUnavailableError: The archive is away.
        """
        found = self._archive().read(LOG, after=number - 1, limit=1) if number > 0 else []
        return Version.of(found[0]) if found and found[0].number == number else None

    def last(self) -> Version | None:
        """
        Read the newest version.

        Raises:
            StoreUnavailableError: The archive is away.
        """
        entry = self._archive().last(LOG)
        return None if entry is None else Version.of(entry)

    def prepare(
        self,
        document: Mapping[str, Any],
        last: Version | None,
        effective_from: datetime.date | None,
    ) -> Version:
        """
        Make the version that follows upon another, without recording it.

        Args:
            document: The content.
            last: The newest version; None where there is none.
            effective_from: The day from which it counts; None for today, UTC.

        Raises:
            UnchangedDeclarationError: The content is that of the newest version.
        """
        if last is not None and last.document["hash"] == document["hash"]:
            raise UnchangedDeclarationError(last.number)
        now = int(self._clock())
        return Version(
            number=last.number + 1 if last else 1,
            published_at=now,
            effective_from=effective_from
            or datetime.datetime.fromtimestamp(now, datetime.UTC).date(),
            changes=diff(last.document, document) if last else (),
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
            UnchangedDeclarationError: The content is that of the newest version.
            StoreUnavailableError: Nothing was recorded, as far as can be known.
        """

        def make(last: Entry | None) -> bytes:
            before = None if last is None else Version.of(last)
            return self.prepare(document, before, effective_from).as_octets()

        version = Version.of(self._archive().append(LOG, make))
        self._asked_at = None
        return version

    def keep_pdfs(self, number: int, pdfs: Mapping[str, bytes]) -> None:
        """
        Keep the PDFs of a version, by language.

        Raises:
            StoreUnavailableError: The archive is away.
        """
        archive = self._archive()
        for language, octets in pdfs.items():
            archive.put(SHELF, f"{number}.{language}", octets)
        archive.put(SHELF, str(number), " ".join(pdfs).encode())
        self._asked_at = None

    def find_pdf(self, number: int, language: str) -> bytes | None:
        """
        Give a PDF.

        Raises:
            StoreUnavailableError: The archive is away.
        """
        return self._archive().get(SHELF, f"{number}.{language}")

    def pdf_languages(self, number: int) -> tuple[str, ...]:
        """
        Tell in which languages a version can be had as PDF.

        Raises:
            StoreUnavailableError: The archive is away.
        """
        return tuple((self._archive().get(SHELF, str(number)) or b"").decode().split())

    # Reading

    def _ask(self) -> None:
        try:
            self._known = self._read()
        except StoreUnavailableError as error:
            if not self._away:
                logger.warning("The versions of the declaration can't be read: %s", error)
            self._away = True
        else:
            self._away = False
        self._asked_at = self._ticks()

    def _read(self) -> VersionCache:
        known, last = self._known, self._archive().last(LOG)
        languages = () if last is None else self.pdf_languages(last.number)
        if known is not None and known.last == last:
            return (
                known
                if known.pdf_languages == languages
                else known._replace(pdf_languages=languages)
            )
        versions = [] if last is None else list(self._all())
        history = tuple(version.past for version in reversed(versions))
        return VersionCache(
            history=history,
            published_at=versions[-1].published_at if versions else 0,
            pdf_languages=languages,
            last=last,
            published=PublicationStatus(history=history, draft=False),
            draft=PublicationStatus(history=history, draft=True),
        )

    def _all(self) -> Iterator[Version]:
        """Read all, the oldest first."""
        after = 0
        while entries := self._archive().read(LOG, after=after, limit=_BATCH):
            yield from map(Version.of, entries)
            after = entries[-1].number
