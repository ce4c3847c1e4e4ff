"""The firewall under WSGI: both directions, every way to answer, faults, sweeping."""

from __future__ import annotations

import logging
import threading
from wsgiref.util import FileWrapper

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import Client, EnvironBuilder

from strict_cookies import ConfigurationError, CookieDroppedError, CookieFirewall, CookiePolicy
from strict_cookies.firewall.expire import MAX_EXPIRY_BYTES, MAX_EXPIRY_LINES
from strict_cookies.firewall.middleware import BASELINE_HEADERS, FirewallHooks
from strict_cookies.http.cookies import MAX_FIELD_BYTES, MAX_PAIRS
from tests.policies import declare
from tests.wsgi import run

POLICY = CookiePolicy(
    cookies=(
        declare("__Host-sid"),
        declare("csrf"),
        declare("theme", purposes=("preferences",), script_readable=True),
        declare("shared", domain="example.com"),
    )
)
SID = "__Host-sid=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax"
EXPIRED = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


def app_that_sets(*lines, status="200 OK", content_type="text/html", extra=()):
    """Make a WSGI app that emits the given Set-Cookie lines."""

    def app(environ, start_response):
        app.seen = environ.get("HTTP_COOKIE")
        headers = [("Content-Type", content_type), *extra]
        start_response(status, headers + [("Set-Cookie", line) for line in lines])
        return [b"body"] if environ["REQUEST_METHOD"] != "HEAD" else [b""]

    return app


def serve(app, *, policy=POLICY, method="GET", base_url="https://app.example.com", **options):
    """Send one request through the firewall, linted on both sides; return headers and status."""
    headers = options.pop("headers", {})
    path = options.pop("path", "/")
    firewall = CookieFirewall(LintMiddleware(app), policy, **options)
    environ = EnvironBuilder(path, base_url, method=method, headers=headers).get_environ()
    return *run(LintMiddleware(firewall), environ), firewall


def cookies_sent(*lines, **options):
    """Return the Set-Cookie lines that leave when an app emits the given ones."""
    return serve(app_that_sets(*lines), **options)[2].getlist("Set-Cookie")


def cookie_field_seen(field, **options):
    """Return the Cookie field that the app sees when the given one arrives."""
    app = app_that_sets()
    serve(app, headers={"Cookie": field}, **options)
    return app.seen


