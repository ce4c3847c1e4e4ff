"""What ``flask cookies check`` finds in an application and its policy."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from strict_cookies import (
    CookiePolicy,
    DeclaredCookie,
    ExternalOrigin,
    Recipient,
    Site,
    StrictCookies,
)
from strict_cookies.checks.app import run_checks
from strict_cookies.reasons import Reason
from tests.checks.applications import ENTRY, KEY, SITE, brief
from tests.policies import keep, prefer


def wrap_dispatcher(app):
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})


def wrap_proxy_fix(app):
    app.wsgi_app = ProxyFix(app.wsgi_app)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, wrap_dispatcher, ["SC301"], id="dispatcher outside"),
        pytest.param(wrap_dispatcher, None, [], id="dispatcher inside"),
        pytest.param(wrap_proxy_fix, None, ["SC302"], id="proxy fix inside"),
        pytest.param(None, wrap_proxy_fix, [], id="proxy fix outside"),
        pytest.param(wrap_proxy_fix, wrap_proxy_fix, ["SC302", "SC303"], id="two of them"),
    ],
)
@pytest.mark.parametrize("testing", [False, True])
def test_order_of_middleware_is_an_error(make_app, before, after, expected, testing):
    """Middleware in the wrong place is an error with its id, until it is moved."""
    app = make_app({"TESTING": testing}, before=before, after=after)
    assert brief(run_checks(app)) == [("error", reason_id) for reason_id in expected]


def test_own_proxy_fix_is_one_of_two(make_app):
    """STRICT_COOKIES_TRUSTED_PROXIES brings a ProxyFix, so that another is one too many."""
    app = make_app({"STRICT_COOKIES_TRUSTED_PROXIES": 1}, after=wrap_proxy_fix)
    (finding,) = run_checks(app)
    assert (finding.severity, finding.reason) == ("error", Reason.PROXY_FIX_TWICE)
    assert "STRICT_COOKIES_TRUSTED_PROXIES" in finding.message
    assert run_checks(make_app({"STRICT_COOKIES_TRUSTED_PROXIES": 1})) == []


def test_canonical_host_is_enough_to_redirect(make_app):
    """Without TRUSTED_HOSTS any Host is believed, but http leads to the canonical host."""
    host = {"TRUSTED_HOSTS": None, "STRICT_COOKIES_CANONICAL_HOST": "erp.example"}
    (finding,) = run_checks(make_app(host))
    assert finding.reason is Reason.NO_PINNED_HOST
    assert "not redirected" not in finding.message


def test_redirect_is_not_missed_where_nothing_is_secure(make_app):
    """With plain http by choice there is nowhere to redirect to."""
    choice = {"STRICT_COOKIES_HTTPS": "off", "STRICT_COOKIES_TRANSPORT": "plain-http"}
    assert Reason.PROTECTION_OFF not in {found.reason for found in run_checks(make_app(choice))}


@pytest.mark.parametrize(
    ("config", "found", "words"),
    [
        pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, ("warning", "SC412"),
                     "STRICT_COOKIES_SESSIONS is 'flask'", id="Flask's own"),
        pytest.param({"STRICT_COOKIES_SESSION_BINDING": "off"}, ("warning", "SC412"),
                     "STRICT_COOKIES_SESSION_BINDING is 'off'", id="binding"),
        pytest.param({"STRICT_COOKIES_TRAIL": "off"}, ("warning", "SC412"),
                     "STRICT_COOKIES_TRAIL is 'off'", id="trail"),
        pytest.param({"STRICT_COOKIES_TRAIL_KEY": "off"}, ("info", "SC413"),
                     "not signed: STRICT_COOKIES_TRAIL_KEY is 'off'", id="unsigned heads"),
        pytest.param({"STRICT_COOKIES_TRAIL_KEY": None, "STRICT_COOKIES_SESSIONS": "redis://h"},
                     ("info", "SC413"), "not in a file of this machine", id="no key for Redis"),
        pytest.param({"STRICT_COOKIES_TRAIL_KEY": None}, ("info", "SC423"),
                     "trail.pem'; it is created when", id="default key"),
        pytest.param({"STRICT_COOKIES_SESSION_MIGRATION_UNTIL": "2020-01-01"}, ("info", "SC421"),
                     "STRICT_COOKIES_SESSION_MIGRATION_UNTIL is in the past", id="move is over"),
        pytest.param({"STRICT_COOKIES_SESSION_LIFETIME": "aal9"}, ("error", None),
                     "STRICT_COOKIES_SESSION_LIFETIME is 'aal9'", id="wrong setting"),
    ],
)  # fmt: skip
def test_weak_sessions_are_found(make_app, config, found, words):
    """A protection that is off, expired or invalid is reported by its setting."""
    findings = run_checks(make_app(config))
    assert brief(findings) == [found]
    assert words in findings[0].message


def test_move_that_goes_on_is_no_finding(make_app):
    """There is no finding while sessions are migrated."""
    assert run_checks(make_app({"STRICT_COOKIES_SESSION_MIGRATION_UNTIL": "9000-01-01"})) == []


def test_trusted_middleware_is_no_error(make_app):
    """A class that the application trusts may wrap Strict Cookies."""
    name = f"{DispatcherMiddleware.__module__}.{DispatcherMiddleware.__qualname__}"
    trusted = {"STRICT_COOKIES_TRUSTED_MIDDLEWARE": [name]}
    assert run_checks(make_app(trusted, after=wrap_dispatcher)) == []


def test_missing_extension_says_which_lines_to_add():
    """Without Strict Cookies there is one error, with the lines that add it."""
    (finding,) = run_checks(Flask("bare"))
    assert (finding.severity, finding.reason) == ("error", None)
    assert "'bare'" in finding.message
    assert "    from strict_cookies import StrictCookies\n" in finding.remedy
    assert "    strict = StrictCookies(app)" in finding.remedy


def test_checking_freezes_nothing(make_app):
    """The application can still be configured afterwards."""
    app = make_app()
    run_checks(app)
    assert app.extensions["strict_cookies"].firewall is None
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    assert brief(run_checks(app)) == [("warning", "SC402")]


# --- The policy ---


def test_every_mistake_of_a_policy_is_listed(make_app, tmp_path):
    """A policy that no longer loads is one error that lists each mistake on its line."""
    app = make_app({"SECRET_KEY": "short"})
    broken = tmp_path / "cookies.toml"
    broken.write_text(SITE + ENTRY.format(name="a b") + ENTRY.format(name="_ga") + "x = 1\n")
    findings = run_checks(app)
    assert brief(findings) == [("error", None), ("warning", "SC404")]
    head, *mistakes = findings[0].message.split("\n")
    assert head == f"{broken} has 3 mistakes:"
    assert all(line.startswith("- line ") for line in mistakes)
    assert all(any(word in line for line in mistakes) for word in ("'a b'", "'x'", "Google"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"STRICT_COOKIES_POLICY": 5}, "int", id="of a wrong type"),
        pytest.param({"STRICT_COOKIES_POLICY": "none.toml"}, "can't be read", id="not there"),
        pytest.param({"SESSION_COOKIE_PATH": "app"}, "Begin with '/'", id="session's path"),
    ],
)
def test_policy_that_went_wrong_later_is_an_error(make_app, changed, words):
    """An invalid setting made after init_app is reported before the first request."""
    findings = run_checks(make_app(after=lambda app: app.config.update(changed)))
    assert findings[0].severity == "error"
    assert words in findings[0].message


def test_missing_file_is_for_information(make_app, tmp_path):
    """A missing cookies.toml is reported, and so are the missing details of the site."""
    findings = run_checks(make_app(toml=None))
    assert brief(findings) == [("warning", "SC405"), ("info", "SC401")]
    assert str(tmp_path) in findings[1].message
    assert "name, controller and contact" in findings[0].message


def test_policy_in_python_needs_no_file(make_app):
    """A policy that was handed over is complete without a file."""
    policy = CookiePolicy(site=Site(name="a", controller="b", contact="c"))
    assert run_checks(make_app({"STRICT_COOKIES_POLICY": policy}, toml=None)) == []


@pytest.mark.parametrize("key", ["name", "controller", "contact"])
def test_each_missing_detail_of_the_site_is_named(make_app, key):
    """Exactly the empty one of the three is named."""
    lines = [line for line in SITE.splitlines() if not line.startswith(f"{key} ")]
    (finding,) = run_checks(make_app(toml="\n".join([*lines, f'{key} = " "'])))
    assert finding.reason is Reason.SITE_INCOMPLETE
    assert f"has no {key}," in finding.message


def test_missing_text_is_listed_by_cookie_and_language(make_app):
    """Each text that lacks one of the site's languages is named, and none when all are there."""
    texts = ('title = {en = "T", sv = "T"}', 'description = {en = "D"}', 'without_it = "W"')
    session = ENTRY.format(name="__Host-Http-session").replace("preferences", "session")
    for key, value in (("title", "S"), ("description", "S"), ("without_it", "S")):
        lines = [line for line in session.splitlines() if not line.startswith(key)]
        session = "\n".join([*lines, f'{key} = {{en = "{value}", sv = "{value}"}}'])
    entry = ENTRY.format(name="choice")
    entry = "\n".join(
        next((text for text in texts if line.split(" ")[0] == text.split(" ")[0]), line)
        for line in entry.splitlines()
    )
    site = f'{SITE}languages = ["en", "sv"]\n'
    findings = run_checks(make_app(toml=site + entry))
    assert brief(findings) == [("warning", "SC409")]
    _, built_in, choice = findings[0].message.split("\n")
    assert built_in == "- Cookie '__Host-Http-session': title.sv, description.sv, without_it.sv"
    assert choice == "- Cookie 'choice': description.sv, without_it.sv"
    (finding,) = run_checks(make_app(toml=site + session + "\n" + entry))
    assert finding.message.split("\n")[1:] == [choice]
    assert run_checks(make_app(toml=site + session)) == []
    assert run_checks(make_app(toml=SITE + ENTRY.format(name="choice"))) == []


