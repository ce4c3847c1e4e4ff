"""The addresses that browsers ask by themselves: at the wire, bounded, without a cookie."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask, abort, render_template_string, request, session
from flask_wtf import CSRFProtect
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import Client, EnvironBuilder

from strict_cookies import CookiePolicy, StrictCookies
from strict_cookies.firewall.browser_reports import MAX_ROWS, Report, ReportTable
from strict_cookies.firewall.endpoints import (
    CLIENT_BURST,
    CLIENT_RATE,
    MAX_PAYLOAD,
    TOTAL_BURST,
    BrowserEndpoints,
)
from strict_cookies.firewall.guard.script import Guard, GuardScript
from tests._util.test_rate_limit import Clock
from tests.firewall.test_browser_reports import IMAGE, PAYLOADS, legacy, modern
from tests.wsgi import run

SCRIPT = GuardScript.of("1;\n")
REPORT = json.dumps([modern(effectiveDirective="img-src", blockedURL="https://tracker.example/x")])


def inner(environ, start_response):
    """The application behind: it must not be asked for what is answered before it."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"inner"]


class Endpoints:
    """The endpoints, held to PEP 3333 on both sides, with a clock that a test sets."""

    def __init__(self):
        self.clock = Clock()
        self.reports = ReportTable(self)
        app = BrowserEndpoints(
            LintMiddleware(inner),
            prefix="/cookies",
            scripts={"guard.js": SCRIPT},
            reports=self.reports,
            clock=self.clock,
        )
        self.client = Client(LintMiddleware(app))

    def get(self, path, method="GET", **options):
        return self.client.open(path, method=method, **options)

    def post(
        self, data=REPORT, content_type="application/reports+json", client="192.0.2.1", **more
    ):
        environ = {"REMOTE_ADDR": client}
        return self.client.post(
            "/cookies/reports",
            data=data,
            content_type=content_type,
            environ_overrides=environ,
            **more,
        )


@pytest.fixture
def endpoints():
    return Endpoints()


# --- The script ---


def test_script_under_its_hash_is_kept_for_ever(endpoints):
    """Where the address has the hash, a browser need not ask again."""
    answer = endpoints.get(f"/cookies/guard.js?{SCRIPT.hash}")
    assert (answer.status_code, answer.text) == (200, SCRIPT.text)
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    assert headers == {
        "Content-Type": "text/javascript; charset=utf-8",
        "Content-Length": "3",
        "ETag": f'"{SCRIPT.hash}"',
        "Cache-Control": "public, max-age=31536000, immutable",
    }


@pytest.mark.parametrize("query", ["", "?", "?0123456789abcdef", f"?{SCRIPT.hash}&x=1"])
def test_script_under_another_address_is_asked_for_again(endpoints, query):
    """An address of another policy gives the present script, and no cache holds on to it."""
    answer = endpoints.get(f"/cookies/guard.js{query}")
    assert (answer.text, answer.headers["Cache-Control"]) == (SCRIPT.text, "no-cache")


def test_script_that_is_known_is_not_sent_again(endpoints):
    """A browser that has it gets a 304 without a body."""
    answer = endpoints.get("/cookies/guard.js", headers={"If-None-Match": f'"{SCRIPT.hash}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_head_of_the_script_has_no_body(endpoints):
    """HEAD tells the length and sends nothing."""
    answer = endpoints.get("/cookies/guard.js", method="HEAD")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "3")


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/cookies/guard.js", "POST", "GET, HEAD"),
        ("/cookies/guard.js", "DELETE", "GET, HEAD"),
        ("/cookies/reports", "GET", "POST"),
        ("/cookies/reports", "PUT", "POST"),
        ("/cookies/reports", "OPTIONS", "POST"),
    ],
)
def test_other_methods_are_refused(endpoints, path, method, allowed):
    """A wrong method is told the right ones."""
    answer = endpoints.get(path, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path",
    ["/", "/cookies", "/cookies/", "/cookies/guard", "/cookies/reports/", "/cookies//reports"],
)
def test_every_other_path_goes_to_the_application(endpoints, path):
    """Nothing else below the prefix is taken from the application."""
    assert endpoints.get(path).text == "inner"


