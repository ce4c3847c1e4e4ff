"""The auditor's report: who may read it, what it says, and links that open it."""

from __future__ import annotations

import datetime
import json
import time

import pytest
from flask import Flask

from strict_cookies import StrictCookies, login
from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.report.contents import DAYS, build_report
from strict_cookies.report.links import ReportLinks
from strict_cookies.report.pages import report_links
from strict_cookies.report.plot import draw_days
from strict_cookies.trail.signing import make_key

HTTPS = {"base_url": "https://localhost"}
OWN = {"Origin": "https://localhost"}
PAGE, JSON = "/cookies/report/", "/cookies/report/report.json"


def build(**config):
    """Create an application in which every visitor can take a role."""
    app = Flask("shop")
    app.config.update(
        {"SECRET_KEY": "k" * 32, "TESTING": True, "STRICT_COOKIES_MODE": "enforce", **config}
    )

    @app.post("/as/<role>")
    def take(role):
        login("somebody", roles=[role])
        return ""

    @app.get("/set/<name>")
    def set_one(name):
        response = app.make_response("")
        response.set_cookie(name, "a-secret-value")
        return response

    StrictCookies(app)
    return app


@pytest.fixture
def app():
    """An application with a trail in memory."""
    return build()


def signed_in(app, role):
    """Return a client with a role."""
    client = app.test_client()
    assert client.post(f"/as/{role}", headers=OWN, **HTTPS).status_code == 200
    return client


def make_link(app, seconds=3600):
    """Create a link; return it with its token."""
    with app.app_context():
        return report_links().create(seconds)


def exchange(app, token, client=None, **headers):
    """Press the button of a link; return the client and the response."""
    client = client or app.test_client()
    answer = client.post(
        "/cookies/report/open", data={"token": token}, headers={**OWN, **headers}, **HTTPS
    )
    return client, answer


def events(app):
    """Return the recorded openings of the report."""
    trail = app.extensions["strict_cookies"].trail
    return [dict(one.details) for one in trail.entries() if one.event == "report-opened"]


class TestAccess:
    """Only auditors and visitors with a link may read the report."""

    @pytest.mark.parametrize("path", [PAGE, JSON])
    def test_auditor_may_read(self, app, path):
        """The role opens the page and the data, and the trail has it with no name."""
        answer = signed_in(app, "auditor").get(path, **HTTPS)
        assert answer.status_code == 200
        (event,) = events(app)
        assert event["form"] == ("page" if path == PAGE else "json")
        assert "somebody" not in str(event)

    @pytest.mark.parametrize(("role", "status"), [("clerk", 403), (None, 401)])
    @pytest.mark.parametrize("path", [PAGE, JSON])
    def test_others_may_not(self, app, path, role, status):
        """Another role is refused, a visitor is asked to sign in; neither is an opening."""
        client = app.test_client() if role is None else signed_in(app, role)
        assert client.get(path, **HTTPS).status_code == status
        assert events(app) == []

    def test_no_cache_and_no_other_site_learns_of_it(self, app):
        """For every response."""
        for client in (signed_in(app, "auditor"), app.test_client()):
            answer = client.get(PAGE, **HTTPS)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"

    def test_without_server_sessions_a_link_still_opens(self):
        """Flask's own session knows no roles, so a link is the way."""
        app = build(STRICT_COOKIES_SESSIONS="flask")
        assert app.test_client().get(PAGE, **HTTPS).status_code == 403
        client, answer = exchange(app, make_link(app)[1])
        assert answer.status_code == 303
        assert client.get(PAGE, **HTTPS).status_code == 200


