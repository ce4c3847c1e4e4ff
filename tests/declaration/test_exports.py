"""The open formats of the declaration: valid, complete, and hostile text stays text in each."""

from __future__ import annotations

import csv
import datetime
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from strict_cookies import CookiePolicy, ExternalOrigin, Recipient, Site
from strict_cookies.declaration import item_writer, view
from strict_cookies.declaration.changes import Change, compare_documents
from strict_cookies.declaration.document import build_document, hash_content
from strict_cookies.declaration.exports import COLUMNS, EXPORTS, read_schema
from strict_cookies.declaration.i18n.language import LANGUAGES, find_language
from strict_cookies.declaration.pages.blueprint import FORMATS
from strict_cookies.declaration.processing import PROCESSING, Processing
from strict_cookies.declaration.publication import PublicationStatus, PublishedVersion
from strict_cookies.declaration.reading import read_declaration
from strict_cookies.errors import PolicyError
from strict_cookies.policy.cookie import COOKIE
from tests.declaration.test_document import POLICY, WIDE, client_of
from tests.policies import declare, keep, prefer

SCHEMA = json.loads(read_schema())
ENGLISH = find_language("en")
#: Markup, formulas, a line break, what turns the writing around, and half of a surrogate pair.
HOSTILE = [
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "a\r\n=1\n# heading",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) **b** `c` ![i](u) | cell",
    "\u202eevil\u2066",
    "1. one",
    "{{ 7*7 }} %(name)s",
]  # fmt: skip
LAWS = Site(name="X", jurisdictions=("EU", "UK", "FR"), honours_gpc=True)
PURPOSES = CookiePolicy(
    site=LAWS,
    cookies=tuple(
        declare(purpose, purposes=(purpose,), lifetime=lifetime)
        for purpose, lifetime in {
            "session": None,
            "authentication": None,
            "preferences": timedelta(hours=4),
            "security": timedelta(days=30),
            "load_balancing": None,
            "user_input": None,
            "media_player": None,
        }.items()
    ),
)
EDITION = PublicationStatus(
    draft=False,
    history=(
        PublishedVersion(version=2, effective_from=datetime.date(2026, 3, 1),
             hash=f"sha256:{'0' * 64}",
             changes=(Change(change="added", section="cookies", name="a", title={"en": "A"}),)),
        PublishedVersion(version=1, effective_from=datetime.date(2026, 1, 1),
             hash=f"sha256:{'1' * 64}"),
    ),
)  # fmt: skip


def hostile(text):
    """Declare everything that can be declared with one text."""
    return CookiePolicy(
        site=Site(name=text, controller=text, contact=text, dpo=text, authority=text),
        cookies=(declare("a", title=text, description=text, without_it=text),),
        storage=(keep("b", title=text, description=text, without_it=text),),
        preferences=(prefer("c", title=text, description=text),),
        recipients=(
            Recipient(name="R", role=text, data=text, purpose=text, country="US", safeguard=text),
        ),
        external_origins=(
            ExternalOrigin(origin="https://r.example", kinds="script", reason=text, recipient="R"),
        ),
    )


