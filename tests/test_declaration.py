"""The declaration: a page and a document made from the policy that is enforced."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from flask import Flask, render_template_string

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.declaration.document import build_document
from tests.policies import declare

POLICY = CookiePolicy(
    site=Site(name="Definitive Track", controller="DT, Road 1", contact="mailto:privacy@dt.example",
              privacy_url="/privacy", languages=("en", "de")),
    cookies=(
        declare("theme", title={"en": "Colours", "de": "Farben"}, purposes=("preferences",),
                lifetime=timedelta(hours=4), script_readable=True),
        declare("csrf-*", title={"de": "Formularschutz"}, purposes=("security",),
                samesite="Strict"),
        declare("shared", title="<script>alert(1)</script>", domain="example.com"),
    ),
)  # fmt: skip


def client_of(policy=POLICY):
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=policy)
    StrictCookies(app)
    app.add_url_rule("/privacy", view_func=lambda: render_template_string("{{ cookie_table() }}"))
    return app.test_client()


def test_page_names_every_cookie_and_sets_none():
    """Each entry is on the page; looking at it stores nothing."""
    response = client_of().get("/cookies/")
    assert response.status_code == 200
    for name in ("__Host-Http-session", "theme", "csrf-*", "shared"):
        assert f"<code>{name}</code>" in response.text
    assert "Set-Cookie" not in response.headers
    assert "<script" not in response.text
    assert "Privacy notice" in response.text


def test_hostile_text_stays_text():
    """Markup in the policy is shown, never run."""
    text = client_of().get("/cookies/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize("url", ["/privacy", "https://example.com/privacy"])
def test_privacy_notice_is_linked(url):
    """The site's own path or https address, as the policy has checked it, becomes a link."""
    policy = CookiePolicy(site=Site(name="X", contact="c", privacy_url=url))
    assert f'href="{url}"' in client_of(policy).get("/cookies/").text


def test_absent_privacy_url_is_no_link():
    """Without an address there is no empty link."""
    policy = CookiePolicy(site=Site(name="X", contact="c"))
    assert "Privacy notice" not in client_of(policy).get("/cookies/").text


def test_text_in_another_language_is_marked():
    """Declared text follows the reader's language and carries lang where the page's differs."""
    client = client_of()
    german = client.get("/cookies/", headers={"Accept-Language": "de"})
    assert '<span lang="de">Farben</span>' in german.text
    english = client.get("/cookies/").text
    assert "Colours" in english
    assert '<span lang="de">Formularschutz</span>' in english
    assert german.headers["Vary"] == "Accept-Language"


def test_page_links_the_machine_form():
    """A program finds the JSON by rel=cookie-declaration, in the header and in the HTML."""
    response = client_of().get("/cookies/")
    assert response.headers["Link"] == (
        '</cookies/declaration.json>; rel="cookie-declaration"; type="application/json"'
    )
    assert '<link rel="cookie-declaration"' in response.text


def test_json_is_the_document_of_the_enforced_policy():
    """The published document is made from the very policy that the firewall has."""
    client = client_of()
    protection = client.application.extensions["strict_cookies"]
    response = client.get("/cookies/declaration.json")
    assert response.get_json() == build_document(protection.policy)
    assert [cookie["name"] for cookie in response.get_json()["cookies"]] == [
        "__Host-Http-session", "theme", "csrf-*", "shared",
    ]  # fmt: skip
    assert response.get_json()["cookies"][1]["lifetime"] == {
        "session": False,
        "max_age_seconds": 14_400,
        "text": "4 hours",
    }


def test_hash_can_be_checked_without_us():
    """The hash is the SHA-256 of the canonical JSON of all the rest."""
    document = client_of().get("/cookies/declaration.json").get_json()
    stated = document.pop("hash")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert stated == f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


@pytest.mark.parametrize("path", ["/cookies/", "/cookies/declaration.json"])
def test_unchanged_declaration_is_not_sent_again(path):
    """A browser that has it gets 304."""
    client = client_of()
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_table_goes_into_a_page_of_the_site():
    """cookie_table() puts the same rows into a privacy page."""
    text = client_of().get("/privacy").text
    assert text.startswith("<table")
    assert text.count("<tr>") == 1 + 4


def test_report_only_is_told():
    """The page never claims that something is enforced while it is only recorded."""
    app = Flask(__name__)
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    StrictCookies(app)
    client = app.test_client()
    assert "does not prevent it yet" in client.get("/cookies/").text
    assert client.get("/cookies/declaration.json").get_json()["enforced"] is False


@pytest.mark.parametrize(("jurisdictions", "told"), [(("EU", "UK"), True), (("CH",), False)])
def test_no_law_outside_the_jurisdictions_is_printed(jurisdictions, told):
    """European law is named only where the site says that it applies."""
    text = client_of(CookiePolicy(site=Site(jurisdictions=jurisdictions))).get("/cookies/").text
    assert ("ePrivacy" in text) is told


def test_empty_policy_without_site_is_published():
    """With no policy file the session cookie alone is declared."""
    text = client_of(CookiePolicy()).get("/cookies/").text
    assert "1 cookie, listed below" in text
    assert "Who answers for this" not in text


def test_prefix_of_the_pages_is_a_setting():
    """A site that needs /cookies/ for itself moves the pages."""
    app = Flask(__name__)
    app.config["STRICT_COOKIES_URL_PREFIX"] = "/legal/cookies"
    StrictCookies(app)
    assert app.test_client().get("/legal/cookies/").status_code == 200
