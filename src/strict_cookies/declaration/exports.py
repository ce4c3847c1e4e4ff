"""
The declaration in open formats.

Three are published at stable addresses; two are files for the command line. A declared text stays
plain text in each of them: no formula, no markup, no second line, and no change of the writing
direction around it.

Source: RFC 4180 (CSV); CommonMark 0.31 section 2.4 (backslash escapes); IAB device storage
disclosures 1.1; the knowledge base of the EDPB Website Auditing Tool; JSON Schema 2020-12.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .._util.text import one_line, write_cell
from ..policy.cookie import COOKIE
from ..policy.web_storage import STORAGE
from .i18n.language import Language, pick_text
from .item import Item, Line, Row, Section
from .view import build_view

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_BULLET = re.compile(r"^(\d*)([-+=.)])")

#: The published keys of cookies.toml that have their own row and column.
_LABELLED = tuple(
    dict.fromkeys(
        key.key for section in (COOKIE, STORAGE) for key in section.published_keys() if key.label
    )
)
#: The columns of the CSV, the same in every language.
COLUMNS = (
    "storage",
    "name",
    "title",
    "purposes",
    "description",
    "without_it",
    "relies_on",
    "session",
    "max_age_seconds",
    "duration",
    "set_by",
    "read_by",
    "party",
    "third_party_access",
    "third_parties",
    "domain",
    "path",
    "secure",
    "httponly",
    "samesite",
    "partitioned",
    *_LABELLED,
)

Document = Mapping[str, Any]
Write = Callable[[Document, Language], str]


class Export(NamedTuple):
    """
    A format of the declaration.

    Attributes:
        write: Write a document in a language.
        mimetype: The media type as published; None for the command line only.
        translated: Whether the texts depend on the language.
    """

    write: Write
    mimetype: str | None
    translated: bool


def write_json(document: Document, language: Language) -> str:
    """Write the document itself; the library's own texts in it are English."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


# CSV


def write_csv(document: Document, language: Language) -> str:
    """Write one row for each cookie and item of storage."""
    view = build_view(document, language)
    default = document["site"]["languages"][0]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for section in ("cookies", "storage"):
        for entry, item in zip(document[section], view.sections[section].entries, strict=True):
            cells = _cells(entry, item, language, default)
            writer.writerow([write_cell(cells.get(column)) for column in COLUMNS])
    return lines.getvalue()


def _cells(
    entry: Mapping[str, Any], item: Item, language: Language, default: str
) -> dict[str, object]:
    rows = {row.key: row for row in item.rows}
    lifetime = entry["lifetime"]
    return {
        **entry,
        **{key: "; ".join(map(str, rows[key].lines)) for key in _LABELLED if key in rows},
        **{
            key: pick_text(entry[key], language.tag, default).text
            for key in ("title", "description", "without_it")
        },
        "purposes": " ".join(purpose["id"] for purpose in entry["purposes"]),
        "relies_on": " ".join(map(str, rows["purposes"].lines[1:])),
        "session": lifetime["session"],
        "max_age_seconds": lifetime["max_age_seconds"],
        "duration": str(rows["lifetime"].lines[0]),
        "set_by": " ".join(entry["set_by"]),
        "read_by": " ".join(entry["read_by"]),
        "third_parties": "; ".join(entry["third_parties"]),
    }


# Markdown


def write_markdown(document: Document, language: Language) -> str:
    """Write the page as CommonMark."""
    return "\n".join(_markdown(document, language)) + "\n"


def _markdown(document: Document, language: Language) -> Iterator[str]:
    _ = language.gettext
    view = build_view(document, language)
    statements = view.statements
    site = document["site"]["name"]
    heading = _("Cookies on this site")
    yield f"# {_escape(f'{heading} – {site}' if site else heading)}"
    yield from _paragraphs(view.status, view.lead, view.third_parties)
    for section in view.sections.values():
        if section.entries:
            yield from _markdown_section(section)
    for title, keys in (
        (_("Why you are not asked for consent here"),
         ("no_consent", "published_for", "enforcement", "checked", "gpc")),
        (_("How to delete, refuse or object"), ("deletion", "objection")),
        (_("Who is responsible, and your rights"), ("rights",)),
    ):  # fmt: skip
        yield from ("", f"## {_escape(title)}")
        yield from _paragraphs(*(statements.get(key, "") for key in keys))
    yield from ("", *_list(view.contact))
    if view.versions:
        heading = _("Versions")
        yield from ("", f"## {_escape(heading)}")
        for version in view.versions:
            yield from ("", f"### {_escape(version.heading)}", "")
            yield from (f"- {_escape(change)}" for change in version.changes)
    label = _("Checksum of this text:")
    yield from ("", f"{_escape(label)} {_code(document['hash'])}")


