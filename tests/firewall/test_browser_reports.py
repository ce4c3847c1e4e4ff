"""Reports of browsers: read without trust, reduced to words, counted, logged once."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies import browser_reported
from strict_cookies._util.text import MAX_SHOWN
from strict_cookies.errors import MalformedReportError
from strict_cookies.firewall.browser_reports import (
    MAX_REPORTS,
    MAX_ROWS,
    NEW_ROWS,
    OTHER_REPORT,
    ROW_SECONDS,
    Report,
    ReportTable,
    explain_report,
    read_reports,
)
from strict_cookies.policy.catalogue import load_catalogue
from strict_cookies.reasons import Reason

HOST = "erp.example.com"
IMAGE = Report("csp-violation", "img-src", "https://tracker.example")


def read(data, host=HOST):
    """Read a payload that is JSON."""
    return read_reports(json.dumps(data).encode(), host)


def legacy(**keys):
    """Write a report as ``report-uri`` sends it."""
    return {"csp-report": {key.replace("_", "-"): value for key, value in keys.items()}}


def modern(kind="csp-violation", **body):
    """Write a report as the Reporting API sends it."""
    return {"type": kind, "age": 3, "url": "https://erp.example.com/orders/7?x=1", "body": body}


def guard(**body):
    """Write a report of the guard."""
    return {"type": "guard", "body": {"kind": "local", "name": "_ga", "script": "", **body}}


# --- What browsers send ---


def test_chromium_sends_by_report_uri():
    """The older shape, as Chromium 156 writes it."""
    assert read(
        legacy(
            document_uri="https://erp.example.com/orders/7?customer=Ada",
            referrer="https://erp.example.com/login?next=Ada",
            violated_directive="img-src",
            effective_directive="img-src",
            original_policy="default-src 'self'; report-uri /cookies/reports",
            disposition="enforce",
            blocked_uri="https://tracker.example/pixel.gif?visitor=Ada",
            line_number=12,
            source_file="https://erp.example.com/static/app.js?user=Ada",
            status_code=200,
            script_sample="Ada",
        )
    ) == [IMAGE]


def test_chromium_sends_by_report_to():
    """The Reporting API's shape: several in one list, of several types."""
    assert read(
        [
            modern(
                blockedURL="https://tracker.example/pixel.gif?visitor=Ada",
                disposition="enforce",
                documentURL="https://erp.example.com/orders/7?customer=Ada",
                effectiveDirective="img-src",
                sample="Ada",
            ),
            modern(effectiveDirective="script-src-elem", blockedURL="inline"),
            modern(
                "coep", blockedURL="https://cdn.example/a.png", destination="image", type="corp"
            ),
            modern("permissions-policy-violation", featureId="geolocation", message="Ada"),
            modern("deprecation", id="websql", message="Ada"),
        ]
    ) == [
        IMAGE,
        Report("csp-violation", "script-src-elem", "inline"),
        Report("coep", "image", "https://cdn.example"),
        Report("permissions-policy-violation", "geolocation", "other"),
        OTHER_REPORT,
    ]


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        pytest.param("https://a.example/secret/path?q#f", "https://a.example", id="path and query"),
        pytest.param("https://a.example", "https://a.example", id="origin"),
        pytest.param("https://a.example:443/x", "https://a.example", id="default port"),
        pytest.param("http://a.example:8080/x", "http://a.example:8080", id="port"),
        pytest.param("wss://a.example/x", "wss://a.example", id="WebSocket"),
        pytest.param("HTTPS://A.Example/x", "https://a.example", id="upper case"),
        pytest.param("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444", id="IPv6"),
        pytest.param("https://Ada:pw@a.example/x", "https://a.example", id="user and password"),
        pytest.param("https://a.example?q=Ada", "https://a.example", id="query at once"),
        pytest.param("inline", "inline", id="inline"),
        pytest.param("", "inline", id="empty, as CSP 1 has it"),
        pytest.param("eval", "eval", id="eval"),
        pytest.param("data", "data", id="data as a word"),
        pytest.param("data:text/html,Ada", "data", id="data"),
        pytest.param("blob:https://erp.example.com/1-2-3", "blob", id="blob"),
        pytest.param("Ada", "other", id="no known word"),
        pytest.param("mailto:ada@example.com", "other", id="another scheme"),
        pytest.param("https://", "other", id="no host"),
        pytest.param("https://a.example:port/", "other", id="no port"),
        pytest.param("https://a b/", "other", id="space in the host"),
        pytest.param("https://ünïcode.example/", "other", id="host that no browser writes"),
        pytest.param(f"https://{'a' * 300}.example/", "other", id="host that is too long"),
        pytest.param("https://a.example\\@b.example/", "other", id="backslash"),
        pytest.param("//a.example/", "other", id="no scheme"),
        pytest.param(None, "other", id="null"),
        pytest.param(7, "other", id="number"),
        pytest.param(["https://a.example"], "other", id="list"),
    ],
)
def test_blocked_url_is_reduced(blocked, kept):
    """Of what was blocked an origin is kept, or a word that is known."""
    for data in (
        legacy(blocked_uri=blocked, effective_directive="img-src"),
        [modern(blockedURL=blocked, effectiveDirective="img-src")],
    ):
        assert read(data) == [Report("csp-violation", "img-src", kept)]