class TestLinks:
    """A link is exchanged by a POST for a session that may read the report only."""

    def test_get_opens_nothing(self, app):
        """A mail scanner that follows the link gets a button, no session, and no trail entry."""
        client = app.test_client()
        answer = client.get("/cookies/report/link", **HTTPS)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert client.get(PAGE, **HTTPS).status_code == 401
        assert events(app) == []

    def test_post_opens_the_report_and_leaves_the_token_behind(self, app):
        """The next URL has no token, and each opening is recorded with the link's id."""
        link, token = make_link(app)
        client, answer = exchange(app, token)
        assert (answer.status_code, answer.location) == (303, PAGE)
        page = client.get(PAGE, **HTTPS)
        assert page.status_code == 200
        assert token not in page.text
        assert [one["link"] for one in events(app)] == [link.id]

    def test_each_reader_is_recorded_once_an_hour(self, app, monkeypatch):
        """Page, data and further visits of one link are one entry, another reader's a second."""
        link, token = make_link(app)
        for _ in range(2):
            client, _ = exchange(app, token)
            for path in (PAGE, JSON, PAGE):
                assert client.get(path, **HTTPS).status_code == 200
        signed_in(app, "auditor").get(PAGE, **HTTPS)
        assert [one.get("link") for one in events(app)] == [link.id, None]
        now = time.time()
        monkeypatch.setattr("strict_cookies.report.pages.time.time", lambda: now + 3601)
        client.get(PAGE, **HTTPS)
        client.get(PAGE, **HTTPS)
        assert [one.get("link") for one in events(app)] == [link.id, None, link.id]
        archive = app.extensions["strict_cookies"].archive
        assert len(archive.items("report-readers")) == 1
        assert all(link.id not in name for name in archive.items("report-readers"))

    def test_it_opens_again_until_it_expires(self, app):
        """A session ends with an hour's idleness, an audit does not."""
        _, token = make_link(app)
        for _ in range(2):
            client, _ = exchange(app, token)
            assert client.get(PAGE, **HTTPS).status_code == 200

    def test_it_signs_nobody_in(self, app):
        """Pages for users stay shut."""
        client, _ = exchange(app, make_link(app)[1])
        assert "not signed in" in client.get("/cookies/sessions", **HTTPS).text

    def test_who_is_signed_in_stays_so(self, app):
        """A clerk who was sent a link reads the report as a clerk."""
        client = signed_in(app, "clerk")
        exchange(app, make_link(app)[1], client)
        assert client.get(PAGE, **HTTPS).status_code == 200
        assert "not signed in" not in client.get("/cookies/sessions", **HTTPS).text

    def test_fixated_session_is_left(self, app):
        """An identifier that an attacker fixed before can't read the report."""
        client, _ = exchange(app, make_link(app)[1])
        before = client.get_cookie("__Host-Http-session").value
        exchange(app, make_link(app)[1], client)
        assert client.get_cookie("__Host-Http-session").value != before

    def test_revoked_link_closes_what_it_opened(self, app):
        """At once, and the link itself opens nothing."""
        link, token = make_link(app)
        client, _ = exchange(app, token)
        with app.app_context():
            assert report_links().revoke(link.id) is True
            assert report_links().revoke(link.id) is False
        assert client.get(PAGE, **HTTPS).status_code == 401
        assert exchange(app, token)[1].status_code == 404
        assert exchange(app, token)[1].status_code == 404
        assert app.test_client().get(f"/cookies/report/link/{token}", **HTTPS).status_code == 404

    def test_expired_link_closes_too(self):
        """For the token, for its session, and in the list."""
        now = 1000.0
        found = ReportLinks(MemoryArchive(), [b"k"], clock=lambda: now)
        link, token = found.create(60)
        assert found.read(token) == found.find(link.id) == link
        assert found.list() == [link]
        now = 1060.0
        assert found.read(token) is None
        assert found.find(link.id) is None
        assert found.list() == []
        assert found.revoke(link.id) is False

    @pytest.mark.parametrize("token", ["", "x", "a.b", "x" * 10_000])
    def test_forged_token_opens_nothing(self, app, token):
        """Nor does one that another secret has signed."""
        assert exchange(app, token)[1].status_code == 404
        other = ReportLinks(app.extensions["strict_cookies"].archive, [b"other"])
        assert exchange(app, other.create(60)[1])[1].status_code == 404

    def test_former_secret_still_verifies(self):
        """A rotation of the secret ends no link; the newest key signs."""
        archive = MemoryArchive()
        _, token = ReportLinks(archive, [b"old"]).create(60)
        rotated = ReportLinks(archive, [b"new", b"old"])
        assert rotated.read(token) is not None
        assert ReportLinks(archive, [b"old"]).read(rotated.create(60)[1]) is None

    def test_another_sites_page_opens_nothing(self, app):
        """Regardless of STRICT_COOKIES_CROSS_ORIGIN."""
        app = build(STRICT_COOKIES_CROSS_ORIGIN="off")
        _, answer = exchange(app, make_link(app)[1], Origin="https://evil.example")
        assert answer.status_code == 403


