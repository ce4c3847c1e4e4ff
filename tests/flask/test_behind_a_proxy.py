"""The recipe of ``docs/behind-a-proxy.md``, run by a real nginx in front of a real server."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from flask import Flask, Response, request, session
from flask_sock import Sock

from strict_cookies import StrictCookies
from strict_cookies.http.cookies import MAX_FIELD_BYTES
from tests.nginx import free_ports, serve_nginx
from tests.serving import ADDRESS, serve

RECIPE = Path(__file__).parents[2] / "docs" / "behind-a-proxy.md"
HOST = "erp.test"
SESSION = "__Host-Http-session"
FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Proto": "https",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
}


class Site(NamedTuple):
    """
    The application behind its proxies.

    Attributes:
        http: Port for plain http.
        https: Port for https.
        trust: Accepts the certificate.
        go_on: Set, lets the stream of events end.
    """

    http: int
    https: int
    trust: ssl.SSLContext
    go_on: threading.Event

    def ask(self, scheme, path="/who", method="GET", host=HOST, **headers):
        """Ask nginx over a connection of its own; ``_`` in a header's name stands for ``-``."""
        connection = self.connect(scheme)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **fields})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response, body

    def connect(self, scheme):
        """Open a connection."""
        if scheme == "http":
            return http.client.HTTPConnection(ADDRESS, self.http, timeout=10)
        return http.client.HTTPSConnection(ADDRESS, self.https, timeout=10, context=self.trust)


def make_app(proxies, https_port, go_on):
    """Make an application as the recipe configures it."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        STRICT_COOKIES_TRUSTED_PROXIES=proxies,
        STRICT_COOKIES_HTTPS_EXEMPT=["/healthz"],
        STRICT_COOKIES_CANONICAL_HOST=f"{HOST}:{https_port}",
        STRICT_COOKIES_EXPIRE_UNDECLARED="host",
        TRUSTED_HOSTS=[HOST],
    )
    sock = Sock(app)

    @app.get("/who")
    def who():
        return {"url": request.url, "address": request.remote_addr}

    @app.get("/healthz")
    def healthz():
        return "ok"

    @app.route("/visit", methods=["GET", "POST"])
    def visit():
        session["visits"] = session.get("visits", 0) + 1
        return f'<title>{session["visits"]}</title><form method="post"><button>Go</button></form>'

    @app.get("/events")
    def events():
        def stream():
            yield "data: first\n\n"
            go_on.wait(60)
            yield "data: second\n\n"

        return Response(stream(), headers={"X-Accel-Buffering": "no"}, mimetype="text/event-stream")

    @sock.route("/socket")
    def socket(ws):
        while True:
            ws.send(ws.receive())

    StrictCookies(app)
    return app


def replace(text, **changes):
    """Put a test's own values in place of what a block of the recipe has exactly once."""
    for directive, value in changes.items():
        pattern = rf"\b({directive.replace('__', ' ')}) [^;]+;"
        assert len(re.findall(pattern, text)) == 1, directive
        text = re.sub(pattern, lambda found, value=value: f"{found[1]} {value};", text)
    return text