def test_missing_text_of_every_kind_of_entry_is_listed(tmp_path):
    """Texts of storage, preferences and third parties are checked for each language, too."""
    policy = CookiePolicy(
        site=Site(name="ERP", controller="Vendor", contact="c", languages=("en", "de")),
        storage=(keep("draft", title={"en": "T", "de": "T"}),),
        preferences=(prefer("theme", description={"en": "D", "de": "D"}),),
        recipients=(
            Recipient(name="A", role="R", data="D", purpose="P", country="DE"),
            Recipient(
                name="B",
                role={"de": "R", "en": "R"},
                data={"de": "D"},
                purpose={"de": "P", "en": "P"},
                country="US",
                safeguard={"en": "S"},
            ),
        ),
        external_origins=(
            ExternalOrigin(origin="https://a.example", kinds="image", reason="R", recipient="A"),
        ),
    )
    app = Flask("erp", root_path=str(tmp_path))
    app.config.update(SECRET_KEY=KEY, TRUSTED_HOSTS=["a.example"], STRICT_COOKIES_POLICY=policy)
    StrictCookies(app)
    finding, unsigned = run_checks(app)
    assert unsigned.reason is Reason.DEFAULT_TRAIL_KEY
    assert finding.reason is Reason.TEXT_MISSING
    assert finding.message.split("\n")[1:] == [
        "- Storage 'draft': description.de, without_it.de",
        "- Preference 'theme': title.de",
        "- Recipient 'A': role.de, data.de, purpose.de",
        "- Recipient 'B': data.en, safeguard.de",
        "- External origin 'https://a.example': reason.de",
    ]