class TestLeaving:
    @pytest.mark.parametrize(
        ("emitted", "leaving"),
        [
            pytest.param(SID, [SID], id="as declared"),
            pytest.param("__Host-sid=x", ["__Host-sid=x; Path=/; Secure; HttpOnly; SameSite=Lax"],
                         id="bare"),
            pytest.param("_ga=GA1", [], id="tracker"),
            pytest.param("mine=1; Path=/", [], id="undeclared"),
            pytest.param("sid; Path=/evil=1; Path=/", [], id="attribute injection by the name"),
            pytest.param("=v", [], id="nameless"),
            pytest.param("CSRF=1", [], id="another case is another cookie"),
            pytest.param("theme=dark; Max-Age=99", ["theme=dark; Path=/; Secure; SameSite=Lax"],
                         id="session only, script readable"),
            pytest.param("shared=1; Domain=.example.com; Path=/",
                         ["shared=1; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax"],
                         id="declared domain"),
            pytest.param("csrf=1; Domain=example.com; Path=/",
                         ["csrf=1; Path=/; Secure; HttpOnly; SameSite=Lax"], id="other domain"),
            pytest.param("_ga=left; Max-Age=0; Path=/",
                         [f"_ga=; {EXPIRED}; Path=/; Secure"], id="a deletion leaves, emptied"),
        ],
    )  # fmt: skip
    def test_line_leaves_as_declared_or_not_at_all(self, emitted, leaving):
        """Each emitted line becomes the whole canonical line, or nothing."""
        assert cookies_sent(emitted) == leaving

    def test_each_of_several_lines_is_judged(self):
        """A dropped cookie takes no neighbour with it and order is kept."""
        assert cookies_sent("_ga=1", SID, "x=1", "csrf=2; Path=/; Secure") == [
            SID,
            "csrf=2; Path=/; Secure; HttpOnly; SameSite=Lax",
        ]

    def test_header_name_in_any_case_is_a_set_cookie(self):
        """An app can't smuggle a cookie out by spelling the header differently."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("sEt-COOKIE", "_ga=1")])
            return [b""]

        assert serve(app)[2].getlist("Set-Cookie") == []

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
    @pytest.mark.parametrize("status", ["200 OK", "302 FOUND", "404 NOT FOUND", "500 OOPS"])
    def test_every_method_and_status_is_judged(self, method, status):
        """Error pages, redirects and HEAD carry no undeclared cookie."""
        app = app_that_sets("_ga=1", SID, status=status)
        assert serve(app, method=method)[2].getlist("Set-Cookie") == [SID]

    def test_304_is_judged(self):
        """A 304 has no body and no content type, but it can set cookies."""

        def app(environ, start_response):
            start_response("304 NOT MODIFIED", [("Set-Cookie", "_ga=1"), ("Set-Cookie", SID)])
            return []

        body, status, headers, _ = serve(app)
        assert (body, status) == (b"", "304 NOT MODIFIED")
        assert headers.getlist("Set-Cookie") == [SID]

    def test_second_start_response_is_judged(self):
        """An error handler that starts the response anew is judged as well."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
            try:
                raise ValueError
            except ValueError:
                import sys

                start_response(
                    "500 OOPS",
                    [("Content-Type", "text/plain"), ("Set-Cookie", "_fbp=1"), ("Set-Cookie", SID)],
                    sys.exc_info(),
                )
            return [b"error"]

        body, status, headers, _ = serve(app)
        assert (body, status, headers.getlist("Set-Cookie")) == (b"error", "500 OOPS", [SID])

    def test_write_callable_still_works(self):
        """Old applications that write their body keep working and are judged."""

        def app(environ, start_response):
            write = start_response(
                "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")]
            )
            write(b"hello ")
            return [b"world"]

        body, _, headers, _ = serve(app)
        assert (body, headers.getlist("Set-Cookie")) == (b"hello world", [])

    def test_start_response_during_iteration_is_judged(self):
        """A generator may start the response with its first chunk."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
            yield b"late"

        body, _, headers, _ = serve(app)
        assert (body, headers.getlist("Set-Cookie")) == (b"late", [])

    def test_iterable_is_closed_once(self):
        """The application's iterable is closed exactly once, also if nobody reads it."""
        closed = []

        class Body:
            def __iter__(self):
                return iter([b"a", b"b"])

            def close(self):
                closed.append(1)

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return Body()

        assert serve(app)[0] == b"ab"
        assert closed == [1]
        environ = EnvironBuilder().get_environ()
        CookieFirewall(app, POLICY)(environ, lambda *args: lambda data: None).close()
        assert closed == [1, 1]

    def test_list_and_file_wrapper_pass_untouched(self, tmp_path):
        """Servers see the very object, so that sendfile and Content-Length tricks still work."""
        answer = [b"x"]
        file = (tmp_path / "file").open("w+b")
        bodies = iter([answer, FileWrapper(file)])

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return next(bodies)

        firewall = CookieFirewall(app, POLICY)
        environ = {**EnvironBuilder().get_environ(), "wsgi.file_wrapper": FileWrapper}
        assert firewall(dict(environ), lambda *args: None) is answer
        wrapped = firewall(dict(environ), lambda *args: None)
        assert type(wrapped) is FileWrapper
        file.close()

    def test_mounted_application_is_judged(self):
        """A WSGI app that DispatcherMiddleware mounts inside is no way around."""
        app = DispatcherMiddleware(app_that_sets(SID), {"/legacy": app_that_sets("_ga=1", SID)})
        assert serve(app, path="/legacy/x")[2].getlist("Set-Cookie") == [SID]

    def test_many_threads_get_their_own_verdicts(self):
        """One firewall serves many threads; no line of one leaks to another."""
        names = [f"csrf={number}" for number in range(8)]

        def app(environ, start_response):
            value = environ["QUERY_STRING"]
            start_response(
                "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", f"csrf={value}"),
                           ("Set-Cookie", f"_ga={value}")],
            )  # fmt: skip
            return [value.encode()]

        client_app = CookieFirewall(app, POLICY)
        wrong = []

        def ask(number):
            client = Client(client_app, use_cookies=False)
            for _ in range(200):
                response = client.get("/", query_string=str(number))
                line = f"csrf={number}; Path=/; Secure; HttpOnly; SameSite=Lax"
                if response.headers.getlist("Set-Cookie") != [line]:
                    wrong.append(response.headers)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(names))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert client_app.recorder.counts["SC102", "_ga"] == 200 * len(names)


