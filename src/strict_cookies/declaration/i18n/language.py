"""
The library's own texts in eight languages: messages, plurals, durations, dates and countries.

The catalogues are ``.po`` files, compiled when a language is first used, so no compiled file can be
stale. Texts that a site declares are not translated: see :func:`pick_text`.

Source: CLDR, through Babel.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

if TYPE_CHECKING:
    import datetime
    from gettext import GNUTranslations

    from babel import Locale

#: The tags with each language's name for itself, in the order of the page.
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
}
#: The language of the message ids.
SOURCE_LANGUAGE = "en"
#: Locales for tags whose default in CLDR is the usage of another country.
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}
#: Seconds below which something happened just now; timestamps are stored to the minute.
JUST_NOW = 120
_DIRECTORY = Path(__file__).with_name("translations")
_DAY, _HOUR = 86_400, 3_600
_UNITS = (("day", _DAY), ("hour", _HOUR), ("minute", 60), ("second", 1))


class DeclaredText(NamedTuple):
    """
    A text that the site declared, separated from the text around it.

    Attributes:
        text: As declared.
        lang: Its language tag if that is not the page's; otherwise empty.
    """

    text: str
    lang: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def markup(self) -> Markup:
        """The text as HTML."""
        # The text is escaped.
        return Markup(self.__html__())  # noqa: S704

    def __html__(self) -> str:
        # bdi keeps overrides of the writing direction within the text.
        lang = f' lang="{escape(self.lang)}"' if self.lang else ""
        return f"<bdi{lang}>{escape(self.text)}</bdi>"


def pick_text(texts: Mapping[str, str], wanted: str, default: str) -> DeclaredText:
    """
    Pick a declared text for a reader.

    Args:
        texts: By language tag.
        wanted: The page's language.
        default: The site's first language.

    Returns:
        The text, with its language if that is not the wanted one.
    """
    if wanted in texts:
        return DeclaredText(texts[wanted])
    variants = [tag for tag in texts if tag.partition("-")[0] == wanted]
    for tag in (*variants, default, *texts):
        if tag in texts:
            return DeclaredText(texts[tag], "" if tag.partition("-")[0] == wanted else tag)
    return DeclaredText("")


class Language:
    """
    One language of the page.

    Args:
        tag: One of :data:`LANGUAGES`.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag

    @cached_property
    def locale(self) -> Locale:
        """The locale for numbers, dates and lists."""
        from babel import Locale

        return Locale.parse(_LOCALES.get(self.tag, self.tag))

    @cached_property
    def _catalogue(self) -> GNUTranslations:
        from gettext import GNUTranslations

        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        text = (_DIRECTORY / f"{self.tag}.po").read_bytes()
        compiled = io.BytesIO()
        write_mo(compiled, read_po(io.BytesIO(text), locale=self.tag))
        compiled.seek(0)
        return GNUTranslations(compiled)

    def gettext(self, message: str, **values: object) -> str:
        """Translate a message, and insert the values for ``%(name)s``."""
        if self.tag != SOURCE_LANGUAGE:
            message = self._catalogue.gettext(message)
        return message % values if values else message

    def ngettext(self, one: str, several: str, count: int) -> str:
        """Translate a message with a plural, and insert the number for ``%(count)s``."""
        if self.tag == SOURCE_LANGUAGE:
            message = one if count == 1 else several
        else:
            message = self._catalogue.ngettext(one, several, count)
        return message % {"count": self.number(count)}

    def number(self, number: int) -> str:
        """Format a whole number."""
        from babel.numbers import format_decimal

        return format_decimal(number, locale=self.locale)

    def duration(self, seconds: int) -> str:
        """Format a duration in the largest unit that divides it."""
        unit, size = next(pair for pair in _UNITS if seconds % pair[1] == 0)
        return self._in_units(seconds // size, unit)

    def seconds(self, seconds: int) -> str:
        """Format a duration in seconds."""
        return self._in_units(seconds, "second")

    def _in_units(self, count: int, unit: str) -> str:
        from babel.units import format_unit

        return format_unit(count, f"duration-{unit}", locale=self.locale)

    def date(self, date: datetime.date) -> str:
        """Format a date with the name of its month."""
        from babel.dates import format_date

        return format_date(date, "long", locale=self.locale)

    def ago(self, seconds: int) -> str:
        """Format how long ago something was, in the largest unit, as in ``"3 hours ago"``."""
        if seconds < JUST_NOW:
            return self.gettext("just now")
        if seconds < _HOUR:
            return self.ngettext("%(count)s minute ago", "%(count)s minutes ago", seconds // 60)
        if seconds < _DAY:
            return self.ngettext("%(count)s hour ago", "%(count)s hours ago", seconds // _HOUR)
        return self.ngettext("%(count)s day ago", "%(count)s days ago", seconds // _DAY)

    def country(self, code: str) -> str:
        """Return the name of a country; its code if the language has no name for it."""
        return str(self.locale.territories.get(code, code))

    def join(self, parts: Iterable[str]) -> str:
        """Format a list: ``"a, b and c"``."""
        from babel.lists import format_list

        return format_list(list(parts), locale=self.locale)


def translate_to_all(*messages: str) -> list[dict[str, str]]:
    """
    Return texts of the library in every language, by tag.

    Applications need them when they start, so the catalogues are read without Babel: 3 ms instead
    of 180.
    """
    texts = [dict.fromkeys(LANGUAGES, message) for message in messages]
    for tag in LANGUAGES:
        if tag == SOURCE_LANGUAGE:
            continue
        catalogue = (_DIRECTORY / f"{tag}.po").read_text("utf-8")
        for message, by_tag in zip(messages, texts, strict=True):
            # scripts/extract_messages.py writes each text on one line.
            msgid = f"\nmsgid {json.dumps(message, ensure_ascii=False)}\nmsgstr "
            _, is_there, rest = catalogue.partition(msgid)
            if is_there:
                by_tag[tag] = json.loads(rest.partition("\n")[0])
    return texts


@lru_cache(maxsize=len(LANGUAGES))
def find_language(tag: str) -> Language:
    """Return a language, or English if the library has no such language."""
    return Language(tag if tag in LANGUAGES else SOURCE_LANGUAGE)
