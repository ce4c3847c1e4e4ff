"""What must go on working with everything on, each with real servers and clients."""

from __future__ import annotations

import hashlib
import http.client
import threading
from contextlib import ExitStack, contextmanager
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.util import FileWrapper

import pytest
import simple_websocket
from flask import Flask, Response, redirect, request, send_file, session
from flask_sock import Sock
from playwright.sync_api import Error

from strict_cookies import CookiePolicy, StrictCookies
from strict_cookies.http.presets import CLOSED_CSP
from tests.policies import declare
from tests.serving import ADDRESS, serve

#: The site, a sibling of it, and two sites of others; all of them lead to loopback.
HOST, SIBLING, PARTNER, IDP = "app.site.test", "evil.site.test", "partner.test", "idp.test"
FILE = bytes(range(256)) * 1024


class Site:
    """The protected application, and what it was asked to do."""

    def __init__(self, **config):
        self.done = []
        self.go_on = threading.Event()
        self.app = app = Flask(__name__)
        app.config.update(
            SECRET_KEY="k" * 32,
            TRUSTED_HOSTS=[HOST, ADDRESS],
            STRICT_COOKIES_POLICY=CookiePolicy(cookies=(declare("saml", samesite="None"),)),
            STRICT_COOKIES_ORIGIN_EXEMPT=["POST /saml/acs"],
            **config,
        )
        sock = Sock(app)

        @app.get("/")
        def index():
            session["user"] = "alice"
            response = Response("<title>Site</title>", mimetype="text/html")
            response.set_cookie("saml", "request-7")
            return response

        @app.route("/api", methods=["POST", "OPTIONS"])
        def api():
            headers = {
                "Access-Control-Allow-Origin": request.headers.get("Origin", ""),
                "Access-Control-Allow-Headers": "authorization, content-type",
                "Access-Control-Allow-Credentials": "true",
                "Vary": "Origin",
            }
            if request.method == "POST":
                self.done.append(request.headers.get("Authorization"))
                return {"cookies": list(request.cookies)}, headers
            return "", 204, headers

        @app.post("/hook")
        def hook():
            self.done.append(request.get_json())
            return "", 204

        @app.get("/events")
        def events():
            def stream():
                yield "data: first\n\n"
                self.go_on.wait(60)
                yield "data: second\n\n"

            return Response(stream(), mimetype="text/event-stream")

        @sock.route("/socket")
        def socket(ws):
            user = session.get("user", "nobody")
            while True:
                ws.send(f"{user}: {ws.receive()}")

        @app.post("/saml/acs")
        def acs():
            self.done.append((request.form["SAMLResponse"], request.cookies.get("saml")))
            return redirect("/")

        @app.post("/other")
        def other():
            self.done.append("other")
            return "done"

        @app.get("/file")
        def file():
            return send_file(self.path, download_name="file.bin", as_attachment=True)

        @app.route("/sign-in", methods=["GET", "POST"])
        def sign_in():
            if request.method == "POST":
                return redirect(self.provider, 303)
            return '<form method="post"><button>Sign in</button></form>'

        StrictCookies(app)

    def refused(self):
        """Count the requests that were refused as another origin's."""
        counts = self.app.extensions["strict_cookies"].firewall.recorder.counts
        return sum(count for (reason, _), count in counts.items() if reason == "SC601")


def pages(body):
    """Make another site, which serves one page and remembers that it was asked."""

    def other(environ, start_response):
        other.asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/html")])
        return [body.encode()]

    other.asked = []
    return other


@pytest.fixture
def site():
    """The application, not served yet."""
    return Site()