class TestHeaderSmuggling:
    """Servers write what they are given: a field name with a space is still a Set-Cookie."""

    @pytest.mark.parametrize(
        ("status", "header"),
        [
            pytest.param("200 OK", ("Set-Cookie ", "_ga=1"), id="space behind the name"),
            pytest.param("200 OK", ("Set-Cookie\t", "_ga=1"), id="tab behind the name"),
            pytest.param("200 OK", ("\nSet-Cookie", "_ga=1"), id="line break in the name"),
            pytest.param("200 OK", ("", "_ga=1"), id="no name"),
            pytest.param("200 OK", (b"Set-Cookie", "_ga=1"), id="octets"),
            pytest.param("200 OK", ("X", "1\r\nSet-Cookie: _ga=1"), id="CR LF in a value"),
            pytest.param("200 OK", ("X", "1\nSet-Cookie: _ga=1"), id="LF in a value"),
            pytest.param("200 OK", ("X", "1\0"), id="NUL in a value"),
            pytest.param("200 OK\r\nSet-Cookie: _ga=1", ("X", "1"), id="line break in the status"),
        ],
    )
    def test_header_that_becomes_another_is_a_fault(self, status, header, caplog):
        """What a server would write as a further field never leaves; the door closes."""

        def app(environ, start_response):
            start_response(status, [("Content-Type", "text/plain"), header])
            return [b""]

        answer = run(CookieFirewall(app, POLICY), EnvironBuilder().get_environ())
        assert answer[1] == "500 Internal Server Error"
        assert "_ga" not in str(answer)
        assert "SC90" in caplog.text

    def test_name_of_a_lying_subclass_is_read_plainly(self):
        """A subclass of str can't pass for another header."""

        class Lying(str):
            def lower(self):
                return "x-harmless"

        def app(environ, start_response):
            start_response(
                "200 OK", [("Content-Type", "text/plain"), (Lying("Set-Cookie"), "_ga=1")]
            )
            return [b""]

        headers = run(CookieFirewall(app, POLICY), EnvironBuilder().get_environ())[2]
        assert "Set-Cookie" not in headers

    def test_remembered_names_are_bounded(self):
        """An app that invents header names can't grow the memory without end."""

        def app(environ, start_response):
            names = [(f"X-{number}", "1") for number in range(1000)]
            start_response("200 OK", [("Content-Type", "text/plain"), *names])
            return [b""]

        firewall = CookieFirewall(app, POLICY)
        assert len(run(firewall, EnvironBuilder().get_environ())[2]) == 1003
        assert len(firewall._header_names) <= 256


