"""The declaration: a page and a document made from the policy that is enforced."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from flask import Flask, render_template_string

from strict_cookies import CookiePolicy, ExternalOrigin, Recipient, Site, StrictCookies
from strict_cookies.declaration.document import build_document
from strict_cookies.declaration.publication import PublicationStatus
from strict_cookies.declaration.third_parties import describe_recipients
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.policy.countries import COUNTRIES
from strict_cookies.policy.external_origin import KINDS
from tests.policies import declare, keep, prefer

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


def admit(origin="https://maps.example.com", **options):
    """Admit an origin of Maps Ltd with texts that no test looks at."""
    return ExternalOrigin(
        **{
            "origin": origin,
            "kinds": ("image",),
            "reason": "Maps of the customers.",
            "recipient": "Maps Ltd",
            **options,
        }
    )


MAPS = Recipient(
    name="Maps Ltd", role="Maps", data="Addresses.", purpose="To draw maps.", country=("IE", "US"),
    safeguard={"en": "Standard contractual clauses", "de": "Standardvertragsklauseln"},
)  # fmt: skip
HOSTING = Recipient(
    name="Hosting AG", role="Hosting", data="Everything.", purpose="To run it.", country="DE"
)
WIDE = CookiePolicy(
    site=Site(name="Definitive Track", languages=("en", "de")),
    cookies=(declare("theme", script_readable=True),),
    storage=(
        keep("draft-*", title={"en": "Draft", "de": "Entwurf"}),
        keep("sort", kind="session", lifetime=None),
        keep("forms", kind="indexeddb", lifetime=timedelta(minutes=90)),
    ),
    preferences=(prefer("rows", choices=("10", "25"), default="25"),),
    recipients=(MAPS, HOSTING),
    external_origins=(
        admit(kinds=tuple(reversed(KINDS))),
        admit("wss://live.example.com:8443", kinds=("connect",)),
    ),
)


def client_of(policy=POLICY):
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=policy)
    StrictCookies(app)
    for name in ("cookie_table", "recipient_table"):
        page = f"{{{{ {name}() }}}}"
        path = "/privacy" if name == "cookie_table" else f"/{name}"
        app.add_url_rule(path, name, lambda page=page: render_template_string(page))
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
    assert "<bdi>Farben</bdi>" in german.text
    assert '<bdi lang="en">What it does.</bdi>' in german.text
    english = client.get("/cookies/").text
    assert "<bdi>Colours</bdi>" in english
    assert '<bdi lang="de">Formularschutz</bdi>' in english
    assert german.headers["Vary"] == "Accept-Language"


def test_page_links_the_machine_form():
    """A program finds the JSON by rel=cookie-declaration, in the header and in the HTML."""
    response = client_of().get("/cookies/")
    assert response.headers["Link"] == (
        '</cookies/declaration.json>; rel="cookie-declaration"; type="application/json"'
    )
    assert '<link rel="cookie-declaration"' in response.text


@pytest.mark.parametrize(
    ("config", "address"),
    [
        pytest.param(
            {"STRICT_COOKIES_CANONICAL_HOST": "erp.example.com"},
            "https://erp.example.com",
            id="canonical host",
        ),
        pytest.param({"TRUSTED_HOSTS": ["localhost"]}, "http://localhost", id="trusted host"),
        pytest.param({}, None, id="any Host"),
    ],
)
def test_page_prints_how_to_check_it(config, address):
    """Anybody can audit the site by the printed command; no client can write its address."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_HTTPS="off", **config)
    StrictCookies(app)
    page = app.test_client().get("/cookies/", base_url=address or "http://evil.test").text
    command = f"<code>strict-cookies audit {address} <span>--against-declaration</span></code>"
    assert (command in page) is (address is not None)
    assert "evil" not in page


def test_json_is_the_document_of_the_enforced_policy():
    """The published document is made from the very policy that the firewall has."""
    client = client_of()
    protection = client.application.extensions["strict_cookies"]
    response = client.get("/cookies/declaration.json")
    assert response.get_json() == build_document(
        protection.policy, processing=protection.processing(), status=PublicationStatus()
    )
    assert [cookie["name"] for cookie in response.get_json()["cookies"]] == [
        "__Host-Http-session", "theme", "csrf-*", "shared",
    ]  # fmt: skip
    assert response.get_json()["cookies"][1]["lifetime"] == {
        "session": False,
        "max_age_seconds": 14_400,
        "text": "4 hours",
        "ended_by": "browser",
        "starts_anew_when_set_again": True,
    }