@pytest.fixture
def start():
    """Return a function that serves an application over TLS until the test ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serve(app, tls_hosts=(HOST,)))


CALL = """async ([url, credentials]) => {
    const answer = await fetch(url, {
        method: "POST", credentials, body: "{}",
        headers: {"Authorization": "Bearer token", "Content-Type": "application/json"},
    });
    return [answer.status, await answer.text()];
}"""


@pytest.mark.browser
class TestBearerToken:
    def test_api_with_a_bearer_token_is_called_from_another_site(self, site, start, page):
        """Preflight and call pass, with a session in the jar that does not go along."""
        url = start(site.app).url(HOST, "/api")
        page.goto(url.replace("/api", "/"))
        page.goto(start(pages("partner")).url(PARTNER))
        status, text = page.evaluate(CALL, [url, "same-origin"])
        assert (status, text.strip()) == (200, '{"cookies":[]}')
        assert site.done == ["Bearer token"]

    def test_cookie_makes_the_same_call_a_forged_one(self, site, start, page):
        """A sibling whose call carries the session is refused, bearer token or not."""
        url = start(site.app).url(HOST, "/api")
        page.goto(url.replace("/api", "/"))
        page.goto(start(pages("sibling")).url(SIBLING))
        # The refusal has no CORS header, so that the page learns nothing.
        with pytest.raises(Error, match="Failed to fetch"):
            page.evaluate(CALL, [url, "include"])
        assert site.refused() == 1
        assert site.done == []


def test_webhook_of_a_server_is_heard(site):
    """A program that sends neither cookie nor origin passes."""
    with serve(site.app) as server:
        connection = http.client.HTTPConnection(ADDRESS, server.port, timeout=10)
        connection.request(
            "POST", "/hook", '{"paid": 7}', headers={"Content-Type": "application/json"}
        )
        assert connection.getresponse().status == 204
        connection.close()
    assert site.done == [{"paid": 7}]


class TestServerSentEvents:
    def test_chunks_arrive_as_they_are_sent(self, site):
        """The firewall holds no chunk back."""
        with serve(site.app) as server:
            connection = http.client.HTTPConnection(ADDRESS, server.port, timeout=10)
            connection.request("GET", "/events")
            response = connection.getresponse()
            assert response.readline() == b"data: first\n"
            site.go_on.set()
            assert response.read() == b"\ndata: second\n\n"
            connection.close()

    @pytest.mark.browser
    def test_event_source_reads_them(self, site, start, page):
        """An EventSource of the site's own page gets the first event before the second is made."""
        page.goto(start(site.app).url(HOST))
        first = page.evaluate("""() => new Promise(resolve => {
            window.heard = [];
            const events = new EventSource("/events");
            events.onmessage = event => {
                window.heard.push(event.data);
                if (event.data === "second") events.close();
                resolve(window.heard.join());
            };
        })""")
        assert first == "first"
        site.go_on.set()
        page.wait_for_function("window.heard.join() === 'first,second'")


SAY = """url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = event => { resolve(event.data); socket.close(); };
    socket.onerror = () => resolve("refused");
})"""


class TestWebSocket:
    @pytest.mark.browser
    def test_own_page_speaks_with_the_session(self, site, start, page):
        """A WebSocket of the site's own page is opened, and knows the user."""
        server = start(site.app)
        page.goto(server.url(HOST))
        address = server.url(HOST, "/socket").replace("https", "wss")
        assert page.evaluate(SAY, address) == "alice: hello"

    @pytest.mark.browser
    def test_sibling_is_refused_with_the_session(self, site, start, page):
        """SameSite lets a sibling's handshake carry the session; the library does not."""
        server = start(site.app)
        page.goto(server.url(HOST))
        page.goto(start(pages("sibling")).url(SIBLING))
        address = server.url(HOST, "/socket").replace("https", "wss")
        assert page.evaluate(SAY, address) == "refused"
        assert site.refused() == 1

    def test_program_without_a_cookie_speaks(self, site):
        """A client of a server's own, without cookie and origin, passes."""
        with serve(site.app) as server:
            socket = simple_websocket.Client(f"ws://{ADDRESS}:{server.port}/socket")
            socket.send("hello")
            assert socket.receive(timeout=10) == "nobody: hello"
            socket.close()


@pytest.mark.browser
class TestFormPost:
    FORM = (
        '<form method="post" action="{url}"><input name="SAMLResponse" value="signed">'
        "<button>Go on</button></form>"
    )

    def post(self, site, start, page, path):
        """Sign in at the site, go to the identity provider, and let it send its form."""
        server = start(site.app)
        page.goto(server.url(HOST))
        provider = pages(self.FORM.format(url=server.url(HOST, path)))
        page.goto(start(provider).url(IDP))
        with page.expect_navigation() as navigation:
            page.get_by_role("button").click()
        return navigation.value

    def test_form_of_an_identity_provider_reaches_the_exempt_path(self, site, start, page):
        """The answer of a SAML sign-in arrives, with the cookie that was declared for it."""
        assert self.post(site, start, page, "/saml/acs").status == 200
        assert page.title() == "Site"
        assert site.done == [("signed", "request-7")]

    def test_form_to_any_other_path_is_refused(self, site, start, page):
        """What is not exempt is not carried out, and says why."""
        assert self.post(site, start, page, "/other").status == 403
        assert page.inner_text("body").startswith("SC601 cross-origin request")
        assert site.done == []