class TestArriving:
    @pytest.mark.parametrize(
        ("field", "seen"),
        [
            pytest.param("__Host-sid=a; csrf=b", "__Host-sid=a; csrf=b", id="clean"),
            pytest.param("__Host-sid=a;csrf=b ", "__Host-sid=a;csrf=b ", id="clean, odd spacing"),
            pytest.param("csrf=b;", "csrf=b;", id="clean, trailing semicolon"),
            pytest.param("csrf=b; _ga=1", "csrf=b", id="tracker"),
            pytest.param("_ga=1", None, id="nothing left"),
            pytest.param("csrf=a; csrf=b", None, id="twice is absent"),
            pytest.param("csrf=a; theme=t; csrf=b", "theme=t", id="twice is absent, others stay"),
            pytest.param("__Host-sid=a; __HOST-sid=b", None, id="second spelling of a prefix"),
            pytest.param("csrf=a; CSRF=b", "csrf=a", id="another case is a stray"),
            pytest.param("csrf", None, id="no equals sign"),
            pytest.param('csrf="x; theme=t; y"', "theme=t", id="sandwich"),
            pytest.param('csrf="x"; theme=t', 'csrf="x"; theme=t', id="closed quotes"),
            pytest.param("csrf=a\x7f; theme=t", "theme=t", id="control character"),
            pytest.param("=csrf=a", None, id="empty name"),
            pytest.param("csrf = a ;\ttheme=t;x=1", "csrf=a; theme=t", id="trimmed when rebuilt"),
            pytest.param("csrf=a\xa0; \xa0theme=t", "csrf=a\xa0", id="no unicode white space"),
        ],
    )  # fmt: skip
    def test_app_sees_declared_cookies_only(self, field, seen):
        """The app reads what is declared, unambiguous and well formed; a clean field untouched."""
        app = app_that_sets()
        environ = EnvironBuilder("/", "https://app.example.com").get_environ()
        environ["HTTP_COOKIE"] = field
        run(CookieFirewall(app, POLICY), environ)
        assert app.seen == seen

    @pytest.mark.parametrize(
        "field",
        [
            pytest.param("csrf=a; " + "x" * MAX_FIELD_BYTES, id="octets"),
            pytest.param("csrf=a" + "; x=1" * MAX_PAIRS, id="pairs"),
            pytest.param("csrf=a; " + "y" * 1024 * 1024, id="1 MiB"),
            pytest.param("csrf=a" + "; n=1" * 10_000, id="10,000 pairs"),
        ],
    )
    def test_oversized_field_counts_as_absent(self, field):
        """Beyond the bounds nothing is read, so nothing can hide there."""
        assert cookie_field_seen(field) is None

    def test_second_copy_of_the_headers_is_taken_away(self):
        """What some servers add beside HTTP_COOKIE would show the strays after all."""
        seen = {}

        def app(environ, start_response):
            seen.update(environ)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b""]

        raw = {"headers_raw": (("Cookie", "_ga=1"),), "asgi.scope": {"headers": []}}
        run(CookieFirewall(app, POLICY), {**EnvironBuilder().get_environ(), **raw})
        assert not raw.keys() & seen.keys()

    def test_what_stands_for_a_star_is_the_clients(self, caplog):
        """Of a name that a pattern covers, the pattern is counted and logged, not the name."""
        policy = CookiePolicy(cookies=(declare("csrf-*"),))
        field = "_ga_ALICE=1; csrf-ALICE=1; csrf-ALICE=2"
        firewall = serve(app_that_sets(), headers={"Cookie": field}, policy=policy)[3]
        assert firewall.recorder.counts == {("SC202", "_ga_*"): 1, ("SC203", "csrf-*"): 1}
        assert "ALICE" not in caplog.text

    def test_field_at_its_bounds_is_read(self):
        """The largest field that is read reaches the app clean."""
        field = "csrf=a" + "; x=1" * (MAX_PAIRS - 1)
        assert cookie_field_seen(field) == "csrf=a"


class TestModes:
    def test_report_only_changes_nothing_and_records(self, caplog):
        """In report-only mode both directions pass byte for byte, and the log says so."""
        app = app_that_sets("_ga=1", "csrf=1")
        _, _, headers, firewall = serve(
            app, mode="report-only", headers={"Cookie": "_ga=2; csrf=1; csrf=2"}
        )
        assert headers.getlist("Set-Cookie") == ["_ga=1", "csrf=1"]
        assert app.seen == "_ga=2; csrf=1; csrf=2"
        assert firewall.recorder.counts["SC102", "_ga"] == 1
        assert all(record.message.startswith("[report-only] SC") for record in caplog.records)

    def test_raise_mode_raises_with_the_line_to_add(self):
        """A test that sets an undeclared cookie fails and says what to write."""
        with pytest.raises(CookieDroppedError) as caught:
            serve(app_that_sets("mine=s3cr3t"), mode="raise", path="/form")
        assert (caught.value.cookie_name, caught.value.reason_id) == ("mine", "SC101")
        assert '[[cookie]]\nname = "mine"' in str(caught.value)
        assert "'/form'" in str(caught.value)
        assert "s3cr3t" not in str(caught.value)

    def test_raise_mode_hardens_silently(self):
        """Only what would be lost raises."""
        assert cookies_sent("csrf=1", mode="raise") == [
            "csrf=1; Path=/; Secure; HttpOnly; SameSite=Lax"
        ]

    @pytest.mark.parametrize(("option", "value"), [("mode", "strict"), ("expire_undeclared", True)])
    def test_unknown_choice_is_refused(self, option, value):
        """A misspelt mode never means an open door."""
        with pytest.raises(ConfigurationError, match=f"{option} is .*Use one of"):
            CookieFirewall(app_that_sets(), POLICY, **{option: value})


class TestHeaders:
    def test_baseline_is_filled_in(self):
        """Any response gets the baseline headers."""
        headers = serve(app_that_sets())[2]
        assert {name: headers[name] for name, _ in BASELINE_HEADERS} == dict(BASELINE_HEADERS)

    def test_header_of_the_app_stays(self):
        """What the app set itself is not sent twice and not replaced."""
        app = app_that_sets(extra=[("referrer-policy", "no-referrer")])
        assert serve(app)[2].getlist("Referrer-Policy") == ["no-referrer"]


