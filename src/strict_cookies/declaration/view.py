"""
A document in words for a reader: sections of entries, in them rows of a label and its lines.

The shape is in :mod:`~strict_cookies.declaration.item`, what is the same in every document in
:mod:`~strict_cookies.declaration.i18n.labels`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..policy.cookie import COOKIE
from ..policy.external_origin import EXTERNAL_ORIGIN
from ..policy.preference import PREFERENCE
from ..policy.recipient import RECIPIENT
from ..policy.schema import ENTRY_SECTIONS
from ..policy.web_storage import STORAGE
from .document import UNTIL_BROWSER_CLOSES, UNTIL_TAB_CLOSES
from .i18n.labels import (
    CNIL_ITEMS,
    CONTACT,
    FIELD_LABELS,
    LABELS,
    REMARKS,
    SAMESITE,
    SECTIONS,
    UK_EXCEPTIONS,
)
from .i18n.language import Language, Said, pick_text
from .item import Item, Line, Row, Section, VersionItem, View

if TYPE_CHECKING:
    from ..policy.section import PublishedKey
    from .diff import Change

#: Keys of the rows that a table shows.
_COLUMNS = {
    "cookies": ("description", "without_it", "lifetime", "third_parties", "purposes"),
    "storage": ("description", "without_it", "lifetime", "third_parties", "purposes"),
    "preferences": ("description", "choices", "default"),
    "external_origins": ("recipient", "reason", "kinds"),
    "recipients": ("role", "data", "purpose", "countries", "safeguard"),
    "processing": ("kept_data", "purpose", "kept"),
}

_FIELD_LABELS = {
    **FIELD_LABELS,
    **{
        key.key: key.label
        for section in ENTRY_SECTIONS.values()
        for key in section.published_keys()
        if key.label
    },
}


def build_view(document: Mapping[str, Any], language: Language) -> View:
    """
    Say a document in a language.

    Args:
        document: As :func:`~strict_cookies.declaration.document.build_document` makes it.
        language: The reader's.
    """
    return _Writer(document, language).write()


def describe_changes(
    changes: Iterable[Change], document: Mapping[str, Any], language: Language
) -> tuple[str, ...]:
    """
    Say in words what differs between two documents.

    Args:
        changes: As :func:`~strict_cookies.declaration.diff.diff` gives them.
        document: The newer one.
        language: The reader's.
    """
    writer = _Writer(document, language)
    return tuple(writer.describe(change.as_data()) for change in changes)


class _Writer:
    """Writes one document in one language; what many entries share is worked out once."""

    def __init__(self, document: Mapping[str, Any], language: Language) -> None:
        self._document = document
        self._language = language
        self._default: str = document["site"]["languages"][0]
        self._ = language.gettext
        #: The same, for what is no text for the catalogues where it stands.
        self._t = language.gettext
        self._labels = {key: language.gettext(label) for key, label in LABELS.items()}
        self._remembered: dict[tuple[object, ...], Row] = {}

    def write(self) -> View:
        document, _ = self._document, self._
        tell: dict[str, Callable[[Any], Item]] = {
            "cookies": self._cookie,
            "storage": self._storage,
            "preferences": self._preference,
            "external_origins": self._origin,
            "recipients": self._recipient,
            "processing": self._processing,
        }
        sections = {
            name: Section(
                name.replace("_", "-"),
                _(heading),
                _(intro) if intro else "",
                tuple(map(tell[name], document[name])),
                _COLUMNS[name],
            )
            for name, (heading, intro) in SECTIONS.items()
        }
        statements = {
            key: _(text) for key, text in document["statements"].items() if text is not None
        }
        contact = tuple(
            Row(key, _(label), (Said(document["site"][key]),))
            for key, label in CONTACT.items()
            if document["site"][key]
        )
        return View(
            self._lead(),
            _("For some of what it does your browser contacts other sites, which are listed too.")
            if document["external_origins"]
            else "",
            sections,
            statements,
            contact,
            *self._edition(),
        )

    def _lead(self) -> str:
        language, document = self._language, self._document
        cookies = len(document["cookies"])
        parts = [language.ngettext("%(count)s cookie", "%(count)s cookies", cookies)]
        if storage := len(document["storage"]):
            parts.append(
                language.ngettext(
                    "%(count)s item of web storage", "%(count)s items of web storage", storage
                )
            )
        return self._(
            "This site states that it stores only what it strictly needs to work: %(items)s, "
            "listed below. Its policy admits nothing for analytics or advertising.",
            items=language.join(parts),
        )

    # Entries

    def _say(self, texts: Mapping[str, str]) -> Said:
        return pick_text(texts, self._language.tag, self._default)

    def _row(self, key: str, *lines: Line) -> Row:
        return Row(key, self._labels[key], lines)

    def _shared(self, key: str, make: Callable[[], Iterable[Line]], *parts: object) -> Row:
        """Make a row once for all entries that agree in some parts."""
        found = self._remembered.get((key, *parts))
        if found is None:
            found = self._remembered[key, *parts] = self._row(key, *make())
        return found

    def _labelled(self, keys: Iterable[PublishedKey], entry: Mapping[str, Any]) -> Iterator[Row]:
        """Yield a row for each published key with a label; older documents may lack it."""
        for key in keys:
            value = entry.get(key.key)
            if key.label and value is not None:
                lines = (
                    (self._say(value),)
                    if isinstance(value, Mapping)
                    else map(Said, value if isinstance(value, list) else [value])
                )
                yield Row(key.key, self._t(key.label), tuple(lines))

    def _cookie(self, item: Mapping[str, Any]) -> Item:
        lifetime, domain = item["lifetime"]["max_age_seconds"], item["domain"]
        httponly, others = item["httponly"], tuple(item["third_parties"])
        protection = (item["secure"], item["samesite"], item["partitioned"])
        return self._item(
            item,
            "",
            self._shared("lifetime", lambda: [self._life(lifetime)], "cookie", lifetime),
            self._shared("set_by", lambda: [self._setter(httponly)], httponly),
            self._shared("read_by", lambda: self._readers(domain, httponly), domain, httponly),
            self._shared("third_parties", lambda: self._others(others), others),
            self._shared("protection", lambda: self._protection(*protection), protection),
            *self._labelled(COOKIE.published_keys(), item),
        )

    def _storage(self, item: Mapping[str, Any]) -> Item:
        lifetime, others = item["lifetime"]["max_age_seconds"], tuple(item["third_parties"])
        return self._item(
            item,
            item["storage"],
            self._shared("lifetime", lambda: [self._stay(lifetime)], "storage", lifetime),
            self._row("set_by", self._("A script of this site")),
            self._row("read_by", self._("Scripts of this site")),
            self._shared("third_parties", lambda: self._others(others), others),
            *self._labelled(STORAGE.published_keys(), item),
        )

    def _item(self, item: Mapping[str, Any], note: str, *rows: Row) -> Item:
        if item["pattern"]:
            star = self._("The star stands for any further characters.")
            note = f"{note}. {star}" if note else star
        purposes = tuple(purpose["id"] for purpose in item["purposes"])
        return Item(
            self._say(item["title"]),
            item["name"],
            note,
            (
                self._row("description", self._say(item["description"])),
                self._row("without_it", self._say(item["without_it"])),
                *rows,
                self._shared("purposes", lambda: self._reliance(item), purposes, *item["remarks"]),
            ),
        )

    def _life(self, seconds: int | None) -> str:
        if seconds is None:
            return self._(UNTIL_BROWSER_CLOSES)
        return self._(
            "At most %(duration)s after it was last set (exactly %(seconds)s)",
            duration=self._language.duration(seconds),
            seconds=self._language.seconds(seconds),
        )

    def _stay(self, seconds: int | None) -> str:
        if seconds is None:
            return self._(UNTIL_TAB_CLOSES)
        return self._(
            "At most %(duration)s (exactly %(seconds)s). This site's own script erases it then; "
            "the browser does not do so by itself.",
            duration=self._language.duration(seconds),
            seconds=self._language.seconds(seconds),
        )

    def _setter(self, httponly: bool) -> str:
        _ = self._
        return (
            _("The server of this site") if httponly else _("The server or a script of this site")
        )

    def _readers(self, domain: str | None, httponly: bool) -> list[Line]:
        _ = self._
        return [
            _("The servers of %(domain)s and of the hosts below it", domain=domain)
            if domain
            else _("The server of this host only"),
            _("No script (HttpOnly)") if httponly else _("Scripts of this site"),
        ]

    def _others(self, names: tuple[str, ...]) -> list[Line]:
        _ = self._
        if not names:
            return [_("No")]
        return [
            _(
                "Yes: scripts of %(names)s run in pages of this site and can read it",
                names=self._language.join(names),
            )
        ]

    def _protection(self, secure: bool, samesite: str, partitioned: bool) -> list[Line]:
        _ = self._
        lines: list[Line] = [
            _("Encrypted connections only (Secure)")
            if secure
            else _("Also sent without encryption, for development"),
            _(SAMESITE[samesite]),
        ]
        if partitioned:
            lines.append(_("Kept apart for each site that embeds this one (Partitioned)"))
        return lines

    def _reliance(self, item: Mapping[str, Any]) -> list[Line]:
        _, join = self._, self._language.join
        purposes = item["purposes"]
        lines: list[Line] = ["; ".join(self._t(purpose["label"]) for purpose in purposes)]

        def gather(place: str, key: str) -> list[str]:
            found = (one["legal"][place][key] for one in purposes if place in one["legal"])
            return list(dict.fromkeys(found))

        if criteria := gather("EU", "criterion"):
            lines.append(
                _(
                    "The operator relies on exemption %(criterion)s of Article 5(3) of the "
                    "ePrivacy Directive; compare WP194 no. %(scenario)s.",
                    criterion=join(criteria),
                    scenario=join(gather("EU", "wp194_scenario")),
                )
            )
        if exceptions := gather("UK", "schedule_a1"):
            lines.append(
                _(
                    "United Kingdom: the operator relies on Schedule A1 to the PECR, exception "
                    "“%(exception)s”.",
                    exception=join(_(UK_EXCEPTIONS[one]) for one in exceptions),
                )
            )
        if items := gather("FR", "cnil_item"):
            lines.append(
                _(
                    "France: compare “%(item)s” in the CNIL's recommendation of 17 September 2020.",
                    item=join(_(CNIL_ITEMS[one]) for one in items),
                )
            )
        lines += [_(REMARKS[remark]) for remark in item["remarks"]]
        return lines

    def _preference(self, entry: Mapping[str, Any]) -> Item:
        return Item(
            self._say(entry["title"]),
            entry["name"],
            "",
            (
                self._row("description", self._say(entry["description"])),
                self._row("choices", *map(Said, entry["choices"])),
                self._row("default", Said(entry["default"])),
                *self._labelled(PREFERENCE.published_keys(), entry),
            ),
        )

    def _origin(self, entry: Mapping[str, Any]) -> Item:
        _ = self._
        texts: dict[str, list[str]] = {}
        for kind in entry["kinds"]:
            text = " ".join(_(one) for one in (kind["cookies_text"], kind["note"]) if one)
            texts.setdefault(text, []).append(self._t(kind["label"]))
        return Item(
            Said(entry["recipient"]),
            entry["origin"],
            "",
            (
                self._row("recipient", Said(entry["recipient"])),
                self._row("reason", self._say(entry["reason"])),
                self._row(
                    "kinds",
                    *(f"{self._language.join(kinds)}: {text}" for text, kinds in texts.items()),
                ),
                *self._labelled(EXTERNAL_ORIGIN.published_keys(), entry),
            ),
        )

    def _recipient(self, entry: Mapping[str, Any]) -> Item:
        safeguard: Line = self._(
            "None needed: within the European Economic Area or the United Kingdom"
        )
        if entry["safeguard"] is not None:
            safeguard = self._say(entry["safeguard"])
        countries = (self._language.country(one["code"]) for one in entry["countries"])
        return Item(
            Said(entry["name"]),
            "",
            "",
            (
                self._row("role", self._say(entry["role"])),
                self._row("data", self._say(entry["data"])),
                self._row("purpose", self._say(entry["purpose"])),
                self._row("countries", self._language.join(countries)),
                self._row("safeguard", safeguard),
                *self._labelled(RECIPIENT.published_keys(), entry),
            ),
        )

    def _processing(self, entry: Mapping[str, Any]) -> Item:
        _, kept = self._, entry["kept"]
        seconds = kept["seconds"]
        return Item(
            self._t(entry["title"]["en"]),
            "",
            "",
            (
                self._row("kept_data", self._t(entry["data"])),
                self._row("purpose", self._t(entry["purpose"])),
                self._row(
                    "kept",
                    self._t(kept["text"]) if seconds is None else self._language.duration(seconds),
                ),
            ),
        )

    # Versions

    def _edition(self) -> tuple[str, str, tuple[VersionItem, ...]]:
        _, edition = self._, self._document["edition"]
        if edition is None:
            return "", "", ()
        versions = tuple(
            VersionItem(
                _(
                    "Version %(version)s, in force since %(date)s",
                    version=past["version"],
                    date=self._date(past["effective_from"]),
                ),
                tuple(map(self.describe, past["changes"])),
                past["version"],
            )
            for past in edition["history"]
        )
        newest = edition["history"][0]["effective_from"] if edition["history"] else ""
        if edition["status"] == "draft":
            status = _("Draft: this text has not been published as a version yet.")
        elif edition["status"] == "unknown":
            status = _("Which version this is, and what came before it, can't be had right now.")
        else:
            status = versions[0].heading
        return status, self._date(newest) if newest else "", versions

    def _date(self, text: str) -> str:
        return self._language.date(datetime.date.fromisoformat(text))

    def describe(self, change: Mapping[str, Any]) -> str:
        """Say one change."""
        _, section = self._, change["section"]
        heading = _(SECTIONS[section][0]) if section in SECTIONS else _("About this site")
        what = heading
        if change["name"]:
            title = self._say(change["title"] or {}).text
            name = f"{title} ({change['name']})" if title else change["name"]
            what = f"{heading}, {name}"
        if change["change"] == "added":
            return _("Added: %(what)s", what=what)
        if change["change"] == "removed":
            return _("Removed: %(what)s", what=what)
        fields = [_FIELD_LABELS.get(field) for field in change["fields"]]
        named = list(dict.fromkeys(_(label) for label in fields if label))
        if named:
            what = f"{what}: {self._language.join(named)}"
        return _("Changed: %(what)s", what=what)