class TestContents:
    """What the report says is what is carried out and kept."""

    def report(self, app):
        """Read the data as an auditor."""
        return signed_in(app, "auditor").get(JSON, **HTTPS).get_json()

    def test_what_was_blocked_is_counted_by_day(self, app):
        """With reason and name, and without the value."""
        client = app.test_client()
        for _ in range(3):
            client.get("/set/banner", **HTTPS)
        found = self.report(app)
        assert {"reason": "SC101", "title": "undeclared cookie", "name": "banner", "times": 3} in (
            found["blocked"]["kinds"]
        )
        assert len(found["blocked"]["days"]) == DAYS
        assert found["blocked"]["days"][-1]["dropped"] == 3
        assert "a-secret-value" not in json.dumps(found)

    def test_trail_is_verified_while_it_is_read(self, app):
        """A changed entry is named at the next opening."""
        assert self.report(app)["trail"]["intact"] is True
        archive = app.extensions["strict_cookies"].archive
        log = archive._logs["trail"]
        log[0] = log[0]._replace(data=log[0].data.replace(b"20", b"21", 1))
        found = self.report(app)["trail"]
        assert found["intact"] is False
        assert found["problems"]

    def test_report_says_what_was_verified_when(self, app, monkeypatch):
        """All of it just now; of a long trail how much now, the rest since when, or how far."""
        from strict_cookies.report import pages
        from strict_cookies.trail import review, verification

        trail = app.extensions["strict_cookies"].trail
        for _ in range(20):
            trail.record("order-approved")
        client = signed_in(app, "auditor")
        page = " ".join(client.get("/cookies/report/", **HTTPS).text.split())
        assert "The chain is <strong>intact</strong>." in page
        assert "entries were read just now. Heads" in page
        monkeypatch.setattr(review, "CHEAP_SECONDS", 0.0)
        page = " ".join(client.get("/cookies/report/", **HTTPS).text.split())
        assert "entries were read just now, the others since 20" in page
        monkeypatch.setattr(verification, "BATCH", 5)
        monkeypatch.setattr(pages, "VERIFY_SECONDS", 0.0)
        trail.verifier = None
        page = " ".join(client.get("/cookies/report/", **HTTPS).text.split())
        assert "The chain is intact <strong>up to entry 5</strong>; the rest is not" in page
        assert "Audit trail <strong>partly</strong> verified" in page

    def test_without_a_trail_the_counters_are_those_of_the_process(self):
        """The report says so, and has no plot."""
        app = build(STRICT_COOKIES_TRAIL="off")
        app.test_client().get("/set/banner", **HTTPS)
        found = self.report(app)
        assert found["trail"] is None
        assert found["blocked"]["since"] == "the start of this process"
        assert [one["name"] for one in found["blocked"]["kinds"]] == ["banner"]
        page = signed_in(app, "auditor").get(PAGE, **HTTPS).text
        assert "<svg" not in page

    def test_headers_are_those_that_are_sent(self, app):
        """As an ordinary page over https has them."""
        sent = {one["name"]: one["value"] for one in self.report(app)["headers"]["sent"]}
        answer = app.test_client().get("/set/x", base_url="https://site.example")
        assert sent["Strict-Transport-Security"]
        assert {name: answer.headers[name] for name in sent} == sent

    def test_last_audit_is_reported(self, app):
        """With what it was compared with."""
        archive = app.extensions["strict_cookies"].archive
        assert self.report(app)["audit"] is None
        entry = {
            "ended": "2027-03-31T12:00:00+00:00",
            "targets": ["https://site.example/"],
            "browser": "Chromium 156",
            "result": "clean",
            "counts": {"error": 0},
            "visited": 9,
            "known": 10,
            "declaration_hash": "sha256:0",
            "manifest_hash": None,
        }
        archive.put("audits", "last", json.dumps(entry).encode())
        assert self.report(app)["audit"]["result"] == "clean"
        page = signed_in(app, "auditor").get(PAGE, **HTTPS).text
        assert "9 of 10 known pages visited" in page
        assert "differs from the current declaration" in page

    def test_settings_are_assessed_live(self, app):
        """The table is that of the settings, and the page has each requirement."""
        found = self.report(app)["asvs"]
        assert sum(found["counts"].values()) == len(found["requirements"]) == 50
        page = signed_in(app, "auditor").get(PAGE, **HTTPS).text
        assert page.count('class="requirement"') == 50

    def test_hostile_names_are_escaped(self, app):
        """A name in a table of the page is text."""
        counts = app.extensions["strict_cookies"].archive
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        signed_in(app, "auditor")
        from strict_cookies.trail import counts as daily

        counts.add(daily.TALLY, {daily._key(today, "SC101", "<script>alert(1)</script>"): 1})
        page = signed_in(app, "auditor").get(PAGE, **HTTPS).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page

    def test_report_is_plain_data(self, app):
        """It is written as JSON as it is."""
        app.extensions["strict_cookies"].freeze()
        found = build_report(app, datetime.datetime(2027, 3, 31, tzinfo=datetime.UTC))
        assert json.loads(json.dumps(found)) == found


class TestPlot:
    """A bar a day."""

    def test_bars_have_the_height_of_their_numbers(self):
        """The most is the highest, little is still seen, nothing has no bar."""
        first = datetime.date(2027, 3, 1)
        days = [(first + datetime.timedelta(n), count) for n, count in enumerate((0, 1, 500))]
        drawn = draw_days(days, "Dropped <all>")
        assert drawn.count("<rect") == 2
        assert 'height="60"' in drawn
        assert 'height="2"' in drawn
        assert 'aria-label="Dropped &lt;all&gt;: 501 in 3 days, most on 2027-03-03 (500)"' in drawn

    def test_nothing_is_drawn_as_a_line(self):
        """Without counts there is no bar, and no division by zero."""
        assert "<rect" not in draw_days([(datetime.date(2027, 3, 1), 0)], "Dropped")