# --- Reports ---


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        pytest.param(
            "application/csp-report",
            json.dumps(
                legacy(effective_directive="img-src", blocked_uri="https://tracker.example/")
            ),
            id="report-uri",
        ),
        pytest.param("application/reports+json", REPORT, id="report-to"),
        pytest.param("text/plain;charset=UTF-8", REPORT, id="the guard"),
        pytest.param("application/json; charset=utf-8", REPORT, id="by hand"),
    ],
)
def test_report_is_counted(endpoints, content_type, data):
    """Each content type that browsers use is read; the answer is empty and kept by no cache."""
    answer = endpoints.post(data, content_type)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert endpoints.reports.counts == {IMAGE: 1}


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        pytest.param("application/x-www-form-urlencoded", REPORT, id="form"),
        pytest.param("multipart/form-data; boundary=x", REPORT, id="upload"),
        pytest.param("", REPORT, id="none"),
        pytest.param("application/reports+json", "", id="empty"),
        pytest.param("application/reports+json", "{", id="no JSON"),
        pytest.param("application/csp-report", "[" * MAX_PAYLOAD, id="deep"),
    ],
)
def test_malformed_report_costs_nothing(endpoints, content_type, data, caplog):
    """What is no report gets a 400, and leaves neither count nor log line."""
    answer = endpoints.post(data, content_type)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")
    assert endpoints.reports.counts == {}
    assert caplog.records == []


def test_longest_payload_is_read_and_a_longer_one_refused(endpoints):
    """The bound is 64 KiB, exactly."""
    assert endpoints.post(REPORT.ljust(MAX_PAYLOAD)).status_code == 204
    assert endpoints.post(REPORT.ljust(MAX_PAYLOAD + 1)).status_code == 413
    assert endpoints.reports.counts == {IMAGE: 1}


class Stream(io.BytesIO):
    """An endless body that counts what was read of it."""

    def __init__(self):
        super().__init__()
        self.taken = 0

    def read(self, size=-1):
        assert size >= 0, "read without a bound"
        self.taken += size
        return b" " * size

    def readline(self, size=-1):
        return self.read(size)

    def readinto(self, buffer):
        buffer[:] = self.read(len(buffer))
        return len(buffer)


def post_stream(endpoints, stream, **environ):
    """Post a body whose length is told, or not, by the environ alone."""
    built = EnvironBuilder(path="/cookies/reports", method="POST").get_environ()
    built.pop("CONTENT_LENGTH", None)
    built.update(
        {"CONTENT_TYPE": "application/json", "REMOTE_ADDR": "192.0.2.1", "wsgi.input": stream},
        **environ,
    )
    _, status, headers = run(endpoints.client.application.app, built)
    return status.partition(" ")[0], headers


def test_endless_chunked_body_is_read_up_to_the_bound(endpoints):
    """Without a length, no more than the bound is taken from the wire."""
    stream = Stream()
    status, _ = post_stream(endpoints, stream, **{"wsgi.input_terminated": True})
    assert status == "413"
    assert stream.taken == MAX_PAYLOAD + 1


@pytest.mark.parametrize(
    ("length", "status"),
    [
        pytest.param("999999999999", "413", id="huge"),
        pytest.param("-5", "400", id="negative"),
        pytest.param("many", "400", id="words"),
        pytest.param("", "400", id="empty"),
    ],
)
def test_told_length_is_not_believed(endpoints, length, status):
    """A false length makes nobody read on."""
    stream = Stream()
    assert post_stream(endpoints, stream, CONTENT_LENGTH=length)[0] == status
    assert stream.taken == 0


def test_body_that_breaks_off_is_malformed(endpoints):
    """A client that sends less than it told is answered with a 400."""
    assert post_stream(endpoints, io.BytesIO(b"[{"), CONTENT_LENGTH="500")[0] == "400"


def test_connection_that_breaks_is_malformed(endpoints):
    """An error while reading is the client's."""

    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise ConnectionResetError

    assert post_stream(endpoints, Broken(), CONTENT_LENGTH="500")[0] == "400"


# --- Rates ---


def test_client_is_held_to_its_rate(endpoints):
    """A client that sends too much is told when to try again, and then may."""
    statuses = [endpoints.post().status_code for _ in range(CLIENT_BURST + 1)]
    assert statuses == [*[204] * CLIENT_BURST, 429]
    answer = endpoints.post()
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == ("1", "no-store")
    assert endpoints.post(client="192.0.2.2").status_code == 204
    endpoints.clock.now += 1 / CLIENT_RATE
    assert [endpoints.post().status_code for _ in range(2)] == [204, 429]


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        pytest.param("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True, id="one network"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="two networks"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", True, id="mapped"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.2", False, id="two mapped"),
        pytest.param("a socket", "another", False, id="no address"),
        pytest.param("", "", True, id="unknown"),
    ],
)
def test_who_counts_as_one_client(endpoints, address, other, same):
    """An IPv4 address is a client; of IPv6 the network, since nobody has less."""
    for _ in range(CLIENT_BURST):
        endpoints.post(client=address)
    assert endpoints.post(client=other).status_code == (429 if same else 204)