def test_hash_can_be_checked_without_us():
    """The hash is the SHA-256 of the canonical JSON of all but itself and the edition."""
    document = client_of().get("/cookies/declaration.json").get_json()
    stated, _ = document.pop("hash"), document.pop("edition")
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


def test_report_only_is_stated():
    """The page never claims that something is enforced while it is only recorded."""
    app = Flask(__name__)
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    StrictCookies(app)
    client = app.test_client()
    assert "does not prevent it yet" in client.get("/cookies/").text
    assert client.get("/cookies/declaration.json").get_json()["enforced"] is False


@pytest.mark.parametrize(("jurisdictions", "printed"), [(("EU", "UK"), True), (("CH",), False)])
def test_no_law_outside_the_jurisdictions_is_printed(jurisdictions, printed):
    """European law is named only where the site says that it applies."""
    text = client_of(CookiePolicy(site=Site(jurisdictions=jurisdictions))).get("/cookies/").text
    assert ("ePrivacy" in text) is printed


def test_empty_policy_without_site_is_published():
    """With no policy file the session cookie alone is declared."""
    text = client_of(CookiePolicy()).get("/cookies/").text
    assert "1 cookie, listed below" in text
    assert "Responsible" not in text


@pytest.mark.parametrize(
    ("sessions", "kept"),
    [
        (None, ["counters", "reports", "sessions", "trail"]),
        ("flask", ["counters", "reports", "trail"]),
    ],
)
def test_stored_data_is_listed(sessions, kept):
    """The library's own processing is declared as far as it is switched on, with its end."""
    app = Flask(__name__)
    app.config.update(
        TESTING=True, SECRET_KEY="k" * 32, STRICT_COOKIES_SESSION_LIFETIME="aal3",
        STRICT_COOKIES_SESSIONS=sessions,
    )  # fmt: skip
    StrictCookies(app)
    processing = app.test_client().get("/cookies/declaration.json").get_json()["processing"]
    assert [one["id"] for one in processing] == kept
    assert processing[0]["kept"]["text"] == "365 days"
    assert processing[1]["kept"]["until"] == "restart"
    if sessions is None:
        # Twelve hours, and the day after which rows are purged.
        assert processing[2]["kept"] == {"until": "time", "seconds": 36 * 3600, "text": "36 hours"}


def test_prefix_of_the_pages_is_a_setting():
    """A site that needs /cookies/ for itself moves the pages."""
    app = Flask(__name__)
    app.config["STRICT_COOKIES_URL_PREFIX"] = "/legal/cookies"
    StrictCookies(app)
    assert app.test_client().get("/legal/cookies/").status_code == 200


# --- Other than cookies ---


def test_web_storage_is_listed():
    """Each item has its kind, who ends it and who can read it."""
    document = build_document(WIDE)
    items = [
        (
            item["name"],
            item["pattern"],
            item["storage"],
            item["kind"],
            item["lifetime"]["max_age_seconds"],
            item["lifetime"]["text"],
            item["lifetime"]["ended_by"],
        )
        for item in document["storage"]
    ]
    assert items == [
        ("draft-*", True, "localStorage", "local", 3600, "1 hour", "site"),
        ("sort", False, "sessionStorage", "session", None, "until the tab closes", "browser"),
        ("forms", False, "IndexedDB", "indexeddb", 5400, "90 minutes", "site"),
    ]  # fmt: skip
    assert document["storage"][0]["title"] == {"en": "Draft", "de": "Entwurf"}
    text = client_of(WIDE).get("/cookies/").text
    assert "2 cookies and 3 items of web storage, listed below." in text
    assert "At most 1 hour (exactly 3,600 seconds). This site&#39;s own script deletes it" in text
    assert "Until the tab closes" in text
    assert "The star stands for any further characters." in text