@pytest.mark.parametrize(
    ("directive", "kept"),
    [
        pytest.param("style-src-attr", "style-src-attr", id="directive"),
        pytest.param("Ada Lovelace", "other", id="words"),
        pytest.param("x" * 100, "other", id="long"),
        pytest.param("a\nb", "other", id="line break"),
        pytest.param("", "other", id="empty"),
        pytest.param(None, "other", id="null"),
        pytest.param({"a": 1}, "other", id="object"),
    ],
)
def test_directive_is_a_plain_word(directive, kept):
    """Of what was violated a word is kept that can't forge a log line."""
    (report,) = read([modern(effectiveDirective=directive, blockedURL="eval")])
    assert report == Report("csp-violation", kept, "eval")


def test_directive_of_an_older_browser_loses_its_sources():
    """Before CSP 3 the directive came with its sources behind it."""
    data = legacy(violated_directive="img-src 'self' https://cdn.example", blocked_uri="eval")
    assert read(data) == [Report("csp-violation", "img-src", "eval")]


# --- Noise ---


@pytest.mark.parametrize(
    "body",
    [
        {"blockedURL": "chrome-extension://abcdef/inject.js"},
        {"blockedURL": "chrome-extension"},
        {"blockedURL": "moz-extension://0-1-2/x"},
        {"blockedURL": "safari-web-extension://0-1-2/x"},
        {"blockedURL": "webkit-masked-url://hidden/"},
        {"blockedURL": "about"},
        {"blockedURL": "about:blank"},
        {"blockedURL": "https://gc.kis.v2.scr.kaspersky-labs.com/1/main.js"},
        {"blockedURL": "inline", "sourceFile": "moz-extension://0-1-2/content.js"},
        {"blockedURL": "https://a.example/x.js", "sourceFile": "chrome-extension"},
    ],
    ids=lambda body: " from ".join(body.values()),
)
def test_noise_of_extensions_is_left_out(body):
    """What an extension puts into pages says nothing about the site."""
    assert read([modern(effectiveDirective="script-src", **body)]) == []
    data = legacy(
        effective_directive="script-src",
        blocked_uri=body["blockedURL"],
        source_file=body.get("sourceFile"),
    )
    assert read(data) == []


def test_page_script_of_an_extension_is_noise():
    """The guard refuses what an extension's script writes, but nobody can mend it."""
    assert read([guard(script="chrome-extension://abcdef/inject.js")]) == []


def test_name_that_only_ends_like_injected_software_is_told():
    """Whole labels are compared."""
    (report,) = read(
        [modern(effectiveDirective="img-src", blockedURL="https://xkaspersky-labs.com/")]
    )
    assert report.blocked == "https://xkaspersky-labs.com"


# --- The guard's own ---


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        pytest.param("https://erp.example.com/static/app.js", "/static/app.js", id="own"),
        pytest.param("https://erp.example.com/static/app.mjs?v=Ada", "/static/app.mjs", id="query"),
        pytest.param("https://erp.example.com/people/Ada", "inline", id="own page"),
        pytest.param("https://erp.example.com/", "inline", id="root"),
        pytest.param(
            "https://erp.example.com:444/app.js", "https://erp.example.com:444", id="port"
        ),
        pytest.param("https://cdn.example/Ada/app.js", "https://cdn.example", id="foreign"),
        pytest.param("https://erp.example.com/Ada Lovelace.js", "inline", id="space"),
        pytest.param("", "inline", id="none"),
        pytest.param(5, "inline", id="number"),
    ],
)
def test_script_is_reduced(script, kept):
    """Of a script of the site's own its file is kept, of any other the origin."""
    assert read([guard(script=script)]) == [Report("guard", "local", kept, "_ga")]