def test_all_clients_together_are_held_to_a_rate(endpoints):
    """A crowd of clients costs no more than a bound."""
    accepted = sum(
        endpoints.post(client=f"198.51.{number // 250}.{number % 250}").status_code == 204
        for number in range(TOTAL_BURST + 50)
    )
    assert accepted == TOTAL_BURST


def test_malformed_payloads_count_for_the_rate(endpoints):
    """Nonsense is held back like reports."""
    statuses = {endpoints.post("{").status_code for _ in range(CLIENT_BURST)}
    assert statuses == {400}
    assert endpoints.post("{").status_code == 429


def test_addresses_are_kept_as_keyed_hashes(endpoints):
    """Nobody reads in memory, or guesses by hashing, who sent a report."""
    other = Endpoints()
    keys = []
    for one in (endpoints, other):
        one.post()
        buckets = one.client.application.app._clients._buckets
        keys += list(buckets)
    assert all(len(key) == 8 for key in keys)
    assert keys[0] != keys[1]


@given(
    st.lists(st.tuples(PAYLOADS, st.sampled_from(["text/plain", "application/csp-report", "x"])))
)
def test_no_payload_breaks_anything(sent):
    """Any bytes give 204, 400, 413 or 429, and the table stays bounded."""
    endpoints = Endpoints()
    for payload, content_type in sent:
        answer = endpoints.post(payload, content_type)
        assert answer.status_code in (204, 400, 413, 429)
        assert answer.headers.get("Set-Cookie") is None
    assert len(endpoints.reports.counts) <= MAX_ROWS + 1


# --- In a Flask application ---


def make_app(**config):
    """An application whose hooks let nothing pass."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=CookiePolicy(), **config)
    CSRFProtect(app)

    @app.before_request
    def nobody():
        session["seen"] = request.path
        abort(403)

    StrictCookies(app)
    return app


def test_hooks_of_the_application_are_not_asked():
    """A sign-in wall, form tokens and sessions stand in the way of neither script nor report."""
    app = make_app()
    client = app.test_client()
    with app.test_request_context():
        address = render_template_string("{{ strict_cookies_guard() }}").split('"')[1]
    script = client.get(address)
    report = client.post("/cookies/reports", data=REPORT, content_type="application/csp-report")
    assert (script.status_code, report.status_code) == (200, 204)
    for answer in (script, report):
        assert answer.headers.getlist("Set-Cookie") == []
        assert "Content-Security-Policy" in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Vary" not in script.headers
    assert client.get("/").status_code == 403


def test_counts_are_in_the_extension():
    """What was reported is read from the application's extension, before and after."""
    app = make_app()
    protection = app.extensions["strict_cookies"]
    assert protection.reports.counts == {}
    app.test_client().post("/cookies/reports", data=REPORT, content_type="text/plain")
    assert protection.reports.counts == {IMAGE: 1}


def test_host_of_the_request_is_the_own_one():
    """A script of the very host that is addressed is told by its path."""
    app = make_app(STRICT_COOKIES_URL_PREFIX="/legal/cookies")
    body = {"kind": "local", "name": "x", "script": "https://erp.test/static/a.js"}
    answer = app.test_client().post(
        "/legal/cookies/reports",
        base_url="https://erp.test",
        data=json.dumps([{"type": "guard", "body": body}]),
        content_type="text/plain",
    )
    assert answer.status_code == 204
    assert app.extensions["strict_cookies"].reports.counts == {
        Report("guard", "local", "/static/a.js", "other"): 1
    }


def test_script_is_the_policy_s():
    """The script that is served is the one for the policy, and says whether it only reports."""
    for mode, report_only in (("enforce", False), ("report-only", True)):
        app = make_app(STRICT_COOKIES_MODE=mode)
        policy = app.extensions["strict_cookies"].policy
        expected = Guard(policy, report_only=report_only).scripts["guard.js"].text
        assert app.test_client().get("/cookies/guard.js").text == expected