def test_preferences_are_listed():
    """Each preference has its choices and says that it ends with the session."""
    assert build_document(WIDE)["preferences"] == [
        {
            "name": "rows",
            "title": {"en": "A title"},
            "description": {"en": "What it changes."},
            "choices": ["10", "25"],
            "default": "25",
            "kept": "session",
        }
    ]
    text = client_of(WIDE).get("/cookies/").text
    assert "<dd><bdi>10</bdi></dd><dd><bdi>25</bdi></dd>" in text
    assert "<dt>Default</dt><dd><bdi>25</bdi></dd>" in text
    assert "deleted with it" in text


def test_recipients_are_listed():
    """Each recipient has its country by name, and its safeguard in the reader's language."""
    maps, hosting = build_document(WIDE)["recipients"]
    assert maps["countries"] == [
        {"code": "IE", "name": "Ireland", "outside_eea_and_uk": False},
        {"code": "US", "name": "United States", "outside_eea_and_uk": True},
    ]
    assert maps["origins"] == ["https://maps.example.com", "wss://live.example.com:8443"]
    assert (hosting["safeguard"], hosting["origins"]) == (None, [])
    text = client_of(WIDE).get("/cookies/", headers={"Accept-Language": "de"}).text
    assert "Irland und Vereinigte Staaten" in text
    assert "<bdi>Standardvertragsklauseln</bdi>" in text
    assert "Keine nötig: innerhalb des Europäischen Wirtschaftsraums" in text


def test_recipients_go_into_a_page_of_the_site():
    """recipient_table() gives the same rows, and nothing where there are none."""
    assert client_of(WIDE).get("/recipient_table").text.count("<tr>") == 1 + 2
    assert client_of(CookiePolicy()).get("/recipient_table").text == ""


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_every_country_has_a_name(code):
    """No code that can be declared is shown to visitors as a code."""
    recipient = Recipient(
        name="X", role="R", data="D", purpose="P", country=code, safeguard="Clauses"
    )
    (described,) = describe_recipients(CookiePolicy(recipients=(recipient,)))
    assert described["countries"][0]["name"] != code


COOKIES_BY_KIND = {
    "script": "withheld",
    "style": "withheld",
    "image": "withheld",
    "font": "never",
    "frame": "possible",
    "connect": "possible",
    "form": "possible",
}


def cookies_by_kind(document):
    """Return the text on cookies for each kind of the first external origin."""
    return {kind["id"]: kind["cookies"] for kind in document["external_origins"][0]["kinds"]}


def test_external_origins_are_listed_with_their_cookies():
    """What is said of the other site's cookies depends on how the browser asks it."""
    document = build_document(WIDE)
    assert cookies_by_kind(document) == COOKIES_BY_KIND
    assert list(COOKIES_BY_KIND) == list(KINDS)
    words = {kind["cookies"]: kind["cookies_text"] for kind in
             document["external_origins"][0]["kinds"]}  # fmt: skip
    assert "Safari does not" in words["withheld"]
    assert "unless the page asks for them" in words["withheld"]
    assert words["possible"] == "The other site may receive and store its own cookies."
    assert words["never"] == "Fetched without cookies, unless the page asks for them."
    assert [one["origin"] for one in document["external_origins"]] == [
        "https://maps.example.com",
        "wss://live.example.com:8443",
    ]
    assert document["external_origins"][0]["kinds"][0]["directive"] == "script-src"


@pytest.mark.parametrize("options", [{"enforced": False}, {"credentialless": False}])
def test_cookies_are_not_said_to_be_withheld_where_nothing_withholds_them(options):
    """Without the header that withholds cookies, the declaration does not claim that."""
    assert "withheld" not in cookies_by_kind(build_document(WIDE, **options)).values()


def test_page_without_embedder_policy_claims_no_withheld_cookies():
    """Where an application switches off what withholds cookies, its declaration says so."""
    policy = CookiePolicy(recipients=(MAPS,), external_origins=(admit(),))
    for options, cookies in (
        ({}, "withheld"),
        ({"cross_origin_embedder_policy": OPT_OUT}, "possible"),
    ):
        app = Flask(__name__)
        app.config.update(
            SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=policy, STRICT_COOKIES_HEADERS=options
        )
        StrictCookies(app)
        document = app.test_client().get("/cookies/declaration.json").json
        assert set(cookies_by_kind(document).values()) == {cookies}