class _Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@contextmanager
def serve_wsgiref(app):
    """Serve with the standard library's server, which has a ``wsgi.file_wrapper``."""
    server = make_server(ADDRESS, 0, app, WSGIServer, _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestDownload:
    @pytest.fixture(autouse=True)
    def file(self, site, tmp_path):
        """Write the file that is sent."""
        site.path = tmp_path / "file.bin"
        site.path.write_bytes(FILE)

    def test_file_goes_out_by_the_servers_own_wrapper(self, site):
        """The server gets its wrapper as the application returned it, so that it may send fast."""
        bodies = []

        def watched(environ, start_response):
            bodies.append(site.app(environ, start_response))
            return bodies[-1]

        with serve_wsgiref(watched) as port:
            connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
            connection.request("GET", "/file")
            response = connection.getresponse()
            assert hashlib.sha256(response.read()).digest() == hashlib.sha256(FILE).digest()
            connection.close()
        assert [type(body) for body in bodies] == [FileWrapper]
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("field", "status", "expected"),
        [
            pytest.param({"Range": "bytes=10-19"}, 206, FILE[10:20], id="part"),
            pytest.param({"Range": "bytes=-7"}, 206, FILE[-7:], id="end"),
            pytest.param({"Range": "bytes=999999-"}, 416, None, id="nowhere"),
        ],
    )
    def test_part_of_a_file_can_be_asked_for(self, site, field, status, expected):
        """A download can be resumed."""
        with serve_wsgiref(site.app) as port:
            connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
            connection.request("GET", "/file", headers=field)
            response = connection.getresponse()
            body = response.read()
            connection.close()
        assert response.status == status
        assert expected is None or body == expected

    def test_unchanged_file_is_not_sent_again(self, site):
        """A browser that has the file is told so."""
        with serve_wsgiref(site.app) as port:
            connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
            connection.request("GET", "/file")
            first = connection.getresponse()
            first.read()
            connection.close()
            connection.request("GET", "/file", headers={"If-None-Match": first.headers["ETag"]})
            second = connection.getresponse()
            assert (second.status, second.read()) == (304, b"")
            connection.close()

    @pytest.mark.browser
    def test_browser_saves_the_file(self, site, start, page, tmp_path):
        """A link to the file is a download."""
        url = start(site.app).url(HOST)
        page.goto(url)
        with page.expect_download() as download:
            page.evaluate("location.href = '/file'")
        assert download.value.suggested_filename == "file.bin"
        assert download.value.path().read_bytes() == FILE


@pytest.mark.browser
class TestRedirectAfterForm:
    def sign_in(self, start, page, is_declared):
        """Send a form whose answer leads to an identity provider; tell whether it got there."""
        provider = pages("<title>Provider</title>")
        address = start(provider).url(IDP)
        origin = address.rstrip("/")
        csp = {**CLOSED_CSP, "form-action": f"'self' {origin}"} if is_declared else CLOSED_CSP
        site = Site(STRICT_COOKIES_HEADERS={"content_security_policy": csp})
        site.provider = address
        page.goto(start(site.app).url(HOST, "/sign-in"))
        page.evaluate("""document.addEventListener(
            "securitypolicyviolation", event => { window.violated = event.effectiveDirective; }
        )""")
        page.get_by_role("button").click()
        if is_declared:
            page.wait_for_url(f"{origin}/**")
        else:
            page.wait_for_function("window.violated === 'form-action'")
        return provider.asked

    def test_declared_provider_is_reached(self, start, page):
        """Chromium follows the redirect of a form to an origin that form-action names."""
        assert "/" in self.sign_in(start, page, True)
        assert page.title() == "Provider"

    def test_undeclared_provider_is_not_reached(self, start, page):
        """A form leads to nobody who was not named, not even by a redirect."""
        assert self.sign_in(start, page, False) == []