def rows_of(text):
    """Read CSV as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def validate(document):
    """Hold a document to the schema that is shipped."""
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        document
    )


DOCUMENTS = [
    pytest.param(build_document(CookiePolicy()), id="empty"),
    pytest.param(build_document(POLICY), id="cookies"),
    pytest.param(build_document(WIDE, enforced=False), id="wide"),
    pytest.param(build_document(PURPOSES, status=EDITION), id="published"),
    pytest.param(build_document(PURPOSES, status=PublicationStatus()), id="draft"),
    pytest.param(
        build_document(POLICY, processing=[Processing(kind=kind) for kind in PROCESSING]),
        id="processing",
    ),
    *(pytest.param(build_document(hostile(text)), id=ascii(text)) for text in HOSTILE),
]


# --- JSON ---


def test_schema_is_one():
    """The schema itself is valid in its dialect, and describes every field."""
    Draft202012Validator.check_schema(SCHEMA)
    assert set(build_document(POLICY)) == set(SCHEMA["properties"]) == set(SCHEMA["required"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_json_follows_its_schema(document):
    """The published JSON is valid by the published schema."""
    validate(json.loads(EXPORTS["json"].write(document, ENGLISH)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_json_to_policy_to_json_is_the_identity(document):
    """A declaration holds all that is needed to make the policy, and so itself, again."""
    policy = read_declaration(json.loads(EXPORTS["json"].write(document, ENGLISH)))
    again = build_document(policy, enforced=document["enforced"])
    again["processing"], again["edition"] = document["processing"], document["edition"]
    again["hash"] = hash_content(again)
    assert again == document


def test_policy_survives_the_way_round():
    """The policy that is read enforces what the other did."""
    policy = read_declaration(build_document(WIDE))
    assert policy.csp_sources == WIDE.csp_sources
    assert list(policy.exact) == list(WIDE.exact)
    assert read_declaration(build_document(policy)) == policy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"format": "other"}, "not a declaration", id="format"),
        pytest.param({"format_version": 99}, "format_version is '99'", id="version"),
        pytest.param({"cookies": 3}, "cookies is not a list", id="no list"),
        pytest.param({"cookies": [3]}, "cookies 1: it is not an object", id="no object"),
        pytest.param({"cookies": [{"name": "a"}]}, "cookies 1: it lacks 'title'", id="lacks"),
        pytest.param({"site": {"languages": []}}, "site: it names no language", id="languages"),
        pytest.param({"site": {"languages": ["en"]}}, "site: it lacks 'jurisdictions'", id="site"),
        pytest.param({"transport": "pigeon"}, "transport is 'pigeon'", id="transport"),
    ],
)
def test_what_is_no_declaration_is_refused(change, message):
    """An invalid file of another site raises an error that names the mistake."""
    with pytest.raises(PolicyError, match=message):
        read_declaration({**build_document(POLICY), **change})


def test_entries_that_are_read_are_held_to_the_rules():
    """A declaration can't smuggle in a lifetime or a name that a policy file could not have."""
    document = json.loads(EXPORTS["json"].write(build_document(POLICY), ENGLISH))
    document["cookies"][0].update(name="_ga")
    document["cookies"][1]["lifetime"]["max_age_seconds"] = 10**30
    with pytest.raises(PolicyError) as caught:
        read_declaration(document)
    assert len(caught.value.mistakes) == 2
    assert "Google Analytics" in str(caught.value)


# --- Law ---


@pytest.mark.parametrize(
    ("jurisdictions", "printed"),
    [
        ((), set()),
        (("CH",), set()),
        (("EU",), {"ePrivacy"}),
        (("UK",), {"PECR"}),
        (("FR",), {"CNIL"}),
        (("EU", "UK", "FR"), {"ePrivacy", "PECR", "CNIL"}),
    ],
)
@pytest.mark.parametrize("name", EXPORTS)
def test_no_law_outside_the_jurisdictions_is_printed(jurisdictions, printed, name):
    """A law is named only where the site says that it applies, in every format."""
    policy = CookiePolicy(site=Site(jurisdictions=jurisdictions), cookies=PURPOSES.cookies)
    text = EXPORTS[name].write(build_document(policy), ENGLISH)
    if name == "json":
        words = {"wp194": "ePrivacy", "schedule_a1": "PECR", "cnil_item": "CNIL"}
        assert {law for word, law in words.items() if word in text} == printed
    elif name in ("csv", "md"):
        assert {law for law in ("ePrivacy", "PECR", "CNIL") if law in text} == printed


def test_law_of_each_purpose():
    """Each purpose carries what to compare it with in each place."""
    legal = {
        cookie["name"]: cookie["purposes"][0]["legal"]
        for cookie in build_document(PURPOSES)["cookies"]
    }
    assert legal["preferences"] == {
        "EU": {"criterion": "B", "wp194_scenario": "6"},
        "UK": {"schedule_a1": "appearance"},
        "FR": {"cnil_item": "interface"},
    }
    assert legal["load_balancing"] == {
        "EU": {"criterion": "A", "wp194_scenario": "5"},
        "UK": {"schedule_a1": "communication"},
        "FR": {"cnil_item": "load_balancing"},
    }
    assert "FR" not in legal["session"]