def test_long_path_of_a_script_is_cut():
    """A path is shown as a log shows it."""
    (report,) = read([guard(script=f"https://{HOST}/{'x' * 200}.js")])
    assert len(report.blocked) == MAX_SHOWN
    assert report.blocked.endswith("...")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("_ga", "_ga", id="tracker"),
        pytest.param("_hjSessionUser_42", "_hjSessionUser_*", id="pattern"),
        pytest.param("basket of Ada", "other", id="unknown"),
        pytest.param("\ud800", "other", id="lone surrogate"),
    ],
)
def test_name_is_kept_where_the_catalogue_knows_it(name, kept):
    """A key may hold a person's name, so it is kept as it stands in the catalogue or not at all."""
    assert read([guard(name=name)]) == [Report("guard", "local", "inline", kept)]


@pytest.mark.parametrize("kind", ["cookie", "local", "session", "indexeddb", "cache"])
def test_each_kind_of_storage_is_read(kind):
    """The guard tells of five kinds."""
    (report,) = read([guard(kind=kind)])
    assert (report.directive, report.reason) == (kind, Reason.WRITE_REFUSED)


# --- What is no report ---

DEEP = b"[" * 60_000


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"7", id="number"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"csp-report"', id="text"),
        pytest.param(b"[7]", id="list of numbers"),
        pytest.param(b"[[]]", id="list of lists"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(b'{"csp-report": []}', id="list for an object"),
        pytest.param(b'{"type": "csp-violation"}', id="no body"),
        pytest.param(b'{"type": 5, "body": {}}', id="type is a number"),
        pytest.param(b'{"type": ["x"], "body": {}}', id="type is a list"),
        pytest.param(b'{"type": "guard", "body": {}}', id="guard without words"),
        pytest.param(b'{"type": "guard", "body": {"kind": [], "name": "x"}}', id="guard: kind"),
        pytest.param(b'{"type": "guard", "body": {"kind": "x", "name": "x"}}', id="guard: unknown"),
        pytest.param(b'{"type": "guard", "body": {"kind": "local", "name": 1}}', id="guard: name"),
        pytest.param(b"9" * 10_000, id="huge number"),
        pytest.param(DEEP, id="deep lists"),
        pytest.param(DEEP + b"]" * 60_000, id="deep lists, closed"),
        pytest.param(b'{"a":' * 20_000, id="deep objects"),
    ],
)
def test_malformed_payload_is_refused(payload):
    """What is neither shape raises one kind of error."""
    with pytest.raises(MalformedReportError):
        read_reports(payload, HOST)


def test_huge_numbers_where_none_belong_do_no_harm():
    """A number is no text, however large."""
    payload = b'[{"type": "csp-violation", "age": 1e999, "body": {"blockedURL": %s}}]' % (
        b"9" * 4000
    )
    assert read_reports(payload, HOST) == [Report("csp-violation", "other", "other")]


def test_one_payload_is_read_up_to_a_bound():
    """Ten thousand reports in one body are a hundred."""
    assert len(read([modern("x")] * 10_000)) == MAX_REPORTS