class TestPlainHttp:
    @pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1", "erp.localhost", "[::1]:80"])
    def test_loopback_is_silent(self, host):
        """Browsers keep Secure cookies of localhost, so nothing needs saying."""
        firewall = serve(app_that_sets(SID), base_url=f"http://{host}")[3]
        assert firewall.recorder.counts == {}

    def test_other_host_is_told_before_a_login_loop(self, caplog):
        """A browser would refuse the cookie: the log says so, and what to do."""
        serve(app_that_sets(SID), base_url="http://dev.test")
        assert caplog.messages == [
            "SC210 Secure cookie over plain http: '__Host-sid' at '/'. Serve HTTPS, or open "
            "http://localhost; behind a proxy that terminates TLS set "
            "STRICT_COOKIES_TRUSTED_PROXIES, or "
            "use ProxyFix."
        ]

    def test_deletion_is_not_told(self):
        """A deletion that the browser refuses loops nobody."""
        line = "__Host-sid=; Max-Age=0; Path=/; Secure"
        assert serve(app_that_sets(line), base_url="http://dev.test")[3].recorder.counts == {}


class TestFaults:
    def boom(self, environ, start_response):
        raise RuntimeError(f"value {SID}")

    def expect_500(self, answer):
        body, status, headers, _ = answer
        assert status == "500 Internal Server Error"
        assert body == b"Internal Server Error\n"
        assert headers.getlist("Set-Cookie") == []
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"

    def test_fault_in_the_judge_closes_the_door(self, monkeypatch, caplog):
        """A planted fault gives a 500 without cookies, and no value in the log."""

        def broken(self, line):
            raise RuntimeError(f"planted {line}")

        monkeypatch.setattr("strict_cookies.firewall.set_cookie.VerdictCache.__call__", broken)
        self.expect_500(serve(app_that_sets(SID)))
        assert "SC901" in caplog.text
        assert "s3cr3t" not in caplog.text

    def test_fault_in_the_reader_closes_the_door(self, monkeypatch):
        """A fault on the way in never lets the raw field reach the app."""

        def broken(self, environ):
            raise RuntimeError

        monkeypatch.setattr(CookieFirewall, "_clean_request", broken)
        app = app_that_sets()
        self.expect_500(serve(app, headers={"Cookie": "_ga=1"}))
        assert not hasattr(app, "seen")

    def test_fault_in_the_headers_closes_the_door(self):
        """Where even the headers can't be made, the built-in baseline is sent."""

        def headers(environ, status):
            raise RuntimeError

        app = app_that_sets(SID)
        firewall = CookieFirewall(app, POLICY, headers=headers)
        self.expect_500((*run(firewall, EnvironBuilder().get_environ()), firewall))

    def test_exception_of_the_app_is_answered(self, caplog):
        """What the app lets out, such as a fault in a teardown function, becomes our 500."""
        self.expect_500(serve(self.boom))
        assert "SC902" in caplog.text
        assert "in boom" in caplog.text
        assert "s3cr3t" not in caplog.text

    def test_exception_after_start_response_is_answered(self):
        """Headers that have not gone yet are replaced, cookies included."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", SID)])
            raise RuntimeError

        self.expect_500(serve(app))

    def test_exception_before_the_first_chunk_is_answered(self):
        """A generator that fails at once is answered like any other fault."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", SID)])
            yield b""
            raise RuntimeError

        self.expect_500(serve(app))

    def test_exception_after_the_first_chunk_goes_on(self):
        """What has left can't be taken back: the server must see the exception."""

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"first"
            raise KeyError

        firewall = CookieFirewall(app, POLICY)
        body = firewall(EnvironBuilder().get_environ(), lambda *args: lambda data: None)
        chunks = iter(body)
        assert next(chunks) == b"first"
        with pytest.raises(KeyError):
            next(chunks)

    def test_propagating_lets_exceptions_out(self):
        """Debuggers and tests see the application's own exception."""
        with pytest.raises(RuntimeError):
            serve(self.boom, hooks=FirewallHooks(propagate_exceptions=True))

    def test_head_is_answered_without_a_body(self):
        """A 500 to HEAD has headers only."""
        assert serve(self.boom, method="HEAD")[0] == b""

    def test_fault_of_an_observer_changes_nothing(self, caplog):
        """An exception in on_verdict is recorded as a gap; the response is as if it were not."""

        def broken(reason, name, place):
            raise RuntimeError(SID)

        _, _, headers, firewall = serve(
            app_that_sets("_ga=1", SID), hooks=FirewallHooks(on_verdict=broken)
        )
        assert headers.getlist("Set-Cookie") == [SID]
        assert firewall.recorder.counts["SC903", "other"] == 1
        assert "s3cr3t" not in caplog.text

    def test_fault_of_a_log_handler_changes_nothing(self):
        """A broken log handler changes no response."""

        class Broken(logging.Handler):
            def emit(self, record):
                raise OSError

        handler = Broken()
        logging.getLogger("strict_cookies").addHandler(handler)
        try:
            assert cookies_sent("_ga=1", SID) == [SID]
        finally:
            logging.getLogger("strict_cookies").removeHandler(handler)