@pytest.fixture(scope="module", params=[1, 2], ids=["nginx", "load balancer and nginx"])
def site(request, tmp_path_factory):
    """Serve the application behind the recipe's first block, or behind both."""
    folder = tmp_path_factory.mktemp("nginx")
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST, ADDRESS)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    plain, secure, inner = free_ports(3)
    go_on = threading.Event()
    blocks = re.findall(r"^```nginx\n(.*?)^```$", RECIPE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 2
    with serve(make_app(request.param, secure, go_on)) as upstream:
        behind = f"http://{ADDRESS}:{upstream.port}"
        outer = replace(
            blocks[0].replace("listen 443 ssl;", f"listen {ADDRESS}:{secure} ssl;"),
            server_name=HOST,
            ssl_certificate=folder / "cert.pem",
            ssl_certificate_key=folder / "key.pem",
            proxy_pass=behind if request.param == 1 else f"http://{ADDRESS}:{inner}",
        ).replace("listen 80;", f"listen {ADDRESS}:{plain};")
        ports = [plain, secure]
        if request.param == 2:
            outer += replace(blocks[1], listen=f"{ADDRESS}:{inner}", proxy_pass=behind)
            ports.append(inner)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        with serve_nginx(outer, folder, ports):
            yield Site(plain, secure, trust, go_on)


def test_https_is_seen(site):
    """The application knows that the visitor uses https, under which name, and from where."""
    response, body = site.ask("https", host=f"{HOST}:{site.https}")
    assert json.loads(body) == {
        "url": f"https://{HOST}:{site.https}/who",
        "address": ADDRESS,
    }
    assert response.headers.get_all("Strict-Transport-Security") == [
        "max-age=31536000; includeSubDomains"
    ]


def test_plain_http_is_redirected(site):
    """Plain http leads to the canonical host, path and query included."""
    response, _ = site.ask("http", "/a%2Fb?c=d", method="POST")
    assert response.status == 308
    assert response.headers["Location"] == f"https://{HOST}:{site.https}/a%2Fb?c=d"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Strict-Transport-Security"] is None


def test_forged_fields_do_nothing_over_https(site):
    """What a client writes into the proxy's fields is not believed."""
    honest = site.ask("https")[1]
    forged = {**FORGED, "X-Forwarded-Proto": "http"}
    assert site.ask("https", **forged)[1] == honest


def test_forged_scheme_is_no_https(site):
    """A client on plain http can't talk its way past the redirect."""
    for value in ("https", "https, https", "http, https"):
        response, _ = site.ask("http", **{**FORGED, "X-Forwarded-Proto": value})
        assert response.status == 308
        assert response.headers["Location"] == f"https://{HOST}:{site.https}/who"
        assert response.headers["Strict-Transport-Security"] is None


def test_forged_host_is_refused(site):
    """A name that is none of the site's is neither served nor redirected to."""
    assert site.ask("https", host="evil.example")[0].status == 400
    location = site.ask("http", host="evil.example")[0].headers["Location"]
    assert location == f"https://{HOST}:{site.https}/who"


def test_health_check_is_answered_over_http(site):
    """The exempt path, and no other, is served as it was asked for."""
    response, body = site.ask("http", "/healthz")
    assert (response.status, body) == (200, "ok")
    assert site.ask("http", "/healthz/")[0].status == 308


def test_oversized_cookie_field_is_mended(site):
    """A jar that is too full reaches the library, which answers with expiries."""
    field = "; ".join(f"stuffing{number}={'x' * 100}" for number in range(170))
    assert len(field) > MAX_FIELD_BYTES
    response, _ = site.ask("https", "/visit", Cookie=field, Sec_Fetch_Mode="navigate")
    lines = response.headers.get_all("Set-Cookie")
    assert response.status == 200
    assert sum(line.startswith("stuffing") for line in lines) > 10


def test_events_arrive_as_they_are_sent(site):
    """The first event is there while the view still waits to send the second."""
    site.go_on.clear()
    connection = site.connect("https")
    connection.request("GET", "/events", headers={"Host": HOST})
    response = connection.getresponse()
    assert response.readline() == b"data: first\n"
    site.go_on.set()
    assert response.read() == b"\ndata: second\n\n"
    connection.close()


@pytest.mark.browser
def test_session_stays_and_forms_work(site, page):
    """Chromium comes over http, is led to https, keeps the Secure session and may send forms."""
    page.goto(f"http://{HOST}:{site.http}/visit")
    assert page.url == f"https://{HOST}:{site.https}/visit"
    assert page.title() == "1"
    with page.expect_navigation():
        page.get_by_role("button").click()
    assert page.title() == "2"
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == (SESSION, True, True)


@pytest.mark.browser
def test_web_socket_opens_from_own_pages_only(site, page):
    """The upgrade passes the proxy, and the library sees from where it was asked for."""
    script = """url => new Promise(resolve => {
        const socket = new WebSocket(url);
        socket.onopen = () => socket.send("hello");
        socket.onmessage = event => resolve(event.data);
        socket.onerror = () => resolve("refused");
    })"""
    page.goto(f"https://{HOST}:{site.https}/visit")
    address = f"wss://{HOST}:{site.https}/socket"
    assert page.evaluate(script, address) == "hello"
    page.goto(f"https://sibling.{HOST}:{site.https}/healthz")
    assert page.evaluate(script, address) == "refused"