def test_weak_exemptions_are_remarked_on():
    """Security and choices that outlive the session have a remark; objecting is explained."""
    document = build_document(PURPOSES)
    remarks = {item["name"]: item["remarks"] for item in document["cookies"] if item["remarks"]}
    assert remarks == {"preferences": ["rests_on_choice"], "security": ["site_must_justify"]}
    assert document["statements"]["objection"]
    assert build_document(POLICY)["statements"]["objection"] is None


# --- CSV ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_has_a_row_for_each_item(language):
    """Cookies and storage, one row each, with the same columns in every language."""
    rows = rows_of(EXPORTS["csv"].write(build_document(WIDE), find_language(language)))
    assert [row["name"] for row in rows] == ["theme", "draft-*", "sort", "forms"]
    assert list(rows[0]) == list(COLUMNS)
    assert rows[1]["max_age_seconds"] == "3600"


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_cell_is_a_formula(text):
    """A spreadsheet runs nothing, and no text begins a new row."""
    written = EXPORTS["csv"].write(build_document(hostile(text)), ENGLISH)
    rows = rows_of(written)
    assert len(rows) == 2
    assert len(written.splitlines()) == 3
    for cell in (cell for row in rows for cell in row.values()):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not set(cell) & set("\r\n\t\u202e\u2066")


# --- Markdown ---


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_markdown_shows_what_was_written(text):
    """No declared text becomes a heading, a link, a picture, emphasis, code or markup."""
    plain = EXPORTS["md"].write(build_document(hostile("Text")), ENGLISH)
    written = EXPORTS["md"].write(build_document(hostile(text)), ENGLISH)
    assert len(written.splitlines()) == len(plain.splitlines())
    assert not set(written) & set("\r\u202e\u2066")
    pairs = zip(plain.splitlines(), written.splitlines(), strict=True)
    changed = [line for before, line in pairs if before != line]
    assert len(changed) > 10
    for character in "<[]`*!|{":
        assert written.replace(f"\\{character}", "").count(character) == plain.count(character)


def test_markdown_names_everything():
    """Each entry of each kind, its texts and the statements are there."""
    text = EXPORTS["md"].write(build_document(WIDE, status=EDITION), ENGLISH)
    for words in ("`draft-*`", "### Maps Ltd", "`rows`", "## Versions", "sha256:", "1 March 2026"):
        assert words in text


# --- Files for other tools ---


def test_tcf_file():
    """Sessions are 0 seconds, storage has no age, and no purpose of TCF is claimed."""
    found = json.loads(EXPORTS["tcf"].write(build_document(WIDE), ENGLISH))
    assert [(one["identifier"], one["type"], one["maxAgeSeconds"], one["cookieRefresh"])
            for one in found["disclosures"]] == [
        ("theme", "cookie", 0, False),
        ("draft-*", "web", None, False),
        ("sort", "web", None, False),
        ("forms", "web", None, False),
    ]  # fmt: skip
    assert all(one["purposes"] == one["specialPurposes"] == [] for one in found["disclosures"])
    assert found["domains"][0] == {"domain": "maps.example.com", "use": "Maps of the customers."}


def test_edpb_knowledge_base():
    """One base, with an entry for each item and all members that the tool has."""
    (base,) = json.loads(EXPORTS["edpb"].write(build_document(WIDE), ENGLISH))
    assert (base["category"], len(base["knowledges"])) == ("cookie", 4)
    assert set(base["knowledges"][0]) == {
        "kind", "domain", "name", "category", "source", "controller", "date", "policy",
        "reference", "comment",
    }  # fmt: skip


# --- Over HTTP ---

PATHS = {
    "json": ("application/json; charset=utf-8", False),
    "csv": ("text/csv; charset=utf-8", True),
    "md": ("text/markdown; charset=utf-8", True),
    "schema.json": ("application/schema+json", False),
}


