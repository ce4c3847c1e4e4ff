"""Eight languages: catalogues complete and true to the texts, nothing visible left in English."""

from __future__ import annotations

import datetime
import importlib.util
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from strict_cookies import CookiePolicy, Site
from strict_cookies.declaration import view
from strict_cookies.declaration.document import build_document
from strict_cookies.declaration.i18n import labels
from strict_cookies.declaration.i18n import language as module
from strict_cookies.declaration.i18n.language import (
    LANGUAGES,
    DeclaredText,
    find_language,
    pick_text,
)
from strict_cookies.declaration.i18n.session_texts import former_session_texts, session_texts
from strict_cookies.declaration.processing import PROCESSING, Processing
from strict_cookies.policy.purposes import Purpose
from strict_cookies.policy.web_storage import STORAGE_NAMES
from tests.declaration.test_document import WIDE, client_of
from tests.declaration.test_exports import EDITION, PURPOSES

ROOT = Path(__file__).parents[3]
TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]
#: Words that are spelt alike in two languages.
ALIKE = {
    "de": {"Browser", "Cookie", "Cookies"},
    "fr": {"Contact", "Cookie", "Cookies", "Protection", "Scripts", "Session", "Sessions",
           "Versions",
           "Images"},
    "es": {"Cookie", "Cookies", "No", "Scripts"},
    "it": {"Browser", "Cookie", "No"},
    "nl": {"Browser", "Cookie", "Cookies", "Scripts"},
    "pl": set(),
    "pt": {"Cookie", "Cookies", "Scripts"},
}  # fmt: skip


def extractor():
    """Load the script that finds the texts."""
    path = ROOT / "scripts" / "extract_messages.py"
    spec = importlib.util.spec_from_file_location("extract_messages", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def catalogue(tag):
    """Read a language's catalogue."""
    text = (Path(module.__file__).parent / "translations" / f"{tag}.po").read_bytes()
    return read_po(io.BytesIO(text), locale=tag)


def test_catalogues_are_up_to_date():
    """Each catalogue has exactly the texts of the code and templates."""
    script = extractor()
    template = script.extract()
    paths = script.catalogues()
    assert sorted(paths) == sorted(TRANSLATED)
    for path in paths.values():
        assert script.update(path, template) == path.read_bytes(), path.name


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_text_is_translated(tag):
    """No text is empty, doubtful, or without the values that the English one shows."""
    for message in catalogue(tag):
        if not message.id:
            continue
        several = isinstance(message.id, tuple)
        strings = message.string if several else (message.string,)
        first = message.id[0] if several else message.id
        for text in strings:
            assert text
            assert text == text.strip()
            assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", first))
            assert (first[-1] in ".:") == (text[-1] in ".:"), (first, text)
        assert not message.fuzzy
        if not several and message.id == message.string:
            assert message.id in ALIKE[tag], message.id


def test_purposes_have_their_labels():
    """The texts for the catalogues are those of the purposes."""
    assert list(labels.PURPOSE_LABELS) == [purpose.label for purpose in Purpose]


@pytest.mark.parametrize("text", [*session_texts(), *former_session_texts()])
def test_session_cookies_have_texts_in_every_language(text):
    """They are those of the catalogues, read without Babel."""
    assert text == {tag: find_language(tag).gettext(text["en"]) for tag in LANGUAGES}
    assert len(set(text.values())) > 2


class _Visible(HTMLParser):
    """Gathers the texts that a reader sees or hears, without declared ones and names."""

    def __init__(self):
        super().__init__()
        self.texts, self._inside = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "br"):
            self._inside.append(tag)
        self.texts += [value for name, value in attrs if name in ("aria-label", "title", "alt")]

    def handle_endtag(self, tag):
        self._inside.pop()

    def handle_data(self, data):
        if data.strip() and not {"bdi", "code"} & set(self._inside):
            self.texts.append(" ".join(data.split()))


def visible(client, tag):
    """Return the visible texts of the page in a language."""
    return texts_in(client.get(f"/cookies/?lang={tag}").text)


def texts_in(page):
    """Return the visible texts of a page."""
    parser = _Visible()
    parser.feed(page)
    return parser.texts