def test_report_only_page_claims_no_withheld_cookies():
    """While nothing is enforced, pictures of a third party may come with its cookies."""
    app = Flask(__name__)
    policy = CookiePolicy(recipients=(MAPS,), external_origins=(admit(),))
    app.config.update(STRICT_COOKIES_MODE="report-only", STRICT_COOKIES_POLICY=policy)
    StrictCookies(app)
    assert "Fetched without cookies" not in app.test_client().get("/cookies/").text


@pytest.mark.parametrize(
    ("kinds", "possible"),
    [
        pytest.param((), False, id="none"),
        pytest.param(("font",), False, id="fonts"),
        *(pytest.param((kind,), True, id=kind) for kind in KINDS if kind != "font"),
    ],
)
def test_third_party_cookies_are_ruled_out_only_where_they_are(kinds, possible):
    """That there are no third-party cookies is claimed only where no browser takes any."""
    origins = (admit(kinds=kinds),) if kinds else ()
    policy = CookiePolicy(recipients=(MAPS,), external_origins=origins)
    document = build_document(policy)
    assert document["third_party_cookies"] is possible
    statement = document["statements"]["no_consent"]
    assert statement.startswith("Among the items that this site itself stores, ") is possible


@pytest.mark.parametrize(("kind", "access"), [("script", True), ("image", False)])
def test_scripts_of_third_parties_can_read_what_scripts_can_read(kind, access):
    """A third party's script in the page reads web storage and cookies without HttpOnly."""
    policy = CookiePolicy(
        cookies=(declare("theme", script_readable=True), declare("sid")),
        storage=(keep("draft"),),
        recipients=(MAPS,),
        external_origins=(admit(kinds=(kind,)),),
    )
    document = build_document(policy)
    assert [cookie["third_party_access"] for cookie in document["cookies"]] == [access, False]
    assert document["storage"][0]["third_party_access"] is access
    text = client_of(policy).get("/cookies/").text
    assert document["storage"][0]["third_parties"] == (["Maps Ltd"] if access else [])
    assert ("Yes: scripts of Maps Ltd run in pages of this site" in text) is access


SECTIONS = ("storage", "preferences", "external-origins", "recipients")


def test_page_has_a_section_for_what_is_there():
    """Each section has a heading of its own, which names it for a screen reader."""
    text = client_of(WIDE).get("/cookies/").text
    for name in SECTIONS:
        assert f'<section aria-labelledby="sc-{name}">' in text
        assert text.count(f'<h2 id="sc-{name}">') == 1
    assert "<code>https://maps.example.com</code>" in text
    assert "your browser contacts other sites, which are listed too" in text


def test_page_has_no_section_for_what_is_not_there():
    """A site without storage, preferences and third parties reads nothing about them."""
    text = client_of().get("/cookies/").text
    for name in SECTIONS:
        assert f'"sc-{name}"' not in text
    assert "contacts" not in text


HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7+7 }}"


def test_hostile_text_stays_text_everywhere():
    """Markup in any text of any section is shown, never run."""
    texts = {"en": HOSTILE, "de": HOSTILE}
    policy = CookiePolicy(
        site=Site(name=HOSTILE, controller=HOSTILE, languages=("en", "de")),
        storage=(keep(HOSTILE, title=texts, description=texts, without_it=texts),),
        preferences=(
            prefer("x", title=texts, description=texts, choices=(HOSTILE, "b"), default=HOSTILE),
        ),
        recipients=(
            Recipient(
                name=HOSTILE, role=texts, data=texts, purpose=texts, country="US", safeguard=texts
            ),
        ),
        external_origins=(admit(recipient=HOSTILE, reason=texts),),
    )
    client = client_of(policy)
    pages = [client.get("/cookies/", headers={"Accept-Language": language}).text
             for language in ("en", "de")] + [client.get("/recipient_table").text]  # fmt: skip
    for text in pages:
        assert "<img" not in text
        assert "{{ 7+7 }}" in text
        assert text.count("&lt;img src=x onerror=alert(1)&gt;&#34;&#39;") >= 4
    assert client.get("/cookies/declaration.json").get_json()["recipients"][0]["name"] == HOSTILE