def _markdown_section(section: Section) -> Iterator[str]:
    yield from ("", f"## {_escape(section.heading)}")
    yield from _paragraphs(section.intro)
    for item in section.entries:
        name = f" {_code(item.name)}" if item.name else ""
        yield from ("", f"### {_escape(item.title)}{name}")
        yield from _paragraphs(item.note)
        yield from ("", *_list(item.rows))


def _list(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        lines = [_escape(line) for line in row.lines]
        if len(lines) == 1:
            yield f"- **{_escape(row.label)}:** {lines[0]}"
        else:
            yield f"- **{_escape(row.label)}:**"
            yield from (f"  - {line}" for line in lines)


def _paragraphs(*texts: str) -> Iterator[str]:
    for text in texts:
        if text:
            yield from ("", _escape(text))


def _escape(line: Line) -> str:
    text = _MARKUP.sub(r"\\\1", one_line(str(line)))
    # A text can begin like the marker of a list.
    return _BULLET.sub(r"\1\\\2", text)


def _code(name: str) -> str:
    text = one_line(name)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


# Files for other tools


def write_tcf(document: Document, language: Language) -> str:
    """
    Write IAB device storage disclosures; this does not make the site a participant in TCF.

    ``domains`` is empty for a cookie without ``Domain``, which belongs to the host that sets it.
    """
    default = document["site"]["languages"][0]
    items = (*document["cookies"], *document["storage"])
    disclosures = [
        {
            "identifier": item["name"],
            "type": "cookie" if item["storage"] == "http cookie" else "web",
            "maxAgeSeconds": (item["lifetime"]["max_age_seconds"] or 0)
            if item["storage"] == "http cookie"
            else None,
            "cookieRefresh": item["storage"] == "http cookie"
            and item["lifetime"]["starts_anew_when_set_again"],
            "domains": [f"*.{item['domain']}"] if item.get("domain") else [],
            "purposes": [],
            "specialPurposes": [],
            "description": pick_text(item["description"], language.tag, default).text,
            "optOut": False,
        }
        for item in items
    ]
    domains = [
        {
            "domain": origin["origin"].partition("://")[2],
            "use": pick_text(origin["reason"], language.tag, default).text,
        }
        for origin in document["external_origins"]
    ]
    return write_json({"disclosures": disclosures, "domains": domains}, language)


def write_edpb(document: Document, language: Language) -> str:
    """Write a knowledge base for the EDPB Website Auditing Tool."""
    site, edition = document["site"], document["edition"] or {}
    default = site["languages"][0]
    knowledges = [
        {
            "kind": "cookie" if item["storage"] == "http cookie" else "localstorage",
            "domain": item.get("domain") or "",
            "name": item["name"],
            "category": ", ".join(purpose["label"] for purpose in item["purposes"]),
            "source": site["name"],
            "controller": site["controller"],
            "date": edition.get("effective_from") or "",
            "policy": site["privacy_url"],
            "reference": document["hash"],
            "comment": pick_text(item["description"], language.tag, default).text,
        }
        for item in (*document["cookies"], *document["storage"])
    ]
    base = {
        "name": f"Cookie declaration of {site['name'] or 'this site'}",
        "author": site["controller"] or site["name"],
        "category": "cookie",
        "knowledges": knowledges,
    }
    return json.dumps([base], ensure_ascii=False, indent=2) + "\n"


#: Every format by its name.
EXPORTS: Mapping[str, Export] = {
    "json": Export(write_json, "application/json", translated=False),
    "csv": Export(write_csv, "text/csv", translated=True),
    "md": Export(write_markdown, "text/markdown", translated=True),
    "tcf": Export(write_tcf, None, translated=True),
    "edpb": Export(write_edpb, None, translated=True),
}


@cache
def read_schema() -> str:
    """Return the JSON Schema (2020-12) of the JSON format."""
    return Path(__file__).with_name("schema.json").read_text("utf-8")
