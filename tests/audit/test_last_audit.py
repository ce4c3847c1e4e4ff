"""The last audit is recorded, and the check reports an overdue one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from strict_cookies import StrictCookies
from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.audit.last_audit import LAST, SHELF, LastAudit, read_last_audit, record_audit
from strict_cookies.audit.report import build_report
from strict_cookies.checks.freshness import check_last_audit
from strict_cookies.cli.main import cookies
from strict_cookies.errors import ConfigurationError, FrozenConfigurationError
from strict_cookies.flask.settings import read_audit_interval
from tests.audit.observations import MISBEHAVING, POLICY, observe

ENDED = datetime(2026, 11, 25, 9, 0, 42, tzinfo=UTC)
REPORT = build_report(MISBEHAVING, POLICY, declaration_hash="sha256:ab")


def make_app(tmp_path, **config):
    """Make an application whose archive is a file."""
    app = Flask("shop")
    app.config.update(
        SECRET_KEY="k" * 32, STRICT_COOKIES_SESSIONS=str(tmp_path / "s.sqlite"), **config
    )
    StrictCookies(app)
    return app


def check(app, *, after=timedelta(0)):
    """Check that long after the end of the audit; return the message, or None."""
    finding = check_last_audit(app, now=lambda: ENDED + after)
    return None if finding is None else finding.message


@pytest.fixture(params=["memory", "sqlite"])
def archive(request, tmp_path):
    """An archive of each kind that needs no server."""
    made = MemoryArchive() if request.param == "memory" else SQLiteArchive(tmp_path / "a.sqlite")
    yield made
    made.close()


def test_audit_is_remembered(archive):
    """What was recorded is what is given back."""
    assert read_last_audit(archive) is None
    record_audit(archive, REPORT, manifest_hash="sha256:cd")
    assert read_last_audit(archive) == LastAudit(
        ended=ENDED,
        targets=("https://shop.example/",),
        browser="Chromium 156.0.8078.0",
        result="findings",
        counts=REPORT["counts"],
        visited=2,
        known=4,
        declaration_hash="sha256:ab",
        manifest_hash="sha256:cd",
    )


def test_the_last_audit_counts(archive):
    """A later audit takes the place of an earlier one."""
    record_audit(archive, REPORT)
    record_audit(archive, build_report(observe(), POLICY))
    assert read_last_audit(archive).result == "clean"


def test_audit_that_saw_nothing_is_none(archive):
    """A site that was down was not audited."""
    record_audit(archive, build_report(observe(pages=()), POLICY))
    assert read_last_audit(archive) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"ended": "never", "targets": []}', b"\xff"])
def test_unreadable_record_is_none(archive, data):
    """An unreadable record does not stop a check."""
    archive.put(SHELF, LAST, data)
    assert read_last_audit(archive) is None


def test_site_without_interval_is_not_asked(tmp_path):
    """A site that promises nothing is not reminded, and its archive is not opened."""
    assert check(make_app(tmp_path), after=timedelta(days=9999)) is None
    assert list(tmp_path.iterdir()) == []


def test_missing_audit_is_reported_and_makes_no_file(tmp_path):
    """Whoever runs the check leaves no file that the application then can't open."""
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL="90 days")
    assert check(app) == "STRICT_COOKIES_AUDIT_INTERVAL is 90 days, but no audit is recorded."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), None),
        (timedelta(days=90), None),
        (
            timedelta(days=90, seconds=1),
            "STRICT_COOKIES_AUDIT_INTERVAL is 90 days, but the last audit was 90 days ago "
            "(findings).",
        ),
        (
            timedelta(days=200),
            "STRICT_COOKIES_AUDIT_INTERVAL is 90 days, but the last audit was 200 days ago "
            "(findings).",
        ),
    ],
)
def test_old_audit_is_reported(tmp_path, age, said):
    """An audit counts for as long as the site says, and not a second longer."""
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL=timedelta(days=90))
    record_audit(app.extensions["strict_cookies"].archive, REPORT)
    assert check(app, after=age) == said


def test_unreadable_archive_is_reported(tmp_path):
    """A broken archive is a finding, not a crash."""
    (tmp_path / "s.sqlite").write_bytes(b"no database" * 100)
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL="1 day")
    assert check(app).startswith(
        "STRICT_COOKIES_AUDIT_INTERVAL is 1 day, but the date of the last audit can't be read: "
    )


def run_check(app, *arguments):
    """Run the command; return its exit code and output."""
    info = ScriptInfo(create_app=lambda: app)
    done = CliRunner().invoke(cookies, ["check", *arguments], obj=info)
    return done.exit_code, done.output


def test_command_warns(tmp_path):
    """``flask cookies check`` shows the warning among the others, and --strict fails by it."""
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL="90 days")
    code, said = run_check(app)
    assert code == 0
    assert "warning SC422 audit overdue\n" in said
    assert run_check(app, "--strict")[0] == 1
    assert "SC422" not in run_check(make_app(tmp_path))[1]


@pytest.mark.parametrize("value", ["", "soon", "0 days", 90, timedelta(0), "-1 day", True])
def test_wrong_interval_is_refused(value):
    """An invalid duration is refused with a message."""
    with pytest.raises(ConfigurationError, match="STRICT_COOKIES_AUDIT_INTERVAL is "):
        read_audit_interval(value)


def test_wrong_interval_stops_the_first_request(tmp_path):
    """A misspelt interval is reported like every other setting, and can't be changed later."""
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL="soon", TESTING=True)
    with pytest.raises(ConfigurationError, match="soon"):
        app.test_client().get("/")
    app = make_app(tmp_path, STRICT_COOKIES_AUDIT_INTERVAL="1 day", TESTING=True)
    app.test_client().get("/")
    app.config["STRICT_COOKIES_AUDIT_INTERVAL"] = "2 days"
    with pytest.raises(FrozenConfigurationError):
        app.test_client().get("/")