@pytest.mark.parametrize("name", PATHS)
def test_export_has_a_stable_address(name):
    """Each format has its type, is kept for five minutes and is not sent again unchanged."""
    mimetype, translated = PATHS[name]
    client = client_of()
    response = client.get(f"/cookies/declaration.{name}")
    assert (response.status_code, response.content_type) == (200, mimetype)
    assert response.headers["Cache-Control"] == "max-age=300"
    assert "Set-Cookie" not in response.headers
    assert response.headers.get("Vary") == ("Accept-Language" if translated else None)
    etag = response.headers["ETag"]
    again = client.get(f"/cookies/declaration.{name}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["csv", "md"])
def test_language_in_the_address_needs_no_vary(name):
    """A language that the address names wins over the browser's, and caches need not ask."""
    response = client_of().get(
        f"/cookies/declaration.{name}?lang=de", headers={"Accept-Language": "fr"}
    )
    assert "Vary" not in response.headers
    assert response.headers["Content-Language"] == "de"
    assert "Farben" in response.text


@pytest.mark.parametrize("name", ["tcf", "edpb"])
def test_files_for_other_tools_are_not_published(name):
    """A site takes part in TCF by no address of ours."""
    assert client_of().get(f"/cookies/declaration.{name}").status_code == 404


@pytest.mark.parametrize("honours", [True, False])
def test_gpc_is_answered_only_where_it_is_promised(honours):
    """The file and the sentence are there where the site says so, and nowhere else."""
    client = client_of(CookiePolicy(site=Site(honours_gpc=honours)))
    response = client.get("/.well-known/gpc.json")
    assert response.status_code == (200 if honours else 404)
    assert ("Global Privacy Control" in client.get("/cookies/").text) is honours
    if honours:
        assert response.get_json() == {"gpc": True}
        assert response.content_type == "application/json"
        etag = response.headers["ETag"]
        again = client.get("/.well-known/gpc.json", headers={"If-None-Match": etag})
        assert again.status_code == 304


# --- Differences ---


def test_same_content_has_no_difference():
    """Publishing alone changes nothing, and leaves the hash."""
    draft, published = build_document(POLICY), build_document(POLICY, status=EDITION)
    assert compare_documents(draft, published) == ()
    assert draft["hash"] == published["hash"]


def test_differences_are_named():
    """Added, removed and changed entries are listed, with their fields."""
    old = build_document(WIDE)
    new = build_document(
        CookiePolicy(
            site=Site(name="Other", languages=("en", "de")),
            cookies=(declare("theme", samesite="Strict"), declare("new", title="New")),
            storage=WIDE.storage[1:],
            preferences=WIDE.preferences,
            recipients=WIDE.recipients,
            external_origins=WIDE.external_origins,
        )
    )
    found = [
        (one.change, one.section, one.name, one.fields)
        for one in compare_documents(old, new)
        if one.section != "external_origins"
    ]
    assert found == [
        ("changed", "site", "", ("name",)),
        ("changed", "cookies", "theme", ("samesite", "httponly", "set_by", "read_by",
                                         "third_party_access", "third_parties")),
        ("added", "cookies", "new", ()),
        ("removed", "storage", "draft-*", ()),
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_history_is_described(language):
    """A published document shows its version, and each change with the entry's title."""
    past = PublishedVersion(
        version=1,
        effective_from=datetime.date(2026, 3, 1),
        hash=f"sha256:{'0' * 64}",
        changes=compare_documents(build_document(POLICY), build_document(PURPOSES)),
    )
    edition = PublicationStatus(history=(past,), draft=False)
    text = EXPORTS["md"].write(build_document(PURPOSES, status=edition), find_language(language))
    assert text.count("(load\\_balancing)") == 1
    assert text.count("(theme)") == 1
    assert text.count("2026") >= 2


def test_formats_with_a_media_type_are_published():
    """The others are files for the command line."""
    assert FORMATS == ("json", "csv", "md")


def test_key_with_a_label_is_a_row_of_its_own(monkeypatch):
    """A published key of cookies.toml with a label is shown, in the page's words."""
    path = COOKIE.keys["path"]
    labelled = path._replace(published=path.published._replace(label="Path"))
    monkeypatch.setattr(
        item_writer, "COOKIE", replace(COOKIE, keys={**COOKIE.keys, "path": labelled})
    )
    document = build_document(CookiePolicy(cookies=(declare("theme", path="/shop"),)))
    (item,) = view.build_view(document, ENGLISH).sections["cookies"].entries
    assert [
        (row.key, row.label, *map(str, row.lines)) for row in item.rows if row.key == "path"
    ] == [("path", "Path", "/shop")]
