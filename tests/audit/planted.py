"""
A site that stores something by every way there is, under names made up for the occasion.

It is on one host, its third parties on two others, one of them a known tracker's. Each item has
the setter that an audit must find.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import NamedTuple

from flask import Flask, Response, redirect

from tests.serving import serve

SITE = "www.planted.test"
STRANGER = "pixel.stranger.test"
WAYPOINT = "way.point.test"
#: Whom a page would reach if its policy let it.
BARRED = "barred.test"
HOSTS = (SITE, STRANGER, WAYPOINT)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
CROSS_SITE = "Secure; SameSite=None"


class Planted(NamedTuple):
    """One item: what it is, its name, and the end of the URL that set it."""

    kind: str
    name: str
    setter: str
    url: str


class Names:
    """Random names, each made when it is first asked for."""

    def __init__(self):
        self._names = {}

    def __getattr__(self, key):
        return self._names.setdefault(key, f"{key}-{secrets.token_hex(4)}")


def script(names):
    """The page's own script, in a file of its own."""
    return f"""
document.cookie = "{names.js}=secret-value; max-age=63072000; path=/";
cookieStore.set("{names.store}", "secret-value");
localStorage.setItem("{names.local}", "secret-value");
sessionStorage["{names.session}"] = "secret-value";
localStorage.{names.brief.replace("-", "_")} = "secret-value";
localStorage.removeItem("{names.brief.replace("-", "_")}");
indexedDB.open("{names.database}");
caches.open("{names.cache}");
navigator.serviceWorker.register("/worker.js");
setTimeout(() => {{ document.cookie = "{names.late}=secret-value; path=/" }}, 400);
const blank = document.createElement("iframe");
document.body.append(blank);
blank.contentDocument.cookie = "{names.blank}=secret-value; path=/";
"""


def items(names):
    """Everything that an audit must find, by kind, name and setter."""
    own = "/own.js"
    return {
        Planted("cookie", names.http, "http", "/"),
        Planted("cookie", names.lasting, "http", "/second"),
        Planted("cookie", names.js, "script", own),
        Planted("cookie", names.store, "script", own),
        Planted("cookie", names.late, "script", own),
        Planted("cookie", names.blank, "script", own),
        Planted("cookie", names.pixel, "http", "/pixel.gif"),
        Planted("cookie", names.inner, "http", "/inner.gif"),
        Planted("cookie", names.partitioned, "http", "/frame"),
        Planted("cookie", names.framed, "script", "/frame"),
        Planted("cookie", names.waypoint, "http", "/through"),
        Planted("local", names.local, "script", own),
        Planted("local", names.brief.replace("-", "_"), "script", own),
        Planted("local", names.foreign, "script", "/frame"),
        Planted("session", names.session, "script", own),
        Planted("indexeddb", names.database, "script", own),
        Planted("cache", names.cache, "script", own),
        Planted("service worker", "/worker.js", "script", own),
    }


def build(names, port):
    """
    Make the application behind all three hosts.

    Args:
        names: Of what it plants.
        port: Gives the port of the server.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.host_matching = True

    def route(host, path):
        return app.route(path, host=f"{host}:<int:port>", endpoint=f"{host}{path}")

    @route(SITE, "/")
    def index(port):
        return page(
            f'<a href="/second">Second</a> <a href="/away">Away</a> <a href="/logout">Bye</a>'
            f'<img src="https://{STRANGER}:{port}/pixel.gif">'
            f'<iframe src="https://{STRANGER}:{port}/frame"></iframe>'
            f'<iframe credentialless src="https://{STRANGER}:{port}/fenced"></iframe>'
            '<script src="/own.js?personal=1"></script>',
            f"{names.http}=secret-value; Path=/; HttpOnly; SameSite=Lax; Secure",
        )

    @route(SITE, "/second")
    def second(port):
        response = page(
            f'<img src="https://{BARRED}/pixel.gif">',
            f"{names.lasting}=secret-value; Path=/; Max-Age=63072000",
        )
        response.headers["Content-Security-Policy"] = "img-src data:"
        return response

    @route(SITE, "/away")
    def away(port):
        return redirect(f"https://{WAYPOINT}:{port}/through")

    @route(SITE, "/logout")
    def logout(port):
        return page("Bye", f"{names.never}=secret-value")

    @route(SITE, "/landing")
    def landing(port):
        return page("Landing")

    @route(SITE, "/own.js")
    def own_script(port):
        return Response(script(names), mimetype="text/javascript")

    @route(SITE, "/worker.js")
    def worker(port):
        return Response("", mimetype="text/javascript")

    @route(WAYPOINT, "/through")
    def through(port):
        response = redirect(f"https://{SITE}:{port}/landing")
        response.headers["Set-Cookie"] = f"{names.waypoint}=secret-value; {CROSS_SITE}"
        return response

    @route(STRANGER, "/pixel.gif")
    def pixel(port):
        return image(
            f"{names.pixel}=secret-value; {CROSS_SITE}; Max-Age=600", f"{names.lax}=secret-value"
        )

    @route(STRANGER, "/inner.gif")
    def inner(port):
        return image(f"{names.inner}=secret-value; {CROSS_SITE}")

    @route(STRANGER, "/frame")
    def frame(port):
        return page(
            f'<img src="/inner.gif"><script>document.cookie = "{names.framed}=secret-value;'
            f' {CROSS_SITE}"; localStorage.setItem("{names.foreign}", "secret-value")</script>',
            f"{names.partitioned}=secret-value; {CROSS_SITE}; Path=/; Partitioned",
        )

    @route(STRANGER, "/fenced")
    def fenced(port):
        return page(
            f'<script>document.cookie = "{names.fenced_js}=secret-value; {CROSS_SITE}"</script>',
            f"{names.fenced}=secret-value; {CROSS_SITE}; Path=/",
        )

    return app


def page(body, *cookies):
    """A page with cookies."""
    response = Response(
        '<!doctype html><meta charset="utf-8"><title>Planted</title>'
        f'<link rel="icon" href="data:,"><body>{body}',
        mimetype="text/html",
    )
    return with_cookies(response, cookies)


def image(*cookies):
    """An image with cookies."""
    return with_cookies(Response(GIF, mimetype="image/gif"), cookies)


def with_cookies(response, cookies):
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


@contextmanager
def planted_site():
    """Serve the site; yield its names and its URL."""
    names = Names()
    with serve(build(names, None), tls_hosts=HOSTS) as server:
        yield names, server.url(SITE)