_TEXTS = st.text() | st.sampled_from(
    ["csp-violation", "guard", "coep", "local", "inline", "https://a.example/x", "_ga"]
)
_KEYS = st.text() | st.sampled_from(
    [
        *("csp-report", "blocked-uri", "effective-directive", "violated-directive", "source-file"),
        *("type", "body", "blockedURL", "effectiveDirective", "destination", "sourceFile"),
        *("kind", "name", "script"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner),
    max_leaves=20,
)
PAYLOADS = st.binary() | _JSON.map(lambda data: json.dumps(data).encode())


@settings(deadline=None)
@given(PAYLOADS)
def test_any_payload_is_read_or_refused(payload):
    """Whatever comes is a list of short, printable rows, or the one error."""
    try:
        reports = read_reports(payload, HOST)
    except MalformedReportError:
        return
    for report in reports:
        assert all(text.isascii() and text.isprintable() for text in report)
        assert all(len(text) <= 300 for text in report)


# --- Counting ---


@pytest.fixture
def table():
    """A table with a sender of its own."""
    return ReportTable(object())


def test_reports_are_counted_by_row(table):
    """What was reported twice is one row that counts two."""
    table.record([IMAGE, IMAGE, OTHER_REPORT])
    table.record([IMAGE])
    assert table.counts == {IMAGE: 3, OTHER_REPORT: 1}


def test_counts_are_a_copy(table):
    """Whoever reads the counts can't change them."""
    table.record([IMAGE])
    table.counts.clear()
    assert table.counts == {IMAGE: 1}


def row(number, host="h"):
    return Report("csp-violation", "img-src", f"https://{host}{number}.example")


def test_table_is_bounded(table, caplog):
    """A flood of origins from many clients ends in one row, and that is logged once."""
    for number in range(MAX_ROWS * 3):
        table.record([row(number)], client=number)
    assert len(table.counts) <= MAX_ROWS + 1
    assert table.counts[OTHER_REPORT] == MAX_ROWS * 2
    assert sum(message.startswith("SC907") for message in caplog.messages) == 1
    assert len(caplog.records) == MAX_ROWS + 1


def test_one_client_adds_few_rows(table, caplog):
    """Three payloads of invented origins leave room for what others report."""
    for payload in range(3):
        table.record([row(number, f"p{payload}-") for number in range(100)], client="one")
    assert len(table.counts) == NEW_ROWS + 1
    assert table.counts[OTHER_REPORT] == 300 - NEW_ROWS
    table.record([row(1, "genuine")], client="other")
    assert table.counts[row(1, "genuine")] == 1
    assert "https://genuine1.example" in caplog.text


def test_old_row_makes_room():
    """What was not reported for an hour is forgotten, its count kept; a recent row stays."""
    now = [0.0]
    table = ReportTable(object(), clock=lambda: now[0])
    for number in range(MAX_ROWS):
        table.record([row(number)], client=number)
    now[0] = ROW_SECONDS - 1
    table.record([row(0)], client=0)
    now[0] = ROW_SECONDS + 1
    table.record([row(0, "new")], client="new")
    assert table.counts[row(0, "new")] == 1
    assert table.counts[row(0)] == 2
    assert row(1) not in table.counts
    assert table.counts[OTHER_REPORT] == 1


def test_new_row_is_logged_once(table, caplog):
    """The log says what was blocked and what to do, the first time only."""
    table.record([IMAGE, IMAGE])
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "SC801 content blocked by a browser: csp-violation, img-src: "
        "'https://tracker.example'. " + Reason.BROWSER_REPORT.remedy
    )


def test_log_line_of_the_guard_names_kind_name_and_script():
    """A developer reads what was written, where to, and by which script."""
    line = explain_report(Report("guard", "local", "/static/app.js", "_hjSession_*"))
    assert line == (
        "SC802 script wrote an undeclared name: '_hjSession_*' in local storage, by "
        f"'/static/app.js'. {Reason.WRITE_REFUSED.remedy}"
    )


def test_reports_that_are_not_read_are_counted_but_not_logged(table, caplog):
    """Nobody can act on a report of an unknown type."""
    table.record([OTHER_REPORT])
    assert table.counts == {OTHER_REPORT: 1}
    assert caplog.records == []


def test_signal_tells_of_each_report():
    """Receivers get the report and the reason, each time, from the sender that they know."""
    sender, heard = object(), []

    def hear(sender, *, reason, report):
        heard.append((reason, report))

    with browser_reported.connected_to(hear, sender=sender):
        ReportTable(sender).record([IMAGE, IMAGE])
        ReportTable(object()).record([IMAGE])
    assert heard == [(Reason.BROWSER_REPORT, IMAGE)] * 2


def test_fault_of_a_receiver_is_logged_and_no_more(table, caplog):
    """An observer's exception changes nothing, and is logged without its message, once."""
    message = "value-secret"

    def fail(sender, **more):
        raise RuntimeError(message)

    with browser_reported.connected_to(fail):
        table.record([IMAGE, OTHER_REPORT])
    assert table.counts == {IMAGE: 1, OTHER_REPORT: 1}
    faults = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(faults) == 1
    assert faults[0].startswith("SC903 ")
    assert message not in faults[0]


def test_fault_of_a_log_handler_costs_no_count(table):
    """A handler that raises keeps no report from being counted."""

    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError

    logger, handler = logging.getLogger("strict_cookies"), Broken()
    logger.addHandler(handler)
    try:
        table.record([IMAGE])
    finally:
        logger.removeHandler(handler)
    assert table.counts == {IMAGE: 1}


def test_catalogue_names_can_stand_in_a_log():
    """Names that are kept are those of a file of ours: short and printable."""
    for tracker in load_catalogue().trackers.entries:
        assert tracker.name.isascii()
        assert tracker.name.isprintable()