class TestCommand:
    """``flask cookies report-link``."""

    @pytest.fixture
    def run(self, app):
        """Run the command on the application."""
        from flask.cli import ScriptInfo

        from strict_cookies.cli.main import cookies

        runner = app.test_cli_runner()
        return lambda *args: runner.invoke(
            cookies, ["report-link", *args], obj=ScriptInfo(create_app=lambda: app)
        )

    def test_made_listed_and_revoked(self, app, run):
        """What is printed opens the report; what is listed does not."""
        made = run("--expires", "7d")
        assert made.exit_code == 0, made.output
        path = next(line.strip() for line in made.output.splitlines() if "/link#" in line)
        token = path.rpartition("#")[2]
        assert exchange(app, token)[1].status_code == 303
        link_id = made.output.split()[1]
        listed = run("--list").output
        assert listed.startswith(link_id)
        assert token not in listed
        assert run("--revoke", link_id).output == f"Link {link_id} is revoked.\n"
        assert exchange(app, token)[1].status_code == 404
        assert run("--list").output == "No valid links.\n"
        assert run("--revoke", link_id).exit_code == 1

    @pytest.mark.parametrize("expires", ["91d", "0d", "soon", "7 weeks"])
    def test_wrong_time_is_refused(self, run, expires):
        """With what to write."""
        result = run("--expires", expires)
        assert result.exit_code == 1
        assert "--expires" in result.output

    @pytest.mark.parametrize("expires", ["30m", "12h", "7 days"])
    def test_time_in_either_form(self, run, expires):
        """Short, or as elsewhere."""
        assert run("--expires", expires).exit_code == 0

    def test_address_is_whole_where_the_host_is_known(self):
        """Ready to be sent."""
        from flask.cli import ScriptInfo

        from strict_cookies.cli.main import cookies

        app = build(STRICT_COOKIES_CANONICAL_HOST="shop.example")
        result = app.test_cli_runner().invoke(
            cookies, ["report-link"], obj=ScriptInfo(create_app=lambda: app)
        )
        assert "    https://shop.example/cookies/report/link#" in result.output


class TestWriting:
    """``flask cookies report FILE``."""

    def run(self, app, path):
        """Run the command."""
        from flask.cli import ScriptInfo

        from strict_cookies.cli.main import cookies

        return app.test_cli_runner().invoke(
            cookies, ["report", str(path)], obj=ScriptInfo(create_app=lambda: app)
        )

    def test_page_stands_alone(self, app, tmp_path):
        """Its style is inside, it loads nothing, and the trail has the opening."""
        result = self.run(app, tmp_path / "report.html")
        assert result.exit_code == 0, result.output
        page = (tmp_path / "report.html").read_text("utf-8")
        assert "<style>" in page
        assert "<link" not in page
        assert events(app) == [{"form": "html", "by": "command"}]

    def test_data_are_those_of_the_page(self, app, tmp_path):
        """The same document as on the site."""
        assert self.run(app, tmp_path / "report.json").exit_code == 0
        found = json.loads((tmp_path / "report.json").read_text("utf-8"))
        assert len(found["asvs"]["requirements"]) == 50

    @pytest.mark.browser
    def test_pdf_is_printed(self, app, tmp_path):
        """By the system's Chromium."""
        result = self.run(app, tmp_path / "report.pdf")
        assert result.exit_code == 0, result.output
        assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")

    @pytest.mark.parametrize("name", ["report.doc", "missing/report.json"])
    def test_wrong_place_is_reported(self, app, tmp_path, name):
        """Without a traceback."""
        result = self.run(app, tmp_path / name)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")


def test_report_shows_a_trail_that_was_rewritten(tmp_path):
    """The auditor reads that it is broken, rather than an error page."""
    key = tmp_path / "trail.pem"
    make_key(key)
    app = build(STRICT_COOKIES_TRAIL_KEY=key)
    trail = app.extensions["strict_cookies"].trail
    trail.adopt_key(trail.signer())
    trail.record("order-approved")
    # As if another process had signed a third entry, which is not there.
    trail.make_head()
    key.with_name("trail.pem.head").write_text(f"3:{'ab' * 32}")
    found = signed_in(app, "auditor").get(JSON, **HTTPS).json["trail"]
    assert found["intact"] is False
    assert found["head"] is None
    assert any("does not contain the head that was signed last" in one for one in found["problems"])
    page = signed_in(app, "auditor").get(PAGE, **HTTPS)
    assert page.status_code == 200
    assert "broken" in page.text