# --- Extensions ---


@pytest.fixture
def flask_login(tmp_path, monkeypatch):
    """Make Flask-Login look installed."""
    info = tmp_path / "site-packages" / "Flask_Login-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Flask-Login\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(info.parent)


@pytest.mark.usefixtures("flask_login")
def test_cookie_of_a_used_extension_comes_with_its_entry(make_app):
    """Adding the suggested entry removes the finding; unused extensions have none."""

    def use(app):
        app.login_manager = object()

    assert run_checks(make_app()) == []
    (finding,) = run_checks(make_app(after=use))
    assert (finding.severity, finding.reason) == ("warning", Reason.KNOWN_EXTENSION)
    assert "'remember_token'" in finding.message
    code = [line[4:] for line in finding.remedy.splitlines() if line.startswith("    ")]
    entry = "\n".join(code)
    assert CookiePolicy.parse(entry).find("remember_token") is not None
    assert run_checks(make_app(toml=f"{SITE}\n{entry}\n", after=use)) == []


def test_declared_cookie_of_python_is_checked_like_one_of_a_file(make_app):
    """The causes name the policy where it has no file."""
    policy = CookiePolicy(
        site=Site(name="a", controller="b", contact="c"),
        cookies=(
            DeclaredCookie(
                name="session", title="T", purposes=("session",), description="D", without_it="W"
            ),
        ),
    )
    (finding,) = run_checks(make_app({"STRICT_COOKIES_POLICY": policy}, toml=None))
    assert "the policy declares 'session'" in finding.message
