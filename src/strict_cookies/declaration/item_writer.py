"""
The items of a document in a language: their rows, each with a label and lines.

What many items have in common is built once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..policy.cookie import COOKIE
from ..policy.external_origin import EXTERNAL_ORIGIN
from ..policy.preference import PREFERENCE
from ..policy.recipient import RECIPIENT
from ..policy.web_storage import STORAGE
from .document import UNTIL_BROWSER_CLOSES, UNTIL_TAB_CLOSES
from .i18n.labels import CNIL_ITEMS, LABELS, REMARKS, SAMESITE, UK_EXCEPTIONS
from .i18n.language import DeclaredText, Language, pick_text
from .item import Item, Line, Row

if TYPE_CHECKING:
    from ..policy.section import PublishedKey


class ItemWriter:
    """
    Write the items of one document in one language.

    Args:
        default: The site's first language, for texts that lack the reader's.
        language: The reader's language.
    """

    def __init__(self, default: str, language: Language) -> None:
        self._default = default
        self._language = language
        self._ = language.gettext
        #: The same, for texts that are marked for the catalogues elsewhere.
        self._t = language.gettext
        self._labels = {key: language.gettext(label) for key, label in LABELS.items()}
        self._shared_rows: dict[tuple[object, ...], Row] = {}
        self._writers: dict[str, Callable[[Any], Item]] = {
            "cookies": self._cookie,
            "storage": self._storage,
            "preferences": self._preference,
            "external_origins": self._origin,
            "recipients": self._recipient,
            "processing": self._processing,
        }

    def write(self, section: str, entry: Mapping[str, Any]) -> Item:
        """Write an entry of one of the document's lists."""
        return self._writers[section](entry)

    def pick(self, texts: Mapping[str, str]) -> DeclaredText:
        """Return a declared text in the reader's language if it has it."""
        return pick_text(texts, self._language.tag, self._default)

    def _row(self, key: str, *lines: Line) -> Row:
        return Row(key, self._labels[key], lines)

    def _shared(self, key: str, write: Callable[[], Iterable[Line]], *parts: object) -> Row:
        """Return the row that all entries with the same parts have in common."""
        row = self._shared_rows.get((key, *parts))
        if row is None:
            row = self._shared_rows[key, *parts] = self._row(key, *write())
        return row

    def _labelled(self, keys: Iterable[PublishedKey], entry: Mapping[str, Any]) -> Iterator[Row]:
        """Yield a row for each published key with a label; older documents may lack it."""
        for key in keys:
            value = entry.get(key.key)
            if key.label and value is not None:
                lines = (
                    (self.pick(value),)
                    if isinstance(value, Mapping)
                    else map(DeclaredText, value if isinstance(value, list) else [value])
                )
                yield Row(key.key, self._t(key.label), tuple(lines))

    def _cookie(self, item: Mapping[str, Any]) -> Item:
        lifetime, domain = item["lifetime"]["max_age_seconds"], item["domain"]
        httponly, third_parties = item["httponly"], tuple(item["third_parties"])
        protection = (item["secure"], item["samesite"], item["partitioned"])
        return self._item(
            item,
            "",
            self._shared("lifetime", lambda: [self._lives_for(lifetime)], "cookie", lifetime),
            self._shared("set_by", lambda: [self._setter(httponly)], httponly),
            self._shared("read_by", lambda: self._readers(domain, httponly), domain, httponly),
            self._shared("third_parties", lambda: self._access(third_parties), third_parties),
            self._shared("protection", lambda: self._protection(*protection), protection),
            *self._labelled(COOKIE.published_keys(), item),
        )

    def _storage(self, item: Mapping[str, Any]) -> Item:
        lifetime, third_parties = item["lifetime"]["max_age_seconds"], tuple(item["third_parties"])
        return self._item(
            item,
            item["storage"],
            self._shared("lifetime", lambda: [self._stored_for(lifetime)], "storage", lifetime),
            self._row("set_by", self._("A script of this site")),
            self._row("read_by", self._("Scripts of this site")),
            self._shared("third_parties", lambda: self._access(third_parties), third_parties),
            *self._labelled(STORAGE.published_keys(), item),
        )

    def _item(self, item: Mapping[str, Any], note: str, *rows: Row) -> Item:
        if item["pattern"]:
            star = self._("The star stands for any further characters.")
            note = f"{note}. {star}" if note else star
        purposes = tuple(purpose["id"] for purpose in item["purposes"])
        return Item(
            self.pick(item["title"]),
            item["name"],
            note,
            (
                self._row("description", self.pick(item["description"])),
                self._row("without_it", self.pick(item["without_it"])),
                *rows,
                self._shared("purposes", lambda: self._reliance(item), purposes, *item["remarks"]),
            ),
        )

    def _lives_for(self, seconds: int | None) -> str:
        if seconds is None:
            return self._(UNTIL_BROWSER_CLOSES)
        return self._(
            "At most %(duration)s after it was last set (exactly %(seconds)s)",
            duration=self._language.duration(seconds),
            seconds=self._language.seconds(seconds),
        )

    def _stored_for(self, seconds: int | None) -> str:
        if seconds is None:
            return self._(UNTIL_TAB_CLOSES)
        return self._(
            "At most %(duration)s (exactly %(seconds)s). This site's own script deletes it "
            "then; the browser does not do so by itself.",
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
            _("The servers of %(domain)s and of its subdomains", domain=domain)
            if domain
            else _("The server of this host only"),
            _("No script (HttpOnly)") if httponly else _("Scripts of this site"),
        ]

    def _access(self, names: tuple[str, ...]) -> list[Line]:
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
            lines.append(_("Kept separately for each site that embeds this one (Partitioned)"))
        return lines

    def _reliance(self, item: Mapping[str, Any]) -> list[Line]:
        _, join = self._, self._language.join
        purposes = item["purposes"]
        lines: list[Line] = ["; ".join(self._t(purpose["label"]) for purpose in purposes)]

        def gather(place: str, key: str) -> list[str]:
            values = (one["legal"][place][key] for one in purposes if place in one["legal"])
            return list(dict.fromkeys(values))

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
            self.pick(entry["title"]),
            entry["name"],
            "",
            (
                self._row("description", self.pick(entry["description"])),
                self._row("choices", *map(DeclaredText, entry["choices"])),
                self._row("default", DeclaredText(entry["default"])),
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
            DeclaredText(entry["recipient"]),
            entry["origin"],
            "",
            (
                self._row("recipient", DeclaredText(entry["recipient"])),
                self._row("reason", self.pick(entry["reason"])),
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
            safeguard = self.pick(entry["safeguard"])
        countries = (self._language.country(one["code"]) for one in entry["countries"])
        return Item(
            DeclaredText(entry["name"]),
            "",
            "",
            (
                self._row("role", self.pick(entry["role"])),
                self._row("data", self.pick(entry["data"])),
                self._row("purpose", self.pick(entry["purpose"])),
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