def swept(field, *, response=(), content_type="text/html", **options):
    """Return the expiries that a navigation with the given Cookie field is answered with."""
    headers = {"Cookie": field, "Sec-Fetch-Mode": "navigate", **options.pop("headers", {})}
    app = app_that_sets(content_type=content_type, extra=response)
    return serve(app, headers=headers, **options)[2]


class TestSweeping:
    HOST_ONLY = (
        f"_ga=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None",
        f"_ga=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    )
    OWN_DOMAIN = (
        f"_ga=; {EXPIRED}; Domain=app.example.com; Path=/; Secure; HttpOnly; SameSite=None",
        f"_ga=; {EXPIRED}; Domain=app.example.com; Path=/; Secure; HttpOnly; SameSite=None; "
        "Partitioned",
    )

    def test_tracker_is_swept_on_a_navigation(self):
        """A known tracker is expired host-only and for the host itself, never cached."""
        headers = swept("_ga=1; csrf=2")
        assert headers.getlist("Set-Cookie") == [*self.HOST_ONLY, *self.OWN_DOMAIN]
        assert headers["Cache-Control"] == "no-store"

    def test_unknown_stray_is_left_alone(self):
        """It may belong to a neighbour on another port or path."""
        headers = swept("neighbour=1")
        assert headers.getlist("Set-Cookie") == []
        assert "Cache-Control" not in headers

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"headers": {"Sec-Fetch-Mode": "cors"}}, id="no navigation"),
            pytest.param({"method": "POST"}, id="unsafe method"),
            pytest.param({"content_type": "application/json"}, id="no HTML"),
            pytest.param({"base_url": "http://app.example.com"}, id="plain http"),
            pytest.param({"base_url": "https://localhost"}, id="localhost"),
            pytest.param({"base_url": "https://127.0.0.1:8443"}, id="loopback address"),
            pytest.param({"expire_undeclared": "off"}, id="switched off"),
            pytest.param({"mode": "report-only"}, id="report-only"),
            pytest.param(
                {"response": [("Cache-Control", "public, max-age=60")]}, id="shared cache"
            ),
        ],
    )
    def test_nothing_is_swept_where_it_could_hurt(self, options):
        """Sweeping happens on HTML navigations over https that no shared cache keeps."""
        assert swept("_ga=1", **options).getlist("Set-Cookie") == []

    def test_accept_header_stands_for_old_browsers(self):
        """Without Fetch metadata, a wish for HTML is taken for a navigation."""
        headers = serve(
            app_that_sets(), headers={"Cookie": "_ga=1", "Accept": "text/html,*/*;q=0.8"}
        )[2]
        assert headers.getlist("Set-Cookie") == [*self.HOST_ONLY, *self.OWN_DOMAIN]

    def test_private_page_keeps_its_caching(self):
        """A page that says private is private enough."""
        headers = swept("_ga=1", response=[("Cache-Control", "private, max-age=60")])
        assert headers.getlist("Cache-Control") == ["private, max-age=60"]
        assert len(headers.getlist("Set-Cookie")) == 4

    def test_address_has_no_domain_form(self):
        """An IP address takes no Domain attribute."""
        headers = swept("_ga=1", base_url="https://192.0.2.7")
        assert headers.getlist("Set-Cookie") == list(self.HOST_ONLY)

    def test_site_reaches_parent_domains(self):
        """By choice each parent domain is swept too, whatever the stray's name."""
        lines = swept(
            "odd=1", base_url="https://a.b.example.com", expire_undeclared="site"
        ).getlist("Set-Cookie")
        domains = [part for line in lines for part in line.split("; ") if "Domain=" in part]
        assert sorted(set(domains)) == [
            "Domain=a.b.example.com",
            "Domain=b.example.com",
            "Domain=example.com",
        ]

    def test_host_sweeps_any_stray_of_this_host(self):
        """By choice every stray is swept, but only on this host."""
        lines = swept("odd=1", expire_undeclared="host").getlist("Set-Cookie")
        assert [line.partition("=")[0] for line in lines] == ["odd"] * 4
        assert not any("Domain=example.com" in line for line in lines)

    def test_own_stray_is_swept_when_it_comes_back(self):
        """A name that this very app tried to set is its own to expire."""
        app = app_that_sets("mine=1")
        firewall = CookieFirewall(app, POLICY)
        client = Client(firewall, use_cookies=False)
        navigation = {"Cookie": "mine=1", "Sec-Fetch-Mode": "navigate"}
        first = client.get("/", base_url="https://x.test", headers=navigation)
        second = client.get("/", base_url="https://x.test", headers=navigation)
        assert first.headers.getlist("Set-Cookie") == []
        assert second.headers.getlist("Set-Cookie")[0] == (
            f"mine=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None"
        )
        assert firewall.recorder.counts["SC201", "mine"] == 1

    def test_ambiguous_cookie_is_expired_on_each_path(self):
        """A forged twin may hide on a longer path: expire it there, or the user loops."""
        lines = swept("csrf=1; csrf=2", path="/erp/orders").getlist("Set-Cookie")
        parts = {part for line in lines for part in line.split("; ")}
        assert {"Path=/", "Path=/erp", "Path=/erp/", "Domain=app.example.com"} <= parts
        assert "Domain=example.com" in parts

    def test_fresh_cookie_outlives_the_expiry_of_its_twin(self):
        """What the same response sets comes behind the expiries, so that a login stays."""
        app = app_that_sets("csrf=fresh; Path=/")
        headers = {"Cookie": "csrf=1; csrf=2", "Sec-Fetch-Mode": "navigate"}
        lines = serve(app, headers=headers)[2].getlist("Set-Cookie")
        assert len(lines) > 4
        assert lines[-1] == "csrf=fresh; Path=/; Secure; HttpOnly; SameSite=Lax"

    def test_path_is_swept_as_browsers_keep_it(self):
        """A cookie-path is percent-encoded, though WSGI hands the request's over decoded."""
        lines = swept("csrf=1; csrf=2", path="/caf%C3%A9;x").getlist("Set-Cookie")
        assert any("Path=/caf%C3%A9%3Bx;" in line for line in lines)

    def test_expiries_are_bounded_in_octets(self):
        """Long names and paths don't blow up the response's header."""
        field = "; ".join(f"_ga_{'n' * 500}{number}=1" for number in range(10))
        lines = swept(field, path="/" + "p" * 4000).getlist("Set-Cookie")
        assert 0 < sum(map(len, lines)) <= MAX_EXPIRY_BYTES

    def test_oversized_jar_is_answered_with_expiries(self):
        """A user whose jar is too full is not locked out: what fills it is expired."""
        field = "; ".join(f"stuffing{number}=1" for number in range(MAX_PAIRS + 1))
        lines = swept(field).getlist("Set-Cookie")
        assert len(lines) == MAX_EXPIRY_LINES
        assert lines[0] == f"stuffing0=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None"

    def test_expiries_are_bounded(self):
        """A response never grows beyond a proxy's header buffer."""
        field = "; ".join(f"_ga_{number}=1" for number in range(100))
        assert len(swept(field).getlist("Set-Cookie")) == MAX_EXPIRY_LINES

    def test_prefixed_stray_is_expired_by_its_rules(self):
        """A __Host- name is expired without Domain, or browsers would refuse to."""
        assert swept("__HOST-sid=1; __Host-sid=2").getlist("Set-Cookie") == [
            f"__HOST-sid=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None",
            f"__HOST-sid=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
            f"__Host-sid=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None",
            f"__Host-sid=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        ]

    @pytest.mark.parametrize("host", ["evil.test; Path=/x", "a_b.test", "-"])
    def test_odd_host_header_writes_no_domain(self, host):
        """Whatever Host says, nothing but a host name is written into Domain."""
        headers = swept("_ga=1", headers={"Host": host})
        assert not any("Domain=" in line for line in headers.getlist("Set-Cookie"))