POLICY = CookiePolicy(
    site=Site(name="X", controller="c", contact="c", dpo="d", authority="a", privacy_url="/p",
              jurisdictions=("EU", "UK", "FR"), honours_gpc=True),
    cookies=(*PURPOSES.cookies, *WIDE.cookies),
    storage=WIDE.storage,
    preferences=WIDE.preferences,
    recipients=WIDE.recipients,
    external_origins=WIDE.external_origins,
)  # fmt: skip


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_visible_text_stays_english(tag):
    """Outside names and declared text, nothing on a translated page equals the English page."""
    client = client_of(POLICY)
    english, translated = visible(client, "en"), visible(client, tag)
    assert len(english) == len(translated) > 100
    names = {*LANGUAGES.values(), *STORAGE_NAMES.values(), "JSON", "CSV", "Markdown", "·", "/p"}
    assert set(english) & set(translated) <= names | ALIKE[tag]


@pytest.mark.parametrize("tag", TRANSLATED)
def test_versions_and_processing_are_translated(tag):
    """What the protection keeps and what changed is in the reader's language too."""
    document = build_document(
        POLICY, status=EDITION, processing=[Processing(kind=kind) for kind in PROCESSING]
    )
    words = view.build_view(document, find_language(tag))
    english = view.build_view(document, find_language("en"))
    assert words.status != english.status
    assert words.versions[0].changes != english.versions[0].changes
    for item, other in zip(
        words.sections["processing"].entries, english.sections["processing"].entries, strict=True
    ):
        assert [row.lines for row in item.rows] != [row.lines for row in other.rows]


@pytest.mark.parametrize(
    ("header", "query", "tag", "vary"),
    [
        pytest.param("de-AT,en;q=0.5", "", "de", "Accept-Language", id="variant"),
        pytest.param("pt-BR", "", "pt", "Accept-Language", id="Brazil"),
        pytest.param("sv, pl;q=0.8", "", "pl", "Accept-Language", id="second wish"),
        pytest.param("sv", "", "en", "Accept-Language", id="none of them"),
        pytest.param("fr", "?lang=it", "it", None, id="address"),
        pytest.param("fr", "?lang=<x>", "fr", "Accept-Language", id="nonsense in the address"),
    ],
)
def test_language_is_chosen(header, query, tag, vary):
    """By the address, then by what the browser asks for, then by the site's first language."""
    response = client_of().get(f"/cookies/{query}", headers={"Accept-Language": header})
    assert f'<html lang="{tag}">' in response.text
    assert response.headers["Content-Language"] == tag
    assert response.headers.get("Vary") == vary


def test_site_in_another_language_starts_with_its_own():
    """A Polish site is shown in Polish if the client asks for no language."""
    policy = CookiePolicy(site=Site(languages=("pl",)))
    assert '<html lang="pl">' in client_of(policy).get("/cookies/").text


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_can_be_chosen(tag):
    """The page links itself in each language, under that language's own name and tag."""
    text = client_of().get("/cookies/").text
    assert f'<a href="?lang={tag}" lang="{tag}" hreflang="{tag}"' in text
    assert f">{LANGUAGES[tag]}</a>" in text


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        pytest.param({"de": "D", "en": "E"}, DeclaredText("D"), id="wanted"),
        pytest.param({"de-AT": "A", "en": "E"}, DeclaredText("A"), id="variant"),
        pytest.param({"en": "E", "fr": "F"}, DeclaredText("F", "fr"), id="site's own"),
        pytest.param({"es": "S"}, DeclaredText("S", "es"), id="any language"),
        pytest.param({}, DeclaredText(""), id="nothing"),
    ],
)
def test_declared_text_is_picked(texts, said):
    """A text in another language than the page's says which."""
    assert pick_text(texts, "de", "fr") == said


def test_numbers_follow_the_language():
    """Durations, dates, plurals, countries and lists are those of each language."""
    polish, german, portuguese = map(find_language, ("pl", "de", "pt"))
    assert polish.ngettext("%(count)s cookie", "%(count)s cookies", 2) == "2 pliki cookie"
    assert polish.ngettext("%(count)s cookie", "%(count)s cookies", 5) == "5 plików cookie"
    assert german.duration(4 * 3600) == "4 Stunden"
    assert german.seconds(14_400) == "14.400 Sekunden"
    assert german.date(datetime.date(2026, 3, 1)) == "1. März 2026"
    assert portuguese.country("NL") == "Países Baixos"
    assert german.country("??") == "??"
    assert german.join(["a", "b", "c"]) == "a, b und c"
